"""The sentences about messages to people that every surface shows: what, to whom, how far, what next. Pure."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from opsbot.app.comms.change import Outcome
from opsbot.app.comms.shown.body import message_body
from opsbot.app.comms.shown.instants import both
from opsbot.app.comms.shown.press import message_buttons
from opsbot.app.comms.shown.sent import next_lines, sent_lines
from opsbot.app.comms.view import Finding, MessageView
from opsbot.app.fleet.words import clock, counted, moment
from opsbot.domain.comms.message import Message, Standing
from opsbot.domain.comms.moments import instant
from opsbot.domain.policy.rules import Policy, shown
from opsbot.domain.policy.words import listing
from opsbot.domain.said import DONE, REFUSED, UNCONFIRMED, Said, Tone, inert, visible
from opsbot.domain.typed import command

WHY: Final = 1_000
"""Characters of a reason: whoever wrote the message has to act on all of it."""

TEXT: Final = 1_500
"""Characters of a text that an answer quotes; the preview has all of it."""

STANDING: Final[Mapping[Standing, str]] = {
    "draft": "draft",
    "waiting": "waits for approval",
    "published": "published",
    "refused": "refused",
    "dropped": "dropped",
}
_DID: Final[Mapping[Outcome, str]] = {
    "drafted": "Written; nobody outside reads it yet.",
    "edited": "Changed.",
    "asked": "Nothing is published yet.",
    "still_waiting": "Nothing is published yet.",
    "approved": "Your yes is noted; nothing is published yet.",
    "published": "Let go; each target says below how far it is.",
    "refused": "Refused; nothing was published.",
    "withdrawn": "Withdrawn; it is a draft again.",
    "void": "The approval is void, and nothing was published.",
    "dropped": "Given up.",
    "retried": "",
    "already": "This request was done before; nothing was done twice.",
}


@dataclass(frozen=True, slots=True)
class Around:
    """Where and when something is said."""

    env: str
    policy: Policy
    now_ms: int
    zone: str


def message_said(
    view: MessageView,
    around: Around,
    *,
    outcome: Outcome | None = None,
    note: str = "",
    most: int = TEXT,
) -> Said:
    """Return the answer about one message, and its card; *most* characters of each text are quoted."""
    message = view.message
    did = _DID[outcome] if outcome is not None else ""
    lines = (
        f"{did} {note}".strip(),
        _by(view, around),
        *said_lines(view, most),
        *sent_lines(view, around.now_ms),
        *_understood(view, around),
        *_promise(message, around),
        *finding_lines(view.findings),
        *(f"In the way: {one}" for one in view.blocked),
        *_waits(view),
        *_why(view),
        *_template(view),
        *_next(view),
    )
    return Said(
        _tone(view, outcome),
        heading(view, around),
        tuple(one for one in lines if one),
        message_buttons(view),
        message_body(view, outcome),
        exit_code=_exit(message, outcome),
    )


def _exit(message: Message, outcome: Outcome | None) -> int:
    if outcome == "void":
        return REFUSED
    return UNCONFIRMED if outcome in ("published", "retried") and not _done(message) else DONE


def heading(view: MessageView, around: Around) -> str:
    """Return the first line: which message, to whom, at which stage, how far, of what, where."""
    message = view.message
    drill = "Drill: " if view.incident.drill else ""
    private = " \u00b7 private" if view.incident.private else ""
    return (
        f"{drill}{message.id} \u00b7 to {message.audience} \u00b7 {message.stage} \u00b7"
        f" {STANDING[message.standing]} \u00b7 {message.incident}{private} in {around.env}"
    )


def said_lines(view: MessageView, most: int = TEXT) -> tuple[str, ...]:
    """
    Return what it says, as people outside read it: each language under its own headline.

    A language without words of its own may have a headline all the same; it is approved as well.
    """
    rendered, found = view.rendered, list[str]()
    for locale, text in rendered.texts.items():
        tongue = f"[{locale}] " if len(rendered.texts) > 1 else ""
        head = rendered.headlines.get(locale, rendered.headline)
        found += [
            f"{tongue}\u201c{inert(head)}\u201d",
            *(f"> {line}" for line in _lines(text, most)),
        ]
    return (*found, *headline_lines(view, but=rendered.texts))


def headline_lines(view: MessageView, but: Container[str] = ()) -> tuple[str, ...]:
    """Return what stands over the text in languages with a headline of their own, *but* these, one line each."""
    rendered = view.rendered
    return tuple(
        f"[{locale}] \u201c{inert(said)}\u201d"
        for locale, said in rendered.headlines.items()
        if said != rendered.headline and locale not in but
    )


def _lines(text: str, most: int) -> tuple[str, ...]:
    whole = text.strip()
    cut = whole if len(whole) <= most else whole[: most - 1] + "\u2026"
    return tuple(inert(one, limit=most) for one in cut.splitlines() if one.strip())


def finding_lines(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return what the wording check found, one line each."""
    return tuple(_finding(one) for one in findings)


