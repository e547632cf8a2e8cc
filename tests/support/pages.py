"""A paging service in memory that keeps what it was asked and fails where a test says so."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from opsbot.app.paging.port import (
    AlertEvent,
    ChangeEvent,
    Duty,
    Finding,
    Paged,
    PageOrder,
    PagerPerson,
    Place,
    Urgency,
    WebhookHealth,
)

INES = PagerPerson("PINES", "Ines", "ines@example.com", ("+49 30 1",))
OLA = PagerPerson("POLA", "Ola", "ola@example.com", ("+49 30 2",))
MARA = PagerPerson("PMARA", "Mara", "mara@example.com", ("+49 30 3",))


@dataclass
class Pages:
    """Implements `Paging`. *fails* are raised by the next calls, one each; *always* by every one."""

    fails: list[Exception] = field(default_factory=list)
    always: Exception | None = None
    orders: list[PageOrder] = field(default_factory=list)
    pages: dict[str, Paged] = field(default_factory=dict)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    did: list[tuple[str, str]] = field(default_factory=list)
    alerts: list[AlertEvent] = field(default_factory=list)
    changes: list[ChangeEvent] = field(default_factory=list)
    duties: tuple[Duty, ...] = ()
    asked: int = 0
    can_page: bool = True
    can_alert: bool = True
    now_ms: int | None = None

    def _maybe(self) -> None:
        if self.always is not None:
            raise self.always
        if self.fails:
            raise self.fails.pop(0)

    async def open(self, order: PageOrder) -> Paged:
        self._maybe()
        self.orders.append(order)
        known = await self.find(order.key)
        if known is not None:
            return replace(known, adopted=True)
        made = Paged(
            f"PT{len(self.pages) + 1}",
            7 + len(self.pages),
            "https://pd/7",
            "triggered",
            order.key,
            made_ms=self.now_ms,
        )
        self.pages[made.id] = made
        return made

    async def find(self, key: str) -> Paged | None:
        return next(iter(await self.find_all(key)), None)

    async def find_all(self, key: str) -> Sequence[Paged]:
        return [one for one in self.pages.values() if one.key == key]

    async def get(self, id: str) -> Paged:  # noqa: A002  the port's own word
        self._maybe()
        return self.pages[id]

    async def _done(self, id: str, what: str, **changes: object) -> Paged:  # noqa: A002  as above
        self._maybe()
        self.did.append((id, what))
        self.pages[id] = replace(self.pages[id], **changes)  # type: ignore[arg-type]  # fields by name, as each test words them
        return self.pages[id]

    async def acknowledge(self, id: str, *, sender: str) -> Paged:  # noqa: A002  as above
        return await self._done(id, f"acknowledge by {sender}", status="acknowledged")

    async def resolve(self, id: str, *, sender: str, resolution: str = "") -> Paged:  # noqa: A002  as above
        return await self._done(id, f"resolve by {sender}: {resolution}", status="resolved")

    async def note(self, id: str, text: str, *, marker: str, sender: str) -> bool:  # noqa: A002  as above
        self._maybe()
        if any(one[:2] == (id, marker) for one in self.notes):
            return False
        self.notes.append((id, marker, text))
        return True

    async def escalate(self, id: str, level: int, *, sender: str) -> Paged:  # noqa: A002  as above
        return await self._done(id, f"escalate to {level} by {sender}")

    async def reprioritise(
        self,
        id: str,  # noqa: A002  as above
        priority: str,
        *,
        sender: str,
        urgency: Urgency | None = None,
    ) -> Paged:
        urged = "" if urgency is None else f", urgency {urgency},"
        return await self._done(id, f"priority {priority}{urged} by {sender}")

    async def add_responders(
        self,
        id: str,  # noqa: A002  as above
        people: Sequence[str],
        message: str,
        *,
        sender: str,
    ) -> tuple[str, ...]:
        await self._done(id, f"add {','.join(people)} by {sender}: {message}")
        return tuple(people)

    async def open_incidents(self, service_ids: Sequence[str]) -> Sequence[Paged]:
        return [one for one in self.pages.values() if one.status != "resolved"]

    async def on_call(self, policies: Sequence[str]) -> Sequence[Duty]:
        self._maybe()
        self.asked += 1
        return [one for one in self.duties if one.policy in policies]

    async def people(self) -> Sequence[PagerPerson]:
        return (INES, OLA, MARA)

    async def trigger(self, event: AlertEvent) -> None:
        self.alerts.append(event)

    async def resolve_alert(self, key: str) -> None:
        self.did.append((key, "resolve alert"))

    async def change(self, event: ChangeEvent) -> None:
        self._maybe()
        self.changes.append(event)

    async def webhooks_health(self, url: str) -> WebhookHealth:
        return WebhookHealth()

    async def enable_webhook(self, id: str) -> None:  # noqa: A002  as above
        self.did.append((id, "enable"))

    async def service(self, id: str) -> Place | None:  # noqa: A002  as above
        return Place(id, id)

    async def policy(self, id: str) -> Place | None:  # noqa: A002  as above
        return Place(id, id)

    async def check(self) -> Sequence[Finding]:
        return ()


def duty(
    person: PagerPerson, level: int = 1, *, policy: str = "PESC", until_ms: int | None = None
) -> Duty:
    """Return somebody on call."""
    return Duty(person, level, policy, "S1", until_ms, None)
