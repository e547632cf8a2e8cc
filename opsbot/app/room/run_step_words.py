"""The current step of a run as one message: what to do, what each button does, who has it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.fleet.words import clock, counted, moment
from opsbot.app.incident.words import lasted
from opsbot.app.runs.about import minutes
from opsbot.app.runs.lanes import stepped_back
from opsbot.app.runs.press import value
from opsbot.app.runs.question import ASKED
from opsbot.app.runs.unpressed import unpressed_words
from opsbot.app.runs.view import ActView, LaneView, RunView, StepView
from opsbot.app.runs.words import sentence
from opsbot.domain.prose import Block, Paragraph, Prose, Span, words
from opsbot.domain.run import RunMode
from opsbot.domain.runbook import Action, Decision, LaneName, Option
from opsbot.domain.said import Button, Item, Said, Tone, inert

VISIBLE: Final = 4
"""Buttons of a step beside its menu: a thumb at night finds no more."""

TITLE: Final = 120
WORDS: Final = 75
SHORT: Final = 16
"""Characters of an answer that fit a button beside it."""
LANE_WORD: Final[Mapping[LaneName, str]] = {"ops": "Ops", "comms": "Comms"}
MODE_WORD: Final[Mapping[RunMode, str]] = {"live": "", "drill": "Drill: ", "show": "Look only: "}
WHOLE: Final = "Whole runbook"
_PROVEN: Final = frozenset({"verify", "approve", "wait"})
"""Verbs that nobody ticks by hand: no button offers it."""

_MILD: Final = frozenset({"wait", "verify", "capture", "comms", "incident", "approve"})
"""Verbs whose button is not red: nothing stops by them."""

_BACK: Final[Mapping[str, str]] = {
    "kill": "A restore takes it back, under policy.",
    "restore": "A kill stops it again at once.",
    "rollback": "The newer revision comes back by its ramp.",
    "route": "A rollback takes it back at once.",
    "page": "A page cannot be taken back.",
    "comms": "The first word to users goes out at once where it is approved in advance; anything else is a"
    " draft until it is published. What people read is corrected, never taken back.",
}


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside a run: how many instances of each workflow run now, None where nobody knows."""

    alive: Mapping[str, int] | None = None


def step_said(view: RunView, lane: LaneView, around: Around) -> Said:
    """Return the message of a lane's current step."""
    one = lane.step
    assert one is not None, lane.name
    buttons = tuple(_buttons(view, one, around))
    return Said(
        _tone(one),
        f"{MODE_WORD[view.run.mode]}{inert(one.step.title, limit=TITLE)}",
        tuple(line for line in _lines(view, lane, one) if line),
        buttons[:VISIBLE],
        {"run": view.run.id, "step": one.step.id, "version": view.run.version},
        parts=tuple(_parts(view, one)),
        more=(*buttons[VISIBLE:], *_more(view, one)),
    )


def ended_said(view: RunView, step_id: str) -> Said:
    """Return the one line that is left of a step once another one is current."""
    one = view.step(step_id)
    if one is None:
        return Said("plain", f"A step of {view.run.id} that its newer revision has no more")
    title = f"\u201c{inert(one.step.title, limit=TITLE)}\u201d"
    return Said("plain", f"{MODE_WORD[view.run.mode]}{title} {_ended(view, one)}")


def _ended(view: RunView, one: StepView) -> str:
    at = f" at {clock(one.mark.at_ms)}" if one.mark.at_ms else ""
    by = f" by {one.by}" if one.by else ""
    took = f", after {lasted(one.elapsed_ms)}" if one.elapsed_ms else ""
    results = ", ".join(act.result for act in one.acts if act.result)
    came = f" ({results})" if results else ""
    if one.state == "done":
        return f"\u2713 done{by}{at}{took}{came}{_answer(one)}{_left(view, one)}"
    if one.state == "skipped":
        return f"skipped{by}{at}: {inert(one.why, limit=200) or 'the reason was erased'}"
    if one.state == "failed":
        why = inert(one.why, limit=200)
        return f"did not work, said{by}{at}{f': {why}' if why else ''}{came}"
    if one.state == "blocked":
        return f"is blocked on {inert(one.on, limit=200) or 'something'}, said{by}{at}"
    if not view.run.open:
        return f"was open when {view.run.id} ended"
    return "is left open; the step below is current"


