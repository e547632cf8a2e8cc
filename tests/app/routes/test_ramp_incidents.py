"""Incidents and ramps, through the verbs of both: what is severe and open holds, and bad outcomes count."""

import pytest

from opsbot.app.incident.requests import EditIncident, MoveIncident, OpenIncident, Which
from tests.support.ramps import (
    COPILOT,
    GATE,
    HOUR,
    STEPS,
    begun,
    later,
    measure,
    percent,
    pod,
    tried,
    world,
)
from tests.support.world import INES, MARA, HandMoved, World, workflow

__all__ = ["pod", "world"]

IT = Which("INC-1")


async def declared(world: World, **changes: object) -> None:
    """Declare an incident of the workflow, as somebody on call."""
    request = OpenIncident(**{"title": "wrong refunds", "workflow": COPILOT, **changes})  # type: ignore[arg-type]  # fields by name, as each test words them
    await world.bot.incidents.open(request, MARA, request_id="open")


async def resolved(world: World) -> None:
    """End it."""
    end = MoveIncident(IT, "resolved", reason="the prompt is mended")
    await world.bot.incidents.move(end, INES, request_id="resolve")


@pytest.mark.parametrize("severity", ["SEV1", "SEV2"])
async def test_a_severe_incident_holds_until_it_is_resolved(
    world: World, pod: HandMoved, severity: str
) -> None:
    await begun(world, pod)
    await declared(world, severity=severity)

    await later(world, pod)
    held, stayed = tried(world).held, percent(world)
    await resolved(world)
    await later(world, pod, 0.1)

    assert (held, stayed) == ("INC-1 is open", STEPS[0])
    assert (tried(world).held, percent(world)) == ("", STEPS[1])


@pytest.mark.parametrize(
    "harmless", [{"severity": "SEV3"}, {"severity": "SEV1", "drill": True}, {"workflow": "other"}]
)
async def test_what_is_mild_a_drill_or_of_another_workflow_holds_nothing(
    world: World, pod: HandMoved, harmless: dict[str, object]
) -> None:
    await world.declare(workflow("other"))
    await begun(world, pod)
    await declared(world, **{"severity": "SEV1", **harmless})

    await later(world, pod)

    assert percent(world) == STEPS[1]


async def test_a_private_one_holds_and_is_not_named(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await declared(world, severity="SEV1", private=True)

    await later(world, pod)

    assert tried(world).held == "an incident that is not shown here is open"
    assert percent(world) == STEPS[0]


async def test_one_that_becomes_severe_while_it_runs_holds_from_then_on(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await declared(world, severity="SEV3")
    await later(world, pod)
    worse = EditIncident(IT, severity="SEV1")

    await world.bot.incidents.edit(worse, MARA, request_id="worse")
    await later(world, pod)

    assert tried(world).held == "INC-1 is open"
    assert percent(world) == STEPS[1]


async def test_bad_outcomes_that_an_incident_counts_burn_the_budget_until_they_leave_the_window(
    world: World, pod: HandMoved
) -> None:
    budget = {"share": 0.1, "window_h": 6}
    await world.declare(workflow(COPILOT, extra={"gates": [GATE], "failure_budget": budget}))
    await begun(world, pod)
    await declared(world, severity="SEV3")
    await world.bot.incidents.edit(EditIncident(IT, exposed=30), INES, request_id="counted")

    await later(world, pod)
    held = tried(world).held
    world.clock.later(7 * HOUR)
    await measure(world, "r2", 0.95)
    await later(world, pod, 0.1)

    assert held == "its failure budget is burned"
    assert percent(world) == STEPS[1]
