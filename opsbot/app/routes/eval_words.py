"""The sentences about evaluations: what was recorded, what every gate makes of it, what none asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsbot.app import route_state
from opsbot.app.fleet.words import counted
from opsbot.app.routes.words import gate_lines
from opsbot.app.target import nearest
from opsbot.app.words import stored_lines
from opsbot.domain.change import Committed, Json, Record
from opsbot.domain.failure_budget import state_of
from opsbot.domain.gates import Gate, Measurement, Result
from opsbot.domain.said import Said, Tone, inert
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    What came of a batch.

    *taken* was stored. *looks* says that a ramp or a watch of the subject was told. *now_ms* is the
    store's time.
    """

    workflow: Workflow
    subject: str
    taken: tuple[Measurement, ...]
    looks: bool
    now_ms: int


def recorded_said(
    done: Recorded,
    results: Sequence[Result],
    *,
    env: str,
    committed: Committed | None,
    promise: str,
) -> Said:
    """Return the answer to a batch of results."""
    workflow, subject, taken = done.workflow, done.subject, done.taken
    gates = tuple(one.gate for one in results)
    unasked = [one for one in taken if not _asks(gates, one)]
    what, about = counted(len(taken), "result"), f"`{workflow.name}` {inert(subject, limit=80)}"
    title = f"Recorded for {about} in {env}: {what}"
    lines = [
        *gate_lines(results),
        *([] if gates else [f"`{workflow.name}` declares no gate: nothing asks for evidence."]),
        *(_nobody_asks(results, one) for one in unasked if gates),
        *(["The ramp looks at it now."] if done.looks else []),
        *(["This request was done before; nothing was done twice."] if _again(committed) else []),
        *stored_lines(committed, promise),
    ]
    body: dict[str, Json] = {
        **_about(env, workflow, subject, results),
        "recorded": len(taken),
        "not_asked_for": [f"{one.suite} {one.metric}" for one in unasked],
        "stored": True,
        "durable": None if committed is None else committed.durable,
    }
    return Said(tone_of(results), title, tuple(lines), body=body)


def shown_said(
    state: State,
    workflow: Workflow,
    subjects: Sequence[tuple[str, str]],
    *,
    env: str,
    now_ms: int,
) -> Said:
    """Return what every gate says of each of *subjects*, who come with where they stand."""
    lines: list[str] = []
    every: list[Result] = []
    each: list[Json] = []
    for subject, stands in subjects:
        results = route_state.evidence(state, workflow, subject, now_ms)
        gates = tuple(one.gate for one in results)
        known = (one for one in state.measurements(workflow.name) if one.subject == subject)
        lines += [f"{inert(subject, limit=80)}{f' ({stands})' if stands else ''}"]
        lines += gate_lines(results)
        lines += [_unasked(one) for one in known if not _asks(gates, one)]
        every += results
        each.append(_about(env, workflow, subject, results))
    if not route_state.gates(workflow):
        lines.append(f"`{workflow.name}` declares no gate: nothing asks for evidence.")
    lines += [spent] if (spent := state_of(state, workflow, now_ms)) else []
    body: Record = {"env": env, "workflow": workflow.name, "subjects": each}
    title = f"What evaluations say of `{workflow.name}` in {env}"
    return Said(tone_of(every), title, tuple(lines), body=body)


def tone_of(results: Sequence[Result]) -> Tone:
    """Return the tone of a set of gates: green only where every one is."""
    if not results:
        return "plain"
    if any(one.colour in ("red", "hard_red") for one in results):
        return "red"
    return "green" if all(one.green for one in results) else "amber"


def _nobody_asks(results: Sequence[Result], one: Measurement) -> str:
    """Return that no gate asks for a measurement, with the gate that still waits for such a name."""
    waits = ("missing", "stale", "too_few")
    waiting = (result.gate.name for result in results if result.colour in waits)
    offered = nearest(f"{one.suite} {one.metric}", waiting)
    meant = f"; did you mean `{inert(offered[0], limit=120)}`?" if offered else "."
    return f"No gate asks for {_name(one)}: it is kept and decides nothing{meant}"


def _unasked(one: Measurement) -> str:
    return f"No gate asks for {_name(one)}: {one.value:g} of {counted(one.n, 'case')}"


def _name(one: Measurement) -> str:
    return f"`{inert(one.suite, limit=60)} {inert(one.metric, limit=60)}`"


def _asks(gates: Sequence[Gate], one: Measurement) -> bool:
    return any((gate.suite, gate.metric) == (one.suite, one.metric) for gate in gates)


def _again(committed: Committed | None) -> bool:
    return committed is not None and committed.repeated


def _about(
    env: str, workflow: Workflow, subject: str, results: Sequence[Result]
) -> dict[str, Json]:
    return {
        "env": env,
        "workflow": workflow.name,
        "subject": subject,
        "gates": [{**one.as_json(), "words": one.words} for one in results],
        "green": all(one.green for one in results),
    }
