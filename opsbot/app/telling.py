"""What a sentence about one journal entry is made from: who did it, what it wrote, what stood there before. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.domain.change import Json, Record
from opsbot.domain.journal import QUOTED, Entry
from opsbot.domain.policy.rules import Policy, shown
from opsbot.domain.said import inert

Records = Mapping[str, Mapping[str, Record]]
"""Records by kind and id, as `State.records` has them."""

US: Final = "opsbot"
_COMMITMENT: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Written:
    """One record that an entry put: what stood there *before*, None for nothing, and what does now."""

    id: str
    before: Record | None
    after: Record

    def old(self, name: str) -> Json:
        """Return a field as it was."""
        return None if self.before is None else self.before.get(name)

    def new(self, name: str) -> Json:
        """Return a field as it is."""
        return self.after.get(name)

    def differs(self, name: str) -> bool:
        """Return whether a field changed; what was never written and what is empty are the same."""
        return (self.old(name) or None) != (self.new(name) or None)


@dataclass(frozen=True, slots=True)
class Telling:
    """
    One entry to tell.

    *before* are the records as they stood before it (only those that it writes are looked at);
    *words* are free texts by their commitment. *incident* is whose timeline it is told in, *unnamed*
    the incidents that it names nowhere.
    """

    entry: Entry
    before: Records
    policy: Policy
    words: Mapping[str, str]
    incident: str = ""
    unnamed: frozenset[str] = frozenset()

    @property
    def who(self) -> str:
        """Return who did it, as people call them."""
        actor = self.entry.body.get("actor")
        given = actor if isinstance(actor, Mapping) else {}
        kind, id_ = str(given.get("kind", "")), str(given.get("id", ""))
        if kind == "system":
            return US
        people = self.policy.people.values()
        joined = {one: person.shown for person in people for one in (*person.slack, *person.email)}
        return inert(joined.get(id_) or shown(self.policy, f"{kind}:{id_}"), limit=80)

    @property
    def by_us(self) -> bool:
        """Return whether a part of the bot did it."""
        return self.who == US

    def name(self, identity: Json) -> str:
        """Return how people call somebody."""
        return inert(shown(self.policy, str(identity)), limit=80)

    def fact(self, name: str) -> Json:
        """Return one fact of the entry, None where it has none of that name."""
        facts = self.entry.body.get("facts")
        return facts.get(name) if isinstance(facts, Mapping) else None

    def fact_text(self, name: str) -> str:
        """Return one fact as text, empty for none."""
        value = self.fact(name)
        return "" if value is None else str(value)

    def word(self, commitment: Json) -> str:
        """Return the free text of a commitment as one harmless line, empty where it is not known."""
        return inert(self.words.get(str(commitment or ""), ""))

    def why(self, commitment: Json) -> str:
        """Return the free text of a commitment as the end of a sentence."""
        text = self.word(commitment)
        return f": {text}" if text else "."

    def written(self, *kinds: str) -> Iterator[Written]:
        """Yield the records of some kinds that the entry put, in its order."""
        for kind, id_, after in self.entry.writes:
            if kind in kinds and after is not None:
                found = (self.before.get(one, {}).get(id_) for one in kinds)
                before = next((one for one in found if one is not None), None)
                yield Written(id_, before, after)


def commitments(entry: Entry) -> tuple[str, ...]:
    """Return the commitments to every free text that a sentence about an entry may quote."""
    found: list[str] = []
    for _, _, record in entry.writes:
        if record is not None:
            found += _in(record)
    found += _in(entry.body.get("facts"))
    return tuple(dict.fromkeys(found))


def _in(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            if name in QUOTED and isinstance(one, str) and _COMMITMENT.fullmatch(one):
                yield one
            else:
                yield from _in(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _in(one)
