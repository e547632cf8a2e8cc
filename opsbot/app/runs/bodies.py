"""The machine's form of a run: everything that surfaces draw, with names and free text opened. Pure."""

from typing import Final

from opsbot.app.runs.note_view import NoteView
from opsbot.app.runs.view import ActView, LaneView, PhaseView, RunView, StepView
from opsbot.domain.change import Json, Record
from opsbot.domain.prose import Prose, plain
from opsbot.domain.runbook import Runbook
from opsbot.domain.typed import command
from opsbot.domain.typed_prose import spelled_prose

DAY_S: Final = 86_400
"""From here on a step is no work of the incident's night."""


def run_body(view: RunView) -> Record:
    """Return a run as it is now."""
    run = view.run
    return {
        "run": run.id,
        "runbook": run.runbook,
        "title": view.book.title,
        "digest": run.digest,
        "incident": run.incident,
        "mode": run.mode,
        "status": run.status,
        "imported": run.imported,
        "version": run.version,
        "params": dict(view.given),
        "workflow": view.workflow,
        "commander": view.commander,
        "offered_to": view.offer,
        "begun_by": view.begun_by,
        "begun_ms": run.begun_ms,
        "ended_ms": run.ended_ms,
        "elapsed_ms": view.elapsed_ms,
        "why": view.why,
        "follows": run.follows,
        "newer": view.newer,
        "differ": view.differ,
        "progress": view.bar,
        "phases": [_phase(one) for one in view.phases],
        "lanes": [_lane(one) for one in view.lanes],
        "steps": [step_body(one) for one in view.steps],
        "note": view.note,
        "env": view.env,
    }


def step_body(one: StepView) -> Record:
    """Return one step."""
    decide = one.step.decide
    return {
        "step": one.step.id,
        "number": one.number,
        "title": one.step.title,
        "phase": one.phase,
        "lane": one.step.lane,
        "role": one.step.who,
        "state": one.state,
        "by": one.by,
        "at_ms": one.mark.at_ms or None,
        "assignee": one.assignee,
        "offered_to": one.offered,
        "why": one.why,
        "waits_for": one.on,
        "recheck_ms": one.mark.recheck_ms,
        "elapsed_ms": one.elapsed_ms,
        "planned_ms": one.planned_ms,
        "expect": _plain(one.step.expect),
        "question": "" if decide is None else _plain(decide.question),
        "options": [] if decide is None else [option.label for option in decide.options],
        "choice": None if one.mark.choice is None else one.mark.choice + 1,
        "boxes": [
            {"box": box.id, "text": _plain(box.prose), "ticked": box.id in one.mark.boxes}
            for box in one.step.boxes
        ],
        "actions": [_act(act) for act in one.acts],
        "notes": [_note(note) for note in one.notes],
        "continue_in": one.step.onward,
        "commander_skips": one.commander_skips,
    }


def book_body(book: Runbook) -> Record:
    """Return a runbook of the catalogue."""
    return {
        "runbook": book.name,
        "title": book.title,
        "owner": book.owner,
        "digest": book.digest,
        "severity": book.severity,
        "incident_types": list(book.incident_types),
        "steps": len(book.steps),
        "planned_ms": 1000 * sum(one.time_s or 0 for one in book.steps),
        "soon": sum((one.time_s or 0) < DAY_S for one in book.steps),
        "soon_ms": 1000 * sum(one.time_s or 0 for one in book.steps if (one.time_s or 0) < DAY_S),
        "imported": book.imported,
        "readable": book.readable,
        "reviewed": book.reviewed,
        "params": [
            {"name": one.name, "type": one.type, "required": one.required, "default": one.default}
            for one in book.params
        ],
    }


def _phase(one: PhaseView) -> Json:
    return {name: getattr(one, name) for name in PhaseView.__slots__}


def _lane(one: LaneView) -> Json:
    return {
        "lane": one.name,
        "step": None if one.step is None else one.step.step.id,
        "after": list(one.after),
        "holds": one.holds,
    }


def _act(one: ActView) -> Json:
    return {name: getattr(one, name) for name in ActView.__slots__}


def _plain(prose: Prose) -> str:
    """Return a line without its markup; its commands are spelled where it is shown."""
    return plain(spelled_prose(prose, command))


def _note(one: NoteView) -> Json:
    return {name: getattr(one, name) for name in NoteView.__slots__}
