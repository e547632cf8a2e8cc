"""The three ports that live on one link to the store, as they are handed around together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from opsbot.app.exposure_port import ServedHistory
from opsbot.app.ports import Fleets, Outbox, Store
from opsbot.domain.state import State


class LiveStore(Store, Protocol):
    """A store that can also show its records as they are, whatever the journal says of them."""

    async def live(self) -> State:
        """
        Return the head and the records themselves, read in one step and not replayed.

        Raises:
            StoreLost: no answer within the deadline.
        """
        ...

    async def disowned(self) -> Sequence[tuple[int, str]]:
        """Return (count, head) of each journal that this replica held and the store did not continue."""
        ...


@dataclass(frozen=True, slots=True)
class StoreBundle:
    """
    The store, the fleet, the outbox and the history of served calls of one environment.

    *replica* is this process's name in claims and consumer groups. *promise* says in words what
    `durable` vouches for ("fsynced on 1 node", "on 2 nodes, not on disk").
    """

    store: LiveStore
    fleets: Fleets
    outbox: Outbox
    served: ServedHistory
    replica: str
    promise: str
