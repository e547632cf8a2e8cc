"""Everything that is shown of a run, ready to be drawn by any surface: current steps, ticks, time, names. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from opsbot.app.runs.barriers import unsaid
from opsbot.app.runs.differ import differing
from opsbot.app.runs.held import own_kills
from opsbot.app.runs.labels import label, meant
from opsbot.app.runs.lanes import barrier, coming
from opsbot.app.runs.meant import Arguments, VerifyArguments
from opsbot.app.runs.note_view import NoteView, opened
from opsbot.app.runs.params import workflow_of
from opsbot.app.runs.power import leads
from opsbot.app.runs.sight import incident_of
from opsbot.app.runs.ticks import guarded
from opsbot.app.runs.unpressed import is_there
from opsbot.app.runs.way_back import PRESSED
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import shown
from opsbot.domain.run import Act, Mark, Run
from opsbot.domain.runbook import CHANGING, LANES, LaneName, Runbook, Step, Verb
from opsbot.domain.said import inert
from opsbot.domain.state import State

StepState = Literal["todo", "current", "done", "skipped", "failed", "blocked", "passed"]
"""*todo*: nobody came to it yet. *passed*: an answer led past it."""

NEXT = 2


@dataclass(frozen=True, slots=True)
class ActView:
    """
    One action of a step. *number* counts from 1; *label* names its effect.

    *press*: it can be pressed now. *undo*: its declared way back can be. *read_back*: nobody knows
    what it came to, and it can be looked at. *changes*: it changes what users get. *by* is who
    pressed it, as people call them. *state* is empty while nobody did. *until_ms* is when it is over by itself.
    *reach* says whom a kill of more than one workflow hits.
    """

    number: int
    verb: Verb
    label: str
    state: str = ""
    result: str = ""
    detail: str = ""
    by: str = ""
    at_ms: int = 0
    until_ms: int | None = None
    attempt: int = 0
    press: bool = False
    undo: bool = False
    read_back: bool = False
    changes: bool = False
    undone: str = ""
    reach: str = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """
    One step, its names looked up. *number* counts through the runbook from 1.

    Names are those that people go by. *elapsed_ms* is how long it took, or has been current so far;
    None before it began. *commander_skips*: nobody else may skip it.
    """

    step: Step
    number: int
    phase: str
    state: StepState
    mark: Mark
    by: str = ""
    assignee: str = ""
    offered: str = ""
    why: str = ""
    on: str = ""
    elapsed_ms: int | None = None
    planned_ms: int | None = None
    acts: tuple[ActView, ...] = ()
    notes: tuple[NoteView, ...] = ()
    commander_skips: bool = False

    @property
    def slow(self) -> bool:
        """Return whether it takes at least twice as long as planned."""
        return (
            self.planned_ms is not None
            and self.elapsed_ms is not None
            and self.elapsed_ms >= 2 * self.planned_ms
        )


@dataclass(frozen=True, slots=True)
class LaneView:
    """One lane: its current step, None at its end; what comes *after*; what *holds* it, empty for nothing."""

    name: LaneName
    step: StepView | None
    after: tuple[str, ...] = ()
    holds: str = ""


@dataclass(frozen=True, slots=True)
class PhaseView:
    """How far a phase is; what was skipped, failed or led past is counted apart."""

    id: str
    title: str
    total: int
    done: int
    skipped: int
    failed: int
    blocked: int
    passed: int

    @property
    def bar(self) -> str:
        """Return `Contain 2/3`, of what is still to be done in it."""
        return f"{self.title} {self.done}/{max(self.total - self.skipped - self.passed, self.done)}"


@dataclass(frozen=True, slots=True)
class RunView:
    """
    One run as it is now.

    *book* has its names looked up. *note* says what just happened. *newer*: its file has a newer
    revision, in which *differ* steps are other ones. *workflow* is what it is about. *goes_on* is the
    run that was begun in its place. *given* is what it was begun with, *holding* the kills that it made
    and that still hold, by id, in a few words.
    """

    run: Run
    book: Runbook
    env: str
    now_ms: int
    policy: Policy
    steps: tuple[StepView, ...]
    lanes: tuple[LaneView, ...]
    phases: tuple[PhaseView, ...]
    commander: str = ""
    offer: str = ""
    begun_by: str = ""
    why: str = ""
    goes_on: str = ""
    note: str = ""
    channel: str = ""
    private: bool = False
    severity: str = ""
    workflow: str = ""
    newer: bool = False
    differ: int | None = None
    commanders: frozenset[str] = frozenset()
    given: Mapping[str, str] = field(default_factory=dict)
    holding: Mapping[str, str] = field(default_factory=dict)

    @property
    def elapsed_ms(self) -> int:
        """Return how long it has been walked, to its end where it is over."""
        ended = self.run.ended_ms if self.run.ended_ms is not None else self.now_ms
        return max(ended - self.run.begun_ms, 0)

    @property
    def bar(self) -> str:
        """Return the phases in one line: `Contain 2/3 > Assess 0/2`."""
        return " > ".join(one.bar for one in self.phases)

    def step(self, step_id: str) -> StepView | None:
        """Return one step by its id."""
        return next((one for one in self.steps if one.step.id == step_id), None)

    def name(self, identity: str) -> str:
        """Return how people call somebody, empty for nobody."""
        return inert(shown(self.policy, identity), limit=80) if identity else ""


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What a view is made from beside the state: the *book* with its names, opened *texts*, the *newest* revision.

    *kills* says of each kill that an action made how far it is now, *given* what it was begun with,
    *reached* whom each wide kill hits, by its key.
    """

    book: Runbook
    env: str
    policy: Policy
    now_ms: int
    texts: Mapping[str, str]
    newest: Runbook | None = None
    note: str = ""
    kills: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    reached: Mapping[str, str] = field(default_factory=dict)


