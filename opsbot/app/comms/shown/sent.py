"""How far a message is at each target: where it is read, what it waits for and until when, what can be done. Pure."""

from collections.abc import Iterator
from typing import Final

from opsbot.app.comms.order import PATIENCE_MS, sent_until
from opsbot.app.comms.targets import in_app
from opsbot.app.comms.view import MessageView
from opsbot.app.fleet.words import clock, moment
from opsbot.domain.comms.message import Message, Sent
from opsbot.domain.comms.settings import IN_APP
from opsbot.domain.said import inert, visible
from opsbot.domain.typed import command, link, unmarked

_AGAIN: Final = "it is tried again by itself"
SLOW_MS: Final = 60_000
"""From here on a target that has not answered is worth more words than that it is on its way."""


def sent_lines(view: MessageView, now_ms: int) -> tuple[str, ...]:
    """Return how far each target is, one line each."""
    message = view.message
    if not message.sent:
        return (f"Goes to {', '.join(named(one) for one in message.targets)}.",)
    return tuple(
        f"{named(name)}: {_far(view, name, one, now_ms)}"
        for name in message.targets
        if (one := message.sent.get(name)) is not None
    )


def named(target: str) -> str:
    """Return a target by its name."""
    return f"`{inert(target, limit=60)}`"


def next_lines(view: MessageView) -> Iterator[str]:
    """Yield what can be done about targets that it did not surely come to."""
    message = view.message
    over = [
        name for name, one in message.sent.items() if name in view.late and one.state == "failed"
    ]
    if over:
        names = ", ".join(named(one) for one in over)
        new = command(f"comms new {message.incident}")
        yield f"Not sent to {names} any more, as its promise has passed. Write the next one: {new}."
    for name, one in message.sent.items():
        if name in view.late:
            continue
        if one.state == "failed":
            yield f"Try again: {command(f'comms retry {message.id} {name}')}."
        elif one.state == "unsure" and name != IN_APP:
            again = command(f"comms retry {message.id} {name}")
            yield f"It is looked for at {named(name)} before it is sent again. At once: {again}."


def _far(view: MessageView, target: str, sent: Sent, now_ms: int) -> str:
    """Return how far one target is; never more than it said itself."""
    detail = _detail(sent)
    if sent.state == "done":
        return _there(sent, detail, now_ms)
    if sent.state == "skipped":
        return detail or "skipped"
    if sent.state == "failed":
        return f"failed: {detail}"
    return _pending(view, target, sent, now_ms)


def _pending(view: MessageView, target: str, sent: Sent, now_ms: int) -> str:
    """Return what a target that is not settled waits for, and until when."""
    detail, until = _detail(sent), _until(view.message, target, sent)
    if sent.state == "unsure" and target == IN_APP:
        # What clients read is stored: in doubt is only who has it.
        return f"on its way: {detail}; every instance is waited for until {until}"
    if sent.state == "unsure":
        so = f"{detail}; " if detail else ""
        return f"not known whether it came there: {so}{_AGAIN} until {until}"
    if first := view.first.get(target):
        look = command(f"comms preview {first}")
        return (
            f"waits until {first} came there, so that nobody reads them the other way round: {look}"
        )
    begun_ms = sent.at_ms or view.message.published_ms or now_ms
    return f"on its way; tried until {until}" if now_ms - begun_ms > SLOW_MS else "on its way"


def _detail(sent: Sent) -> str:
    """Return what a target said, without what is said of every one that is in doubt."""
    return visible(unmarked(sent.detail), limit=200).removesuffix(_AGAIN).removesuffix("; ")


def _there(sent: Sent, detail: str, now_ms: int) -> str:
    known = sent.confirmed is not None and sent.expected is not None
    shown_by = f", shown by {sent.confirmed} of {sent.expected} instances" if known else ""
    more = f" ({detail})" if detail else ""
    where = f", {link(sent.url, 'read it there')}" if sent.url else ""
    return f"published {moment(sent.at_ms, now_ms)}{shown_by}{more}{where}"


def _until(message: Message, target: str, sent: Sent) -> str:
    """Return until when a target is tried by itself; the clients are waited for from when it was let go."""
    out_ms = message.published_ms or message.made_ms
    if target == IN_APP:
        return clock(out_ms + in_app.PATIENCE_MS)
    over_ms = (sent.at_ms or out_ms) + PATIENCE_MS
    late_ms = sent_until(message, target)
    return clock(over_ms if late_ms is None else min(over_ms, late_ms))
