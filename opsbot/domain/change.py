"""What a use case asks the store to do in one commit: records, evidence, free text, work, timers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from opsbot.domain.actor import Actor

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Record: TypeAlias = Mapping[str, Json]
Lane = Literal["kill", "page", "rest"]
LANES: Final[tuple[Lane, ...]] = ("kill", "page", "rest")
"""Work outside in order of urgency; each lane has a worker of its own, so that no card holds up a page."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the store's history; later is larger. Never a time."""

    epoch: int
    revision: int

    def as_json(self) -> dict[str, int]:
        """Return it as it travels."""
        return {"epoch": self.epoch, "revision": self.revision}


@dataclass(frozen=True, slots=True)
class Write:
    """One record of one kind put, or taken away where *record* is None."""

    kind: str
    id: str
    record: Record | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """Free text that stands beside the chain: *commitment* enters the journal, the rest does not."""

    commitment: str
    salt: str
    text: str


@dataclass(frozen=True, slots=True)
class Effect:
    """
    Work outside the store, committed with the change and done at least once, idempotent by *key*.

    *kind* names the handler (`follow`, `card`, `tell`, ...); *body* holds ids, never secrets.
    """

    kind: str
    key: str
    body: Record = field(default_factory=dict)
    lane: Lane = "rest"


@dataclass(frozen=True, slots=True)
class Timer:
    """An effect that becomes due *in_ms* milliseconds after the commit, on the server's clock."""

    id: str
    in_ms: int
    effect: Effect


@dataclass(frozen=True, slots=True)
class Change:
    """
    One committed step.

    *rule* is the policy rule that allowed it. *facts* is evidence that enters the journal but not
    the state (the freeze-frame of a kill, say). *cancels* names timers to take away.
    """

    verb: str
    actor: Actor
    writes: tuple[Write, ...] = ()
    rule: str = ""
    facts: Record = field(default_factory=dict)
    sealed: tuple[Sealed, ...] = ()
    effects: tuple[Effect, ...] = ()
    timers: tuple[Timer, ...] = ()
    cancels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    """
    What the store vouches for after a commit.

    *stored* is true when the reply came. *durable* is true when the profile's promise was met
    (fsynced, and on as many nodes as declared); *nodes* is how many hold it. *repeated* is true
    when the request id had been committed before: nothing was done again. *at_ms* is the
    server's time of the entry. *answer* is what the decision left for its caller (see `decide`).
    """

    position: Position
    at_ms: int
    stored: bool
    durable: bool
    nodes: int
    repeated: bool
