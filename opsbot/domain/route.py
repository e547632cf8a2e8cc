"""A route revision: what serves a workflow, numbered, immutable and known by its content's hash. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NewType

import rfc8785

from opsbot.domain.change import Json, Record

Number = NewType("Number", int)
"""`r3` is number 3 of its workflow; numbers are never used twice."""

Strategy = Literal["pinned", "weighted", "cheapest_passing_eval"]
SEVERAL = 2
_NUMBERED = re.compile(r"r?0{0,9}([1-9]\d{0,14})", re.IGNORECASE | re.ASCII)
STRATEGIES: tuple[Strategy, ...] = ("pinned", "weighted", "cheapest_passing_eval")


@dataclass(frozen=True, slots=True)
class Target:
    """One provider's model; *weight* is its share of the calls of a weighted route, 0 to 100."""

    provider: str
    model: str
    weight: int = 100

    @property
    def name(self) -> str:
        """Return `provider/model`, as approvals and kills spell it."""
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """
    What a revision serves with: model, prompt, parameters and tools change together.

    Two are equal where nothing that reads their JSON could tell them apart: `true` is not 1.

    *prompt* and *tools* are references into the team's own stores (`support-copilot@41`), never
    the texts themselves. *declared* are the targets that its author wrote, where the strategy has
    chosen others: they serve when nothing passes.
    """

    targets: tuple[Target, ...]
    fallbacks: tuple[Target, ...] = ()
    prompt: str = ""
    params: Mapping[str, Json] = field(default_factory=dict)
    tools: str = ""
    strategy: Strategy = "pinned"
    declared: tuple[Target, ...] = ()

    def __eq__(self, other: object) -> bool:  # type: ignore[explicit-override]  # typing.override came with 3.12
        """Return whether the content is the same."""
        return isinstance(other, Route) and _marked(route_record(self)) == _marked(
            route_record(other)
        )

    __hash__ = None  # type: ignore[assignment]  # it holds a mapping, and never had one

    @property
    def models(self) -> tuple[str, ...]:
        """Return every model that can serve, fallbacks included, in order and once each."""
        return tuple(
            dict.fromkeys(one.name for one in (*self.targets, *self.fallbacks, *self.declared))
        )


@dataclass(frozen=True, slots=True)
class Revision:
    """
    One revision of a workflow's route.

    *author* is a person of the policy (or a surface's id), *note* a commitment to free text.
    *back_to* is the revision whose content this one brings back, None where it is new.
    *approval* names the approval that let it serve. *evidence* is what its gates said when it was
    let in, kept so that a later reader sees what the decision rested on.
    """

    workflow: str
    number: Number
    route: Route
    author: str
    at_ms: int
    note: str = ""
    back_to: Number | None = None
    approval: str = ""
    evidence: tuple[Record, ...] = ()

    @property
    def id(self) -> str:
        """Return how people name it: `r3`."""
        return f"r{self.number}"

    @property
    def hash(self) -> str:
        """Return the SHA-256 of the content's canonical JSON, in hex: equal content, equal hash."""
        return hashlib.sha256(rfc8785.dumps(dict(route_record(self.route)))).hexdigest()


def revision_key(workflow: str, number: Number) -> str:
    """Return the id under which a revision is stored."""
    return f"{workflow}:r{number}"


def number_of(word: str) -> Number | None:
    """Return 3 of `r3`, `R3` or `3`; None for any other word. They are counted from 1."""
    found = _NUMBERED.fullmatch(word.strip())
    return Number(int(found[1])) if found else None


def differences(old: Route, new: Route) -> tuple[tuple[str, str, str], ...]:
    """Return what differs as (what, before, after), in the order in which people read it."""
    before, after = _readable(old), _readable(new)
    names = dict.fromkeys((*before, *after))
    return tuple(
        (name, before.get(name, "none"), after.get(name, "none"))
        for name in names
        if before.get(name) != after.get(name)
    )


