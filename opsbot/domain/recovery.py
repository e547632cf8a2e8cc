"""What to put back after the store lost data: a three-way merge that never lifts a kill."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import cast

from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Json, Position, Record, Write
from opsbot.domain.journal import put
from opsbot.domain.state import SETTINGS, State
from opsflags import keys

RECOVERY = Actor(kind="system", id="recovery", via="timer")
_KILL_KINDS = (keys.KILLS, keys.ENDED)
_IDS = "ids"
_EMERGENCY = "emergency"


def recover(base: State, own: State, store: State, *, emergencies: int = 0) -> Change | None:
    """
    Return the one commit that puts back what *own* holds and *store* lost, or None.

    *base* is the last state that both had in common (empty when unknown). A record that both
    changed since stays as the store has it. Kills are told apart by uid: one that the store no
    longer knows becomes active again, under a new id where its id was given away meanwhile; one
    that the store holds as active is never ended here, even if *own* saw it end (it fails towards
    killed). *emergencies* is the length of the store's emergency list: where that list was lost
    too, counting its adopted elements begins anew, or the next ones would pass for adopted.
    Doing it twice finds nothing left to do.
    """
    at = Position(store.position.epoch, store.position.revision + 1)
    writes = (*_kills(own, store, at), *_others(base, _recounted(own, store, emergencies), store))
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


def _kills(own: State, store: State, at: Position) -> Iterator[Write]:
    known = {uid(r): kind for kind in _KILL_KINDS for r in store.kind(kind).values()}
    taken = {*store.kind(keys.KILLS), *store.kind(keys.ENDED)}
    for kind in _KILL_KINDS:
        for old_id, record in own.kind(kind).items():
            where = known.get(uid(record))
            if where is None:
                new_id = _free(old_id, taken)
                taken.add(new_id)
                stamped = {**record, "id": new_id}
                yield Write(
                    kind, new_id, {**stamped, "at": at.as_json()} if kind == keys.KILLS else stamped
                )
            elif where == keys.KILLS and kind == keys.ENDED:
                yield from _keep_killed(uid(record), store, at)


def _keep_killed(lost: Json, store: State, at: Position) -> Iterator[Write]:
    # Clients that heard the lost restore hold its ended position: a later `at` makes them stop again.
    for id_, record in store.kind(keys.KILLS).items():
        stamped_epoch = cast("Mapping[str, int]", record["at"])["epoch"]
        if uid(record) == lost and stamped_epoch < at.epoch:
            yield Write(keys.KILLS, id_, {**record, "at": at.as_json()})


def _recounted(own: State, store: State, emergencies: int) -> State:
    counted = own.kind(keys.SWITCHBOARD).get(_EMERGENCY)
    if counted is None:
        return own
    adopted = counted.get("adopted", 0)
    if store.position.revision and isinstance(adopted, int) and adopted <= emergencies:
        return own
    write = (keys.SWITCHBOARD, _EMERGENCY, {**counted, "adopted": 0})
    return replace(own, records=put(own.records, [write]))


def _others(base: State, own: State, store: State) -> Iterator[Write]:
    for kind, records in sorted(own.records.items()):
        if kind in _KILL_KINDS:
            continue
        for id_, mine in sorted(records.items()):
            theirs, common = store.kind(kind).get(id_), base.kind(kind).get(id_)
            if kind == SETTINGS and id_ == _IDS and theirs is not None:
                mine = _highest(mine, theirs)  # noqa: PLW2901 - numbers handed out on either life stay taken
            elif theirs != common:
                continue
            if mine not in (theirs, common):
                yield Write(kind, id_, mine)


def uid(record: Record) -> Json:
    """Return what tells a kill from every other on all lives of the store."""
    return record.get("uid")


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    letter = wanted.partition("-")[0]
    numbers = [int(n) for n in (t.rpartition("-")[2] for t in taken) if n.isdigit()]
    return f"{letter}-{max(numbers, default=0) + 1}"


def _highest(mine: Record, theirs: Record) -> Record:
    merged = dict(theirs)
    for name, value in mine.items():
        other = theirs.get(name)
        if isinstance(value, int) and isinstance(other, int):
            merged[name] = max(value, other)
        else:
            merged.setdefault(name, value)
    return merged
