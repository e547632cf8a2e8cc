"""A restore in steps: the share of the sticky keys that a kill lets through again, without write tools. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from opsbot.domain.change import Json, Record

MOST = 50
"""The largest share, in percent, that a step may let through; the step after the last lifts the kill."""

LONE = 5
"""The largest share that one person may let through alone."""

WATCH_S = 600
"""How long a step is watched where nothing is declared, in seconds."""

HUMAN = "held by "
"""A hold that begins with these words is a person's: only a person lets it go on."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The declared steps of a restore: shares in percent, rising, and each one's watch in seconds."""

    percents: tuple[int, ...]
    watch_s: int


@dataclass(frozen=True, slots=True)
class KillRamp:
    """
    The part of a kill that is lifted, and what the attempt to lift all of it has come to.

    *uid* names the attempt and deals its keys: who is let through stays so in later steps. *step* is
    an index into *steps*. *begun_ms* is when the attempt began, *since_ms* when its present step did
    (server times). *by* is who asked for it or approved it, *approval* the approval that it rests on.
    *lone*: one person alone let it begin, and nothing follows until a second one approves. *held* is
    why the next step waits. *whole_at* is the position (epoch, revision) at which the kill held for
    everybody, *begun_at* the one of the commit that began the attempt. *mark* counts how often it was
    looked after anew within a step: a look that bears an earlier one finds nothing to do. *note* is
    why a person holds it, the commitment to their words.
    """

    uid: str
    steps: tuple[int, ...]
    watch_s: int
    begun_ms: int
    since_ms: int
    by: str
    approval: str = ""
    step: int = 0
    lone: bool = False
    held: str = ""
    whole_at: tuple[int, int] = (0, 0)
    begun_at: tuple[int, int] = (0, 0)
    mark: int = 0
    note: str = ""

    @property
    def percent(self) -> int:
        """Return the share of the sticky keys that is let through."""
        return self.steps[self.step]

    @property
    def following(self) -> int | None:
        """Return the share of the next step; None where that lifts the kill, or nothing follows."""
        return self.steps[self.step + 1] if self.step + 1 < len(self.steps) else None

    @property
    def held_by_person(self) -> bool:
        """Return whether a person holds it."""
        return self.held.startswith(HUMAN)


def steps_declared(declared: Json) -> Steps | None:
    """Return the steps that a workflow's record declares; None where a restore lifts at once."""
    if not isinstance(declared, Mapping):
        return None
    listed = declared.get("steps", ())
    percents = tuple(int(str(one)) for one in listed) if isinstance(listed, (list, tuple)) else ()
    return Steps(percents, int(str(declared.get("watch_s", WATCH_S)))) if percents else None


def as_record(ramp: KillRamp) -> Record:
    """Return the record as it stands in the kill's; clients read `percent` and `salt` alone."""
    return {
        "percent": ramp.percent,
        "salt": ramp.uid,
        "step": ramp.step,
        "steps": list(ramp.steps),
        "watch_s": ramp.watch_s,
        "begun_ms": ramp.begun_ms,
        "since_ms": ramp.since_ms,
        "by": ramp.by,
        "approval": ramp.approval,
        "lone": ramp.lone,
        "held": ramp.held,
        "whole_at": list(ramp.whole_at),
        "begun_at": list(ramp.begun_at),
        **({"mark": ramp.mark} if ramp.mark else {}),
        **({"note": ramp.note} if ramp.note else {}),
    }


def from_record(record: Json) -> KillRamp | None:
    """
    Read the ramp of a stored kill; None where it has none.

    Raises:
        KeyError, TypeError, ValueError: not written by this program.
    """
    if not isinstance(record, Mapping):
        return None
    plain = {name: record[name] for name in ("watch_s", "begun_ms", "since_ms", "by", "approval")}
    more = {name: record[name] for name in ("step", "lone", "held")}
    return KillRamp(
        **plain,  # type: ignore[arg-type]  # a record of our own, checked by the journal's hash
        **more,  # type: ignore[arg-type]  # as above
        uid=str(record["salt"]),
        steps=_numbers(record["steps"]),
        whole_at=_place(record["whole_at"]),
        begun_at=_place(record["begun_at"]),
        mark=int(str(record.get("mark", 0))),
        note=str(record.get("note", "")),
    )


def _place(value: Json) -> tuple[int, int]:
    epoch, revision = _numbers(value)
    return epoch, revision


def _numbers(value: Json) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"not a list: {value!r}")
    return tuple(int(str(one)) for one in value)
