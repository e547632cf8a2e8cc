"""What the journal keeps of the moment of a kill: what served, who ran, and what they counted. Pure."""

from collections.abc import Iterable, Mapping

from opsbot.app.target import Aim
from opsbot.domain.change import Json, Record
from opsbot.domain.fleet import Fleet, Instance
from opsbot.domain.state import State


def freeze_frame(state: State, aimed: Aim, fleet: Fleet | None) -> Record:
    """
    Return the evidence of a kill; *fleet* None where it could not be read.

    Only what the kill can touch is quoted. Every entry is written, synced and kept for good, and
    a service of fifty workflows counts for each of them at every moment.
    """
    routes: Mapping[str, Json] = {one.name: dict(one.route) for one in aimed.workflows}
    return {
        "declarations": state.setting("declarations").get("hash"),
        "routes": routes,
        "fleet": {} if fleet is None else freeze(fleet, aimed, state.workflows()),
        "signals": [],
    }


def freeze(fleet: Fleet, aimed: Aim, declared: Iterable[str]) -> Record:
    """
    Return who ran what a kill touches, how far each was and what it counted of that.

    *others* is how many more instances ran. A wide kill touches what nobody declared, too.
    """
    known, hit = frozenset(declared), frozenset(one.name for one in aimed.workflows)

    def touched(name: str) -> bool:
        return name in hit or (aimed.wide and name not in known)

    frozen = [
        _frozen(one, tuple(filter(touched, _counted(one))))
        for one in fleet.instances
        if any(map(touched, (*one.workflows, *_counted(one))))
    ]
    return {
        "at_ms": fleet.now_ms,
        "instances": frozen,
        "others": len(fleet.instances) - len(frozen),
    }


def _frozen(instance: Instance, names: tuple[str, ...]) -> Record:
    ack = instance.ack
    return {
        "id": instance.id,
        "service": instance.service,
        "seen_ms": instance.seen_ms,
        "applied": ack.applied.as_json() if ack else None,
        "counts": {name: dict(ack.counts[name]) for name in names} if ack else {},
    }


def _counted(instance: Instance) -> tuple[str, ...]:
    return tuple(instance.ack.counts) if instance.ack else ()
