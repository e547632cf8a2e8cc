"""What a change of a run sets in motion: its messages, words to one person, and due times. Pure."""

from collections.abc import Iterator
from typing import Final

from opsbot.app import run_effects
from opsbot.domain.change import Effect, Record, Timer
from opsbot.domain.run import Act, Mark, Run
from opsbot.domain.runbook import LANES, Runbook

CARD, REMIND, ACT = run_effects.CARD, run_effects.REMIND, run_effects.ACT
FILE, TOLD = "run_file", "run_told"
"""
The kinds of effects, each with its handler.

`run_card`: bring the messages of a run up to what it is; body `run`, `version`. `run_file`: post the
whole runbook once, at the start. `run_told`: a direct message. `run_remind`: something is late.
`run_act`: settle an action whose claim ran out, whose time came, or that waits for somebody.
"""

MINUTE_MS: Final = run_effects.MINUTE_MS
SLOW: Final = (2, 3)
"""At how many times its planned length a step is asked about: of who has it, then of the commander."""

UNACCEPTED_MS: Final = (2 * MINUTE_MS, 4 * MINUTE_MS)
"""When somebody who was asked to take a step is asked again, and when the commander is told."""

LOOK_ENDS: Final = "look::1"
LOOK_MS: Final = 8 * 60 * MINUTE_MS
"""How long after somebody last went on with it a look is over by itself: words that name no run would mean it."""

card, timer_id = run_effects.card, run_effects.timer_id


def file(run: Run) -> Effect:
    """Return the work of posting the whole runbook, once."""
    return Effect(FILE, f"run-file:{run.uid}", {"run": run.id})


def effects(before: Run | None, after: Run) -> tuple[Effect, ...]:
    """Return the work of one change."""
    first = (file(after),) if before is None else ()
    return (*first, card(after), *_told(before, after))


def _told(before: Run | None, after: Run) -> Iterator[Effect]:
    for step, mark in after.marks.items():
        was = Mark() if before is None else before.mark(step)
        if mark.offered and mark.offered != was.offered:
            yield told(after, "assigned", to=mark.offered, step=step)
        for who in mark.waits if mark.state == "blocked" else ():
            if who not in was.waits or mark.on != was.on:
                yield told(after, "blocked", to=who, step=step)
    if after.offer and (before is None or before.offer != after.offer):
        yield told(after, "lead", to=after.offer)


def told(run: Run, what: str, *, to: str, step: str = "") -> Effect:
    """Return the work of a direct message to one person about a run."""
    body: Record = {"run": run.id, "what": what, "to": to, "step": step, "version": run.version}
    return Effect(TOLD, f"{TOLD}:{run.uid}:{run.version}:{what}:{step}:{to}", body)


def due(
    before: Run | None, after: Run, book: Runbook, now_ms: int
) -> tuple[tuple[Timer, ...], tuple[str, ...]]:
    """Return the timers that a change sets, and the ids of those that it takes away."""
    was = {} if before is None else dict(_due(before, book))
    now = dict(_due(after, book)) if after.open else {}
    set_ = tuple(
        _timer(after, name, at_ms, now_ms) for name, at_ms in now.items() if was.get(name) != at_ms
    )
    return set_, tuple(timer_id(after, name) for name in was if name not in now)


def look_ends_ms(run: Run) -> int:
    """Return when a look is over by itself: some hours after somebody last went on with it."""
    touched = [run.begun_ms, run.lead_ms or 0]
    touched += [mark.at_ms for mark in run.marks.values()]
    touched += [one.at_ms for one in run.came.values()]
    return max(touched) + LOOK_MS


def due_now(run: Run, book: Runbook) -> tuple[str, ...]:
    """Return the names of everything that a run is waiting to be reminded of, whenever it is due."""
    return tuple(name for name, _ in _due(run, book))


def taken_up(run: Run, now_ms: int) -> tuple[Timer, ...]:
    """
    Return the due times of an open run that was put back after a loss of data.

    All but the planned lengths of steps, which stand in its runbook: those are set by the next mark.
    What waits for a second person or a message, or is in doubt, is looked at at once: work that did so is lost too.
    """
    again = {f"act:{name}": now_ms for name, act in run.acts.items() if _looked_at(act)}
    times = {**dict(_of_run(run)), **again}
    return tuple(_timer(run, name, at_ms, now_ms) for name, at_ms in times.items())


def _looked_at(act: Act) -> bool:
    """Return whether looking is all that brings an action on: at others' word, or at what is really so."""
    return act.state == "unknown" or (
        act.state == "waiting" and act.result.startswith(("A-", "MSG-"))
    )


def _timer(run: Run, name: str, at_ms: int, now_ms: int) -> Timer:
    kind = ACT if name.startswith("act:") else REMIND
    return run_effects.timer(run, kind, name, at_ms, now_ms)


def _due(run: Run, book: Runbook) -> Iterator[tuple[str, int]]:
    """Yield each due time of an open run by its name: `slow:<step>:<nth>`, `lead:<nth>` ..."""
    if run.mode != "show":
        yield from _slow(run, book)
    yield from _of_run(run)


def _of_run(run: Run) -> Iterator[tuple[str, int]]:
    """Yield the due times that a run's record alone tells of; of a look it is its end, and nobody is reminded."""
    if run.mode == "show":
        yield LOOK_ENDS, look_ends_ms(run)
        return
    for step, mark in run.marks.items():
        yield from _of_mark(step, mark)
    yield from run_effects.lead_due(run)
    for name, act in run.acts.items():
        if act.until_ms is not None and act.state in ("executing", "waiting"):
            yield f"act:{name}", act.until_ms


def _of_mark(step: str, mark: Mark) -> Iterator[tuple[str, int]]:
    if mark.offered and mark.offered_ms is not None:
        for nth, wait in enumerate(UNACCEPTED_MS, 1):
            yield f"offer:{step}:{nth}", mark.offered_ms + wait
    if mark.state == "blocked" and mark.recheck_ms is not None:
        yield f"recheck:{step}:1", mark.recheck_ms


def _slow(run: Run, book: Runbook) -> Iterator[tuple[str, int]]:
    for lane in LANES:
        step = book.step(run.focus.get(lane, ""))
        if step is None or not step.time_s:
            continue
        mark = run.mark(step.id)
        if mark.state == "open" and mark.begun_ms is not None:
            for nth in SLOW:
                yield f"slow:{step.id}:{nth}", mark.begun_ms + nth * step.time_s * 1000