def _readable(route: Route) -> dict[str, str]:
    shown = {"model": ", ".join(_share(one, route) for one in route.targets) or "none"}
    shown["fallback"] = ", ".join(one.name for one in route.fallbacks) or "none"
    shown["prompt"] = route.prompt or "none"
    shown["tools"] = route.tools or "none"
    shown["strategy"] = route.strategy
    return shown | {f"params.{name}": _spelled(one) for name, one in sorted(route.params.items())}


def _spelled(value: Json) -> str:
    """Return a parameter as people read it; text that would read as something else stands in quotes."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        json.loads(value)
    except ValueError:
        return value
    return json.dumps(value, ensure_ascii=False)


def _marked(value: Json) -> object:
    """Return a value in which what is true or false equals no number."""
    if isinstance(value, bool):
        return str(value), bool
    if isinstance(value, Mapping):
        return {name: _marked(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_marked(one) for one in value]
    return value


def _share(target: Target, route: Route) -> str:
    return target.name if len(route.targets) == 1 else f"{target.name} {target.weight} %"


def route_record(route: Route) -> Record:
    """Return the content as it is hashed, stored and read by clients."""
    declared: Record = {"declared": _weighted(route.declared)} if route.declared else {}
    return {
        "targets": _weighted(route.targets),
        "fallbacks": [{"provider": t.provider, "model": t.model} for t in route.fallbacks],
        "prompt": route.prompt,
        "params": dict(route.params),
        "tools": route.tools,
        "strategy": route.strategy,
        **declared,
    }


def _weighted(targets: tuple[Target, ...]) -> list[Json]:
    return [{"provider": t.provider, "model": t.model, "weight": t.weight} for t in targets]


def route_from(record: Record) -> Route:
    """
    Read the content of a route; without a strategy it is pinned, or weighted over several models.

    Raises:
        KeyError, TypeError: not written by this program.
    """
    params, targets = record.get("params", {}), _targets(record.get("targets"))
    usual: Strategy = "pinned" if len(targets) < SEVERAL else "weighted"
    return Route(
        targets=targets,
        fallbacks=_targets(record.get("fallbacks")),
        prompt=str(record.get("prompt", "")),
        params=dict(params) if isinstance(params, Mapping) else {},
        tools=str(record.get("tools", "")),
        strategy=next((one for one in STRATEGIES if one == record.get("strategy")), usual),
        declared=_targets(record.get("declared")),
    )


def _targets(value: Json) -> tuple[Target, ...]:
    listed = value if isinstance(value, (list, tuple)) else ()
    return tuple(
        Target(str(one["provider"]), str(one["model"]), int(str(one.get("weight", 100))))
        for one in listed
        if isinstance(one, Mapping)
    )


def as_record(revision: Revision) -> Record:
    """Return the record as it is stored; the inverse of `from_record`."""
    return {
        "s": 1,
        "workflow": revision.workflow,
        "number": revision.number,
        "hash": revision.hash,
        "route": route_record(revision.route),
        "author": revision.author,
        "at_ms": revision.at_ms,
        "note": revision.note,
        "back_to": revision.back_to,
        "approval": revision.approval,
        "evidence": list(revision.evidence),
    }


def from_record(record: Record) -> Revision:
    """
    Read a stored record.

    Raises:
        KeyError, TypeError: not written by this program.
    """
    route, evidence = record["route"], record["evidence"]
    if not isinstance(route, Mapping) or not isinstance(evidence, (list, tuple)):
        raise TypeError("not a route revision")
    plain = {name: record[name] for name in _PLAIN}
    return Revision(
        route=route_from(route),
        evidence=tuple(one for one in evidence if isinstance(one, Mapping)),
        **plain,  # type: ignore[arg-type]  # our own record, checked by the journal's hash
    )


_PLAIN = ["workflow", "number", "author", "at_ms", "note", "back_to", "approval"]
