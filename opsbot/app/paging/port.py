"""What the use cases need of a paging service: open, find, change, who is on call; `adapters` give it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from opsbot.app.ports import GiveUp, RetryLater

PageStatus = Literal["triggered", "acknowledged", "resolved"]
Urgency = Literal["high", "low"]
Severity = Literal["critical", "error", "warning", "info"]

UNAUTHORISED_AGAIN_S = 60.0
"""How long an effect rests after the key was refused: nothing but a person can make it right."""


class PagingUnreachable(RetryLater):
    """The service did not answer, or failed itself: whether a write took place is not known."""


class PagingUnauthorised(RetryLater):
    """
    The key is refused: pause the lane, alarm once.

    A `RetryLater` with a time of its own, so that a page is kept until a person puts the key right
    and never becomes a dead letter meanwhile.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason, after_s=UNAUTHORISED_AGAIN_S)


class PagingRefused(GiveUp):
    """The service said no, for good. *status* is the HTTP status, *code* its own number or 0."""

    def __init__(self, reason: str, *, status: int, code: int = 0) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code


class PagingOff(GiveUp):
    """What would be needed for this is not set; the reason names the setting."""


@dataclass(frozen=True, slots=True)
class PageOrder:
    """
    What to open.

    *key* is the incident's own (`opsbot:<env>:<INC-n>`): never empty, never used again, never cut.
    *service* and *escalation_policy* are ids; without a policy the service's own counts. *priority*
    is a name, skipped where the account has none of it. *sender* is the e-mail of who opens it, the
    bot's own where it is empty or not known. *assignees* are the ids of who is called, in place of the
    policy; whoever opens it themselves is not rung: assigned to them it is acknowledged at once.
    Texts are cut to what the service takes.
    """

    key: str
    title: str
    details: str
    service: str
    escalation_policy: str = ""
    urgency: Urgency = "high"
    priority: str = ""
    sender: str = ""
    bridge_url: str = ""
    assignees: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paged:
    """
    An incident as the paging service has it.

    *assignees* are ids of people. *adopted*: it was there already and nothing was opened. *left_out*
    says in words what was asked for and could not be done (a priority that the account lacks, say).
    *made_ms* is when it was opened there, by its clock; None where it does not say.
    """

    id: str
    number: int
    url: str
    status: PageStatus
    key: str
    assignees: tuple[str, ...] = ()
    adopted: bool = False
    left_out: tuple[str, ...] = ()
    made_ms: int | None = None


@dataclass(frozen=True, slots=True)
class PagerPerson:
    """Somebody who can be paged; *email* in lower case, empty where it is not told."""

    id: str
    name: str
    email: str
    phones: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """
    One person on call for one policy right now, at the lowest level they have there.

    *schedule* is its id, None where the policy names the person. *since_ms* and *until_ms* are
    milliseconds since 1970 (UTC), None for always.
    """

    person: PagerPerson
    level: int
    policy: str
    schedule: str | None
    until_ms: int | None
    since_ms: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """An address with the words to show for it."""

    href: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """
    A machine's alarm: the same *key* again is the same alert, and after its resolution a new one.

    *occurred_ms* is in milliseconds since 1970 (UTC), None for now.
    """

    key: str
    summary: str
    source: str
    severity: Severity = "critical"
    occurred_ms: int | None = None
    component: str = ""
    group: str = ""
    kind: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """Something that was changed, shown beside incidents; pages nobody. Times as in `AlertEvent`."""

    summary: str
    source: str
    occurred_ms: int
    details: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A service or an escalation policy as it stands there; *policy* is a service's own."""

    id: str
    name: str
    active: bool = True
    policy: str = ""


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """
    How deliveries to our address are set up.

    *ids* are the subscriptions for it, *asleep* those that were switched off after refusals (they
    can be enabled), *missing* the events that none of them sends.
    """

    ids: tuple[str, ...] = ()
    asleep: tuple[str, ...] = ()
    inactive: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Return whether every event arrives through at least one subscription that is awake."""
        return bool(self.ids) and not self.asleep and not self.inactive and not self.missing


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. *ok* is None where it does not apply."""

    name: str
    ok: bool | None
    says: str


