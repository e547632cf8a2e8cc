"""A run: one walk through one version of a runbook, step by step, by people. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final, Literal

from opsbot.domain.change import Position, Record
from opsbot.domain.records import listed, mapped, plain, position
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
    again. *passed* is the step whose answer led past this one, empty where none did. *waits* are the
    people whom something blocked waits for, as far as they were named.
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
    waits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """
    One action of a step, claimed once for each *attempt*.

    *until_ms* is when its claim, its wait or its approval runs out. *result* is what it came to, as an
    id (`K-3`, `A-2`, `INC-7`, `r5`) or empty; *detail* our own words. Its request id is made of the
    run, the step, its number and the attempt, so that no crash repeats it. *version* is the run's
    version that changed it last; *since_ms* from when on something that has to stay so was so.
    *older*: what is done is what stood at its place in an older revision; what stands there now was not.
    *before* is what earlier attempts at its place came to.
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
    older: bool = False
    before: tuple[str, ...] = ()

    @property
    def results(self) -> tuple[str, ...]:
        """Return what every attempt came to, the last one last."""
        return (*self.before, self.result) if self.result else self.before


@dataclass(frozen=True, slots=True)
class Attached:
    """
    A note or a piece of evidence on a step. *text* is a commitment.

    *place* is `channel:ts` of the message it came from, *url* where it can be read; never the thing itself.
    Where that message was edited, one more stands in the place of the one that it *supersedes*; where it
    was deleted, *gone_ms* says since when: what was kept of it stays. *captured*: opsbot read it itself;
    everything else is what somebody noted.
    """

    id: str
    step: str
    text: str
    by: str
    at_ms: int
    kind: Literal["note", "evidence"] = "note"
    place: str = ""
    url: str = ""
    supersedes: str = ""
    gone_ms: int | None = None
    captured: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """How a lane came to its current *step*: through whom, and when; *by* is empty for opsbot itself."""

    step: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Run:
    """
    One run, `RUN-1`, `RUN-2` ...

    *digest* names the very bytes that are walked (`state.runbook_text`); a change of the file does not
    touch a run. *version* grows by one with every change: who acts says which version they saw.
    *focus* is the current step of each lane, empty where the lane is at its end; *came* says how it
    got there, of a lane that moved since the run began. *marks* has the steps
    that anybody touched; *acts* the actions, by `<step>#<number>`. *commander* leads it; *offer* is
    who was handed the lead and has not accepted, *lead_ms* since when the commander leads. *follows* is
    the run that this one superseded, *newer* the digest of a newer revision of its file, *renewed* the
    version at which it went on with one, 0 where it never did. *params* are declared names and numbers
    that it was begun with, *said* commitments to what was given in people's own words.
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
    said: Mapping[str, str] = field(default_factory=dict)
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
    came: Mapping[LaneName, Came] = field(default_factory=dict)

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
        if act is None or act.state != "done" or act.older:
            return False
        return act.version >= self.mark(step).reopened

    @property
    def kept(self) -> tuple[Attached, ...]:
        """Return what is kept with it as it stands: without what an edit of its message superseded."""
        over = {one.supersedes for one in self.attached}
        return tuple(one for one in self.attached if one.id not in over)

    def undoing(self, step: str, number: int) -> Act | None:
        """Return what became of the way back of one action, None where nobody pressed that."""
        return self.acts.get(f"{step}#{number}~")


def run_named(word: str) -> str | None:
    """Return the id that a word names (`run-7`, `RUN-007`), None for anything else."""
    found = _ID.fullmatch(word.strip())
    return None if found is None else f"RUN-{int(found[1])}"


_ID: Final = re.compile(r"run-0*([1-9][0-9]{0,30})", re.IGNORECASE | re.ASCII)


def as_record(run: Run) -> Record:
    """Return the record as it is stored."""
    known = {one.name: plain(getattr(run, one.name)) for one in fields(Run)}
    # Under a name by which the audit knows commitments, so that it finds a text that was changed.
    said: Record = {name: {"text": commitment} for name, commitment in run.said.items()}
    return {"s": 1, **known, "said": said}


def from_record(record: Record) -> Run:
    """
    Read a stored record; fields of later versions are ignored.

    Raises:
        KeyError, TypeError, ValueError: not written by this program.
    """
    known = {one.name: record[one.name] for one in fields(Run) if one.name in record}
    return Run(
        **{  # type: ignore[arg-type]  # our own record, checked by the journal's hash
            **known,
            "said": {
                name: str(one["text"])
                for name, one in mapped(record.get("said")).items()
                if isinstance(one, Mapping)
            },
            "at": position(record["at"]),
            "begun_at": position(record["begun_at"]),
            "came": {
                lane: Came(**{name: one[name] for name in _CAME if name in one})  # type: ignore[arg-type]  # our own record
                for lane, one in mapped(record.get("came")).items()
                if isinstance(one, Mapping)
            },
            "marks": {
                step: Mark(
                    **{  # type: ignore[arg-type]  # our own record
                        **one,
                        "boxes": tuple(listed(one.get("boxes"))),
                        "waits": tuple(listed(one.get("waits"))),
                    }
                )
                for step, one in mapped(record.get("marks")).items()
                if isinstance(one, Mapping)
            },
            "acts": {
                name: Act(
                    **{field: one[field] for field in _ACT if field in one},  # type: ignore[arg-type]  # our own record
                    before=tuple(listed(one.get("before"))),  # type: ignore[arg-type]  # our own record
                )
                for name, one in mapped(record.get("acts")).items()
                if isinstance(one, Mapping)
            },
            "attached": tuple(
                Attached(**{name: one[name] for name in _ATTACHED if name in one})  # type: ignore[arg-type]  # our own record
                for one in listed(record.get("attached"))
                if isinstance(one, Mapping)
            ),
        }
    )


_ACT: Final = tuple(one.name for one in fields(Act) if one.name != "before")
_CAME: Final = tuple(one.name for one in fields(Came))
_ATTACHED: Final = tuple(one.name for one in fields(Attached))
