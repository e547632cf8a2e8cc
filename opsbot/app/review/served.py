"""What an incident's workflows served between its onset and its containment, and after it; or why nobody knows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from opsbot.app.exposure import Sampled, samples_since
from opsbot.app.exposure_port import ServedHistory
from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.review import Exposure, ServedIn
from opsbot.domain.served.count import Counted, Window

ON_TIME_MS: Final = 2_000
"""A sample this soon after a minute began is told as that minute's."""


class Until(NamedTuple):
    """A moment, and what it is in words."""

    ms: int
    words: str


async def served_in(
    history: ServedHistory | None,
    incident: Incident,
    exposure: Exposure,
    kills: Sequence[Kill],
    now_ms: int,
) -> tuple[ServedIn, ...]:
    """Return for each workflow of an incident what it served in the exposure window, or why that is not known."""
    window, why = _window(exposure, now_ms)
    sampled = None
    if window is not None and history is None:
        why = "nothing counts calls here"
    elif window is not None and history is not None:
        sampled = await samples_since(history, incident.workflows, window[0])
        why = "the store did not answer" if sampled is None else ""
    if window is None or sampled is None:
        return tuple(ServedIn(name, why=why) for name in incident.workflows)
    return tuple(
        _served(sampled, name, window, _ends(incident, kills, name, now_ms), exposure)
        for name in incident.workflows
    )


def _window(exposure: Exposure, now_ms: int) -> tuple[Window | None, str]:
    """Return from when to when users were exposed; None with the reason why nobody can say."""
    if exposure.onset_ms is None:
        return None, "when it began is not known"
    end_ms = now_ms if exposure.contained_ms is None else exposure.contained_ms
    if end_ms < exposure.onset_ms:
        return None, "it was contained before it began, as its times stand"
    return (exposure.onset_ms, end_ms), ""


def _ends(incident: Incident, kills: Sequence[Kill], name: str, now_ms: int) -> tuple[Until, ...]:
    """Return what ends the time after containment: a kill's end, the incident's, or now."""
    ended = [
        Until(one.ended_ms, f"{one.id} ended")
        for one in kills
        if one.ended_ms is not None and one.scope.workflow in (None, name)
    ]
    resolved = incident.times.resolved
    over = [] if resolved is None else [Until(resolved, "it was resolved")]
    return (*ended, *over, Until(now_ms, "now"))


def _served(
    sampled: Sampled, name: str, window: Window, ends: Sequence[Until], exposure: Exposure
) -> ServedIn:
    counted = sampled.of(name, window)
    if not counted.known or counted.to_ms is None:
        return ServedIn(name, counted, why=_why(sampled, counted, window))
    until = min((one for one in ends if one.ms > counted.to_ms), default=None)
    if exposure.contained_ms is None or until is None:
        return ServedIn(name, counted)
    after = sampled.of(name, (counted.to_ms, until.ms), whole_end=True)
    return ServedIn(name, counted, after if after.known else None, until.words)


def _why(sampled: Sampled, counted: Counted, window: Window) -> str:
    first_ms, last_ms = sampled.first_ms, sampled.last_ms
    if first_ms is None or last_ms is None:
        return "nothing was sampled from then on"
    if counted.from_ms is not None:
        return "no instance of it was heard"
    if window[1] <= first_ms:
        return f"the first sample that is kept is of {minute(first_ms, window[0])} UTC"
    if window[0] >= last_ms:
        return f"the last sample is of {minute(last_ms, window[0])} UTC"
    return "nothing was sampled in that time"


def minute(ms: int, beside_ms: int) -> str:
    """Return a moment in UTC to the minute, with seconds where it is off one, its day where that is another."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    clock = "%H:%M" if ms % 60_000 <= ON_TIME_MS else "%H:%M:%S"
    same = moment.date() == datetime.fromtimestamp(beside_ms / 1000, UTC).date()
    return moment.strftime(clock if same else f"%Y-%m-%d {clock}")
