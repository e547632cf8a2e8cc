"""The sentences about messages to people that every surface shows: what, to whom, how far, what next. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from opsbot.app.comms.change import Outcome
from opsbot.app.comms.shown.press import message_buttons
from opsbot.app.comms.view import Finding, MessageView
from opsbot.app.fleet_words import clock, counted, moment
from opsbot.domain.change import Json
from opsbot.domain.comms import Template
from opsbot.domain.message import Message, Sent, Standing
from opsbot.domain.moments import spelled
from opsbot.domain.policy import Policy, shown
from opsbot.domain.policy_words import listing
from opsbot.domain.said import DONE, REFUSED, UNCONFIRMED, Said, Tone, inert, visible
from opsbot.domain.typed import command

TEXT: Final = 1_500
"""Characters of a text that an answer quotes; the preview has all of it."""

_STANDING: Final[Mapping[Standing, str]] = {
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
        *sent_lines(message, around.now_ms),
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
        f" {_STANDING[message.standing]} \u00b7 {message.incident}{private} in {around.env}"
    )


def said_lines(view: MessageView, most: int = TEXT) -> tuple[str, ...]:
    """Return what it says, as people outside read it."""
    texts = view.rendered.texts
    found = [f"\u201c{inert(view.rendered.headline)}\u201d", *headline_lines(view)]
    for locale, text in texts.items():
        tongue = f"[{locale}] " if len(texts) > 1 else ""
        found += [
            f"> {tongue if nth == 0 else ''}{line}" for nth, line in enumerate(_lines(text, most))
        ]
    return tuple(found)


def headline_lines(view: MessageView) -> tuple[str, ...]:
    """Return what stands over the text in languages that have a headline of their own, one line each."""
    rendered = view.rendered
    return tuple(
        f"[{locale}] \u201c{inert(said)}\u201d"
        for locale, said in rendered.headlines.items()
        if said != rendered.headline
    )


def _lines(text: str, most: int) -> tuple[str, ...]:
    whole = text.strip()
    cut = whole if len(whole) <= most else whole[: most - 1] + "\u2026"
    return tuple(inert(one, limit=most) for one in cut.splitlines() if one.strip())


def sent_lines(message: Message, now_ms: int) -> tuple[str, ...]:
    """Return how far each target is, one line each."""
    if not message.sent:
        return (f"Goes to {', '.join(f'`{inert(one, limit=60)}`' for one in message.targets)}.",)
    return tuple(
        f"`{inert(name, limit=60)}`: {sent_words(one, now_ms)}"
        for name in message.targets
        if (one := message.sent.get(name)) is not None
    )


def sent_words(sent: Sent, now_ms: int) -> str:
    """Return how far one target is; never more than it said itself."""
    detail = inert(sent.detail, limit=200)
    more = f" ({detail})" if detail else ""
    if sent.state == "done":
        shown_by = (
            f", shown by {sent.confirmed} of {sent.expected} instances"
            if sent.confirmed is not None and sent.expected is not None
            else ""
        )
        where = f": {sent.url}" if sent.url else ""
        return f"published {moment(sent.at_ms, now_ms)}{shown_by}{more}{where}"
    if sent.state == "skipped":
        return detail or "skipped"
    if sent.state == "failed":
        return f"failed: {detail}"
    if sent.state == "unsure":
        return f"not known whether it came there: {detail}"
    return "on its way"


def finding_lines(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return what the wording check found, one line each."""
    return tuple(_finding(one) for one in findings)


def _finding(finding: Finding) -> str:
    head = "Stops it" if finding.level == "stop" else "Look"
    said = f", \u201c{inert(finding.said, limit=80)}\u201d" if finding.said else ""
    return f"{head}: {finding.rule}{said}: {visible(finding.fix)}"


def message_line(message: Message, headline: str, policy: Policy, now_ms: int) -> str:
    """Return one message in a list."""
    by = shown(policy, message.author)
    at = moment(message.published_ms or message.made_ms, now_ms)
    left = [name for name, one in message.sent.items() if one.state not in ("done", "skipped")]
    open_ = f"; open: {', '.join(left)}" if left else ""
    return (
        f"`{message.id}` {message.incident} to {message.audience}, {message.stage}:"
        f" {_STANDING[message.standing]} {at} by {by}: {inert(headline, limit=120)}{open_}"
    )


