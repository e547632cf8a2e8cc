"""PagerDuty's webhooks v3: whether a delivery is genuine, and what it says. No I/O, no memory."""

import hmac
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from opsbot.domain.pager_event import KINDS, OTHER, PagerEvent, PagerKind, PagerStatus

SIGNATURE_HEADER: Final = "x-pagerduty-signature"
DELIVERY_HEADER: Final = "x-webhook-id"
"""The same on every attempt of one delivery."""

LARGEST: Final = 256 * 1024
LONGEST_HEADER: Final = 4096
_V1 = re.compile(r"v1=([0-9a-f]{64})", re.IGNORECASE)


class BadDelivery(Exception):
    """A delivery that says nothing; answered with a 4xx, it is not sent again. The text is for logs."""


class TooLarge(BadDelivery):
    """Larger than anything that PagerDuty delivers."""


class NotJson(BadDelivery):
    """Its body is no JSON."""


class WrongShape(BadDelivery):
    """Its body is JSON of another kind; the text names the fields."""


def verify(secrets: Sequence[str], header: str, raw: bytes) -> bool:
    """
    Return whether one of *secrets* signed the *raw* body.

    While a secret is changed there are several signatures, and several secrets. Versions that are
    not known are passed over. Every pair is compared, in a time that says nothing of a match; the
    body must be as it arrived, for JSON written anew is another text.
    """
    if len(header) > LONGEST_HEADER:
        return False
    given = [
        found[1].lower() for part in header.split(",") if (found := _V1.fullmatch(part.strip()))
    ]
    genuine = False
    for secret in filter(None, secrets):
        expected = hmac.new(secret.encode(), raw, "sha256").hexdigest()
        for signature in given:
            genuine |= hmac.compare_digest(expected, signature)
    return genuine


def parse(raw: bytes) -> PagerEvent:
    """
    Return the event of one delivery; kinds of later times are `other`.

    Raises:
        TooLarge, NotJson, WrongShape: it says nothing (each a `BadDelivery`).
    """
    if len(raw) > LARGEST:
        raise TooLarge(f"{len(raw)} bytes")
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise NotJson(type(error).__name__) from None
    try:
        event = _Envelope.model_validate(said).event
        return _event(event)
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
        raise WrongShape(", ".join(fields)[:300] or "the body") from None


def _some(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_some)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Named(_Lenient):
    id: Text = ""
    summary: Text = ""
    name: Text = ""


class _Incident(_Lenient):
    id: str
    number: int = 0
    title: Text = ""
    summary: Text = ""
    html_url: Text = ""
    incident_key: Text = ""
    status: PagerStatus | None = None
    assignees: list[_Named] | None = None
    priority: _Named | None = None


class _About(_Lenient):
    """The data of an event that is not an incident but about one."""

    incident: _Incident
    id: Text = ""
    content: Text = ""
    trimmed: bool | None = None
    user: _Named | None = None
    state: Text = ""


class _Event(_Lenient):
    id: str
    event_type: str
    occurred_at: datetime
    agent: _Named | None = None
    client: _Named | None = None
    data: dict[str, object] = {}


class _Envelope(_Lenient):
    event: _Event


_ABOUT = frozenset({"annotated", "responder_added", "responder_replied"})


def _event(event: _Event) -> PagerEvent:
    kind = KINDS.get(event.event_type, OTHER)
    if kind == OTHER:
        return _built(event, OTHER, _incident_of(event.data), None)
    if kind in _ABOUT:
        about = _About.model_validate(event.data)
        return _built(event, kind, about.incident, about)
    return _built(event, kind, _Incident.model_validate(event.data), None)


def _incident_of(data: dict[str, object]) -> _Incident | None:
    """Return the incident that an event of another kind is about, if it is about one."""
    for said in (data.get("incident"), data if data.get("type") == "incident" else None):
        try:
            return _Incident.model_validate(said)
        except ValidationError:
            continue
    return None


def _built(
    event: _Event, kind: PagerKind, incident: _Incident | None, about: _About | None
) -> PagerEvent:
    of = incident or _Incident(id="")
    extra = about or _About(incident=of)
    agent, user = event.agent or _Named(), extra.user or _Named()
    return PagerEvent(
        id=event.id,
        kind=kind,
        type=event.event_type,
        occurred_ms=_ms(event.occurred_at),
        pager_id=of.id,
        key=of.incident_key,
        agent_id=agent.id,
        agent_name=agent.name or agent.summary,
        client=(event.client or _Named()).name,
        status=of.status,
        assignees=None if of.assignees is None else tuple(one.id for one in of.assignees),
        priority=(of.priority.name or of.priority.summary) if of.priority else None,
        number=of.number,
        title=of.title or of.summary,
        url=of.html_url,
        note=extra.content,
        note_id=extra.id if about and kind == "annotated" else "",
        trimmed=bool(extra.trimmed),
        person=user.id,
        person_name=user.name or user.summary,
        reply=extra.state,
    )


def _ms(at: datetime) -> int:
    try:
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except OverflowError:
        return 0
