"""The Rooms port on Slack's Web API: a channel made once, found again, filled, and pointed to."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from html import unescape
from typing import Any, Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.app.incident.accounts import Account
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.room.port import Channel, NameTaken, NotInvited, NotPermitted, NotSeen
from opsbot.domain.change import Record
from opsbot.slack.asking import SlackRefused, asked, plainly
from opsbot.slack.chat import SlackChat
from opsbot.slack.mrkdwn import esc, plain
from opsbot.slack.people import SURE_S, account_of

log = structlog.get_logger(__name__)

NAME: Final = 80
TOPIC: Final = 250
"""Characters of a name, and of a topic or a purpose."""
TITLE: Final = 255
INVITED_AT_ONCE: Final = 100
MOST_NUMBERS: Final = 9
"""How many numbers are tried behind a name that is taken."""
PAGE: Final = 200
MOST_PAGES: Final = 25
"""Pages of the bot's own channels that are read: five thousand."""

FORBIDDEN: Final = frozenset(
    {
        "restricted_action",
        "no_permission",
        "user_is_restricted",
        "team_access_not_granted",
        "org_level_email_display_disabled",
        "not_allowed",
    }
)
"""What Slack says where the workspace's own rules forbid it."""
INSIDE: Final = frozenset({"already_in_channel", "cant_invite_self"})
CLOSED: Final = frozenset({"already_archived"})
OPEN: Final = frozenset({"not_archived"})
NO_BOT: Final = frozenset({"not_in_channel", "not_allowed_token_type"})
"""What a bot hears that would open a channel: it was put out when the channel was archived."""
OUTSIDE: Final = frozenset({"channel_not_found", "method_not_supported_for_channel_type"})


