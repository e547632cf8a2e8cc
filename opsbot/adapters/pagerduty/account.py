"""How an account stands: key, sender, clock, priorities, places and webhooks. Reads, and wakes webhooks."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from opsbot.adapters.pagerduty.answer import Answer, server_ms
from opsbot.adapters.pagerduty.link import Link
from opsbot.adapters.pagerduty.orders import id_of
from opsbot.adapters.pagerduty.roster import Roster
from opsbot.adapters.pagerduty.said import (
    ReferenceSaid,
    ServiceSaid,
    SubscriptionSaid,
    one,
    place,
    read,
)
from opsbot.app.paging.port import Finding, Place, WebhookHealth
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.pager_event import WANTED

SKEW_MS: Final = 30_000
"""More than this between the clocks, and "on call until" is wrong in the eyes of people."""

ABILITIES: Final = ("coordinated_responding", "urgencies")
_NOT_THERE = 404
_ROUTING_KEY = re.compile(r"[A-Za-z0-9]{32}")


class Standing:
    """What can be looked at in one account."""

    def __init__(self, link: Link, roster: Roster, now_ms: Callable[[], int]) -> None:
        self._link = link
        self._roster = roster
        self._now_ms = now_ms

    async def service(self, id: str) -> Place | None:  # noqa: A002  the port's own word
        """Return a service, None where there is none."""
        doing, path = "reading the service", f"/services/{id_of(id, 'a service')}"
        answer = await self._place(doing, path)
        return (
            None if answer is None else place(one(ServiceSaid, answer.said, "service", doing=doing))
        )

    async def policy(self, id: str) -> Place | None:  # noqa: A002  as above
        """Return an escalation policy, None where there is none."""
        doing = "reading the escalation policy"
        path = f"/escalation_policies/{id_of(id, 'an escalation policy')}"
        answer = await self._place(doing, path)
        if answer is None:
            return None
        return place(one(ReferenceSaid, answer.said, "escalation_policy", doing=doing))

    async def _place(self, doing: str, path: str) -> Answer | None:
        answer = await self._link.look(doing, path)
        return None if answer.status == _NOT_THERE else self._link.settled(answer, doing)

    async def webhooks_health(self, url: str) -> WebhookHealth:
        """Return how deliveries to that address are set up; see the port."""
        doing = "listing its webhook subscriptions"
        path, name = "/webhook_subscriptions", "webhook_subscriptions"
        listed = await self._link.listed(doing, path, name)
        every = [read(SubscriptionSaid, one, doing=doing) for one in listed]
        ours = [one for one in every if _same(one.delivery_method.url, url)]
        sent = {event for one in ours if one.active for event in one.events}
        return WebhookHealth(
            ids=tuple(one.id for one in ours),
            asleep=tuple(one.id for one in ours if one.delivery_method.temporarily_disabled),
            inactive=tuple(one.id for one in ours if not one.active),
            missing=tuple(event for event in WANTED if event not in sent) if ours else (),
        )

    async def enable_webhook(self, id: str) -> None:  # noqa: A002  as above
        """Wake a subscription; see the port."""
        doing = "waking the webhook subscription"
        path = f"/webhook_subscriptions/{id_of(id, 'a subscription')}/enable"
        answer, _ = await self._link.write(doing, "POST", path, {}, sender="")
        self._link.settled(answer, doing)

    async def check(self) -> Sequence[Finding]:
        """Look at the account; see the port."""
        routing = self._routing_key()
        if not self._link.account.key:
            says = "OPSBOT_PAGERDUTY_API_KEY is not set: nobody can be paged in a person's name"
            return (Finding("key", ok=None, says=says), routing)
        try:
            answer = await self._link.get("listing its abilities", "/abilities")
        except (RetryLater, GiveUp) as why:
            return (Finding("key", ok=False, says=str(why)), routing)
        return (
            Finding("key", ok=True, says="accepted"),
            self._clock(answer),
            await self._sender(),
            await self._priorities(),
            _abilities(answer),
            routing,
        )

    def _clock(self, answer: Answer) -> Finding:
        theirs = server_ms(answer)
        if theirs is None:
            return Finding("clock", ok=None, says="PagerDuty does not tell its time")
        apart_s = (self._now_ms() - theirs) / 1000
        says = f"{abs(apart_s):.0f} s {'ahead of' if apart_s > 0 else 'behind'} PagerDuty"
        return Finding("clock", ok=abs(apart_s) * 1000 <= SKEW_MS, says=says)

    async def _sender(self) -> Finding:
        email = self._link.account.sender
        try:
            people = await self._roster.people()
        except (RetryLater, GiveUp) as why:
            return Finding("sender", ok=False, says=str(why))
        found = next((one for one in people if one.email == email.strip().lower()), None)
        if found is None:
            says = "nobody in PagerDuty has the e-mail of OPSBOT_PAGERDUTY_FROM"
            return Finding("sender", ok=False, says=says)
        return Finding("sender", ok=True, says=f"{found.name} ({found.id})")

    async def _priorities(self) -> Finding:
        try:
            known = await self._roster.priorities()
        except (RetryLater, GiveUp) as why:
            return Finding("priorities", ok=False, says=str(why))
        if not known:
            says = "the account has none: incidents are opened without"
            return Finding("priorities", ok=None, says=says)
        return Finding("priorities", ok=True, says=", ".join(known))

    def _routing_key(self) -> Finding:
        key = self._link.account.routing_key
        if not key:
            says = (
                "OPSBOT_PAGERDUTY_ROUTING_KEY is not set: no alerts of machines, no change events"
            )
            return Finding("routing key", ok=None, says=says)
        fit = bool(_ROUTING_KEY.fullmatch(key))
        says = "has the form of one; it is tried only when something is sent"
        return Finding("routing key", ok=fit, says=says if fit else "is not 32 letters and digits")


def _abilities(answer: Answer) -> Finding:
    said = answer.said.get("abilities") if isinstance(answer.said, dict) else None
    have = set(said) if isinstance(said, list) else set()
    lacking = [one for one in ABILITIES if one not in have]
    says = f"without {', '.join(lacking)}" if lacking else f"{len(have)}, all that are used"
    return Finding("abilities", ok=None if lacking else True, says=says)


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")
