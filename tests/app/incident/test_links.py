"""Kills and incidents: a kill joins what is open, and its confirmation contains it."""

import pytest

from opsbot.app.incident.requests import MoveIncident, OpenIncident, Which
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain.errors import OpsbotError
from opsbot.domain.incident.incident import Incident
from tests.support.world import MARA, World, workflow

AGENT = "coding-agent"


@pytest.fixture
async def world() -> World:
    made = World()
    await made.declare(workflow("support-copilot", tier=1), workflow(AGENT))
    return made


def incident(world: World) -> Incident:
    return world.store.state.incident("INC-1")


async def opened(world: World, **changes: object) -> None:
    request = OpenIncident("runs for ever", workflow=AGENT, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them
    await world.bot.incidents.open(request, MARA, request_id="open")


async def killed(world: World, target: Target, *, request_id: str = "kill") -> None:
    await world.bot.kill(KillRequest(target, "stop", confirmed=True), MARA, request_id=request_id)


async def confirmed(world: World) -> None:
    await world.work("follow")


async def test_a_kill_joins_the_open_incident_of_its_workflow(world: World) -> None:
    await opened(world)

    await killed(world, Target("workflow", AGENT))

    assert incident(world).kills == ("K-1",)


@pytest.mark.parametrize("target", [Target("all"), Target("provider", "openai")])
async def test_a_wide_kill_joins_as_well(world: World, target: Target) -> None:
    await opened(world)

    await killed(world, target)

    assert incident(world).kills == ("K-1",)


async def test_a_kill_of_another_workflow_joins_nothing(world: World) -> None:
    await opened(world)

    await killed(world, Target("workflow", "support-copilot"))

    assert incident(world).kills == ()


async def test_a_drill_and_an_incident_that_is_over_take_no_kill(world: World) -> None:
    await opened(world, drill=True)
    await killed(world, Target("workflow", AGENT))
    assert incident(world).kills == ()

    over = MoveIncident(Which("INC-1"), "cancelled", reason="nothing was wrong")
    await world.bot.incidents.move(over, MARA, request_id="over")
    await killed(world, Target("all"), request_id="k2")

    assert incident(world).kills == ()


async def test_the_fleet_confirming_the_last_kill_contains_it(world: World) -> None:
    pod = world.instance("pod-1", serves=(AGENT,))
    await opened(world)
    await killed(world, Target("workflow", AGENT))
    assert (incident(world).status, incident(world).times.contained) == ("active", None)

    world.clock.later(0.2)
    pod.follow()
    await confirmed(world)

    now = incident(world)
    assert now.status == "contained"
    assert now.times.contained is not None
    assert now.times.contained >= now.times.declared


async def test_it_is_not_contained_while_another_of_its_kills_is_unconfirmed(world: World) -> None:
    pod = world.instance("pod-1", serves=(AGENT,))
    await opened(world)
    await killed(world, Target("workflow", AGENT))
    pod.follow()
    await killed(world, Target("provider", "openai"), request_id="k2")

    await confirmed(world)

    assert world.store.state.kill("K-1").confirmed_ms is not None
    assert incident(world).status == "active"


async def test_a_kill_that_an_incident_is_tied_to_is_not_undone_alone(world: World) -> None:
    await killed(world, Target("workflow", AGENT))
    await opened(world)

    said = await world.bot.restore(
        RestoreRequest(Target("workflow", AGENT), "typo"), MARA, request_id="back"
    )

    assert said.body["pending"] is True
    assert world.store.state.kill("K-1").active


async def test_without_an_incident_the_same_kill_is_undone_alone(world: World) -> None:
    await killed(world, Target("workflow", AGENT))

    await world.bot.restore(
        RestoreRequest(Target("workflow", AGENT), "typo"), MARA, request_id="back"
    )

    with pytest.raises(OpsbotError):
        world.store.state.incident("INC-1")
    assert not world.store.state.kill("K-1").active


async def test_a_kill_for_one_tenant_joins_and_contains_nothing(world: World) -> None:
    pod = world.instance("pod-1", serves=(AGENT,))
    await opened(world)
    narrow = KillRequest(Target("workflow", AGENT), "stop", tenant="acme", confirmed=True)
    await world.bot.kill(narrow, MARA, request_id="kill")

    pod.follow()
    await confirmed(world)

    assert world.store.state.kill("K-1").confirmed_ms is not None
    assert (incident(world).kills, incident(world).status) == (("K-1",), "active")
    assert incident(world).times.contained is None


async def test_what_was_confirmed_before_it_was_declared_is_contained_at_once(
    world: World,
) -> None:
    pod = world.instance("pod-1", serves=(AGENT,))
    await killed(world, Target("workflow", AGENT))
    pod.follow()
    await confirmed(world)

    await opened(world)

    assert incident(world).status == "contained"
    assert incident(world).times.contained is not None
