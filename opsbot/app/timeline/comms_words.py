"""What happened to messages to people, in a sentence of their incident's timeline. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from opsbot.app.fleet.words import clock
from opsbot.app.incident.promise_words import AUDIENCE_WORD
from opsbot.app.telling import US, Telling, Written
from opsbot.domain.change import Json
from opsbot.domain.records import listed, mapped
from opsbot.domain.said import inert
from opsbot.domain.state import MESSAGES


def _one(told: Telling) -> Written | None:
    """Return the message that an entry is about: the one that its facts name, else the first written."""
    name, written = told.fact_text("message"), tuple(told.written(MESSAGES))
    return next((one for one in written if one.id == name), next(iter(written), None))


def _audience(value: Json) -> str:
    return AUDIENCE_WORD.get(str(value or ""), "people")


def _named(one: Written) -> str:
    """Return a message by its id, stage and audience, with what it is called."""
    return f"{one.id} (`{one.new('stage')}`, to {_audience(one.new('audience'))})"


def _quoted(told: Telling, one: Written) -> str:
    headline = told.word(one.new("headline"))
    return f": \u201c{headline}\u201d" if headline else ""


def _of(words: str) -> Callable[[Telling], str]:
    """Return the teller of a verb whose sentence is its doer, these words, and the message."""

    def tell(told: Telling) -> str:
        one = _one(told)
        return "" if one is None else f"{told.who} {words} {_named(one)}{_quoted(told, one)}."

    return tell


def _asked(told: Telling) -> str:
    one = _one(told)
    if one is None:
        return ""
    names = ", ".join(inert(str(name), limit=20) for name in listed(told.fact("approvals")))
    return f"{told.who} asked for approval of {_named(one)}{f' ({names})' if names else ''}."


def _approved(told: Telling) -> str:
    one = _one(told)
    return "" if one is None else f"{told.who} approved {_named(one)}; another approval is needed."


def _refused(told: Telling) -> str:
    one = _one(told)
    return (
        "" if one is None else f"{told.who} said no to {_named(one)}{told.why(told.fact('reason'))}"
    )


def _void(told: Telling) -> str:
    one, cause = _one(told), inert(told.fact_text("cause"), limit=160)
    return "" if one is None else f"What was asked for {_named(one)} is void: {cause}."


def _dropped(told: Telling) -> str:
    one = _one(told)
    return "" if one is None else f"{told.who} dropped {_named(one)}{told.why(told.fact('reason'))}"


def _published(told: Telling) -> str:
    one = _one(told)
    if one is None:
        return ""
    first = ", approved in advance," if one.new("holding") else ""
    corrects = f", which corrects {one.new('corrects')}" if one.new("corrects") else ""
    next_ms = one.new("next_ms")
    promise = f" It promises the next by {clock(next_ms)}." if isinstance(next_ms, int) else ""
    return f"{told.who} let {_named(one)}{corrects}{first} go{_quoted(told, one)}.{promise}"


def _sent(told: Telling) -> str:
    one = _one(told)
    if one is None:
        return ""
    target = told.fact_text("target")
    shown, sent = f"`{inert(target, limit=80)}`", mapped(mapped(one.new("sent")).get(target))
    state, detail = told.fact_text("state"), inert(str(sent.get("detail") or ""), limit=200)
    if state == "failed":
        return f"{one.id} did not come to {shown}{f': {detail}' if detail else ''}."
    if state != "done":
        return ""
    confirmed, expected = sent.get("confirmed"), sent.get("expected")
    of = f", shown by {confirmed} of {expected} instances" if confirmed is not None else ""
    public = "became public at" if one.new("audience") == "users" else "came to"
    return f"{one.id} (`{one.new('stage')}`) {public} {shown}{of}."


def _retried(told: Telling) -> str:
    one, target = _one(told), inert(told.fact_text("target"), limit=80)
    return "" if one is None else f"{told.who} had {one.id} sent to `{target}` again."


def _fact(told: Telling) -> str:
    name, surety = inert(told.fact_text("fact"), limit=60), told.fact_text("surety")
    if not surety:
        return f"{told.who} took `{name}` off the fact sheet."
    return f"{told.who} put `{name}` on the fact sheet, {surety}{told.why(told.fact('text'))}"


def _snoozed(told: Telling) -> str:
    until = told.fact("until_ms")
    at = f" to {clock(until)}" if isinstance(until, int) else ""
    who = _audience(told.fact("audience"))
    return f"{told.who} moved the next word to {who}{at}{told.why(told.fact('why'))}"


def _overdue(told: Telling) -> str:
    due, nth = told.fact("due_ms"), told.fact("nth")
    if nth not in (None, 1) or not isinstance(due, int):
        return ""
    who = _audience(told.fact("audience"))
    return f"A word to {who} was due by {clock(due)}, and did not come."


def _reminded(told: Telling) -> str:
    due = told.fact("due_ms")
    by = f" by {clock(due)}" if isinstance(due, int) else ""
    return f"{US} reminded: a word to {_audience(told.fact('audience'))} is due{by}."


def _clock(told: Telling) -> str:
    name = inert(told.fact_text("clock"), limit=60)
    if told.fact("done_ms") is not None:
        return f"{told.who} noted that the clock `{name}` was answered."
    begun = told.fact("from_ms")
    at = f" from {clock(begun)}" if isinstance(begun, int) else ""
    return f"{told.who} started the clock `{name}`{at}: a reminder, not legal advice."


def _clock_due(told: Telling) -> str:
    return f"{US} reminded: the clock `{inert(told.fact_text('clock'), limit=60)}` runs."


def _evidence(told: Telling) -> str:
    return f"{told.who} put the evidence aside{told.why(told.fact('text'))}"


COMMS_VERBS: Final[Mapping[str, Callable[[Telling], str]]] = {
    "comms_new": _of("wrote"),
    "comms_edit": _of("changed"),
    "comms_ask": _asked,
    "comms_approve": _approved,
    "comms_refuse": _refused,
    "comms_withdraw": _of("took back the request for approval of"),
    "comms_void": _void,
    "comms_drop": _dropped,
    "comms_publish": _published,
    "comms_hold": _published,
    "comms_sent": _sent,
    "comms_retry": _retried,
    "comms_fact": _fact,
    "comms_snooze": _snoozed,
    "comms_overdue": _overdue,
    "comms_reminded": _reminded,
    "comms_clock": _clock,
    "comms_clock_due": _clock_due,
    "comms_evidence": _evidence,
}
"""The sentence of each verb; what they change of an incident's words stands beside."""

REMINDERS: Final = frozenset({"comms_reminded", "comms_clock_due"})
