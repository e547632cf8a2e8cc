"""Work that a run's record alone tells of, for whatever changes one: its messages, and how long somebody leads it. Pure."""

from collections.abc import Iterator
from typing import Final

from opsbot.domain.change import Effect, Record, Timer
from opsbot.domain.run import Run
from opsbot.domain.state import State

CARD, REMIND, ACT = "run_card", "run_remind", "run_act"
"""
`run_card`: bring the messages of a run up to what it is; body `run`, `version`. `run_remind`: something is late.
`run_act`: settle an action whose claim ran out, whose time came, or that waits for somebody.
"""

MINUTE_MS: Final = 60_000
LEAD_MS: Final = (60 * MINUTE_MS, 180 * MINUTE_MS)
"""When the commander is offered to hand over, and when it is insisted on."""


def card(run: Run) -> Effect:
    """Return the work of bringing its messages up to date."""
    return Effect(CARD, f"run-card:{run.uid}", {"run": run.id, "version": run.version})


def timer_id(run: Run, name: str) -> str:
    """Return the id of one due time of a run."""
    return f"run:{run.uid}:{name}"


def timer(run: Run, kind: str, name: str, at_ms: int, now_ms: int) -> Timer:
    """Return one due time of a run, `what:about`, with the kind of its work."""
    what, _, rest = name.partition(":")
    body: Record = {"run": run.id, "what": what, "about": rest, "at_ms": at_ms}
    key = f"{kind}:{run.uid}:{name}:{at_ms}"
    return Timer(timer_id(run, name), max(at_ms - now_ms, 0), Effect(kind, key, body))


def acts_waiting(state: State, incident: str, result: str, why: str) -> Iterator[Effect]:
    """Yield the work of looking again at each action of an incident's runs that waits for *result*; *why* is in its key."""
    for run in state.runs():
        if run.incident != incident:
            continue
        for name, act in run.acts.items():
            if act.state == "waiting" and act.result == result:
                body: Record = {"run": run.id, "what": "act", "about": name, "at_ms": 0}
                yield Effect(ACT, f"{ACT}:{run.uid}:{name}:{act.attempt}:{result}:{why}", body)


def lead_due(run: Run) -> Iterator[tuple[str, int]]:
    """Yield when whoever leads is asked to hand over, by name."""
    if run.commander and run.lead_ms is not None:
        for nth, wait in enumerate(LEAD_MS, 1):
            yield f"lead::{nth}", run.lead_ms + wait