def listed_body(message: Message, headline: str) -> Json:
    """Return the machine's form of one message in a list."""
    return {
        "message": message.id,
        "incident": message.incident,
        "audience": message.audience,
        "stage": message.stage,
        "standing": message.standing,
        "author": message.author,
        "headline": headline,
        "published_ms": message.published_ms,
        "sent": {name: one.state for name, one in message.sent.items()},
    }


def list_said(env: str, lines: Sequence[str], bodies: Sequence[Json], *, left: int) -> Said:
    """Return the answer to a list."""
    if not lines:
        hint = f"{command('comms new')} writes one, {command('comms list all')} shows those of what is over."
        return Said("plain", f"No messages to people in {env}", (hint,), body={"messages": []})
    more = (f"and {left} more",) if left > 0 else ()
    title = f"{len(lines)} message{'' if len(lines) == 1 else 's'} to people in {env}"
    return Said("plain", title, (*lines, *more), body={"messages": list(bodies)})


def templates_said(known: Mapping[str, Template], env: str) -> Said:
    """Return the answer that lists the templates."""
    ready = sorted(known.values(), key=lambda one: one.name)
    if not ready:
        return Said("plain", f"There are no templates of messages in {env}", body={"templates": []})
    lines = tuple(
        f"`{one.name}`: {inert(one.title, limit=120)}"
        f"{' (approved in advance: one tap)' if one.holding else ''}"
        for one in ready
    )
    bodies: list[Json] = [
        {
            "template": one.name,
            "title": one.title,
            "audience": one.audience,
            "stage": one.stage,
            "holding": one.holding,
            "fields": [field.name for field in one.fields],
        }
        for one in ready
    ]
    title = f"{len(ready)} templates of messages in {env}"
    return Said("plain", title, lines, body={"templates": bodies})


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


def _promise(message: Message, around: Around) -> Iterator[str]:
    if message.next_ms is not None:
        yield f"It promises the next update by {spelled(message.next_ms, around.zone)}."


def _waits(view: MessageView) -> Iterator[str]:
    if view.approvals:
        ids = ", ".join(one.id for one in view.approvals)
        until = clock(min(one.expires_ms for one in view.approvals))
        who = listing(list(view.asked)) or "nobody by name"
        yield f"Waits for {ids} until {until}. May approve: {who}."


def _why(view: MessageView) -> Iterator[str]:
    if view.refused_by:
        yield f"{view.refused_by} said no."
    if view.why:
        yield f"Reason: {inert(view.why)}"
    if view.message.corrects:
        yield f"Corrects {view.message.corrects}, which stays as it was read."
    if view.message.corrected:
        yield f"Corrected by {view.message.corrected}."


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
        failed = [n for n, one in view.message.sent.items() if one.state == "failed"]
        yield from (f"Try again: {command(f'comms retry {name} {one}')}." for one in failed)
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


def message_body(view: MessageView, outcome: Outcome | None = None) -> dict[str, Json]:
    """Return the machine's form of a message."""
    message = view.message
    sent: dict[str, Json] = {
        name: {
            "state": one.state,
            "detail": one.detail,
            "at_ms": one.at_ms,
            "tries": one.tries,
            "url": one.url,
            "confirmed": one.confirmed,
            "expected": one.expected,
        }
        for name, one in message.sent.items()
    }
    findings: list[Json] = [
        {"rule": one.rule, "level": one.level, "said": one.said, "fix": one.fix}
        for one in view.findings
    ]
    return {
        "message": message.id,
        "incident": message.incident,
        "template": message.template,
        "audience": message.audience,
        "stage": message.stage,
        "severity": message.severity,
        "standing": message.standing,
        "version": message.version,
        "sha": message.sha,
        "author": message.author,
        "editors": list(message.editors),
        "headline": view.rendered.headline,
        "headlines": dict(view.rendered.headlines),
        "texts": dict(view.rendered.texts),
        "values": dict(view.values),
        "targets": list(message.targets),
        "approvals": [one.id for one in view.approvals],
        "approved_by": list(message.approved_by),
        "findings": findings,
        "blocked": list(view.blocked),
        "corrects": message.corrects,
        "corrected": message.corrected,
        "next_ms": message.next_ms,
        "published_ms": message.published_ms,
        "published_by": message.published_by,
        "holding": message.holding,
        "stays_off": message.stays_off,
        "sent": sent,
        "outcome": outcome or "",
        "pending": outcome is not None and message.standing == "waiting",
    }
