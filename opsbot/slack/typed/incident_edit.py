"""What is changed of an incident, from words: `update`, `sev`, `title`, `time` and their like. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from opsbot.app.incident.requests import EditIncident, Which
from opsbot.domain.incident.times import ORDER, Moment
from opsbot.domain.incident.types import SEVERITIES, severity
from opsbot.slack.typed.incident_bare import (
    NEXT,
    Bare,
    bare_option,
    is_moment,
    refuse_late,
    skip_beside_moment,
)
from opsbot.slack.typed.incident_words import Typed
from opsbot.slack.typed.when import moment, seconds
from opsbot.slack.typed.words import named, shown

_DIGITS: Final = 12
"""Of a number of outcomes: more than there are people."""

_UNKNOWN: Final = ("none", "unknown")
QUOTED: Final = "If the words belong to the text, put all of it in quotes."
"""How to say that a text begins like an option."""


def _update(said: Typed) -> EditIncident:
    which, ahead = said.which(), None
    while (option := option_of(said, (NEXT,), QUOTED)) is not None:
        ahead = seconds(option[1])
        if not ahead:
            raise said.wrong(f"`{shown(option[1])}` is no time", "As in `next:20m`.")
    refuse_late(said, (NEXT,), otherwise=QUOTED)
    which, text = said.spoken(which, "Say what is so now", "update next:20m we rolled back to r3")
    return EditIncident(which, update=text, next_update_s=ahead)


def option_of(said: Typed, known: Sequence[Bare], otherwise: str) -> tuple[str, str] | None:
    """Take one `word:value` of those that are known, with its colon or without."""
    bare = bare_option(said, known, otherwise=otherwise)
    return bare or said.option(*(one.key for one in known))


def _sev(said: Typed) -> EditIncident:
    which, word = said.which(), said.take()
    found = severity(word)
    if found is None:
        listed = ", ".join(SEVERITIES)
        said_so = f"`{shown(word)}` is no severity" if word else "Name the severity"
        raise said.wrong(said_so, f"As in `{said.command} sev sev1`; they are {listed}.")
    return EditIncident(_last(which, said), severity=found)


def _last(which: Which, said: Typed) -> Which:
    """Return the incident, where it is named at the end too. Raises NeedsMoreWords for a word more."""
    which = said.also(which)
    said.end()
    return which


def _title(said: Typed) -> EditIncident:
    which, text = said.spoken(said.which(), "Say the new title", "title wrong refund sums")
    return EditIncident(which, title=text)


def _summary(said: Typed) -> EditIncident:
    which, text = said.spoken(said.which(), "Say what is known", "summary 30 refunds so far")
    return EditIncident(which, summary=text)


def _type(said: Typed) -> EditIncident:
    which, word = said.which(), said.take()
    if not word:
        raise said.wrong("Name the type", f"As in `{said.command} type prompt_injection`.")
    return EditIncident(_last(which, said), type=word.replace("-", "_"))


def _workflow(said: Typed) -> EditIncident:
    which, word = said.which(), said.take()
    if not word:
        raise said.wrong("Name the workflow that is hit as well")
    which = _last(which, said)
    return EditIncident(which, workflow=named(word, "incident", said.command))


def _exposed(said: Typed) -> EditIncident:
    which, word = said.which(), said.take()
    if not (word.isascii() and word.isdigit()) or len(word) > _DIGITS:
        raise said.wrong("Say how many outcomes were bad", f"As in `{said.command} exposed 212`.")
    return EditIncident(_last(which, said), exposed=int(word))


def _private(said: Typed) -> EditIncident:
    return EditIncident(_last(said.which(), said), private=True)


def _public(said: Typed) -> EditIncident:
    return EditIncident(_last(said.which(), said), private=False)


def _time(said: Typed) -> EditIncident:
    which, times = said.which(), dict[Moment, int | None]()
    while (option := option_of(said, _MOMENTS, QUOTED)) is not None:
        name = next(one for one in ORDER if one == option[0])
        unknown = option[1].lower() in _UNKNOWN
        times[name] = None if unknown else moment(option[1], said.now_ms, what=name)
        skip_beside_moment(said)
        which = said.also(which)
    if not times or said.peek() is not None:
        raise said.wrong(
            "Say which time is when",
            f"As in `{said.command} time started:03:10 detected:10m`; times are"
            f" {', '.join(ORDER)}, and `none` takes one away.",
        )
    if times.get("declared", 0) is None:
        raise said.wrong("An incident is always declared at some time")
    return EditIncident(which, times=times)


_MOMENTS: Final = tuple(
    Bare(name, f"{name}:03:10", lambda word: word.lower() in _UNKNOWN or is_moment(word))
    for name in ORDER
)
"""The moments, with no text behind them: two words can be nothing but a moment and its time."""

EDITS: Final[Mapping[str, Callable[[Typed], EditIncident]]] = {
    "update": _update,
    "sev": _sev,
    "severity": _sev,
    "title": _title,
    "summary": _summary,
    "type": _type,
    "workflow": _workflow,
    "exposed": _exposed,
    "private": _private,
    "public": _public,
    "time": _time,
    "times": _time,
}
"""What reads the words behind each of these acts."""
