"""Pressing an action: claimed in one commit before anything is done, so that no crash repeats it. Pure."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.runs.arguments import BadArguments, arguments_of
from opsbot.app.runs.auto import begun_by, ticked_by_itself
from opsbot.app.runs.barriers import must_be_told_first, must_not_be_held
from opsbot.app.runs.by_hand import by_hand
from opsbot.app.runs.change import Told, beside, changed
from opsbot.app.runs.first import (
    must_be_first,
    must_show_this_revision,
    pressed_before,
    stale,
    titled,
)
from opsbot.app.runs.fresh import must_be_known
from opsbot.app.runs.labels import label
from opsbot.app.runs.marks import step_meant
from opsbot.app.runs.meant import ApproveArguments, Arguments, WaitArguments
from opsbot.app.runs.outline import called
from opsbot.app.runs.params import workflow_of
from opsbot.app.runs.power import may_walk
from opsbot.app.runs.requests import RunAction
from opsbot.app.runs.second import Asking, asked_for
from opsbot.app.runs.sight import found
from opsbot.app.runs.touch import over, refuse
from opsbot.app.runs.way_back import way_back
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.errors import StaleButton
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.run import Act, Run
from opsbot.domain.runbook import Action, Runbook, Step
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsflags import keys

LEASE_MS: Final = 30_000
"""How long a claim holds: longer than any use case takes to answer, or to say that it does not know."""


@dataclass(frozen=True, slots=True)
class Pressing:
    """
    One request with what was read beforehand.

    *safe* is the same runbook without free text of people: what gets into the journal is of that one.
    """

    request: RunAction
    actor: Actor
    book: Runbook
    safe: Runbook | None = None

    def written(self, run: Run, step: str, number: int) -> Action:
        """
        Return an action in the words that the journal may have.

        Raises:
            StaleButton: the run went on with another revision while it was read.
        """
        book = self.safe or self.book
        found = book.step(step)
        if book.digest != self.book.digest or found is None:
            raise StaleButton(
                f"{run.id} walks a newer revision since just now. Nothing was changed.",
                hint=f"Look at it as it is now: {command(f'runbook show {run.id}')}.",
            )
        return found.actions[number - 1]


@dataclass(frozen=True, slots=True)
class Claimed(Told):
    """
    What was claimed: the *key* of the action in its run, its *attempt*, and what it means.

    *given* is None where nothing is left to be done now: it waits, or only says what it would do.
    """

    key: str = ""
    attempt: int = 1
    step: Step | None = None
    given: Arguments | None = None
    back: bool = False

    @property
    def request_id(self) -> str:
        """Return the request id under which it is done, the same after any crash."""
        return request_id(self.run, self.key, self.attempt)


def request_id(run: Run, key: str, attempt: int) -> str:
    """
    Return the request id of one attempt.

    It stands in the journal beside what the attempt did, where others read it than who knows of the
    run: so it says neither which run nor which step that was.
    """
    told = f"{run.uid}:{key}:{attempt}"
    return f"run:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def said_id(run: Run, key: str, words: object) -> str:
    """
    Return the request id of what an action says in an incident before it moves it.

    The same for every attempt until the step is opened again: one that was cut off, or whose move was
    refused, says it no second time. Other *words* are another thing to say.
    """
    told = f"{run.uid}:{key}:{run.mark(key.partition('#')[0]).reopened}:{words!r}"
    return f"run:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def former_id(run: Run, key: str, attempt: int) -> str:
    """Return the request id that an attempt had before they were opaque: one may be on its way still."""
    return f"run:{run.id}:{key.replace('#', ':')}:{attempt}"


def key_of(step: Step, number: int, *, back: bool = False) -> str:
    """Return where an action stands in its run; its way back stands beside it."""
    return f"{step.id}#{number}{'~' if back else ''}"


def decide_claim(state: State, now_ms: int, pressing: Pressing) -> tuple[Change | None, Claimed]:
    """
    Claim one action, or its way back.

    Raises:
        UnknownRun, NeedsMoreWords, NotAllowed: nothing was done. StaleButton: who pressed it first.
    """
    request, book = pressing.request, pressing.book
    run = found(state, pressing.actor, request.which)
    rule = may_walk(state, run, pressing.actor, now_ms)
    if not run.open:
        raise over(state, run, now_ms)
    must_show_this_revision(run, request.seen)
    by = identity_of(policy_of(state), pressing.actor)
    step = step_meant(run, book, request.step, by=by)
    must_be_known(state, now_ms, run, book, step, by, request)
    action, given = meant(run, book, step, request.number)
    hand = _Hand(state, now_ms, run, step, by, pressing)
    key = key_of(step, request.number, back=hand.back)
    hand.must_be_free(key, action)
    old = run.acts.get(key)
    attempt = 1 if old is None else old.attempt + 1
    if run.mode == "show":
        return None, Claimed(
            run, f"Only shown: for real it {would(action, run, book)}", key, attempt, step
        )
    action = pressing.written(run, step.id, request.number)
    act = Act(
        "executing", attempt, by, now_ms, now_ms + LEASE_MS, version=run.version + 1,
        before=() if old is None else old.results,
    )  # fmt: skip
    held = hand.held(act, action, given, key)
    after = begun_by(replace(run, acts={**run.acts, key: held.act}), step, by, now_ms)
    if held.act.state == "done":
        after = ticked_by_itself(after, book, step, by, now_ms)
    change, after = changed(
        state, now_ms, run, after, book, pressing.actor, verb="run_act", rule=rule,
        facts={"step": step.id, "called": called(state, run, step.id), "action": request.number, "state": held.act.state,
               "attempt": attempt, "back": hand.back, "does": action.verb},
    )  # fmt: skip
    words = f"{label(given, action.verb, book)}: {held.act.detail or held.act.state}"
    told = Claimed(after, f"{words.rstrip('.')}.", key, attempt, step, held.left, hand.back)
    return beside(change, held.more), told


@dataclass(frozen=True, slots=True)
class _Held:
    """How an action is claimed: what is *left* to be done now, and what goes with the claim."""

    act: Act
    left: Arguments | None
    more: Change | None = None


@dataclass(frozen=True, slots=True)
class _Hand:
    """Somebody's hand on one step of one run, on one state."""

    state: State
    now_ms: int
    run: Run
    step: Step
    by: str
    pressing: Pressing

    @property
    def back(self) -> bool:
        """Return whether the way back was pressed."""
        return self.pressing.request.act == "undo"

    def held(self, act: Act, action: Action, given: Arguments, key: str) -> _Held:
        """Return what the claim comes to at once: a wait and an approval have nothing else to do."""
        if self.run.mode == "drill":
            does = would(action, self.run, self.pressing.book)
            words = f"a drill: for real it {'takes this back: it ' if self.back else ''}{does}"
            return _Held(replace(act, state="done", until_ms=None, detail=words), None)
        if isinstance(given, WaitArguments):
            return _Held(replace(act, state="waiting", until_ms=_ends_ms(given, self.now_ms)), None)
        if isinstance(given, ApproveArguments):
            workflow = workflow_of(self.run, self.pressing.book)
            asks = " ".join(str(action.arguments["what"]).split())
            asking = Asking(self.run, self.step, key, replace(given, what=asks), workflow)
            one, more = asked_for(self.state, self.now_ms, asking, self.pressing.actor)
            waits = replace(act, state="waiting", until_ms=one.expires_ms, result=one.id)
            return _Held(waits, None, more)
        return _Held(act, given)

    def must_be_free(self, key: str, action: Action) -> None:
        """Refuse a second press of what is under way, done, or not known to have ended."""
        run, step = self.run, self.step
        if self.back:
            done = way_back(run, step, self.pressing.request.number, action)
            self._must_be_made_by(done)
        old = run.acts.get(key)
        mark, seen = run.mark(step.id), self.pressing.request.seen
        fresh = old is not None and (self.back or old.older or mark.reopened > old.version)
        again = old is not None and old.state == "done" and fresh
        if not self.back:
            if old is not None and old.state == "done" and not again and run.mode != "show":
                raise pressed_before(self.state, self.now_ms, old, step, self.by)
            self._must_be_open()
            self._must_not_be_taken_back()
            must_not_be_held(run, self.pressing.book, step, action)
            must_be_told_first(run, step, self.pressing.request.number)
        if old is None or run.mode == "show":
            return
        theirs = seen is not None and old.version > seen and old.by != self.by
        if theirs or (old.state in ("executing", "waiting", "done") and not again):
            raise pressed_before(self.state, self.now_ms, old, step, self.by)
        if old.state == "unknown":
            raise refuse(
                f"Nobody knows yet what the last attempt at {titled(step)} came to",
                "Look at what is really so first: `read back`.",
            )

    def _must_not_be_taken_back(self) -> None:
        """Refuse to do anew what is being taken back: what that comes to would be noted of the new attempt."""
        back = self.run.undoing(self.step.id, self.pressing.request.number)
        if back is not None and back.state in ("executing", "unknown"):
            raise refuse(
                f"What was done at {titled(self.step)} is being taken back", "In a moment again."
            )

    def _must_be_made_by(self, done: Act) -> None:
        """Refuse to take back a kill that was there before: its own maker, or a restore, lifts that."""
        if done.result not in self.state.kind(keys.KILLS):
            return
        kill = self.state.kill(done.result)
        if kill.since_ms < done.at_ms:
            raise refuse(
                f"{kill.id} was there before that press of {titled(self.step)}, so that is not what is taken back",
                f"What was so before it came stays so. To lift it: {command(f'restore {kill.id}')}.",
            )

    def _must_be_open(self) -> None:
        mark, seen = self.run.mark(self.step.id), self.pressing.request.seen
        if mark.state in ("done", "skipped"):
            raise stale(self.state, self.now_ms, mark, self.step, self.by)
        must_be_first(self.state, self.now_ms, mark, self.step, self.by, seen)