def run_view(state: State, run: Run, seen: Seen) -> RunView:
    """Return everything that is shown of a run."""
    incident = incident_of(state, run)
    one = RunView(
        run=run, book=seen.book, env=seen.env, now_ms=seen.now_ms, policy=seen.policy,
        steps=(), lanes=(), phases=(),
        why=seen.texts.get(run.why, ""), goes_on=_goes_on(state, run), note=seen.note,
        channel=incident.room.channel if incident is not None else run.channel,
        private=incident is not None and incident.private,
        severity="" if incident is None else incident.severity,
        workflow=workflow_of(run, seen.book),
        newer=run.open and seen.newest is not None and seen.newest.digest != run.digest,
        commanders=_commanders(state, run),
        given=seen.given,
        holding=own_kills(state, run),
    )  # fmt: skip
    one = replace(
        one,
        commander=one.name(run.commander),
        offer=one.name(run.offer),
        begun_by=one.name(run.begun_by),
    )
    if one.newer and seen.newest is not None:
        one = replace(one, differ=differing(seen.book, seen.newest))
    steps = tuple(
        _step(one, seen, phase.title, step, number)
        for number, (phase, step) in enumerate(
            ((phase, step) for phase in seen.book.phases for step in phase.steps), 1
        )
    )
    one = replace(one, steps=steps)
    return replace(
        one,
        lanes=tuple(_lane(one, name) for name in LANES if seen.book.lane(name)),
        phases=tuple(
            _phase(one, phase.id, phase.title, {s.id for s in phase.steps})
            for phase in seen.book.phases
        ),
    )


def _goes_on(state: State, run: Run) -> str:
    if run.status != "superseded":
        return ""
    return next((one.id for one in state.runs() if one.follows == run.id), "")


def _commanders(state: State, run: Run) -> frozenset[str]:
    incident = incident_of(state, run)
    lead = "" if incident is None else incident.roles.get("commander", "")
    return frozenset(one for one in (run.commander, lead) if one and leads(state, run, one))


def _step(view: RunView, seen: Seen, phase: str, step: Step, number: int) -> StepView:
    mark = view.run.mark(step.id)
    return StepView(
        step=step,
        number=number,
        phase=phase,
        state=_state(view.run, step, mark),
        mark=mark,
        by=view.name(mark.by),
        assignee=view.name(mark.assignee),
        offered=view.name(mark.offered),
        why=seen.texts.get(mark.why, ""),
        on=seen.texts.get(mark.on, ""),
        elapsed_ms=_elapsed(mark, view),
        planned_ms=None if step.time_s is None else step.time_s * 1000,
        acts=tuple(_act(view, seen, step, one) for one in range(1, len(step.actions) + 1)),
        notes=tuple(
            opened(one, seen.texts.get(one.text, ""), view.name(one.by))
            for one in view.run.kept
            if one.step == step.id
        ),
        commander_skips=bool(guarded(step, view.severity)),
    )