def _left(view: RunView, one: StepView) -> str:
    """Return what a step was done without: boxes that nobody ticked, actions that nobody pressed here."""
    boxes, ticked = len(one.step.boxes), len(one.mark.boxes)
    parts = [f"{ticked} of {boxes} boxes ticked"] if ticked < boxes else []
    if pressed := unpressed_words(view.run, view.book, one.step):
        parts.append(pressed)
    return f". {sentence('; '.join(parts))}" if parts else ""


def _answer(one: StepView) -> str:
    if one.step.decide is None or one.mark.choice is None:
        return ""
    options = one.step.decide.options
    chosen = options[one.mark.choice].label if one.mark.choice < len(options) else ""
    return f". Answer: {inert(chosen, limit=WORDS)}" if chosen else ""


def _tone(one: StepView) -> Tone:
    bad = one.state in ("failed", "blocked") or any(act.read_back for act in one.acts)
    return "amber" if bad else "plain"


def _lines(view: RunView, lane: LaneView, one: StepView) -> Iterator[str]:
    phase = next((p for p in view.phases if p.title == one.phase), None)
    where = phase.bar if phase is not None else one.phase
    planned = minutes(one.step.time_s)
    parts = (
        f"{view.run.id}, step {one.number} of {len(view.steps)}",
        inert(where, limit=TITLE),
        f"{LANE_WORD[lane.name]}{f' ({inert(one.step.who, limit=40)})' if one.step.who else ''}",
        f"planned {planned}" if planned else "",
    )
    yield " \u00b7 ".join(part for part in parts if part)
    yield _held(one)
    if one.state == "blocked":
        again = one.mark.recheck_ms
        yield (
            f"Blocked on {inert(one.on, limit=200)}, said {one.by}."
            f"{f' Looked at again at {clock(again)}.' if again is not None else ''}"
        )
    if one.state == "failed":
        why = inert(one.why, limit=200)
        yield f"It did not work{f': {why}' if why else ''}, said {one.by}."
    if lane.holds and lane.step is not one:
        yield f"The lane waits: {lane.holds}."
    yield from (_acted(act, view.now_ms) for act in one.acts if act.state or act.detail)
    yield _kept(one)
    if lane.after:
        after = ", ".join(f"\u201c{inert(title, limit=WORDS)}\u201d" for title in lane.after)
        yield f"Then: {after}."


def _held(one: StepView) -> str:
    offered = f" {one.offered} was asked to take it." if one.offered else ""
    if one.assignee:
        since = f", begun at {clock(one.mark.begun_ms)}" if one.mark.begun_ms is not None else ""
        return f"{one.assignee} has it{since}.{offered}"
    return f"Nobody has it yet.{offered}"


def _acted(act: ActView, now_ms: int) -> str:
    if not act.state:
        return f"{act.label}: {act.detail}."
    by = f", pressed by {act.by}" if act.by else ""
    result = f" ({act.result})" if act.result else ""
    detail = f"; {act.detail}" if act.detail and act.state != "undone" else ""
    said = {
        "executing": "under way",
        "waiting": "waits",
        "done": "done",
        "failed": "failed",
        "unknown": "was cut off, and nobody knows what came of it until somebody looks",
        "undone": "was taken back",
    }[act.state]
    back = {
        "executing": " It is being taken back.",
        "waiting": " Taking it back waits for a second person.",
    }.get(act.undone, "")
    until = (
        f", until {moment(act.until_ms, now_ms)}" if act.state == "waiting" and act.until_ms else ""
    )
    return f"{act.label}: {said}{result}{until}{by}{detail.rstrip('.')}.{back}"


