"""What a person's word on a step comes to on one state: every mark is one version, and none is lost. Pure."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import clock
from opsbot.app.runs.attach import attached
from opsbot.app.runs.bare import step_at_hand
from opsbot.app.runs.barriers import must_not_be_held
from opsbot.app.runs.by_hand import listed
from opsbot.app.runs.change import Told, beside, changed
from opsbot.app.runs.first import must_be_first, must_show_this_revision, name, titled
from opsbot.app.runs.fresh import must_be_known
from opsbot.app.runs.hands import accepted, assigned, declined, taken
from opsbot.app.runs.lanes import stepped_back
from opsbot.app.runs.outline import called
from opsbot.app.runs.power import invited, may_walk
from opsbot.app.runs.requests import MarkStep
from opsbot.app.runs.second import void
from opsbot.app.runs.sight import found
from opsbot.app.runs.ticks import (
    Words,
    blocked,
    boxed,
    decided,
    done,
    failed,
    opened,
    skipped,
    unblocked,
)
from opsbot.app.runs.touch import Touch, over, refuse
from opsbot.app.runs.unpressed import unpressed_words
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Json, Sealed
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.run import Run
from opsbot.domain.runbook import LANES, LaneName, Runbook, Step
from opsbot.domain.state import State
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class Marking:
    """One request with what was read and drawn beforehand; *text* is the commitment to its words."""

    request: MarkStep
    actor: Actor
    book: Runbook
    text: str = ""
    sealed: tuple[Sealed, ...] = ()


_ACTS: Final[Mapping[str, Callable[[Touch], Run]]] = {
    "take": taken,
    "assign": assigned,
    "accept": accepted,
    "decline": declined,
    "done": done,
    "failed": failed,
    "skip": skipped,
    "block": blocked,
    "unblock": unblocked,
    "box": boxed,
    "decide": decided,
    "undo": opened,
    "note": attached,
    "evidence": attached,
}

_ASKED: Final = frozenset({"accept", "decline", "take", "unblock"})
"""What somebody who was asked may answer for that very step, without any other power."""

_BESIDE: Final = frozenset({"note", "evidence", "box", "back"})
"""What two people may do to one step at once without being in each other's way."""

_JUDGED: Final = frozenset({"done", "failed", "skip", "box", "decide"})
"""What is said about the words of a step, and so only about those that were read."""

_HELD: Final = frozenset({"done", "failed", "box", "decide"})
"""What is said of a step that was come to: none of it is while something before it holds their lane."""


def decide_mark(state: State, now_ms: int, marking: Marking) -> tuple[Change | None, Told]:
    """
    Decide one mark.

    Raises:
        UnknownRun, NeedsMoreWords, NotAllowed: nothing was changed. StaleButton: who was first, and when.
    """
    request, actor = marking.request, marking.actor
    run = found(state, actor, request.which)
    says = request.act in ("note", "evidence")
    by = identity_of(policy_of(state), actor)
    asked = who_was_asked(run, marking.book, request, by)
    rule = may_walk(state, run, actor, now_ms, "say" if says else "work", asked=asked)
    if not run.open and not says:
        raise over(state, run, now_ms)
    if request.act in _JUDGED:
        must_show_this_revision(run, request.seen)
    step = step_meant(run, marking.book, request.step, now=request.act, by=by)
    must_be_known(state, now_ms, run, marking.book, step, by, request)
    touch = Touch(
        state=state, now_ms=now_ms, run=run, book=marking.book, step=step, by=by,
        words=Words(request.words, marking.text), request=request,
    )  # fmt: skip
    if request.act not in _BESIDE:
        must_be_first(state, now_ms, touch.mark, step, by, request.seen)
    if request.act in _HELD and touch.mark.state not in ("done", "skipped"):
        must_not_be_held(run, marking.book, step)
    if request.act == "back":
        after = stepped_back(run, marking.book, step.lane)
        if after == run:
            raise refuse("There is nothing before it", "This is where the lane begins.")
    else:
        after = _ACTS[request.act](touch)
    if after == run:
        return None, Told(run, "Already so; nothing was changed.")
    facts: dict[str, Json] = {
        "step": step.id,
        "called": called(state, run, step.id),
        "act": request.act,
    }
    change, after = changed(
        state, now_ms, run, after, marking.book, actor, verb="run_mark", rule=rule,
        facts=facts, sealed=marking.sealed,
    )  # fmt: skip
    ended = void(state, now_ms, run, actor, step=step.id) if request.act == "skip" else None
    return beside(change, ended), Told(after, noted(state, run, after, marking.book, touch))


def who_was_asked(run: Run, book: Runbook, request: MarkStep, by: str) -> frozenset[str]:
    """Return who may do that one thing because they were asked: to answer for a step, or to say something."""
    if request.act == "note":
        return invited(run)
    if request.act not in _ASKED:
        return frozenset()
    with contextlib.suppress(NeedsMoreWords):
        mark = run.mark(step_meant(run, book, request.step, now=request.act, by=by).id)
        named = mark.waits if request.act == "unblock" else (mark.offered,)
        return frozenset(one for one in named if one)
    return frozenset()


