"""A role that is offered: told once to whom it is offered, and without buttons once it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from opsbot.app.incident.effects import TOLD
from opsbot.app.incident.requests import MoveIncident, OpenIncident, RoleOrder, Which
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.room.told import IncidentTold
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone, IllegalMove, StaleButton
from tests.support.world import INES, MARA, NOOR, SAM, Slack, World, plain, workflow

COPILOT = "support-copilot"
WRONG = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")
ONE = Which("INC-1")


@pytest.fixture
async def world() -> World:
    made = World()
    await made.declare(workflow(COPILOT, tier=1))
    await made.bot.incidents.open(WRONG, MARA, request_id="open")
    return made


async def offered(world: World, who: str = "ines") -> None:
    """Offer the command."""
    order = RoleOrder(ONE, "commander", "offer", who)
    await world.bot.incidents.role(order, MARA, request_id=f"offer-{len(world.server.lines)}")


async def answered(world: World, act: str) -> None:
    """Let Ines answer."""
    order = RoleOrder(ONE, "commander", act)  # type: ignore[arg-type]  # accept or decline
    await world.bot.incidents.role(order, INES, request_id=f"{act}-{len(world.server.lines)}")


async def test_an_offer_is_told_to_whom_it_is_made(world: World) -> None:
    await offered(world)

    await world.work("incident_told")

    [(who, text)] = world.slack.told
    assert who == "U0LEAD"
    assert text.startswith("You are asked to be commander of INC-1 · SEV2 · `support-copilot`")
    assert "wrong refund answers" in text
    assert "`opsbot incident role commander INC-1 accept`" in text


async def test_somebody_whom_the_policy_does_not_know_is_told_by_their_account(
    world: World,
) -> None:
    await offered(world, "<@U0NEW>")

    await world.work("incident_told")

    assert [who for who, _ in world.slack.told] == ["U0NEW"]


async def test_an_offer_that_was_answered_loses_its_buttons(world: World) -> None:
    await offered(world)
    await world.work("incident_told")

    await answered(world, "accept")
    await world.work("incident_told")

    [over] = world.slack.updated
    assert "Commander of INC-1: you hold it" in over
    assert "Nothing is left to press." in over
    assert len(world.slack.told) == 1


async def test_an_offer_made_to_another_says_so_to_the_first(world: World) -> None:
    await offered(world)
    await world.work("incident_told")

    await offered(world, "sam")
    await world.work("incident_told")

    assert [who for who, _ in world.slack.told] == ["U0LEAD", "U0SUPPORT"]
    assert "not offered to you any more; nobody holds it" in world.slack.updated[0]


async def test_what_was_answered_before_it_was_told_is_not_told(world: World) -> None:
    await offered(world)
    await answered(world, "decline")

    await world.work("incident_told")

    assert world.slack.told == []


async def test_a_second_offer_to_the_same_person_is_told_again(world: World) -> None:
    await offered(world)
    await world.work("incident_told")
    await answered(world, "decline")
    await offered(world)

    await world.work("incident_told")

    assert [who for who, _ in world.slack.told] == ["U0LEAD", "U0LEAD"]


async def test_an_end_takes_the_offers_with_it(world: World) -> None:
    await offered(world)
    await world.work("incident_told")

    await world.bot.incidents.move(MoveIncident(ONE, "resolved"), MARA, request_id="end")
    await world.work("incident_told")

    assert "not offered to you any more" in world.slack.updated[0]


async def test_the_second_mover_hears_who_was_first_and_a_repeat_what_it_did(world: World) -> None:
    done = MoveIncident(ONE, "resolved", "fixed")
    first = await world.bot.incidents.move(done, INES, request_id="a")
    again = await world.bot.incidents.move(done, INES, request_id="a")

    with pytest.raises(IllegalMove) as late:
        await world.bot.incidents.move(done, SAM, request_id="b")

    assert again.title == first.title
    assert late.value.message == "INC-1 is resolved already; nothing was changed."
    assert late.value.hint == "Ines did that 03:14:07 UTC."


async def test_an_accept_never_reopens(world: World) -> None:
    await world.bot.incidents.open(
        OpenIncident("help", workflow="", severity="SEV3"), NOOR, request_id="call"
    )
    two = Which("INC-2")
    await world.bot.incidents.move(
        MoveIncident(two, "declined", "a test"), INES, request_id="decline"
    )

    with pytest.raises(IllegalMove) as late:
        await world.bot.incidents.move(
            MoveIncident(two, "active", expect="triage"), MARA, request_id="accept"
        )

    assert world.store.state.incident("INC-2").status == "declined"
    assert late.value.message == "INC-2 is declined by now; nothing was changed."
    assert late.value.hint.startswith("Ines did that 03:14:07 UTC. `")
    assert late.value.hint.endswith("incident reopen INC-2` brings it back.")


async def test_a_vacant_role_is_taken_once(world: World) -> None:
    order = RoleOrder(ONE, "commander", "take", vacant=True)
    await world.bot.incidents.role(order, INES, request_id="a")

    with pytest.raises(StaleButton, match="Ines is commander of INC-1 already"):
        await world.bot.incidents.role(order, SAM, request_id="b")

    await world.bot.incidents.role(RoleOrder(ONE, "commander", "take"), SAM, request_id="c")
    assert world.store.state.incident("INC-1").roles == {"commander": "sam"}


async def test_opening_says_whether_it_opened(world: World) -> None:
    beside = OpenIncident("leak", workflow=COPILOT, anyway=True)
    first = await world.bot.incidents.open(beside, SAM, request_id="x")
    again = await world.bot.incidents.open(beside, SAM, request_id="x")

    assert (first.body["outcome"], again.body["outcome"]) == ("opened", "there")
    assert first.body["incident"] == again.body["incident"] == "INC-2"


@dataclass
class Failing(Slack):
    """A chat that takes new messages and fails at every edit."""

    error: Exception = field(default_factory=lambda: Gone("deleted"))

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Fail."""
        raise self.error


async def closing(world: World, error: Exception) -> None:
    """Take the buttons of an answered offer away through a chat that fails."""
    await offered(world)
    await world.work("incident_told")
    await answered(world, "accept")
    told = IncidentTold(world.env, world.bot.incidents, Failing(error=error), world.outbox, plain)
    names = [name for name, item in world.server.items.items() if item.effect.kind == TOLD]
    await told(world.delivery(names[-1]))


async def test_a_message_that_somebody_deleted_has_no_button_to_take_away(world: World) -> None:
    await closing(world, Gone("deleted"))


@pytest.mark.parametrize("error", [RetryLater("busy"), GiveUp("no such channel")], ids=str)
async def test_a_button_that_cannot_be_taken_away_is_tried_again_or_said(
    world: World, error: Exception
) -> None:
    with pytest.raises(type(error), match=str(error)):
        await closing(world, error)


async def test_what_belongs_to_nothing_is_told_to_nobody(world: World) -> None:
    await offered(world)
    told = IncidentTold(world.env, world.bot.incidents, world.slack, world.outbox, plain)
    [name] = [name for name, item in world.server.items.items() if item.effect.kind == TOLD]
    due = world.delivery(name)

    for wrong in ({"role": "boss"}, {"incident": "INC-9"}):
        await told(replace(due, effect=replace(due.effect, body={**due.effect.body, **wrong})))

    assert world.slack.told == []