def _kept(one: StepView) -> str:
    notes = sum(note.kind == "note" for note in one.notes)
    evidence = len(one.notes) - notes
    parts = [counted(notes, "note")] if notes else []
    parts += [counted(evidence, "piece") + " of evidence"] if evidence else []
    return f"Kept with it: {', '.join(parts)}." if parts else ""


def _parts(view: RunView, one: StepView) -> Iterator[Block | Item]:
    step, run = one.step, view.run
    yield from step.body
    for box in step.boxes:
        ticked = box.id in one.mark.boxes
        press = Button("run_box", "Untick" if ticked else "Tick", value(run, step.id, box.id))
        yield Item(box.prose, "\u2611" if ticked else "\u2610", press if run.open else None)
    yield from _labelled("Expect", step.expect)
    yield from _labelled("Skip when", step.skip_when)
    yield from _labelled("Undo", step.undo_words)
    if step.onward:
        yield from _labelled("Continue in", words(f"the runbook {step.onward}"))
    if step.decide is not None:
        due = next((act for act in one.acts if act.press), None)
        if due is not None and run.open:
            yield Paragraph(words(f"First press \u201c{due.label}\u201d below; then answer."))
        yield from _decide(view, one, step.decide)


def _labelled(label: str, prose: Prose) -> Iterator[Block]:
    if prose:
        yield Paragraph((Span("strong", inner=words(f"{label}:")), Span("text", " "), *prose))


def _decide(view: RunView, one: StepView, decision: Decision) -> Iterator[Block | Item]:
    """Yield the question, and each answer with where it leads and its own button."""
    yield from _labelled("Decide", decision.question)
    chosen = one.mark.choice
    for number, option in enumerate(decision.options, 1):
        to = view.book.step(option.step)
        leads = f"goes to \u201c{to.title}\u201d" if to is not None else ""
        leads = f"goes on in the runbook {option.runbook}" if option.runbook else leads
        mark = "\u2611" if chosen == number - 1 else "\u2022"
        short = option.label if 0 < len(option.label) <= SHORT else "This one"
        press = Button(
            "run_answer", short, value(view.run, one.step.id, str(number)),
            confirm=_leads_back(view, one, option),
        )  # fmt: skip
        prose = (Span("strong", inner=words(option.label)), *words(f": {leads}" if leads else ""))
        yield Item(prose, mark, press if view.run.open else None)


def _leads_back(view: RunView, one: StepView, option: Option) -> str:
    """Return what is asked before an answer that opens steps again; empty for one that leads on."""
    to = view.step(option.step)
    if to is None or to.step.lane != one.step.lane or to.number > one.number:
        return ""
    title = inert(to.step.title, limit=TITLE)
    return (
        f"This goes back to \u201c{title}\u201d: every step from there to here is to be done again."
    )


def _buttons(view: RunView, one: StepView, around: Around) -> Iterator[Button]:
    """Yield what is visible, the most likely press first; what is past the fourth goes into the menu."""
    run, step = view.run, one.step
    at = value(run, step.id)
    unknown = next((act for act in one.acts if act.read_back), None)
    if unknown is not None:
        label = f"Look what is so: {unknown.label}"[:WORDS]
        yield Button("run_read_back", label, value(run, step.id, str(unknown.number)), "primary")
    waits = next((act for act in one.acts if _asks(act)), None)
    if waits is not None:
        yield Button("approve", f"Approve {waits.result}", waits.result, "primary")
    due = next((act for act in one.acts if act.press), None)
    if due is not None:
        button = action_button(view, one, due, around)
        mild = waits is not None and button.style == "primary"
        yield replace(button, style="") if mild else button
    if step.decide is None and _may_tick(view, one):
        yield Button("run_done", "Done", at, "" if due is not None else "primary")
    if one.state in ("current", "blocked"):
        yield Button("run_failed", "Did not work", at)
    yield Button("run_skip", "Skip\u2026", at)
    if not one.mark.assignee:
        yield Button("run_take", "I have this", at)


