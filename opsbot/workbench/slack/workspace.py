"""The state of one Slack workspace: who, where, what was said, which views are open. Pure: no I/O."""

from collections.abc import Callable, Iterable
from itertools import count

from opsbot.workbench.slack.model import (
    CannotDo,
    Channel,
    File,
    Json,
    Message,
    Person,
    UserGroup,
    View,
)

BOT_ID = "B0OPSBOT"
APP_ID = "A0OPSBOT"
MODALS = 3
PNG, PNG_BEGINS = "image/png", b"\x89PNG\r\n\x1a\n"


class Workspace:
    """
    Hold people, channels, user groups, messages and views of one team.

    The first person with *is_bot* is the app's bot user; one is added where none is given.
    *creation_restricted* may be set at any moment: then nobody but admins makes channels.
    """

    def __init__(
        self,
        people: Iterable[Person] = (),
        channels: Iterable[Channel] = (),
        usergroups: Iterable[UserGroup] = (),
        *,
        team_id: str = "T0HOME",
        name: str = "Home",
    ) -> None:
        self.team_id = team_id
        self.name = name
        self.creation_restricted = False
        self.people = {person.id: person for person in people}
        self.channels = {channel.id: channel for channel in channels}
        self.usergroups = {group.id: group for group in usergroups}
        self.messages: dict[str, list[Message]] = {}
        self.modals: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self._ids = count(1)
        self._last_us = 0
        if not any(person.is_bot for person in self.people.values()):
            bot = Person("U0OPSBOT", "opsbot", "opsbot", "", is_bot=True, team_id=team_id)
            self.people[bot.id] = bot

    @property
    def bot(self) -> Person:
        """The app's own bot user."""
        return next(person for person in self.people.values() if person.is_bot)

    def new_id(self, letter: str) -> str:
        """Return an id of Slack's look that this workspace never gave out before."""
        return f"{letter}{next(self._ids):09d}Z"

    def new_ts(self, epoch_s: float) -> str:
        """Return a message timestamp, later than every one before, near *epoch_s*."""
        self._last_us = max(int(epoch_s * 1e6), self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def person(self, user_id: str) -> Person:
        """
        Find a member.

        Raises:
            CannotDo: nobody has that id.
        """
        if user_id not in self.people:
            raise CannotDo("user_not_found", f"nobody here has the id {user_id}")
        return self.people[user_id]

    def may_see(self, user_id: str, channel: Channel) -> bool:
        """Whether that person can read the channel: members, and for public ones full members."""
        if user_id in channel.members:
            return True
        person = self.people.get(user_id)
        guest = person is None or person.guest or person.team_id != self.team_id
        return not (guest or channel.is_private or channel.is_im)

    def visible(self, user_id: str, channel_id: str) -> list[Message]:
        """List what that person sees in the channel, oldest first, own ephemerals among it."""
        channel = self.channels.get(channel_id)
        if channel is None or not self.may_see(user_id, channel):
            return []
        said = self.messages.get(channel_id, [])
        return [m for m in said if m.ephemeral_for is None or m.ephemeral_for == user_id]

    def add(self, message: Message) -> None:
        """Keep a message in its channel."""
        self.messages.setdefault(message.channel, []).append(message)

    def find(self, channel_id: str, ts: str) -> Message | None:
        """Find one message by its timestamp, ephemeral ones included."""
        said = self.messages.get(channel_id, [])
        return next((m for m in reversed(said) if m.ts == ts), None)

    def locate(self, ts: str) -> Message | None:
        """Find one message by its timestamp in any channel."""
        return next((m for cid in self.messages if (m := self.find(cid, ts))), None)

    def shared(self, user_id: str, file_id: str) -> File | None:
        """Find a file that somebody shared where that person can read."""
        for channel_id in self.messages:
            for message in self.visible(user_id, channel_id):
                for file in message.files:
                    if file.id == file_id:
                        return file
        return None

    def drop(self, message: Message) -> None:
        """Forget a message."""
        self.messages[message.channel].remove(message)

    def replies(self, message: Message) -> list[Message]:
        """List the thread's replies below *message*, oldest first, without ephemerals."""
        said = self.messages.get(message.channel, [])
        return [
            m
            for m in said
            if m.thread_ts == message.ts and m.ts != message.ts and m.ephemeral_for is None
        ]

    def im_with(self, user_id: str) -> Channel:
        """Return the conversation of that person and the bot; made when first asked for."""
        members = {user_id, self.bot.id}
        for channel in self.channels.values():
            if channel.is_im and channel.members == members:
                return channel
        made = Channel(self.new_id("D"), "", members, is_im=True)
        self.channels[made.id] = made
        return made

    def view(self, view_id: str) -> View | None:
        """Find an open modal or a published Home view."""
        stacked = (view for stack in self.modals.values() for view in stack)
        homes = iter(self.homes.values())
        return next((v for some in (stacked, homes) for v in some if v.id == view_id), None)

    def top(self, user_id: str) -> View | None:
        """Return the modal that person sees now."""
        stack = self.modals.get(user_id)
        return stack[-1] if stack else None

    def described(self, message: Message) -> Json:
        """Describe a message as Slack's APIs and events do."""
        body: Json = {
            "type": "message",
            "ts": message.ts,
            "user": message.user,
            "text": message.text,
            "team": self.team_id,
        }
        optional = {
            "blocks": message.blocks or None,
            "thread_ts": message.thread_ts,
            "bot_id": message.bot_id,
            "app_id": APP_ID if message.bot_id else None,
            "subtype": "thread_broadcast" if message.broadcast else None,
            "files": [file_json(file) for file in message.files] or None,
        }
        body |= {key: value for key, value in optional.items() if value is not None}
        if message.edited_ts:
            body["edited"] = {"user": message.user, "ts": message.edited_ts}
        if message.reactions:
            body["reactions"] = [
                {"name": name, "users": users, "count": len(users)}
                for name, users in message.reactions.items()
            ]
        replies = self.replies(message)
        if replies:
            who = list(dict.fromkeys(reply.user for reply in replies))
            body |= {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "reply_users": who,
                "reply_users_count": len(who),
                "latest_reply": replies[-1].ts,
            }
        return body


def file_json(file: File) -> Json:
    """Describe a file as Slack does, as far as bots read it."""
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": PNG if file.data.startswith(PNG_BEGINS) else "application/octet-stream",
        "size": file.size,
        "alt_txt": file.alt,
    }


Clock = Callable[[], float]
