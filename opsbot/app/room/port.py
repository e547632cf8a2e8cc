"""What the use cases need of channels: make one, find it again, fill it, point to it; `opsbot.slack` gives it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from opsbot.app.incident.accounts import Accounts
from opsbot.app.ports import GiveUp
from opsbot.domain.change import Record


class NameTaken(GiveUp):
    """Every name that was tried belongs to somebody else's channel."""


class NotPermitted(GiveUp):
    """The workspace does not let the bot do it, whatever the app's permissions: nobody did wrong."""


class NotSeen(GiveUp):
    """There is no such channel, or the bot is not in it and it is private: Slack does not say which."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as it stands. *shared*: people of other organisations read it."""

    id: str
    name: str
    private: bool = False
    shared: bool = False
    archived: bool = False
    member: bool = False


@dataclass(frozen=True, slots=True)
class NotInvited:
    """One person who could not be brought in, as they were named, and why in words."""

    person: str
    why: str


class Rooms(Accounts, Protocol):
    """
    Channels and what stands in them. Only effect handlers call it, but for `account`.

    Every call may be repeated: what is so already is a success, never an error.
    Every call Raises:
        RetryLater: no answer, or one that says later, with the service's own time where given.
        GiveUp: it can never be done; the reason is in words for people.
    """

    async def create(self, name: str, *, private: bool, purpose: str) -> Channel:
        """
        Make a channel with the bot in it, and write *purpose* into it.

        *purpose* names what it is for like nothing else does: a channel of the bot's own with that
        name and purpose is the one of an earlier attempt, and is returned. Where the name belongs
        to something else, a number is put behind it.

        Raises:
            NameTaken: the numbers are used up too. NotPermitted: the bot may make none here.
        """
        ...

    async def find(self, name: str) -> Channel | None:
        """Return the channel of that name, among those that the bot is in."""
        ...

    async def look(self, channel: str) -> Channel:
        """Return a channel by its id. Raises NotSeen."""
        ...

    async def join(self, channel: str) -> Channel:
        """Enter a channel; into a private one somebody has to invite the bot, which the reason says."""
        ...

    async def archive(self, channel: str) -> None:
        """
        Close a channel for new messages; Slack puts the bot out of it, so a private one is seen no more.

        Raises:
            NotSeen: see there; an earlier attempt without an answer may have closed it.
        """
        ...

    async def unarchive(self, channel: str) -> None:
        """Open a channel again; Slack refuses that to bots, so expect GiveUp."""
        ...

    async def rename(self, channel: str, name: str) -> Channel:
        """Give a channel another name. Raises NameTaken."""
        ...

    async def topic(self, channel: str, text: str) -> None:
        """Set the topic; what is too long is cut."""
        ...

    async def invite(self, channel: str, people: Sequence[str]) -> tuple[NotInvited, ...]:
        """Bring in people by id or e-mail; return whom that failed for. One keeps out no other."""
        ...

    async def pin(self, handle: Record) -> None:
        """Pin a message of ours."""
        ...

    async def bookmark(self, channel: str, title: str, url: str) -> None:
        """Put a link at the top of a channel, once for each *url*."""
        ...

    async def permalink(self, handle: Record) -> str:
        """Return the address of a message."""
        ...

    async def reply(
        self, thread: Record, blocks: Sequence[Record], text: str, *, key: str
    ) -> Record:
        """
        Answer in the thread of a message; look there for *key* before a second time.

        Return {"channel", "ts"}. Raises `errors.Gone` where somebody deleted that message.
        """
        ...
