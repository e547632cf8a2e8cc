"""Before a wide kill: every workflow it reaches, what is left for each, by the routes as they are now."""

import json
from dataclasses import replace

import pytest

from opsbot.app import route_state
from opsbot.app.error_words import of_error
from opsbot.app.kill.question import must_confirm
from opsbot.app.kill.who_is_hit import lines, who_is_hit
from opsbot.app.requests import KillRequest, Target
from opsbot.app.target import aim
from opsbot.cli import printing
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Position
from opsbot.domain.errors import NeedsConfirmation
from opsbot.domain.route import Number, Revision, Route
from opsbot.domain.route import Target as Serving
from opsbot.domain.routing import Candidate, Move, added, tried
from opsbot.domain.said import Said
from opsbot.domain.state import State
from opsbot.web import problems
from opsflags.evaluate import compile_view
from opsflags.model import Scope
from opsflags.records import Kill, workflow_from_json
from tests.support.models import AZURE, GPT, MINI, SONNET, declare, route, using
from tests.support.world import MARA, World


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await declare(
        world,
        using("a-diverts"),
        using("b-dead-end", route=route(fallbacks=())),
        using("c-canned", safe_state="canned", route=route(fallbacks=(GPT,))),
        using("d-elsewhere", route=route(SONNET, (GPT,))),
        using("e-may", route=route(SONNET, ())),
        using("f-not", approved=(SONNET,), route=route(SONNET, ())),
    )
    return world


async def _asked(world: World, target: Target, *, mode: str | None = None) -> Said:
    with pytest.raises(NeedsConfirmation) as asked:
        await world.bot.kill(KillRequest(target, mode), MARA, request_id="ask")
    return of_error(asked.value)


async def test_each_workflow_is_told_with_what_is_left_dead_ends_first(world: World) -> None:
    said = await _asked(world, Target("model", GPT))

    assert said.lines[:5] == (
        "`b-dead-end`: no fallback left: stops",
        "`c-canned`: no fallback left: users read its approved text",
        f"`a-diverts`: fallback `{SONNET}`",
        f"`d-elsewhere`: goes on, without its fallback `{GPT}`",
        "`e-may`: goes on: it may use it, but is not served by it now",
    )
    assert "f-not" not in said.as_text()
    assert "reaches 5 workflows" in said.title


async def test_the_machines_form_has_every_workflow(world: World) -> None:
    said = await _asked(world, Target("provider", "openai"))

    hits = said.body["hits"]
    assert isinstance(hits, list)
    assert [(one["workflow"], one["comes_to"]) for one in hits] == [
        ("b-dead-end", "stop"),
        ("c-canned", "canned"),
        ("a-diverts", "fallback"),
        ("d-elsewhere", "untouched"),
        ("e-may", "untouched"),
    ]
    assert hits[2]["fallbacks_left"] == [SONNET]
    assert json.dumps(said.body)


async def test_under_a_stop_the_fallback_is_said_to_be_unused(world: World) -> None:
    said = await _asked(world, Target("model", GPT), mode="stop")

    assert f"`a-diverts`: stops; its fallback `{SONNET}` is not used in this mode" in said.lines
    assert "`b-dead-end`: stops; it has no fallback left" in said.lines
    assert "stops 5 workflows" in said.title


async def test_a_mode_that_calls_the_model_is_named(world: World) -> None:
    said = await _asked(world, Target("model", GPT), mode="read_only")

    assert "`a-diverts`: at `read_only`" in said.lines


async def test_a_fallback_under_another_kill_is_not_left(world: World) -> None:
    await world.bot.kill(
        KillRequest(Target("model", SONNET), confirmed=True), MARA, request_id="first"
    )

    said = await _asked(world, Target("model", GPT))

    assert "`a-diverts`: no fallback left: stops" in said.lines


async def test_a_workflow_that_does_not_declare_fallback_stops(world: World) -> None:
    await declare(world, using("z-cannot", modes=("stop",)))

    said = await _asked(world, Target("model", GPT))

    assert "`z-cannot`: it does not declare `fallback`: stops" in said.lines


