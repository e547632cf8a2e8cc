"""Routes of two lives of a store: nothing goes backwards, no number means two things, all parts agree."""

from dataclasses import replace
from typing import Any

import pytest

from opsbot.app.route_state import writes
from opsbot.app.routed import move_of
from opsbot.domain.change import Change, Position, Record
from opsbot.domain.journal import put
from opsbot.domain.recovery.merge import recover
from opsbot.domain.route import Number, Revision, Target
from opsbot.domain.routing import Routing, promoted
from opsbot.domain.state import EVIDENCE, REVISIONS, ROUTES, State
from opsflags import keys
from tests.support.routes import MINI, SUMMARISER, WHOLE, begun, measured, rolled, staged, stored
from tests.support.world import INES, World

EMPTY = State()
SONNET = (Target("anthropic", "claude-sonnet-5"),)
AT_ONCE = {"stages": WHOLE}


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await world.declare(staged(extra=AT_ONCE))
    return world


async def fresh(**changes: Any) -> World:
    """Return a company whose store was flushed and that has declared itself anew."""
    world = World()
    await world.declare(staged(extra=AT_ONCE, **changes))
    return world


async def serve(world: World, **changes: Any) -> None:
    """Store a revision, and let it serve everybody under its watch."""
    await stored(world, **changes)

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        move, now = move_of(state, now_ms, INES), state.routing(SUMMARISER)
        after = promoted(now, now.newest, move, soak_ms=60_000, watch="w")
        return Change(verb="advance_ramp", actor=INES, writes=writes(state, after)), None

    await world.store.commit(f"serve:{len(world.server.lines)}", decide)


def later(state: State) -> State:
    """Return a state in an epoch after every other."""
    return replace(state, position=Position(99, state.position.revision))


def after(base: State, own: State, store: State) -> State:
    """Return *store* with what was lost put back, which leaves nothing to do."""
    store = later(store)
    change = recover(base, own, store)
    if change is None:
        return store
    put_back = [(w.kind, w.id, w.record) for w in change.writes]
    assert len({one[:2] for one in put_back}) == len(put_back)
    at = Position(99, store.position.revision + 1)
    found = State(at, "new", put(store.records, put_back))
    assert recover(base, own, found) is None
    return found


def routing(state: State) -> Routing:
    """Return the pointers."""
    return state.routing(SUMMARISER)


def content(state: State, number: Number) -> tuple[Target, ...]:
    """Return the targets of a revision."""
    return state.revision(SUMMARISER, number).route.targets


def read(state: State) -> Record:
    """Return the route as clients read it."""
    route = state.kind(keys.WORKFLOWS)[SUMMARISER]["route"]
    assert isinstance(route, dict)
    return route


def revision(state: State, number: int) -> Revision:
    """Return one revision."""
    return state.revision(SUMMARISER, Number(number))


async def test_a_declaration_after_a_flush_does_not_move_pointers_back(world: World) -> None:
    await serve(world)
    await stored(world, targets=MINI, prompt="p@7")
    own = world.store.state

    found = after(EMPTY, own, (await fresh()).store.state)

    assert (routing(found).active, routing(found).newest) == (2, 3)
    assert routing(found).at == found.position
    assert routing(found).confirmed_ms is None
    assert read(found)["revision"] == "r2"
    assert revision(found, 3) == revision(own, 3)


async def test_a_declaration_of_another_model_after_a_flush_does_not_serve_by_itself(
    world: World,
) -> None:
    own = world.store.state
    other = {"targets": [{"provider": "openai", "model": "gpt-5-mini", "weight": 100}]}
    store = (await fresh(route=other)).store.state

    found = after(EMPTY, own, store)

    assert content(found, routing(found).active) == content(own, Number(1))
    assert content(found, Number(1)) == MINI
    assert read(found)["revision"] == routing(found).id == "r2"


async def test_pointers_and_what_clients_read_come_back_as_one(world: World) -> None:
    await stored(world)
    base = world.store.state
    await serve(world)
    record = {**base.kind(keys.WORKFLOWS)[SUMMARISER], "title": "Renamed"}
    renamed = put(base.records, [(keys.WORKFLOWS, SUMMARISER, record)])

    found = after(base, world.store.state, replace(base, records=renamed))

    assert routing(found).active == 2
    assert read(found)["revision"] == "r2"
    assert found.workflows()[SUMMARISER].title == "Renamed"