def _asks(act: ActView) -> bool:
    """Return whether an action waits for the yes of a second person."""
    return act.state == "waiting" and act.result.startswith("A-")


def _may_tick(view: RunView, one: StepView) -> bool:
    """Return whether a tick would be taken: what only its evidence can settle has no button for it."""
    if view.run.mode == "show":
        return True
    open_ = (
        act for act in one.acts if act.verb in _PROVEN or act.state in ("executing", "waiting")
    )
    return all(view.run.settled(one.step.id, act.number) for act in open_)


def action_button(view: RunView, one: StepView, act: ActView, around: Around) -> Button:
    """
    Return the button of an action.

    Before one counts that changes something, it says what happens, where, and how it is undone.
    """
    asks = act.verb in ASKED and view.run.mode == "live"
    return Button(
        "run_do",
        act.label,
        value(view.run, one.step.id, str(act.number)),
        "primary" if act.verb in _MILD else "danger",
        " ".join(part for part in asked(view, one, act, around) if part) if asks else "",
    )


def asked(view: RunView, one: StepView, act: ActView, around: Around) -> Iterator[str]:
    """Yield what the dialog of an action says: 300 characters of Slack's at most."""
    yield f"{act.label}, in {view.env}."
    yield _says(one.step.actions[act.number - 1])
    if act.changes and "of" not in one.step.actions[act.number - 1].arguments:
        yield _reaches(view, one.step.actions[act.number - 1], around)
    if one.step.undo:
        undo = view.book.step(one.step.undo)
        title = inert(undo.title, limit=60) if undo is not None else one.step.undo
        yield f"Undo: step \u201c{title}\u201d."
    else:
        yield _BACK.get(act.verb, "")
    yield act.reach  # the longest comes last: where it is cut, the way back still stands


def _says(action: Action) -> str:
    """Return the words that an action says to people by itself."""
    text = str(action.arguments.get("update" if action.verb == "incident" else "reason") or "")
    if action.verb not in ("incident", "page") or not text.strip():
        return ""
    next_ = action.arguments.get("next")
    promise = f" It promises the next update in {next_}." if next_ else ""
    return f"It says: \u201c{inert(text, limit=100)}\u201d.{promise}"


def _reaches(view: RunView, action: Action, around: Around) -> str:
    """Return how many instances an action reaches; never that it is none where nobody knows."""
    if around.alive is None:
        return "How many instances it reaches is not known."
    named = str(action.arguments.get("workflow") or view.workflow)
    wide = any(one in action.arguments for one in ("all", "provider", "model"))
    count = sum(around.alive.values()) if wide else around.alive.get(named, 0)
    return f"It reached {counted(count, 'instance')} when this was written."


def _more(view: RunView, one: StepView) -> Iterator[Button]:
    run, at = view.run, value(view.run, one.step.id)
    yield Button("run_assign", "Give it to somebody\u2026", at)
    if one.state == "blocked":
        yield Button("run_unblock", "Not blocked any more", at)
    else:
        yield Button("run_block", "Blocked on\u2026", at)
    yield Button("run_note", "Note or evidence\u2026", at)
    yield Button("run_steps", WHOLE, value(run))
    if one.state in ("done", "skipped", "failed"):
        yield Button("run_undo", "Take the tick off", at)
    for act in one.acts:
        if act.undo:
            back = f"Take back: {act.label}"[:WORDS]
            yield Button("run_take_back", back, value(run, one.step.id, str(act.number)))
    if stepped_back(run, view.book, one.step.lane) != run:
        yield Button("run_back", "One step back", at)
    yield Button("run_catchup", "Catch me up", value(run))
