"""The hash-chained journal: canonical entries, the chain's verification, and the replay of its writes."""

import hashlib
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, cast

import rfc8785

from opsbot.domain.change import Change, Json, Position, Record, Sealed
from opsbot.domain.state import GENESIS, KINDS, State

VERSION = 1
_ENTRY = b"opsbot-journal-v1\0"
_TEXT = b"opsbot-text-v1\0"
_LARGEST: Final = 2**53 - 1
_LONE: Final = re.compile("[\ud800-\udfff]")
"""Half of a character, which no UTF-8 can hold."""

_SPELL: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode
_written: deque[str] = deque(maxlen=1)
"""The line that this process wrote last: it is canonical, because it was made so."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry. *body* is what the hash is over; the properties read from it."""

    hash: str
    body: Record

    @property
    def position(self) -> Position:
        """Return where it stands: its epoch and its place in the chain."""
        return Position(cast("int", self.body["epoch"]), cast("int", self.body["seq"]))

    @property
    def prev(self) -> str:
        """Return the hash of the entry before."""
        return cast("str", self.body["prev"])

    @property
    def at_ms(self) -> int:
        """Return the server's milliseconds of the commit."""
        return cast("int", self.body["at_ms"])

    @property
    def request(self) -> str:
        """Return the request id that it was committed under."""
        return cast("str", self.body["request"])

    @property
    def verb(self) -> str:
        """Return what was done."""
        return cast("str", self.body["verb"])

    @property
    def writes(self) -> tuple[tuple[str, str, Record | None], ...]:
        """Return the records put, or taken away where None: (kind, id, record)."""
        found = cast("list[tuple[str, str, Record | None]]", self.body["writes"])
        return tuple((kind, id_, record) for kind, id_, record in found)


class Broken(ValueError):
    """
    The chain does not hold at one entry.

    *index* is zero-based, *seq* is one-based; both name the first entry that is wrong.
    """

    def __init__(self, index: int, why: str) -> None:
        super().__init__(f"journal entry {index + 1}: {why}")
        self.index = index
        self.seq = index + 1
        self.why = why


def canonical(value: Json) -> bytes:
    """
    Return RFC 8785 canonical JSON.

    Raises:
        rfc8785.CanonicalizationError: NaN, infinity, or an integer beyond 2**53.
    """
    odd: list[Json] = []
    plain = _plain(value, odd)
    # What is not odd, the standard library spells the same, several times as fast.
    return rfc8785.dumps(plain) if odd else _SPELL(plain).encode()


def entry_hash(body: bytes) -> str:
    """Return the hash of one entry's canonical JSON."""
    return hashlib.sha256(_ENTRY + body).hexdigest()


def write_entry(state: State, change: Change, *, request: str, at_ms: int) -> str:
    """
    Return the journal line of *change* made on *state*: `<hash> <canonical JSON>`.

    Raises:
        rfc8785.CanonicalizationError: a record holds what JSON cannot carry exactly.
        ValueError: a record is of a kind that is not replayed, so it could not be verified.
    """
    if unknown := {write.kind for write in change.writes} - set(KINDS):
        raise ValueError(f"not journaled: {sorted(unknown)}")
    body = canonical(
        {
            "v": VERSION,
            "seq": state.position.revision + 1,
            "epoch": state.position.epoch,
            "prev": state.head,
            "at_ms": at_ms,
            "request": request,
            "verb": change.verb,
            "actor": {"kind": change.actor.kind, "id": change.actor.id, "via": change.actor.via},
            "rule": change.rule,
            "writes": [[write.kind, write.id, write.record] for write in change.writes],
            "facts": change.facts,
        }
    )
    line = f"{entry_hash(body)} {body.decode()}"
    _written.append(line)
    return line


def read_entry(line: str, *, index: int = 0) -> Entry:
    """
    Read one line and check that its hash is its own.

    Raises:
        Broken: it is not a journal line, or one of its bytes was changed.
    """
    try:
        return _read(line)
    except _Unreadable as error:
        raise Broken(index, str(error)) from error


class _Unreadable(ValueError):
    """Why a line is no entry."""


@lru_cache(maxsize=4)
def _read(line: str) -> Entry:
    """
    Read one line; a commit reads its own line to spell its call, and again to follow it.

    Raises:
        _Unreadable: it is no entry, or not the one that its hash names.
    """
    digest, space, text = line.partition(" ")
    if not space:
        raise _Unreadable("is not a journal line")
    raw = text.encode("utf-8", "surrogatepass")
    if entry_hash(raw) != digest:
        raise _Unreadable("its content does not have its hash (changed)")
    try:
        body = json.loads(text)
        entry = Entry(digest, body)
        well_formed, plain = _well_formed(entry), line in _written or canonical(body) == raw
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _Unreadable(f"cannot be read ({type(error).__name__})") from error
    if not plain:
        raise _Unreadable("is not canonical JSON")
    if not well_formed:
        raise _Unreadable("has a field of another type than an entry has")
    return entry


def _well_formed(entry: Entry) -> bool:
    """Return whether every field has its type: a right hash says who wrote it, not that it is sane."""
    at = entry.position
    numbers = (at.epoch, at.revision, entry.at_ms)
    words = (entry.prev, entry.request, entry.verb)
    return (
        all(type(number) is int for number in numbers)
        and all(isinstance(word, str) for word in words)
        and all(_is_write(*write) for write in entry.writes)
    )


def _is_write(kind: object, id_: object, record: object) -> bool:
    return isinstance(kind, str) and isinstance(id_, str) and isinstance(record, dict | None)


