"""Webhook subscriptions: who wants to hear of what, with which secrets, and when they are cut off."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from opsbot.workbench.pagerduty.account import Account
from opsbot.workbench.pagerduty.model import Happened, Json, Refusal, invalid, not_found

CAP = 10
DROPS_TO_DISABLE = 3
DISABLED_S = 86_400.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
EVENTS: Final = (
    "incident.acknowledged",
    "incident.annotated",
    "incident.conference_bridge.updated",
    "incident.delegated",
    "incident.escalated",
    "incident.incident_type.changed",
    "incident.priority_updated",
    "incident.reassigned",
    "incident.reopened",
    "incident.resolved",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.service_updated",
    "incident.status_update_published",
    "incident.triggered",
    "incident.unacknowledged",
)
KNOWN: Final = frozenset(
    {
        *EVENTS,
        "incident.action_invocation.created",
        "incident.action_invocation.terminated",
        "incident.action_invocation.updated",
        "incident.custom_field_values.updated",
        "incident.role.assigned",
        "incident.task.completed",
        "incident.task.created",
        "incident.task.updated",
        "incident.workflow.completed",
        "incident.workflow.started",
        "service.created",
        "service.deleted",
        "service.updated",
    }
)
"""What may be asked for; of those outside EVENTS none ever happens here."""


@dataclass(slots=True)
class Subscription:
    """One receiver. *dropped* counts drops in a row; *secrets* are all that sign, newest first."""

    id: str
    method_id: str
    url: str
    events: tuple[str, ...]
    secrets: list[str]
    description: str = ""
    filter_type: str = "account_reference"
    filter_id: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    active: bool = True
    dropped: int = 0
    disabled_until: float = 0.0

    def wants(self, what: Happened) -> bool:
        """Whether this receiver asked for that."""
        if not self.active or what.type not in self.events:
            return False
        if self.filter_type == "account_reference":
            return True
        seen = (what.service,) if self.filter_type == "service_reference" else what.teams
        return self.filter_id in seen


@dataclass(slots=True)
class Subscriptions:
    """All subscriptions of the account."""

    account: Account
    rows: dict[str, Subscription] = field(default_factory=dict)

    def add(self, url: str, events: Sequence[str] = EVENTS, **more: object) -> Subscription:
        """
        Add a receiver with a secret of its own.

        Raises:
            Refusal: the account has as many as it may have, or that address is not on this machine.
        """
        if len(self.rows) >= CAP:
            raise Refusal(
                400, 2019, "Product Limit Reached", f"The account allows {CAP} subscriptions"
            )
        checked(url)
        made = Subscription(
            self.account.new_id("sub"), self.account.new_id("dlv"), url, tuple(events),
            [secrets.token_hex(32)], **more,  # type: ignore[arg-type]  # fields of the dataclass
        )  # fmt: skip
        self.rows[made.id] = made
        return made

    def get(self, id_: str) -> Subscription:
        """
        Find one.

        Raises:
            Refusal: there is none.
        """
        if id_ not in self.rows:
            raise not_found()
        return self.rows[id_]

    def move(self, one: Subscription, url: str) -> None:
        """
        Send what is to come, and what waits, to another address.

        Raises:
            Refusal: that address is not on this machine.
        """
        checked(url)
        one.url = url

    def rotate(self, id_: str) -> str:
        """
        Give it another secret; both sign until `retire`.

        Raises:
            Refusal: there is none.
        """
        fresh = secrets.token_hex(32)
        self.get(id_).secrets.insert(0, fresh)
        return fresh

    def retire(self, id_: str) -> None:
        """
        Let only the newest secret sign.

        Raises:
            Refusal: there is none.
        """
        del self.get(id_).secrets[1:]

    def enable(self, id_: str) -> Subscription:
        """
        End its being cut off.

        Raises:
            Refusal: there is none.
        """
        found = self.get(id_)
        found.dropped, found.disabled_until = 0, 0.0
        return found

    def disabled(self, one: Subscription) -> bool:
        """Whether it is cut off now."""
        return self.account.clock() < one.disabled_until

    def drop(self, one: Subscription) -> None:
        """Count a webhook that it refused for good; the third in a row cuts it off for a day."""
        one.dropped += 1
        if one.dropped >= DROPS_TO_DISABLE:
            one.disabled_until = self.account.clock() + DISABLED_S

    def spelled(self, one: Subscription, *, secret: str | None = None) -> Json:
        """Spell it; the secret only in the answer that made it."""
        filtered = {"type": one.filter_type}
        if one.filter_id is not None:
            filtered["id"] = one.filter_id
        return {
            "id": one.id,
            "type": "webhook_subscription",
            "active": one.active,
            "description": one.description,
            "events": list(one.events),
            "filter": filtered,
            "oauth_client": None,
            "delivery_method": {
                "id": one.method_id,
                "type": "http_delivery_method",
                "url": one.url,
                "secret": secret,
                "temporarily_disabled": self.disabled(one),
                "custom_headers": [
                    {"name": name, "value": "-- redacted --"} for name, _ in one.headers
                ],
            },
        }


def checked(url: str) -> None:
    """
    Insist on an address that webhooks may go to.

    Raises:
        Refusal: it is none, or not on this machine, which nothing leaves.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise invalid("Delivery method url is invalid") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid("Delivery method url is invalid")
    if parts.hostname not in LOOPBACK:
        raise invalid("Delivery method url: this stand-in sends to loopback addresses only")
