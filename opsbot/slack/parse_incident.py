"""Words of `/ai-incident` into requests; what is not understood is refused, never guessed. Pure."""

import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Final, Literal

from opsbot.app.incident.requests import (
    ActionItem,
    HushReminder,
    IncidentLook,
    IncidentWords,
    MoveIncident,
    PageAct,
    RetractNote,
    RetryStep,
    RoleOrder,
    TimelineNote,
    Which,
)
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident import ROLES, STEPS, Role, number_of
from opsbot.domain.incident_flow import Status
from opsbot.domain.incident_settings import REMINDERS
from opsbot.slack.incident_typed import Typed, taken_apart
from opsbot.slack.parse_incident_edit import EDITS
from opsbot.slack.parse_incident_open import adopted, opened
from opsbot.slack.when import moment, seconds
from opsbot.slack.words import clean, example, shown

MOVES: Final[Mapping[str, Status]] = {
    "accept": "active",
    "decline": "declined",
    "cancel": "cancelled",
    "duplicate": "duplicate",
    "contain": "contained",
    "contained": "contained",
    "monitor": "monitoring",
    "monitoring": "monitoring",
    "resolve": "resolved",
    "resolved": "resolved",
    "reopen": "active",
    "review": "reviewed",
    "reviewed": "reviewed",
}
OPENS: Final = ("open", "new", "declare", "adopt")
"""Acts for which the declared workflows' names are looked at."""

_DATE: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", re.ASCII)
_ROLE_WORDS: Final = {
    "ic": "commander",
    "lead": "commander",
    "comms-lead": "comms",
    "responders": "responder",
}
_ANSWERS: Final = ("accept", "decline", "leave", "take")
_OFF: Final = "stays-off"
_LINE: Final = re.compile(r"(?:(inc-\d{1,10}):)?n([1-9]\d{0,8})", re.ASCII)


def parse_incident(
    text: str,
    *,
    now_ms: int,
    names: Collection[str] = (),
    channel: str = "",
    command: str = "/ai-incident",
) -> IncidentWords:
    """
    Read the words after `/ai-incident`.

    *names* are the declared workflows, so that a title is never taken for one. *channel* is where
    the words were typed, in Slack.

    Raises:
        NeedsMoreWords: no act, an unknown one with the nearest, or a value that is none.
    """
    said = taken_apart(text, now_ms=now_ms, channel=channel, command=command)
    if said.peek() is None:
        raise NeedsMoreWords(
            "Say what to do; nothing was changed.", hint=example("incident", command)
        )
    if number_of(clean(said.peek() or "")):
        return _show(said)
    act = said.take().replace("_", "-")
    if act in OPENS:
        return adopted(said, names) if act == "adopt" else opened(said, names)
    if act in MOVES:
        return _move(act, said)
    reader = _READERS.get(act)
    if reader is None:
        raise _unknown(act, said)
    return reader(said)


def opens(text: str) -> bool:
    """Return whether the words open an incident, so that workflows' names are needed to read them."""
    said = taken_apart(text, now_ms=0, channel="", command="")
    return said.peek() is not None and said.take() in OPENS


def _unknown(act: str, said: Typed) -> NeedsMoreWords:
    near = get_close_matches(act, ACTS, n=1, cutoff=0.5)
    guess = f"Did you mean `{said.command} {near[0]}`? " if near else ""
    hint = f"{guess}{example('incident', said.command)}"
    return said.wrong(f"`{shown(act)}` is nothing that can be done with an incident", hint)


def _move(act: str, said: Typed) -> MoveIncident:
    which, of, off = said.which(), "", False
    if act == "duplicate":
        which, of = _of(which, said)
    while clean(said.peek() or "").lstrip("-") == _OFF and not said.opens_quote():
        off = True
        said.words.at += 1
    late = (said.words.peek(ahead) or "" for ahead in range(len(said.words.spans) - said.words.at))
    if not said.opens_quote() and any(clean(word).lstrip("-") == _OFF for word in late):
        raise said.wrong(
            f"`{_OFF}` stands after the reason has begun",
            f"As in `{said.command} {act} {_OFF} rebuilt next week`.",
        )
    expect: Status | None = "triage" if act == "accept" else None
    return MoveIncident(which, MOVES[act], said.rest(), of, off, expect)


def _of(which: Which, said: Typed) -> tuple[Which, str]:
    """Return what is a duplicate of what: with one id this incident is one of that."""
    linked = clean(said.peek() or "") in ("of", "to")
    said.words.at += linked
    other = said.which().name
    if other or linked:
        return which, other
    return Which("", which.channel), which.name


def _role(said: Typed) -> RoleOrder:
    which = said.which()
    word = said.take()
    bare = _ROLE_WORDS.get(word, word)
    roles: tuple[Role | Literal["responder"], ...] = (*ROLES, "responder")
    role = next((one for one in roles if one == bare), None)
    if role is None:
        raise said.wrong(
            f"`{shown(word)}` is no role" if word else "Name the role",
            f"As in `{said.command} role commander @ines`; or comms, scribe, responder.",
        )
    which = which if which.name else said.which()
    who = clean(said.rest(), lower=False)
    act = next((one for one in _ANSWERS if one == who.lower()), None)
    if act is not None:
        return RoleOrder(which, role, act)
    return RoleOrder(which, role, "offer" if who else "take", said.person(who))