async def test_only_the_share_of_a_weighted_route_is_hit(world: World) -> None:
    both = {
        **route(),
        "targets": [
            {"provider": "openai", "model": "gpt-5-mini", "weight": 80},
            {"provider": "anthropic", "model": "claude-sonnet-5", "weight": 20},
        ],
    }
    await declare(world, using("z-weighted", approved=(MINI, SONNET), route=both))

    said = await _asked(world, Target("model", MINI))

    assert f"`z-weighted`: 80 % of its calls: fallback `{SONNET}`" in said.lines


async def test_the_revision_that_is_tried_is_listed_too(world: World) -> None:
    name = "f-not"
    made = Revision(name, Number(2), Route((Serving("openai", "gpt-5.2"),)), "mara", 0)

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        move = Move(Position(1, state.position.revision + 1), now_ms, "mara")
        routing = tried(
            added(state.routing(name)), Candidate(Number(2), "u", 0, now_ms, "mara"), move
        )
        return Change("stage", RAMP, writes=route_state.writes(state, routing, made)), None

    await world.store.commit("stage", decide)
    state = world.store.state

    hits = who_is_hit(
        state, [state.workflows()[name]], (Scope(model=GPT),), "fallback_or_safe_state"
    )

    assert lines(hits) == (
        "`f-not` (r2, on its way): no fallback left: stops",
        "`f-not`: goes on: it may use it, but is not served by it now",
    )


async def test_what_is_said_is_what_a_client_does(world: World) -> None:
    state = world.store.state
    workflows = state.workflows().values()
    scope = Scope(model=GPT)
    kill = Kill(id="K-9", uid="u", scope=scope, mode="fallback_or_safe_state")

    for hit in who_is_hit(state, workflows, (scope,), kill.mode):
        record = workflow_from_json(hit.workflow, state.kind("workflows")[hit.workflow])
        view = compile_view(hit.workflow, record, [kill], modes=record.modes, knowledge="live")
        decided = view.decide().mode
        assert decided == ("live" if hit.comes_to == "untouched" else hit.comes_to)


async def test_many_workflows_are_cut_for_people_and_whole_for_machines(world: World) -> None:
    await declare(world, *(using(f"w-{n:02}", route=route(fallbacks=())) for n in range(15)))

    said = await _asked(world, Target("model", GPT))

    hits = said.body["hits"]
    assert isinstance(hits, list)
    assert len(hits) == 15
    assert "and 3 more." in said.lines
    assert "Without a way out: 15 in all." in said.lines


async def test_one_workflow_or_a_yes_asks_nothing(world: World) -> None:
    state = world.store.state
    one = KillRequest(Target("workflow", "a-diverts"))
    wide = KillRequest(Target("model", GPT))

    must_confirm(state, one, aim(one, state))
    must_confirm(state, replace(wide, confirmed=True), aim(wide, state))


async def test_a_kill_of_one_tool_does_not_say_that_workflows_stop(world: World) -> None:
    request = KillRequest(Target("model", GPT), tool="issue_refund", tenant="acme")

    with pytest.raises(NeedsConfirmation) as asked:
        await world.bot.kill(request, MARA, request_id="ask")

    said = of_error(asked.value)
    assert "tenant `acme`, tool `issue_refund` reaches 5 workflows" in said.title
    assert "stops" not in said.as_text()
    assert said.lines[0].startswith("It hits: `a-diverts`")


async def test_a_terminal_reads_the_same_sentences_and_http_the_machines_form(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        await world.bot.kill(KillRequest(Target("model", AZURE)), MARA, request_id="ask")
    said = of_error(asked.value)

    code = printing.problem(
        {"title": said.title, "detail": "\n".join(said.lines), **said.body}, as_json=False
    )

    document = json.loads(bytes(problems.of_error(asked.value).body))
    shown = capsys.readouterr().err
    assert document["names"] == [AZURE]
    assert {one["workflow"] for one in document["hits"]} == set(document["stops"])
    assert code == 1
    assert f"It hits the name `{AZURE}`." in shown
    assert "goes on: it may use it" in shown
