"""What is changed of an incident, from words: `update`, `sev`, `title`, `time` and their like. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from opsbot.app.incident.requests import EditIncident
from opsbot.domain.incident_times import ORDER, Moment
from opsbot.domain.incident_types import SEVERITIES, severity
from opsbot.slack.incident_typed import Typed
from opsbot.slack.when import moment, seconds
from opsbot.slack.words import named, shown

_DIGITS: Final = 12
"""Of a number of outcomes: more than there are people."""

_UNKNOWN: Final = ("none", "unknown")


def _update(said: Typed) -> EditIncident:
    which, ahead = said.which(), None
    while (option := said.option("next")) is not None:
        ahead = seconds(option[1])
        if not ahead:
            raise said.wrong(f"`{shown(option[1])}` is no time", "As in `next:20m`.")
    text = said.text("Say what is so now", "update next:20m we rolled back to r3")
    return EditIncident(which, update=text, next_update_s=ahead)


def _sev(said: Typed) -> EditIncident:
    which, word = said.which(), said.take()
    found = severity(word)
    if found is None:
        listed = ", ".join(SEVERITIES)
        said_so = f"`{shown(word)}` is no severity" if word else "Name the severity"
        raise said.wrong(said_so, f"As in `{said.command} sev sev1`; they are {listed}.")
    which = which if which.name else said.which()
    said.end()
    return EditIncident(which, severity=found)


def _title(said: Typed) -> EditIncident:
    which = said.which()
    return EditIncident(which, title=said.text("Say the new title", "title wrong refund sums"))


def _summary(said: Typed) -> EditIncident:
    which = said.which()
    return EditIncident(which, summary=said.text("Say what is known", "summary 30 refunds so far"))


def _type(said: Typed) -> EditIncident:
    which, word = said.which(), said.take()
    if not word:
        raise said.wrong("Name the type", f"As in `{said.command} type prompt_injection`.")
    said.end()
    return EditIncident(which, type=word.replace("-", "_"))


def _workflow(said: Typed) -> EditIncident:
    which, word = said.which(), said.take()
    if not word:
        raise said.wrong("Name the workflow that is hit as well")
    said.end()
    return EditIncident(which, workflow=named(word, "incident", said.command))


def _exposed(said: Typed) -> EditIncident:
    which, word = said.which(), said.take()
    if not (word.isascii() and word.isdigit()) or len(word) > _DIGITS:
        raise said.wrong("Say how many outcomes were bad", f"As in `{said.command} exposed 212`.")
    said.end()
    return EditIncident(which, exposed=int(word))


def _private(said: Typed) -> EditIncident:
    which = said.which()
    said.end()
    return EditIncident(which, private=True)


def _public(said: Typed) -> EditIncident:
    which = said.which()
    said.end()
    return EditIncident(which, private=False)


def _time(said: Typed) -> EditIncident:
    which, times = said.which(), dict[Moment, int | None]()
    while (option := said.option(*ORDER)) is not None:
        name = next(one for one in ORDER if one == option[0])
        unknown = option[1].lower() in _UNKNOWN
        times[name] = None if unknown else moment(option[1], said.now_ms, what=name)
    if not times or said.peek() is not None:
        raise said.wrong(
            "Say which time is when",
            f"As in `{said.command} time started:03:10 detected:10m`; times are"
            f" {', '.join(ORDER)}, and `none` takes one away.",
        )
    if times.get("declared", 0) is None:
        raise said.wrong("An incident is always declared at some time")
    return EditIncident(which, times=times)


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
