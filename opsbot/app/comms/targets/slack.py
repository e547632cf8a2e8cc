"""A Slack channel as a target: one message for each of ours, a correction as a reply to what it corrects."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, Protocol

from opsbot.app.comms.port import Post, Posted
from opsbot.app.comms.targets.as_sent import as_sent
from opsbot.app.ports import Chat, GiveUp, Render, RetryLater
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone
from opsbot.domain.said import Said, inert
from opsbot.domain.typed import unmarked

PIECE: Final = 2_400
"""Characters, as Slack counts them, of one block of text."""

_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,40}", re.ASCII)


class Found(Protocol):
    """A channel that was found."""

    @property
    def id(self) -> str:
        """Return its id."""
        ...


class Threads(Protocol):
    """What a channel is asked beside posting: the part of `Rooms` that this needs."""

    async def find(self, name: str) -> Found | None:
        """Return the channel of that name, among those that the bot is in."""
        ...

    async def permalink(self, handle: Record) -> str:
        """Return the address of a message."""
        ...

    async def reply(
        self, thread: Record, blocks: Sequence[Record], text: str, *, key: str
    ) -> Record:
        """Answer in the thread of a message. Raises `errors.Gone` where somebody deleted it."""
        ...


@dataclass(frozen=True, slots=True)
class SlackTarget:
    """One channel, by its id or by the name of one that the bot is in."""

    chat: Chat
    rooms: Threads
    render: Render
    channel: str

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """Post one message once; see the port. The key is looked for as `Chat.post` does."""
        say = as_sent("slack", post.headline, post.texts)
        if say.refused:
            raise GiveUp(say.refused)
        # No mark and no colour: what people approved is published as it stands.
        said = Said("plain", unmarked(say.title), tuple(_pieces(unmarked(say.text))))
        handle, beside = await self._put(post, said)
        url = await self._link(handle)
        detail = "its link could not be asked for" if not url else beside
        return Posted(url=url, thread=handle, handle=handle, detail=detail)

    async def _put(self, post: Post, said: Said) -> tuple[Record, str]:
        """Post, and return where it stands, with a word where that is not below what it corrects."""
        if post.corrects.get("ts"):
            pointed = await self._pointing(post.corrects, said)
            blocks, text = self.render(pointed)
            try:
                return await self.rooms.reply(post.corrects, blocks, text, key=post.key), ""
            except Gone:
                blocks, text = self.render(said)
                left = await self.chat.post(await self._channel(), blocks, text, key=post.key)
                return left, "what it corrects was deleted, so it stands by itself"
        blocks, text = self.render(said)
        return await self.chat.post(await self._channel(), blocks, text, key=post.key), ""

    async def _pointing(self, corrects: Record, said: Said) -> Said:
        where = await self._link(corrects)
        return Said(said.tone, said.title, (*said.lines, f"It corrects {where}" if where else ""))

    async def _link(self, handle: Record) -> str:
        """Return the address of a message, empty where Slack does not say: it stands there all the same."""
        try:
            return await self.rooms.permalink(handle)
        except (RetryLater, GiveUp, Gone):
            return ""

    async def _channel(self) -> str:
        """
        Return the channel's id.

        Raises:
            GiveUp: the bot is in no channel of that name.
        """
        if _CHANNEL.fullmatch(self.channel):
            return self.channel
        found = await self.rooms.find(self.channel.removeprefix("#"))
        if found is None:
            raise GiveUp(
                f"The bot is in no channel {inert(self.channel, limit=80)}: invite it there"
            )
        return found.id


def _pieces(text: str) -> Iterator[str]:
    """Yield a text in pieces that Slack shows whole, cut between paragraphs, lines or words."""
    rest = text.strip()
    while rest:
        at = _fitting(rest)
        if at < len(rest):
            ends = (rest.rfind(sign, 0, at) for sign in ("\n\n", "\n", " "))
            at = next((end for end in ends if end > 0), at)
        yield rest[:at].strip()
        rest = rest[at:].strip()


def _fitting(text: str) -> int:
    """Return how many characters fit into one piece, as Slack counts them."""
    size = 0
    for index, sign in enumerate(text):
        size += len(escape(sign, quote=False))
        if size > PIECE:
            return index
    return len(text)
