"""`cheapest_passing_eval` at work: set, chosen again by evidence and kills, and never in a person's way."""

from dataclasses import replace

import pytest

from opsbot.app import route_state
from opsbot.app.requests import KillRequest, RollbackRequest, RouteEdit, Target
from opsbot.app.routed import Words
from opsbot.app.routes.rechoose import Rechoose, Rechosen, asking, decide_rechoose
from opsbot.app.routes.rollback_decision import decide_rollback
from opsbot.app.routes.set_decision import decide_set
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Record, Write
from opsbot.domain.errors import RouteRefused
from opsbot.domain.model_book import Model, ModelBook, Price
from opsbot.domain.policy.records import as_record as policy_record
from opsbot.domain.policy.rules import Power
from opsbot.domain.route import Number, Route, route_from, route_record
from opsbot.domain.route import Target as Serving
from opsbot.domain.routing import as_record as routing_record
from opsbot.domain.state import ROUTES, State
from tests.support.choosing import CHEAPEST, NAME, lift, mini_serves, serving, shown
from tests.support.models import GPT, MINI, SONNET, declare, route, using
from tests.support.world import MARA, World, policy

HOUR_S = 3600


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    declared = route(GPT, (SONNET,), CHEAPEST)
    await declare(world, using(NAME, approved=(GPT, MINI, SONNET), route=declared))
    return world


async def _rechosen(world: World) -> tuple[Rechosen, ...]:
    return await Rechoose(world.env)()


def _looked(world: World) -> Rechosen:
    return decide_rechoose(world.store.state, world.clock.now_ms(), NAME, "u")[1]


async def test_without_evidence_what_was_declared_serves(world: World) -> None:
    assert await _rechosen(world) == ()

    looked = _looked(world)
    assert looked.what == "same"
    assert looked.choice is not None
    assert looked.choice.model is None
    assert "nobody has reported it" in looked.choice.considered[0].why_not


async def test_evidence_of_a_cheaper_model_begins_a_ramp_with_every_reason_kept(
    world: World,
) -> None:
    await shown(world, GPT, MINI)

    done = await _rechosen(world)

    state = world.store.state
    routing = state.routing(NAME)
    made = state.revision(NAME, Number(2))
    assert [(one.what, one.revision) for one in done] == [("tried", "r2")]
    assert routing.candidate is not None
    assert routing.candidate.number == 2
    assert serving(world) == (GPT,)
    assert [one.name for one in made.route.targets] == [MINI]
    assert [one.name for one in made.route.declared] == [GPT]
    assert made.author == "system:ramp"
    (reasons,) = made.evidence
    assert reasons["choice"] == MINI
    considered = reasons["considered"]
    assert isinstance(considered, (list, tuple))
    assert [one["model"] for one in considered] == [MINI, GPT, SONNET]
    line = (await world.store.journal())[-1]
    assert '"rechoose"' in line
    assert "nobody has reported it for anthropic/claude-sonnet-5" in line


async def test_the_models_evidence_speaks_for_the_revision_that_was_chosen(world: World) -> None:
    await shown(world, MINI)
    await _rechosen(world)

    state = world.store.state
    workflow = state.workflows()[NAME]
    results = route_state.evidence(state, workflow, "r2", world.clock.now_ms())
    own = route_state.evidence(state, workflow, "r1", world.clock.now_ms())

    assert [one.colour for one in results] == ["green"]
    assert [one.colour for one in own] == ["missing"]


async def test_the_revisions_own_evidence_counts_before_the_models(world: World) -> None:
    await shown(world, MINI)
    await _rechosen(world)
    await shown(world, "r2", value=0.1)

    state = world.store.state
    results = route_state.evidence(state, state.workflows()[NAME], "r2", world.clock.now_ms())

    assert [one.colour for one in results] == ["red"]


async def test_the_other_names_carry_no_evidence_of_the_model(world: World) -> None:
    await shown(world, "openai/gpt-5.2-2026-03-01")

    assert await _rechosen(world) == ()


async def test_a_kill_moves_everybody_at_once_to_the_cheapest_that_passes(world: World) -> None:
    await shown(world, MINI, SONNET)
    await world.bot.kill(KillRequest(Target("model", GPT), confirmed=True), MARA, request_id="gpt")

    done = await _rechosen(world)

    assert [one.what for one in done] == ["served"]
    assert serving(world) == (MINI,)
    routing = world.store.state.routing(NAME)
    assert routing.watch_ms is not None
    assert routing.last_good == 1
    kinds = [one.effect.kind for one in world.server.items.values()]
    assert "route_follow" in kinds


async def test_its_own_choice_is_taken_back_at_once_when_its_evidence_turns_bad(
    world: World,
) -> None:
    await mini_serves(world)
    await lift(world)
    await shown(world, MINI, value=0.2)

    done = await _rechosen(world)

    assert [one.what for one in done] == ["served"]
    assert serving(world) == (GPT,)
    state = world.store.state
    assert state.revision(NAME, state.routing(NAME).active).route.declared == ()


async def test_evidence_that_grew_old_is_noticed_while_the_store_stands_still(
    world: World,
) -> None:
    await mini_serves(world)
    await lift(world)
    rechoose = Rechoose(world.env)
    assert await rechoose() == ()

    world.clock.later(73 * HOUR_S)
    done = await rechoose()

    assert [one.what for one in done] == ["served"]
    assert done[0].choice is not None
    assert "at most 72 h wanted" in str(done[0].choice.as_json())


