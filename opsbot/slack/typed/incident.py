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
from opsbot.domain.incident.flow import Status
from opsbot.domain.incident.incident import ROLES, STEPS, Role, number_of
from opsbot.domain.incident.settings import REMINDERS
from opsbot.domain.said import inert
from opsbot.slack.typed.incident_bare import (
    AT,
    BY,
    DONE,
    NEXT,
    OWNER,
    QUOTES,
    Bare,
    refuse_late,
    skip_beside_moment,
)
from opsbot.slack.typed.incident_edit import EDITS, QUOTED, option_of
from opsbot.slack.typed.incident_open import adopted, opened
from opsbot.slack.typed.incident_words import Typed, taken_apart
from opsbot.slack.typed.when import moment, seconds
from opsbot.slack.typed.words import clean, example, shown

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
_ROLES: Final[tuple[Role | Literal["responder"], ...]] = (*ROLES, "responder")
_LONG: Final = 5
"""Letters from which a word that is nearly a role is taken for one."""

_ANSWERS: Final = ("accept", "decline", "leave", "take")
_ITEM: Final = (OWNER, BY, DONE)
_BEFORE_TEXT: Final[Mapping[str, tuple[Bare, ...]]] = {
    "update": (NEXT,),
    "note": (AT,),
    "action": _ITEM,
}
"""What may stand before the text of an act."""
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
    said.before = _in_front(said)
    act = said.act = said.take().replace("_", "-") if not said.before or said.peek() else "show"
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


def opens_with_option(act: str, text: str) -> bool:
    """
    Return whether the text behind an act begins with one of its options, or with what may be one.

    A terminal asks: the quotes that a shell takes away make no option a part of the text.
    """
    said = taken_apart(text, now_ms=1 << 41, channel="", command="")
    try:
        return option_of(said, _BEFORE_TEXT.get(act, ()), QUOTED) is not None
    except NeedsMoreWords:
        return True


def _in_front(said: Typed) -> str:
    """Take the incident that is named in front of what is to be done with it; empty for none."""
    name, act = number_of(clean(said.peek() or "")), clean(said.words.peek(1) or "")
    if name is None or act in OPENS:
        return ""
    said.words.at += 1
    return name


def _unknown(act: str, said: Typed) -> NeedsMoreWords:
    """Refuse a verb; what is offered moves nothing, or people who are tired would do it."""
    if (role := _role_of(act)) is not None:
        named = " ".join(("role", role, said.before, inert(said.words.rest(), limit=80)))
        meant = f"Did you mean `{said.command} {' '.join(named.split())}`?"
        return said.wrong(f"`{shown(act)}` is a role, and no verb", meant)
    near = get_close_matches(act, ACTS, n=1, cutoff=0.5)
    listed = ", ".join(one for one in ACTS if one not in _ALIASES)
    hint = f"The verbs are {listed}. `{said.command} help` says what each does."
    if near and near[0] in HARMLESS:
        hint = f"Did you mean `{said.command} {near[0]}`? {example('incident', said.command)}"
    return said.wrong(f"`{shown(act)}` is nothing that can be done with an incident", hint)


def _role_of(word: str) -> Role | Literal["responder"] | None:
    """Return the role that a word names, or nearly names; None for any other word."""
    known: Mapping[str, str] = {**{one: one for one in _ROLES}, **_ROLE_WORDS}
    near = get_close_matches(word, [one for one in known if len(one) >= _LONG], n=1, cutoff=0.8)
    meant = known.get(word) or (known[near[0]] if near else "")
    return next((one for one in _ROLES if one == meant), None)


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
    which, reason = said.free(which)
    return MoveIncident(which, MOVES[act], reason, of, off, expect)


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
    role = next((one for one in _ROLES if one == bare), None)
    if role is None:
        raise said.wrong(
            f"`{shown(word)}` is no role" if word else "Name the role",
            f"As in `{said.command} role commander @ines`; or comms, scribe, responder.",
        )
    which = said.also(which)
    who = clean(said.rest(), lower=False)
    first, _, last = who.rpartition(" ")
    if (name := number_of(clean(last))) is not None:
        which, who = said.agreed(which, name), clean(first, lower=False)
    act = next((one for one in _ANSWERS if one == who.lower()), None)
    if act is not None:
        return RoleOrder(which, role, act)
    return RoleOrder(which, role, "offer" if who else "take", said.person(who))