def would(action: Action, run: Run, book: Runbook) -> str:
    """Return what an action does, in words, to end a sentence that says what it does for real."""
    does = by_hand(action, workflow=workflow_of(run, book)).does
    return f"{does[:1].lower()}{does[1:].rstrip('.')}."


def meant(run: Run, book: Runbook, step: Step, number: int) -> tuple[Action, Arguments]:
    """
    Return one action of a step with what it means in this run.

    Raises:
        NeedsMoreWords: there is no such action, it can never be pressed, or its arguments mean nothing.
    """
    if run.imported or book.imported:
        raise refuse("This page is from outside: it is walked as a checklist and never acts")
    if not 1 <= number <= len(step.actions):
        count = len(step.actions)
        known = f"It has {count}." if count else "It has none: do it, and tick it."
        raise refuse(f"{titled(step)} has no action {number}", known)
    action = step.actions[number - 1]
    try:
        given = arguments_of(action.verb, action.arguments, workflow=workflow_of(run, book))
    except BadArguments as no:
        problem = no.problems[0]
        raise refuse(f"`{action.verb}` cannot be done here: {problem.message}", problem.fix) from no
    return action, given


def _ends_ms(given: WaitArguments, now_ms: int) -> int:
    """Return when a wait ends: after its time, or at the next such time of day (UTC)."""
    if given.for_s is not None:
        return now_ms + given.for_s * 1000
    hours, _, minutes = given.until.partition(":")
    today_ms = now_ms - now_ms % _DAY_MS
    at_ms = today_ms + (int(hours) * 60 + int(minutes)) * 60_000
    return at_ms if at_ms > now_ms else at_ms + _DAY_MS


_DAY_MS: Final = 24 * 3_600_000
