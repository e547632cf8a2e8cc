"""How runbooks were walked in an incident: every step with what it took, what was skipped and why."""

from collections.abc import Mapping

from opsbot.app.environment import Environment, policy_of
from opsbot.domain.change import Json, Record
from opsbot.domain.incident.incident import Incident
from opsbot.domain.placeholders import fill
from opsbot.domain.policy.rules import shown
from opsbot.domain.review import WalkedRun, WalkedStep
from opsbot.domain.run import Mark, Run
from opsbot.domain.said import inert
from opsbot.domain.state import TEXTS


async def walked(env: Environment, incident: Incident) -> tuple[WalkedRun, ...]:
    """
    Return every run of an incident, the first one first; drills and what was only shown as well.

    Raises:
        StoreLost: no answer within the deadline.
    """
    runs = [one for one in reversed(env.store.state.runs()) if one.incident == incident.id]
    return tuple([await _walked(env, run) for run in runs])


async def _walked(env: Environment, run: Run) -> WalkedRun:
    policy = policy_of(env.store.state)

    def name(identity: str) -> str:
        return inert(shown(policy, identity), limit=80) if identity else ""

    wanted = [
        run.why,
        *run.said.values(),
        *(one for mark in run.marks.values() for one in (mark.why, mark.on)),
    ]
    texts = dict(zip(wanted, await env.unsealed(*wanted), strict=True))
    names = {**run.params, **{name: texts[one] for name, one in run.said.items()}}
    record = env.store.state.kind(TEXTS).get(run.digest, {})
    steps = []
    for one in _listed(record):
        mark = run.mark(str(one.get("id")))
        steps.append(
            WalkedStep(
                title=inert(fill(str(one.get("title", "")), names), limit=120),
                phase=inert(str(one.get("phase", "")), limit=80),
                lane=str(one.get("lane", "")),
                state="passed" if mark.passed and mark.state == "open" else mark.state,
                by=name(mark.by),
                took_ms=_took_ms(mark),
                planned_ms=_planned_ms(one.get("time_s")),
                why=inert(texts.get(mark.why, "") or texts.get(mark.on, "")),
            )
        )
    return WalkedRun(
        id=run.id,
        runbook=run.runbook,
        title=inert(str(record.get("called", run.runbook)), limit=120),
        mode=run.mode,
        status=run.status,
        by=name(run.begun_by),
        commander=name(run.commander),
        begun_ms=run.begun_ms,
        took_ms=None if run.ended_ms is None else max(run.ended_ms - run.begun_ms, 0),
        why=inert(texts.get(run.why, "")),
        steps=tuple(steps),
    )


def _took_ms(mark: Mark) -> int | None:
    if mark.begun_ms is None or mark.state == "open":
        return None
    return max(mark.at_ms - mark.begun_ms, 0)


def _planned_ms(value: Json) -> int | None:
    return value * 1000 if isinstance(value, int) else None


def _listed(record: Record) -> tuple[Mapping[str, Json], ...]:
    steps = record.get("steps")
    found = steps if isinstance(steps, (list, tuple)) else ()
    return tuple(one for one in found if isinstance(one, Mapping))
