"""Emergency kills that the journal does not speak for yet, as this replica last saw them."""

import asyncio
import json
from dataclasses import dataclass, field

from opsbot.app.adopt import adopted
from opsbot.app.ports import Fleets
from opsbot.domain.errors import StoreLost
from opsbot.domain.state import State
from opsflags.model import Rejected
from opsflags.records import Kill, emergency_from_json

EVERY_S = 0.25
"""How old the look at the list may be, in seconds: no question pays for a look of its own."""

LOOK_S = 0.2
"""How long a question may wait for a look, in seconds; then what was seen before counts."""


@dataclass(slots=True)
class Waiting:
    """
    Holds what was pushed past the bot until the journal counts it.

    Sticky as in a client: a store that is gone, or a list that was emptied, lifts nothing.
    """

    fleets: Fleets
    _held: dict[int, Kill] = field(default_factory=dict)
    _looked: float = float("-inf")

    async def kills(self, state: State) -> tuple[Kill, ...]:
        """Return those that *state* does not speak for."""
        now, done = asyncio.get_running_loop().time(), adopted(state)
        if now - self._looked >= EVERY_S:
            self._looked = now
            await self._look(done)
        self._held = {number: kill for number, kill in self._held.items() if number > done}
        return tuple(self._held.values())

    async def _look(self, done: int) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                listed = await self.fleets.emergencies(done)
        except (StoreLost, TimeoutError):
            return  # what was seen before holds; the decision's own age says that the store is gone
        for number, raw in enumerate(listed, start=done + 1):
            kill = _read(number, raw)
            if kill is not None:
                self._held[number] = kill


def _read(number: int, raw: str) -> Kill | None:
    try:
        return emergency_from_json(number, json.loads(raw))
    except (ValueError, Rejected):
        return None  # as at every client; the journal says what was wrong with it
