"""Words of `/ai-comms` into requests; what is not understood is refused, never guessed. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final, Literal

from opsbot.app.comms.requests import (
    EVERY,
    CommsLook,
    CommsWords,
    DropMessage,
    EditMessage,
    HoldEvidence,
    HoldUsers,
    NewMessage,
    PublishMessage,
    RetryTarget,
    RunClock,
    SetCanned,
    SnoozeUpdate,
    StateFact,
)
from opsbot.app.incident.requests import Which
from opsbot.domain.comms.message import message_named
from opsbot.domain.comms.templates import AUDIENCES, Audience
from opsbot.domain.comms.told import Surety
from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.typed.incident_words import Typed, taken_apart
from opsbot.slack.typed.when import seconds
from opsbot.slack.typed.words import clean, named, shown

Take = Callable[[Typed], CommsWords]

ROW: Final = "comms"
_BARE: Final = re.compile(
    r"(?:inc-0*(?P<before>[1-9]\d{0,8}) )?(?P<new>new)(?: inc-0*(?P<behind>[1-9]\d{0,8}))?"
    r"|(?P<act>edit|drop) msg-0*(?P<message>[1-9]\d{0,8})",
    re.ASCII,
)
LONGEST_S: Final = 7 * 86_400
"""How far off the next update may be promised, in seconds."""

HARMLESS: Final = frozenset({"list", "templates", "preview", "facts", "help"})
"""What may be proposed for a word that nobody knows: it changes nothing."""

_SURETIES: Final[Mapping[str, Surety]] = {
    "confirmed": "confirmed",
    "believed": "believed",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True)
class Bare:
    """Words that open a form: *about* is an incident for `new` (empty for the open one), else a message."""

    act: Literal["new", "edit", "drop"]
    about: str = ""


def parse_comms(
    text: str, *, now_ms: int, channel: str = "", command: str = "/ai-comms"
) -> CommsWords:
    """
    Read the words after `/ai-comms`; an incident may be named before the act or behind it.

    *channel* is where they were typed, in Slack; *now_ms* is when, for times of day.

    Raises:
        NeedsMoreWords: no act, an unknown one, or a value that is none; with what to write instead.
    """
    said = taken_apart(text, now_ms=now_ms, channel=channel, command=command, row=ROW)
    before = said.which().name
    act = said.take().replace("_", "-")
    said.act, said.before = act, before
    if not act:
        raise said.wrong("Say what to do")
    reader = _READERS.get(act)
    if reader is None:
        raise _unknown(act, said)
    return reader(said)


def bare(text: str) -> Bare | None:
    """Return which form is filled in where the words say no more than what it is about, None for none."""
    found = _BARE.fullmatch(clean(text.strip()))
    if found is None:
        return None
    if found["new"]:
        number = found["before"] or found["behind"]
        return Bare("new", f"INC-{int(number)}" if number else "")
    return Bare("edit" if found["act"] == "edit" else "drop", f"MSG-{int(found['message'])}")


def _unknown(act: str, said: Typed) -> NeedsMoreWords:
    near = get_close_matches(act, ACTS, n=2, cutoff=0.5)
    hint = f"It is one of {', '.join(ACTS)}. `{said.command} help` says what each does."
    if near and HARMLESS.issuperset(near):
        hint = f"Did you mean `{said.command} {near[0]}`?"
    return said.wrong(f"`{shown(act)}` is nothing that can be done with messages", hint)


def _hold(said: Typed) -> HoldUsers:
    which = said.which()
    template = said.take()
    which = said.also(which)
    said.end()
    return HoldUsers(which, template)


def _new(said: Typed) -> NewMessage:
    which = said.which()
    word = "" if said.param_ahead() or said.option_ahead(*_OPTIONS) else said.take()
    if not word:
        raise said.wrong("Name the template", f"`{said.command} templates` lists them.")
    return _filled(said, NewMessage(word, which))


_OPTIONS: Final = ("next", "to", "back")


def _filled(said: Typed, request: NewMessage) -> NewMessage:
    """Take an incident, options and `name=value` in any order."""
    which, values = request.which, dict(request.values)
    targets, next_s, back = request.targets, request.next_s, request.back
    while said.peek() is not None:
        at, which = said.words.at, said.also(which)
        if said.words.at > at:
            continue
        if (option := said.option(*_OPTIONS)) is not None:
            if option[0] == "back":
                back = " ".join(part for part in (option[1], said.rest()) if part)
            elif option[0] == "to":
                targets = _targets(said, option[1])
            else:
                next_s = _duration(said, option[1])
        else:
            name, value = said.param()
            values[name] = value
    return replace(request, which=which, values=values, targets=targets, next_s=next_s, back=back)


def _targets(said: Typed, words: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(one.strip() for one in words.split(",") if one.strip()))
    if not found:
        raise said.wrong("`to:` needs a target", "As in `to:status-page,in-app`.")
    return found


def _duration(said: Typed, word: str) -> int:
    found = seconds(word)
    if not found or found > LONGEST_S:
        raise said.wrong(f"`{shown(word)}` is no time until then", "As in `30m`, `2h`.")
    return found


def _message(said: Typed, *, leaves: bool = False) -> str:
    """Take a message's id. Raises NeedsMoreWords: none stands there, or (not *leaves*) more does."""
    word = said.take()
    found = message_named(word)
    if found is None:
        what = f"`{shown(word)}` is no message" if word else "Name the message"
        raise said.wrong(what, f"As in `{said.command} {said.act} MSG-3`.")
    if not leaves:
        said.end()
    return found