class Paging(Protocol):
    """
    The paging service.

    Every call Raises:
        RetryLater: limited, with the service's own time; `PagingUnreachable` where it is not known
            whether a write took place; `PagingUnauthorised` where the key is refused.
        GiveUp: it can never be done: `PagingRefused` as the service said it, `PagingOff` where a
            setting is missing.
        ValueError: an empty key or marker; a mistake of the caller's.
    Reasons hold no key and no address.
    """

    @property
    def can_page(self) -> bool:
        """Return whether people can be paged in a person's name (a key is set)."""
        ...

    @property
    def can_alert(self) -> bool:
        """Return whether machines can raise alerts and tell of changes (a routing key is set)."""
        ...

    async def open(self, order: PageOrder) -> Paged:
        """
        Open one incident for that key, whatever happened before.

        Looks for the key first, and again when the service says that it has it: what is found is
        adopted. Open or resolved: a key is never used again.
        """
        ...

    async def find(self, key: str) -> Paged | None:
        """Return the incident of that key: the oldest that is not resolved, else the oldest."""
        ...

    async def find_all(self, key: str) -> Sequence[Paged]:
        """Return every incident of that key, the oldest first; more than one after a fallback."""
        ...

    async def get(self, id: str) -> Paged:  # noqa: A002  the trade's own word
        """Return one incident."""
        ...

    async def acknowledge(self, id: str, *, sender: str) -> Paged:  # noqa: A002  the trade's own word
        """Acknowledge; done already, or resolved already, is no error. Return it as it is now."""
        ...

    async def resolve(self, id: str, *, sender: str, resolution: str = "") -> Paged:  # noqa: A002  the trade's own word
        """Resolve; done already is no error. Return it as it is now."""
        ...

    async def note(self, id: str, text: str, *, marker: str, sender: str) -> bool:  # noqa: A002  the trade's own word
        """
        Write a note that begins with *marker* (`[opsbot n-17]`), unless one with it is there.

        Return whether it was written now.
        """
        ...

    async def escalate(self, id: str, level: int, *, sender: str) -> Paged:  # noqa: A002  the trade's own word
        """Escalate to a level of the incident's policy, counted from 1."""
        ...

    async def reprioritise(
        self,
        id: str,  # noqa: A002  the trade's own word
        priority: str,
        *,
        sender: str,
        urgency: Urgency | None = None,
    ) -> Paged:
        """
        Set the priority of that name, and the urgency where one is given.

        `left_out` says so where the account has no such priority; the urgency is set all the same.
        """
        ...

    async def add_responders(
        self,
        id: str,  # noqa: A002  the trade's own word
        people: Sequence[str],
        message: str,
        *,
        sender: str,
    ) -> tuple[str, ...]:
        """Ask people (ids) to join; return those asked now: nobody is asked twice."""
        ...

    async def open_incidents(self, service_ids: Sequence[str]) -> Sequence[Paged]:
        """Return what is triggered or acknowledged on those services; none for no services."""
        ...

    async def on_call(self, policies: Sequence[str]) -> Sequence[Duty]:
        """
        Return who is on call for those policies now, each person once a policy, lowest level first.

        A policy that is not there has nobody. Phones are not told here; `people` has them.
        """
        ...

    async def people(self) -> Sequence[PagerPerson]:
        """Return everybody in the account, with phone numbers."""
        ...

    async def trigger(self, event: AlertEvent) -> None:
        """Raise an alert, or go on with the one of that key. Taken is not paged: no id comes back."""
        ...

    async def resolve_alert(self, key: str) -> None:
        """Resolve the alert of that key; one that is not known is dropped there in silence."""
        ...

    async def change(self, event: ChangeEvent) -> None:
        """Tell of a change; told twice it is shown twice, because nothing tells them apart there."""
        ...

    async def webhooks_health(self, url: str) -> WebhookHealth:
        """Return how deliveries to that address are set up."""
        ...

    async def enable_webhook(self, id: str) -> None:  # noqa: A002  the trade's own word
        """Wake a subscription that was switched off after refusals."""
        ...

    async def service(self, id: str) -> Place | None:  # noqa: A002  the trade's own word
        """Return the service of that id, None where there is none."""
        ...

    async def policy(self, id: str) -> Place | None:  # noqa: A002  the trade's own word
        """Return the escalation policy of that id, None where there is none."""
        ...

    async def check(self) -> Sequence[Finding]:
        """
        Look at the account: key, sender, clock, priorities, abilities. Reads only.

        Never raises for what it finds: what could not be asked is a finding too.
        """
        ...
