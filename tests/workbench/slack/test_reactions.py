"""Reactions, edits and deletions in the stand-in: scopes, codes and events as Slack's own."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.workbench.slack import CannotDo, SlackStandIn
from tests.support.slack import BOT_TOKEN, slack_stand_in

ROOM, OLGA = "C0SUPPORTAI", "U0ONCALL"
Told = list[dict[str, Any]]


@pytest.fixture
async def slack() -> AsyncGenerator[SlackStandIn]:
    """A stand-in."""
    async with slack_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
def told(slack: SlackStandIn) -> Told:
    """Keep every event that the app would hear of."""
    heard: Told = []
    slack.desk.announce = heard.append
    return heard


def client(slack: SlackStandIn) -> AsyncWebClient:
    """Return the real client."""
    return AsyncWebClient(BOT_TOKEN, base_url=slack.api_url)


async def refused(call: Any) -> str:
    """Return the code with which a call is refused."""
    with pytest.raises(SlackApiError) as no:
        await call
    return str(no.value.response["error"])


async def test_a_message_is_described_with_its_reactions_and_link(slack: SlackStandIn) -> None:
    message = await slack.say(OLGA, ROOM, "hello")
    await slack.react(OLGA, message.ts, "pushpin")

    answer = await client(slack).reactions_get(channel=ROOM, timestamp=message.ts, full=True)

    assert (answer["type"], answer["channel"]) == ("message", ROOM)
    described = answer["message"]
    assert described["text"] == "hello"
    assert described["user"] == OLGA
    assert described["reactions"] == [{"name": "pushpin", "users": [OLGA], "count": 1}]
    assert described["permalink"].startswith("http")


async def test_the_bots_own_reaction_comes_and_goes_once(slack: SlackStandIn, told: Told) -> None:
    ts = (await slack.say(OLGA, ROOM, "hello")).ts
    api, mark = client(slack), "white_check_mark"
    told.clear()

    await api.reactions_add(channel=ROOM, timestamp=ts, name=mark)
    twice = await refused(api.reactions_add(channel=ROOM, timestamp=ts, name=mark))
    await api.reactions_remove(channel=ROOM, timestamp=ts, name=mark)
    gone = await refused(api.reactions_remove(channel=ROOM, timestamp=ts, name=mark))

    assert (twice, gone) == ("already_reacted", "no_reaction")
    assert [(one["type"], one["user"]) for one in told] == [
        ("reaction_added", "U0BOT"),
        ("reaction_removed", "U0BOT"),
    ]


async def test_what_is_not_there_is_refused_by_its_code(slack: SlackStandIn) -> None:
    api, ts = client(slack), (await slack.say(OLGA, ROOM, "hello")).ts

    assert await refused(api.reactions_get(channel=ROOM, timestamp="1.0")) == "message_not_found"
    assert await refused(api.reactions_get(channel=ROOM)) == "no_item_specified"
    assert await refused(api.reactions_get(channel="C0NOBOT", timestamp=ts)) == "not_in_channel"
    bad = api.reactions_add(channel=ROOM, timestamp=ts, name="No Emoji")
    assert await refused(bad) == "invalid_name"


@pytest.mark.parametrize(
    ("method", "scope"),
    [
        ("reactions_get", "reactions:read"),
        ("reactions_add", "reactions:write"),
        ("reactions_remove", "reactions:write"),
    ],
)
async def test_each_needs_its_own_permission(method: str, scope: str) -> None:
    async with slack_stand_in(scopes=frozenset({"channels:history", "chat:write"})) as slack:
        ts = (await slack.say(OLGA, ROOM, "hello")).ts
        name = {} if method == "reactions_get" else {"name": "eyes"}
        with pytest.raises(SlackApiError) as no:
            await getattr(client(slack), method)(channel=ROOM, timestamp=ts, **name)

    assert (no.value.response["error"], no.value.response["needed"]) == ("missing_scope", scope)


async def test_an_edit_and_a_deletion_are_told_as_slack_tells_them(
    slack: SlackStandIn, told: Told
) -> None:
    message = await slack.say(OLGA, ROOM, "210 customers")
    told.clear()

    await slack.edit(OLGA, message.ts, "212 customers")
    await slack.delete(OLGA, message.ts)

    changed, deleted = told
    assert (changed["subtype"], changed["message"]["text"]) == ("message_changed", "212 customers")
    assert changed["previous_message"]["text"] == "210 customers"
    assert changed["message"]["edited"]["user"] == OLGA
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", message.ts)
    assert all(one["hidden"] and one["channel_type"] == "channel" for one in told)
    assert slack.workspace.find(ROOM, message.ts) is None


async def test_nobody_edits_or_deletes_what_others_wrote(slack: SlackStandIn) -> None:
    message = await slack.say(OLGA, ROOM, "mine")

    with pytest.raises(CannotDo):
        await slack.edit("U0APPROVER", message.ts, "theirs")
    with pytest.raises(CannotDo):
        await slack.delete("U0APPROVER", message.ts)
    with pytest.raises(CannotDo):
        await slack.unreact(OLGA, message.ts, "pushpin")