async def test_a_declaration_that_was_lost_does_not_bring_its_old_route_back(world: World) -> None:
    await stored(world)
    base = world.store.state
    await serve(world)
    record = {**base.kind(keys.WORKFLOWS)[SUMMARISER], "title": "Renamed"}
    own = replace(base, records=put(base.records, [(keys.WORKFLOWS, SUMMARISER, record)]))

    found = after(base, own, world.store.state)

    assert found.workflows()[SUMMARISER].title == "Renamed"
    assert read(found)["revision"] == routing(found).id == "r2"


async def test_a_revision_is_never_overwritten_and_gets_a_number_of_its_own(world: World) -> None:
    await serve(world)
    own = world.store.state
    other = await fresh()
    await stored(other, targets=SONNET)

    found = after(EMPTY, own, other.store.state)

    assert content(found, Number(2)) == SONNET
    assert content(found, Number(3)) == MINI
    assert routing(found).newest == 3
    assert {one.number for one in found.revisions(SUMMARISER)} == {1, 2, 3}


async def test_what_was_measured_goes_with_the_content_to_its_new_number(world: World) -> None:
    await serve(world)
    await measured(world, SUMMARISER, "r2", 0.95)
    other = await fresh()
    await stored(other, targets=SONNET)

    found = after(EMPTY, world.store.state, other.store.state)

    subjects = {one.subject for one in found.measurements(SUMMARISER)}
    assert subjects == {"r3"}
    assert len(found.kind(EVIDENCE)) == 1


async def test_pointers_follow_their_revisions_to_new_numbers(world: World) -> None:
    await serve(world)
    await rolled(world)
    own = world.store.state
    other = {"targets": [{"provider": "anthropic", "model": "claude-sonnet-5", "weight": 100}]}

    found = after(EMPTY, own, (await fresh(route=other)).store.state)

    assert content(found, routing(found).active) == content(own, routing(own).active)
    back_to = revision(found, routing(found).active).back_to
    assert back_to is not None
    assert content(found, back_to) == content(own, Number(1))
    assert {content(found, one) for one in routing(found).served} == {
        content(own, Number(1)), MINI, SONNET,
    }  # fmt: skip


async def test_a_lost_ramp_comes_back_at_its_step() -> None:
    world = World()
    await world.declare(staged())
    await stored(world)
    base = world.store.state
    await begun(world)

    found = after(base, world.store.state, base)

    assert routing(found).candidate == routing(world.store.state).candidate
    candidate = read(found)["candidate"]
    assert isinstance(candidate, dict)
    assert (candidate["revision"], candidate["percent"]) == ("r2", 5)


async def test_what_the_new_life_serves_stays_and_our_numbers_stay_taken(world: World) -> None:
    base = world.store.state
    await stored(world)
    await stored(world, prompt="p@8")
    own = world.store.state
    other = await fresh()
    other.clock.later(3600)
    await serve(other)

    found = after(base, own, other.store.state)

    assert routing(found).at == routing(other.store.state).at
    assert (routing(found).active, routing(found).newest) == (2, 3)
    assert revision(found, 3) == revision(own, 3)


async def test_pointers_that_another_replica_put_back_too_early_go_on(world: World) -> None:
    await stored(world)
    early = world.store.state
    world.clock.later(60)
    await serve(world)

    found = after(EMPTY, world.store.state, after(EMPTY, early, State()))

    assert routing(found).active == 2


async def test_what_was_rolled_back_on_the_new_life_does_not_come_again(world: World) -> None:
    await serve(world)
    base = world.store.state
    own_routing = {**base.kind(ROUTES)[SUMMARISER], "committed_ms": 2**52}
    own = replace(base, records=put(base.records, [(ROUTES, SUMMARISER, own_routing)]))
    await rolled(world)

    found = after(base, own, world.store.state)

    assert routing(found) == routing(world.store.state)


async def test_a_whole_flush_brings_every_revision_back(world: World) -> None:
    await serve(world)
    own = world.store.state

    found = after(EMPTY, own, State())

    assert found.kind(REVISIONS) == own.kind(REVISIONS)
    assert read(found) == read(own)
    assert routing(found).at == found.position


async def test_where_nothing_was_lost_nothing_is_written(world: World) -> None:
    await serve(world)

    assert recover(EMPTY, world.store.state, world.store.state) is None