async def test_looking_again_changes_nothing(world: World) -> None:
    await mini_serves(world)
    before = world.store.state.position

    for _ in range(3):
        world.clock.later(61)
        assert await _rechosen(world) == ()

    assert world.store.state.position == before


async def test_a_small_saving_is_no_reason_to_move(world: World) -> None:
    await mini_serves(world)
    close = {MINI: Price(0.3, 2), SONNET: Price(0.29, 2), GPT: Price(9, 9)}
    book = ModelBook({name: Model(name, price=price) for name, price in close.items()})
    declared = route(GPT, (SONNET,), CHEAPEST)
    await declare(world, using(NAME, approved=(GPT, MINI, SONNET), route=declared), book=book)
    await shown(world, SONNET)

    assert await _rechosen(world) == ()
    assert serving(world) == (MINI,)


async def test_a_running_ramp_is_not_disturbed(world: World) -> None:
    await shown(world, MINI, GPT)
    await _rechosen(world)
    await shown(world, MINI, value=0.1)

    assert await _rechosen(world) == ()
    assert _looked(world).what in ("same", "ramp_runs")


async def test_a_rollback_is_never_undone(world: World) -> None:
    await mini_serves(world)

    def decide(state: State, now_ms: int) -> tuple[Change | None, object]:
        request, words = RollbackRequest(NAME, Number(1), break_glass=True), Words(MARA, "u9")
        return decide_rollback(_allowing(state), now_ms, request, words)

    await lift(world)
    await world.store.commit("rollback", decide)
    await shown(world, GPT, MINI)

    assert serving(world) == (GPT,)
    assert await _rechosen(world) == ()
    assert _looked(world).what == "rolled_back"


async def test_what_was_given_up_is_not_tried_again(world: World) -> None:
    await shown(world, MINI, GPT)
    await _rechosen(world)

    def drop(state: State, now_ms: int) -> tuple[Change, None]:
        given_up = replace(state.routing(NAME), candidate=None)
        return Change("drop", RAMP, writes=(Write(ROUTES, NAME, routing_record(given_up)),)), None

    await world.store.commit("drop", drop)

    assert await _rechosen(world) == ()
    assert _looked(world).what == "tried_before"


async def test_a_pinned_route_is_left_alone(world: World) -> None:
    await declare(world, using("other", approved=(GPT, MINI), route=route(GPT)))
    await shown(world, MINI)

    state = world.store.state

    assert asking(state) == ()  # the strategy's own workflow is declared no more
    assert decide_rechoose(state, 0, "other", "u")[1].what == "pinned"


async def test_two_replicas_make_one_choice(world: World) -> None:
    await shown(world, MINI, GPT)
    change, _ = decide_rechoose(world.store.state, world.clock.now_ms(), NAME, "u")

    await _rechosen(world)
    again, _ = decide_rechoose(world.store.state, world.clock.now_ms(), NAME, "u")

    assert change is not None
    assert again is None


async def test_setting_the_strategy_chooses_at_once_and_keeps_what_was_declared(
    world: World,
) -> None:
    await shown(world, MINI)
    edit = RouteEdit(NAME, prompt="p@2")

    change, routed = decide_set(
        _allowing(world.store.state), world.clock.now_ms(), edit, Words(MARA, "u")
    )

    assert change is not None
    assert [one.name for one in routed.revision.route.targets] == [MINI]
    assert [one.name for one in routed.revision.route.declared] == [GPT]
    assert change.facts["choice"] == MINI
    assert routed.revision.evidence[0]["choice"] == MINI


async def test_pinning_a_chosen_route_keeps_the_model_that_serves(world: World) -> None:
    await mini_serves(world)

    change, routed = decide_set(
        _allowing(world.store.state),
        world.clock.now_ms(),
        RouteEdit(NAME, strategy="pinned"),
        Words(MARA, "u"),
    )

    assert change is not None
    assert [one.name for one in routed.revision.route.targets] == [MINI]
    assert routed.revision.route.declared == ()


async def test_an_unapproved_model_is_refused_even_where_another_would_serve(world: World) -> None:
    await shown(world, MINI)
    edit = RouteEdit(NAME, targets=(Serving("x", "stray"),))

    with pytest.raises(RouteRefused, match="x/stray"):
        decide_set(_allowing(world.store.state), world.clock.now_ms(), edit, Words(MARA, "u"))


def test_a_chosen_route_comes_back_from_its_record() -> None:
    chosen = Route(
        (Serving("openai", "gpt-5-mini"),),
        strategy="cheapest_passing_eval",
        declared=(Serving("openai", "gpt-5.2"),),
    )
    plain = replace(chosen, declared=())

    assert route_from(route_record(chosen)) == chosen
    assert "declared" not in route_record(plain)
    assert chosen.models == (MINI, GPT)


async def test_a_client_reads_nothing_of_what_was_declared(world: World) -> None:
    await mini_serves(world)

    record = world.store.state.kind("workflows")[NAME]["route"]

    assert isinstance(record, dict)
    assert "declared" not in record
    assert record["targets"][0]["model"] == "gpt-5-mini"


def _allowing(state: State) -> State:
    """Return the state under a policy that lets responders change routes."""
    roles = dict.fromkeys((1, 2, 3), frozenset({"responder"}))
    powers = {**policy().powers, "route": Power(roles), "rollback": Power(roles)}
    record: Record = policy_record(replace(policy(), powers=powers))
    settings = {**state.kind("settings"), "policy": record}
    return replace(state, records={**state.records, "settings": settings})
