"""Every declared target by its name: read from the state at each call, so that a changed file counts at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from opsbot.adapters.targets.email import Email, Letterbox
from opsbot.adapters.targets.http import Api, Client
from opsbot.adapters.targets.incident_io import IncidentIo
from opsbot.adapters.targets.pagerduty_page import Lexicons, PagerDutyPage
from opsbot.adapters.targets.places import FILE, page_of, text_of, texts_of
from opsbot.adapters.targets.statuspage import Statuspage
from opsbot.adapters.targets.webhook import Hook, Webhook
from opsbot.app.comms.port import Publisher
from opsbot.app.comms.targets.slack import SlackTarget, Threads
from opsbot.app.ports import Chat, GiveUp, Render
from opsbot.domain.comms.settings import CommsSettings, Target, TargetKind
from opsbot.domain.mail import MailServer
from opsbot.domain.said import inert
from opsbot.domain.webhook_rules import WebhookHosts

T = TypeVar("T")
Make = Callable[[Target], Publisher]
"""Makes the publisher of one target. Raises GiveUp: something that it needs is not set; names it."""


@dataclass(frozen=True, slots=True)
class Keys:
    """
    What targets need beside what is declared; None or empty where it is not set.

    *mail* and *sender* (name and address) belong together. *webhooks* are secrets by target.
    """

    statuspage: Api | None = None
    incident_io: Api | None = None
    pagerduty: Lexicons | None = None
    webhooks: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict, repr=False)
    hosts: WebhookHosts = field(default_factory=WebhookHosts)
    mail: MailServer | None = None
    sender: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class SlackWay:
    """What a channel needs."""

    chat: Chat
    rooms: Threads
    render: Render


class TargetPublishers:
    """The `Publishers` port on the declared targets."""

    def __init__(
        self, settings: Callable[[], CommsSettings], makers: Mapping[TargetKind, Make]
    ) -> None:
        self._settings = settings
        self._makers = makers

    def to(self, target: str) -> Publisher:
        """Return the target of that name; see the port."""
        found = self._settings().target(target)
        if found is None:
            name = inert(target, limit=60)
            raise GiveUp(f"No target is called {name}: {FILE} declares them under `targets`")
        make = self._makers.get(found.kind)
        if make is None:
            raise GiveUp(f"This bot publishes nothing to targets of the kind {found.kind}")
        return make(found)

    def problems(self) -> Mapping[str, str]:
        """Return why something would never be published at a declared target, by its name; asks nobody."""
        found: dict[str, str] = {}
        for name in self._settings().targets:
            try:
                self.to(name)
            except GiveUp as why:
                found[name] = str(why)
        return found


def makers(
    keys: Keys, client: Client, now_ms: Callable[[], int], slack: SlackWay | None
) -> dict[TargetKind, Make]:
    """Return how a target of each kind that is outside is made; *client* sends webhooks."""

    def statuspage(target: Target) -> Publisher:
        return Statuspage(needed(keys.statuspage, "OPSBOT_STATUSPAGE_API_KEY"), page_of(target))

    def incident_io(target: Target) -> Publisher:
        return IncidentIo(needed(keys.incident_io, "OPSBOT_INCIDENT_IO_API_KEY"), page_of(target))

    def pagerduty(target: Target) -> Publisher:
        return PagerDutyPage(needed(keys.pagerduty, "OPSBOT_PAGERDUTY_API_KEY"), page_of(target))

    def webhook(target: Target) -> Publisher:
        secrets = keys.webhooks.get(target.name)
        if not secrets:
            name = inert(target.name, limit=60)
            raise GiveUp(
                f"OPSBOT_COMMS_WEBHOOK_SECRETS has no secret of {name} (`{name}=whsec_...`)"
            )
        return Webhook(
            Hook(target.name, text_of(target, "url"), secrets, keys.hosts), client, now_ms
        )

    def email(target: Target) -> Publisher:
        server = needed(keys.mail, "OPSBOT_SMTP_URL")
        return Email(Letterbox(target.name, server, *keys.sender, texts_of(target, "to")))

    def channel(target: Target) -> Publisher:
        way = needed(slack, "OPSBOT_SLACK_TRANSPORT")
        return SlackTarget(way.chat, way.rooms, way.render, text_of(target, "channel"))

    return {
        "statuspage": statuspage,
        "incident-io": incident_io,
        "pagerduty": pagerduty,
        "webhook": webhook,
        "email": email,
        "slack": channel,
    }


def needed(given: T | None, setting: str) -> T:
    """Return what is set. Raises GiveUp."""
    if given is None:
        raise GiveUp(f"{setting} is not set")
    return given
