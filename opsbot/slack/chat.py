"""The Chat port on Slack's Web API: post once, edit, tell one person, show a picture; errors become plans."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.app.ports import Clock, Document, GiveUp, Picture
from opsbot.domain.block_kit.check import check_message
from opsbot.domain.change import Record
from opsbot.domain.errors import StoreLost
from opsbot.slack.asking import SlackRefused, asked, gone
from opsbot.slack.block_ids import named
from opsbot.slack.deps import Memory
from opsbot.slack.mrkdwn import esc

log = structlog.get_logger(__name__)

EVENT_TYPE: Final = "opsbot"
LOOK_BACK: Final = 200
"""Messages of one page that is read when it is not certain whether a post arrived."""
PAGES: Final = 5
"""Pages of a channel or a thread that are read for one: a thousand messages."""
SHARING_S: Final = 50.0
"""How long Slack is given to show a file that it took; less than a caller waits to ask again."""
REMEMBER_S: Final = 7 * 86_400.0
SHARED_FOR_S: Final = 600.0
OUTSIDE: Final = frozenset({"not_in_channel", "channel_not_found", "invalid_channel"})
"""What Slack says of a file for a channel that the bot may post into without being a member."""
TOO_MUCH: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})


class Told(Protocol):
    """What goes with a file, which is another thing when it was sent before."""

    def __call__(self, *, first: bool) -> Mapping[str, Any]: ...


class SlackChat:
    """
    Posts into Slack.

    Only the first attempt at a key posts without looking; every later one reads the channel for
    the key first, because an attempt without an answer may have arrived.
    """

    def __init__(self, client: AsyncWebClient, memory: Memory, clock: Clock) -> None:
        self._client = client
        self._memory = memory
        self._clock = clock
        self._shared: dict[str, tuple[bool, float]] = {}

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """
        Post one message and return {"channel", "ts"}; never into a channel shared with outsiders.

        Raises:
            RetryLater: with Slack's own Retry-After where given.
            GiveUp: it can never be posted there.
        """
        if not channel.startswith("D") and await self._is_shared(channel):
            raise GiveUp(f"{channel} is shared with another organisation")
        if not await self._first(f"{channel}:{key}"):
            found = await self._look(channel, key)
            if found is not None:
                return found
        sent = await self._sent(
            lambda shown: self._client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=shown,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
            ),
            blocks,
            text,
        )
        return {"channel": str(sent["channel"]), "ts": str(sent["ts"])}

    async def reply(
        self, thread: Record, blocks: Sequence[Record], text: str, *, key: str
    ) -> Record:
        """
        Answer in the thread of a message, and return {"channel", "ts"}; looks for *key* there as `post`.

        Raises:
            Gone: somebody deleted that message.
            RetryLater, GiveUp: as `post`.
        """
        channel, ts = str(thread["channel"]), str(thread["ts"])
        if not channel.startswith("D") and await self._is_shared(channel):
            raise GiveUp(f"{channel} is shared with another organisation")
        try:
            return await self._answered(channel, ts, blocks, text, key=key)
        except SlackRefused as refused:
            if refused.code == "thread_not_found":
                raise gone() from refused
            raise

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """
        Replace a message of ours.

        Raises:
            Gone: somebody deleted it.
            RetryLater, GiveUp: as `post`.
        """
        await self._sent(
            lambda shown: self._client.chat_update(
                channel=str(handle["channel"]), ts=str(handle["ts"]), text=text, blocks=shown
            ),
            blocks,
            text,
        )

    async def tell(self, person: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """
        Send a direct message to a Slack user id or an e-mail address.

        Raises:
            RetryLater, GiveUp: as `post`.
        """
        user = person
        if "@" in person:
            found = await asked(self._client.users_lookupByEmail(email=person))
            user = str(found["user"]["id"])
        opened = await asked(self._client.conversations_open(users=user))
        return await self.post(str(opened["channel"]["id"]), blocks, text, key=key)

    async def upload(self, thread: Record, picture: Picture, *, key: str) -> Record | None:
        """
        Share a picture in a thread, and return {"channel", "ts", "file"} of what is to be seen there.

        None where Slack took it, or may have, and the thread does not show it yet: Slack shares a
        file some time after it says so, and now and then never. Only the first attempt uploads
        without looking; each later one looks for the file's name first, and uploads anew only when
        the last upload is `SHARING_S` old. A share that takes longer is not found: there will be two.

        Raises:
            RetryLater, GiveUp: as `post`.
        """

        def told(*, first: bool) -> Mapping[str, Any]:
            # Slack has lost shares of files with `alt_txt`: what did not arrive is told in words beside.
            words = {"alt_txt": picture.alt} if first else {"initial_comment": esc(picture.alt)}
            return {"title": picture.title, "highlight_type": "png", **words}

        return await self._uploaded(thread, picture.png, file_name(key), told, key=key)

    async def share(self, thread: Record, document: Document, *, key: str) -> Record | None:
        """
        Share a file of text in a thread, and return {"channel", "ts", "file"} of what is to be seen there.

        As `upload` in every other way; the name that people see begins with the document's own.

        Raises:
            RetryLater, GiveUp: as `post`.
        """
        name = file_name(key, document.name)

        def told(*, first: bool) -> Mapping[str, Any]:
            return {"title": document.title}

        return await self._uploaded(thread, document.data, name, told, key=key)

    async def _uploaded(
        self, thread: Record, content: bytes, name: str, told: Told, *, key: str
    ) -> Record | None:
        channel, ts = str(thread["channel"]), str(thread["ts"])
        if not channel.startswith("D") and await self._is_shared(channel):
            raise GiveUp(f"{channel} is shared with another organisation")
        place = f"{channel}:{ts}:{key}"
        first = await self._first(place)
        if not first and (found := await self._shown(channel, ts, name)) is not None:
            return found
        if not await self._first(f"sharing:{place}", ttl_s=SHARING_S):
            return None
        sending = self._client.files_upload_v2(
            channel=channel, thread_ts=ts, filename=name, content=content, **told(first=first)
        )
        try:
            await asked(sending)
        except SlackRefused as refused:
            if refused.code not in OUTSIDE:
                raise
            raise GiveUp(f"{refused}: invite the bot to {channel}, files need it") from refused
        return await self._shown(channel, ts, name)

    async def _shown(self, channel: str, thread_ts: str, name: str) -> Record | None:
        """Return the reply in a thread that has a file of that name."""
        async for reply in self._thread(channel, thread_ts):
            for file in reply.get("files") or []:
                if file.get("name") == name:
                    left = {"ts": str(reply["ts"]), "file": str(file["id"])}
                    return {"channel": channel, **left}
        return None

    async def _replied(self, channel: str, thread_ts: str, key: str) -> Record | None:
        """Return the reply in a thread that was posted for *key*."""
        async for reply in self._thread(channel, thread_ts):
            if _is_keyed(reply, key):
                return {"channel": channel, "ts": str(reply["ts"])}
        return None

    async def _thread(self, channel: str, thread_ts: str) -> AsyncIterator[Mapping[str, Any]]:
        cursor = ""
        for _ in range(PAGES):
            answer = await asked(
                self._client.conversations_replies(
                    channel=channel,
                    ts=thread_ts,
                    limit=LOOK_BACK,
                    cursor=cursor,
                    include_all_metadata=True,
                )
            )
            for reply in answer.get("messages") or []:
                yield reply
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return

    async def _answered(
        self, channel: str, ts: str, blocks: Sequence[Record], text: str, *, key: str
    ) -> Record:
        if not await self._first(f"{channel}:{ts}:{key}"):
            found = await self._replied(channel, ts, key)
            if found is not None:
                return found
        sent = await self._sent(
            lambda shown: self._client.chat_postMessage(
                channel=channel,
                thread_ts=ts,
                text=text,
                blocks=shown,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
            ),
            blocks,
            text,
        )
        return {"channel": str(sent["channel"]), "ts": str(sent["ts"])}

    async def _sent(
        self,
        send: Callable[[list[dict[str, Any]]], Awaitable[Any]],
        blocks: Sequence[Record],
        text: str,
    ) -> Any:
        """Send with blocks; where Slack or our own check refuses them, send the text alone."""
        shown = named(blocks)
        found = check_message({"text": text, "blocks": shown})
        if found:
            log.error("slack_blocks_broken", found=[f"{one.pointer} {one.code}" for one in found])
            shown = []
        try:
            return await asked(send(shown))
        except SlackRefused as refused:
            if refused.code not in TOO_MUCH or not shown:
                raise
            log.warning("slack_blocks_refused", error=refused.code)
            return await asked(send([]))

    async def _first(self, key: str, *, ttl_s: float = REMEMBER_S) -> bool:
        try:
            return await self._memory.once(f"post:{key}", ttl_s=ttl_s)
        except StoreLost:
            return False

    async def _look(self, channel: str, key: str) -> Record | None:
        cursor = ""
        for _ in range(PAGES):
            answer = await asked(
                self._client.conversations_history(
                    channel=channel, limit=LOOK_BACK, cursor=cursor, include_all_metadata=True
                )
            )
            for message in answer.get("messages") or []:
                if _is_keyed(message, key):
                    return {"channel": channel, "ts": str(message["ts"])}
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return None

    async def _is_shared(self, channel: str) -> bool:
        known, until_s = self._shared.get(channel, (False, 0.0))
        if self._clock.monotonic() < until_s:
            return known
        answer = await asked(self._client.conversations_info(channel=channel))
        found: Mapping[str, object] = answer.get("channel") or {}
        shared = bool(found.get("is_ext_shared") or found.get("is_pending_ext_shared"))
        self._shared[channel] = (shared, self._clock.monotonic() + SHARED_FOR_S)
        return shared


def file_name(key: str, name: str = "") -> str:
    """Return the name by which the file of that key is found again; it begins with *name*, if any."""
    mark = hashlib.sha256(key.encode()).hexdigest()[:16]
    stem, dot, kind = name.rpartition(".")
    return f"{stem}-{mark}.{kind}" if dot else f"opsbot-{mark}.png"


def _is_keyed(message: Mapping[str, Any], key: str) -> bool:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload")
    if metadata.get("event_type") != EVENT_TYPE or not isinstance(payload, Mapping):
        return False
    return payload.get("key") == key