def _finding(finding: Finding) -> str:
    head = "Stops it" if finding.level == "stop" else "Look"
    said = f", \u201c{inert(finding.said, limit=80)}\u201d" if finding.said else ""
    return f"{head}: {finding.rule}{said}: {visible(finding.fix)}"


def _by(view: MessageView, around: Around) -> str:
    message, policy = view.message, around.policy
    wrote = f"Written by {view.author} {moment(message.made_ms, around.now_ms)}"
    editors = [shown(policy, one) for one in message.editors]
    edited = f", changed by {listing(editors).replace(' or ', ' and ')}" if editors else ""
    under = f", under {message.severity}"
    if message.standing != "published":
        return f"{wrote}{edited}{under}."
    out = shown(policy, message.published_by)
    yes = [shown(policy, one) for one in message.approved_by if one != message.published_by]
    also = (
        f", approved by {listing([*yes, out]).replace(' or ', ' and ')}"
        if message.approvals
        else ""
    )
    how = ", approved in advance" if message.holding and not message.approvals else ""
    at = moment(message.published_ms or 0, around.now_ms)
    return f"{wrote}{edited}{under}{also}{how}; let go {at} by {out}."


def _understood(view: MessageView, around: Around) -> Iterator[str]:
    """Yield how the times were understood that somebody typed, while it can still be changed."""
    if view.template is None or view.message.standing not in ("draft", "waiting"):
        return
    read = [
        f"{one.label}: {both(at_ms, around.zone, around.now_ms)}"
        for one in view.template.fields
        if one.type == "time"
        and (at_ms := instant(view.values.get(one.name, ""), around.zone, around.now_ms))
        is not None
    ]
    if read:
        yield f"Times in it: {'; '.join(read)}."


def _promise(message: Message, around: Around) -> Iterator[str]:
    if message.next_ms is not None:
        yield f"It promises the next update by {both(message.next_ms, around.zone, around.now_ms)}."


def _waits(view: MessageView) -> Iterator[str]:
    if view.approvals:
        ids = ", ".join(one.id for one in view.approvals)
        until = clock(min(one.expires_ms for one in view.approvals))
        who = listing(list(view.asked)) or "nobody by name"
        yield f"Waits for {ids} until {until}. May approve: {who}."


def _why(view: MessageView) -> Iterator[str]:
    why = inert(view.why, limit=WHY)
    if view.refused_by:
        yield refusal_line(view)
    elif why and view.message.standing == "dropped":
        yield f"Given up: \u201c{why}\u201d"
    elif why:
        yield f"Why it steps back a stage: \u201c{why}\u201d"
    if view.message.corrects:
        yield f"Corrects {view.message.corrects}, which stays as it was read."
    if view.message.corrected:
        yield f"Corrected by {view.message.corrected}."


def refusal_line(view: MessageView) -> str:
    """Return who said no to a message, and why."""
    why = inert(view.why, limit=WHY)
    return (
        f"{view.refused_by} said no: \u201c{why}\u201d"
        if why
        else f"{view.refused_by} said no, without a reason."
    )


def _template(view: MessageView) -> Iterator[str]:
    message = view.message
    if view.template is None:
        yield f"Its template `{message.template}` is not there any more; its words stand as they were written."
    elif view.template.digest != message.digest and message.standing != "published":
        yield f"Its template `{message.template}` was changed since; its words stand as they were written."


def _next(view: MessageView) -> Iterator[str]:
    name, standing = view.message.id, view.message.standing
    if standing == "draft":
        stopped = view.blocked or any(one.level == "stop" for one in view.findings)
        ask = f"Ask for {counted(view.needs, 'approval')}" if view.needs else "Publish it"
        out = "" if stopped else f"{ask}: {command(f'comms publish {name}')}. "
        yield f"{out}Change it: {command(f'comms edit {name}')}."
    elif standing == "waiting":
        approve = "; ".join(command(f"approve {one.id}") for one in view.approvals)
        yield f"In a terminal: {approve}. An edit makes every approval void."
    elif standing == "refused":
        yield f"Change it and ask again: {command(f'comms edit {name}')}."
    elif standing == "published":
        yield from next_lines(view)
        if not view.message.corrected and view.message.audience == "users":
            yield f"If it is wrong: {command(f'comms correct {name}')}."


def _done(message: Message) -> bool:
    return all(one.state in ("done", "skipped") for one in message.sent.values())


def _tone(view: MessageView, outcome: Outcome | None) -> Tone:
    message = view.message
    if outcome == "void" or message.standing == "refused":
        return "amber"
    if message.standing == "published":
        states = {one.state for one in message.sent.values()}
        if "failed" in states:
            return "red"
        return "green" if _done(message) else "amber"
    return "amber" if message.standing == "waiting" or view.blocked else "plain"
