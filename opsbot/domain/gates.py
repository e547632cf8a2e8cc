"""Evaluation evidence and the gates that ask for it: missing, stale and too small count as failing. Pure."""

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from opsbot.domain.change import Json, Record

Colour = Literal["green", "red", "hard_red", "missing", "stale", "too_few"]
HOUR_MS = 3_600_000
AHEAD_MS = 60_000
"""
How far a time may lie ahead of the store's clock: replicas differ by seconds, not by more.

What lies further ahead was taken before that clock was set back, nobody knows how long ago.
"""
_OPERATORS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@dataclass(frozen=True, slots=True)
class Gate:
    """
    What a revision must show before it may serve more.

    *hard* is the value beyond which a step is not only held but taken back; None for none.
    """

    suite: str
    metric: str
    op: str
    threshold: float
    min_n: int
    max_age_h: int
    hard: float | None = None

    @property
    def name(self) -> str:
        """Return `suite metric`."""
        return f"{self.suite} {self.metric}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """
    One result of an evaluation.

    *subject* is what was evaluated: a route revision (`r4`) or a model (`openai/gpt-5-mini`).
    *n* is how many cases. *commit* is the code that was evaluated, *by* the account that signed
    it in, *at_ms* when the store took it (the sender's clock does not count).
    """

    workflow: str
    subject: str
    suite: str
    metric: str
    value: float
    n: int
    at_ms: int
    by: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """
    One gate on one subject: its colour, the measurement it rests on, and the words for it.

    *ahead*: when it was measured is not known, as the store's clock was set back since.
    """

    gate: Gate
    colour: Colour
    measurement: Measurement | None
    words: str
    ahead: bool = False

    @property
    def brief(self) -> str:
        """Return what holds, without anything that grows old: the same as long as it is the same."""
        name, gate, one = self.gate.name, self.gate, self.measurement
        value = "nothing" if one is None else f"{one.value:g}"
        if self.colour == "too_few" and one is not None:
            return f"{name} has too few cases: {one.n} reported, {gate.min_n} wanted"
        if self.colour == "stale":
            when = _SET_BACK if self.ahead else f"more than {gate.max_age_h} h ago"
            return f"{name} is stale: {value} reported, {when}"
        how = "red, beyond its limit" if self.colour == "hard_red" else self.colour
        return f"{name} is {how}: {value} reported, {gate.op} {gate.threshold:g} wanted"

    @property
    def green(self) -> bool:
        """Return whether the gate is open."""
        return self.colour == "green"

    def as_json(self) -> Record:
        """Return the result as evidence that is kept with a revision."""
        seen = self.measurement
        return {
            "gate": self.gate.name,
            "colour": self.colour,
            "value": None if seen is None else seen.value,
            "n": None if seen is None else seen.n,
            "at_ms": None if seen is None else seen.at_ms,
        }


def ask(
    gates: Iterable[Gate], subject: str, known: Iterable[Measurement], *, now_ms: int
) -> tuple[Result, ...]:
    """
    Return what every gate says of *subject*, by the newest measurement of its suite and metric.

    One that lies ahead is older than any that does not: it was there before the clock was set back.
    """
    newest: dict[tuple[str, str], Measurement] = {}
    for one in sorted(known, key=lambda one: (not ahead(one.at_ms, now_ms), one.at_ms)):
        if one.subject == subject:
            newest[one.suite, one.metric] = one
    return tuple(
        _one(gate, subject, newest.get((gate.suite, gate.metric)), now_ms) for gate in gates
    )


def ahead(at_ms: int, now_ms: int) -> bool:
    """Return whether a time lies ahead of the store's clock, which was set back since, then."""
    return at_ms - now_ms > AHEAD_MS


def passing(results: tuple[Result, ...]) -> bool:
    """Return whether every gate is green; a workflow without gates asks for nothing."""
    return all(one.green for one in results)


def hard_red(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """Return the gates whose value is so bad that what serves must be taken back."""
    return tuple(one for one in results if one.colour == "hard_red")


def _one(gate: Gate, subject: str, seen: Measurement | None, now_ms: int) -> Result:
    wanted = f"{gate.op} {gate.threshold:g} wanted"
    if seen is None:
        return Result(gate, "missing", None, f"{gate.name}: nobody has reported it for {subject}")
    hours = (now_ms - seen.at_ms) / HOUR_MS
    age = "of unknown age" if ahead(seen.at_ms, now_ms) else f"{_age(hours)} old"
    said = f"{gate.name}: {seen.value:g} of {seen.n} cases, {age}"
    if not _OPERATORS[gate.op](seen.value, gate.threshold):
        # Bad news does not expire and may be few: it holds. To take back what serves, though, there
        # must be enough cases: one unlucky answer is no reason to move every user.
        beyond = gate.hard is not None and not _OPERATORS[gate.op](seen.value, gate.hard)
        hard = beyond and seen.n >= gate.min_n
        return Result(gate, "hard_red" if hard else "red", seen, f"{said}, {wanted}")
    if ahead(seen.at_ms, now_ms):
        return Result(gate, "stale", seen, f"{said}, {_SET_BACK}", ahead=True)
    if hours > gate.max_age_h:
        return Result(gate, "stale", seen, f"{said}, at most {gate.max_age_h} h wanted")
    if seen.n < gate.min_n:
        return Result(gate, "too_few", seen, f"{said}, at least {gate.min_n} cases wanted")
    return Result(gate, "green", seen, said)


_SET_BACK = "before the store's clock was set back"


def _age(hours: float) -> str:
    return f"{hours:.0f} h" if hours >= 1 else f"{max(hours, 0) * 60:.0f} min"


def gates_of(declared: Json) -> tuple[Gate, ...]:
    """Return the gates of a workflow's record."""
    listed = declared if isinstance(declared, (list, tuple)) else ()
    return tuple(_gate(one) for one in listed if isinstance(one, Mapping))


def _gate(record: Record) -> Gate:
    hard = record.get("hard")
    return Gate(
        suite=str(record["suite"]),
        metric=str(record["metric"]),
        op=str(record["op"]),
        threshold=float(str(record["threshold"])),
        min_n=int(str(record["min_n"])),
        max_age_h=int(str(record["max_age_h"])),
        hard=None if hard is None else float(str(hard)),
    )


def measurement_key(one: Measurement) -> str:
    """Return the id under which the newest of its kind is stored; the journal keeps them all."""
    words = (one.workflow, one.subject, one.suite, one.metric)
    return ":".join(word.replace("%", "%25").replace(":", "%3A") for word in words)


def as_record(one: Measurement) -> Record:
    """Return the record as it is stored; the inverse of `from_record`."""
    return {"s": 1, **{name: getattr(one, name) for name in Measurement.__slots__}}


def from_record(record: Record) -> Measurement:
    """
    Read a stored record.

    Raises:
        KeyError, TypeError: not written by this program.
    """
    return Measurement(**{name: record[name] for name in Measurement.__slots__})  # type: ignore[arg-type]  # our own record
