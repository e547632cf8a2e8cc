"""What a kill comes to stands on the cards of its incidents too: drawn right after its own."""

from dataclasses import dataclass, replace

from opsbot.app.environment import Environment
from opsbot.app.incident.effects import card
from opsbot.app.ports import Delivery, Handler, RetryLater


@dataclass(frozen=True, slots=True)
class KillMoved:
    """The effect handler `card`: the card of a kill, then those of every incident that it belongs to."""

    env: Environment
    own: Handler
    incident: Handler

    async def __call__(self, delivery: Delivery) -> None:
        """
        Bring them up to date; the kill's own comes first, and is tried again until it is settled.

        Raises as the two handlers.
        """
        try:
            await self.own(delivery)
        except RetryLater:
            if delivery.attempt == 1:
                await self._others(delivery)
            raise
        await self._others(delivery)

    async def _others(self, delivery: Delivery) -> None:
        state, name = await self.env.store.refresh(), str(delivery.effect.body["kill"])
        for incident in state.incidents():
            if name in incident.kills:
                await self.incident(replace(delivery, effect=card(incident)))
