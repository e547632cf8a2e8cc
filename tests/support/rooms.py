"""Slack's channels on the memory twin: what was made, pinned and said there is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from opsbot.app.incident.accounts import Account
from opsbot.app.ports import GiveUp
from opsbot.app.room.port import Channel, NameTaken, NotInvited, NotPermitted, NotSeen
from opsbot.domain.change import Record


@dataclass
class Rooms:
    """
    Channels that keep what was done; a call named in *broken* fails as it says, as often as it is there.

    *restricted*: the workspace lets the bot make none. *outside* are people who cannot be invited.
    """

    channels: dict[str, Channel] = field(default_factory=dict)
    purposes: dict[str, str] = field(default_factory=dict)
    topics: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    bookmarks: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    pins: list[Record] = field(default_factory=list)
    replies: dict[str, tuple[Record, str]] = field(default_factory=dict)
    broken: dict[str, list[Exception]] = field(default_factory=dict)
    restricted: bool = False
    outside: frozenset[str] = frozenset()
    accounts: dict[str, Account] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def break_(self, call: str, error: Exception, *, times: int = 1) -> None:
        """Let the next calls of one name fail."""
        self.broken.setdefault(call, []).extend([error] * times)

    def named(self, name: str) -> Channel:
        """Return the channel of that name; fails the test where there is none."""
        return next(one for one in self.channels.values() if one.name == name)

    def thread(self) -> list[str]:
        """Return what was said in threads, oldest first."""
        return [text for _, text in self.replies.values()]

    async def account(self, user: str) -> Account:
        """Say who somebody is: a full member, unless the test knows better."""
        self._may("account")
        return self.accounts.get(user, Account(user, team="T0HOME"))

    async def create(self, name: str, *, private: bool, purpose: str) -> Channel:
        """Make a channel, or find it by its purpose."""
        if self.restricted:
            raise NotPermitted("this workspace does not let the bot make channels")
        self._may("create")
        taken = {one.name: one for one in self.channels.values()}
        for wanted in (name, *(f"{name}-{number}" for number in range(2, 10))):
            if wanted not in taken:
                return self._made(wanted, private=private, purpose=purpose)
            if self.purposes.get(taken[wanted].id) == purpose:
                return taken[wanted]
        raise NameTaken("taken")

    async def find(self, name: str) -> Channel | None:
        """Find a channel."""
        return next((one for one in self.channels.values() if one.name == name), None)

    async def look(self, channel: str) -> Channel:
        """Look at a channel."""
        self._may("look")
        self._seen(channel)
        return self.channels[channel]

    async def join(self, channel: str) -> Channel:
        """Enter a channel."""
        self._may("join")
        self.channels[channel] = replace(self.channels[channel], member=True)
        return self.channels[channel]

    async def archive(self, channel: str) -> None:
        """Close a channel."""
        self._may("archive")
        self._seen(channel)
        self.close(channel)

    def close(self, channel: str) -> None:
        """Archive a channel as a person does; the bot is put out of it."""
        self.channels[channel] = replace(self.channels[channel], archived=True, member=False)

    def reopen(self, channel: str) -> None:
        """Open a channel again as a person does, who also invites the bot."""
        self.channels[channel] = replace(self.channels[channel], archived=False, member=True)

    async def unarchive(self, channel: str) -> None:
        """Open a channel again, which Slack lets no bot do."""
        self._may("unarchive")
        raise GiveUp("Slack lets no bot open a channel again (not_in_channel)")

    async def rename(self, channel: str, name: str) -> Channel:
        """Rename a channel."""
        self._may("rename")
        self.channels[channel] = replace(self.channels[channel], name=name)
        return self.channels[channel]

    async def topic(self, channel: str, text: str) -> None:
        """Keep a topic."""
        self._may("topic")
        self.topics.setdefault(channel, []).append(text)

    async def invite(self, channel: str, people: Sequence[str]) -> tuple[NotInvited, ...]:
        """Keep who was invited."""
        self._may("invite")
        inside = self.members.setdefault(channel, [])
        inside += [one for one in people if one not in inside and one not in self.outside]
        return tuple(
            NotInvited(p, "Slack knows no such person") for p in people if p in self.outside
        )

    async def pin(self, handle: Record) -> None:
        """Keep a pin."""
        self._may("pin")
        at = {"channel": handle["channel"], "ts": handle["ts"]}
        self.pins += [at] if at not in self.pins else []

    async def bookmark(self, channel: str, title: str, url: str) -> None:
        """Keep a link."""
        self._may("bookmark")
        kept = self.bookmarks.setdefault(channel, [])
        kept += [(title, url)] if url not in [one for _, one in kept] else []

    async def permalink(self, handle: Record) -> str:
        """Return an address."""
        return f"https://slack.test/{handle['channel']}/{handle['ts']}"

    async def reply(
        self, thread: Record, blocks: Sequence[Record], text: str, *, key: str
    ) -> Record:
        """Keep what is said in a thread, once for each key."""
        self._may("reply")
        self._taking(str(thread["channel"]))
        at: Record = {"channel": thread["channel"], "ts": thread["ts"]}
        self.replies.setdefault(key, (at, text))
        return {"channel": thread["channel"], "ts": f"{len(self.replies)}.5"}

    def _seen(self, channel: str) -> None:
        known = self.channels.get(channel)
        if known is None or (known.private and not known.member):
            raise NotSeen("Slack knows no such channel, or the bot may not see it")

    def _taking(self, channel: str) -> None:
        known = self.channels.get(channel)
        if known is not None and known.archived:
            raise GiveUp("that channel is archived (is_archived)")

    def _made(self, name: str, *, private: bool, purpose: str) -> Channel:
        made = Channel(f"C0NEW{len(self.channels)}", name, private=private, member=True)
        self.channels[made.id], self.purposes[made.id] = made, purpose
        return made

    def _may(self, call: str) -> None:
        self.calls.append(call)
        if self.broken.get(call):
            raise self.broken[call].pop(0)