def follow(state: State, entry: Entry, *, index: int | None = None) -> State:
    """
    Return *state* with *entry* applied.

    Raises:
        Broken: the entry does not stand right after *state*.
    """
    at = entry.position.revision - 1 if index is None else index
    if entry.body.get("v") != VERSION:
        raise Broken(at, f"has version {entry.body.get('v')!r}, this program reads {VERSION}")
    if entry.position.revision != state.position.revision + 1:
        raise Broken(
            at, f"has number {entry.position.revision}, expected {state.position.revision + 1}"
        )
    if entry.prev != state.head:
        raise Broken(at, "does not follow from the entry before it")
    if entry.position.epoch < state.position.epoch:
        raise Broken(at, "goes back to an earlier epoch")
    return replace(
        state,
        position=entry.position,
        head=entry.hash,
        records=put(state.records, entry.writes),
    )


def put(
    records: Mapping[str, Mapping[str, Record]], writes: Iterable[tuple[str, str, Record | None]]
) -> Mapping[str, Mapping[str, Record]]:
    """Return *records* with *writes* applied; kinds that become empty are left out."""
    fresh: dict[str, dict[str, Record]] = {}
    for kind, id_, record in writes:
        of_kind = fresh.setdefault(kind, dict(records.get(kind, {})))
        if record is None:
            of_kind.pop(id_, None)
        else:
            of_kind[id_] = record
    if not fresh:
        return records
    return {kind: of_kind for kind, of_kind in ({**records, **fresh}).items() if of_kind}


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """
    Yield the entries of a whole journal, each checked against the one before.

    Raises:
        Broken: names the first entry that is wrong.
    """
    prev, epoch = GENESIS, 0
    for index, line in enumerate(lines):
        entry = read_entry(line, index=index)
        at = State(position=Position(epoch, index), head=prev)
        follow(at, entry, index=index)
        yield entry
        prev, epoch = entry.hash, entry.position.epoch


def replay(lines: Iterable[str], state: State | None = None) -> State:
    """
    Return the state that *lines* make, from nothing or on top of *state*.

    Raises:
        Broken: names the first entry that is wrong.
    """
    current = State() if state is None else state
    start = current.position.revision
    for index, line in enumerate(lines, start):
        current = follow(current, read_entry(line, index=index), index=index)
    return current


def verify(lines: Iterable[str], *, count: int | None = None, head: str | None = None) -> State:
    """
    Verify a whole journal against what is known of its end, and return the state it makes.

    Without *count* and *head* (the store's own, or an anchor's) a cut tail cannot be seen.

    Raises:
        Broken: names the first entry that is wrong or missing.
    """
    state = replay(lines)
    if count is not None and state.position.revision != count:
        short = state.position.revision < count
        at = min(state.position.revision, count)
        raise Broken(at, f"{'is missing' if short else 'is one too many'}: {count} were counted")
    if head is not None and state.head != head:
        raise Broken(state.position.revision - 1, "is not the head that was recorded")
    return state


@dataclass(frozen=True, slots=True)
class Difference:
    """One record whose live form is not what the journal says; None means that it is not there."""

    kind: str
    id: str
    journal: Record | None
    live: Record | None


def differences(replayed: State, live: State) -> tuple[Difference, ...]:
    """Return the records that were written behind the journal's back, in order of kind and id."""
    found = []
    for kind in sorted({*replayed.records, *live.records}):
        said, seen = replayed.kind(kind), live.kind(kind)
        found += [
            Difference(kind, id_, said.get(id_), seen.get(id_))
            for id_ in sorted({*said, *seen})
            if said.get(id_) != seen.get(id_)
        ]
    return tuple(found)


QUOTED: Final = (
    *("reason", "actor_name", "note", "title", "summary", "why", "text", "update", "on"),
    *("headline", "values", "hold"),
)
"""The fields of records and facts that hold a commitment to free text, and never the text itself."""


def seal(text: str, *, salt: str) -> Sealed:
    """
    Return *text* under a commitment; *salt* is hex of at least 16 random bytes.

    Raises:
        ValueError: the salt is not hex, or shorter (the text could be guessed from its hash).
    """
    if len(bytes.fromhex(salt)) < 16:  # noqa: PLR2004 - 128 bits
        raise ValueError("a salt has at least 16 bytes")
    return Sealed(commitment=_commitment(text, salt), salt=salt, text=text)


def opens(sealed: Sealed) -> bool:
    """Return whether the text beside the chain is the one that was committed to."""
    try:
        return _commitment(sealed.text, sealed.salt) == sealed.commitment
    except (ValueError, TypeError):  # a salt that is no hex, a text that is none
        return False


def _commitment(text: str, salt: str) -> str:
    return hashlib.sha256(_TEXT + bytes.fromhex(salt) + canonical(text)).hexdigest()


def _plain(value: Json, odd: list[Json]) -> Any:  # rfc8785 keeps the name of its own JSON type
    """Return *value* in plain lists and dictionaries; what RFC 8785 spells in a way of its own is *odd*."""
    if isinstance(value, str):
        if not value.isascii():
            odd.extend(_LONE.findall(value))
    elif type(value) is int:
        if abs(value) > _LARGEST:
            odd.append(value)
    elif isinstance(value, Mapping):
        return {_name(name, odd): _plain(item, odd) for name, item in value.items()}
    elif isinstance(value, (list, tuple)):
        return [_plain(item, odd) for item in value]
    elif value is not None and type(value) is not bool:
        odd.append(value)
    return value


def _name(name: object, odd: list[Json]) -> str:
    """Return a key; beyond ASCII the order of keys is one of UTF-16."""
    spelled = str(name)
    if not spelled.isascii():
        odd.append(spelled)
    return spelled
