"""What the strategy may do by itself: no account that only reports can move everybody, nor open what is closed."""

from dataclasses import replace

import pytest

from opsbot.app import route_state
from opsbot.app.declare import Declare
from opsbot.app.requests import (
    EvalRequest,
    EvalResult,
    KillRequest,
    RouteEdit,
    StageRequest,
    Target,
)
from opsbot.app.routes.rechoose import Rechoose, decide_rechoose
from opsbot.app.routes.rechosen_words import chosen_told
from opsbot.domain.actor import Actor
from opsbot.domain.declaration import Catalogue
from opsbot.domain.policy.rules import Service
from opsbot.domain.route import Number, Route
from opsbot.domain.route import Target as Serving
from tests.support.choosing import CHEAPEST, NAME, good, lift, mini_serves, serving, shown
from tests.support.models import BOOK, GPT, MINI, SONNET, route, using
from tests.support.world import INES, MARA, World, policy

CI = Actor(kind="service", id="ci", via="http")


async def _declared(world: World, *, tier: int = 3, approved: tuple[str, ...] = ()) -> None:
    rules = replace(policy(), services={"ci": Service("ci", may=frozenset({"signal"}))})
    chosen = using(
        NAME,
        tier=tier,
        approved=approved or (GPT, MINI, SONNET),
        route=route(GPT, (SONNET,), CHEAPEST),
    )
    catalogue = Catalogue({NAME: chosen}, rules, f"h{tier}{approved}", book=BOOK)
    await Declare(world.store, world.env.entropy)(catalogue)


async def _says(world: World, model: str, value: float) -> None:
    """Let the account that may only send signals report."""
    asked = EvalRequest(NAME, model, (EvalResult("s", "pass", value, 50),))
    await world.bot.record_eval(asked, CI, request_id=world.env.entropy.token())


async def _rechosen(world: World) -> list[tuple[str, str]]:
    return [(one.what, one.revision) for one in await Rechoose(world.env)()]


async def _kill(world: World, model: str) -> None:
    request = KillRequest(Target("model", model), confirmed=True)
    await world.bot.kill(request, MARA, request_id=f"kill-{model}")


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await _declared(world)
    return world


async def test_a_ramp_that_the_strategy_begins_says_at_once_what_holds_it(world: World) -> None:
    await shown(world, MINI, GPT)
    request = KillRequest(Target("workflow", NAME), "stop", tenant="acme")
    await world.bot.kill(request, MARA, request_id="acme")

    done = await _rechosen(world)
    tried = world.store.state.routing(NAME).candidate

    assert done == [("tried", "r2")]
    assert tried is not None
    assert tried.held == "K-1 (`stop`) restricts it"
    assert f"ramp-held:{NAME}" in world.server.timers


async def test_a_choice_of_the_strategy_makes_a_ramp_that_waits_void(world: World) -> None:
    await _declared(world, tier=1)
    edit = RouteEdit(NAME, prompt="p@2")
    await world.bot.set_route(edit, INES, request_id="set")
    await shown(world, "r2", GPT, MINI)
    await world.bot.stage(StageRequest(NAME, "begin", Number(2)), INES, request_id="ask")
    waited = world.store.state.approval("A-1").standing

    await _kill(world, GPT)
    await Rechoose(world.env)()

    assert waited == "pending"
    assert serving(world) == (MINI,)
    assert world.store.state.approval("A-1").standing == "void"


async def test_reports_alone_move_nobody_on_tier_1_and_people_are_told() -> None:
    world = World()
    await _declared(world, tier=1)
    await mini_serves(world)

    await _says(world, MINI, 0.89)
    await _says(world, SONNET, 0.99)
    done = await _rechosen(world)

    state = world.store.state
    assert done == [("stored", "r3")]
    assert serving(world) == (MINI,)
    assert state.routing(NAME).candidate is None
    assert state.revision(NAME, Number(3)).approval == ""
    assert [one.name for one in state.revision(NAME, Number(3)).route.targets] == [SONNET]
    told = [one.effect.body for one in world.server.items.values() if one.effect.kind == "tell"]
    assert {"what": "chosen", "workflow": NAME, "revision": "r3"} in told
    assert await _rechosen(world) == []


async def test_reports_alone_move_another_model_by_the_ramp_on_other_tiers(world: World) -> None:
    await mini_serves(world)

    await _says(world, MINI, 0.89)
    await _says(world, SONNET, 0.99)
    done = await _rechosen(world)

    candidate = world.store.state.routing(NAME).candidate
    assert done == [("tried", "r3")]
    assert serving(world) == (MINI,)
    assert candidate is not None
    assert candidate.steps == route_state.steps(world.store.state.workflows()[NAME])


