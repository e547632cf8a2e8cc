"""A company with one gated workflow, and hands to take the steps of its ramp one by one."""

import pytest

from opsbot.app.requests import (
    KillRequest,
    RestoreRequest,
    RouteEdit,
    StageAct,
    StageRequest,
    Target,
)
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Write
from opsbot.domain.gates import Measurement, as_record, measurement_key
from opsbot.domain.ramp import DEFAULT_STEPS, WHOLE
from opsbot.domain.route import Number
from opsbot.domain.route import Target as Serving
from opsbot.domain.routing import Candidate, Routing
from opsbot.domain.said import Said
from opsbot.domain.state import EVIDENCE, State
from opsflags import keys
from tests.support.world import INES, MARA, HandMoved, World, workflow

COPILOT = "support-copilot"
MINI = (Serving("openai", "gpt-5-mini"),)
GATE = {"suite": "ground", "metric": "pass_rate", "op": ">=", "threshold": 0.9, "min_n": 50,
        "max_age_h": 72, "hard": 0.8}  # fmt: skip
HOUR = 3600
STEPS = [step.percent for step in DEFAULT_STEPS if step.percent]


async def measure(world: World, subject: str, value: float, *, n: int = 200) -> None:
    """Let an evaluation of *subject* have happened just now."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        one = Measurement(COPILOT, subject, "ground", "pass_rate", value, n, now_ms, "ci-evals")
        write = Write(EVIDENCE, measurement_key(one), as_record(one))
        return Change(verb="record_eval", actor=INES, writes=(write,)), None

    await world.store.commit(f"eval:{len(world.server.lines)}", decide)


async def set_mini(world: World, by: Actor = INES, **words: object) -> str:
    """Store a revision with the small model; return its name."""
    edit = RouteEdit(COPILOT, targets=MINI, **words)  # type: ignore[arg-type]  # fields by name, as each test words them
    said = await world.bot.set_route(edit, by, request_id=f"set:{len(world.server.lines)}")
    return str(said.body["revision"])


def served(world: World) -> dict[str, object]:
    """Return the route as clients read it."""
    route = world.store.state.kind(keys.WORKFLOWS)[COPILOT]["route"]
    assert isinstance(route, dict)
    return route


@pytest.fixture
async def world() -> World:
    """Give the company with a workflow that has a gate."""
    world = World()
    await world.declare(workflow(COPILOT, extra={"gates": [GATE]}))
    return world


@pytest.fixture
async def pod(world: World) -> HandMoved:
    """Give an instance that has applied everything."""
    pod = world.instance("pod-1")
    pod.follow()
    return pod


async def proved_switch(world: World, pod: HandMoved) -> None:
    """Kill and restore, so that the switch is known to work."""
    await world.bot.kill(KillRequest(Target("workflow", COPILOT), "stop"), MARA, request_id="k")
    pod.follow()
    await world.work("follow")
    await world.bot.restore(RestoreRequest(Target("workflow", COPILOT)), MARA, request_id="restore")
    pod.follow()


async def begun(world: World, pod: HandMoved) -> None:
    """Begin the ramp of r2 with green gates and a proved switch."""
    await proved_switch(world, pod)
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await stage(world)
    pod.follow()


async def climbed(world: World, pod: HandMoved) -> None:
    """Let the ramp of r2 come to everybody, who are watched now."""
    await begun(world, pod)
    for _ in STEPS[1:]:
        await later(world, pod)


async def over_a_watch(world: World, pod: HandMoved) -> None:
    """Let the ramp of r3 begin while r2 serves everybody and is watched."""
    await climbed(world, pod)
    await set_mini(world, prompt="p@7")
    await measure(world, "r3", 0.95)
    await stage(world)


async def stage(world: World, act: StageAct = "begin", number: int | None = None) -> Said:
    """Let Ines begin the ramp of the newest revision or of *number*, or say another word on it."""
    seen = None if number is None else Number(number)
    request = StageRequest(COPILOT, act, seen)
    return await world.bot.stage(request, INES, request_id=f"{act}:{len(world.server.lines)}")


async def later(world: World, pod: HandMoved, hours: float = 1.01) -> Routing:
    """Let time pass and everything due be done, with a fleet that follows."""
    world.clock.later(hours * HOUR)
    for _ in range(3):
        pod.follow()
        await world.outbox.fire_timers()
        await world.work("route_follow", "ramp")
    pod.follow()
    return world.store.state.routing(COPILOT)


def percent(world: World) -> object:
    """Return the share that clients read, 100 where nobody is tried on."""
    tried = served(world).get("candidate")
    return tried["percent"] if isinstance(tried, dict) else WHOLE


def tried(world: World) -> Candidate:
    """Return what is on its way."""
    candidate = world.store.state.routing(COPILOT).candidate
    assert candidate is not None
    return candidate
