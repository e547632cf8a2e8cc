"""Which routes come back after the store lost data: pointers, revisions and what clients read, as one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from opsbot.domain import route
from opsbot.domain.change import Json, Position, Record, Write
from opsbot.domain.gates import from_record as measurement_from
from opsbot.domain.gates import measurement_key
from opsbot.domain.journal import put
from opsbot.domain.ramp import Step, steps_of
from opsbot.domain.route import Number, revision_key
from opsbot.domain.routing import Routing, as_record, from_record, served
from opsbot.domain.state import EVIDENCE, REVISIONS, ROUTES, State
from opsflags import keys

ROUTE_KINDS = (ROUTES, REVISIONS)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that revisions of one workflow get where theirs were given away meanwhile."""

    changed: Mapping[int, int]
    newest: int

    def now(self, number: Number) -> Number:
        """Return the number of a revision in the store."""
        return Number(self.changed.get(number, number))


def numbers(own: State, store: State) -> dict[str, Numbers]:
    """Return for every workflow of *own* the numbers of its revisions in *store*."""
    return {name: _numbers(own, store, name) for name in sorted(own.kind(ROUTES))}


def routes(
    base: State, own: State, store: State, at: Position, given: Mapping[str, Numbers]
) -> Iterator[Write]:
    """
    Return what puts pointers and revisions of *own* back into *store*, in a commit at *at*.

    A revision of the store is never overwritten: where another content has its number, *own*'s
    gets the next free one. Pointers that both moved stay as the store has them, unless those are
    only the beginning that a declaration makes, or were moved earlier and not rolled back. No
    number is ever given out twice.
    """
    for name, number in given.items():
        yield from _revisions(own, store, name, number)
        mine, theirs = own.kind(ROUTES)[name], store.kind(ROUTES).get(name)
        ours = _renumbered(from_record(mine), number)
        if theirs is None or _wins(mine, theirs, base.kind(ROUTES).get(name), number):
            after = replace(ours, at=at, confirmed_ms=None)
        else:
            after = from_record(theirs)
        known = () if theirs is None else from_record(theirs).served
        every = tuple(sorted({*ours.served, *known}))
        after = replace(after, newest=Number(number.newest), served=every)
        if theirs is None or after != from_record(theirs):
            yield Write(ROUTES, name, as_record(after))


def served_anew(store: State, writes: tuple[Write, ...]) -> tuple[Write, ...]:
    """Return *writes* with what clients read of each route made from the pointers as they come to be."""
    after = put(store.records, ((w.kind, w.id, w.record) for w in writes))
    touched = {w.id for w in writes if w.kind in (ROUTES, keys.WORKFLOWS)}
    made = []
    for name in sorted(touched):
        record = after.get(keys.WORKFLOWS, {}).get(name)
        pointers = after.get(ROUTES, {}).get(name)
        if record is None or pointers is None:
            continue
        read = _served(from_record(pointers), record, after.get(REVISIONS, {}))
        if record.get("route") != read:
            made.append(Write(keys.WORKFLOWS, name, {**record, "route": read}))
    replaced = {(write.kind, write.id) for write in made}
    return (*(one for one in writes if (one.kind, one.id) not in replaced), *made)


def evidence_renumbered(own: State, given: Mapping[str, Numbers]) -> State:
    """Return *own* with what was measured of a revision kept under its number in the store."""
    moved: list[tuple[str, str, Record | None]] = []
    for id_, record in own.kind(EVIDENCE).items():
        one = measurement_from(record)
        number = route.number_of(one.subject)
        named = given.get(one.workflow)
        if named is None or number is None or one.subject != f"r{number}":
            continue
        if (new := named.now(number)) != number:
            moved.append((EVIDENCE, id_, None))
            key = measurement_key(replace(one, subject=f"r{new}"))
            moved.append((EVIDENCE, key, {**record, "subject": f"r{new}"}))
    # What goes is taken away first: its key may be that of another that comes.
    moved.sort(key=lambda one: one[2] is not None)
    return replace(own, records=put(own.records, moved)) if moved else own


def _of(state: State, name: str) -> dict[int, Record]:
    found = (one for one in state.kind(REVISIONS).values() if one["workflow"] == name)
    return {int(str(one["number"])): one for one in found}


def _numbers(own: State, store: State, name: str) -> Numbers:
    mine, theirs = _of(own, name), _of(store, name)
    newest = max(0, *mine, *theirs, *(_newest(state, name) for state in (own, store)))
    taken = [n for n in sorted(mine) if n in theirs and mine[n]["hash"] != theirs[n]["hash"]]
    known = {_mark(one): number for number, one in theirs.items()}
    changed: dict[int, int] = {}
    for number in taken:
        changed[number] = known.get(_mark(mine[number]), newest + 1)
        newest = max(newest, changed[number])
    return Numbers(changed, newest)


def _mark(revision: Record) -> tuple[Json, ...]:
    """Return what tells one revision from every other, whatever its number."""
    return tuple(revision[name] for name in ("hash", "at_ms", "author", "note", "approval"))


def _newest(state: State, name: str) -> int:
    return int(str(state.kind(ROUTES).get(name, {}).get("newest", 0)))


def _revisions(own: State, store: State, name: str, number: Numbers) -> Iterator[Write]:
    theirs = set(_of(store, name))
    for old, record in sorted(_of(own, name).items()):
        new = number.now(Number(old))
        if new in theirs:
            continue
        theirs.add(new)
        back = record["back_to"]
        back_to = None if back is None else number.now(Number(int(str(back))))
        yield Write(
            REVISIONS, revision_key(name, new), {**record, "number": new, "back_to": back_to}
        )


def _wins(mine: Record, theirs: Record, common: Record | None, number: Numbers) -> bool:
    """Return whether our pointers come back in place of the store's."""
    if mine == common or (mine == theirs and not number.changed):
        return False
    if theirs == common:
        return True
    ours, other = from_record(mine), from_record(theirs)
    if _pristine(other):
        return not _pristine(ours) or 1 in number.changed
    if _pristine(ours):
        return False
    # A rollback raises the salt: what was taken back does not come again by itself.
    return ours.committed_ms > other.committed_ms and ours.salt >= other.salt


def _pristine(routing: Routing) -> bool:
    """Return whether it is as a declaration begins it: one revision, and no history."""
    first = (routing.active, routing.last_good, routing.newest) == (1, 1, 1)
    return first and routing.candidate is None and routing.watch_ms is None and not routing.salt


def _renumbered(routing: Routing, number: Numbers) -> Routing:
    tried = routing.candidate
    return replace(
        routing,
        active=number.now(routing.active),
        last_good=number.now(routing.last_good),
        candidate=None if tried is None else replace(tried, number=number.now(tried.number)),
        served=tuple(number.now(one) for one in routing.served),
    )


def _served(routing: Routing, workflow: Record, revisions: Mapping[str, Record]) -> Record:
    def revision(number: Number) -> route.Revision:
        return route.from_record(revisions[revision_key(routing.workflow, number)])

    tried = None if routing.candidate is None else revision(routing.candidate.number)
    return served(routing, revision(routing.active), tried, _steps(workflow))


def _steps(workflow: Record) -> tuple[Step, ...]:
    extra = workflow.get("extra")
    return steps_of(extra.get("stages") if isinstance(extra, Mapping) else None)
