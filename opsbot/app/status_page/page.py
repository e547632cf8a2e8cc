"""What the public status page says, as one value: nothing in it that was not published. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from opsbot.app.comms.felt import IMPACTS, felt, is_off, lesser
from opsbot.app.comms.port import Impact
from opsbot.app.taken import Taken
from opsbot.domain.comms.templates import Locale, Stage
from opsbot.domain.incident.settings import DAY_MS

Health = Literal["operational", "degraded_performance", "partial_outage", "major_outage"]
"""How a component is, in the words of the de-facto JSON."""

HEALTHS: Final[tuple[Health, ...]] = (
    "operational",
    "degraded_performance",
    "partial_outage",
    "major_outage",
)
"""From well to worst; each of `IMPACTS` makes a component as it stands at the same place."""

PAST_MS: Final = 14 * DAY_MS
"""How long what is over stands on the page, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Update:
    """
    One published message.

    *key* is opaque and stays the same. *headline* stood over it, *headlines* in each language. *stage* is its own, *status* that of its incident after it: a
    correction moves nothing. *texts* are by locale, empty where they were withdrawn. *corrects* is the
    key of what it corrects, *corrected* of what corrects it, which came at *corrected_ms*.
    """

    key: str
    stage: Stage
    status: Stage
    at_ms: int
    texts: Mapping[Locale, str] = field(default_factory=dict)
    next_ms: int | None = None
    corrects: str = ""
    corrected: str = ""
    corrected_ms: int | None = None
    headline: str = ""
    headlines: Mapping[Locale, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """
    One incident as users were told it; *updates* are the newest first and never empty.

    *headline* is the newest that is still kept, or of what corrects that one; empty where all were
    withdrawn. *headlines* is the same by language. *components* are the public names of what it
    touches, *taken* how much its kills take of each. *off*: the newest message says that the feature
    stays off. *resolved_ms* is None while it is open.
    """

    key: str
    headline: str
    impact: Impact
    stage: Stage
    updates: tuple[Update, ...]
    components: tuple[str, ...] = ()
    off: bool = False
    taken: Mapping[str, Taken] = field(default_factory=dict)
    resolved_ms: int | None = None
    headlines: Mapping[Locale, str] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Return whether users were not yet told that it is over."""
        return self.resolved_ms is None

    @property
    def next_ms(self) -> int | None:
        """Return what the newest word promises; a correction that says nothing of it keeps what was promised."""
        speaks = (
            one.next_ms
            for one in self.updates
            if one.stage != "correction" or one.next_ms is not None
        )
        return next(speaks, None)

    @property
    def started_ms(self) -> int:
        """Return when users were first told."""
        return self.updates[-1].at_ms

    @property
    def updated_ms(self) -> int:
        """Return when users were last told."""
        return self.updates[0].at_ms

    @property
    def weight(self) -> Impact:
        """Return how much of its impact is left: once it is watched, little; once it is over, nothing."""
        if not self.open:
            return "none"
        if self.stage == "monitoring":
            return lesser(self.impact, "minor")
        return self.impact

    def health(self, name: str) -> Health:
        """Return how one of its components is: as far as its kills say what users can do, else by its impact."""
        return health_of(felt(self.taken.get(name, Taken()), self.weight, off=self.off))

    def is_off(self, name: str) -> bool:
        """Return whether one of its components is switched off for all: every instance has it so, or it was said."""
        return is_off(self.taken.get(name, Taken()), off=self.off)

    @property
    def touches(self) -> bool:
        """Return whether its components are as it says: while it is open, and while something stays off."""
        return self.open or self.off

    def since(self, stage: Stage) -> int | None:
        """Return when users were first told that it is at *stage*, None where they never were."""
        return next((one.at_ms for one in reversed(self.updates) if one.status == stage), None)


@dataclass(frozen=True, slots=True)
class Component:
    """
    One thing that users know by *name*, and by *names* in languages that have another.

    *off*: it is switched off on purpose, for all.
    """

    key: str
    name: str
    health: Health = "operational"
    off: bool = False
    first_ms: int | None = None
    updated_ms: int | None = None
    names: Mapping[Locale, str] = field(default_factory=dict)

    def called(self, locale: Locale) -> str:
        """Return its name in a language."""
        return self.names.get(locale, self.name)


@dataclass(frozen=True, slots=True)
class Page:
    """
    The whole page as of *made_ms*. *stories* are the newest first, those that are open and those over.

    *url* is where people read it, *contact* where they reach us (a link or an address), each empty where
    nobody said; *site* is the same for as long as this page lives. The first of *locales* is the one that every text has; *zone* is that of the times shown.
    """

    title: str
    site: str
    url: str = ""
    contact: str = ""
    locales: tuple[Locale, ...] = ("en",)
    zone: str = "UTC"
    components: tuple[Component, ...] = ()
    stories: tuple[Story, ...] = ()
    made_ms: int = 0

    @property
    def open(self) -> tuple[Story, ...]:
        """Return the incidents that are not over for users."""
        return tuple(one for one in self.stories if one.open)

    @property
    def past(self) -> tuple[Story, ...]:
        """Return those that are over, as far back as the page shows them."""
        since = self.made_ms - PAST_MS
        return tuple(one for one in self.stories if not one.open and one.updated_ms >= since)

    @property
    def impact(self) -> Impact:
        """Return the worst of what is open, and of components that nobody can use, or not as usual."""
        found = [one.weight for one in self.open]
        found += ["minor" for one in self.components if one.health != "operational"]
        found += ["major" for one in self.components if one.health == "major_outage"]
        return max(found, key=IMPACTS.index, default="none")

    def called(self, name: str, locale: Locale) -> str:
        """Return the name of a component in a language, by its name in the first one."""
        return next((one.called(locale) for one in self.components if one.name == name), name)

    @property
    def updated_ms(self) -> int:
        """Return when users were last told anything; where they never were, when the page was made."""
        return max((one.updated_ms for one in self.stories), default=self.made_ms)


def health_of(impact: Impact) -> Health:
    """Return how a component is that something of this impact touches."""
    return HEALTHS[IMPACTS.index(impact)]
