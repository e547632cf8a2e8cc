"""The evidence of an incident's kills: confirmation, probes, and what the fleet's counters say. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from opsbot.app.timeline.read import Dated
from opsbot.app.words import named
from opsbot.domain.change import Json
from opsbot.domain.fleet import Counts
from opsbot.domain.journal import Entry
from opsbot.domain.kill import Kill
from opsbot.domain.review import Calls, Frame, KillEvidence
from opsflags import keys


@dataclass(frozen=True, slots=True)
class Named:
    """A kill with what must be looked up: who killed and ended it, why, and what is counted now."""

    kill: Kill
    by: str
    ended_by: str
    reason: str
    now: Counts | None = None


def kill_evidence(one: Named, entries: Sequence[Dated], workflows: Sequence[str]) -> KillEvidence:
    """Return what shows that one kill held; what nothing says is None, never a guess."""
    kill = one.kill
    mine = [dated.entry for dated in entries if _about(dated.entry, kill.id)]
    seen = _seen(mine)
    return KillEvidence(
        id=kill.id,
        what=named(kill.scope),
        mode=kill.mode,
        by=one.by,
        at_ms=kill.since_ms,
        reason=one.reason,
        confirmed_ms=kill.confirmed_ms,
        instances=_number(seen.get("confirmed")),
        probes=kill.probes,
        passed=kill.passed,
        not_probed=kill.not_probed,
        frames=_frames(mine, kill.id, workflows),
        calls=_calls(seen, one.now),
        ended_ms=kill.ended_ms,
        ended_by=one.ended_by,
    )


def _about(entry: Entry, kill: str) -> bool:
    return any(kind in (keys.KILLS, keys.ENDED) and id_ == kill for kind, id_, _ in entry.writes)


def _seen(entries: Iterable[Entry]) -> Mapping[str, Json]:
    """Return what the fleet said at the first confirmation: when the kill was new, not its restore."""
    first = next((one for one in entries if one.verb == "confirmed"), None)
    return _mapped(_fact(first, "seen"))


def _calls(seen: Mapping[str, Json], now: Counts | None) -> tuple[Calls, ...]:
    found = []
    since = _mapped(seen.get("since"))
    let, refused = _number(since.get("let_through")), _number(since.get("refused"))
    if let is not None and refused is not None:
        found.append(Calls(let, refused, "confirmed"))
    if now is not None:
        found.append(Calls(now.let, now.refused, "now"))
    return tuple(found)


def _frames(entries: Iterable[Entry], kill: str, workflows: Sequence[str]) -> tuple[Frame, ...]:
    """Return the counters of the moment at which the kill was made, workflow by workflow."""
    made = next(
        (
            entry
            for entry in entries
            for kind, id_, _ in entry.writes
            if kind == keys.KILLS and id_ == kill
        ),
        None,
    )
    fleet = _mapped(_fact(made, "fleet"))
    at_ms = _number(fleet.get("at_ms"))
    if at_ms is None:
        return ()
    instances = [_mapped(one) for one in _items(fleet.get("instances"))]
    found = (_frame(name, at_ms, instances) for name in workflows)
    return tuple(one for one in found if one.instances)


def _frame(workflow: str, at_ms: int, instances: Sequence[Mapping[str, Json]]) -> Frame:
    counted = [
        _mapped(counts[workflow])
        for one in instances
        if workflow in (counts := _mapped(one.get("counts")))
    ]
    let = sum(_number(one.get("let")) or 0 for one in counted)
    asked = sum(_number(one.get("asked")) or 0 for one in counted)
    return Frame(workflow, at_ms, len(counted), let, max(asked, let))


def _fact(entry: Entry | None, name: str) -> Json:
    facts = None if entry is None else entry.body.get("facts")
    return facts.get(name) if isinstance(facts, Mapping) else None


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _mapped(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()
