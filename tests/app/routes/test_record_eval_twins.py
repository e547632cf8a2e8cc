"""Evidence speaks for content, not for a name: twins, the model that was chosen, and what no gate asks for."""

from dataclasses import replace

import pytest

from opsbot.app.requests import EvalRequest, EvalResult, KillRequest, RestoreRequest, Target
from opsbot.app.routes.rechoose import Rechoose
from opsbot.app.routes.record_eval import KEPT_MOST
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Write
from opsbot.domain.gates import Measurement, as_record, measurement_key
from opsbot.domain.policy.records import as_record as policy_record
from opsbot.domain.route import Number, revision_key
from opsbot.domain.route import as_record as revision_record
from opsbot.domain.routing import Candidate
from opsbot.domain.routing import as_record as routing_record
from opsbot.domain.state import BUDGETS, EVIDENCE, REVISIONS, ROUTES, State
from tests.support.choosing import CHEAPEST, shown
from tests.support.evals import CI, gated, loose, request, results, seed, signal_policy
from tests.support.models import GPT, MINI, SONNET, declare, route, using
from tests.support.world import MARA, SAM, World

NAME = "support-copilot"


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await seed(world.store)
    return world


async def _twin(world: World, of: int, *, active: int = 1, candidate: int = 0) -> None:
    """Make r4, with the content of another revision; *active* serves, watched, *candidate* is tried."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        twin = replace(state.revision(NAME, Number(of)), number=Number(4))
        routing = replace(state.routing(NAME), active=Number(active), newest=Number(4))
        routing = replace(routing, watch="watch", watch_ms=now_ms + 3_600_000)
        if candidate:
            tried = Candidate(Number(candidate), "attempt", 0, now_ms, "ines")
            routing = replace(routing, candidate=tried)
        writes = (
            Write(REVISIONS, revision_key(NAME, twin.number), revision_record(twin)),
            Write(ROUTES, NAME, routing_record(routing)),
        )
        return Change("twin", RAMP, writes=writes), None

    await world.store.commit("twin", decide)


async def _record(world: World, asked: EvalRequest) -> None:
    await world.bot.record_eval(asked, CI, request_id=world.env.entropy.token())


def _looks(world: World, kind: str = "ramp") -> int:
    return sum(one.effect.kind == kind for one in world.server.items.values())


async def test_a_watch_looks_at_evidence_of_a_twin(world: World) -> None:
    await _twin(world, 1, active=4)

    await _record(world, request(subject="r1"))
    await _record(world, request(subject="r2"))

    assert _looks(world) == 1


async def test_a_ramp_looks_at_evidence_of_a_twin(world: World) -> None:
    await _twin(world, 2, candidate=4)

    await _record(world, request(subject="r2"))
    await _record(world, request(subject="r3"))

    assert _looks(world) == 1


async def test_a_watch_under_a_ramp_looks_as_well(world: World) -> None:
    await _twin(world, 3, active=1, candidate=2)

    await _record(world, request(subject="r1"))

    assert _looks(world) == 1


async def test_what_serves_without_a_watch_asks_for_no_look_under_a_ramp() -> None:
    world = World()
    await seed(world.store, on_its_way=True)

    await _record(world, request(subject="r1"))

    assert _looks(world) == 0


async def test_a_twin_spends_the_budget_once_an_hour(world: World) -> None:
    await _twin(world, 1, active=4)

    await _record(world, request(*results(0.9, 100), subject="r1"))
    await _record(world, request(*results(0.9, 100), subject="r4"))

    (hours,) = loose(world.store.state.kind(BUDGETS)[NAME]["hours"]).values()
    assert list(hours) == [10, 100]


async def test_evidence_of_the_model_that_was_chosen_is_looked_at() -> None:
    world = World()
    chosen = using(NAME, approved=(GPT, MINI, SONNET), route=route(GPT, (SONNET,), CHEAPEST))
    await declare(world, chosen)
    await _may_signal(world)
    await shown(world, GPT, MINI)
    await Rechoose(world.env)()
    before = _looks(world)

    for model in (MINI, SONNET):
        await _record(world, EvalRequest(NAME, model, (EvalResult("s", "pass", 0.95, 50),)))

    assert world.store.state.routing(NAME).candidate is not None
    assert _looks(world) == before + 1


async def test_a_restore_in_steps_looks_at_evidence_of_a_twin() -> None:
    world = World()
    await seed(world.store, declared=gated(restore={"steps": [5], "watch_s": 600}))
    await _twin(world, 1, active=4)
    await world.bot.kill(
        KillRequest(Target("workflow", NAME), "stop", confirmed=True), MARA, request_id="kill"
    )
    for by, key in ((MARA, "ask"), (SAM, "yes")):
        await world.bot.restore(RestoreRequest(Target("kill", "K-1")), by, request_id=key)
    assert world.store.state.kill("K-1").ramp is not None
    before = _looks(world, "restore_ramp")

    await _record(world, request(subject="r2"))
    await _record(world, request(subject="r1"))

    assert _looks(world, "restore_ramp") == before + 1


async def test_what_no_gate_asks_for_leaves_room_for_what_one_asks_for(world: World) -> None:
    await _unasked(world, "r1", KEPT_MOST)

    await _record(world, request(*results(0.95), subject="r1"))

    assert len(world.store.state.measurements(NAME)) == KEPT_MOST + 1


async def test_the_oldest_that_no_gate_asks_for_are_dropped_from_a_workflow(world: World) -> None:
    await _record(world, request(*results(0.95), subject="r1"))
    await _unasked(world, "r1", KEPT_MOST)
    world.clock.later(1)

    await _record(world, request(EvalResult("else", "new", 1, 1), subject="r2"))

    known = world.store.state.measurements(NAME)
    assert len(known) == KEPT_MOST + 1
    assert {one.metric for one in known} >= {"new", "pass_rate"}
    assert "run0" not in {one.metric for one in known}


async def _unasked(world: World, subject: str, count: int) -> None:
    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        found = [
            Measurement(NAME, subject, "else", f"run{n}", 1, 1, now_ms - count + n, "ci")
            for n in range(count)
        ]
        writes = tuple(Write(EVIDENCE, measurement_key(one), as_record(one)) for one in found)
        return Change("eval", RAMP, writes=writes), None

    await world.store.commit("unasked", decide)


async def _may_signal(world: World) -> None:
    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        return Change(
            "p", RAMP, writes=(Write("settings", "policy", policy_record(signal_policy())),)
        ), None

    await world.store.commit("policy", decide)
