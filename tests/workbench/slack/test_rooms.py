"""Channels in the stand-in: made, named, filled and pinned as Slack lets a bot do it."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.workbench.slack import CannotDo, Channel, SlackStandIn
from tests.support.slack import BOT_TOKEN, slack_stand_in

HERE = "C0SUPPORTAI"
Args = dict[str, Any]

REFUSED: list[tuple[str, Args, str]] = [
    ("conversations.setPurpose", {"channel": HERE, "purpose": "x" * 251}, "too_long"),
    ("conversations.setPurpose", {"channel": "C0NOBOT", "purpose": "x"}, "not_in_channel"),
    ("conversations.rename", {"channel": HERE, "name": "mine"}, "not_authorized"),
    ("pins.list", {"channel": "C0NOBOT"}, "not_in_channel"),
    ("bookmarks.list", {"channel_id": "C404"}, "channel_not_found"),
    (
        "bookmarks.add",
        {"channel_id": HERE, "title": "x", "type": "file", "link": "https://x.example"},
        "invalid_bookmark_type",
    ),
    (
        "bookmarks.add",
        {"channel_id": HERE, "title": "x", "type": "link", "link": "javascript:x"},
        "invalid_link",
    ),
    (
        "bookmarks.add",
        {"channel_id": HERE, "title": "", "type": "link", "link": "https://x.example"},
        "invalid_arguments",
    ),
]


def client_of(slack: SlackStandIn) -> AsyncWebClient:
    return AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])


async def refusal(slack: SlackStandIn, method: str, args: Args) -> str:
    """Return why Slack says no."""
    with pytest.raises(SlackApiError) as no:
        await client_of(slack).api_call(method, json=args)
    return str(no.value.response["error"])


@pytest.mark.parametrize(("method", "args", "error"), REFUSED)
async def test_what_slack_refuses_is_refused(
    slack: SlackStandIn, method: str, args: Args, error: str
) -> None:
    assert await refusal(slack, method, args) == error


async def test_a_bot_renames_what_it_made(slack: SlackStandIn) -> None:
    client = client_of(slack)
    made = (await client.conversations_create(name="inc-1"))["channel"]

    await client.conversations_rename(channel=made["id"], name="inc-1-over")

    found = (await client.conversations_info(channel=made["id"]))["channel"]
    assert (found["name"], found["creator"]) == ("inc-1-over", "U0BOT")
    assert (
        await refusal(slack, "conversations.rename", {"channel": made["id"], "name": "support-ai"})
        == "name_taken"
    )


async def test_purpose_and_topic_are_told(slack: SlackStandIn) -> None:
    client = client_of(slack)
    await client.conversations_setPurpose(channel=HERE, purpose="for support")

    found = (await client.conversations_info(channel=HERE))["channel"]

    assert found["purpose"]["value"] == "for support"


async def test_a_restricted_workspace_lets_a_bot_make_no_channel(slack: SlackStandIn) -> None:
    slack.workspace.creation_restricted = True

    assert await refusal(slack, "conversations.create", {"name": "inc-1"}) == "restricted_action"


async def test_a_bots_own_channels_are_listed_page_by_page(slack: SlackStandIn) -> None:
    client, space = client_of(slack), slack.workspace
    space.channels["C0OLD"] = Channel("C0OLD", "old", {"U0BOT"}, is_archived=True)

    first = await client.users_conversations(
        types="public_channel,private_channel", exclude_archived=True, limit=2
    )
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.users_conversations(
        types="public_channel,private_channel", exclude_archived=True, limit=2, cursor=cursor
    )

    names = [one["name"] for page in (first, second) for one in page["channels"]]
    assert names == ["support-ai", "shared", "secret"]
    public = await client.users_conversations()
    assert [one["name"] for one in public["channels"]] == ["support-ai", "shared", "old"]


async def test_pins_are_listed_the_newest_first(slack: SlackStandIn) -> None:
    client = client_of(slack)
    for text in ("one", "two"):
        sent = await client.chat_postMessage(channel=HERE, text=text)
        await client.pins_add(channel=HERE, timestamp=sent["ts"])

    listed = await client.pins_list(channel=HERE)

    assert [one["message"]["text"] for one in listed["items"]] == ["two", "one"]


async def test_a_channel_holds_a_hundred_bookmarks(slack: SlackStandIn) -> None:
    slack.rates.enforced = False
    client = client_of(slack)
    for number in range(100):
        await client.bookmarks_add(
            channel_id=HERE, title=f"{number}", type="link", link="https://x.example"
        )

    args = {"channel_id": HERE, "title": "x", "type": "link", "link": "https://x.example"}
    assert await refusal(slack, "bookmarks.add", args) == "too_many_bookmarks"
    assert len((await client.bookmarks_list(channel_id=HERE))["bookmarks"]) == 100


@pytest.mark.parametrize(
    ("method", "args", "needed"),
    [
        ("conversations.setPurpose", {"channel": HERE, "purpose": "x"}, "channels:manage"),
        ("conversations.setTopic", {"channel": "G0SECRET", "topic": "x"}, "groups:write"),
        ("conversations.rename", {"channel": HERE, "name": "x"}, "channels:manage"),
        ("bookmarks.list", {"channel_id": HERE}, "bookmarks:read"),
        ("pins.list", {"channel": HERE}, "pins:read"),
    ],
)
async def test_each_method_asks_for_its_scope(method: str, args: Args, needed: str) -> None:
    scopes = frozenset({"chat:write", "channels:manage", "groups:write"}) - {needed}
    async with slack_stand_in(scopes=scopes) as slack:
        with pytest.raises(SlackApiError) as no:
            await client_of(slack).api_call(method, json=args)

    assert no.value.response["error"] == "missing_scope"
    assert no.value.response["needed"] == needed


async def refused(call: Awaitable[object]) -> str:
    """Return the error that Slack answers with."""
    with pytest.raises(SlackApiError) as no:
        await call
    return str(no.value.response["error"])


@pytest.mark.parametrize("private", [False, True])
async def test_an_archived_channel_takes_nothing_and_puts_the_bot_out(
    web: AsyncWebClient, slack: SlackStandIn, *, private: bool
) -> None:
    made = (await web.conversations_create(name="inc-7", is_private=private))["channel"]["id"]
    said = await web.chat_postMessage(channel=made, text="card")

    await web.conversations_archive(channel=made)

    seen = "channel_not_found" if private else ""
    again = await refused(web.conversations_archive(channel=made))
    assert again == (seen or "already_archived")
    assert await refused(web.chat_postMessage(channel=made, text="x")) == (seen or "is_archived")
    edit = web.chat_update(channel=made, ts=said["ts"], text="y")
    assert await refused(edit) == (seen or "is_inactive")
    assert await refused(web.conversations_unarchive(channel=made)) == (seen or "not_in_channel")
    topic = web.conversations_setTopic(channel=made, topic="x")
    assert await refused(topic) == (seen or "not_in_channel")
    assert slack.workspace.bot.id not in slack.workspace.channels[made].members


async def test_only_a_person_opens_it_again_and_invites_the_bot(
    web: AsyncWebClient, slack: SlackStandIn
) -> None:
    made = (await web.conversations_create(name="inc-7", is_private=True))["channel"]["id"]
    await web.conversations_invite(channel=made, users=["U0ONCALL"])
    slack.gestures.archive("U0ONCALL", made)
    with pytest.raises(CannotDo, match="is_archived"):
        slack.gestures.say("U0ONCALL", made, "anybody there?")

    slack.gestures.unarchive("U0ONCALL", made)
    assert await refused(web.conversations_info(channel=made)) == "channel_not_found"
    slack.gestures.invite("U0ONCALL", made, slack.workspace.bot.id)

    await web.chat_postMessage(channel=made, text="card")
    with pytest.raises(CannotDo, match="not_archived"):
        slack.gestures.unarchive("U0ONCALL", made)
    assert await refused(web.conversations_unarchive(channel=made)) == "not_archived"


async def test_archiving_takes_a_scope_and_spares_what_everybody_needs(
    web: AsyncWebClient, slack: SlackStandIn
) -> None:
    general = Channel("C0GENERAL", "general", {slack.workspace.bot.id})
    slack.workspace.channels[general.id] = general
    slack.workspace.channels["C0TEAM"] = Channel("C0TEAM", "team", {"U0ONCALL"})

    assert await refused(web.conversations_archive(channel="C0GENERAL")) == "cant_archive_general"
    assert await refused(web.conversations_archive(channel="C0TEAM")) == "not_in_channel"
    slack.desk.scopes = slack.desk.scopes - {"channels:manage"}
    assert await refused(web.conversations_archive(channel="C0TEAM")) == "missing_scope"
    assert await refused(web.conversations_unarchive(channel="C0TEAM")) == "missing_scope"


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({}, (False, False, False, False)),
        ({"is_restricted": True}, (False, True, False, False)),
        ({"is_ultra_restricted": True}, (False, True, True, False)),
        ({"deleted": True}, (True, False, False, False)),
        ({"team_id": "T9OUT"}, (False, False, False, True)),
    ],
)
async def test_an_account_is_described_with_what_it_is(
    web: AsyncWebClient,
    slack: SlackStandIn,
    changes: dict[str, Any],
    flags: tuple[bool, ...],
) -> None:
    one = replace(slack.workspace.people["U0ONCALL"], id="U0ONE", **changes)
    slack.workspace.people["U0ONE"] = one

    user = (await web.users_info(user="U0ONE"))["user"]

    names = ("deleted", "is_restricted", "is_ultra_restricted", "is_stranger")
    assert tuple(user[name] for name in names) == flags
