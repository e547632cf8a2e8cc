"""The journal as evidence: its tail, its verification against the live state, its signed export."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.hidden import Hidden, shown_body, withheld
from opsbot.app.words import clock
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import NotAllowed
from opsbot.domain.journal import (
    QUOTED,
    Broken,
    Entry,
    canonical,
    differences,
    opens,
    read_entry,
    replay,
)
from opsbot.domain.policy.rules import Policy, Request, judge, shown
from opsbot.domain.said import REFUSED, Said, inert
from opsbot.domain.state import State

PAGE = 500
"""Journal entries read at a time."""

_COMMITMENT = re.compile(rf'"(?:{"|".join(QUOTED)})":"([0-9a-f]{{64}})"')
"""Where entries hold commitments to free text."""

_TEXTS = re.compile(r'"(?:headlines|texts)":\{([^{}]*)\}')
_HASH = re.compile(r'"([0-9a-f]{64})"')
"""Where they hold one for each language."""


SHOWN = 4
"""Records named in one line of the tail."""


class LiveState(Protocol):
    """The stored records themselves, and what replicas held before, for the comparison."""

    async def live(self) -> State:
        """
        Return the records, position and head as the store holds them now.

        Raises:
            StoreLost: no answer within the deadline.
        """
        ...

    async def disowned(self) -> Sequence[tuple[int, str]]:
        """Return (count, head) of each journal that this replica held and the store did not continue."""
        ...


class Signer(Protocol):
    """Signs the end of an export; its key does not lie beside what it signs."""

    def sign(self, data: bytes) -> str:
        """Return an Ed25519 signature in hex."""
        ...

    @property
    def public(self) -> str:
        """Return the public key in hex."""
        ...


class Anchors(Protocol):
    """Heads of the journal kept outside the store."""

    async def kept(self) -> Sequence[tuple[int, str]]:
        """Return (count, head) of every anchor, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Audit:
    """The use cases of reading the journal."""

    env: Environment
    store: LiveState
    anchors: Anchors
    signer: Signer

    async def tail(self, count: int, actor: Actor) -> Said:
        """
        Return the last entries, newest last, without what is private and not theirs to see.

        Raises:
            NotAllowed: not a member. StoreLost: no answer.
        """
        self._may(actor)
        lines = await self.env.store.journal(-count, -1)
        entries = [_entry(line) for line in lines]
        # After the lines: what became private with the newest of them is known then.
        state = await self.env.store.refresh()
        policy, hidden = policy_of(state), Hidden.of(state, actor)
        bodies = [None if entry is None else shown_body(entry, hidden) for entry in entries]
        return Said(
            "plain",
            f"Last {len(entries)} journal entries in {self.env.name}",
            tuple(
                _UNREADABLE if entry is None or body is None else _line(entry, body, policy)
                for entry, body in zip(entries, bodies, strict=True)
            ),
            body={"entries": list(bodies)},
        )

    async def verify(self, actor: Actor) -> Said:
        """Check chain, anchors, and the replay against the live records. Raises as `tail`."""
        self._may(actor)
        lines = [line async for line in self._all()]
        live = await self.store.live()
        anchors = await self.anchors.kept()
        found = findings(lines, live, anchors, await self.store.disowned())
        found += await self._altered(lines)
        hidden = Hidden.of(await self.env.store.refresh(), actor)
        found = tuple(_PRIVATE if hidden.named(one) else one for one in found)
        body: Record = {
            "valid": not found,
            "entries": len(lines),
            "head": live.head,
            "anchors": len(anchors),
            "findings": list(found),
        }
        if found:
            title = f"The journal of {self.env.name} does NOT verify: {len(found)} finding(s)"
            return Said("red", title, found, body=body, exit_code=REFUSED)
        return Said(
            "green",
            f"The journal of {self.env.name} verifies: {len(lines)} entries",
            (
                f"Chain, {len(anchors)} anchor(s), and the replay equals the live state.",
                f"Head {live.head[:16]}… at revision {live.position.revision}.",
                *_put_back(lines),
            ),
            body=body,
        )

    async def export(self, actor: Actor) -> AsyncIterator[str]:
        """
        Yield the export: a header, every entry, a signed trailer.

        It is whole or it is not given: a stranger verifies it, so nothing can be left out of it.
        Raises as `tail`, and NotAllowed: it would hold private incidents that are not theirs to see.
        """
        self._may(actor)
        _may_have_all(await self.env.store.refresh(), actor)
        yield _jcs(
            {"opsbot": "journal", "v": 1, "env": self.env.name, "public": self.signer.public}
        )
        count, head = 0, ""
        async for page in self._pages():
            # After the page: one that was opened while the export runs breaks it off, unsigned.
            _may_have_all(await self.env.store.refresh(), actor)
            for line in page:
                count, head = count + 1, line.partition(" ")[0]
                yield line
        trailer: dict[str, Json] = {"count": count, "head": head, "env": self.env.name}
        yield _jcs({**trailer, "signature": self.signer.sign(canonical(trailer))})

    async def _all(self) -> AsyncIterator[str]:
        async for page in self._pages():
            for line in page:
                yield line

    async def _pages(self) -> AsyncIterator[Sequence[str]]:
        start = 0
        while page := await self.env.store.journal(start, start + PAGE - 1):
            yield page
            start += len(page)

    async def _altered(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Name the free texts beside the chain that are not what was committed to; erased ones are fine."""
        commitments = sorted({one for line in lines for one in _committed(line)})
        found = []
        for start in range(0, len(commitments), PAGE):
            kept = await self.env.store.texts(commitments[start : start + PAGE])
            found += [one for one, text in sorted(kept.items()) if not opens(text)]
        return tuple(f"The text {one[:16]}… beside the chain was changed." for one in found)

    def _may(self, actor: Actor) -> None:
        verdict = judge(policy_of(self.env.store.state), Request(verb="show", actor=actor))
        if not verdict.allowed:
            raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)


def findings(
    lines: Sequence[str],
    live: State,
    anchors: Sequence[tuple[int, str]] = (),
    disowned: Sequence[tuple[int, str]] = (),
) -> tuple[str, ...]:
    """Return everything that is wrong, each by name; empty when the journal verifies."""
    try:
        state = replay(lines)
    except Broken as broken:
        return (f"Entry {broken.seq} {broken.why}.",)
    found = []
    if live.position.revision > len(lines):
        missing = live.position.revision - len(lines)
        found.append(
            f"{missing} entries are missing at the end: the head counts {live.position.revision}."
        )
    elif state.head != live.head:
        found.append(f"Entry {len(lines)} is not the recorded head: the chain was rewritten.")
    found += _against_anchors(lines, anchors)
    found += _against_disowned(lines, disowned)
    found += [
        f"Record {one.kind}/{one.id} was {_how(one.journal, one.live)} behind the journal's back."
        for one in differences(state, live)
    ]
    return tuple(found)


def _against_anchors(lines: Sequence[str], anchors: Sequence[tuple[int, str]]) -> list[str]:
    found = []
    for count, head in anchors:
        if count > len(lines):
            found.append(f"An anchor counts {count} entries, the journal has {len(lines)}: cut.")
        elif count and lines[count - 1].partition(" ")[0] != head:
            found.append(
                f"Entry {count} is not the one that was anchored: the chain was rewritten."
            )
    return found


def _against_disowned(lines: Sequence[str], disowned: Sequence[tuple[int, str]]) -> list[str]:
    """
    Compare with what this replica held before the store went on from something else.

    What the store lost and a `recover` entry put back is told by that entry.
    """
    told = max((_lost(entry) for entry in _recovered(lines)), default=0)
    return [
        f"Entry {count} is not the one that this bot held before: the chain was rewritten or cut."
        for count, head in disowned
        if count > told and (count > len(lines) or lines[count - 1].partition(" ")[0] != head)
    ]


def _recovered(lines: Sequence[str]) -> list[Entry]:
    found = (read_entry(line) for line in lines if '"verb":"recover"' in line)
    return [entry for entry in found if entry.verb == "recover"]


def _lost(entry: Entry) -> int:
    """Return how many entries the store had before it lost data, as its `recover` entry says."""
    facts = entry.body.get("facts")
    lost = facts.get("lost") if isinstance(facts, dict) else None
    position = lost.get("position") if isinstance(lost, dict) else None
    count = position.get("revision") if isinstance(position, dict) else None
    return count if isinstance(count, int) else 0


def _put_back(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"Entry {entry.position.revision} put back what the store had lost"
        f" (it held {_lost(entry)} entries)."
        for entry in _recovered(lines)[-SHOWN:]
    )


def _how(journal: Record | None, live: Record | None) -> str:
    if journal is None:
        return "added"
    return "removed" if live is None else "changed"


_UNREADABLE = (
    "An entry that cannot be read: changed, or not of the journal. `audit verify` names it."
)


_PRIVATE = "A record of a private incident is not as the journal has it."
"""A finding for whoever does not see what it is about."""


def _may_have_all(state: State, actor: Actor) -> None:
    if Hidden.of(state, actor).marks is not None:
        raise NotAllowed(
            "The journal holds private incidents that you may not see; nothing was exported.",
            rule="incident-private",
            hint="A commander or an admin of the whole company exports it.",
        )


def _entry(line: str) -> Entry | None:
    try:
        return read_entry(line)
    except Broken:
        return None


def _line(entry: Entry, body: Record, policy: Policy) -> str:
    """Return an entry as one line; *body* is what may be read of it."""
    by = f" by {inert(_by(body, policy), limit=80)}" if "actor" in body else ""
    names = _names(Entry(entry.hash, body))
    if withheld(body):
        names = ", ".join(one for one in (names, "withheld: private") if one)
    return (
        f"{entry.position.revision} · {clock(entry.at_ms)} · {entry.verb}{by}"
        f" · {names or 'no record'} · {entry.hash[:12]}"
    )


def _names(entry: Entry) -> str:
    writes = ", ".join(f"{kind}/{id_}" for kind, id_, _ in entry.writes[:SHOWN])
    more = f" and {len(entry.writes) - SHOWN} more" if len(entry.writes) > SHOWN else ""
    return f"{writes}{more}"


def _by(body: Record, policy: Policy) -> str:
    """Return who did it by the name that the policy knows; ids stay in the machine's form."""
    actor = body.get("actor")
    if not isinstance(actor, Mapping):
        return "?"
    kind, id_ = str(actor.get("kind", "")), str(actor.get("id", "?"))
    people = policy.people.values()
    joined = {one: person.shown for person in people for one in (*person.slack, *person.email)}
    return joined.get(id_) or shown(policy, f"{kind}:{id_}")


def _jcs(value: dict[str, Json]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _committed(line: str) -> Iterator[str]:
    """Yield every commitment to free text that an entry holds."""
    yield from _COMMITMENT.findall(line)
    for some in _TEXTS.findall(line):
        yield from _HASH.findall(some)