class SlackRooms:
    """Channels in one workspace; *chat* posts in threads."""

    def __init__(self, client: AsyncWebClient, chat: SlackChat) -> None:
        self._client = client
        self._chat = chat
        self._me = ""

    async def account(self, user: str) -> Account:
        """Return who somebody is; see the port."""
        try:
            async with asyncio.timeout(SURE_S):
                answer = await asked(self._client.users_info(user=user))
        except TimeoutError as late:
            raise RetryLater("Slack did not answer in time") from late
        found = account_of(answer["user"])
        return Account(
            user, found.name, found.team, found.guest, found.bot, found.gone, found.stranger
        )

    async def create(self, name: str, *, private: bool, purpose: str) -> Channel:
        """
        Make a channel, or find the one that an attempt without an answer made; see the port.

        Slack says that a name is taken before anything else, so the first attempt looks for nothing.

        Raises:
            NameTaken, NotPermitted: see the port. RetryLater, GiveUp: as Slack answers.
        """
        for number in range(1, MOST_NUMBERS + 1):
            wanted = name[:NAME] if number == 1 else f"{name[: NAME - 2]}-{number}"
            made = await self._made(wanted, private=private)
            if made is None:
                made = await self._ours(wanted, purpose)
            if made is not None:
                await self._purposed(made, purpose)
                return channel_from(made)
        raise NameTaken(f"channels called `{name}` are there already, and are not the bot's")

    async def find(self, name: str) -> Channel | None:
        """Return the channel of that name, among those that the bot is in."""
        found = await self._named(name)
        return None if found is None else channel_from(found)

    async def look(self, channel: str) -> Channel:
        """Return a channel by its id. Raises NotSeen."""
        try:
            answer = await asked(self._client.conversations_info(channel=channel))
        except SlackRefused as refused:
            raise _seen(refused) from refused
        return channel_from(answer["channel"])

    async def join(self, channel: str) -> Channel:
        """Enter a public channel; a private one only where somebody invited the bot."""
        try:
            answer = await asked(self._client.conversations_join(channel=channel))
        except SlackRefused as refused:
            if refused.code not in OUTSIDE:
                raise
            return await self._invited(channel, refused)
        return channel_from({**answer["channel"], "is_member": True})

    async def archive(self, channel: str) -> None:
        """Close a channel; closed already is closed. Raises NotSeen."""
        try:
            await asked(self._client.conversations_archive(channel=channel))
        except SlackRefused as refused:
            if refused.code not in CLOSED:
                raise _seen(refused) from refused

    async def unarchive(self, channel: str) -> None:
        """Open a channel again; open already is open. Bots are refused, whatever their permissions."""
        try:
            await asked(self._client.conversations_unarchive(channel=channel))
        except SlackRefused as refused:
            if refused.code in NO_BOT:
                raise GiveUp(
                    f"Slack lets no bot open a channel again ({refused.code})"
                ) from refused
            if refused.code not in OPEN:
                raise _seen(refused) from refused

    async def rename(self, channel: str, name: str) -> Channel:
        """Give a channel another name. Raises NameTaken."""
        try:
            answer = await asked(
                self._client.conversations_rename(channel=channel, name=name[:NAME])
            )
        except SlackRefused as refused:
            if refused.code != "name_taken":
                raise
            now = await self.look(channel)
            if now.name == name[:NAME]:
                return now
            raise NameTaken(str(refused)) from refused
        return channel_from(answer["channel"])

    async def topic(self, channel: str, text: str) -> None:
        """Set the topic; nothing in it is a mention."""
        shown = esc(plain(text, limit=TOPIC), limit=TOPIC)
        await asked(self._client.conversations_setTopic(channel=channel, topic=shown))

    async def invite(self, channel: str, people: Sequence[str]) -> tuple[NotInvited, ...]:
        """Bring in people by id or e-mail; whoever is inside already is no failure."""
        missing: list[NotInvited] = []
        users: dict[str, str] = {}
        for person in people:
            user = await self._user(person, missing)
            if user:
                users[user] = person
        for at in range(0, len(users), INVITED_AT_ONCE):
            some = list(users)[at : at + INVITED_AT_ONCE]
            refused = await self._brought(channel, some)
            missing += [NotInvited(users.get(user, user), why) for user, why in refused.items()]
        return tuple(missing)

    async def pin(self, handle: Record) -> None:
        """Pin a message; pinned already is pinned."""
        try:
            await asked(
                self._client.pins_add(channel=str(handle["channel"]), timestamp=str(handle["ts"]))
            )
        except SlackRefused as refused:
            if refused.code != "already_pinned":
                raise

    async def bookmark(self, channel: str, title: str, url: str) -> None:
        """Put a link at the top of a channel, unless it is there."""
        listed = await asked(self._client.bookmarks_list(channel_id=channel))
        if any(unescape(str(one.get("link"))) == url for one in listed.get("bookmarks") or []):
            return
        await asked(
            self._client.bookmarks_add(
                channel_id=channel, title=plain(title, limit=TITLE) or "-", type="link", link=url
            )
        )

    async def permalink(self, handle: Record) -> str:
        """Return the address of a message."""
        answer = await asked(
            self._client.chat_getPermalink(
                channel=str(handle["channel"]), message_ts=str(handle["ts"])
            )
        )
        return str(answer["permalink"])

    async def reply(
        self, thread: Record, blocks: Sequence[Record], text: str, *, key: str
    ) -> Record:
        """Answer in a thread; see `SlackChat.reply`."""
        return await self._chat.reply(thread, blocks, text, key=key)

    async def _made(self, name: str, *, private: bool) -> Mapping[str, Any] | None:
        """Return a channel that was made now, None where the name is taken."""
        try:
            answer = await asked(self._client.conversations_create(name=name, is_private=private))
        except SlackRefused as refused:
            if refused.code == "name_taken":
                return None
            if refused.code in FORBIDDEN:
                raise NotPermitted("this workspace does not let the bot make channels") from refused
            raise
        made: Mapping[str, Any] = answer["channel"]
        return made

    async def _ours(self, name: str, purpose: str) -> Mapping[str, Any] | None:
        """
        Return the bot's own channel of that name, where it says that purpose.

        One that says nothing yet was made by an attempt that ended between its two calls.
        """
        found = await self._named(name)
        if found is None or found.get("creator") != await self._bot():
            return None
        return found if _purpose(found) in (purpose_text(purpose), "") else None

    async def _purposed(self, channel: Mapping[str, Any], purpose: str) -> None:
        text = purpose_text(purpose)
        if _purpose(channel) != text:
            await asked(
                self._client.conversations_setPurpose(channel=str(channel["id"]), purpose=text)
            )

    async def _named(self, name: str) -> Mapping[str, Any] | None:
        async for one in self._own_channels():
            if one.get("name") == name:
                return one
        return None

    async def _own_channels(self) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the channels that the bot is in: far fewer than the workspace has."""
        cursor = ""
        for _ in range(MOST_PAGES):
            answer = await asked(
                self._client.users_conversations(
                    types="public_channel,private_channel",
                    exclude_archived=True,
                    limit=PAGE,
                    cursor=cursor,
                )
            )
            for one in answer.get("channels") or []:
                yield one
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return
        log.warning("slack_too_many_channels", read=MOST_PAGES * PAGE)

    async def _bot(self) -> str:
        if not self._me:
            self._me = str((await asked(self._client.auth_test()))["user_id"])
        return self._me

    async def _invited(self, channel: str, refused: SlackRefused) -> Channel:
        """Return a private channel that the bot is in; a stranger's cannot even be seen."""
        try:
            found = await self.look(channel)
        except GiveUp:
            found = None
        if found is None or not found.member:
            raise GiveUp(
                "the bot is not in that channel and may not enter it: invite it there"
            ) from refused
        return found

    async def _user(self, person: str, missing: list[NotInvited]) -> str:
        """Return somebody's id; whom Slack does not know is noted in *missing*."""
        if "@" not in person:
            return person
        try:
            found = await asked(self._client.users_lookupByEmail(email=person))
        except SlackRefused as refused:
            missing.append(NotInvited(person, plainly(refused.code)))
            return ""
        return str(found["user"]["id"])

    async def _brought(self, channel: str, users: Sequence[str]) -> dict[str, str]:
        """
        Invite people in one call, and return whom it refused with why.

        Where Slack refuses all of them for one, each is invited alone.
        """
        try:
            answer = await asked(
                self._client.conversations_invite(channel=channel, users=list(users), force=True)
            )
        except SlackRefused as refused:
            if len(users) > 1:
                return await self._one_by_one(channel, users)
            if refused.code in INSIDE:
                return {}
            return {users[0]: plainly(refused.code)}
        return {
            str(one["user"]): plainly(str(one["error"]))
            for one in answer.get("errors") or []
            if one["error"] not in INSIDE
        }

    async def _one_by_one(self, channel: str, users: Sequence[str]) -> dict[str, str]:
        refused: dict[str, str] = {}
        for user in users:
            refused |= await self._brought(channel, [user])
        return refused


def _seen(refused: SlackRefused) -> GiveUp:
    return NotSeen(str(refused)) if refused.code == "channel_not_found" else refused


def channel_from(found: Mapping[str, Any]) -> Channel:
    """Return a channel as Slack describes it."""
    return Channel(
        id=str(found["id"]),
        name=str(found.get("name") or ""),
        private=bool(found.get("is_private")),
        shared=bool(found.get("is_ext_shared") or found.get("is_pending_ext_shared")),
        archived=bool(found.get("is_archived")),
        member=bool(found.get("is_member")),
    )


def purpose_text(purpose: str) -> str:
    """Return a purpose as it is sent and compared."""
    return plain(purpose, limit=TOPIC)


def _purpose(channel: Mapping[str, Any]) -> str:
    value = channel.get("purpose")
    return unescape(str(value.get("value") or "")) if isinstance(value, Mapping) else ""
