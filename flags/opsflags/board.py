"""What one client knows of the switchboard, kills sticky. Pure: no I/O, no clock, no decisions."""

from opsflags.keys import SCHEMA
from opsflags.model import Rejected
from opsflags.records import (
    Kill,
    WorkflowRecord,
    emergency_from_json,
    kill_from_json,
    workflow_from_json,
)

Position = tuple[int, int]
Json = dict[str, object]
NOWHERE: Position = (0, 0)
REMEMBERED = 4096

APPLIED = "applied"
IGNORED = "ignored"
GAP = "gap"


class Held:
    """A kill and the record it was read from (None for one of the kill file)."""

    __slots__ = ("kill", "number", "record")

    def __init__(self, kill: Kill, record: Json, number: int = 0) -> None:
        self.kill = kill
        self.record = record
        self.number = number

    @property
    def at(self) -> Position:
        """The position of the commit that last changed the kill."""
        return (self.kill.epoch, self.kill.revision)


class Board:
    """
    Kills by `uid`, proofs that kills ended, emergencies, and the records of served workflows.

    Nothing here lifts a kill but an ended record with its `uid` and a later position, an adoption
    (emergencies) or a new good version of the kill file. Every method that changes something notes
    whom it concerns; `take_touched()` hands that over.
    """

    __slots__ = (
        "_everyone",
        "_index",
        "_touched",
        "adopted",
        "adopted_uids",
        "bad_emergencies",
        "bad_kills",
        "bad_workflows",
        "behind",
        "emergencies",
        "ended",
        "file_kills",
        "kills",
        "listed",
        "position",
        "too_old",
        "unknown",
        "workflow_records",
        "workflows",
    )

    def __init__(self) -> None:
        self.position: Position = NOWHERE
        self.kills: dict[str, Held] = {}
        self.ended: dict[str, Position] = {}
        self.emergencies: dict[str, Held] = {}
        self.listed: list[str | None] = []
        self.adopted = 0
        self.adopted_uids: dict[str, None] = {}
        self.file_kills: tuple[Kill, ...] = ()
        self.workflows: dict[str, WorkflowRecord] = {}
        self.workflow_records: dict[str, Json] = {}
        self.bad_kills: set[str] = set()
        self.bad_workflows: set[str] = set()
        self.bad_emergencies: set[str] = set()
        self.unknown: set[str] = set()
        self.behind = False
        self.too_old = False
        self._touched: set[str] = set()
        self._everyone = False
        self._index: dict[str | None, dict[str, Kill]] = {}

    @property
    def rejected(self) -> list[str]:
        """Ids and names of the records that can't be read; the previous ones stay in force."""
        if not (self.bad_kills or self.bad_workflows or self.bad_emergencies):
            return []
        return sorted(self.bad_kills | self.bad_workflows | self.bad_emergencies)

    @property
    def ahead(self) -> bool:
        """True while this client knows of something that the store has lost."""
        if self.behind or self.unknown:
            return True
        return bool(self.emergencies) and any(uid not in self.listed for uid in self.emergencies)

    def take_touched(self) -> set[str] | None:
        """Return the workflows that changed since the last call; None for all of them."""
        touched, everyone = self._touched, self._everyone
        self._touched, self._everyone = set(), False
        return None if everyone else touched

    def touch_everyone(self) -> None:
        """Have every workflow compiled again, after something was interrupted."""
        self._everyone = True

    def kills_for(self, workflow: str) -> list[Kill]:
        """Return every active kill that could concern *workflow*."""
        everywhere = self._index.get(None)
        here = self._index.get(workflow)
        kills = list(everywhere.values()) if everywhere else []
        if here:
            kills += here.values()
        return kills

    def apply(self, delta: object) -> str:
        """
        Apply one pushed delta and return `APPLIED`, `IGNORED` (known already), or `GAP`.

        After `GAP` nothing was changed and everything must be read again.
        """
        position = _delta_position(delta)
        if position is None or not isinstance(delta, dict):
            return GAP
        if position <= self.position:
            return GAP if self.behind else IGNORED
        if position != (self.position[0], self.position[1] + 1):
            return GAP
        if (self.too_old or delta.get("s") != SCHEMA) and self._note_schema(delta):
            return GAP
        self._take_parts(delta, position)
        self.position = position
        return APPLIED

    def _take_parts(self, delta: Json, position: Position) -> None:
        if "workflows" in delta:
            for name, record in _entries(delta, "workflows"):
                self._take_workflow(name, record)
        if "kills" in delta:
            for kill_id, record in _entries(delta, "kills"):
                self._take_kill(kill_id, record, position)
        if "ended" in delta:
            for kill_id, record in _entries(delta, "ended"):
                self._take_ended(kill_id, record)
        if isinstance(adopted := delta.get("adopted"), int):
            self.adopted = adopted
            self._drop_adopted()

    def read(
        self, head: Position, kills: dict[str, object], workflows: dict[str, object]
    ) -> list[str]:
        """
        Merge a whole read taken at or after *head* and return ids of held kills it lacks.

        A workflow that maps to None is not declared there. Ask the ended records of the returned
        ids and hand them to `take_ended`.
        """
        self.behind = head < self.position
        self.bad_kills.clear()
        found = set()
        for kill_id, record in kills.items():
            found.add(self._take_kill(kill_id, record, head))
        for name, record in workflows.items():
            if record is not None and not (self.behind and name in self.workflows):
                self._take_workflow(name, record)
        self.position = max(self.position, head)
        unreadable = {uid for uid, held in self.kills.items() if held.kill.id in self.bad_kills}
        self.unknown |= set(self.kills) - found - unreadable
        self.unknown &= set(self.kills)
        return sorted({self.kills[uid].kill.id for uid in set(self.kills) - found})

    def take_ended(self, records: dict[str, object]) -> None:
        """Lift those held kills that the records prove to be over."""
        for kill_id, record in records.items():
            self._take_ended(kill_id, record)

    def take_emergencies(self, records: list[object], adopted: int) -> None:
        """Merge the whole emergency list and the number up to which the bot adopted it."""
        self.bad_emergencies.clear()
        self.adopted = adopted
        self.listed = [self._take_emergency(n, record) for n, record in enumerate(records, start=1)]
        self._drop_adopted()

    def _take_emergency(self, number: int, record: object) -> str | None:
        try:
            kill = emergency_from_json(number, record)
        except Rejected:
            self.bad_emergencies.add(f"E-{number}")
            return None
        uid = kill.uid
        if uid in self.emergencies or uid in self.adopted_uids or self._spoken_for(uid):
            return uid
        if number <= self.adopted:
            self._remember_adopted(uid)
        else:
            self.emergencies[uid] = Held(kill, _as_json(record), number)
            self._add(f"E:{uid}", kill)
        return uid

    def _spoken_for(self, uid: str) -> bool:
        """Return whether a kill that took over the emergency's uid is active or ended."""
        return uid in self.kills or uid in self.ended

    def take_file(self, kills: tuple[Kill, ...]) -> None:
        """Replace the kills of the kill file."""
        for kill in self.file_kills:
            self._remove(kill.uid, kill)
        for kill in kills:
            self._add(kill.uid, kill)
        self.file_kills = kills

    def take_workflow(self, name: str, record: object) -> None:
        """Take the record of a workflow that is served from now on."""
        if record is not None and not (self.behind and name in self.workflows):
            self._take_workflow(name, record)

    def restore(
        self,
        position: Position,
        kills: list[object],
        ended: dict[str, Position],
        emergencies: list[tuple[int, object]],
    ) -> None:
        """Begin with what an earlier process knew; an unreadable record is left out and noted."""
        self.position = position
        self.ended.update(ended)
        for record in kills:
            kill_id = record.get("id") if isinstance(record, dict) else None
            self._take_kill(str(kill_id), record, position)
        for number, record in emergencies:
            self._take_emergency(number, record)

    def note_store(self, head: Position) -> bool:
        """Note the position a check-in was answered with; return whether a read is due."""
        if head < self.position:
            self.behind = True
        return self.behind or head != self.position

    def _note_schema(self, message: Json) -> bool:
        """Note whether a newer program speaks; return whether this message can't be used."""
        schema = message.get("s")
        newer = isinstance(schema, int) and schema > SCHEMA
        if newer != self.too_old:
            self.too_old = newer
            self._everyone = True
        return newer

    def _add(self, key: str, kill: Kill) -> None:
        self._index.setdefault(kill.scope.workflow, {})[key] = kill
        self._touch(kill)

    def _remove(self, key: str, kill: Kill) -> None:
        self._index.get(kill.scope.workflow, {}).pop(key, None)
        self._touch(kill)

    def _touch(self, kill: Kill) -> None:
        if kill.scope.workflow is None:
            self._everyone = True
        else:
            self._touched.add(kill.scope.workflow)

    def _take_kill(self, kill_id: str, record: object, seen_at: Position) -> str | None:
        """Hold one active kill, unless a later truth is known; return its uid if it is readable."""
        try:
            kill = kill_from_json(record)
        except Rejected:
            self.bad_kills.add(kill_id)
            return None
        if self.bad_kills:
            self.bad_kills.discard(kill_id)
        if self.ended.get(kill.uid, NOWHERE) <= seen_at:
            self._hold(Held(kill, _as_json(record)))
        return kill.uid

    def _hold(self, fresh: Held) -> None:
        uid = fresh.kill.uid
        old = self.kills.get(uid)
        if old is not None and old.at > fresh.at:
            self.unknown.add(uid)
            return
        self.unknown.discard(uid)
        if old is not None and old.kill == fresh.kill:
            return
        if old is not None:
            self._remove(uid, old.kill)
        self.kills[uid] = fresh
        self._add(uid, fresh.kill)
        if self.emergencies:
            self._drop_emergency(uid)

    def _take_ended(self, kill_id: str, record: object) -> None:
        try:
            uid, ended = _ended(record)
        except Rejected:
            self.bad_kills.add(kill_id)
            return
        held = self.kills.get(uid)
        if held is not None and ended <= held.at:
            return
        self.ended[uid] = max(ended, self.ended.get(uid, NOWHERE))
        _forget_oldest(self.ended)
        self.bad_kills.discard(kill_id)
        self.unknown.discard(uid)
        self._drop_emergency(uid)
        if held is not None:
            del self.kills[uid]
            self._remove(uid, held.kill)

    def _take_workflow(self, name: str, record: object) -> None:
        if record is None:
            self.workflows.pop(name, None)
            self.workflow_records.pop(name, None)
            self._touched.add(name)
            return
        same = record == self.workflow_records.get(name)
        if same and self.workflows[name].rejected == (name in self.bad_workflows):
            return
        try:
            read = self.workflows[name] = workflow_from_json(name, record)
        except Rejected:
            self.bad_workflows.add(name)
            return
        (self.bad_workflows.add if read.rejected else self.bad_workflows.discard)(name)
        self.workflow_records[name] = _as_json(record)
        self._touched.add(name)

    def _drop_adopted(self) -> None:
        """
        Drop the emergencies that adopted kills speak for.

        None is dropped while a kill that is not held can't be read: it might be the adopted one.
        """
        if self.bad_kills - {held.kill.id for held in self.kills.values()}:
            return
        for uid in self.listed[: self.adopted]:
            if uid is not None:
                self._drop_emergency(uid)

    def _drop_emergency(self, uid: str) -> None:
        held = self.emergencies.pop(uid, None)
        if held is not None:
            self._remember_adopted(uid)
            self._remove(f"E:{uid}", held.kill)

    def _remember_adopted(self, uid: str) -> None:
        if uid.startswith("E-"):
            return  # its only name is its number, which another life of the store gives again
        self.adopted_uids[uid] = None
        _forget_oldest(self.adopted_uids)


def _delta_position(delta: object) -> Position | None:
    if not isinstance(delta, dict):
        return None
    epoch, revision = delta.get("e"), delta.get("r")
    if type(epoch) is not int or type(revision) is not int:
        return None
    return (epoch, revision)


def _entries(delta: Json, name: str) -> list[tuple[str, object]]:
    part = delta.get(name)
    return list(part.items()) if isinstance(part, dict) else []


def _ended(record: object) -> tuple[str, Position]:
    if not isinstance(record, dict) or not isinstance(record.get("uid"), str):
        raise Rejected("an ended record without a uid")
    ended = record.get("ended")
    if not isinstance(ended, dict):
        raise Rejected("an ended record without `ended`")
    position = _position_of(ended)
    if position is None:
        raise Rejected("an ended record without a position")
    return record["uid"], position


def _position_of(value: Json) -> Position | None:
    epoch, revision = value.get("epoch"), value.get("revision")
    if type(epoch) is not int or type(revision) is not int:
        return None
    return (epoch, revision)


def _as_json(record: object) -> Json:
    return record if isinstance(record, dict) else {}


def _forget_oldest(memory: dict[str, Position] | dict[str, None]) -> None:
    while len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
