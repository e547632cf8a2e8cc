"""Channels in the stand-in: made, named, filled and pinned as Slack lets a bot do it."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.workbench.slack import Channel, SlackStandIn
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
