"""A Slack channel as a target: one inert message, found again by its key, a correction below what it corrects."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from opsbot.adapters.clock import SystemClock
from opsbot.app.comms.targets.slack import SlackTarget
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.typed import command, person
from opsbot.slack.app import open_client, open_session
from opsbot.slack.blocks import render
from opsbot.slack.chat import SlackChat
from opsbot.slack.rooms import SlackRooms
from opsbot.workbench.slack import SlackStandIn
from tests.support.slack import BOT_TOKEN, slack_stand_in
from tests.support.targets import post
from tests.support.verbs import PlainMemory

HERE = "C0SUPPORTAI"


@dataclass
class Place:
    """A workspace and a target in it."""

    slack: SlackStandIn
    target: SlackTarget

    @property
    def seen(self) -> list[str]:
        """What stands in the channel, oldest first."""
        return [message.text for message in self.slack.seen_by("U0ONCALL", HERE)]


@asynccontextmanager
async def place(channel: str = HERE) -> AsyncIterator[Place]:
    """Give a channel as a target."""
    async with slack_stand_in() as slack, open_session() as session:
        client = open_client(BOT_TOKEN, session, api_url=slack.api_url)
        chat = SlackChat(client, PlainMemory(), SystemClock())
        rooms = SlackRooms(client, chat)
        yield Place(slack, SlackTarget(chat, rooms, render, channel))


async def test_a_message_stands_in_the_channel_with_a_link_to_it() -> None:
    async with place() as at:
        done = await at.target.publish(post(1), attempt=1)

        (text,) = at.seen
        assert text == (
            "Wrong answers about refunds\nSome answers about refunds are wrong. Update 1."
        )
        assert done.url.endswith(str(done.handle["ts"]).replace(".", ""))
        assert done.handle["channel"] == HERE


@pytest.mark.parametrize("name", ["support-ai", "#support-ai"])
async def test_a_channel_may_be_named(name: str) -> None:
    async with place(name) as at:
        await at.target.publish(post(1), attempt=1)

        assert len(at.seen) == 1


async def test_a_channel_that_the_bot_is_not_in_is_said() -> None:
    async with place("#nowhere") as at:
        with pytest.raises(GiveUp, match="in no channel #nowhere: invite it there"):
            await at.target.publish(post(1), attempt=1)


async def test_a_second_attempt_finds_the_first() -> None:
    async with place() as at:
        at.slack.faults.fail("chat.postMessage", "drop_after_effect")
        with pytest.raises(RetryLater):
            await at.target.publish(post(1), attempt=1)

        done = await at.target.publish(post(1), attempt=2)

        assert len(at.seen) == 1
        assert done.url


async def test_words_of_fields_call_nobody_and_lead_nowhere() -> None:
    hostile = (
        "<!channel> <!here> @here <@U0ONCALL> <https://evil.example|https://bank.example> "
        f"{person('U0ONCALL')} {command('kill support')} `code` \u202eevil <!subteam^S0RESPONDERS>"
    )
    async with place() as at:
        await at.target.publish(post(1, headline=hostile, texts={"en": hostile}), attempt=1)

        (message,) = at.slack.seen_by("U0ONCALL", HERE)
        shown = f"{message.text}{message.blocks}"
        assert "<" not in shown
        assert "\u202e" not in shown
        assert "&lt;!channel&gt;" in shown
        assert "/ai-kill" not in shown


async def test_a_correction_stands_below_what_it_corrects_and_points_back() -> None:
    async with place() as at:
        first = await at.target.publish(post(1), attempt=1)

        right = post(2, stage="correction", corrects=first.handle)
        done = await at.target.publish(right, attempt=1)
        again = await at.target.publish(right, attempt=2)

        _, correction = at.slack.seen_by("U0ONCALL", HERE)
        assert correction.thread_ts == first.handle["ts"]
        assert first.url in correction.text
        assert done.handle == again.handle


async def test_a_correction_of_a_message_that_was_deleted_stands_by_itself() -> None:
    async with place() as at:
        first = await at.target.publish(post(1), attempt=1)
        await at.slack.delete("U0BOT", str(first.handle["ts"]))

        right = post(2, stage="correction", corrects=first.handle)
        done = await at.target.publish(right, attempt=1)

        assert done.detail == "what it corrects was deleted, so it stands by itself"
        assert len(at.seen) == 1


async def test_a_long_text_is_shown_whole() -> None:
    words = " ".join(f"word{nth}" for nth in range(900))
    async with place() as at:
        await at.target.publish(post(1, texts={"en": f"{words}\n\nThe end."}), attempt=1)

        (message,) = at.slack.seen_by("U0ONCALL", HERE)
        shown = str(message.blocks)
        assert all(one in shown for one in ("word0 ", "word450 ", "word899", "The end."))
        assert "more lines" not in shown


async def test_a_text_that_slack_would_cut_is_refused() -> None:
    async with place() as at:
        with pytest.raises(GiveUp, match="Slack takes 8,500 characters"):
            await at.target.publish(post(1, texts={"en": "<" * 3_000}), attempt=1)

        assert at.seen == []


async def test_a_link_that_slack_does_not_give_sends_nothing_twice() -> None:
    async with place() as at:
        at.slack.faults.fail("chat.getPermalink", "500")

        done = await at.target.publish(post(1), attempt=1)

        assert (done.url, done.detail) == ("", "its link could not be asked for")
        assert len(at.seen) == 1


async def test_nothing_is_said_to_another_organisation() -> None:
    async with place() as at:
        shared = replace(at.target, channel="C0SHARED")

        with pytest.raises(GiveUp, match="is shared with another organisation"):
            await shared.publish(post(1), attempt=1)
