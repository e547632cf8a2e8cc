"""Nothing is over while the fleet serves what was taken back, or while evidence is red."""

from dataclasses import replace

from opsbot.app.comms.stage import not_over
from opsbot.app.requests import RollbackRequest
from opsbot.domain.actor import DECLARATIONS
from opsbot.domain.change import Change, Position, Write
from opsbot.domain.incident.times import Times
from opsbot.domain.route import Number
from opsbot.domain.routing import as_record
from opsbot.domain.state import ROUTES, State
from tests.support.incidents import AT_MS, incident, state_with
from tests.support.routes import MINI, measured, once_served, staged, stored
from tests.support.world import INES, World

NAME = "summariser"
GATE = {
    "suite": "groundedness", "metric": "pass_rate", "op": ">=", "threshold": 0.9,
    "min_n": 100, "max_age_h": 72,
}  # fmt: skip


async def rolled_back() -> tuple[World, State]:
    """Return a company in which r2 served everybody and was taken back by r3, and its state."""
    world = World()
    await world.declare(staged(NAME, extra={"gates": [GATE]}))
    await measured(world, NAME, "r1", 0.95)
    await stored(world, NAME, targets=MINI)
    await once_served(world, NAME, 2)
    world.clock.later(60)
    return world, world.store.state


def words(state: State, began_ms: int = AT_MS) -> list[str]:
    """Return what keeps an incident of the workflow from being over."""
    one = incident(workflows=(NAME,), times=Times(declared=began_ms))
    now_ms = AT_MS + 3_600_000
    return list(not_over(state_with(one, state=state), now_ms, one))


async def test_a_workflow_that_always_served_the_same_is_over() -> None:
    world = World()
    await world.declare(staged(NAME))

    assert words(world.store.state) == []


async def test_a_rollback_is_over_when_every_instance_has_confirmed_it() -> None:
    world, _ = await rolled_back()
    await _activate(world, 2)
    back = RollbackRequest(NAME, to=Number(1), break_glass=True)
    await world.bot.rollback(back, INES, request_id="back")

    (waits,) = words(world.store.state)
    assert waits.startswith(f"`{NAME}`: not every instance has confirmed r3 since ")

    await _confirmed(world)
    assert words(world.store.state) == []


async def test_what_was_taken_back_in_the_incident_must_not_serve_again() -> None:
    world, _ = await rolled_back()
    await _activate(world, 2)
    back = RollbackRequest(NAME, to=Number(1), break_glass=True)
    await world.bot.rollback(back, INES, request_id="back")
    await _confirmed(world)
    await _activate(world, 2)
    await _confirmed(world)

    found = words(world.store.state)

    assert f"`{NAME}` serves r2 again, which was taken back in this incident" in found[0]


async def test_what_was_taken_back_before_the_incident_says_nothing_of_it() -> None:
    world, _ = await rolled_back()
    await _activate(world, 2)
    back = RollbackRequest(NAME, to=Number(1), break_glass=True)
    await world.bot.rollback(back, INES, request_id="back")
    await _confirmed(world)
    await _activate(world, 2)
    await _confirmed(world)

    later = world.clock.now_ms() + 1

    assert not [one for one in words(world.store.state, later) if "taken back" in one]


async def test_red_evidence_of_what_serves_is_not_over() -> None:
    world, _ = await rolled_back()
    await measured(world, NAME, "r1", 0.5, ago_h=0)

    (red,) = words(world.store.state)

    assert red.startswith(
        f"`{NAME}` r1: groundedness pass_rate is red: 0.5 reported, >= 0.9 wanted"
    )


async def _activate(world: World, number: int) -> None:
    await _moved(world, active=Number(number), last_good=Number(1))


async def _confirmed(world: World) -> None:
    await _moved(world, confirmed_ms=10)


async def _moved(world: World, **changes: object) -> None:
    """Move the pointers as a ramp would have, by then."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        at = Position(state.position.epoch, state.position.revision + 1)
        now = replace(state.routing(NAME), at=at, **changes)  # type: ignore[arg-type]  # its own fields
        return Change("ramp", DECLARATIONS, (Write(ROUTES, NAME, as_record(now)),)), None

    await world.store.commit(f"moved:{len(world.server.lines)}", decide)


async def test_a_revision_that_is_only_stored_is_waited_for_by_nobody() -> None:
    world, state = await rolled_back()

    assert world.store.state.routing(NAME).confirmed_ms is None
    assert words(state) == []
