"""Change notices to the pages that are open, each person getting what they may see."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from opsbot.workbench.slack.model import Channel, Json, Message, View
from opsbot.workbench.slack.workspace import Workspace, file_json

QUEUE = 1000


class Feed:
    """Hand every change to the open pages; one that is too slow is told to start again."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.seq = 0
        self._pages: dict[asyncio.Queue[Json], str] = {}

    @asynccontextmanager
    async def open(self, user_id: str) -> AsyncGenerator[asyncio.Queue[Json]]:
        """Yield a queue of the changes that this person may see."""
        queue: asyncio.Queue[Json] = asyncio.Queue(QUEUE)
        queue.put_nowait({"kind": "hello", "seq": self.seq})
        self._pages[queue] = user_id
        try:
            yield queue
        finally:
            del self._pages[queue]

    def message(self, message: Message) -> None:
        """A message is new or changed."""
        body = {"kind": "message", "message": message_json(self.workspace, message)}
        self._send(body, self._readers(message))
        parent = message.thread_ts and self.workspace.find(message.channel, message.thread_ts)
        if parent and parent is not message:
            body = {"kind": "message", "message": message_json(self.workspace, parent)}
            self._send(body, self._readers(parent))

    def gone(self, message: Message) -> None:
        """A message was deleted."""
        body = {"kind": "gone", "channel": message.channel, "ts": message.ts}
        self._send(body, self._readers(message))

    def views(self, user_id: str) -> None:
        """Somebody's modal stack changed."""
        stack = self.workspace.modals.get(user_id, [])
        self._send({"kind": "views", "views": [view_json(view) for view in stack]}, {user_id})

    def home(self, user_id: str) -> None:
        """Somebody's Home tab changed."""
        view = self.workspace.homes.get(user_id)
        self._send({"kind": "home", "home": view_json(view) if view else None}, {user_id})

    def channel(self, channel: Channel) -> None:
        """A channel is new or changed."""
        for user in set(self._pages.values()):
            if self.workspace.may_see(user, channel):
                self._send({"kind": "channel", "channel": channel_json(channel, user)}, {user})

    def all(self, body: Json) -> None:
        """Tell every page."""
        self._send(body, set(self._pages.values()))

    def _readers(self, message: Message) -> set[str]:
        channel = self.workspace.channels[message.channel]
        if message.ephemeral_for:
            return {message.ephemeral_for}
        return {user for user in self._pages.values() if self.workspace.may_see(user, channel)}

    def _send(self, body: Json, users: set[str]) -> None:
        self.seq += 1
        for queue, user in self._pages.items():
            if user not in users:
                continue
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait({"kind": "reset", "seq": self.seq})
            else:
                queue.put_nowait({**body, "seq": self.seq})


def message_json(workspace: Workspace, message: Message) -> Json:
    """Describe a message for the page."""
    return {
        "channel": message.channel,
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
        "thread_ts": message.thread_ts,
        "bot_id": message.bot_id,
        "ephemeral": message.ephemeral_for is not None,
        "edited": message.edited_ts,
        "broadcast": message.broadcast,
        "pinned": message.pinned,
        "metadata": message.metadata,
        "reply_count": len(workspace.replies(message)),
        "files": [file_json(file) for file in message.files],
        "reactions": [
            {"name": name, "users": users, "count": len(users)}
            for name, users in message.reactions.items()
        ],
    }


def view_json(view: View) -> Json:
    """Describe a modal or a Home tab for the page."""
    words = {key: view.body.get(key) for key in ("title", "submit", "close")}
    return {
        "id": view.id,
        "type": view.body["type"],
        "hash": view.hash,
        "callback_id": view.callback_id,
        "blocks": view.blocks,
        "notify_on_close": bool(view.body.get("notify_on_close")),
        "errors": view.errors,
        "previous_id": view.previous_id,
        **{key: word["text"] if word else None for key, word in words.items()},
    }


def channel_json(channel: Channel, user_id: str) -> Json:
    """Describe a channel for that person's page."""
    return {
        "id": channel.id,
        "name": channel.name,
        "is_private": channel.is_private,
        "is_ext_shared": channel.is_ext_shared,
        "is_im": channel.is_im,
        "is_archived": channel.is_archived,
        "topic": channel.topic,
        "purpose": channel.purpose,
        "bookmarks": [{"title": one.title, "link": one.link} for one in channel.bookmarks],
        "members": sorted(channel.members),
        "member": user_id in channel.members,
    }
