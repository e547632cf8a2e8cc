"""What is sent to PagerDuty, as strict forms: unknown fields, wrong ids and too long texts never leave."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from opsbot.app.paging.port import AlertEvent, ChangeEvent, Link, PageOrder, PagingRefused
from opsbot.domain.said import inert

LONGEST_KEY: Final = 255
TITLE: Final = 1024
DETAILS: Final = 25_000
NOTE: Final = 25_000
"""PagerDuty names no limit for a note; this is what its longest other texts may have."""

MESSAGE: Final = 1_000
VALUE: Final = 4_000
MOST_VALUES: Final = 25
MOST_LINKS: Final = 20
"""With `VALUE`, below the 512 KB that an event may have."""

_ID = r"^[A-Za-z0-9_-]{1,64}$"
Id = Annotated[str, Field(pattern=_ID)]
Key = Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]
Href = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2_000)]


class Strict(BaseModel):
    """A part of a request."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def as_json(self) -> dict[str, object]:
        """Return it as it travels; what is not set is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ServiceForm(Strict):
    """Where the incident belongs."""

    id: Id
    type: Literal["service_reference"] = "service_reference"


class PolicyForm(Strict):
    """Who is paged."""

    id: Id
    type: Literal["escalation_policy_reference"] = "escalation_policy_reference"


class PriorityForm(Strict):
    """How important it is."""

    id: Id
    type: Literal["priority_reference"] = "priority_reference"


class BodyForm(Strict):
    """The incident's text; a plain string, whatever the published schema says."""

    details: Annotated[str, Field(max_length=DETAILS)]
    type: Literal["incident_body"] = "incident_body"


class BridgeForm(Strict):
    """Where people talk."""

    conference_url: Href


class TargetForm(Strict):
    """Somebody, by their id."""

    id: Id
    type: Literal["user_reference"] = "user_reference"


class AssignmentForm(Strict):
    """Whom it is for, where the policy should call nobody."""

    assignee: TargetForm


class IncidentForm(Strict):
    """
    A new incident, for a policy or for one person, never both: PagerDuty refuses that.

    One that somebody assigns to themselves is born acknowledged and pages nobody.
    """

    title: Annotated[str, Field(min_length=1, max_length=TITLE)]
    service: ServiceForm
    incident_key: Key
    urgency: Literal["high", "low"]
    body: BodyForm
    escalation_policy: PolicyForm | None = None
    assignments: list[AssignmentForm] | None = None
    priority: PriorityForm | None = None
    conference_bridge: BridgeForm | None = None
    type: Literal["incident"] = "incident"


class UpdateForm(Strict):
    """A change of one incident."""

    status: Literal["acknowledged", "resolved"] | None = None
    resolution: Annotated[str, Field(max_length=NOTE)] | None = None
    escalation_level: Annotated[int, Field(ge=1, le=20)] | None = None
    priority: PriorityForm | None = None
    urgency: Literal["high", "low"] | None = None
    type: Literal["incident_reference"] = "incident_reference"


class NoteForm(Strict):
    """A note on an incident."""

    content: Annotated[str, Field(min_length=1, max_length=NOTE)]


class RespondersForm(Strict):
    """A request to join."""

    requester_id: Id
    message: Annotated[str, Field(max_length=MESSAGE)]
    responder_request_targets: list[dict[Literal["responder_request_target"], TargetForm]]


class LinkForm(Strict):
    """An address beside an event."""

    href: Href
    text: Annotated[str, Field(max_length=TITLE)] | None = None


class PayloadForm(Strict):
    """What an event says; `class` is spelled as PagerDuty has it."""

    summary: Annotated[str, Field(min_length=1, max_length=TITLE)]
    source: Annotated[str, Field(min_length=1, max_length=TITLE)]
    severity: Literal["critical", "error", "warning", "info"] | None = None
    timestamp: str | None = None
    component: Annotated[str, Field(max_length=TITLE)] | None = None
    group: Annotated[str, Field(max_length=TITLE)] | None = None
    kind: Annotated[str | None, Field(max_length=TITLE, serialization_alias="class")] = None
    custom_details: dict[str, str] = {}


class EventForm(Strict):
    """An alert, by its key: without one, an event that is sent again would be another alert."""

    event_action: Literal["trigger", "resolve"]
    dedup_key: Key
    payload: PayloadForm | None = None
    links: list[LinkForm] | None = None


