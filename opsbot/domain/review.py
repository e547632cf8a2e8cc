"""The review of an incident as one value, from which every form of it is written. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Literal

from opsbot.domain.change import Json, Record
from opsbot.domain.incident.flow import Status
from opsbot.domain.incident.times import Measures, Times
from opsbot.domain.incident.types import Severity
from opsbot.domain.review_comms import Communication
from opsbot.domain.served.count import Counted
from opsbot.domain.timeline import Line


@dataclass(frozen=True, slots=True)
class Held:
    """A part that somebody had in it: `Commander`, `Responder`, `Declared it`."""

    role: str
    who: str


@dataclass(frozen=True, slots=True)
class Calls:
    """
    Calls that a kill hit.

    *until* says how far they are counted: to the *confirmed* kill, or to *now* while it holds.
    """

    let: int
    refused: int
    until: Literal["confirmed", "now"]

    @property
    def of(self) -> int:
        """Return how many calls it hit in all: what both figures are parts of."""
        return self.let + self.refused


@dataclass(frozen=True, slots=True)
class Frame:
    """
    What the counters of a workflow said at the moment of a kill, each since its own instance started.

    *let* of *asked* calls went through. What instances had served that were gone by then is in none.
    """

    workflow: str
    at_ms: int
    instances: int
    let: int
    asked: int


@dataclass(frozen=True, slots=True)
class KillEvidence:
    """
    One kill of the incident with what shows that it held.

    *confirmed_ms* is from the command to the last acknowledgement, by *instances*; None while not
    confirmed. *probes* None: never asked. *calls* are empty where no counters were noted.
    """

    id: str
    what: str
    mode: str
    by: str
    at_ms: int
    reason: str
    confirmed_ms: float | None
    instances: int | None
    probes: int | None
    passed: int | None
    not_probed: tuple[str, ...]
    frames: tuple[Frame, ...]
    calls: tuple[Calls, ...]
    ended_ms: int | None
    ended_by: str


@dataclass(frozen=True, slots=True)
class ServedIn:
    """
    What one workflow served while users were exposed.

    *counted* is of the time from the onset to containment, or to now where it is not contained;
    *after* of the time from then *until* something in words. *why* says why nothing is known.
    """

    workflow: str
    counted: Counted | None = None
    after: Counted | None = None
    until: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Exposure:
    """
    How long users were exposed.

    *onset_ms* is when they were first hit, else when it was noticed, as *onset* says; *contained_ms*
    when the fleet confirmed the last kill. *outcomes* is how many bad ones people counted, *served*
    how many responses were given, workflow by workflow.
    """

    onset: Literal["started", "detected", ""]
    onset_ms: int | None
    contained_ms: int | None
    outcomes: int | None
    served: tuple[ServedIn, ...] = ()

    @property
    def lasted_ms(self) -> int | None:
        """Return how long it was, None where an end is not known or they contradict each other."""
        if self.onset_ms is None or self.contained_ms is None:
            return None
        lasted = self.contained_ms - self.onset_ms
        return lasted if lasted >= 0 else None

    def as_json(self) -> Record:
        """Return the machine's form."""
        return {**_record(self), "lasted_ms": self.lasted_ms}


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something to do after it; *late* where its date is over and it is not done."""

    id: str
    text: str
    owner: str
    due: str
    done_ms: int | None
    late: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What one person decided, in order, as the journal says."""

    who: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class WalkedStep:
    """
    One step of a run: how it ended, by whom, what it took and what was planned for it.

    *state* is that of its mark, or `passed` where an answer led past it; *why* is of what was
    skipped, failed or is blocked.
    """

    title: str
    phase: str
    lane: str
    state: str
    by: str
    took_ms: int | None
    planned_ms: int | None
    why: str

    @property
    def slow(self) -> bool:
        """Return whether it took at least twice as long as planned."""
        return (
            self.took_ms is not None
            and self.planned_ms is not None
            and self.took_ms >= 2 * self.planned_ms > 0
        )


@dataclass(frozen=True, slots=True)
class WalkedRun:
    """One walk through a runbook in the incident; *took_ms* is None while it is open."""

    id: str
    runbook: str
    title: str
    mode: str
    status: str
    by: str
    commander: str
    begun_ms: int
    took_ms: int | None
    why: str
    steps: tuple[WalkedStep, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """
    Everything that is known of one incident.

    Texts are opened and names are those that people go by. *earlier* counts lines that are left out
    of *lines*; *cut* says that the journal goes further back than was read. *blank* says in words
    what nobody filled in.
    """

    incident: str
    env: str
    made_ms: int
    title: str
    summary: str
    why: str
    severity: Severity
    type: str
    status: Status
    drill: bool
    private: bool
    retroactive: bool
    duplicate_of: str
    workflows: tuple[str, ...]
    people: tuple[Held, ...]
    times: Times
    measures: Measures
    exposure: Exposure
    kills: tuple[KillEvidence, ...]
    routes: tuple[Line, ...]
    decided: tuple[Decided, ...]
    todo: tuple[ToDo, ...]
    lines: tuple[Line, ...]
    earlier: int
    cut: bool
    blank: tuple[str, ...]
    runs: tuple[WalkedRun, ...] = ()
    comms: Communication = field(default_factory=Communication)

    def as_json(self) -> Record:
        """Return the machine's form."""
        return {"s": 1, **_record(self), "exposure": self.exposure.as_json()}


def _record(value: object) -> dict[str, Json]:
    return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}  # type: ignore[arg-type]  # a dataclass of ours


def _plain(value: object) -> Json:
    if isinstance(value, Line):
        return value.as_json()
    if is_dataclass(value):
        return _record(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    assert value is None or isinstance(value, (bool, int, float, str)), value
    return value
