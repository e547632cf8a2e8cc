"""The steps of a ramp: who gets the new thing first, how many next, and for how long it is watched. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsbot.domain.change import Json, Record

HOUR_S = 3600
WHOLE = 100


@dataclass(frozen=True, slots=True)
class Step:
    """
    One step: *percent* of the sticky keys, and the tenants of every step so far.

    *soak_s* (seconds) is how long it must have served before the next step may come.
    """

    name: str
    percent: int = 0
    tenants: tuple[str, ...] = ()
    soak_s: int = HOUR_S

    @property
    def whole(self) -> bool:
        """Return whether it is the last: everybody."""
        return self.percent >= WHOLE


DEFAULT_STEPS = (
    Step("internal", soak_s=HOUR_S),
    Step("opt-in", soak_s=HOUR_S),
    Step("1 %", 1, soak_s=HOUR_S),
    Step("5 %", 5, soak_s=HOUR_S),
    Step("25 %", 25, soak_s=HOUR_S),
    Step("50 %", 50, soak_s=HOUR_S),
    Step("default", WHOLE, soak_s=24 * HOUR_S),
)
"""
The ramp of a workflow that declares none. Without tenants, `internal` and `opt-in` serve nobody:
such steps are left out (`served`).
"""


def steps_of(declared: Json) -> tuple[Step, ...]:
    """
    Return a workflow's ramp from its record; the default where it declares none.

    The soak of the last step is how long the whole is watched before it counts as good.
    """
    listed = declared if isinstance(declared, Sequence) and not isinstance(declared, str) else ()
    steps = tuple(_step(one) for one in listed if isinstance(one, Mapping)) or DEFAULT_STEPS
    if not steps[-1].whole:
        steps = (*steps, DEFAULT_STEPS[-1])
    return tuple(_served(steps))


def _served(steps: tuple[Step, ...]) -> list[Step]:
    """Leave out steps that would serve nobody new, and carry the tenants of each to the next."""
    kept: list[Step] = []
    tenants: tuple[str, ...] = ()
    for step in steps:
        tenants = tuple(dict.fromkeys((*tenants, *step.tenants)))
        before = kept[-1] if kept else Step("", tenants=())
        if step.percent > before.percent or len(tenants) > len(before.tenants):
            kept.append(Step(step.name, step.percent, tenants, step.soak_s))
    return kept


def as_records(steps: tuple[Step, ...]) -> list[Record]:
    """Return steps as they are stored; the inverse of `from_records`."""
    return [{name: _json(getattr(one, name)) for name in Step.__slots__} for one in steps]


def from_records(listed: Json) -> tuple[Step, ...]:
    """Read stored steps; none where none are stored."""
    found = listed if isinstance(listed, (list, tuple)) else ()
    return tuple(
        Step(**{**one, "tenants": tuple(one["tenants"])})
        for one in found
        if isinstance(one, Mapping)
    )


def _json(value: object) -> Json:
    return list(value) if isinstance(value, tuple) else value  # type: ignore[return-value]  # fields of `Step`


def _step(record: Record) -> Step:
    percent = int(str(record.get("percent", 0)))
    tenants = record.get("tenants", ())
    name = str(record.get("stage") or ("default" if percent >= WHOLE else f"{percent} %"))
    return Step(
        name,
        percent,
        tuple(str(one) for one in tenants) if isinstance(tenants, (list, tuple)) else (),
        int(str(record.get("soak_s", HOUR_S))),
    )
