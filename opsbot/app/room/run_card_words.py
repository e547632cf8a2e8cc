"""How far a run is, as one card that is edited in place, and what is left of it when it ends. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from opsbot.app.fleet.words import clock, counted
from opsbot.app.incident.words import lasted
from opsbot.app.room.run_step_words import LANE_WORD, MODE_WORD, WHOLE, Around, step_said
from opsbot.app.runs.bare import step_at_hand
from opsbot.app.runs.press import value
from opsbot.app.runs.view import LaneView, RunView
from opsbot.app.runs.words import at_end, ended_word, left_lines, sentence, still_held, whole
from opsbot.domain.run import Run
from opsbot.domain.runbook import LaneName
from opsbot.domain.said import Button, Said, Tone, inert
from opsbot.domain.typed import command

APART: Final = ("skipped", "failed", "blocked", "passed")
_APART_WORD: Final = {
    "skipped": "skipped",
    "failed": "did not work",
    "blocked": "blocked",
    "passed": "led past by an answer",
}
TITLE: Final = 120


def card_said(view: RunView) -> Said:
    """Return the card of a run."""
    run = view.run
    title = f"{MODE_WORD[run.mode]}{run.id} \u00b7 {inert(view.book.title, limit=TITLE)}"
    return Said(
        _tone(view),
        f"{title} \u00b7 {_status(view)}",
        tuple(line for line in _lines(view) if line),
        tuple(_buttons(view)),
        {"run": run.id, "version": run.version, "status": run.status},
    )


def current_said(view: RunView, around: Around | None = None, *, by: str = "") -> Said:
    """
    Return one current step with its buttons, and which others are current: for who asks by command.

    Of two it is that in whose lane *by* is at work: their own may stand far above what the other lane said.
    """
    lanes = [lane for lane in view.lanes if lane.step is not None]
    if not lanes:
        return card_said(view)
    steps = [lane.step.step for lane in lanes if lane.step is not None]
    mine = step_at_hand(view.run, view.book, steps, by)
    first, *others = sorted(lanes, key=lambda lane: mine is not None and lane.name != mine.lane)
    said = step_said(view, first, around or Around())
    beside = tuple(
        f"Also current, {LANE_WORD[lane.name].lower()}: step {lane.step.number},"
        f" \u201c{inert(lane.step.step.title, limit=TITLE)}\u201d."
        for lane in others
        if lane.step is not None
    )
    return replace(said, lines=(*said.lines, *beside), channel=view.channel)


def lane_end_said(view: RunView, lane: LaneName) -> Said:
    """Return what is read by who dealt with the last step of a lane: nothing newer stands in the channel then."""
    left = [
        f"Still current, {LANE_WORD[one.name].lower()}: step {one.step.number},"
        f" \u201c{inert(one.step.step.title, limit=TITLE)}\u201d"
        f"; {one.step.assignee or 'nobody'} has it."
        for one in view.lanes
        if one.step is not None
    ]
    left += left_lines(view)
    if at_end(view):
        left.append("Nothing is current any more: finish it, and its card says so.")
    buttons = [Button("run_finish", "Finish it", value(view.run), "primary")]
    return Said(
        "plain",
        f"The {LANE_WORD[lane].lower()} lane of {view.run.id} is at its end",
        tuple(left),
        (*(buttons if at_end(view) else ()), Button("run_steps", WHOLE, value(view.run))),
    )


def moved_said(view: RunView) -> Said:
    """Return what stands where messages of a run were, once it goes on in another channel."""
    if view.private:
        return hidden_said(view.run.id)
    return Said("plain", f"{view.run.id} goes on in another channel", channel=view.channel)


def hidden_said(run_id: str) -> Said:
    """Return what stands where messages of a run were that became private."""
    return Said("plain", f"{run_id} is private now")


def unread_said(run: Run, why: str) -> Said:
    """Return the card of a run whose text this version cannot read any more: the file is all there is."""
    lines = (why, "Its file is in this thread: go on by that, and mark what was done with a note.")
    return Said("amber", f"{run.id} \u00b7 `{run.runbook}` cannot be shown step by step", lines)


def _tone(view: RunView) -> Tone:
    if not view.run.open:
        return "green" if whole(view) else "plain"
    bad = any(one.state in ("failed", "blocked") for one in view.steps)
    return "amber" if bad else "plain"


def _lines(view: RunView) -> Iterator[str]:
    run = view.run
    yield f"**{inert(view.bar, limit=800)}**"
    yield _counts(view)
    if run.open:
        yield from (_lane(lane) for lane in view.lanes)
        yield _lead(view)
    else:
        yield _ended(view)
        if left := still_held(view):
            yield left
    of = f" for {run.incident}" if run.incident else ""
    what = f" of `{view.workflow}`" if view.workflow else ""
    yield f"Begun{of}{what} by {view.begun_by or 'opsbot'} at {clock(run.begun_ms)}, in {view.env}."
    if view.newer:
        differ = f", {counted(view.differ, 'step')} differ" if view.differ else ""
        yield f"The file has a newer revision{differ}; this run stays on its own until somebody says so."
    if run.open:
        yield (
            "The whole runbook is a file in this card's thread, for when nothing else works."
            f" Or type {command(f'runbook show {run.id}')}."
        )


def _status(view: RunView) -> str:
    return "under way" if view.run.open else ended_word(view)


def _counts(view: RunView) -> str:
    done = sum(one.state == "done" for one in view.steps)
    parts = [f"{done} of {len(view.steps)} steps done"]
    for state in APART:
        count = sum(one.state == state for one in view.steps)
        if count:
            parts.append(f"{count} {_APART_WORD[state]}")
    return f"{', '.join(parts)}."


def _lane(lane: LaneView) -> str:
    name, one = LANE_WORD[lane.name], lane.step
    held = f" It waits: {lane.holds}." if lane.holds else ""
    if one is None:
        return f"{name}: at its end.{held}"
    who = f"{one.assignee} has it" if one.assignee else "nobody has it"
    if one.offered:
        who = f"{who}, {one.offered} was asked"
    return (
        f"{name}: step {one.number}, \u201c{inert(one.step.title, limit=TITLE)}\u201d; {who}.{held}"
    )


def _lead(view: RunView) -> str:
    lead = f"{view.commander} leads" if view.commander else "Nobody leads"
    if view.offer:
        return f"{lead}; offered to {view.offer}, who has not accepted yet."
    return f"{lead}."


def _ended(view: RunView) -> str:
    why = f": {inert(view.why, limit=300)}" if view.why else ""
    return f"{sentence(ended_word(view))} after {lasted(view.elapsed_ms)}{why}."


def _buttons(view: RunView) -> Iterator[Button]:
    run, at = view.run, value(view.run)
    if not run.open:
        yield Button("run_steps", WHOLE, at)
        return
    if at_end(view):
        yield Button("run_finish", "Finish it", at, "primary")
    if view.offer:
        yield Button("run_lead_accept", "I have command", at, "primary")
    elif not run.commander:
        yield Button("run_lead", "I lead this", at, "primary")
    yield Button("run_catchup", "Catch me up", at)
    yield Button("run_steps", WHOLE, at)
    if view.newer:
        yield Button(
            "run_renew",
            "Go on with the newer",
            at,
            confirm="The run goes on with the file's newer revision: steps keep what they are by their ids.",
        )
