"""Which kills come back after the store lost data: none is lifted by it, and each keeps its lead."""

from collections.abc import Iterator, Mapping
from typing import cast

from opsbot.domain.change import Json, Position, Record, Write
from opsbot.domain.kill import strictness
from opsbot.domain.state import State
from opsflags import keys

KILL_KINDS = (keys.KILLS, keys.ENDED)
TAKEN_BACK = "the store lost data meanwhile"
"""Why a restore in steps ended that the two lives of the store tell differently."""


def kills(base: State, own: State, store: State, at: Position) -> Iterator[Write]:
    """
    Return what puts the kills of *own* back into *store*, in a commit at *at*.

    They are told apart by uid. One that the store does not know comes back, under a new id where
    its id was given away; one that both hold as active is merged, see `_merged`; one that the
    store holds as active is not ended, even if *own* saw it end; one that it ended stays so.
    """
    known = {
        uid(record): (kind, id_, record)
        for kind in KILL_KINDS
        for id_, record in store.kind(kind).items()
    }
    ids = _ids(own, store)
    common = {uid(record): record for record in base.kind(keys.KILLS).values()}
    for kind in KILL_KINDS:
        for old_id, record in own.kind(kind).items():
            mine = _named(record, ids[old_id], ids)
            where, id_, theirs = known.get(uid(record), ("", "", record))
            if not where:
                yield Write(kind, ids[old_id], _at(mine, at) if kind == keys.KILLS else mine)
            elif where == keys.KILLS and kind == keys.ENDED:
                yield from _keep_killed(id_, theirs, at)
            elif where == keys.KILLS and record != common.get(uid(record)):
                merged = _merged(mine, theirs, common.get(uid(record)), at)
                if merged is not None:
                    yield Write(keys.KILLS, id_, merged)


def uid(record: Record) -> Json:
    """Return what tells a kill from every other on all lives of the store."""
    return record.get("uid")


def _ids(own: State, store: State) -> dict[str, str]:
    """Return the id in the store of every kill of *own*, new ones for those that it does not know."""
    known = {uid(r): id_ for kind in KILL_KINDS for id_, r in store.kind(kind).items()}
    # A new id is one that no kill has on either life: nobody confuses it with another.
    given = {id_ for state in (own, store) for kind in KILL_KINDS for id_ in state.kind(kind)}
    taken = set(known.values())
    ids: dict[str, str] = {}
    for kind in KILL_KINDS:
        for old_id, record in own.kind(kind).items():
            ids[old_id] = known.get(uid(record)) or _free(old_id, taken, given)
            taken.add(ids[old_id])
    return ids


def _free(wanted: str, taken: set[str], given: set[str]) -> str:
    if wanted not in taken:
        return wanted
    letter = wanted.partition("-")[0]
    numbers = [int(n) for n in (t.rpartition("-")[2] for t in taken | given) if n.isdigit()]
    return f"{letter}-{max(numbers, default=0) + 1}"


def _named(record: Record, id_: str, ids: Mapping[str, str]) -> Record:
    """Return the record under its id in the store, led by the kill that led it: never by a stranger."""
    named = {**record, "id": id_}
    if "under" in named:
        named["under"] = ids.get(str(named["under"]), "")
    return named


def _keep_killed(id_: str, theirs: Record, at: Position) -> Iterator[Write]:
    # Clients that heard the lost restore hold its ended position: a later `at` makes them stop again.
    if _place(theirs)[0] < at.epoch:
        yield Write(keys.KILLS, id_, _at(theirs, at))


def _merged(mine: Record, theirs: Record, common: Record | None, at: Position) -> Record | None:
    """
    Return the active kill that both hold, where the store's must not stay as it is; else None.

    Where they restrict the same, *mine* comes back if only *own* changed it. Otherwise the later
    one holds if it is the stricter; if it is the milder, the stricter one does, for everybody,
    unless the store's was made milder on purpose later on. A later *at* reaches the clients that
    heard what was lost.
    """
    wider, narrower = _milder(mine, theirs), _milder(theirs, mine)
    lost = _place(mine) > _place(theirs)
    if not wider and not narrower:
        if theirs != common or {**mine, "at": theirs["at"]} == theirs:
            return None
        return _at(mine, at) if lost else mine
    if not narrower:
        return _whole(theirs, at) if lost else None
    if not wider:
        return _stricter(mine, theirs, at, lost=lost)
    return _whole(mine if _milder_mode(theirs, mine) else theirs, at)


def _stricter(mine: Record, theirs: Record, at: Position, *, lost: bool) -> Record | None:
    if lost:
        return _at(mine, at)
    if theirs.get("ramp") is None and _decided_ms(theirs) > _decided_ms(mine):
        return None
    return _whole(mine, at)


def _milder(one: Record, other: Record) -> bool:
    """Return whether *one* lets a call through that *other* does not."""
    return _milder_mode(one, other) or _lets_more(one, other)


def _milder_mode(one: Record, other: Record) -> bool:
    return strictness(str(one["mode"]), str(other["mode"])) == "stricter"


def _lets_more(one: Record, other: Record) -> bool:
    ramp, against = one.get("ramp"), other.get("ramp")
    if not isinstance(ramp, Mapping):
        return False
    if not isinstance(against, Mapping) or ramp["salt"] != against["salt"]:
        return True
    return int(str(ramp["percent"])) > int(str(against["percent"]))


def _decided_ms(record: Record) -> int:
    return int(str(record.get("changed_ms") or record.get("since_ms") or 0))


def _place(record: Record) -> tuple[int, int]:
    place = cast("Mapping[str, int]", record["at"])
    return place["epoch"], place["revision"]


def _at(record: Record, at: Position) -> Record:
    """Return the kill as it stands from *at* on; what was confirmed and proved is so of an earlier place."""
    begun: Record = {"confirmed_ms": None, "probes": None, "passed": None, "not_probed": []}
    kept = {name: begun.get(name, value) for name, value in record.items() if name != "stopped"}
    return {**kept, "at": at.as_json()}


def _whole(record: Record, at: Position) -> Record:
    """Return the kill as it holds for everybody from *at* on."""
    kept = {name: value for name, value in record.items() if name != "ramp"}
    if record.get("ramp") is not None:
        kept["taken_back"] = TAKEN_BACK
    return _at(kept, at)
