"""What is said of a run, before any surface dresses it: the current step of each lane, and the looks. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from opsbot.app.fleet.words import clock, moment
from opsbot.app.incident.words import lasted
from opsbot.app.prose_text import WIDTH
from opsbot.app.prose_text import lines as prose_lines
from opsbot.app.runs.about import minutes, shelved
from opsbot.app.runs.bodies import book_body, run_body
from opsbot.app.runs.sheet import catalogue as catalogue_lines
from opsbot.app.runs.view import ActView, LaneView, RunView, StepView
from opsbot.domain.prose import Prose, Table, plain
from opsbot.domain.runbook import Runbook
from opsbot.domain.said import Said, Tone, inert, visible
from opsbot.domain.typed import command
from opsbot.domain.typed_prose import marked, spelled_prose

STATE_WORD: Final[Mapping[str, str]] = {
    "todo": "to do",
    "current": "now",
    "done": "done",
    "skipped": "skipped",
    "failed": "did not work",
    "blocked": "blocked",
    "passed": "led past",
}
_MODE: Final = {"live": "", "drill": ", drill: nothing is really done", "show": ", only shown"}


LONGEST: Final = 2_900
"""Characters of one paragraph of a step."""


def run_said(view: RunView) -> Said:
    """Return a run as it is: what just happened, the current step of each lane, what comes next."""
    lines = [view.note] if view.note else []
    lines += [*_head(view), *(line for lane in view.lanes for line in lane_lines(view, lane))]
    if at_end(view):
        lines += left_lines(view)
        lines.append(_finish_line(view))
    if view.newer:
        lines.append(newer_line(view))
    return Said(
        _tone(view), run_title(view), tuple(lines), body=run_body(view), channel=view.channel
    )


def at_end(view: RunView) -> bool:
    """Return whether no lane has a current step."""
    return view.run.open and all(lane.step is None for lane in view.lanes)


def left_lines(view: RunView) -> list[str]:
    """Return what failed or is blocked, each as something to be dealt with."""
    return [
        f"To be dealt with: step {one.number}, \u201c{inert(one.step.title, limit=120)}\u201d,"
        f" {STATE_WORD[one.state]}."
        for one in view.steps
        if one.state in ("failed", "blocked")
    ]


def _finish_line(view: RunView) -> str:
    why = " WHY" if left_lines(view) else ""
    return f"Nothing is current any more. To finish it: {command(f'runbook finish {view.run.id}{why}')}."


def run_title(view: RunView) -> str:
    """Return what a run is called, of what, and how it stands."""
    run = view.run
    of = f" for {run.incident}" if run.incident else ""
    so = "" if run.open else f", {ended_word(view)}"
    return f"{run.id}{of}: {inert(view.book.title, limit=120)}{_MODE[run.mode]}{so} in {view.env}"


def ended_word(view: RunView) -> str:
    """Return how a run ended, and which one goes on in its place."""
    if view.run.status != "superseded":
        return view.run.status
    return f"goes on as {view.goes_on}" if view.goes_on else "goes on elsewhere"


def whole(view: RunView) -> bool:
    """Return whether a run was finished with nothing left: one that was cut short is no success."""
    settled = {"done", "skipped", "passed"}
    return view.run.status == "finished" and all(one.state in settled for one in view.steps)


def sentence(words: str) -> str:
    """Return words as a sentence begins; names in them stay as they are."""
    return f"{words[:1].upper()}{words[1:]}"


def still_held(view: RunView) -> str:
    """Return which kills of a run that is over still hold, and what lifts them; empty where none does."""
    if view.run.open or not view.holding:
        return ""
    lifts = ", ".join(command(f"restore {one}") for one in view.holding)
    return f"Its kills that still hold: {', '.join(view.holding.values())}. To lift: {lifts}."


def newer_line(view: RunView) -> str:
    """Return that its file has a newer revision, and how to go on with that."""
    count = view.differ or 0
    what = f"{count} step{'' if count == 1 else 's'} changed" if count else "its steps are the same"
    return f"There is a newer revision ({what}): {command(f'runbook renew {view.run.id}')}."


def _head(view: RunView) -> Iterator[str]:
    yield _bar_line(view)
    lead = f"Led by {view.commander}." if view.commander else "Nobody leads it."
    yield f"{lead} Offered to {view.offer}, who has not accepted." if view.offer else lead
    if view.why:
        yield f"{sentence(ended_word(view))}: {inert(view.why)}"
    if left := still_held(view):
        yield left


def _bar_line(view: RunView) -> str:
    took = lasted(view.elapsed_ms)
    return f"{view.bar}. {f'{took} so far' if view.run.open else f'It took {took}'}."


def lane_lines(view: RunView, lane: LaneView) -> Iterator[str]:
    """Yield the current step of a lane and what comes after it."""
    if not view.run.open:
        return
    if lane.step is None:
        held = f"held: {lane.holds}" if lane.holds else "at its end"
        yield f"{lane.name.capitalize()}: {held}."
        return
    yield f"{lane.name.capitalize()}: {step_line(view, lane.step)}"
    yield from step_lines(lane.step, view.now_ms)
    if lane.after:
        yield f"Then: {'; '.join(inert(one, limit=80) for one in lane.after).rstrip('.')}."
    if lane.holds:
        yield f"The lane waits: {inert(lane.holds)}."


def step_line(view: RunView, one: StepView) -> str:
    """Return one step of the list: its number, title, state, who, and how long."""
    parts = [STATE_WORD[one.state]]
    who = one.assignee if one.state == "current" else one.by
    if who and one.state not in ("todo", "passed"):
        parts.append(f"by {who}" if one.state != "current" else f"{who} has it")
    if one.offered:
        parts.append(f"offered to {one.offered}")
    if one.elapsed_ms is not None and one.state not in ("todo", "passed"):
        parts.append(_took(one))
    parts += [inert(words, limit=120) for words in (one.why, one.on) if words]
    return f"{one.number}. {inert(one.step.title, limit=100)}: {', '.join(parts)}"


def _took(one: StepView) -> str:
    took = lasted(one.elapsed_ms or 0)
    return f"{took} of {minutes(one.step.time_s)}" if one.planned_ms else took


def step_lines(one: StepView, now_ms: int) -> Iterator[str]:
    """Yield what the current step asks for: its text, boxes, actions, what to expect, its question."""
    for block in one.step.body:
        # A command that is cut in two by the end of a line is none any more: whoever shows it wraps it.
        width = WIDTH if isinstance(block, Table) else LONGEST
        told = (marked(text) for text in prose_lines((block,), width=width) if text.strip())
        yield from (visible(text, limit=LONGEST) for text in told)
    for box in one.step.boxes:
        yield f"[{'x' if box.id in one.mark.boxes else ' '}] {box.id} {in_words(box.prose)}"
    for act in one.acts:
        yield act_line(act, now_ms)
    if one.step.expect:
        yield f"Expect: {in_words(one.step.expect)}"
    if one.step.decide is not None:
        asked = in_words(one.step.decide.question)
        options = (f"{n} {inert(o.label)}" for n, o in enumerate(one.step.decide.options, 1))
        yield f"Decide: {asked} {'; '.join(options)}."
    if one.step.onward:
        yield f"Continue in: `{one.step.onward}`."


def in_words(prose: Prose) -> str:
    """Return a line without its markup; the commands in it are spelled by whoever shows it."""
    return visible(plain(spelled_prose(prose, command)))


def act_line(act: ActView, now_ms: int) -> str:
    """Return an action and what became of it."""
    if not act.state:
        return f"Action {act.number}: {act.label}."
    result = f" {act.result}" if act.result else ""
    until = f" until {clock(act.until_ms)}" if act.state == "waiting" and act.until_ms else ""
    by = f" by {act.by}" if act.by else ""
    detail = f": {inert(act.detail)}" if act.detail else ""
    at = f", {moment(act.at_ms, now_ms)}"
    return f"Action {act.number}: {act.label}: {act.state}{result}{until}{by}{at}{detail}"


def steps_said(view: RunView) -> Said:
    """Return the whole list with ticks."""
    ids = {phase.id: {one.id for one in phase.steps} for phase in view.book.phases}
    lines = [
        line
        for phase in view.phases
        for line in (
            inert(phase.title, limit=80),
            *(step_line(view, one) for one in view.steps if one.step.id in ids[phase.id]),
        )
    ]
    return Said("plain", run_title(view), tuple(lines), body=run_body(view), channel=view.channel)


def catchup_said(view: RunView, kills: Sequence[str]) -> Said:
    """Return what somebody reads who comes late: five lines, the active kills, who has what."""
    run = view.run
    done = [one for one in view.steps if one.state == "done"]
    last = max(done, key=lambda one: one.mark.at_ms, default=None)
    lines = [
        _bar_line(view),
        f"Led by {view.commander}." if view.commander else "Nobody leads it.",
        "Nothing is done yet."
        if last is None
        else f"Last done: {inert(last.step.title, limit=80)}, by {last.by}, {moment(last.mark.at_ms, view.now_ms)}.",
        _current_line(view),
        _trouble_line(view),
        f"Kills that hold: {', '.join(kills)}." if kills else "No kill holds for it.",
        _hands_line(view),
    ]
    body = {**run_body(view), "kills": list(kills)}
    if run.incident:
        lines.append(f"All of it: {command(f'incident timeline {run.incident}')}.")
    where = f"Where {run_title(view)} is" if run.open else run_title(view)
    return Said("plain", where, tuple(lines), body=body, channel=view.channel)


def _current_line(view: RunView) -> str:
    now = [
        f"{lane.name}: {inert(lane.step.step.title, limit=80)}"
        for lane in view.lanes
        if lane.step is not None
    ]
    over = "Every lane is at its end." if view.run.open else f"It is over: {ended_word(view)}."
    return f"Now {'; '.join(now)}." if now else over


def _trouble_line(view: RunView) -> str:
    odd = [one for one in view.steps if one.state in ("failed", "blocked", "skipped")]
    if not odd:
        return "Nothing failed, is blocked or was skipped."
    named = "; ".join(
        f"{inert(one.step.title, limit=60)} {STATE_WORD[one.state]}" for one in odd[:5]
    )
    return f"{named}{f' and {len(odd) - 5} more' if odd[5:] else ''}."


def _hands_line(view: RunView) -> str:
    held = [
        f"{one.assignee} has {inert(one.step.title, limit=60)}"
        for one in view.steps
        if one.assignee and one.state in ("current", "todo", "blocked", "failed")
    ]
    asked = [
        f"{one.offered} was asked to take {inert(one.step.title, limit=60)}"
        for one in view.steps
        if one.offered
    ]
    return f"{'; '.join((*held, *asked))}." if held or asked else "Nobody has an open step."


def list_said(views: Sequence[RunView], env: str, *, every: bool) -> Said:
    """Return a list of runs."""
    kind = "runs" if every else "open runs"
    if not views:
        return Said("plain", f"No {kind} in {env}", body={"runs": []})
    lines = tuple(_listed(one) for one in views)
    count = f"{len(views)} {kind if len(views) > 1 else kind.removesuffix('s')}"
    return Said(
        "plain", f"{count} in {env}", lines, body={"runs": [run_body(one) for one in views]}
    )


def _listed(view: RunView) -> str:
    run = view.run
    of = f" for {run.incident}" if run.incident else ""
    so = view.bar if run.open else ended_word(view)
    return f"{run.id}{of}: `{run.runbook}`{_MODE[run.mode]}, {so}, begun {moment(run.begun_ms, view.now_ms)}"


def books_said(known: Mapping[str, Runbook], where: str) -> Said:
    """Return the catalogue; *where* it is: an environment, or a folder of files that no bot was asked about."""
    body = {"runbooks": [book_body(one) for _, one in sorted(known.items())]}
    if not known:
        hint = "They are markdown files in `runbooks/`."
        return Said("plain", f"No runbook is there in {where}", (hint,), body=body)
    foreign = sum(one.imported for one in known.values())
    count = shelved(len(known) - foreign, foreign)
    return Said("plain", f"{count} in {where}", catalogue_lines(known), body=body)


def _tone(view: RunView) -> Tone:
    if not view.run.open:
        return "green" if whole(view) else "plain"
    bad = any(one.state in ("failed", "blocked") for one in view.steps)
    return "amber" if bad else "plain"
