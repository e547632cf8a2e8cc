"""How people are told here: where messages go, how often, and who has a say. As `flags/comms.yaml` declares it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from opsbot.domain.change import Json, Record
from opsbot.domain.comms.templates import AUDIENCES, Audience, Locale
from opsbot.domain.incident.settings import MINUTE_MS
from opsbot.domain.incident.types import SEVERITIES, Severity
from opsbot.domain.records import listed, mapped

TargetKind = Literal[
    "status-page", "in-app", "slack", "statuspage", "incident-io", "pagerduty", "webhook", "email"
]
STATUS_PAGE: Final = "status-page"
IN_APP: Final = "in-app"
"""The two targets that are there without being declared: our own page, and the clients themselves."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    One place where messages go, by the name that workflows use for it.

    *where* is what it needs beside its secrets, which are settings: `channel` (slack), `page` and
    `components` (statuspage, incident-io, pagerduty), `url` (webhook), `to` (email, a list).
    """

    name: str
    kind: TargetKind
    where: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Beat:
    """
    How often one audience hears of incidents of one severity, in milliseconds; None for not at all.

    *first_ms*: from declaring to the first word. *update_ms*: between two. After *long_after_ms* an
    update is due every *long_ms* only.
    """

    first_ms: int | None = None
    update_ms: int | None = None
    long_after_ms: int | None = None
    long_ms: int | None = None


def _beat(
    first: int | None, update: int | None, after: int | None = None, long: int | None = None
) -> Beat:
    minutes = (None if one is None else one * MINUTE_MS for one in (first, update, after, long))
    return Beat(*minutes)


USUAL: Final[Mapping[Audience, Mapping[Severity, Beat]]] = {
    "users": {
        "SEV1": _beat(5, 20, 120, 60),
        "SEV2": _beat(10, 30, 120, 60),
        "SEV3": _beat(30, 120),
    },
    "stakeholders": {"SEV1": _beat(10, 30), "SEV2": _beat(15, 60), "SEV3": _beat(None, 120)},
    "executives": {"SEV1": _beat(15, 30), "SEV2": _beat(30, 60)},
}
"""After PagerDuty's response guide (5, 5 and 20 minutes, the rule of two hours) and GDS's hourly updates."""


@dataclass(frozen=True, slots=True)
class LegalClock:
    """
    A term that a law sets, with the words it is taken from.

    *hours* from the moment somebody names. *quote* and *source* are what a lawyer checks it by, *read*
    the date (`2026-11-21`) on which they were read.
    """

    name: str
    title: str
    hours: float
    quote: str
    source: str
    read: str


@dataclass(frozen=True, slots=True)
class CommsSettings:
    """
    *locales*: the first is the one that is always written. *zone* is the time zone of absolute times.

    *public* is how users call each workflow, *names* the same by language where it has several; *terms* words that never reach them (host names, service
    codes), *page_title* the status page's, *contact* where people reach us (a link or an address).
    *beats*: how often. *approval_ms*: how long an approval of a text is good for. *two_person*: severities at which users read nothing that one person alone let
    go. *exposure* are the types of incident on the track of exposed data, *exposure_approvers* who must
    all approve there, a list of people for each function (`security`, `legal`). *clocks* are the legal
    clocks that are switched on.
    """

    locales: tuple[Locale, ...] = ("en",)
    zone: str = "UTC"
    page_title: str = "Status"
    contact: str = ""
    public: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[Locale, str]] = field(default_factory=dict)
    terms: tuple[str, ...] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
    beats: Mapping[Audience, Mapping[Severity, Beat]] = field(default_factory=lambda: dict(USUAL))
    approval_ms: int = 15 * MINUTE_MS
    two_person: frozenset[Severity] = frozenset({"SEV1", "SEV2"})
    exposure: frozenset[str] = frozenset({"data_leak_pii"})
    exposure_approvers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clocks: tuple[LegalClock, ...] = ()

    def target(self, name: str) -> Target | None:
        """Return a target by its name, the built-in ones too; None for one that nobody declared."""
        if name in (STATUS_PAGE, IN_APP):
            return self.targets.get(name) or Target(
                name, "status-page" if name == STATUS_PAGE else "in-app"
            )
        return self.targets.get(name)

    def name_in(self, workflow: str, locale: Locale) -> str:
        """Return how users call a workflow in a language, as elsewhere where it has no name there; empty for none."""
        own = self.names.get(workflow, {})
        return own.get(locale) or own.get(locale.partition("-")[0]) or self.public.get(workflow, "")

    @property
    def called(self) -> frozenset[str]:
        """Return every name that users know, in every language."""
        more = (name for own in self.names.values() for name in own.values())
        return frozenset((*self.public.values(), *more))

    def beat(self, audience: Audience, severity: str) -> Beat:
        """Return how often an audience hears of that severity."""
        of = self.beats.get(audience, {})
        return next((beat for one, beat in of.items() if one == severity), Beat())


def from_record(record: Record) -> CommsSettings:
    """Read what was declared; what is missing is as usual, so an empty record is the usual settings."""
    usual = CommsSettings()
    two_person = record.get("two_person")
    return CommsSettings(
        locales=_words(record.get("locales")) or usual.locales,
        zone=str(record.get("zone", usual.zone)),
        page_title=str(record.get("page_title", usual.page_title)),
        contact=str(record.get("contact", "")),
        public={name: str(one) for name, one in mapped(record.get("public")).items()},
        names={
            name: {locale: str(said) for locale, said in mapped(own).items()}
            for name, own in mapped(record.get("names")).items()
        },
        terms=_words(record.get("terms")),
        targets={
            name: Target(name, one["kind"], mapped(one.get("where")))  # type: ignore[arg-type]  # checked when it was read from its file
            for name, one in mapped(record.get("targets")).items()
            if isinstance(one, Mapping)
        },
        beats=_beats(record.get("beats")) or usual.beats,
        approval_ms=int(str(record.get("approval_ms", usual.approval_ms))),
        two_person=usual.two_person
        if two_person is None
        else frozenset(one for one in SEVERITIES if one in listed(two_person)),
        exposure=frozenset(_words(record.get("exposure"))) or usual.exposure,
        exposure_approvers={
            name: _words(one) for name, one in mapped(record.get("exposure_approvers")).items()
        },
        clocks=tuple(
            LegalClock(**one)  # type: ignore[arg-type]  # checked when it was read from its file
            for one in listed(record.get("clocks"))
            if isinstance(one, Mapping)
        ),
    )


def _words(value: Json) -> tuple[str, ...]:
    return tuple(str(one) for one in listed(value))


def _beats(value: Json) -> Mapping[Audience, Mapping[Severity, Beat]]:
    given = mapped(value)
    return {
        audience: {
            severity: Beat(**mapped(of[severity]))  # type: ignore[arg-type]  # checked when it was read from its file
            for severity in SEVERITIES
            if severity in of
        }
        for audience in AUDIENCES
        if (of := mapped(given.get(audience))) or audience in given
    }
