"""Setting a route, beginning its ramp and rolling back: what is refused, what is stored, what is said."""

from dataclasses import replace

import pytest

from opsbot.app.requests import (
    ApproveRequest,
    KillRequest,
    RollbackRequest,
    RouteEdit,
    StageRequest,
    Target,
)
from opsbot.app.route_state import writes
from opsbot.app.routed import move_of
from opsbot.domain.change import Change, Json
from opsbot.domain.errors import (
    NotAllowed,
    RouteMoved,
    RouteRefused,
    StaleButton,
    UnknownRevision,
    UnknownWorkflow,
)
from opsbot.domain.route import Number
from opsbot.domain.route import Target as Serving
from opsbot.domain.routing import promoted
from opsbot.domain.state import State
from tests.support.ramps import COPILOT, GATE, MINI, measure, served, set_mini
from tests.support.world import INES, MARA, NOOR, SAM, World, workflow

DAY_MS = 86_400_000


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await world.declare(workflow(COPILOT, extra={"gates": [GATE]}))
    return world


async def serve_mini(world: World) -> None:
    """Let r2 have served everybody once, and r1 be the last good revision still."""
    await set_mini(world)
    await serve(world, 2)


async def serve(world: World, number: int) -> None:
    """Let a revision serve everybody, watched."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        move = move_of(state, now_ms, INES)
        after = promoted(state.routing(COPILOT), Number(number), move, soak_ms=DAY_MS, watch="w")
        return Change(verb="advance_ramp", actor=INES, writes=writes(state, after)), None

    await world.store.commit("served", decide)


async def test_a_declared_workflow_begins_with_r1_that_counts_as_good(world: World) -> None:
    routing = world.store.state.routing(COPILOT)

    assert (routing.id, routing.last_good, routing.newest) == ("r1", 1, 1)
    assert served(world)["revision"] == "r1"


async def test_declaring_again_keeps_what_serves(world: World) -> None:
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="b")

    await world.declare(workflow(COPILOT, title="Renamed", extra={"gates": [GATE]}))

    assert world.store.state.workflows()[COPILOT].title == "Renamed"
    assert world.store.state.routing(COPILOT).candidate is not None
    assert "candidate" in served(world)


async def test_a_set_route_is_stored_and_serves_nobody(world: World) -> None:
    before = served(world)

    said = await world.bot.set_route(
        RouteEdit(COPILOT, targets=MINI, note="cheaper"), INES, request_id="1"
    )

    assert said.title == "Stored as r2 for `support-copilot` in prod; it serves nobody yet"
    assert "model: openai/gpt-5.2 \u2192 openai/gpt-5-mini" in said.lines
    assert "Gate missing: ground pass_rate: nobody has reported it for r2" in said.lines
    assert "Send its evaluation in: `opsbot eval record --workflow" in said.as_text()
    assert said.as_text().endswith("then `opsbot route support-copilot stage r2`")
    assert served(world) == before
    assert world.store.state.routing(COPILOT).newest == 2


async def test_setting_what_is_so_stores_nothing(world: World) -> None:
    same = RouteEdit(COPILOT, prompt="p@1")
    lines = len(world.server.lines)

    said = await world.bot.set_route(same, INES, request_id="1")

    assert said.title.startswith("Nothing was stored: r1")
    assert len(world.server.lines) == lines


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        (1, True, "params.x: 1 \u2192 true"),
        ("5", 5, 'params.x: "5" \u2192 5'),
        ({"deep": [0]}, {"deep": [False]}, 'params.x: {"deep": [0]} \u2192 {"deep": [false]}'),
    ],
)
async def test_a_parameter_of_another_type_is_another_content_and_is_shown(
    world: World, one: Json, other: Json, says: str
) -> None:
    await set_mini(world, params={"x": one})
    await serve(world, 2)

    said = await world.bot.set_route(RouteEdit(COPILOT, params={"x": other}), INES, request_id="1")

    assert said.title.startswith("Stored as r3")
    assert says in said.lines


@pytest.mark.parametrize(
    ("edit", "says", "hint"),
    [
        (
            {"targets": (Serving("openai", "gpt-4"),)},
            "`openai/gpt-4` is not approved",
            "Approved: openai/gpt-5.2, openai/gpt-5-mini",
        ),
        (
            {"fallbacks": (Serving("acme", "x"),)},
            "`acme/x` is not approved",
            "change of its file",
        ),
        (
            {"targets": (Serving("openai", "gpt-5.2", 70), Serving("openai", "gpt-5-mini", 20))},
            "The shares 70 + 20 make 90, not 100",
            "share of a hundred",
        ),
        (
            {"targets": (*MINI, *MINI)},
            "A model is there twice",
            "shares up",
        ),
        (
            {"targets": (Serving("openai", "gpt-5.2", 50), Serving("openai", "gpt-5-mini", 50)),
             "strategy": "pinned"},
            "A pinned route has one model, not 2",
            "strategy:weighted",
        ),
        ({"targets": ()}, "A route needs a model", "model:provider/name"),
    ],
)  # fmt: skip
async def test_a_route_that_could_not_serve_is_refused_and_nothing_is_stored(
    world: World, edit: dict[str, object], says: str, hint: str
) -> None:
    lines = len(world.server.lines)

    with pytest.raises(RouteRefused) as refusal:
        await world.bot.set_route(RouteEdit(COPILOT, **edit), INES, request_id="1")  # type: ignore[arg-type]  # fields by name, as each test words them

    assert says in refusal.value.message
    assert "nothing was changed" in refusal.value.message
    assert hint in refusal.value.hint
    assert len(world.server.lines) == lines


async def test_a_model_under_a_kill_is_refused_with_the_kill(world: World) -> None:
    kill = KillRequest(Target("model", "openai/gpt-5-mini"), confirmed=True)
    await world.bot.kill(kill, MARA, request_id="k")

    with pytest.raises(RouteRefused) as refusal:
        await set_mini(world)

    assert "`openai/gpt-5-mini` is under K-1" in refusal.value.message
    assert "restore K-1" in refusal.value.hint


async def test_of_two_who_set_at_once_the_second_sees_the_firsts_change(world: World) -> None:
    await set_mini(world, seen=Number(1))

    with pytest.raises(RouteMoved) as refusal:
        await world.bot.set_route(
            RouteEdit(COPILOT, prompt="p@2", seen=Number(1)), SAM, request_id="2"
        )

    assert refusal.value.message.startswith("Ines made r2 while you were writing")
    assert "diff r1 r2" in refusal.value.hint
    assert world.store.state.revision(COPILOT, Number(2)).route.targets == MINI


async def test_who_may_not_set_hears_the_rule(world: World) -> None:
    for somebody in (MARA, NOOR):
        with pytest.raises(NotAllowed) as refusal:
            await set_mini(world, somebody)
        assert refusal.value.rule == "route-role"


async def test_what_does_not_exist_is_said_with_what_does(world: World) -> None:
    with pytest.raises(UnknownWorkflow):
        await world.bot.route("suport-copilot", MARA)
    with pytest.raises(UnknownRevision) as refusal:
        await world.bot.rollback(RollbackRequest(COPILOT, Number(7)), MARA, request_id="1")

    assert "Its newest is r1" in refusal.value.hint


async def test_a_ramp_needs_evidence_before_users_get_it(world: World) -> None:
    await set_mini(world)
    begin = StageRequest(COPILOT, "begin")
    for value, n, says in ((None, 0, "nobody has reported it"), (0.95, 10, "at least 50 cases"),
                           (0.85, 200, ">= 0.9 wanted")):  # fmt: skip
        if value is not None:
            await measure(world, "r2", value, n=n)
        with pytest.raises(RouteRefused) as refusal:
            await world.bot.stage(begin, INES, request_id=f"s{n}")
        assert says in refusal.value.message
    await measure(world, "r2", 0.95)
    world.clock.later(73 * 3600)
    with pytest.raises(RouteRefused) as stale:
        await world.bot.stage(begin, INES, request_id="stale")
    await measure(world, "r2", 0.95)

    said = await world.bot.stage(begin, INES, request_id="green")

    assert "at most 72 h wanted" in stale.value.message
    assert said.title.startswith("r2 serves 1 % of `support-copilot` in prod")
    assert said.exit_code == 3
    assert served(world)["candidate"]["percent"] == 1  # type: ignore[index]  # None would fail here


async def test_on_tier_1_a_second_person_begins_the_ramp(world: World) -> None:
    await world.declare(workflow(COPILOT, tier=1, extra={"gates": [GATE]}))
    await set_mini(world)
    await measure(world, "r2", 0.95)
    begin = StageRequest(COPILOT, "begin")

    asked = await world.bot.stage(begin, INES, request_id="1")
    again = await world.bot.stage(begin, INES, request_id="2")
    with pytest.raises(NotAllowed):
        await world.bot.approve(ApproveRequest("A-1"), INES, request_id="3")
    said = await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="4")

    assert asked.title.startswith("Not begun yet: r2")
    assert again.title.startswith("Already asked: r2")
    assert (asked.body["pending"], asked.body["approval"]) == (True, "A-1")
    assert said.title.startswith("r2 serves 1 %")
    assert world.store.state.approval("A-1").standing == "approved"


async def test_the_second_persons_same_word_is_the_approval(world: World) -> None:
    await world.declare(workflow(COPILOT, tier=1, extra={"gates": [GATE]}))
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="1")

    said = await world.bot.stage(StageRequest(COPILOT, "begin", Number(2)), SAM, request_id="2")

    assert said.body["outcome"] == "begun"


async def test_an_approval_is_bound_to_what_was_asked(world: World) -> None:
    await world.declare(workflow(COPILOT, tier=1, extra={"gates": [GATE]}))
    await serve_mini(world)
    await world.bot.set_route(RouteEdit(COPILOT, prompt="p@9"), INES, request_id="s")
    await measure(world, "r3", 0.95)
    await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="1")
    await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="r")

    with pytest.raises(StaleButton) as stale:
        await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="2")

    assert "A-1 is over: void by Mara" in stale.value.message


async def test_a_refused_ramp_changes_nothing_that_serves(world: World) -> None:
    await world.declare(workflow(COPILOT, tier=1, extra={"gates": [GATE]}))
    await set_mini(world)
    await measure(world, "r2", 0.95)
    before = served(world)
    await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="1")

    said = await world.bot.approve(ApproveRequest("A-1", grant=False), SAM, request_id="2")

    assert "was refused by Sam" in said.title
    assert served(world) == before


async def test_history_and_differences_tell_what_there_was(world: World) -> None:
    await set_mini(world, note="cheaper")
    await world.bot.set_route(
        RouteEdit(COPILOT, prompt="p@2", params={"temperature": 0.1}, base=Number(2)),
        SAM,
        request_id="3",
    )

    history = await world.bot.route_history(COPILOT, MARA)
    difference = await world.bot.route_diff(COPILOT, Number(1), Number(3), MARA)

    assert history.title == "3 revisions of `support-copilot` in prod, the newest first"
    assert history.lines[0].startswith("r3 \u00b7 openai/gpt-5-mini \u00b7 p@2 \u00b7 Sam")
    assert "active, last good" in history.as_text()
    assert "\u2013 \u201ccheaper\u201d" in history.lines
    assert difference.lines == (
        "model: openai/gpt-5.2 \u2192 openai/gpt-5-mini",
        "prompt: p@1 \u2192 p@2",
        "params.temperature: none \u2192 0.1",
        "Price: not known for `openai/gpt-5.2`, `openai/gpt-5-mini`.",
    )


async def test_a_stranger_sees_no_routes(world: World) -> None:
    outsider = replace(NOOR, team="T9OTHER")
    for look in (world.bot.route(COPILOT, outsider), world.bot.route_history(COPILOT, outsider)):
        with pytest.raises(NotAllowed):
            await look
