"""Incidents: opened in one line, moved only as they may, handed over only when accepted."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import EditIncident, MoveIncident, OpenIncident, RoleOrder, Which
from opsbot.app.incidents import LISTED
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.errors import IllegalMove, IncidentOpen, NotAllowed, StaleButton, UnknownIncident
from tests.support.world import GUS, INES, MARA, NOOR, SAM, World, workflow

COPILOT = "support-copilot"
WRONG = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")


@pytest.fixture
async def world() -> World:
    made = World()
    await made.declare(
        workflow(COPILOT, tier=1, extra={"pagerduty": {"service": "PABC123"}}),
        workflow("coding-agent"),
    )
    return made


async def test_an_incident_opens_in_one_line(world: World) -> None:
    said = await world.bot.incidents.open(WRONG, MARA, request_id="r1")

    assert said.title == "INC-1 · SEV2 · `support-copilot` · active in prod"
    assert "wrong refund answers" in said.lines
    assert said.body["declared_by"] == "mara"
    assert said.body["status"] == "active"


async def test_opening_twice_with_one_request_opens_one(world: World) -> None:
    first = await world.bot.incidents.open(WRONG, MARA, request_id="r1")
    await world.bot.incidents.open(
        OpenIncident("x", workflow="coding-agent"), MARA, request_id="r2"
    )
    again = await world.bot.incidents.open(WRONG, MARA, request_id="r1")

    assert again.body["incident"] == first.body["incident"] == "INC-1"
    assert len(world.store.state.incidents()) == 2


async def test_a_second_one_of_the_same_workflow_needs_the_word_anyway(world: World) -> None:
    await world.bot.incidents.open(WRONG, MARA, request_id="r1")

    with pytest.raises(IncidentOpen, match="INC-1 is open"):
        await world.bot.incidents.open(WRONG, SAM, request_id="r2")

    beside = OpenIncident("leak", workflow=COPILOT, anyway=True)
    said = await world.bot.incidents.open(beside, SAM, request_id="r3")
    assert said.body["incident"] == "INC-2"


async def test_whoever_may_only_look_calls_for_help(world: World) -> None:
    said = await world.bot.incidents.open(WRONG, NOOR, request_id="r1")

    assert said.body["status"] == "triage"
    assert "accepts it or declines it" in said.as_text()
    with pytest.raises(NotAllowed):
        await world.bot.incidents.open(WRONG, GUS, request_id="r2")


async def test_who_has_five_calls_for_help_waiting_pages_nobody_with_a_sixth(world: World) -> None:
    def call(number: int) -> OpenIncident:
        return OpenIncident(f"refunds {number}", workflow=COPILOT, severity="SEV1", anyway=True)

    for number in range(5):
        await world.bot.incidents.open(call(number), NOOR, request_id=f"r{number}")

    with pytest.raises(NotAllowed, match="5 calls for help of yours") as no:
        await world.bot.incidents.open(call(6), NOOR, request_id="r6")
    assert "INC-1, INC-2, INC-3, INC-4, INC-5" in no.value.message
    assert len(world.store.state.open_incidents()) == 5
    assert (await world.bot.incidents.open(call(7), MARA, request_id="r7")).body[
        "incident"
    ] == "INC-6"


async def test_it_takes_the_kills_that_hold_its_workflow(world: World) -> None:
    await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="k1")

    said = await world.bot.incidents.open(WRONG, MARA, request_id="r1")

    assert said.body["kills"] == ["K-1"]
    assert "K-1 holds (`stop`), not confirmed yet." in said.lines


async def test_it_is_not_resolved_while_its_kill_holds_unless_the_feature_stays_off(
    world: World,
) -> None:
    await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="k1")
    await world.bot.incidents.open(WRONG, MARA, request_id="r1")

    with pytest.raises(IllegalMove, match="K-1 still holds") as no:
        await world.bot.incidents.move(
            MoveIncident(Which("inc-1"), "resolved"), MARA, request_id="r2"
        )
    assert "restore K-1" in no.value.hint

    off = MoveIncident(Which("INC-1"), "resolved", stays_off=True)
    said = await world.bot.incidents.move(off, MARA, request_id="r3")
    assert said.body["status"] == "resolved"
    assert world.store.state.kill("K-1").active


async def test_with_none_open_the_last_one_is_named(world: World) -> None:
    await world.bot.incidents.open(WRONG, MARA, request_id="r1")
    await world.bot.incidents.move(MoveIncident(Which(), "resolved"), MARA, request_id="r2")

    with pytest.raises(UnknownIncident) as no:
        await world.bot.incidents.export(Which(), MARA)

    assert "The last was INC-1 (resolved): name it." in no.value.hint


async def test_an_illegal_move_says_the_way(world: World) -> None:
    await world.bot.incidents.open(WRONG, NOOR, request_id="r1")

    with pytest.raises(IllegalMove) as no:
        await world.bot.incidents.move(
            MoveIncident(Which("INC-1"), "resolved"), MARA, request_id="r2"
        )

    assert no.value.message == "INC-1 is triage and cannot become resolved; nothing was changed."
    assert no.value.hint == "Accept it first, or decline it with a reason."


async def test_a_hand_over_is_done_when_it_is_accepted(world: World) -> None:
    await world.bot.incidents.open(WRONG, MARA, request_id="r1")
    await world.bot.incidents.role(RoleOrder(Which(), "commander", "take"), MARA, request_id="r2")

    offered = await world.bot.incidents.role(
        RoleOrder(Which(), "commander", "offer", "<@U0LEAD>"), MARA, request_id="r3"
    )
    assert offered.body["roles"]["commander"] == "mara"  # type: ignore[index, call-overload]  # our own JSON
    assert "(offered to Ines, not accepted yet)" in offered.as_text()

    with pytest.raises(StaleButton):
        await world.bot.incidents.role(
            RoleOrder(Which(), "commander", "accept"), SAM, request_id="r4"
        )
    taken = await world.bot.incidents.role(
        RoleOrder(Which(), "commander", "accept"), INES, request_id="r5"
    )
    assert taken.body["roles"]["commander"] == "ines"  # type: ignore[index, call-overload]  # our own JSON


async def test_a_private_one_does_not_exist_for_others(world: World) -> None:
    private = OpenIncident("leaked addresses", workflow=COPILOT, type="data_leak_pii")
    said = await world.bot.incidents.open(private, MARA, request_id="r1")

    assert said.body["private"] is True
    with pytest.raises(UnknownIncident) as hidden:
        await world.bot.incidents.show(Which("INC-1"), SAM)
    with pytest.raises(UnknownIncident) as missing:
        await world.bot.incidents.show(Which("INC-9"), SAM)
    assert hidden.value.message.replace("INC-1", "INC-9") == missing.value.message
    assert (await world.bot.incidents.list(SAM, every=True)).body["incidents"] == []
    assert (await world.bot.incidents.show(Which("INC-1"), INES)).body["incident"] == "INC-1"


async def test_an_edit_later_moves_no_figure(world: World) -> None:
    await world.bot.incidents.open(WRONG, MARA, request_id="r1")
    world.clock.later(600)
    done = await world.bot.incidents.move(
        MoveIncident(Which("INC-1"), "resolved"), MARA, request_id="r2"
    )
    world.clock.later(86_400)
    edited = await world.bot.incidents.edit(
        EditIncident(Which("INC-1"), title="wrong refund sums"), MARA, request_id="r3"
    )

    assert done.body["measures"] == edited.body["measures"]
    assert done.body["measures"]["resolve_ms"] == 600_000  # type: ignore[index, call-overload]  # our own JSON


async def test_means_come_from_moments_and_count_no_drill(world: World) -> None:
    await world.bot.incidents.open(WRONG, MARA, request_id="r1")
    world.clock.later(600)
    await world.bot.incidents.move(MoveIncident(Which("INC-1"), "resolved"), MARA, request_id="r2")
    drill = OpenIncident("for practice", workflow=COPILOT, drill=True)
    await world.bot.incidents.open(drill, MARA, request_id="r3")
    await world.bot.incidents.move(MoveIncident(Which("INC-2"), "resolved"), MARA, request_id="r4")

    said = await world.bot.incidents.list(MARA, every=True)

    assert said.title == "2 incidents in prod"
    assert said.lines[0] == ("On average resolved after 10 min 0 s (of 1); drills are not counted.")


async def test_one_wide_kill_makes_one_incident_with_one_page(world: World) -> None:
    await world.bot.kill(
        KillRequest(Target("provider", "openai"), confirmed=True), MARA, request_id="k1"
    )

    said = await world.bot.incidents.open(
        OpenIncident("the provider is down", kill="K-1", type="provider_outage"),
        MARA,
        request_id="r1",
    )

    incident = world.store.state.incident("INC-1")
    assert set(incident.workflows) == {COPILOT, "coding-agent"}
    assert incident.kills == ("K-1",)
    assert incident.severity == "SEV2"
    assert "and 1 more" in said.title


async def test_a_list_that_is_cut_says_how_many_there_are(world: World) -> None:
    for at in range(LISTED + 2):
        request = replace(WRONG, title=f"t{at}", anyway=True)
        await world.bot.incidents.open(request, MARA, request_id=f"r{at}")

    said = await world.bot.incidents.list(MARA)

    assert said.title == f"{LISTED + 2} open incidents in prod"
    assert said.lines[-1] == "And 2 older: name one to look at it."
