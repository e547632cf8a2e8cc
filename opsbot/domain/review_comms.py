"""What people were told of an incident, as its review has it: every message, every place, every promise. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsbot.domain.comms.message import SentState
from opsbot.domain.comms.templates import Audience, Locale, Stage


@dataclass(frozen=True, slots=True)
class ToldPlace:
    """One target of a message: how far it came, when, and where it stands; *confirmed* of *expected* show it."""

    target: str
    state: SentState
    at_ms: int
    url: str = ""
    detail: str = ""
    confirmed: int | None = None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """
    One message that was let go, its words opened.

    *author* wrote it and *by* let it go. *let_ms* is when it was, *public_ms* when it stood in the first place that people read, None where
    it stands in none. *texts* stand in the order of its languages; *headlines* are those of languages
    that have one of their own.
    """

    id: str
    audience: Audience
    stage: Stage
    severity: str
    headline: str
    texts: Mapping[Locale, str]
    author: str
    by: str
    approved_by: tuple[str, ...]
    holding: bool
    let_ms: int
    public_ms: int | None
    next_ms: int | None
    corrects: str
    corrected: str
    places: tuple[ToldPlace, ...]
    headlines: Mapping[Locale, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MovedPromise:
    """A promise that somebody moved, and why."""

    by: str
    at_ms: int
    until_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class ToldAudience:
    """One audience: the last stage that it was told, and what became of what it was promised."""

    audience: Audience
    stage: Stage | None
    kept: int
    broken: int
    moved: tuple[MovedPromise, ...] = ()


@dataclass(frozen=True, slots=True)
class Communication:
    """Everything that people were told. *waiting* are messages that were written and never let go."""

    messages: tuple[ToldMessage, ...] = ()
    audiences: tuple[ToldAudience, ...] = ()
    waiting: tuple[str, ...] = field(default_factory=tuple)

    @property
    def kept(self) -> int:
        """Return how many promises of a next word were kept."""
        return sum(one.kept for one in self.audiences)

    @property
    def promised(self) -> int:
        """Return how many came due at all."""
        return self.kept + sum(one.broken for one in self.audiences)

    @property
    def first_users_ms(self) -> int | None:
        """Return when users could read the first word, None where they never could."""
        public = [one.public_ms for one in self.messages if one.audience == "users"]
        return min((one for one in public if one is not None), default=None)
