"""A run: one walk through one version of a runbook, step by step, by people. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Final, Literal

from opsbot.domain.change import Json, Position, Record
from opsbot.domain.runbook import LaneName

RunMode = Literal["live", "drill", "show"]
"""*drill*: its actions only say what they would do. *show*: nothing is recorded of the steps but ticks."""

RunStatus = Literal["open", "finished", "superseded", "abandoned"]

MarkState = Literal["open", "done", "skipped", "failed", "blocked"]
"""*failed*: somebody said that it did not work; it stays to be dealt with. *blocked* waits for somebody or something."""

ActState = Literal["executing", "waiting", "done", "failed", "unknown", "undone"]
"""
*executing*: claimed, and nobody knows yet. *waiting*: for a second person or a time. *unknown*: the
claim ran out before an answer came; only what is really so, read back, decides what it becomes.
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """
    How far one step is. *why* and *on* are commitments to free text (reason, who or what blocks it).

    *by* is who marked it last, *assignee* who has it, *offered* who was asked to take it and has not
    accepted. *boxes* are ticked boxes by id, *choice* the index of the decision's option that was taken.
    *recheck_ms* is when something blocked is looked at again, None for never by itself. *version* is the
    run's version that changed it last, *boxed* that of each box; *reopened* that of its last opening
    again. *passed* is the step whose answer led past this one, empty where none did.
    """

    state: MarkState = "open"
    by: str = ""
    at_ms: int = 0
    begun_ms: int | None = None
    assignee: str = ""
    offered: str = ""
    offered_ms: int | None = None
    why: str = ""
    on: str = ""
    recheck_ms: int | None = None
    boxes: tuple[str, ...] = ()
    choice: int | None = None
    version: int = 0
    boxed: Mapping[str, int] = field(default_factory=dict)
    reopened: int = 0
    passed: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """
    One action of a step, claimed once for each *attempt*.

    *until_ms* is when its claim, its wait or its approval runs out. *result* is what it came to, as an
    id (`K-3`, `A-2`, `INC-7`, `r5`) or empty; *detail* our own words. Its request id is made of the
    run, the step, its number and the attempt, so that no crash repeats it. *version* is the run's
    version that changed it last; *since_ms* from when on something that has to stay so was so.
    """

    state: ActState
    attempt: int = 1
    by: str = ""
    at_ms: int = 0
    until_ms: int | None = None
    result: str = ""
    detail: str = ""
    version: int = 0
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """
    A note or a piece of evidence on a step. *text* is a commitment.

    *place* is `channel:ts` of the message it came from, *url* where it can be read; never the thing itself.
    """

    id: str
    step: str
    text: str
    by: str
    at_ms: int
    kind: Literal["note", "evidence"] = "note"
    place: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """
    One run, `RUN-1`, `RUN-2` ...

    *digest* names the very bytes that are walked (`state.runbook_text`); a change of the file does not
    touch a run. *version* grows by one with every change: who acts says which version they saw.
    *focus* is the current step of each lane, empty where the lane is at its end. *marks* has the steps
    that anybody touched; *acts* the actions, by `<step>#<number>`. *commander* leads it; *offer* is
    who was handed the lead and has not accepted, *lead_ms* since when the commander leads. *follows* is
    the run that this one superseded, *newer* the digest of a newer revision of its file, *renewed* the
    version at which it went on with one, 0 where it never did.
    """

    id: str
    uid: str
    at: Position
    begun_at: Position
    runbook: str
    digest: str
    begun_by: str
    begun_ms: int
    via: str
    incident: str = ""
    channel: str = ""
    mode: RunMode = "live"
    imported: bool = False
    status: RunStatus = "open"
    params: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    focus: Mapping[LaneName, str] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)
    acts: Mapping[str, Act] = field(default_factory=dict)
    attached: tuple[Attached, ...] = ()
    commander: str = ""
    offer: str = ""
    offer_ms: int | None = None
    follows: str = ""
    newer: str = ""
    ended_ms: int | None = None
    why: str = ""
    lead_ms: int | None = None
    renewed: int = 0

    @property
    def open(self) -> bool:
        """Return whether somebody walks it."""
        return self.status == "open"

    def mark(self, step: str) -> Mark:
        """Return how far a step is; an untouched one is open."""
        return self.marks.get(step, Mark())

    def act(self, step: str, number: int) -> Act | None:
        """Return what became of one action, None where nobody pressed it."""
        return self.acts.get(f"{step}#{number}")

    def settled(self, step: str, number: int) -> bool:
        """Return whether one action is done since its step was opened last: what it came to before is no evidence now."""
        act = self.act(step, number)
        return act is not None and act.state == "done" and act.version >= self.mark(step).reopened

    def undoing(self, step: str, number: int) -> Act | None:
        """Return what became of the way back of one action, None where nobody pressed that."""
        return self.acts.get(f"{step}#{number}~")


def run_named(word: str) -> str | None:
    """Return the id that a word names (`run-7`, `RUN-007`), None for anything else."""
    found = _ID.fullmatch(word.strip())
    return None if found is None else f"RUN-{int(found[1])}"


_ID: Final = re.compile(r"run-0*([1-9][0-9]{0,8})", re.IGNORECASE | re.ASCII)


def as_record(run: Run) -> Record:
    """Return the record as it is stored."""
    return {"s": 1, **{one.name: _plain(getattr(run, one.name)) for one in fields(Run)}}


def from_record(record: Record) -> Run:
    """
    Read a stored record; fields of later versions are ignored.

    Raises:
        KeyError, TypeError, ValueError: not written by this program.
    """
    plain = {one.name: record[one.name] for one in fields(Run) if one.name in record}
    return Run(
        **{  # type: ignore[arg-type]  # our own record, checked by the journal's hash
            **plain,
            "at": _position(record["at"]),
            "begun_at": _position(record["begun_at"]),
            "marks": {
                step: Mark(**{**one, "boxes": tuple(_listed(one.get("boxes")))})  # type: ignore[arg-type]  # our own record
                for step, one in _mapped(record.get("marks")).items()
                if isinstance(one, Mapping)
            },
            "acts": {
                name: Act(**one)  # type: ignore[arg-type]  # our own record
                for name, one in _mapped(record.get("acts")).items()
                if isinstance(one, Mapping)
            },
            "attached": tuple(
                Attached(**one)  # type: ignore[arg-type]  # our own record
                for one in _listed(record.get("attached"))
                if isinstance(one, Mapping)
            ),
        }
    )


def _plain(value: object) -> Json:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    assert value is None or isinstance(value, (bool, int, float, str)), value
    return value


def _position(value: Json) -> Position:
    if not isinstance(value, Mapping):
        raise TypeError(f"not a position: {value!r}")
    return Position(int(str(value["epoch"])), int(str(value["revision"])))


def _listed(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()


def _mapped(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
