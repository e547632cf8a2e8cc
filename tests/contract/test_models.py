"""Names of models on the memory twin and on a real server: what was seen, the book, a kill of each name."""

import asyncio
import json
from dataclasses import replace

from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.app.book import book_of
from opsbot.app.declare import Declare
from opsbot.app.environment import Environment
from opsbot.app.kill.decision import Order, decide_kill
from opsbot.app.requests import KillRequest, Target
from opsbot.app.routes.rechoose import Rechoose
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Write
from opsbot.domain.declaration import Catalogue
from opsbot.domain.fleet import MOST_MODELS
from opsbot.domain.gates import Measurement, as_record, measurement_key
from opsbot.domain.model_book import ModelBook
from opsbot.domain.route import Number
from opsbot.domain.state import EVIDENCE, State
from tests.contract.conftest import SERVICE, World
from tests.support.models import AZURE, BOOK, GPT, MINI, SNAPSHOT, route, using
from tests.support.world import MARA, policy

HOUR_MS = 3_600_000
NOON_MS = 500_000 * HOUR_MS


async def test_a_name_is_remembered_for_a_day_after_it_was_last_seen(world: World) -> None:
    fleets = world.one.fleets
    await fleets.sample({}, now_ms=NOON_MS, models=(GPT, AZURE))
    await fleets.sample({}, now_ms=NOON_MS + 20 * HOUR_MS, models=(GPT,))

    noon = await world.two.fleets.models(now_ms=NOON_MS + HOUR_MS)
    later = await world.two.fleets.models(now_ms=NOON_MS + 25 * HOUR_MS)
    too_late = await world.two.fleets.models(now_ms=NOON_MS + 50 * HOUR_MS)

    assert noon == {GPT, AZURE}
    assert later == {GPT}
    assert too_late == frozenset()


async def test_old_names_are_taken_off_and_made_up_ones_cannot_fill_the_store(
    world: World,
) -> None:
    fleets = world.one.fleets
    many = [f"made/up-{n}" for n in range(MOST_MODELS + 50)]
    await fleets.sample({}, now_ms=NOON_MS, models=many)

    kept = await fleets.models(now_ms=NOON_MS)
    await fleets.sample({}, now_ms=NOON_MS + 25 * HOUR_MS)

    assert len(kept) == MOST_MODELS
    assert await fleets.models(now_ms=NOON_MS) == frozenset()


async def test_what_instances_say_they_were_asked_for_is_read_within_bounds(
    world: World,
) -> None:
    said = {
        "modes": ["stop"],
        "probe": None,
        "models": [GPT, "", 7, "x" * 500, "a`b", "a\nb", AZURE],
    }
    lots = {"modes": [], "models": [f"m/{n}" for n in range(500)]}
    registration = {"s": 1, "workflows": {"a": said, "b": lots, "c": {"models": "no list"}}}
    world.checkin("pod-1", json.dumps(registration), "", SERVICE)

    fleet = await world.one.fleets.look()

    served = fleet.instances[0].workflows
    assert served["a"].models == {GPT, AZURE}
    assert len(served["b"].models) == 64
    assert served["c"].models == frozenset()
    assert {GPT, AZURE} <= fleet.models()


async def test_the_book_is_committed_with_the_declarations_and_replicas_agree(
    world: World,
) -> None:
    catalogue = Catalogue({"w": using("w")}, policy(), "h1", book=BOOK)
    await Declare(world.one.store, SystemEntropy())(catalogue)

    other = await world.two.store.refresh()
    again = await Declare(world.two.store, SystemEntropy())(catalogue)
    gone = await Declare(world.two.store, SystemEntropy())(
        replace(catalogue, book=ModelBook(), hash="h2")
    )

    assert book_of(other) == BOOK
    assert not again.changed
    assert gone.changed
    assert book_of(world.two.store.state) == ModelBook()


async def test_an_install_without_models_stores_none(world: World) -> None:
    await Declare(world.one.store, SystemEntropy())(Catalogue({"w": using("w")}, policy(), "h1"))

    state = world.one.store.state

    assert "models" not in state.kind("settings")
    assert book_of(state) == ModelBook()


async def test_two_replicas_that_choose_at_once_make_one_revision(world: World) -> None:
    declared = route(GPT, (), "cheapest_passing_eval")
    workflow = using("w", approved=(GPT, MINI), route=declared)
    await Declare(world.one.store, SystemEntropy())(
        Catalogue({"w": workflow}, policy(), "h1", book=BOOK)
    )

    def measured(state: State, now_ms: int) -> tuple[Change, None]:
        one = Measurement("w", MINI, "s", "pass", 0.99, 500, now_ms, "ci")
        write = Write(EVIDENCE, measurement_key(one), as_record(one))
        return Change("eval", RAMP, writes=(write,)), None

    await world.one.store.commit("eval", measured)
    await world.two.store.refresh()
    replicas = [
        Environment("prod", one.store, one.fleets, SystemClock(), SystemEntropy())
        for one in (world.one, world.two)
    ]

    done = await asyncio.gather(*(Rechoose(env)() for env in replicas))

    state = await world.two.store.refresh()
    assert sorted(len(one) for one in done) == [0, 1]
    assert state.routing("w").newest == 2
    assert [one.name for one in state.revision("w", Number(2)).route.targets] == [MINI]


async def test_every_name_of_a_model_is_one_commit_and_one_delta(world: World) -> None:
    catalogue = Catalogue({"w": using("w")}, policy(), "h1", book=BOOK)
    await Declare(world.one.store, SystemEntropy())(catalogue)
    before = world.one.store.state.position.revision
    order = Order(KillRequest(Target("model", GPT), "stop", confirmed=True), MARA, "uid", "", ())

    committed, struck = await world.one.store.commit(
        "kill", lambda state, now: decide_kill(state, now, order)
    )

    state = await world.two.store.refresh()
    assert committed is not None
    assert committed.position.revision == before + 1
    assert [one.scope.model for one in state.active_kills()] == [GPT, SNAPSHOT, AZURE]
    assert {one.at for one in state.active_kills()} == {committed.position}
    assert [one.under for one in state.active_kills()] == ["", "K-1", "K-1"]
    assert [one.id for one in struck.led] == ["K-2", "K-3"]
