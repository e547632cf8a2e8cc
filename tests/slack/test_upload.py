"""A picture in a thread: once, found again, and planned anew when Slack is away."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from opsbot.adapters.picture.results import Pictures
from opsbot.app.ports import GiveUp, Picture, RetryLater
from opsbot.domain.change import Record
from opsbot.slack.blocks import render
from opsbot.slack.chat import SlackChat
from opsbot.workbench.slack import Message
from tests.slack.conftest import House
from tests.support.routes import GATE, SUMMARISER, begun, measured, staged
from tests.support.world import World

HERE = "C0SUPPORTAI"
PICTURE = Picture(b"\x89PNG\r\n\x1a\n...", "Evaluations of copilot", "r1 0.95 <!channel> & more")


def chat_of(house: House) -> SlackChat:
    deps = house.app.deps
    return SlackChat(deps.client, deps.memory, deps.clock)


async def card(house: House, channel: str = HERE) -> Record:
    """Post what the picture belongs to."""
    return await chat_of(house).post(channel, [], "card", key="card")


def a_minute_later(house: House) -> None:
    """Let what was remembered for less than a minute be forgotten."""
    house.memory.seen = {one for one in house.memory.seen if not one.startswith("post:sharing:")}


def shown(house: House) -> list[Message]:
    """Return the messages that carry a file."""
    return [one for one in house.slack.workspace.messages.get(HERE, []) if one.files]


async def test_a_picture_is_shown_in_the_thread_with_its_words(house: House) -> None:
    thread = await card(house)

    left = await chat_of(house).upload(thread, PICTURE, key="p:1")

    (message,) = shown(house)
    (file,) = message.files
    assert left == {"channel": HERE, "ts": message.ts, "file": file.id}
    assert message.thread_ts == thread["ts"]
    assert (file.title, file.alt, file.data) == (PICTURE.title, PICTURE.alt, PICTURE.png)


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("files.completeUploadExternal", "drop_after_effect"),
        ("conversations.replies", "500"),
    ],
)
async def test_a_lost_answer_does_not_show_it_twice(
    http_house: House, method: str, kind: str
) -> None:
    thread, chat = await card(http_house), chat_of(http_house)
    http_house.slack.faults.fail(method, kind)  # type: ignore[arg-type]  # a parameter
    with pytest.raises(RetryLater):
        await chat.upload(thread, PICTURE, key="p:1")

    left = await chat.upload(thread, PICTURE, key="p:1")

    (message,) = shown(http_house)
    assert left is not None
    assert left["ts"] == message.ts


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "upload"])
@pytest.mark.parametrize("kind", ["drop", "500", "drop_after_effect"])
async def test_half_an_upload_is_begun_anew(http_house: House, method: str, kind: str) -> None:
    thread, chat = await card(http_house), chat_of(http_house)
    http_house.slack.faults.fail(method, kind)  # type: ignore[arg-type]  # a parameter
    with pytest.raises(RetryLater):
        await chat.upload(thread, PICTURE, key="p:1")

    early = await chat.upload(thread, PICTURE, key="p:1")
    a_minute_later(http_house)
    late = await chat.upload(thread, PICTURE, key="p:1")

    assert early is None
    assert late is not None
    assert len(shown(http_house)) == 1


async def test_what_slack_has_not_shared_yet_is_not_sent_again(http_house: House) -> None:
    thread, chat = await card(http_house), chat_of(http_house)
    await chat.upload(thread, PICTURE, key="p:1")
    (slow,) = shown(http_house)
    http_house.slack.workspace.drop(slow)

    early = await chat.upload(thread, PICTURE, key="p:1")
    http_house.slack.workspace.add(slow)
    late = await chat.upload(thread, PICTURE, key="p:1")

    assert early is None
    assert late is not None
    assert late["ts"] == slow.ts
    assert len(shown(http_house)) == 1


async def test_a_memory_that_is_lost_sends_nothing_that_it_could_not_find(
    http_house: House,
) -> None:
    thread, chat = await card(http_house), chat_of(http_house)
    http_house.memory.lost = True

    assert await chat.upload(thread, PICTURE, key="p:1") is None
    assert shown(http_house) == []


async def test_what_never_arrived_is_told_in_words_the_next_time(http_house: House) -> None:
    thread, chat = await card(http_house), chat_of(http_house)
    await chat.upload(thread, PICTURE, key="p:1")
    (lost,) = shown(http_house)
    http_house.slack.workspace.drop(lost)
    a_minute_later(http_house)

    await chat.upload(thread, PICTURE, key="p:1")

    (message,) = shown(http_house)
    assert message.text == "r1 0.95 &lt;!channel&gt; &amp; more"


async def test_another_key_is_another_picture_and_another_thread_too(http_house: House) -> None:
    chat = chat_of(http_house)
    one, other = [await chat.post(HERE, [], "card", key=key) for key in ("a", "b")]

    for thread, key in ((one, "p:1"), (one, "p:2"), (other, "p:1")):
        await chat.upload(thread, PICTURE, key=key)

    assert [one.thread_ts for one in shown(http_house)] == [one["ts"], one["ts"], other["ts"]]


async def test_it_is_found_behind_a_long_conversation(http_house: House) -> None:
    thread, chat = await card(http_house), chat_of(http_house)
    for index in range(250):
        await http_house.slack.say("U0ONCALL", HERE, f"{index}", thread_ts=str(thread["ts"]))
    await chat.upload(thread, PICTURE, key="p:1")

    again = await chat.upload(thread, PICTURE, key="p:1")

    assert again is not None
    assert len(shown(http_house)) == 1


async def test_nothing_is_shown_where_outsiders_read(http_house: House) -> None:
    thread: Record = {"channel": "C0SHARED", "ts": "1.0"}

    with pytest.raises(GiveUp, match="shared"):
        await chat_of(http_house).upload(thread, PICTURE, key="p:1")


async def test_a_channel_without_the_bot_is_given_up_with_what_helps(http_house: House) -> None:
    thread = await card(http_house, "C0NOBOT")

    with pytest.raises(GiveUp, match="invite"):
        await chat_of(http_house).upload(thread, PICTURE, key="p:1")


async def test_a_workspace_that_granted_no_files_is_given_up_with_the_scope(
    http_house: House,
) -> None:
    thread = await card(http_house)
    http_house.slack.desk.scopes -= {"files:write"}

    with pytest.raises(GiveUp, match="missing_scope"):
        await chat_of(http_house).upload(thread, PICTURE, key="p:1")


async def test_retry_after_is_slacks_own(http_house: House) -> None:
    thread = await card(http_house)
    http_house.slack.faults.fail("files.getUploadURLExternal", "429", seconds=7)

    with pytest.raises(RetryLater) as later:
        await chat_of(http_house).upload(thread, PICTURE, key="p:1")

    assert later.value.after_s == 7


async def test_a_ramp_leaves_a_real_picture_under_its_card(house: House) -> None:
    world = World()
    await world.declare(staged(SUMMARISER, extra={"gates": [GATE]}))
    deps = house.app.deps
    chat = SlackChat(deps.client, world.outbox, deps.clock)
    world.bot = replace(world.bot, chat=chat, render=render, pictures=Pictures())
    for subject, value in (("r1", 0.93), ("r2", 0.95)):
        await measured(world, SUMMARISER, subject, value)
    await begun(world)

    for _ in range(2):
        await world.work("route_card", "route_picture")

    card, reply = house.slack.workspace.messages[HERE]
    assert card.text.startswith("🟠 r2 serves 5 % of `summariser` in prod")
    assert reply.thread_ts == card.ts
    assert Image.open(BytesIO(reply.files[0].data)).size == (1200, 675)
    assert "r1 0.93, r2 0.95." in reply.files[0].alt
    assert list(world.server.items) == [
        name for name, one in world.server.items.items() if "picture" not in one.effect.kind
    ]
