"""Events for PagerDuty: alerts by key, and changes; taken is not yet paged."""

from typing import Final

from opsbot.adapters.pagerduty.link import Link
from opsbot.adapters.pagerduty.orders import EventForm, alert_form, change_form, key_of
from opsbot.app.paging.port import AlertEvent, ChangeEvent

ENQUEUE: Final = "/v2/enqueue"
CHANGE: Final = "/v2/change/enqueue"


class EventStream:
    """What machines say through one routing key."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def trigger(self, event: AlertEvent) -> None:
        """Raise an alert; see the port."""
        await self._link.event("raising an alert", ENQUEUE, alert_form(event).as_json())

    async def resolve_alert(self, key: str) -> None:
        """Resolve an alert; see the port."""
        form = EventForm(event_action="resolve", dedup_key=key_of(key))
        await self._link.event("resolving an alert", ENQUEUE, form.as_json())

    async def change(self, event: ChangeEvent) -> None:
        """Tell of a change; see the port."""
        await self._link.event("telling of a change", CHANGE, change_form(event).as_json())
