"""Ticks: done, failed, skipped, blocked, a box, an answer, and the tick taken off again. Pure."""

from dataclasses import replace
from typing import Final

from opsbot.app.runs.first import stale, titled
from opsbot.app.runs.lanes import jumped, onward, opened_again, unpassed
from opsbot.app.runs.touch import Touch, Words, refuse
from opsbot.app.runs.waiting import waited_for
from opsbot.domain.errors import StaleButton
from opsbot.domain.prose import plain
from opsbot.domain.run import Run
from opsbot.domain.runbook import Step, Verb

__all__ = [
    "Words", "blocked", "boxed", "decided", "done", "failed", "opened", "skipped", "unblocked",
]  # fmt: skip

PROVEN: Final[frozenset[Verb]] = frozenset({"verify", "approve", "wait"})
"""Verbs that nobody ticks by hand: only what they came to lets a step be done."""

RECHECK_S: Final = 15 * 60
"""When something blocked is looked at again where nobody said, in seconds."""

_GUARDED: Final[frozenset[Verb]] = frozenset({"verify", "capture"})
_ENDED: Final = frozenset({"done", "skipped"})


def done(touch: Touch) -> Run:
    """
    Tick a step; on one that is done already and current again, go on.

    Raises:
        StaleButton: somebody did. NeedsMoreWords: its question or its actions are not settled.
    """
    if touch.mark.state in _ENDED:
        if touch.run.focus.get(touch.step.lane) == touch.step.id:
            return onward(touch.run, touch.book, touch.step)
        raise stale(touch.state, touch.now_ms, touch.mark, touch.step, touch.by)
    if touch.step.decide is not None:
        asked = plain(touch.step.decide.question)
        options = ", ".join(
            f"{number} {one.label}" for number, one in enumerate(touch.step.decide.options, 1)
        )
        raise refuse(f"Its question decides it (\u201c{asked}\u201d)", f"Answer one of: {options}.")
    _must_be_settled(touch)
    return onward(_ticked(touch, "done"), touch.book, touch.step)


def decided(touch: Touch) -> Run:
    """
    Take one answer, which ticks the step and leads on.

    Raises:
        StaleButton: it is answered. NeedsMoreWords: no such answer, or not settled.
    """
    if touch.mark.state in _ENDED:
        raise stale(touch.state, touch.now_ms, touch.mark, touch.step, touch.by)
    decision, number = touch.step.decide, touch.request.option
    if decision is None:
        raise refuse(f"{titled(touch.step)} asks nothing")
    if number is None or not 1 <= number <= len(decision.options):
        named = ", ".join(f"{n} {one.label}" for n, one in enumerate(decision.options, 1))
        raise refuse("Say which answer", f"One of: {named}.")
    _must_be_settled(touch)
    option = decision.options[number - 1]
    after = unpassed(_ticked(touch, "done", choice=number - 1), touch.step.id)
    target = touch.book.step(option.step)
    if target is None:
        return onward(after, touch.book, touch.step)
    return jumped(after, touch.book, touch.step, target)


def failed(touch: Touch) -> Run:
    """Say that it did not work; a check that failed keeps its lane. Raises StaleButton."""
    _must_be_open(touch)
    after = _ticked(touch, "failed", why=touch.words.commitment)
    return onward(after, touch.book, touch.step)


def skipped(touch: Touch) -> Run:
    """
    Skip a step, for a reason; who may is told by what it does.

    Raises:
        NeedsMoreWords: no reason. NotAllowed: only the commander skips this. StaleButton.
    """
    if touch.mark.state in _ENDED:
        raise stale(touch.state, touch.now_ms, touch.mark, touch.step, touch.by)
    if not touch.words.text.strip():
        raise refuse(f"Say why {titled(touch.step)} is skipped", "It goes to the review.")
    if why := guarded(touch.step, touch.severity):
        touch.must_lead(f"skips {why}")
    _must_rest(touch)
    after = _ticked(touch, "skipped", why=touch.words.commitment)
    return onward(unpassed(after, touch.step.id), touch.book, touch.step)


def blocked(touch: Touch) -> Run:
    """Set a step aside until somebody or something moves. Raises NeedsMoreWords, StaleButton."""
    _must_be_open(touch)
    if not touch.words.text.strip():
        raise refuse("Say on whom or what it waits", "As in `the index team, ticket 4711`.")
    for_s = touch.request.for_s
    recheck_ms = touch.now_ms + (RECHECK_S if for_s is None else for_s) * 1000
    waits = waited_for(touch.state, touch.run, touch.request, touch.by)
    on = touch.words.commitment
    after = _ticked(touch, "blocked", on=on, recheck_ms=recheck_ms, waits=waits)
    return onward(after, touch.book, touch.step)


def unblocked(touch: Touch) -> Run:
    """Take up a blocked step again; it is current where it comes before what is. Raises StaleButton."""
    if touch.mark.state == "open" and touch.mark.by:  # whoever touched it last did something else
        raise StaleButton(f"{titled(touch.step)} is not blocked; nothing was changed.")
    if touch.mark.state != "blocked":
        raise stale(touch.state, touch.now_ms, touch.mark, touch.step, touch.by)
    after = touch.marked(state="open", on="", recheck_ms=None, waits=())
    return _current_again(touch, after)


