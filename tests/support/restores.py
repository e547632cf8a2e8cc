"""A company whose restores go in steps, and hands to take them one by one."""

from dataclasses import replace

import pytest

from opsbot.app.fleet.sight import Sight
from opsbot.app.requests import (
    ApproveRequest,
    EvalRequest,
    EvalResult,
    KillRequest,
    RestoreRequest,
    Target,
)
from opsbot.app.show import Show
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Write
from opsbot.domain.gates import Measurement, as_record, measurement_key
from opsbot.domain.kill import Kill
from opsbot.domain.kill_ramp import KillRamp
from opsbot.domain.policy.rules import Policy, Power
from opsbot.domain.said import Said
from opsbot.domain.state import EVIDENCE, State
from opsbot.domain.workflow import Workflow
from tests.support.world import INES, MARA, SAM, HandMoved, World, policy, workflow

NAME = "support-copilot"
COPILOT = Target("workflow", NAME)
K1 = Target("kill", "K-1")
WATCH_S = 600
STEPS = {"steps": [5, 25, 50], "watch_s": WATCH_S}
GATE = {"suite": "ground", "metric": "pass_rate", "op": ">=", "threshold": 0.9, "min_n": 50,
        "max_age_h": 72, "hard": 0.8}  # fmt: skip


def stepped(**changes: object) -> Workflow:
    """Return a tier 1 workflow with a gate, whose restores go in steps."""
    extra = {"gates": [GATE], "restore": STEPS, **changes}
    return workflow(NAME, tier=1, safe_state="canned", extra=extra)


def rules() -> Policy:
    """Return the company's policy, with commanders who may send in evaluations."""
    signal = Power(dict.fromkeys((1, 2, 3), frozenset({"commander"})))
    return replace(policy(), powers={**policy().powers, "signal": signal})


async def killed(world: World, pod: HandMoved, mode: str = "stop") -> None:
    """Kill, confirmed by the fleet."""
    await world.bot.kill(KillRequest(COPILOT, mode), MARA, request_id=_id(world, "kill"))
    await seen(world, pod)


async def approved(world: World, target: Target = K1) -> Said:
    """Ask and approve: two people."""
    asked = await world.bot.restore(RestoreRequest(target), MARA, request_id=_id(world, "ask"))
    approval = ApproveRequest(str(asked.body["approval"]))
    return await world.bot.approve(approval, SAM, request_id=_id(world, "yes"))


async def again(world: World, target: Target = K1) -> Said:
    """Let the one who asked ask again."""
    return await world.bot.restore(RestoreRequest(target), MARA, request_id=_id(world, "again"))


async def seen(world: World, pod: HandMoved) -> None:
    """Let the fleet apply what is so, and the bot notice."""
    pod.follow()
    await world.work("follow")
    await world.work("restore_ramp")


async def later(world: World, pod: HandMoved, seconds: float = WATCH_S + 1) -> Kill:
    """Let time pass and everything due be done, with a fleet that follows."""
    world.clock.later(seconds)
    pod.check_in()
    await world.outbox.fire_timers()
    await world.work("restore_ramp")
    await seen(world, pod)
    return world.store.state.kill("K-1")


async def measured(world: World, value: float, *, n: int = 200, subject: str = "r1") -> None:
    """Keep an evaluation's result as the verb does, without its looks."""

    def keep(state: State, now_ms: int) -> tuple[Change, None]:
        one = Measurement(NAME, subject, "ground", "pass_rate", value, n, now_ms, "ci")
        write = Write(EVIDENCE, measurement_key(one), as_record(one))
        return Change("record_eval", SCHEDULER, (write,)), None

    await world.store.commit(_id(world, "measured"), keep)


async def report(world: World, value: float) -> None:
    """Let an evaluation of what serves be sent in."""
    asked = EvalRequest(NAME, "r1", (EvalResult("ground", "pass_rate", value, 200),))
    await world.bot.record_eval(asked, INES, request_id=_id(world, "eval"))


async def ask(world: World, target: Target = K1, request_id: str = "ask") -> Said:
    """Ask for the restore."""
    return await world.bot.restore(RestoreRequest(target), MARA, request_id=request_id)


def ramp_of(world: World, kill: str = "K-1") -> KillRamp:
    """Return where the restore of a kill is."""
    ramp = world.store.state.kill(kill).ramp
    assert ramp is not None
    return ramp


async def card_of(world: World) -> Said:
    """Return the card as of now."""
    state = world.store.state
    fleet = await Sight(world.env.fleets, world.clock).fleet()
    return await Show(world.env).card(state.kill("K-1"), state, fleet)


def percent(world: World, kill: str = "K-1") -> int:
    """Return the share that is let through: 100 where nothing restricts."""
    found = world.store.state.kill(kill)
    if not found.active:
        return 100
    return 0 if found.ramp is None else found.ramp.percent


def _id(world: World, what: str) -> str:
    return f"{what}:{len(world.server.lines)}:{world.clock.ms}"


@pytest.fixture
async def world() -> World:
    """Give the company with a workflow that restores in steps."""
    company = World()
    await company.declare(stepped(), with_policy=rules())
    return company


@pytest.fixture
async def pod(world: World) -> HandMoved:
    """Give an instance that has applied everything."""
    instance = world.instance("pod-1")
    instance.follow()
    return instance


@pytest.fixture
async def ramping(world: World, pod: HandMoved) -> World:
    """Give the company while its first restore is at its first step."""
    await killed(world, pod)
    await approved(world)
    await seen(world, pod)
    return world
