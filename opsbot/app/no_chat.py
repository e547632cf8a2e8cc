"""A chat that nobody reads: used while no Slack is connected, so that duties still do their rest."""

from collections.abc import Sequence

from opsbot.app.ports import Delivery, Document, Picture
from opsbot.domain.change import Record


class NoChat:
    """Implements `ports.Chat` by saying nothing; terminal, HTTP and journal carry the same facts."""

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Post nowhere."""
        return {}

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Update nothing."""

    async def tell(self, person: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Tell nobody."""
        return {}

    async def upload(self, thread: Record, picture: Picture, *, key: str) -> Record | None:
        """Show nobody."""
        return {}

    async def share(self, thread: Record, document: Document, *, key: str) -> Record | None:
        """Share with nobody."""
        return {}


async def nobody(delivery: Delivery) -> None:
    """Settle an effect whose only purpose is a message that nobody could read."""
