"""The channel of an incident: made or entered, named, filled with links and people; each a step of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.room_words import topic_text
from opsbot.app.ports import Delivery, GiveUp, Outbox, RetryLater
from opsbot.app.reach import people_named
from opsbot.app.room.place import (
    channel_name,
    links,
    people,
    purpose,
    shared_channel,
)
from opsbot.app.room.port import Channel, NotInvited, NotPermitted, Rooms
from opsbot.app.room.step import (
    NO_ROOM,
    Due,
    IncidentSteps,
    Outcome,
    StepHandler,
    Wait,
    patient,
)
from opsbot.domain.errors import UnknownIncident
from opsbot.domain.incident.incident import Incident, Room, StepName
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import inert
from opsbot.domain.state import State

Called = Callable[[Incident], Sequence[str]]
"""Returns who is called for an incident now: identities, Slack ids or e-mails."""

LEFT_ALONE: Final = "it was there before: its topic is left alone"


def nobody_called(incident: Incident) -> Sequence[str]:
    """Return that nobody is known to be on call."""
    return ()


@dataclass(frozen=True, slots=True)
class IncidentRoom:
    """
    The steps channel, topic, bookmarks and invite, and the effect `incident_topic`.

    *home* is the channel that is used where neither the workflow nor the settings name one.
    """

    env: Environment
    rooms: Rooms
    outbox: Outbox
    home: str = ""
    called: Called = nobody_called

    def handlers(self) -> dict[StepName, StepHandler]:
        """Return what does which step."""
        return {
            "channel": self.channel,
            "topic": self.topic,
            "bookmarks": self.bookmarks,
            "invite": self.invite,
        }

    async def channel(self, due: Due) -> Outcome:
        """Make its channel, or enter the one that was named; else it shares the workflow's."""
        incident = due.incident
        try:
            found = await (self._entered(incident) if incident.room.adopted else self._made(due))
        except NotPermitted as no:
            return self._instead(incident, str(no), usual=True)
        except GiveUp as no:
            return self._instead(incident, str(no))
        room = Room(found.id, found.name, own=True, adopted=incident.room.adopted)
        return Outcome("done", amend=lambda now: replace(now, room=room))

    async def topic(self, due: Due) -> Outcome:
        """Say at the top of the channel how it stands."""
        if due.incident.room.adopted:
            return Outcome("skipped", LEFT_ALONE)
        if not due.incident.room.own:
            return Outcome("skipped", NO_ROOM)
        await self._topic(due.incident)
        return Outcome("done")

    async def bookmarks(self, due: Due) -> Outcome:
        """Put the links that people look for at the top; the page's, where there is one soon."""
        if not due.incident.room.own:
            return Outcome("skipped", NO_ROOM)
        if not due.settled("page") and due.may_wait:
            raise Wait("the page goes out first")
        wanted = links(self.env.store.state, due.incident)
        if not wanted:
            return Outcome("skipped", "no addresses are declared for it")
        failed: list[str] = []
        for title, url in wanted:
            try:
                await self.rooms.bookmark(due.incident.room.channel, title, url)
            except GiveUp as no:
                failed.append(f"{title}: {no}")
        return Outcome("failed", "; ".join(failed)) if failed else Outcome("done")

    async def invite(self, due: Due) -> Outcome:
        """Bring in everybody who works on it, answers for it, or is called for it."""
        if not due.incident.room.own:
            return Outcome("skipped", NO_ROOM)
        missing = await self._brought(due.incident, ())
        return Outcome("failed", missing) if missing else Outcome("done")

    async def newcomers(self, incident: Incident) -> None:
        """
        Bring in who came to it since.

        Raises:
            RetryLater: not now. GiveUp: somebody cannot be brought in; it says who.
        """
        step = incident.steps.get("invite")
        if not incident.room.live or step is None or step.state not in ("done", "failed"):
            return
        known = await self.outbox.left(invited_key(incident))
        asked = (known or {}).get("asked")
        before = tuple(str(one) for one in asked) if isinstance(asked, list) else ()
        missing = await self._brought(incident, before)
        if missing:
            raise GiveUp(missing)

    async def unfit(self, incident: Incident) -> bool:
        """
        Return whether everybody may enter the channel of an incident that became private.

        Our topic there is taken back. Raises RetryLater; GiveUp where nobody can look.
        """
        key = f"incident-room:{incident.room.channel}"
        if not incident.private or not incident.room.live:
            return False
        if await self.outbox.left(key) is not None:
            return False
        if (await self.rooms.look(incident.room.channel)).private:
            await self.outbox.leave(key, {"private": True})
            return False
        if not incident.room.adopted:  # the topic of a channel that was there before is not ours
            await self.rooms.topic(incident.room.channel, f"{incident.id} is private now")
        return True

    async def retopic(self, delivery: Delivery, steps: IncidentSteps) -> None:
        """Set the topic again after a change; the effect handler `incident_topic`."""
        state = await self.env.store.refresh()
        try:
            incident = state.incident(str(delivery.effect.body["incident"]))
        except UnknownIncident:
            return
        step = incident.steps.get("topic")
        if not incident.room.live or incident.room.adopted or step is None or step.state == "due":
            return
        try:
            await self._topic(incident)
        except GiveUp as no:
            await steps.failed(incident, "topic", str(no))
        except RetryLater as later:
            raise patient(later, delivery.attempt) from later

    async def _made(self, due: Due) -> Channel:
        incident = due.incident
        name = channel_name(self.env.store.state, incident)
        about = purpose(incident, self.env.name)
        return await self.rooms.create(name, private=incident.private, purpose=about)

    async def _entered(self, incident: Incident) -> Channel:
        """
        Enter a channel that was there before.

        Raises:
            GiveUp: it cannot be entered, or others read there who may not.
        """
        found = await self.rooms.look(incident.room.channel)
        if found.archived:
            raise GiveUp("that channel is archived")
        if found.shared:
            raise GiveUp("that channel is shared with another organisation")
        if incident.private and not found.private:
            raise GiveUp("that channel is public, and the incident is private")
        return found if found.member else await self.rooms.join(found.id)

    def _instead(self, incident: Incident, why: str, *, usual: bool = False) -> Outcome:
        """
        Return that it shares a channel; where the workspace is so by its own rules, nothing *failed*.

        A channel that was named stays named, so that [Retry] enters it once somebody let the bot in.
        """
        shared = shared_channel(self.env.store.state, incident, self.home)
        room = replace(incident.room, own=False)
        if not incident.room.adopted:
            room = Room(shared)
        if not shared:
            none = "a private incident has no other" if incident.private else "none is declared"
            return Outcome("failed", f"{why}; {none}", lambda now: replace(now, room=room))
        detail = f"{why}; the workflow's channel is used"
        if shared != self._workflows_own(incident):
            detail = f"{why}; the channel for incidents is used"
        return Outcome(
            "skipped" if usual else "failed", detail, lambda now: replace(now, room=room)
        )

    def _workflows_own(self, incident: Incident) -> str:
        declared = self.env.store.state.workflows().get(incident.workflow)
        return declared.slack_channel if declared is not None else ""

    async def _topic(self, incident: Incident) -> None:
        (title,) = await self.env.unsealed(incident.title)
        text = topic_text(incident, title, policy_of(self.env.store.state))
        key = f"incident-topic:{incident.uid}"
        left = await self.outbox.left(key)
        if left is not None and left == {"channel": incident.room.channel, "text": text}:
            return
        await self.rooms.topic(incident.room.channel, text)
        await self.outbox.leave(key, {"channel": incident.room.channel, "text": text})

    async def _brought(self, incident: Incident, before: Sequence[str]) -> str:
        """Invite those who were not asked in *before*; return in words who cannot come."""
        state = self.env.store.state
        wanted = people(state, incident, self.called(incident))
        fresh = [address for _, address in wanted if address not in before]
        if not fresh:
            return ""
        missing = await self.rooms.invite(incident.room.channel, fresh)
        asked = [*before, *fresh]
        await self.outbox.leave(invited_key(incident), {"asked": asked})
        return "; ".join(_missing(state, one, wanted) for one in missing)


def _missing(state: State, one: NotInvited, wanted: Sequence[tuple[str, str]]) -> str:
    """Return who cannot come, by their name where the policy has one, and why."""
    identity = next((who for who, address in wanted if address == one.person), one.person)
    (name,) = people_named(policy_of(state), (one.person,))
    if name == one.person:
        name = shown(policy_of(state), identity)
    return f"{inert(name, limit=60)} could not be invited: {one.why}"


def invited_key(incident: Incident) -> str:
    """Return the key under which is left who was asked into its channel."""
    return f"incident-invited:{incident.uid}:{incident.room.channel}"
