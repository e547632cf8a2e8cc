"""What to put back after the store lost data: a three-way merge that never lifts a kill."""

from collections.abc import Iterator
from dataclasses import replace

from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Position, Record, Write
from opsbot.domain.journal import put
from opsbot.domain.recovery.kills import KILL_KINDS, kills
from opsbot.domain.recovery.routes import (
    ROUTE_KINDS,
    evidence_renumbered,
    numbers,
    routes,
    served_anew,
)
from opsbot.domain.state import ROUTES, SETTINGS, State
from opsflags import keys

RECOVERY = Actor(kind="system", id="recovery", via="timer")
_APART = (*KILL_KINDS, *ROUTE_KINDS)
_IDS = "ids"
_KILL = "kill"
_EMERGENCY = "emergency"


def recover(base: State, own: State, store: State, *, emergencies: int = 0) -> Change | None:
    """
    Return the one commit that puts back what *own* holds and *store* lost, or None.

    *base* is the last state that both had in common (empty when unknown). A record that both
    changed since stays as the store has it. Kills are told apart by uid: one that the store no
    longer knows becomes active again, under a new id where its id was given away meanwhile; one
    that the store holds as active is never ended or eased here, even if *own* saw that (it fails
    towards killed). A route comes back as a whole: its pointers, its revisions and what clients
    read of it agree, and no number is given out twice. *emergencies* is the length of the
    store's emergency list: where that list was lost too, counting its adopted elements begins
    anew, or the next ones would pass for adopted. Doing it twice finds nothing left to do.
    """
    at = Position(store.position.epoch, store.position.revision + 1)
    given = numbers(own, store)
    killed = tuple(kills(base, own, store, at))
    rest = evidence_renumbered(_recounted(own, store, emergencies), given)
    others = _others(base, _used_up(rest, killed), store)
    routed = (*routes(base, own, store, at, given), *others)
    writes = (*killed, *served_anew(store, routed))
    if not writes:
        return None
    back = [write.id for write in writes if write.kind == keys.KILLS]
    lost: Record = {"position": own.position.as_json(), "head": own.head}
    effect = Effect(
        kind="recovered",
        key=f"recovered:{at.epoch}:{at.revision}",
        body={"kills": back, "revision": at.revision},
        lane="kill",
    )
    return Change(
        verb="recover",
        actor=RECOVERY,
        writes=writes,
        rule="own-copy",
        facts={"lost": lost, "kills": back},
        effects=(effect,),
    )


def _recounted(own: State, store: State, emergencies: int) -> State:
    counted = own.kind(keys.SWITCHBOARD).get(_EMERGENCY)
    if counted is None:
        return own
    adopted = counted.get("adopted", 0)
    if store.position.revision and isinstance(adopted, int) and adopted <= emergencies:
        return own
    write = (keys.SWITCHBOARD, _EMERGENCY, {**counted, "adopted": 0})
    return replace(own, records=put(own.records, [write]))


def _used_up(own: State, killed: tuple[Write, ...]) -> State:
    """Return *own* with the numbers of new ids used up, or the next kill would overwrite one."""
    given = [write.id for write in killed if write.id not in _known(own)]
    if not given:
        return own
    ids = own.setting(_IDS)
    last = max(int(id_.rpartition("-")[2]) for id_ in given)
    known = ids.get(_KILL, 0)
    used: Record = {"s": 1, **ids, _KILL: max(last, known if isinstance(known, int) else 0)}
    return replace(own, records=put(own.records, [(SETTINGS, _IDS, used)]))


def _known(own: State) -> set[str]:
    return {id_ for kind in KILL_KINDS for id_ in own.kind(kind)}


def _others(base: State, own: State, store: State) -> Iterator[Write]:
    for kind, records in sorted(own.records.items()):
        if kind in _APART:
            continue
        for id_, mine in sorted(records.items()):
            theirs, common = store.kind(kind).get(id_), base.kind(kind).get(id_)
            if kind == keys.WORKFLOWS and theirs is not None and id_ in store.kind(ROUTES):
                mine = _but_route(mine, theirs)  # noqa: PLW2901 - it is made from the pointers
                common = None if common is None else _but_route(common, theirs)
            if kind == SETTINGS and id_ == _IDS and theirs is not None:
                mine = _highest(mine, theirs)  # noqa: PLW2901 - numbers handed out on either life stay taken
            elif theirs != common:
                continue
            if mine not in (theirs, common):
                yield Write(kind, id_, mine)


def _but_route(record: Record, theirs: Record) -> Record:
    return {**record, "route": theirs["route"]}


def _highest(mine: Record, theirs: Record) -> Record:
    merged = dict(theirs)
    for name, value in mine.items():
        other = theirs.get(name)
        if isinstance(value, int) and isinstance(other, int):
            merged[name] = max(value, other)
        else:
            merged.setdefault(name, value)
    return merged