def _edit(said: Typed) -> EditMessage:
    message = _message(said, leaves=True)
    draft = _filled(said, NewMessage("", Which("", said.channel)))
    if not (draft.values or draft.targets or draft.next_s or draft.back):
        raise said.wrong(
            "Say what to change", f"As in `{said.command} edit {message} topic=refunds`."
        )
    return EditMessage(message, draft.values or None, draft.targets, draft.next_s, draft.back)


def _publish(said: Typed) -> PublishMessage:
    message = _message(said, leaves=True)
    anyway: tuple[str, ...] = ()
    if (option := said.option("anyway")) is not None:
        anyway = tuple(one.upper() for one in option[1].split(",") if one)
    elif clean(said.peek() or "").lstrip("-") == "anyway":
        said.words.at += 1
        anyway = (EVERY,)
    said.end()
    return PublishMessage(message, anyway=anyway)


def _drop(said: Typed) -> DropMessage:
    return DropMessage(_message(said, leaves=True), said.rest())


def _correct(said: Typed) -> NewMessage:
    message = _message(said, leaves=True)
    bare = said.peek() is not None and not said.param_ahead() and not said.option_ahead(*_OPTIONS)
    template = said.take() if bare else ""
    return _filled(said, NewMessage(template, Which("", said.channel), corrects=message))


def _retry(said: Typed) -> RetryTarget:
    message, target = _message(said, leaves=True), said.take(lower=False)
    if not target:
        raise said.wrong("Name the target", f"As in `{said.command} retry {message} status-page`.")
    said.end()
    return RetryTarget(message, target)


def _fact(said: Typed) -> StateFact:
    which = said.which()
    name = said.take().replace("-", "_").rstrip(":")
    if not name:
        raise said.wrong("Name the fact", f"`{said.command} facts` lists them.")
    surety = _SURETIES.get(clean(said.peek() or ""))
    said.words.at += surety is not None
    return StateFact(which, name, said.rest(), surety or "believed")


def _snooze(said: Typed) -> SnoozeUpdate:
    which = said.which()
    audience = _audience(said)
    for_s = _duration(said, said.take())
    which = said.also(which)
    why = said.rest()
    if not why:
        raise said.wrong(
            "Say why", f"As in `{said.command} snooze users 15m legal still reads it`."
        )
    return SnoozeUpdate(which, audience, for_s, why)


def _audience(said: Typed) -> Audience:
    word = said.take()
    found = next((one for one in AUDIENCES if one == word), None)
    if found is None:
        what = f"`{shown(word)}` is nobody who is told" if word else "Name who is told"
        raise said.wrong(what, f"It is one of {', '.join(AUDIENCES)}.")
    return found


def _clock(said: Typed) -> RunClock:
    which = said.which()
    name = said.take()
    if not name:
        raise said.wrong("Name the clock", f"`{said.command} facts` lists those that are on.")
    act: Literal["start", "answered"] = "start"
    began = ""
    which = said.also(which)
    if clean(said.peek() or "") == "answered":
        said.words.at += 1
        act = "answered"
    elif (option := said.option("from")) is not None:
        began, which = _began(said, which, option[1])
    which = said.also(which)
    said.end()
    return RunClock(which, name, act, began=began)


def _began(said: Typed, which: Which, word: str) -> tuple[str, Which]:
    """Take a time of several words (`03:10 CET`), up to an incident; in which zone it is, others know."""
    words = [word]
    while said.peek() is not None:
        at, which = said.words.at, said.also(which)
        if said.words.at == at:
            words.append(said.take(lower=False))
    return " ".join(words), which


def _evidence(said: Typed) -> HoldEvidence:
    which, where = said.spoken(
        said.which(), "Say where it was put", "evidence s3://evidence/inc-7, by Sam"
    )
    return HoldEvidence(which, where)


def _text(said: Typed) -> SetCanned:
    workflow = named(said.take(), ROW, said.command)
    mode: Literal["canned", "human"] = "canned"
    locale = ""
    while (option := said.option("in", "mode")) is not None:
        if option[0] == "in":
            locale = option[1].lower()
        elif option[1].lower() in ("canned", "human"):
            mode = "human" if option[1].lower() == "human" else "canned"
        else:
            raise said.wrong(
                f"`{shown(option[1])}` has no text of its own", "`canned` and `human` have."
            )
    quoted, text = (said.peek() or "")[:1] in ('"', "'"), said.rest()
    if not text:
        raise said.wrong(
            "Say what users read",
            f"As in `{said.command} text {workflow} A person answers you today.`",
        )
    declared = clean(text) == "declared" and not quoted and not locale
    return SetCanned(workflow, {} if declared else {locale: text}, mode)


def _look(what: Literal["templates", "facts"]) -> Take:
    def read(said: Typed) -> CommsLook:
        which = said.which()
        said.end()
        return CommsLook(what, which)

    return read


def _list(said: Typed) -> CommsLook:
    which = said.which()
    every = clean(said.peek() or "").lstrip("-") == "all"
    said.words.at += every
    which = said.also(which)
    said.end()
    return CommsLook("list", which, every=every)


def _preview(said: Typed) -> CommsLook:
    which = Which("", said.channel)
    return CommsLook("preview", which, _message(said))


_READERS: Final[Mapping[str, Take]] = {
    "now": _hold,
    "new": _new,
    "list": _list,
    "templates": _look("templates"),
    "preview": _preview,
    "show": _preview,
    "facts": _look("facts"),
    "edit": _edit,
    "publish": _publish,
    "drop": _drop,
    "correct": _correct,
    "retry": _retry,
    "fact": _fact,
    "snooze": _snooze,
    "clock": _clock,
    "evidence": _evidence,
    "text": _text,
}
ACTS: Final = tuple(one for one in _READERS if one != "show")
"""Every first word that is understood, and stands for nothing else."""
