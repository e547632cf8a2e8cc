"""One message that stands in a channel and is edited in place, moved with its subject, never posted twice."""

import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.one_at_a_time import OneAtATime
from opsbot.app.ports import Chat, GiveUp, Outbox, Render, RetryLater
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone
from opsbot.domain.said import Said

EDIT_S: Final = 1.0
"""Least seconds between two edits: what changes at once is one edit."""

Make = Callable[[], Awaitable[Said]]
"""Returns what the message says now; what is written is made while nobody else works on it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Messages by key.

    What is remembered of each is its place and the fingerprint of what it says, so that a change
    which changes none of its words costs no call.
    """

    chat: Chat
    outbox: Outbox
    render: Render
    _alone: OneAtATime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_alone", OneAtATime(self.outbox))

    async def where(self, key: str) -> Record | None:
        """Return the place of a message, None where it was never posted."""
        return await self.outbox.left(key)

    async def forget(self, key: str) -> None:
        """Forget what a message says, so that the next `put` edits it whatever it says then."""
        left = await self.outbox.left(key)
        if left is not None:
            await self.outbox.leave(key, {**left, "print": ""})

    async def put(self, key: str, channel: str, make: Make, *, moved: Said | None = None) -> Record:
        """
        Post a message or bring it up to date, and return its place.

        Where it stands in another channel it is posted in this one, and *moved* is said in its place.

        Raises:
            RetryLater: another delivery is at work on it, or it was edited just now. GiveUp: from
                the port.
        """
        left = await self.outbox.left(key)
        if left is not None and self._stands(left, channel, await make(), moved):
            return left
        async with self._alone.on(key, again_s=EDIT_S):
            return await self._put(key, channel, await make(), moved)

    def _stands(self, left: Record, channel: str, said: Said, moved: Said | None) -> bool:
        """Return whether a message is where it should be and says so already: then nobody is in the way."""
        there = moved is None or left["channel"] == channel
        return there and "old" not in left and left.get("print") == fingerprint(*self.render(said))

    async def _put(self, key: str, channel: str, said: Said, moved: Said | None) -> Record:
        blocks, text = self.render(said)
        print_ = fingerprint(blocks, text)
        left = await self.outbox.left(key)
        if left is None:
            return await self._posted(key, f"{key}:{channel}", channel, (blocks, text), {})
        if left["channel"] != channel and moved is not None:
            left = await self._moved(key, left, channel, (blocks, text))
        elif left.get("print") != print_:
            left = await self._edited(key, left, (blocks, text))
        return await self._left_behind(key, left, moved)

    async def _moved(
        self, key: str, left: Record, channel: str, message: tuple[Sequence[Record], str]
    ) -> Record:
        """Post a message in another channel; where it stood there before, that one says it again."""
        old: Record = {"channel": left["channel"], "ts": left["ts"]}
        been = left.get("been")
        been = been if isinstance(been, dict) else {}
        more: Record = {"old": old, "been": {**been, str(left["channel"]): left["ts"]}}
        ts, blocks, text = been.get(channel), *message
        if ts is None:
            return await self._posted(key, f"{key}:{channel}", channel, message, more)
        place: Record = {"channel": channel, "ts": ts}
        try:
            await self.chat.update(place, blocks, text)
        except Gone:
            return await self._posted(key, f"{key}:{channel}:after:{ts}", channel, message, more)
        now: Record = {**place, "print": fingerprint(blocks, text), **more}
        await self.outbox.leave(key, now)
        return now

    async def _posted(
        self,
        key: str,
        post_key: str,
        channel: str,
        message: tuple[Sequence[Record], str],
        more: Record,
    ) -> Record:
        blocks, text = message
        sent = await self.chat.post(channel, blocks, text, key=post_key)
        place = {"channel": channel, "ts": sent["ts"]}
        left: Record = {**place, "print": fingerprint(blocks, text), **more}
        await self.outbox.leave(key, left)
        return left

    async def _edited(
        self, key: str, left: Record, message: tuple[Sequence[Record], str]
    ) -> Record:
        """Edit a message, or post it anew where somebody deleted it, under a key of its own."""
        if not await self.outbox.once(f"edit:{key}", ttl_s=EDIT_S):
            raise RetryLater("the message was edited just now", after_s=EDIT_S)
        blocks, text = message
        try:
            await self.chat.update(left, blocks, text)
        except Gone:
            post_key, channel = f"{key}:after:{left['ts']}", str(left["channel"])
            return await self._posted(key, post_key, channel, message, {})
        now: Record = {**left, "print": fingerprint(blocks, text)}
        await self.outbox.leave(key, now)
        return now

    async def _left_behind(self, key: str, left: Record, moved: Said | None) -> Record:
        """Say in the old place of a moved message where it is; a crash in between is caught up with."""
        old = left.get("old")
        if moved is None or not isinstance(old, dict):
            return left
        with contextlib.suppress(Gone, GiveUp):  # nobody reads there any more
            await self.chat.update(old, *self.render(moved))
        now = {name: value for name, value in left.items() if name != "old"}
        await self.outbox.leave(key, now)
        return now


def fingerprint(blocks: Sequence[Record], text: str) -> str:
    """Return what tells one message from another, in few characters."""
    plain = json.dumps([list(blocks), text], sort_keys=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()[:32]
