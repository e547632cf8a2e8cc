"""Who has a step: taken, offered, accepted, declined; asked is not taken. Pure."""

from opsbot.app.incident.roles import person
from opsbot.app.runs.first import stale, titled
from opsbot.app.runs.power import must_know
from opsbot.app.runs.touch import Touch, refuse, who
from opsbot.domain.errors import StaleButton
from opsbot.domain.run import Run


def taken(touch: Touch) -> Run:
    """
    Take a step, which starts its time.

    Raises:
        StaleButton: it is dealt with, or somebody else has it and who asks does not command.
    """
    _must_be_open(touch)
    mark = touch.mark
    if mark.assignee == touch.by:
        return touch.run
    if mark.assignee and not touch.leads:
        raise StaleButton(
            f"{who(touch, mark.assignee)} has {titled(touch.step)}; nothing was changed.",
            hint="The commander can give it to somebody else.",
        )
    return _held(touch)


def assigned(touch: Touch) -> Run:
    """
    Ask somebody to take a step; it is theirs once they accept.

    Raises:
        NotAllowed: only the commander assigns. NeedsMoreWords: nobody such. StaleButton.
    """
    _must_be_open(touch)
    if not touch.request.who:
        raise refuse("Say who is to take it", "Mention the person, as in `@ines`.")
    to = person(touch.state, touch.request.who)
    if to == touch.by:
        return taken(touch)
    touch.must_lead("assigns steps")
    must_know(touch.state, touch.run, to)
    if to in (touch.mark.assignee, touch.mark.offered):
        return touch.run
    return touch.marked(offered=to, offered_ms=touch.now_ms)


def accepted(touch: Touch) -> Run:
    """Accept a step that was offered. Raises StaleButton: it is not, any more."""
    _must_be_asked(touch)
    _must_be_open(touch)
    return _held(touch)


def declined(touch: Touch) -> Run:
    """Decline a step that was offered. Raises StaleButton: it is not, any more."""
    _must_be_asked(touch)
    return touch.marked(offered="", offered_ms=None)


def _held(touch: Touch) -> Run:
    return touch.marked(
        assignee=touch.by,
        offered="",
        offered_ms=None,
        begun_ms=touch.mark.begun_ms or touch.now_ms,
    )


def _must_be_asked(touch: Touch) -> None:
    if touch.mark.offered != touch.by:
        to = f"It is offered to {who(touch, touch.mark.offered)}." if touch.mark.offered else ""
        raise StaleButton(
            f"{titled(touch.step)} is not offered to you; nothing was changed.", hint=to
        )


def _must_be_open(touch: Touch) -> None:
    if touch.mark.state in ("done", "skipped"):
        raise stale(touch.state, touch.now_ms, touch.mark, touch.step, touch.by)
