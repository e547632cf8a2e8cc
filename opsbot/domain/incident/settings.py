"""How incidents are run here: which parts are switched on, who is paged, when people are reminded. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from opsbot.domain.change import Json, Record
from opsbot.domain.incident.types import SEVERITIES, Severity

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

ReminderName = Literal["no_commander", "update_due", "kill_on", "stale", "approval_expiring"]
REMINDERS: Final[tuple[ReminderName, ...]] = (
    "no_commander",
    "update_due",
    "kill_on",
    "stale",
    "approval_expiring",
)


@dataclass(frozen=True, slots=True)
class Reminder:
    """
    One kind of reminder. *after_ms* by severity, in milliseconds; a severity that is missing has none.

    *most* is how often it is said at most for one incident; *repeat_ms* how long between two.
    """

    after_ms: Mapping[Severity, int] = field(default_factory=dict)
    repeat_ms: int = 30 * MINUTE_MS
    most: int = 3


def _minutes(*values: int) -> Mapping[Severity, int]:
    return {
        severity: value * MINUTE_MS for severity, value in zip(SEVERITIES, values, strict=False)
    }


USUAL: Final[Mapping[ReminderName, Reminder]] = {
    "no_commander": Reminder(_minutes(5, 10), 10 * MINUTE_MS, 3),
    "update_due": Reminder(_minutes(20, 30, 120), 15 * MINUTE_MS, 3),
    "kill_on": Reminder(_minutes(240, 240, 480, 480), 240 * MINUTE_MS, 6),
    "stale": Reminder(_minutes(120, 240, 1440, 4320), 1440 * MINUTE_MS, 5),
    "approval_expiring": Reminder(_minutes(5, 5, 5, 5), 5 * MINUTE_MS, 1),
}
"""After PagerDuty's own response guide: an update every 20 minutes at the highest, 30 at the next."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """
    When nobody is reminded of what can wait.

    *awake* are the hours outside of which it is quiet, as declared for a queue (`Mon-Fri 09:00-18:00
    Europe/Berlin`), empty for never quiet; *severities* those that wait until then.
    """

    awake: str = ""
    severities: frozenset[Severity] = frozenset({"SEV3", "SEV4"})


@dataclass(frozen=True, slots=True)
class IncidentSettings:
    """
    *pages* are severities that call somebody; *rooms* those that get a channel of their own.

    *paging*, *channels*: whole parts that a company leaves to another tool. *service* and
    *escalation_policy* are used where a workflow declares none, or where none is named. *channel* is
    where incidents are announced that name no workflow. *archive_after_ms* is how long after its end
    an incident's own channel is archived, None for never.
    """

    pages: frozenset[Severity] = frozenset({"SEV1", "SEV2"})
    rooms: frozenset[Severity] = frozenset({"SEV1", "SEV2", "SEV3"})
    paging: bool = True
    channels: bool = True
    service: str = ""
    escalation_policy: str = ""
    channel: str = ""
    channel_prefix: str = "inc"
    reminders: Mapping[ReminderName, Reminder] = field(default_factory=lambda: dict(USUAL))
    quiet: Quiet = field(default_factory=Quiet)
    archive_after_ms: int | None = 7 * DAY_MS


def from_record(record: Record) -> IncidentSettings:
    """Read what was declared; what is missing is as usual, so an empty record is the usual settings."""
    usual = IncidentSettings()
    quiet = record.get("quiet")
    return IncidentSettings(
        pages=_severities(record.get("pages"), usual.pages),
        rooms=_severities(record.get("rooms"), usual.rooms),
        paging=bool(record.get("paging", usual.paging)),
        channels=bool(record.get("channels", usual.channels)),
        service=str(record.get("service", "")),
        escalation_policy=str(record.get("escalation_policy", "")),
        channel=str(record.get("channel", "")),
        channel_prefix=str(record.get("channel_prefix", usual.channel_prefix)),
        reminders=_reminders(record.get("reminders")),
        quiet=_quiet(quiet) if isinstance(quiet, Mapping) else usual.quiet,
        archive_after_ms=_after(record.get("archive_after_ms", usual.archive_after_ms)),
    )


def _after(value: Json) -> int | None:
    return None if value is None else int(str(value))


def _reminders(value: Json) -> Mapping[ReminderName, Reminder]:
    given = value if isinstance(value, Mapping) else {}
    return {name: _reminder(given.get(name), USUAL[name]) for name in REMINDERS}


def _reminder(value: Json, usual: Reminder) -> Reminder:
    if not isinstance(value, Mapping):
        return usual
    after = value.get("after_ms")
    return Reminder(
        after_ms=_by_severity(after) if isinstance(after, Mapping) else usual.after_ms,
        repeat_ms=int(str(value.get("repeat_ms", usual.repeat_ms))),
        most=int(str(value.get("most", usual.most))),
    )


def _by_severity(given: Mapping[str, Json]) -> Mapping[Severity, int]:
    return {one: int(str(given[one])) for one in SEVERITIES if given.get(one) is not None}


def _quiet(given: Mapping[str, Json]) -> Quiet:
    usual = Quiet()
    return Quiet(
        str(given.get("awake", "")), _severities(given.get("severities"), usual.severities)
    )


def _severities(value: Json, usual: frozenset[Severity]) -> frozenset[Severity]:
    if not isinstance(value, (list, tuple)):
        return usual
    return frozenset(one for one in SEVERITIES if one in value)