async def test_reports_that_contradict_each_other_move_nobody_while_a_watch_runs(
    world: World,
) -> None:
    await shown(world, MINI, SONNET)
    await _kill(world, GPT)
    await _rechosen(world)

    for bad, fine in ((MINI, SONNET), (SONNET, MINI), (MINI, SONNET)):
        await _says(world, bad, 0.1)
        await _says(world, fine, 1.0)
        assert await _rechosen(world) == []

    assert serving(world) == (MINI,)


async def test_a_step_back_is_taken_once_within_a_watch(world: World) -> None:
    await mini_serves(world)
    await lift(world)
    await _says(world, MINI, 0.1)
    assert await _rechosen(world) == [("served", "r3")]
    assert serving(world) == (GPT,)

    await _says(world, MINI, 1.0)

    assert await _rechosen(world) == []
    assert serving(world) == (GPT,)


async def test_what_came_at_once_is_not_left_by_reports_before_its_watch_is_over(
    world: World,
) -> None:
    await mini_serves(world)
    await shown(world, SONNET)
    await _kill(world, MINI)
    await _rechosen(world)
    await lift(world)
    assert serving(world) == (SONNET,)

    await _says(world, SONNET, 0.1)
    waits = await _rechosen(world)
    await good(world)

    assert waits == []
    assert await _rechosen(world) != []


async def test_a_kill_of_what_serves_is_left_while_a_watch_runs(world: World) -> None:
    await shown(world, MINI, SONNET)
    await _kill(world, GPT)
    await _rechosen(world)

    await _kill(world, MINI)
    done = await _rechosen(world)

    assert done == [("served", "r3")]
    assert serving(world) == (SONNET,)


async def test_what_waits_for_people_does_not_keep_a_kill_from_being_left() -> None:
    world = World()
    await _declared(world, tier=1)
    await shown(world, GPT, MINI)
    assert await _rechosen(world) == [("stored", "r2")]

    await _kill(world, GPT)

    assert await _rechosen(world) == [("served", "r3")]
    assert serving(world) == (MINI,)


async def test_a_declared_model_under_a_kill_is_not_gone_back_to(world: World) -> None:
    await mini_serves(world)
    await _says(world, MINI, 0.1)

    done = await _rechosen(world)
    looked = decide_rechoose(world.store.state, world.clock.now_ms(), NAME, "u")[1]

    assert done == []
    assert serving(world) == (MINI,)
    assert looked.what == "same"
    assert looked.choice is not None
    assert f"which may not serve (`{GPT}` is under K-1): it stays" in looked.choice.why


async def test_a_declared_model_that_is_approved_no_more_is_not_gone_back_to(world: World) -> None:
    await mini_serves(world)
    await lift(world)
    await _declared(world, approved=(MINI, SONNET))
    await _says(world, MINI, 0.1)

    done = await _rechosen(world)

    assert done == []
    assert serving(world) == (MINI,)


async def test_whoever_answers_for_it_reads_what_was_chosen_and_how_to_begin_it() -> None:
    world = World()
    await _declared(world, tier=1)
    await shown(world, GPT, MINI)
    await _rechosen(world)

    await world.work("tell")

    body = {"what": "chosen", "workflow": NAME, "revision": "r2"}
    told = chosen_told(world.env, world.store.state, body)
    assert told is not None
    said, people = told
    assert said.as_text().endswith(f"To ask for it: `opsbot route {NAME} stage r2`.")
    assert [person for person, text in world.slack.told if MINI in text] == list(people)
    assert people == (world.store.state.workflows()[NAME].dri,)


async def test_what_serves_by_now_is_told_to_nobody(world: World) -> None:
    await mini_serves(world)
    body = {"what": "chosen", "workflow": NAME, "revision": "r2"}

    assert chosen_told(world.env, world.store.state, body) is None
    assert chosen_told(world.env, world.store.state, {**body, "revision": "r9"}) is None
    assert chosen_told(world.env, world.store.state, {**body, "workflow": "gone"}) is None


@pytest.mark.parametrize(
    ("targets", "fallbacks", "declared", "why"),
    [
        ((MINI,), (SONNET,), (), ""),
        ((GPT, MINI), (), (), ""),
        ((GPT,), (), (), f"`{GPT}` is under K-1"),
        ((MINI,), ("x/stray",), (), "not approved: x/stray"),
        (("x/stray",), (), (), "not approved: x/stray"),
        ((MINI,), (), ("x/stray",), ""),
    ],
)
async def test_a_route_may_serve_where_all_is_approved_and_something_is_open(
    world: World,
    targets: tuple[str, ...],
    fallbacks: tuple[str, ...],
    declared: tuple[str, ...],
    why: str,
) -> None:
    await _kill(world, GPT)
    asked = Route(_named(targets), _named(fallbacks), declared=_named(declared))
    state = world.store.state

    said = route_state.may_serve(state, state.workflows()[NAME], asked)

    assert said == why


def _named(names: tuple[str, ...]) -> tuple[Serving, ...]:
    split = (name.partition("/") for name in names)
    return tuple(Serving(provider, model) for provider, _, model in split)