def _state(run: Run, step: Step, mark: Mark) -> StepState:
    if mark.state == "open":
        if run.open and run.focus.get(step.lane) == step.id:
            return "current"
        return "passed" if mark.passed else "todo"
    return mark.state


def _elapsed(mark: Mark, view: RunView) -> int | None:
    if mark.begun_ms is None:
        return None
    ended = view.run.ended_ms if view.run.ended_ms is not None else view.now_ms
    end = mark.at_ms if mark.state in ("done", "skipped", "failed") else ended
    return max(end - mark.begun_ms, 0)


def _act(view: RunView, seen: Seen, step: Step, number: int) -> ActView:
    action, run = step.actions[number - 1], view.run
    given = meant(action, view.workflow)
    act, back = run.act(step.id, number), run.undoing(step.id, number)
    one = ActView(
        number=number,
        verb=action.verb,
        label=label(given, action.verb, seen.book),
        changes=action.verb in CHANGING,
        press=given is not None and may_press(run, step, number) and not is_there(run, given),
        reach=seen.reached.get(f"{step.id}#{number}", ""),
    )
    if act is None:
        return (
            replace(one, detail=f"{run.incident} is there already") if is_there(run, given) else one
        )
    return replace(
        one, state=act.state, result=act.result, detail=_so(act, seen), by=view.name(act.by),
        at_ms=act.at_ms, until_ms=_until_ms(act, given), attempt=act.attempt,
        undo=run.open and act.state == "done" and _has_way_back(action.verb, act) and _free(back),
        read_back=act.state == "unknown" or (back is not None and back.state == "unknown"),
        undone="" if back is None else back.state,
    )  # fmt: skip


def _until_ms(act: Act, given: Arguments | None) -> int | None:
    """Return when an action is over: of a check that has to stay so that is not when it is looked at again."""
    if act.state == "waiting" and isinstance(given, VerifyArguments) and act.since_ms is not None:
        return act.since_ms + (given.for_s or 0) * 1000
    return act.until_ms


def _so(act: Act, seen: Seen) -> str:
    """Return what is known of an action now: of a kill how far it got, which no record of then says."""
    now = seen.kills.get(act.result, "") if act.state == "done" else ""
    return "; ".join(one for one in (act.detail, now) if one)


def may_press(run: Run, step: Step, number: int) -> bool:
    """Return whether an action can be pressed: a new attempt only where the last one came to nothing."""
    if not run.open or run.imported or run.mark(step.id).state in ("done", "skipped"):
        return False
    act = run.act(step.id, number)
    if unsaid(run, step, number) is not None:
        return False
    if act is None or act.state in ("failed", "undone"):
        return True
    return act.state == "done" and (act.older or run.mark(step.id).reopened > act.version)


def _has_way_back(verb: Verb, act: Act) -> bool:
    softened = verb == "kill" and act.result.startswith("A-")
    return verb in PRESSED and bool(act.result) and not act.older and not softened


def _free(back: Act | None) -> bool:
    return back is None or back.state in ("failed", "done")


def _lane(view: RunView, name: LaneName) -> LaneView:
    run, book = view.run, view.book
    held = barrier(run, book, name)
    mark = None if held is None else run.mark(held.id)
    so = "" if mark is None else {"failed": "did not verify"}.get(mark.state, f"is {mark.state}")
    return LaneView(
        name=name,
        step=view.step(run.focus.get(name, "")) if run.open else None,
        after=tuple(one.title for one in coming(run, book, name)[:NEXT]),
        holds="" if held is None else f"\u201c{held.title}\u201d {so}",
    )


def _phase(view: RunView, phase: str, title: str, ids: set[str]) -> PhaseView:
    states = [one.state for one in view.steps if one.step.id in ids]
    return PhaseView(
        phase,
        title,
        len(states),
        states.count("done"),
        states.count("skipped"),
        states.count("failed"),
        states.count("blocked"),
        states.count("passed"),
    )
