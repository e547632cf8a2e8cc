"""The Web API refuses what Slack refuses, with Slack's words."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.workbench.slack import SlackStandIn
from tests.support.slack import APP_TOKEN, BOT_TOKEN, MovableClock, slack_stand_in
from tests.workbench.slack.conftest import button, modal

HERE = "C0SUPPORTAI"
Args = dict[str, Any]

REFUSED: list[tuple[str, Args, str]] = [
    ("chat.nothing", {}, "unknown_method"),
    ("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "G0CLOSED", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": HERE}, "no_text"),
    ("chat.postMessage", {"channel": HERE, "text": "x" * 40_001}, "msg_too_long"),
    ("chat.postMessage", {"channel": HERE, "blocks": "{"}, "invalid_blocks_format"),
    ("chat.postMessage", {"channel": HERE, "blocks": [{"type": "x"}]}, "invalid_blocks"),
    ("chat.postMessage", {"channel": HERE, "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
    ("chat.postMessage", {"channel": HERE, "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
    ("chat.postMessage", {"channel": HERE, "text": "x", "metadata": {"a": 1}}, "invalid_metadata_format"),
    ("chat.update", {"channel": HERE, "ts": "1.0", "text": "x"}, "message_not_found"),
    ("chat.delete", {"channel": HERE, "ts": "1.0"}, "message_not_found"),
    ("chat.postEphemeral", {"channel": "C0NOBOT", "user": "U0ONCALL", "text": "x"}, "not_in_channel"),
    ("chat.postEphemeral", {"channel": HERE, "user": "U0FOREIGN", "text": "x"}, "user_not_in_channel"),
    ("views.open", {"trigger_id": "1.2.3", "view": modal()}, "invalid_trigger_id"),
    ("views.open", {"trigger_id": "1.2.3", "view": {"type": "home", "blocks": []}}, "invalid_arguments"),
    ("views.open", {"trigger_id": "1.2.3", "view": modal(callback_id="x" * 256)}, "invalid_arguments"),
    ("views.update", {"view_id": "V404", "view": modal()}, "not_found"),
    ("views.publish", {"user_id": "U404", "view": {"type": "home", "blocks": []}}, "invalid_arguments"),
    ("conversations.history", {"channel": "C0NOBOT"}, "not_in_channel"),
    ("conversations.replies", {"channel": HERE, "ts": "1.0"}, "thread_not_found"),
    ("conversations.create", {"name": "Big Name"}, "invalid_name_specials"),
    ("conversations.create", {"name": "x" * 81}, "invalid_name_maxlength"),
    ("conversations.create", {"name": "support-ai"}, "name_taken"),
    ("conversations.invite", {"channel": HERE, "users": "U404"}, "user_not_found"),
    ("conversations.invite", {"channel": HERE, "users": "U0ONCALL"}, "already_in_channel"),
    ("conversations.join", {"channel": "G0SECRET"}, "method_not_supported_for_channel_type"),
    ("conversations.setTopic", {"channel": HERE, "topic": "x" * 251}, "too_long"),
    ("users.info", {"user": "U404"}, "user_not_found"),
    ("users.lookupByEmail", {"email": "fay@other.example"}, "users_not_found"),
    ("usergroups.users.list", {"usergroup": "S404"}, "no_such_subteam"),
    ("reactions.add", {"channel": HERE, "timestamp": "1.0", "name": "eyes"}, "message_not_found"),
    ("blocks.validate", {}, "invalid_arguments"),
    ("blocks.validate", {"message": 7}, "invalid_arguments"),
    ("blocks.validate", {"blocks": 7}, "invalid_blocks"),
    ("conversations.list", {"limit": "many"}, "invalid_limit"),
    ("conversations.list", {"cursor": "x"}, "invalid_cursor"),
    ("conversations.list", {"types": "nonsense"}, "missing_scope"),
    ("chat.postMessage", {"channel": [HERE], "text": "x"}, "invalid_arguments"),
    ("chat.postMessage", {"channel": HERE, "blocks": []}, "no_text"),
    ("views.open", {"trigger_id": "1.2.3", "view": "{"}, "invalid_arguments"),
    ("blocks.validate", {"blocks": [button("x" * 76)]}, "invalid_blocks"),
]  # fmt: skip


@asynccontextmanager
async def installed(*scopes: str) -> AsyncGenerator[tuple[SlackStandIn, AsyncWebClient]]:
    """An app that was installed with these scopes only."""
    async with (
        slack_stand_in(scopes=frozenset(scopes)) as slack,
        aiohttp.ClientSession() as session,
    ):
        yield slack, AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, session=session)


@pytest.mark.parametrize(("method", "args", "error"), REFUSED)
async def test_a_refusal_has_slacks_word(
    web: AsyncWebClient, method: str, args: Args, error: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await web.api_call(method, json=args)

    assert refused.value.response["error"] == error


async def test_invalid_blocks_come_with_pointers(web: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        await web.chat_postMessage(channel=HERE, text="x", blocks=[button("x" * 76)])

    answer = refused.value.response
    assert "[json-pointer:/blocks/0/elements/0/text/text]" in answer["errors"][0]
    assert answer["response_metadata"]["messages"][0].startswith("[ERROR] ")


async def test_blocks_over_the_sum_have_an_error_of_their_own(web: AsyncWebClient) -> None:
    big = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}

    with pytest.raises(SlackApiError, match="msg_blocks_too_long"):
        await web.chat_postMessage(channel=HERE, text="x", blocks=[big] * 5)


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("", "auth.test", "not_authed"),
        ("xoxb-wrong", "auth.test", "invalid_auth"),
        (BOT_TOKEN, "apps.connections.open", "not_allowed_token_type"),
        (APP_TOKEN, "auth.test", "not_allowed_token_type"),
    ],
)
async def test_each_method_takes_its_own_kind_of_token(
    slack: SlackStandIn, token: str, method: str, error: str
) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}

    async with aiohttp.ClientSession() as session:
        answer = await (await session.post(slack.api_url + method, headers=headers)).json()

    assert answer == {"ok": False, "error": error}


async def test_a_missing_scope_is_named() -> None:
    async with installed("channels:read") as (slack, web):
        with pytest.raises(SlackApiError) as post:
            await web.chat_postMessage(channel=HERE, text="x")
        with pytest.raises(SlackApiError) as history:
            await web.conversations_history(channel=HERE)
        with pytest.raises(SlackApiError) as private:
            await web.conversations_list(types="public_channel,private_channel")
        shown = await slack.slash("U0ONCALL", HERE, "/ai-kill x")

    assert post.value.response["needed"] == "chat:write"
    assert post.value.response["provided"] == "channels:read"
    assert history.value.response["needed"] == "channels:history"
    assert private.value.response["needed"] == "groups:read"
    assert shown.text == "/ai-kill is not a valid command."


async def test_posting_where_the_bot_is_not_needs_the_public_scope(web: AsyncWebClient) -> None:
    posted = await web.chat_postMessage(channel="C0NOBOT", text="x")

    assert posted["ok"]
    async with installed("chat:write") as (_, narrow):
        with pytest.raises(SlackApiError, match="not_in_channel"):
            await narrow.chat_postMessage(channel="C0NOBOT", text="x")


async def test_only_own_messages_are_edited_and_deleted(
    slack: SlackStandIn, web: AsyncWebClient
) -> None:
    theirs = await slack.say("U0ONCALL", HERE, "mine")
    posted = await web.chat_postMessage(channel=HERE, text="a", blocks=[button()])

    await web.chat_update(channel=HERE, ts=posted["ts"], text="b")

    own = slack.workspace.find(HERE, posted["ts"])
    assert own is not None
    assert (own.text, own.blocks) == ("b", [])
    with pytest.raises(SlackApiError, match="cant_update_message"):
        await web.chat_update(channel=HERE, ts=theirs.ts, text="x")
    with pytest.raises(SlackApiError, match="cant_delete_message"):
        await web.chat_delete(channel=HERE, ts=theirs.ts)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await web.chat_update(channel=HERE, ts=posted["ts"], text="x" * 4001)
    await web.chat_delete(channel=HERE, ts=posted["ts"])
    assert slack.workspace.find(HERE, posted["ts"]) is None


async def test_ephemerals_are_seen_by_one_person_and_by_no_history(
    slack: SlackStandIn, web: AsyncWebClient
) -> None:
    shown = await web.chat_postEphemeral(channel=HERE, user="U0ONCALL", text="psst")

    history = await web.conversations_history(channel=HERE)

    assert history["messages"] == []
    assert [m.text for m in slack.seen_by("U0ONCALL", HERE)] == ["psst"]
    assert slack.seen_by("U0APPROVER", HERE) == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        await web.chat_update(channel=HERE, ts=shown["message_ts"], text="x")


async def test_threads_and_metadata_come_back(web: AsyncWebClient) -> None:
    metadata = {"event_type": "kill", "event_payload": {"id": "K-1"}}
    parent = await web.chat_postMessage(channel=HERE, text="card", metadata=metadata)
    await web.chat_postMessage(channel=HERE, text="step", thread_ts=parent["ts"])

    plain = await web.conversations_history(channel=HERE)
    full = await web.conversations_history(channel=HERE, include_all_metadata=True)
    thread = await web.conversations_replies(channel=HERE, ts=parent["ts"])

    assert len(plain["messages"]) == 1
    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == metadata
    assert [m["text"] for m in thread["messages"]] == ["card", "step"]
    assert thread["messages"][0]["reply_count"] == 1


async def test_channels_are_made_filled_and_closed(
    slack: SlackStandIn, web: AsyncWebClient
) -> None:
    made = await web.conversations_create(name="inc-20261121-x")
    channel = made["channel"]["id"]

    await web.conversations_invite(channel=channel, users=["U0ONCALL", "U404"], force=True)
    await web.conversations_setTopic(channel=channel, topic="SEV1")
    members = await web.conversations_members(channel=channel)
    await web.conversations_archive(channel=channel)

    assert members["members"] == ["U0BOT", "U0ONCALL"]
    with pytest.raises(SlackApiError, match="is_archived"):
        await web.chat_postMessage(channel=channel, text="x")


async def test_people_and_groups_are_found(web: AsyncWebClient) -> None:
    olga = await web.users_lookupByEmail(email="OLGA@example.com")
    guest = await web.users_info(user="U0GUEST")
    group = await web.usergroups_users_list(usergroup="S0RESPONDERS")
    first = await web.users_list(limit=2)

    assert olga["user"]["id"] == "U0ONCALL"
    assert guest["user"]["is_restricted"] is True
    assert group["users"] == ["U0ONCALL"]
    assert first["response_metadata"]["next_cursor"] == "2"


async def test_direct_messages_pins_reactions_and_links(
    slack: SlackStandIn, web: AsyncWebClient
) -> None:
    direct = await web.chat_postMessage(channel="U0ONCALL", text="you are on call")
    opened = await web.conversations_open(users="U0ONCALL")
    posted = await web.chat_postMessage(channel="#support-ai", text="x")

    await web.pins_add(channel=HERE, timestamp=posted["ts"])
    await web.reactions_add(channel=HERE, timestamp=posted["ts"], name="eyes")
    link = await web.chat_getPermalink(channel=HERE, message_ts=posted["ts"])

    assert direct["channel"] == opened["channel"]["id"]
    assert link["permalink"].endswith(f"/archives/{HERE}/p{posted['ts'].replace('.', '')}")
    with pytest.raises(SlackApiError, match="already_pinned"):
        await web.pins_add(channel=HERE, timestamp=posted["ts"])
    with pytest.raises(SlackApiError, match="already_reacted"):
        await web.reactions_add(channel=HERE, timestamp=posted["ts"], name="eyes")


async def test_a_stale_hash_is_a_conflict(slack: SlackStandIn, web: AsyncWebClient) -> None:
    home: Args = {"type": "home", "blocks": [{"type": "divider"}]}
    first = await web.views_publish(user_id="U0ONCALL", view=home)
    stale = first["view"]["hash"]

    await web.views_publish(user_id="U0ONCALL", view=home, hash=stale)

    with pytest.raises(SlackApiError, match="hash_conflict"):
        await web.views_publish(user_id="U0ONCALL", view=home, hash=stale)


async def test_a_trigger_is_good_once_and_for_three_seconds(
    slack: SlackStandIn, web: AsyncWebClient, clock: MovableClock
) -> None:
    once = slack.desk.tickets.trigger("1.1.a", "U0ONCALL")
    late = slack.desk.tickets.trigger("1.1.b", "U0ONCALL")

    await web.views_open(trigger_id=once, view=modal())
    clock.push(3.1)

    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await web.views_open(trigger_id=once, view=modal())
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await web.views_open(trigger_id=late, view=modal())


async def test_too_many_calls_are_limited_until_time_has_passed(
    slack: SlackStandIn, web: AsyncWebClient, clock: MovableClock
) -> None:
    for _ in range(3):
        await web.chat_postMessage(channel=HERE, text="x")

    with pytest.raises(SlackApiError) as limited:
        await web.chat_postMessage(channel=HERE, text="x")
    other = await web.chat_postMessage(channel="C0SHARED", text="x")
    clock.push(1.0)
    again = await web.chat_postMessage(channel=HERE, text="x")

    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "1"
    assert other["ok"]
    assert again["ok"]


async def test_slacks_own_retry_handler_gets_through_a_429(
    slack: SlackStandIn, web: AsyncWebClient
) -> None:
    web.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    slack.faults.fail("chat.postMessage", "429", seconds=1)

    posted = await web.chat_postMessage(channel=HERE, text="x")

    assert posted["ok"]
    assert [call.status for call in slack.calls] == [429, 200]


async def test_calls_are_kept_without_their_token(slack: SlackStandIn, web: AsyncWebClient) -> None:
    await web.chat_postMessage(channel=HERE, text="x")

    assert slack.calls[0].ok
    assert BOT_TOKEN not in str(slack.calls)
