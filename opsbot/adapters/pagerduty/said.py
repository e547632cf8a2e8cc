"""What PagerDuty's answers hold, read leniently: fields of later versions are no error, wrong ones are."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from opsbot.app.paging.port import Duty, Paged, PagerPerson, PageStatus, PagingUnreachable, Place
from opsbot.domain.said import inert

LONGEST = 200
_PHONES = frozenset({"phone_contact_method", "sms_contact_method"})
S = TypeVar("S", bound=BaseModel)


def _some(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_some)]
"""A text that PagerDuty may say as null."""


class Said(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ReferenceSaid(Said):
    """Something by its id."""

    id: str
    type: Text = ""
    summary: Text = ""
    name: Text = ""
    html_url: Text = ""


class ContactSaid(Said):
    """A way to reach somebody; a mere reference has no address."""

    type: Text = ""
    address: Text = ""
    country_code: int | None = None


class PersonSaid(ReferenceSaid):
    """Somebody, in full or as a reference."""

    email: Text = ""
    contact_methods: list[ContactSaid] = []


class AssignmentSaid(Said):
    """Who has an incident."""

    assignee: ReferenceSaid


class JoinedSaid(Said):
    """Somebody who was asked to join."""

    user: ReferenceSaid | None = None


class IncidentSaid(Said):
    """An incident."""

    id: str
    status: PageStatus
    incident_number: int = 0
    html_url: Text = ""
    incident_key: Text = ""
    created_at: Text = ""
    assignments: list[AssignmentSaid] = []
    incidents_responders: list[JoinedSaid] = []


class AlertSaid(Said):
    """An alert below an incident."""

    alert_key: Text = ""


class NoteSaid(Said):
    """A note on an incident."""

    content: Text = ""


class DutySaid(Said):
    """One entry of who is on call."""

    user: PersonSaid | None = None
    escalation_policy: ReferenceSaid
    escalation_level: int
    schedule: ReferenceSaid | None = None
    start: datetime | None = None
    end: datetime | None = None


class ServiceSaid(ReferenceSaid):
    """A service."""

    status: Text = "active"
    escalation_policy: ReferenceSaid | None = None


class DeliverySaid(Said):
    """Where a subscription delivers."""

    url: Text = ""
    temporarily_disabled: bool | None = None


class SubscriptionSaid(Said):
    """A webhook subscription."""

    id: str
    active: bool = True
    delivery_method: DeliverySaid
    events: list[str] = []


def one(form: type[S], said: object, name: str, *, doing: str) -> S:
    """
    Return what an answer holds under *name*.

    Raises:
        PagingUnreachable: it is not there, or is something else; whether a write took place is
            not known.
    """
    return read(form, said.get(name) if isinstance(said, Mapping) else None, doing=doing)


def many(said: object, name: str, *, doing: str) -> list[object]:
    """Return the list that an answer holds under *name*. Raises as `one`."""
    listed = said.get(name) if isinstance(said, Mapping) else None
    if not isinstance(listed, list):
        raise PagingUnreachable(f"PagerDuty's answer is not understood ({doing}).")
    return listed


def read(form: type[S], said: object, *, doing: str) -> S:
    """Return a part of an answer. Raises as `one`."""
    try:
        return form.model_validate(said)
    except ValidationError as error:
        raise PagingUnreachable(f"PagerDuty's answer is not understood ({doing}).") from error


def paged(said: IncidentSaid, *, adopted: bool = False, left_out: tuple[str, ...] = ()) -> Paged:
    """Return an incident as use cases know it."""
    return Paged(
        id=said.id,
        number=said.incident_number,
        url=_address(said.html_url),
        status=said.status,
        key=said.incident_key,
        assignees=tuple(one.assignee.id for one in said.assignments),
        adopted=adopted,
        left_out=left_out,
        made_ms=_instant(said.created_at),
    )


def person(said: PersonSaid) -> PagerPerson:
    """Return somebody as use cases know them."""
    return PagerPerson(
        id=said.id,
        name=inert(said.name or said.summary, limit=LONGEST),
        email=inert(said.email, limit=LONGEST).lower(),
        phones=tuple(dict.fromkeys(_phones(said.contact_methods))),
        url=_address(said.html_url),
    )


def duties(said: Iterable[DutySaid]) -> tuple[Duty, ...]:
    """
    Return who is on call, each person once a policy.

    Somebody on several levels answers first on the lowest. On the same level twice, the entry that
    lasts longest counts: theirs is not over when the shorter one ends.
    """
    best: dict[tuple[str, str], Duty] = {}
    for entry in said:
        if entry.user is None:
            continue
        duty = _duty(entry, entry.user)
        known = best.get((duty.policy, duty.person.id))
        if known is None or _rank(duty) < _rank(known):
            best[duty.policy, duty.person.id] = duty
    return tuple(sorted(best.values(), key=lambda d: (d.policy, d.level, d.person.name)))


def place(said: ReferenceSaid) -> Place:
    """Return a service or a policy as use cases know it."""
    name = inert(said.name or said.summary, limit=LONGEST)
    if not isinstance(said, ServiceSaid):
        return Place(said.id, name)
    policy = said.escalation_policy.id if said.escalation_policy else ""
    return Place(said.id, name, active=said.status != "disabled", policy=policy)


def _duty(entry: DutySaid, user: PersonSaid) -> Duty:
    return Duty(
        person=person(user),
        level=entry.escalation_level,
        policy=entry.escalation_policy.id,
        schedule=entry.schedule.id if entry.schedule else None,
        until_ms=_ms(entry.end),
        since_ms=_ms(entry.start),
    )


def _rank(duty: Duty) -> tuple[int, float]:
    return duty.level, -float("inf") if duty.until_ms is None else -duty.until_ms


def _phones(methods: Iterable[ContactSaid]) -> Iterable[str]:
    for method in methods:
        digits = "".join(c for c in method.address if c.isascii() and c.isdigit())
        if method.type in _PHONES and digits:
            yield f"+{method.country_code}{digits}" if method.country_code else digits


def _address(url: str) -> str:
    """Return an address that may become a link, empty for anything else."""
    fit = url.startswith(("https://", "http://")) and not any(c in url for c in '<>|" \n\t')
    return url if fit else ""


def _instant(text: str) -> int | None:
    """Return a moment as PagerDuty writes it, None for what is none: a page is read all the same."""
    try:
        return _ms(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _ms(at: datetime | None) -> int | None:
    if at is None:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
