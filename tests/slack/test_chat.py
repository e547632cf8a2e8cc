"""Posting: once, edited in place, planned again when Slack is away."""

import pytest

from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone
from opsbot.domain.said import Button, Said
from opsbot.slack.blocks import render
from opsbot.slack.chat import LOOK_BACK, SlackChat
from opsbot.workbench.slack.model import CannotDo
from tests.slack.conftest import House

CARD = Said("green", "Blocked", ("12/12",), (Button("restore", "Restore", "K-1"),))


def chat_of(house: House) -> SlackChat:
    deps = house.app.deps
    return SlackChat(deps.client, deps.memory, deps.clock)


def posted(house: House, channel: str = "C0SUPPORTAI") -> list[str]:
    return [message.text for message in house.slack.seen_by("U0ONCALL", channel)]


async def test_a_card_is_posted_and_edited_in_place(http_house: House) -> None:
    chat = chat_of(http_house)

    handle = await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-1")
    await chat.update(handle, *render(Said("plain", "Restored")))

    assert posted(http_house) == ["Restored"]


async def test_a_yes_counts_though_the_question_was_edited_meanwhile(http_house: House) -> None:
    chat = chat_of(http_house)
    slack = http_house.slack

    def asks(count: int, key: str) -> Said:
        question = f"It reached {count} instances."
        return Said("plain", "Stop it", buttons=(Button("kill", "Kill", key, confirm=question),))

    handle = await chat.post("C0SUPPORTAI", *render(asks(11, "RUN-1:4")), key="step")
    (shown,) = slack.seen_by("U0ONCALL", "C0SUPPORTAI")
    pressed = {
        "message_ts": shown.ts,
        "action_id": shown.blocks[1]["elements"][0]["action_id"],
        "block_id": shown.blocks[1]["block_id"],
    }
    await chat.update(handle, *render(asks(12, "RUN-1:4")))
    counted = await slack.click("U0ONCALL", **pressed)
    await chat.update(handle, *render(asks(12, "RUN-1:5")))

    assert counted.kind != "failed"
    with pytest.raises(CannotDo, match="no_such_element"):
        await slack.click("U0ONCALL", **pressed)


async def test_a_lost_answer_does_not_post_twice(http_house: House) -> None:
    chat = chat_of(http_house)
    http_house.slack.faults.fail("chat.postMessage", "drop_after_effect")
    with pytest.raises(RetryLater, match=r"^Slack did not answer$"):
        await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-1")

    handle = await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-1")

    assert len(posted(http_house)) == 1
    assert handle["ts"] == http_house.slack.seen_by("U0ONCALL", "C0SUPPORTAI")[0].ts


async def test_a_lost_answer_does_not_post_twice_in_a_busy_channel(http_house: House) -> None:
    chat = chat_of(http_house)
    http_house.slack.faults.fail("chat.postMessage", "drop_after_effect")
    with pytest.raises(RetryLater):
        await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-1")
    for nth in range(LOOK_BACK + 5):
        http_house.slack.gestures.say("U0ONCALL", "C0SUPPORTAI", f"another thing, {nth}", None)

    await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-1")

    assert len(posted(http_house)) == LOOK_BACK + 6


async def test_an_edit_of_a_deleted_message_says_that_it_is_gone(http_house: House) -> None:
    chat = chat_of(http_house)
    handle = await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-1")
    client = http_house.app.deps.client
    await client.chat_delete(channel=str(handle["channel"]), ts=str(handle["ts"]))

    with pytest.raises(Gone):
        await chat.update(handle, *render(CARD))

    assert posted(http_house) == []


async def test_another_key_is_another_message(http_house: House) -> None:
    chat = chat_of(http_house)

    await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-1")
    await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-2")

    assert len(posted(http_house)) == 2


async def test_a_forgetful_memory_still_looks_first(http_house: House) -> None:
    chat = chat_of(http_house)
    await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-1")
    http_house.memory.lost = True

    await chat.post("C0SUPPORTAI", *render(CARD), key="card:K-1")

    assert len(posted(http_house)) == 1


async def test_retry_after_is_slacks_own(http_house: House) -> None:
    http_house.slack.faults.fail("chat.postMessage", "429", seconds=7)

    with pytest.raises(RetryLater) as later:
        await chat_of(http_house).post("C0SUPPORTAI", *render(CARD), key="k")

    assert later.value.after_s == 7


@pytest.mark.parametrize("kind", ["500", "drop"])
async def test_trouble_is_tried_again_later(http_house: House, kind: str) -> None:
    http_house.slack.faults.fail("chat.postMessage", kind)  # type: ignore[arg-type]  # a parameter

    with pytest.raises(RetryLater):
        await chat_of(http_house).post("C0SUPPORTAI", *render(CARD), key="k")


async def test_nothing_is_posted_where_outsiders_read(http_house: House) -> None:
    with pytest.raises(GiveUp, match="shared"):
        await chat_of(http_house).post("C0SHARED", *render(CARD), key="k")

    assert posted(http_house, "C0SHARED") == []


async def test_a_channel_that_is_not_there_is_given_up(http_house: House) -> None:
    with pytest.raises(GiveUp, match="channel_not_found"):
        await chat_of(http_house).post("C0NOWHERE", *render(CARD), key="k")


async def test_people_are_told_by_id_or_address(http_house: House) -> None:
    chat = chat_of(http_house)

    first = await chat.tell("U0APPROVER", *render(CARD), key="tell:1")
    second = await chat.tell("adam@example.com", *render(CARD), key="tell:2")

    assert first["channel"] == second["channel"]
    with pytest.raises(GiveUp, match="users_not_found"):
        await chat.tell("nobody@example.com", *render(CARD), key="tell:3")


async def test_broken_blocks_become_text(http_house: House) -> None:
    too_long: list[Record] = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]

    await chat_of(http_house).post("C0SUPPORTAI", too_long, "the words", key="k")

    assert posted(http_house) == ["the words"]