def step_meant(run: Run, book: Runbook, word: str, *, now: str = "", by: str = "") -> Step:
    """
    Return the step that is meant: by its id, its number, its title, or as the current one.

    Of two current ones it is that in whose lane *by* is at work.

    Raises:
        NeedsMoreWords: there is none such, or both lanes have one and none was named.
    """
    if word:
        return _step_named(book, word)
    if (asked := _step_asked(run, book, now, by)) is not None:
        return asked
    open_ = [one for lane in LANES if (one := book.step(run.focus.get(lane, ""))) is not None]
    if len(open_) == 1:
        return open_[0]
    if not open_:
        if now == "back":
            return book.steps[-1]
        raise NeedsMoreWords(
            f"Every lane of {run.id} is at its end; nothing was changed.",
            hint="Name a step, or finish the run.",
        )
    if (at_hand := step_at_hand(run, book, open_, by)) is not None:
        return at_hand
    both = [(book.steps.index(one) + 1, titled(one)) for one in open_]
    named = " and ".join(f"{number}, {title}" for number, title in both)
    raise NeedsMoreWords(
        f"Two steps are current: {named}; nothing was changed.",
        hint=f"Say which, before any other words: {' or '.join(f'`step:{number}`' for number, _ in both)}.",
    )


def _step_asked(run: Run, book: Runbook, now: str, by: str) -> Step | None:
    """
    Return the one step about which somebody was asked: an answer is about that, whatever is current.

    Raises:
        NeedsMoreWords: nobody asked them about any.
    """
    if now in ("accept", "decline"):
        steps = [one for one in book.steps if by and run.mark(one.id).offered == by]
        if not steps:
            raise refuse(f"No step of {run.id} is offered to you")
    elif now == "unblock":
        blocked_ = [one for one in book.steps if run.mark(one.id).state == "blocked"]
        steps = [one for one in blocked_ if by in run.mark(one.id).waits] or blocked_
    else:
        return None
    return steps[0] if len(steps) == 1 else None


def _step_named(book: Runbook, word: str) -> Step:
    folded = word.strip().casefold()
    steps = book.steps
    found = book.step(word.strip()) or book.step(folded)
    if found is None and folded.isascii() and folded.isdigit() and 0 < int(folded) <= len(steps):
        found = steps[int(folded) - 1]
    found = found or next((one for one in steps if one.title.casefold() == folded), None)
    if found is None:
        raise refuse(
            "There is no such step in this version of the runbook",
            f"Name it by its number, 1 to {len(steps)}; {command('runbook steps')} lists them.",
        )
    return found


def noted(state: State, before: Run, after: Run, book: Runbook, touch: Touch) -> str:
    """Return what happened, in a sentence: to what, and what comes next."""
    step, act = touch.step, touch.request.act
    if act in ("note", "evidence"):
        return f"{'Noted' if act == 'note' else 'Kept as evidence'} on {titled(step)}."
    first = _HAPPENED.get(act, "").format(
        step=titled(step), who=name(state, after.mark(step.id).offered)
    )
    waits = listed([name(state, one) for one in after.mark(step.id).waits])
    recheck_ms = after.mark(step.id).recheck_ms
    if act == "block" and recheck_ms is not None:
        first = f"{first.removesuffix('.')} at {clock(recheck_ms)}."
    if act == "block" and waits:
        first = f"{first} A message goes to {waits}."
    if act == "box":
        ticked = touch.request.box in after.mark(step.id).boxes
        first = f"A box of {titled(step)} is {'ticked' if ticked else 'not ticked any more'}."
    left = unpressed_words(after, book, step) if act in ("done", "decide") else ""
    first = f"{first} {left}." if left else first
    onward = _onward(step, after.mark(step.id).choice) if act in ("decide", "done") else ""
    return " ".join(one for one in (first, _next(before, after, book, step.lane), onward) if one)


def _onward(step: Step, choice: int | None) -> str:
    """Return where another runbook goes on, as an answer or the step itself says; nobody is sent there."""
    options = () if step.decide is None else step.decide.options
    option = options[choice] if choice is not None and choice < len(options) else None
    name_ = (option.runbook if option is not None else "") or step.onward
    return f"It goes on in `{name_}`: switch when you are ready." if name_ else ""


def _next(before: Run, after: Run, book: Runbook, lane: LaneName) -> str:
    now = after.focus.get(lane, "")
    if before.focus.get(lane, "") == now:
        return ""
    step = book.step(now)
    return f"Next: {titled(step)}." if step is not None else f"The {lane} lane is at its end."


_HAPPENED: Final[Mapping[str, str]] = {
    "take": "You have {step}.",
    "assign": "{who} was asked to take {step}; it is theirs when they accept.",
    "accept": "You have {step}.",
    "decline": "You declined {step}.",
    "done": "{step} is done.",
    "failed": "{step} did not work; that is noted.",
    "skip": "{step} was skipped; that stays visible.",
    "block": "{step} is blocked; it is looked at again.",
    "unblock": "{step} is open again.",
    "decide": "{step} is answered.",
    "undo": "The tick on {step} was taken off.",
    "back": "One step back; every tick stays.",
}
