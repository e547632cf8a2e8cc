"""Approvals in direct messages: their buttons go when the approval is over, however it ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from opsbot.app.ports import RetryLater
from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone
from tests.support.world import INES, MARA, OLA, SAM, Slack, World

COPILOT = Target("workflow", "support-copilot")


@dataclass
class Messages(Slack):
    """Keeps what each direct message says now; *held* stops a message to one person for now."""

    says: dict[str, str] = field(default_factory=dict)
    held: str = ""

    async def tell(self, person: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Send, or find by key."""
        if person == self.held:
            raise RetryLater("Slack: ratelimited", after_s=1.0)
        self.says.setdefault(person, text)
        return {"channel": f"D{person}", "ts": "1.0"}

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Edit a direct message; cards are somebody else's tests."""
        channel = str(handle["channel"])
        if channel.startswith("D"):
            if channel[1:] not in self.says:
                raise Gone("deleted")
            self.says[channel[1:]] = text


@pytest.fixture(name="messages")
async def _messages(world: World) -> Messages:
    """A restore that Mara asked for, and the people who were asked to approve it."""
    messages = Messages()
    world.bot = replace(world.bot, chat=messages)
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(COPILOT, reason="fixed"), MARA, request_id="2")
    return messages


async def asked(world: World, messages: Messages) -> None:
    await world.work("tell")
    assert sorted(messages.says) == ["U0LEAD", "U0SUPPORT"]
    assert all("waits for your approval" in text for text in messages.says.values())


async def test_an_approval_takes_the_buttons_from_everybody_who_was_asked(
    world: World, messages: Messages
) -> None:
    await asked(world, messages)

    await world.bot.approve(ApproveRequest("A-1"), INES, request_id="3")
    await world.work("tell")

    titles = {text.split("\n")[0] for text in messages.says.values()}
    assert titles == {"A-1 approved by Ines"}
    assert "Restore of `support-copilot` in prod, asked by Mara" in messages.says["U0SUPPORT"]


async def test_a_refusal_and_a_withdrawal_say_whose_they_are(
    world: World, messages: Messages
) -> None:
    await asked(world, messages)
    await world.bot.approve(ApproveRequest("A-1", grant=False), MARA, request_id="3")
    await world.work("tell")
    withdrawn = messages.says["U0LEAD"].split("\n")[0]
    messages.says.clear()

    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="4")
    await world.work("tell")
    await world.bot.approve(ApproveRequest("A-2", grant=False), SAM, request_id="5")
    await world.work("tell")

    assert withdrawn == "A-1 withdrawn by Mara"
    assert messages.says["U0LEAD"].split("\n")[0] == "A-2 refused by Sam"


async def test_one_that_nobody_gave_is_over_for_secondaries_too(
    world: World, messages: Messages
) -> None:
    await asked(world, messages)
    for _ in range(4):
        world.clock.later(20 * 60)
        await world.outbox.fire_timers()
        await world.work("tell", "expire")
    await world.work("tell")

    assert sorted(messages.says) == ["U0ADMIN", "U0LEAD", "U0SUPPORT"]
    assert all("A-1 expired: nobody" in text for text in messages.says.values())


async def test_one_that_is_overtaken_is_void_in_every_message(
    world: World, messages: Messages
) -> None:
    await asked(world, messages)

    await world.bot.stop_completely("K-1", MARA, request_id="3")
    await world.work("tell")

    assert all("A-1 void" in text for text in messages.says.values())


async def test_somebody_told_while_it_was_settled_keeps_no_button(
    world: World, messages: Messages
) -> None:
    messages.held = "U0LEAD"
    await world.work("tell")
    await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="3")
    messages.held = ""

    world.clock.later(5)
    await world.outbox.fire_timers()
    await world.work("tell")

    assert {name: text.split("\n")[0] for name, text in messages.says.items()} == {
        "U0SUPPORT": "A-1 approved by Sam"
    }


async def test_a_deleted_message_keeps_nobody_elses_buttons(
    world: World, messages: Messages
) -> None:
    await asked(world, messages)
    del messages.says["U0SUPPORT"]

    await world.bot.approve(ApproveRequest("A-1"), INES, request_id="3")
    await world.work("tell")

    assert messages.says["U0LEAD"].split("\n")[0] == "A-1 approved by Ines"
    assert not world.server.dead


async def test_a_secondary_who_approves_is_named(world: World, messages: Messages) -> None:
    await asked(world, messages)
    world.clock.later(16 * 60)
    await world.outbox.fire_timers()
    await world.work("tell")

    await world.bot.approve(ApproveRequest("A-1"), OLA, request_id="3")
    await world.work("tell")

    assert {text.split("\n")[0] for text in messages.says.values()} == {"A-1 approved by Ola"}


async def test_five_minutes_before_its_end_everybody_who_may_approve_is_reminded(
    world: World, messages: Messages
) -> None:
    await asked(world, messages)
    messages.says.clear()
    world.clock.later(24 * 60)
    await world.outbox.fire_timers()
    await world.work("tell")
    messages.says.clear()

    world.clock.later(60 + 1)
    await world.outbox.fire_timers()
    await world.work("tell")

    assert sorted(messages.says) == ["U0ADMIN", "U0LEAD", "U0SUPPORT"]
    assert "Nobody approved so far, and it is over in 5 min." in messages.says["U0LEAD"]


async def test_of_an_approval_that_is_over_nobody_is_reminded(
    world: World, messages: Messages
) -> None:
    await asked(world, messages)
    await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="3")
    messages.says.clear()

    world.clock.later(26 * 60)
    await world.outbox.fire_timers()
    await world.work("tell")

    assert not any("it is over in" in text for text in messages.says.values())
