"""An incident: who works on what, since when, and what was done outside for it. Transitions are functions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final, Literal

from opsbot.domain.change import Json, Position, Record
from opsbot.domain.incident import times as incident_times
from opsbot.domain.incident.flow import NOT_COUNTED, OPEN, Status
from opsbot.domain.incident.times import Moment, Times
from opsbot.domain.incident.types import UNKNOWN, Severity
from opsbot.domain.records import listed, mapped, plain, position

Role = Literal["commander", "comms", "scribe"]
ROLES: Final[tuple[Role, ...]] = ("commander", "comms", "scribe")

StepName = Literal["page", "channel", "topic", "bookmarks", "invite", "announce", "card", "archive"]
AT_FIRST: Final[tuple[StepName, ...]] = (
    "page",
    "channel",
    "topic",
    "bookmarks",
    "invite",
    "announce",
    "card",
)
"""What is done outside when an incident opens, in this order; each by itself, none waits for a failure."""

STEPS: Final[tuple[StepName, ...]] = (*AT_FIRST, "archive")
"""Everything done outside; the archiving of its channel is due some time after its end."""

StepState = Literal["due", "done", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing done outside.

    *detail* says in our words what failed or why it was skipped; *tries* counts [Retry] presses.
    """

    state: StepState = "due"
    detail: str = ""
    at_ms: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Pager:
    """
    Its page. *key* is ours and found again by; the rest is PagerDuty's own word, and as old as *at_ms*.

    *applied* is the newest moment in PagerDuty's time that each field was taken from: what comes
    late and is older changes nothing. *turns* counts how often its status was changed there since
    *turns_ms*; one that turns without end is not followed before *held_ms*.
    """

    key: str
    id: str = ""
    number: int = 0
    url: str = ""
    status: Literal["", "triggered", "acknowledged", "resolved"] = ""
    assignees: tuple[str, ...] = ()
    at_ms: int = 0
    adopted: bool = False
    applied: Mapping[str, int] = field(default_factory=dict)
    turns: int = 0
    turns_ms: int = 0
    held_ms: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """
    Its channel in Slack. *own*: made for it, or adopted; else it shares the workflow's channel.

    *archived*: nobody can write there any more, so what is said goes where it would without it.
    """

    channel: str = ""
    name: str = ""
    own: bool = False
    adopted: bool = False
    archived: bool = False

    @property
    def live(self) -> bool:
        """Return whether it is a channel of its own that takes messages."""
        return self.own and bool(self.channel) and not self.archived


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do after it. *text* is a commitment; *due* a date (`2026-12-01`), or empty."""

    id: str
    text: str
    owner: str = ""
    due: str = ""
    done_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """
    One incident, `INC-1`, `INC-2` ...

    *title*, *summary* and *why* (of its last move) are commitments to free text, never the text.
    People are joined identities, as in a kill. *workflows* is empty for one that names none; the
    first is the one that is meant. *at* is where it last changed and *declared_at* where it began,
    so that its timeline can be read from the journal. *offers* are roles handed to somebody who has
    not accepted yet. *private*: nothing of it is announced, and no name of it stands elsewhere.
    *exposed* is how many outcomes were bad, None while nobody counted. *update_due_ms* is when the
    next update was promised. *update* is a commitment to the newest update, with its moment and author.
    """

    id: str
    uid: str
    at: Position
    declared_at: Position
    title: str
    severity: Severity
    times: Times
    declared_by: str
    via: str
    status: Status = "active"
    type: str = UNKNOWN
    workflows: tuple[str, ...] = ()
    summary: str = ""
    why: str = ""
    duplicate_of: str = ""
    private: bool = False
    drill: bool = False
    retroactive: bool = False
    roles: Mapping[Role, str] = field(default_factory=dict)
    offers: Mapping[Role, str] = field(default_factory=dict)
    responders: tuple[str, ...] = ()
    kills: tuple[str, ...] = ()
    steps: Mapping[StepName, Step] = field(default_factory=dict)
    pager: Pager | None = None
    room: Room = field(default_factory=Room)
    origin: str = ""
    actions: tuple[Action, ...] = ()
    exposed: int | None = None
    update_due_ms: int | None = None
    update: str = ""
    update_ms: int | None = None
    update_by: str = ""
    quiet: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Return whether somebody is at work on it."""
        return self.status in OPEN

    @property
    def counts(self) -> bool:
        """Return whether it belongs in figures: no drill, and an incident of its own."""
        return not self.drill and self.status not in NOT_COUNTED

    @property
    def workflow(self) -> str:
        """Return the workflow that is meant, empty where none is named."""
        return self.workflows[0] if self.workflows else ""

    def step(self, name: StepName) -> Step | None:
        """Return how far one step is, None where it was never due."""
        return self.steps.get(name)

    def stepped(self, name: StepName, step: Step) -> "Incident":
        """Return it with one step changed."""
        return replace(self, steps={**self.steps, name: step})

    def timed(self, moment: Moment, at_ms: int | None) -> "Incident":
        """Return it with one moment set."""
        return replace(self, times=replace(self.times, **{moment: at_ms}))  # type: ignore[arg-type]  # mypy does not look into the one key


def number_of(word: str) -> str | None:
    """Return the id that a word names (`inc-7`, `INC-007`), None for anything else; never a bare number."""
    found = _ID.fullmatch(word.strip())
    return None if found is None else f"INC-{int(found[1])}"


_ID: Final = re.compile(r"inc-0*([1-9][0-9]{0,30})", re.IGNORECASE | re.ASCII)


def as_record(incident: Incident) -> Record:
    """Return the record as it is stored."""
    written = {name: plain(getattr(incident, name)) for name in _FIELDS}
    return {
        "s": 1,
        **written,
        "at": incident.at.as_json(),
        "declared_at": incident.declared_at.as_json(),
        "times": incident_times.as_record(incident.times),
    }


def from_record(record: Record) -> Incident:
    """
    Read a stored record; fields of later versions are ignored.

    Raises:
        KeyError, TypeError, ValueError: not written by this program.
    """
    known = {name: record[name] for name in _FIELDS if name in record}
    tuples = {name: tuple(listed(known.get(name))) for name in _TUPLES}
    return Incident(
        **{  # type: ignore[arg-type]  # our own record, checked by the journal's hash
            **known,
            **tuples,
            "roles": dict(mapped(record.get("roles"))),
            "offers": dict(mapped(record.get("offers"))),
            "steps": {
                name: Step(**one)
                for name, one in mapped(record.get("steps")).items()
                if isinstance(one, dict)
            },
            "pager": _pager(record.get("pager")),
            "room": _room(mapped(record.get("room"))),
            "actions": tuple(Action(**one) for one in listed(record.get("actions"))),  # type: ignore[arg-type]  # our own record
            "at": position(record["at"]),
            "declared_at": position(record["declared_at"]),
            "times": incident_times.from_record(record["times"]),
        }
    )


_APART = frozenset({"at", "declared_at", "times"})
_FIELDS: Final = tuple(one.name for one in fields(Incident) if one.name not in _APART)
_TUPLES: Final = ("workflows", "responders", "kills", "quiet")


def _pager(value: Json) -> Pager | None:
    if not isinstance(value, Mapping):
        return None
    read = {
        **value,
        "assignees": tuple(listed(value.get("assignees"))),
        "applied": mapped(value.get("applied")),
    }
    return Pager(**read)  # type: ignore[arg-type]  # our own record


def _room(value: Mapping[str, Json]) -> Room:
    known = {one.name: value[one.name] for one in fields(Room) if one.name in value}
    return Room(**known)  # type: ignore[arg-type]  # our own record