def _note(said: Typed) -> TimelineNote:
    return _noted(said.which(), said)


def _noted(which: Which, said: Typed) -> TimelineNote:
    at_ms = None
    while (option := said.option("at")) is not None:
        at_ms = moment(option[1], said.now_ms, what="at")
    text = said.text("Say what to note", "note at:03:10 first complaint")
    return TimelineNote(which, text, at_ms)


def _timeline(said: Typed) -> IncidentWords:
    """Read `timeline [INC-7]`, which shows it; with `add` and words it notes them."""
    which = said.which()
    if said.peek() is None:
        return IncidentLook("timeline", which)
    if clean(said.peek() or "") != "add":
        note = f"`{said.command} note …` adds a line."
        raise said.wrong(f"`{shown(said.peek() or '')}` is one word too many", note)
    said.words.at += 1
    return _noted(which if which.name else said.which(), said)


def _retract(said: Typed) -> RetractNote:
    """Read `retract INC-7:n3`, with a blank in place of the colon too."""
    which, word = said.which(), said.take()
    found = _LINE.fullmatch(word)
    if found is None or not (found[1] or which.name):
        raise said.wrong(
            f"`{shown(word)}` is no line of a timeline" if word else "Name the line",
            f"As in `{said.command} retract INC-7:n3`; `{said.command} timeline` shows them.",
        )
    said.end()
    name = number_of(found[1]) or "" if found[1] else which.name
    return RetractNote(Which(name, which.channel), f"n{found[2]}")


def _page(said: Typed) -> PageAct:
    which = said.which()
    word = clean(said.peek() or "", lower=False)
    acts: Mapping[str, Literal["acknowledge", "escalate"]] = {
        "ack": "acknowledge",
        "acknowledge": "acknowledge",
        "escalate": "escalate",
    }
    if said.opens_quote():
        return PageAct(which, "page", reason=said.rest())
    if word.lower() in acts:
        said.words.at += 1
        return PageAct(which, acts[word.lower()], reason=said.rest())
    if "@" in word:
        said.words.at += 1
        return PageAct(which, "add", said.person(word), said.rest())
    return PageAct(which, "page", reason=said.rest())


def _action(said: Typed) -> ActionItem:
    which = said.which()
    given: dict[str, str] = {}
    while (option := said.option("owner", "by", "done")) is not None:
        given[option[0]] = option[1]
    if (due := given.get("by", "")) and not _DATE.fullmatch(due):
        raise said.wrong(f"`{shown(due)}` is no date", "As in `by:2026-12-01`.")
    owner, done, text = said.person(given.get("owner", "")), given.get("done", ""), said.rest()
    if not text and not done:
        raise said.wrong(
            "Say what is to be done",
            f"As in `{said.command} action owner:@sam by:2026-12-01 add a gate`.",
        )
    return ActionItem(which, text, owner, due, done.upper())


def _retry(said: Typed) -> RetryStep:
    which, word = said.which(), said.take()
    step = next((one for one in STEPS if one == word), None)
    if step is None:
        raise said.wrong("Name the step that failed", f"Steps are {', '.join(STEPS)}.")
    said.end()
    return RetryStep(which, step)


def _remind(said: Typed) -> HushReminder:
    which, word, then = said.which(), said.take().replace("-", "_"), said.take()
    if word in REMINDERS and then in ("stop", "off"):
        said.end()
        return HushReminder(which, word)
    late = seconds(said.take()) if then == "snooze" and said.peek() is not None else 15 * 60
    if word not in REMINDERS or then != "snooze" or not late:
        raise said.wrong(
            "Say which reminder, and `stop` or `snooze 15m`",
            f"As in `{said.command} remind update_due snooze 15m`;"
            f" reminders are {', '.join(REMINDERS)}.",
        )
    said.end()
    return HushReminder(which, word, late)


def _show(said: Typed) -> IncidentLook:
    return _look("show", said)


def _export(said: Typed) -> IncidentLook:
    return _look("export", said)


def _look(what: Literal["show", "export"], said: Typed) -> IncidentLook:
    which = said.which()
    said.end()
    return IncidentLook(what, which)


def _list(said: Typed) -> IncidentLook:
    every = clean(said.peek() or "").lstrip("-") == "all"
    said.words.at += every
    said.end()
    return IncidentLook("list", every=every)


_READERS: Final[Mapping[str, Callable[[Typed], IncidentWords]]] = {
    **EDITS,
    "show": _show,
    "list": _list,
    "ls": _list,
    "role": _role,
    "note": _note,
    "timeline": _timeline,
    "retract": _retract,
    "page": _page,
    "action": _action,
    "retry": _retry,
    "remind": _remind,
    "export": _export,
}
ACTS: Final = (*OPENS, *_READERS, *MOVES)
"""Every first word that is understood."""
