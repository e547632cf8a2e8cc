"""Routes of the small company of `world`: a ramp of two steps, evidence, and what Ines does with them."""

from dataclasses import replace
from typing import Any

from opsbot.app.requests import RollbackRequest, RouteEdit, StageRequest
from opsbot.domain.actor import DECLARATIONS
from opsbot.domain.change import Change, Position, Write
from opsbot.domain.gates import Measurement, as_record, measurement_key
from opsbot.domain.kill import Kill
from opsbot.domain.kill import as_record as kill_record
from opsbot.domain.route import Number, Target
from opsbot.domain.routing import as_record as routing_record
from opsbot.domain.said import Said
from opsbot.domain.state import EVIDENCE, ROUTES, State
from opsbot.domain.workflow import Workflow
from opsflags import keys
from opsflags.model import Scope
from tests.support.world import INES, World, workflow

COPILOT, SUMMARISER = "support-copilot", "summariser"
GATE = {
    "suite": "groundedness", "metric": "pass_rate", "op": ">=", "threshold": 0.9,
    "min_n": 100, "max_age_h": 72,
}  # fmt: skip
STAGES = [{"percent": 5, "soak_s": 60}, {"percent": 100, "soak_s": 60}]
WHOLE = [{"percent": 100, "soak_s": 60}]
"""A ramp of one step: a revision that is staged serves everybody at once."""

MINI = (Target("openai", "gpt-5-mini"),)


def staged(name: str = SUMMARISER, **changes: Any) -> Workflow:
    """Return a workflow whose ramp has two steps; *changes* override, those of `extra` are added."""
    extra = {"stages": STAGES, **changes.pop("extra", {})}
    return workflow(name, extra=extra, **changes)


async def measured(
    world: World, name: str, subject: str, value: float, *, n: int = 200, ago_h: float = 1
) -> None:
    """Record one result of the gate above."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        at_ms = now_ms - int(ago_h * 3_600_000)
        one = Measurement(name, subject, "groundedness", "pass_rate", value, n, at_ms, "ci")
        write = Write(EVIDENCE, measurement_key(one), as_record(one))
        return Change(verb="record_eval", actor=DECLARATIONS, writes=(write,)), None

    await world.store.commit(f"measured:{len(world.server.lines)}", decide)


async def stored(world: World, name: str = SUMMARISER, **changes: Any) -> Said:
    """Store a revision as Ines, with a smaller model where nothing else is said."""
    edit = RouteEdit(name, **(changes or {"targets": MINI}))
    return await world.bot.set_route(edit, INES, request_id=f"set:{len(world.server.lines)}")


async def once_served(world: World, name: str = SUMMARISER, number: int = 2) -> None:
    """Let a revision have served everybody some time ago, as the pointers remember it."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        routing = state.routing(name)
        known = replace(routing, served=(*routing.served, Number(number)))
        write = Write(ROUTES, name, routing_record(known))
        return Change(verb="advance_ramp", actor=DECLARATIONS, writes=(write,)), None

    await world.store.commit(f"served:{len(world.server.lines)}", decide)


async def switch_proved(world: World, name: str = SUMMARISER) -> None:
    """Let a kill of the workflow have been confirmed and ended lately."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        at = Position(1, 1)
        kill = Kill(
            "K-900", f"drill-{name}", Scope(name), "stop", at, "mara", "cli", now_ms, now_ms
        )
        ended = replace(kill, confirmed_ms=5.0, ended=at, ended_ms=now_ms)
        write = Write(keys.ENDED, f"K-900-{name}", kill_record(ended))
        return Change(verb="restore", actor=DECLARATIONS, writes=(write,)), None

    await world.store.commit(f"drill:{name}", decide)


async def begun(world: World, name: str = SUMMARISER, **changes: Any) -> Said:
    """Store a revision and begin its ramp as Ines."""
    await switch_proved(world, name)
    await stored(world, name, **changes)
    request = StageRequest(name, "begin")
    return await world.bot.stage(request, INES, request_id=f"stage:{len(world.server.lines)}")


async def rolled(world: World, name: str = SUMMARISER, to: int | None = None) -> Said:
    """Roll back as Ines."""
    request = RollbackRequest(name, None if to is None else Number(to))
    return await world.bot.rollback(request, INES, request_id=f"back:{len(world.server.lines)}")
