"""Anchor the journal's head outside the store, so that a cut or rewritten chain is found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from opsbot.app.environment import Environment
from opsbot.app.ports import Chat, GiveUp, RetryLater
from opsbot.app.words import clock
from opsbot.domain.change import Record


class AnchorFile(Protocol):
    """Signed heads in a file that does not live in the store."""

    async def kept(self) -> Sequence[tuple[int, str]]:
        """Return (count, head) of every anchor whose signature holds, oldest first."""
        ...

    async def keep(self, *, count: int, head: str, at_ms: int) -> None:
        """Append one signed anchor and fsync it."""
        ...


@dataclass(frozen=True, slots=True)
class Anchor:
    """The duty of anchoring. *channel* is the audit channel in Slack, empty for none."""

    env: Environment
    file: AnchorFile
    chat: Chat | None = None
    channel: str = ""

    async def __call__(self) -> bool:
        """
        Keep the present head, if it moved since the last anchor; return whether it did.

        A Slack that cannot be reached leaves the file's anchor standing; the next duty posts the
        then newest head.
        """
        at = self.env.store.state
        kept = await self.file.kept()
        if at.position.revision == 0 or (kept and kept[-1] == (at.position.revision, at.head)):
            return False
        now_ms = self.env.clock.now_ms()
        await self.file.keep(count=at.position.revision, head=at.head, at_ms=now_ms)
        if self.chat is not None and self.channel:
            text = (
                f"Journal of {self.env.name}: {at.position.revision} entries at {clock(now_ms)},"
                f" head {at.head}"
            )
            words: Record = {"type": "plain_text", "text": text}
            section: Record = {"type": "section", "text": words}
            try:
                await self.chat.post(
                    self.channel, [section], text, key=f"anchor:{at.position.revision}"
                )
            except (RetryLater, GiveUp):
                return True
        return True