def opened(touch: Touch) -> Run:
    """Take a tick off; what its answer led past is open again. Raises StaleButton."""
    if touch.mark.state not in (*_ENDED, "failed"):
        raise StaleButton(f"There is no tick on {titled(touch.step)}; nothing was changed.")
    mark = replace(opened_again(touch.run, touch.step.id), boxes=touch.mark.boxes)
    fresh = replace(
        mark, by=touch.by, at_ms=touch.now_ms, version=touch.run.version + 1, begun_ms=touch.now_ms
    )
    after = replace(touch.run, marks={**touch.run.marks, touch.step.id: fresh})
    return _current_again(touch, unpassed(after, touch.step.id))


def boxed(touch: Touch) -> Run:
    """
    Tick or untick one box.

    Raises:
        NeedsMoreWords: there is no such box. StaleButton: somebody did since it was seen.
    """
    box, mark = touch.request.box, touch.mark
    if box not in {one.id for one in touch.step.boxes}:
        raise refuse(f"{titled(touch.step)} has no such box")
    seen = touch.request.seen
    if seen is not None and mark.boxed.get(box, 0) > seen:
        so = "ticked" if box in mark.boxes else "unticked"
        raise StaleButton(f"Somebody {so} this box just now. Nothing was changed.")
    ticked = set(mark.boxes) ^ {box}
    boxes = tuple(one.id for one in touch.step.boxes if one.id in ticked)
    version = touch.run.version + 1
    kept = replace(
        mark, boxes=boxes, boxed={**mark.boxed, box: version},
        assignee=mark.assignee or touch.by, begun_ms=mark.begun_ms or touch.now_ms,
    )  # fmt: skip
    return replace(touch.run, marks={**touch.run.marks, touch.step.id: kept})


def _ticked(touch: Touch, state: str, **more: object) -> Run:
    given: dict[str, object] = {
        "why": "",
        "on": "",
        "recheck_ms": None,
        "waits": (),
        "offered": "",
        "offered_ms": None,
    }
    return touch.marked(
        state=state, **{**given, **more}, assignee=touch.mark.assignee or touch.by,
        begun_ms=touch.mark.begun_ms or touch.now_ms, passed="",
    )  # fmt: skip


def _current_again(touch: Touch, after: Run) -> Run:
    """Make a step current that is open again, where it comes before what is."""
    lane = [one.id for one in touch.book.lane(touch.step.lane)]
    now = after.focus.get(touch.step.lane, "")
    if not now or lane.index(touch.step.id) < lane.index(now):
        return replace(after, focus={**after.focus, touch.step.lane: touch.step.id})
    return after


def _must_be_open(touch: Touch) -> None:
    if touch.mark.state != "open":
        raise stale(touch.state, touch.now_ms, touch.mark, touch.step, touch.by)


def _must_be_settled(touch: Touch) -> None:
    """Refuse to tick what is under way, and what only evidence may tick."""
    _must_rest(touch)
    if touch.run.mode == "show":
        return
    for number, action in enumerate(touch.step.actions, 1):
        act = touch.run.act(touch.step.id, number)
        if action.verb in PROVEN and not touch.run.settled(touch.step.id, number):
            before = act is not None and act.state == "done"
            so = f" It says: {act.detail}." if act is not None and act.detail and not before else ""
            waits = act is not None and act.state == "waiting"
            press = "It is on its way: when that is over" if waits else "Press it"
            who = "the commander skips it" if action.verb == "verify" else "skip it"
            raise refuse(
                f"Only its `{action.verb}` makes {titled(touch.step)} done{so.rstrip('.')}",
                f"{press}; or {who}, for a reason.",
            )
        if act is not None and act.state == "waiting":
            raise refuse(
                f"`{action.verb}` of {titled(touch.step)} waits{f' ({act.result})' if act.result else ''}",
                "It is done when that is; or skip it, for a reason.",
            )


def _must_rest(touch: Touch) -> None:
    """Refuse to tick or skip what nobody knows the end of."""
    for number, action in enumerate(touch.step.actions, 1):
        act = touch.run.act(touch.step.id, number)
        if act is not None and act.state == "executing":
            raise refuse(
                f"`{action.verb}` of {titled(touch.step)} is under way", "In a moment again."
            )
        if act is not None and act.state == "unknown":
            raise refuse(
                f"Nobody knows yet what `{action.verb}` of {titled(touch.step)} came to",
                "Look at what is really so first: `read back`.",
            )


def guarded(step: Step, severity: str) -> str:
    """Return why only the commander skips a step, empty where anybody may."""
    verbs = {one.verb for one in step.actions} & _GUARDED
    if verbs:
        return f"a `{min(verbs)}` step"
    if step.lane == "comms" and severity == "SEV1":
        return "words to people at SEV1"
    return ""