def _note(said: Typed) -> TimelineNote:
    return _noted(said.which(), said)


def _noted(which: Which, said: Typed) -> TimelineNote:
    at_ms = None
    while (option := option_of(said, (AT,), QUOTED)) is not None:
        at_ms = moment(option[1], said.now_ms, what="at")
        skip_beside_moment(said)
    refuse_late(said, (AT,), otherwise=QUOTED, pairs=False)  # a note may end with `at 03:10`
    which, text = said.spoken(which, "Say what to note", "note at:03:10 first complaint")
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
    """Read `retract INC-7:n3`; also `INC-7 n3` and `n3 INC-7`."""
    which, word = said.which(), said.take()
    found = _LINE.fullmatch(word)
    which = said.also(which) if found else which
    if found is not None and found[1]:
        which = said.agreed(which, number_of(found[1]) or "")
    if found is None or not which.name:
        raise said.wrong(
            f"`{shown(word)}` is no line of a timeline" if word else "Name the line",
            f"As in `{said.command} retract INC-7:n3`; `{said.command} timeline` shows them.",
        )
    said.end()
    return RetractNote(which, f"n{found[2]}")


def _page(said: Typed) -> PageAct:
    which = said.which()
    word = clean(said.peek() or "", lower=False)
    act: Literal["page", "acknowledge", "escalate", "add"] = "page"
    if not said.opens_quote() and (word.lower() in _PAGE_ACTS or "@" in word):
        said.words.at += 1
        act = _PAGE_ACTS.get(word.lower(), "add")
    else:
        _refuse_lone(word.lower(), said)
    which, reason = said.free(which)
    return PageAct(which, act, said.person(word) if act == "add" else "", reason)


def _refuse_lone(word: str, said: Typed) -> None:
    """Refuse one word that is nearly an act, or means that nobody is called: taken for a reason it calls somebody."""
    alone = number_of(clean(said.words.peek(1) or "")) or said.words.peek(1) is None
    if not alone or (said.peek() or "")[:1] in QUOTES:
        return
    near = get_close_matches(word, list(_PAGE_ACTS), n=1, cutoff=0.7)
    if not near and word not in _CALLS_NOBODY:
        return
    meant = f"Did you mean `{said.command} page {near[0]}`? " if near else ""
    raise said.wrong(
        f"`{shown(word)}` is nothing that can be done with a page",
        f"{meant}`{said.command} page ack` answers it, `resolve` ends it with its incident;"
        " a reason to call somebody has several words, or stands in quotes.",
    )


_PAGE_ACTS: Final[Mapping[str, Literal["acknowledge", "escalate"]]] = {
    "ack": "acknowledge",
    "acknowledge": "acknowledge",
    "escalate": "escalate",
}
_CALLS_NOBODY: Final = (
    *("no", "nobody", "none", "off", "stop", "cancel", "silence", "mute", "close", "done"),
    *("resolve", "resolved", "snooze"),
)


def _action(said: Typed) -> ActionItem:
    which = said.which()
    given: dict[str, str] = {}
    while (option := option_of(said, _ITEM, QUOTED)) is not None:
        given[option[0]] = option[1]
    if (due := given.get("by", "")) and not _DATE.fullmatch(due):
        raise said.wrong(f"`{shown(due)}` is no date", "As in `by:2026-12-01`.")
    refuse_late(said, _ITEM, otherwise=QUOTED)
    owner, done = said.person(given.get("owner", "")), given.get("done", "")
    which, text = said.free(which)
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
    which = said.also(which)
    said.end()
    return RetryStep(which, step)


def _remind(said: Typed) -> HushReminder:
    which, word, then = said.which(), said.take().replace("-", "_"), said.take()
    which, late = said.also(which), None
    if then == "snooze":
        late = seconds(said.take()) if said.peek() is not None else 15 * 60
        which = said.also(which)
    if word not in REMINDERS or not (late or then in ("stop", "off")):
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

HARMLESS: Final = (
    *("open", "new", "declare", "show", "list", "ls", "timeline", "export", "note", "update"),
    *("title", "summary", "role", "action", "type", "sev", "severity", "time", "times"),
    *("workflow", "exposed", "remind"),
)
"""Verbs that are offered for a mistyped one: they end nothing, call nobody and take nothing back."""

_ALIASES: Final = (
    *("new", "declare", "ls", "severity", "times", "contained", "monitoring", "resolved", "review"),
)
