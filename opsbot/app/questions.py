"""Questions in direct messages: where they stand is remembered, and once settled they lose their buttons."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsbot.app.ports import Chat, GiveUp, Outbox, RetryLater
from opsbot.app.reach import Note
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone


@dataclass(frozen=True, slots=True)
class Questions:
    """Messages by what they ask; *kept_s* is how long their places are remembered, in seconds."""

    chat: Chat
    outbox: Outbox
    kept_s: float

    def noting(self, under: str) -> Note:
        """Return what remembers the place of each message that asks what *under* names."""

        async def note(place: Record) -> None:
            listed = await self._kept(under)
            if place and place not in listed:
                kept: Record = {"messages": [*listed, place]}
                await self.outbox.leave(under, kept, ttl_s=self.kept_s)

        return note

    async def close(self, message: tuple[Sequence[Record], str], *under: str) -> None:
        """
        Say in every message how it ended.

        Raises:
            RetryLater: for some it can be tried again. GiveUp: some can never be edited; it says why.
        """
        blocks, text = message
        later: RetryLater | None = None
        never: list[str] = []
        for place in [place for one in under for place in await self._kept(one)]:
            try:
                await self.chat.update(place, blocks, text)
            except Gone:
                continue  # without a message there is no button
            except RetryLater as again:
                later = again
            except GiveUp as no:
                never.append(str(no))
        if later is not None:
            raise later
        if never:
            raise GiveUp("; ".join(never))

    async def _kept(self, under: str) -> list[Record]:
        listed = (await self.outbox.left(under) or {}).get("messages", [])
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
