"""Words of `/ai-runbook` into requests; what is not understood is refused, never guessed. Pure."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final, Literal

from opsbot.app.runs.requests import (
    EndRun,
    LeadRun,
    MarkStep,
    RunAction,
    RunLook,
    RunWords,
    StartRun,
    WhichRun,
)
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.incident import number_of
from opsbot.domain.run import run_named
from opsbot.slack.typed.incident_words import taken_apart
from opsbot.slack.typed.runbook_words import RunTyped
from opsbot.slack.typed.when import seconds
from opsbot.slack.typed.words import clean, example, shown

Take = Callable[[RunTyped], RunWords]
Plain = Literal["take", "accept", "decline", "done", "unblock", "back", "undo"]
Telling = Literal["failed", "skip", "note"]

LONGEST_S: Final = 7 * 86_400
"""How far off something that is blocked may be looked at again, in seconds."""

HARMLESS: Final = frozenset(
    {"show", "steps", "catchup", "list", "catalogue", "read", "help", "note"}
)
"""What may be proposed for a word that nobody knows: it changes nothing, or only adds words."""


def parse_runbook(text: str, *, channel: str = "", command: str = "/ai-runbook") -> RunWords:
    """
    Read the words after `/ai-runbook`; a run or an incident may be named before or behind the act.

    *channel* is where they were typed, in Slack.

    Raises:
        NeedsMoreWords: no act, an unknown one, or a value that is none; with what to write instead.
    """
    typed = taken_apart(text, now_ms=0, channel=channel, command=command, row="runbook")
    said = RunTyped(typed, channel)
    said.name()
    act = typed.take().replace("_", "-")
    if not act and not said.run:
        raise NeedsMoreWords(
            "Say what to do; nothing was changed.", hint=example("runbook", command)
        )
    reader = _READERS.get(act or "show")
    if reader is None:
        raise _unknown(act, said)
    return reader(said)


def starts_bare(text: str) -> bool:
    """Return whether the words begin a run and name no runbook: then a form is filled in."""
    return clean(text.strip()) in ("start", "begin")


def _unknown(act: str, said: RunTyped) -> NeedsMoreWords:
    """
    Refuse an act; what is proposed changes nothing, or people who are tired would do it.

    Nothing is where an act that changes something is as near: `dnoe` is hardly a note.
    """
    near = get_close_matches(act, ACTS, n=2, cutoff=0.5)
    listed = ", ".join(one for one in ACTS if one not in _ALIASES)
    hint = f"It is one of {listed}. `{said.command} help` says what each does."
    if near and HARMLESS.issuperset(near):
        hint = f"Did you mean `{said.command} {near[0]}`?"
    return said.wrong(f"`{shown(act)}` is nothing that can be done with a runbook", hint)


def _start(said: RunTyped) -> StartRun:
    runbook = said.typed.take()
    if not runbook:
        raise said.wrong("Name the runbook", f"`{said.command} catalogue` lists them.")
    said.name()
    mode: Literal["live", "drill", "show"] = "live"
    params: dict[str, str] = {}
    while said.typed.peek() is not None:
        word = clean(said.typed.peek() or "").lstrip("-")
        if word in ("drill", "show"):
            mode = "drill" if word == "drill" else "show"
            said.typed.words.at += 1
        elif (number_of(word) or run_named(word)) and not said.run:
            said.name()
        else:
            name, value = said.param()
            params[name] = value
    if said.run.startswith("RUN-"):
        raise said.wrong(f"{said.run} is a run: it was begun already", "Name an incident, or none.")
    return StartRun(runbook, said.run, said.channel, mode, params)


def _plain(act: Plain) -> Take:
    def read(said: RunTyped) -> MarkStep:
        said.name()
        step = said.step() or said.typed.take()
        said.end()
        return MarkStep(said.which, act, step)

    return read


def _telling(act: Telling, what: str, hint: str) -> Take:
    def read(said: RunTyped) -> MarkStep:
        said.name()
        step = said.step()
        words = said.words(what, hint) if act != "failed" else said.rest()
        return MarkStep(said.which, act, step, words=words)

    return read


def _block(said: RunTyped) -> MarkStep:
    said.name()
    step, for_s = "", None
    while (option := said.option("step", "for")) is not None:
        if option[0] == "step":
            step = option[1].lower()
            continue
        for_s = seconds(option[1])
        if not for_s or for_s > LONGEST_S:
            raise said.wrong(
                f"`{shown(option[1])}` is no time to wait", "As in `for:30m`, `for:2h`."
            )
    if clean(said.typed.peek() or "") == "on":
        said.typed.words.at += 1
    words = said.words("Say whom or what it waits for", "block for:30m on the legal team")
    return MarkStep(said.which, "block", step, words=words, for_s=for_s)


def _evidence(said: RunTyped) -> MarkStep:
    said.name()
    step = said.step()
    words = said.words(
        "Give the link, and what it shows", "evidence https://… the first bad answer"
    )
    links = [one for one in words.split() if one.startswith(("https://", "http://"))]
    rest = " ".join(one for one in words.split() if one not in links[:1])
    return MarkStep(
        said.which, "evidence", step, words=rest or words, url=links[0] if links else ""
    )


def _assign(said: RunTyped) -> MarkStep:
    said.name()
    step = said.step()
    who = clean(said.typed.take(lower=False), lower=False)
    if not who:
        raise said.wrong("Name who should do it", f"As in `{said.command} assign @sam`.")
    step = step or said.step() or said.typed.take()
    said.end()
    return MarkStep(said.which, "assign", step, who=said.typed.person(who))


def _tick(said: RunTyped) -> MarkStep:
    said.name()
    step = said.step()
    word = said.typed.take()
    box = word if word.startswith("b") else f"b{word}"
    if not box[1:].isascii() or not box[1:].isdigit():
        raise said.wrong("Say which box", f"As in `{said.command} tick 2`.")
    step = step or said.step() or said.typed.take()
    said.end()
    return MarkStep(said.which, "box", step, box=f"b{int(box[1:])}")


def _answer(said: RunTyped) -> MarkStep:
    said.name()
    step = said.step()
    number = said.number("Say which answer", "answer 1")
    step = step or said.step() or said.typed.take()
    said.end()
    return MarkStep(said.which, "decide", step, option=number)


def _do(act: Literal["do", "undo", "read_back"]) -> Take:
    def read(said: RunTyped) -> RunAction:
        said.name()
        step, number, yes = said.step(), 1, False
        while word := clean(said.typed.peek() or "").lstrip("-"):
            before = said.typed.words.at
            said.name()
            if not step:
                step = said.step()
            if said.typed.words.at != before:
                continue
            said.typed.words.at += 1
            if word == "yes":
                yes = True
            elif word.isascii() and word.isdigit():
                number = int(word[:6])
            elif step:
                raise said.wrong(f"`{shown(word)}` is one word too many")
            else:
                step = word
        return RunAction(said.which, step, number, act, confirmed=yes)

    return read


def _undo(said: RunTyped) -> RunWords:
    """Read `undo`, which takes a tick off, and `undo action [2]`, which takes back what was done."""
    said.name()
    if clean(said.typed.peek() or "") == "action":
        said.typed.words.at += 1
        return _do("undo")(said)
    return _plain("undo")(said)


def _handover(said: RunTyped) -> LeadRun:
    said.name()
    word = said.typed.take(lower=False)
    said.name()
    said.end()
    act = word.lower()
    if act in ("accept", "decline", "take"):
        return LeadRun(said.which, "accept" if act == "accept" else _LEADS[act])
    if not word:
        raise said.wrong("Name who takes over", f"As in `{said.command} handover @sam`.")
    return LeadRun(said.which, "offer", said.typed.person(word.removeprefix("@")))


_LEADS: Final[Mapping[str, Literal["decline", "take"]]] = {"decline": "decline", "take": "take"}


def _lead(said: RunTyped) -> LeadRun:
    said.name()
    said.end()
    return LeadRun(said.which, "take")


def _finish(said: RunTyped) -> EndRun:
    """Read `finish [why]`: steps that are left need a reason."""
    said.name()
    words = said.rest()
    return EndRun(said.which, "finish", words=words)


def _renew(said: RunTyped) -> EndRun:
    said.name()
    said.end()
    return EndRun(said.which, "renew")


def _abandon(said: RunTyped) -> EndRun:
    said.name()
    return EndRun(
        said.which, "abandon", words=said.words("Say why it ends", "abandon a false alarm")
    )


def _switch(said: RunTyped) -> EndRun:
    said.name()
    runbook = said.typed.take()
    if not runbook:
        raise said.wrong(
            "Name the runbook to go on with", f"`{said.command} catalogue` lists them."
        )
    params: dict[str, str] = {}
    while said.param_ahead():
        name, value = said.param()
        params[name] = value
    return EndRun(said.which, "switch", runbook, said.rest(), params)


def _look(what: Literal["show", "catchup", "steps"]) -> Take:
    def read(said: RunTyped) -> RunLook:
        said.name()
        said.end()
        return RunLook(what, said.which)

    return read


def _list(said: RunTyped) -> RunLook:
    every = clean(said.typed.peek() or "").lstrip("-") == "all"
    said.typed.words.at += every
    said.end()
    return RunLook("list", WhichRun("", said.channel), every=every)


def _catalogue(said: RunTyped) -> RunLook:
    said.end()
    return RunLook("catalogue", WhichRun("", said.channel))


def _read(said: RunTyped) -> RunLook:
    runbook = said.typed.take()
    if not runbook:
        raise said.wrong("Name the runbook", f"`{said.command} catalogue` lists them.")
    said.end()
    return RunLook("read", WhichRun("", said.channel), runbook=runbook)


_READERS: Final[Mapping[str, Take]] = {
    "start": _start,
    "begin": _start,
    "show": _look("show"),
    "steps": _look("steps"),
    "catchup": _look("catchup"),
    "catch-up": _look("catchup"),
    "list": _list,
    "ls": _list,
    "catalogue": _catalogue,
    "catalog": _catalogue,
    "read": _read,
    "done": _plain("done"),
    "failed": _telling("failed", "", ""),
    "skip": _telling("skip", "Say why it is skipped", "skip done outside opsbot"),
    "block": _block,
    "unblock": _plain("unblock"),
    "note": _telling("note", "Say what to note", "note the cache was cold"),
    "evidence": _evidence,
    "tick": _tick,
    "answer": _answer,
    "do": _do("do"),
    "read-back": _do("read_back"),
    "take": _plain("take"),
    "assign": _assign,
    "accept": _plain("accept"),
    "decline": _plain("decline"),
    "back": _plain("back"),
    "undo": _undo,
    "lead": _lead,
    "handover": _handover,
    "switch": _switch,
    "renew": _renew,
    "finish": _finish,
    "abandon": _abandon,
}
_ALIASES: Final = frozenset({"begin", "catch-up", "ls", "catalog"})
ACTS: Final = tuple(_READERS)
"""Every first word that is understood."""