class ChangeForm(Strict):
    """A change event."""

    payload: PayloadForm
    links: list[LinkForm] | None = None


def incident_form(order: PageOrder, *, priority_id: str) -> IncidentForm:
    """
    Return what opens *order*.

    Raises:
        ValueError: the key is empty, or longer than PagerDuty takes: cut, it would be another's.
        PagingRefused: an id is none.
    """
    key_of(order.key)
    try:
        return IncidentForm(
            title=_line(order.title, TITLE) or "Incident",
            service=ServiceForm(id=id_of(order.service, "a service")),
            incident_key=order.key,
            urgency=order.urgency,
            body=BodyForm(details=cut(order.details, DETAILS)),
            escalation_policy=None if order.assignees else _policy(order.escalation_policy),
            assignments=_assigned(order.assignees),
            priority=PriorityForm(id=priority_id) if priority_id else None,
            conference_bridge=_bridge(order.bridge_url),
        )
    except ValidationError as error:
        raise unfit(error) from None


def _assigned(people: tuple[str, ...]) -> list[AssignmentForm] | None:
    found = [AssignmentForm(assignee=TargetForm(id=id_of(one, "a person"))) for one in people]
    return found or None


def alert_form(event: AlertEvent) -> EventForm:
    """Return what raises an alert. Raises ValueError as `incident_form`."""
    payload = PayloadForm(
        summary=_line(event.summary, TITLE) or "Alert",
        source=_line(event.source, TITLE) or "opsbot",
        severity=event.severity,
        timestamp=None if event.occurred_ms is None else instant(event.occurred_ms),
        component=_line(event.component, TITLE) or None,
        group=_line(event.group, TITLE) or None,
        kind=_line(event.kind, TITLE) or None,
        custom_details=_values(event.details),
    )
    return EventForm(
        event_action="trigger",
        dedup_key=key_of(event.key),
        payload=payload,
        links=_links(event.links) or None,
    )


def change_form(event: ChangeEvent) -> ChangeForm:
    """Return what tells of a change, with its time: the package fails to make one up."""
    payload = PayloadForm(
        summary=_line(event.summary, TITLE) or "Change",
        source=_line(event.source, TITLE) or "opsbot",
        timestamp=instant(event.occurred_ms),
        custom_details=_values(event.details),
    )
    return ChangeForm(payload=payload, links=_links(event.links) or None)


def key_of(key: str) -> str:
    """
    Return a key that may be sent.

    Raises:
        ValueError: it is empty (PagerDuty would find everything), or too long.
    """
    if not key.strip():
        raise ValueError("a key may not be empty: every incident would be found")
    if len(key) > LONGEST_KEY:
        raise ValueError(f"a key has at most {LONGEST_KEY} characters")
    return key


def id_of(text: str, what: str) -> str:
    """
    Return an id that may stand in a path.

    Raises:
        PagingRefused: it is none.
    """
    try:
        return TargetForm(id=text).id
    except ValidationError:
        raise PagingRefused(
            f"{inert(text, limit=80) or 'Nothing'} is not an id of {what} in PagerDuty.", status=404
        ) from None


def cut(text: str, limit: int) -> str:
    """Return *text* with at most *limit* characters; what was cut is marked."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def instant(ms: int) -> str:
    """Return milliseconds since 1970 (UTC) as PagerDuty reads them."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


def unfit(error: ValidationError) -> PagingRefused:
    """Return a request that must not be sent as a no for good; names the field, not its value."""
    fields = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
    return PagingRefused(f"PagerDuty would not take it: {', '.join(fields)}.", status=400)


def _line(text: str, limit: int) -> str:
    return cut(" ".join(text.split()), limit)


def _policy(policy: str) -> PolicyForm | None:
    return PolicyForm(id=id_of(policy, "an escalation policy")) if policy else None


def _bridge(url: str) -> BridgeForm | None:
    try:
        return BridgeForm(conference_url=url) if url else None
    except ValidationError:
        return None


def _values(details: Mapping[str, str]) -> dict[str, str]:
    listed = list(details.items())[:MOST_VALUES]
    return {_line(name, MESSAGE): cut(value, VALUE) for name, value in listed}


def _links(links: Sequence[Link]) -> list[LinkForm]:
    """Return the links that can be followed; a page must not fail for a link that is none."""
    found = []
    for link in links[:MOST_LINKS]:
        try:
            found.append(LinkForm(href=link.href, text=_line(link.text, TITLE) or None))
        except ValidationError:
            continue
    return found
