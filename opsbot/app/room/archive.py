"""The end of an incident's own channel: archived once its time has come, opened again with the incident."""

from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.incident.change import Amend, changed
from opsbot.app.incident.ending import (
    AGAIN_MS,
    IN_USE,
    archive_timer,
    closed,
    ends,
    kept_for,
)
from opsbot.app.incident.open import settings_of
from opsbot.app.incident.steps import REOPENED
from opsbot.app.ports import Delivery, GiveUp, Outbox
from opsbot.app.room.make import invited_key
from opsbot.app.room.port import NotSeen, Rooms
from opsbot.app.room.step import WORKER, Due, Outcome, StepHandler
from opsbot.domain.change import Change
from opsbot.domain.errors import UnknownIncident
from opsbot.domain.incident.incident import Incident, Step, StepName
from opsbot.domain.said import inert
from opsbot.domain.state import State

LOST: Final = "the bot sees that channel no more: it was archived, or the bot was taken out of it"
BY_SOMEBODY: Final = "somebody archived it in Slack"


@dataclass(frozen=True, slots=True)
class IncidentArchive:
    """
    The step archive, and the effect `incident_archive`, which makes it due.

    *home* is the channel that is used where neither a workflow nor the settings name one.
    """

    env: Environment
    rooms: Rooms
    outbox: Outbox
    home: str = ""

    def handlers(self) -> dict[StepName, StepHandler]:
        """Return what does which step."""
        return {"archive": self.archive}

    async def due(self, delivery: Delivery) -> None:
        """
        Make the step due where its incident is still over: the effect handler `incident_archive`.

        Raises:
            StoreLost: it is delivered again.
        """
        name = str(delivery.effect.body["incident"])

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            try:
                return _time_has_come(state, now_ms, state.incident(name), self.home), None
            except UnknownIncident:
                return None, None

        await self.env.store.commit(delivery.effect.key, decide)

    async def archive(self, due: Due) -> Outcome:
        """Archive its channel; of an incident that is open again, open the channel again."""
        if due.incident.open:
            return await self._opened(due.incident)
        return await self._closed(due)

    async def _closed(self, due: Due) -> Outcome:
        state, incident = self.env.store.state, due.incident
        if incident.room.archived:
            return Outcome("done", BY_SOMEBODY)
        if not ends(incident):
            return Outcome("skipped", "it has no channel of its own to archive")
        why = kept_for(state, incident, settings_of(state), self.home)
        if why:
            return Outcome("skipped", why)
        try:
            await self.rooms.archive(incident.room.channel)
        except NotSeen:
            if due.attempt == 1:
                raise
            return Outcome("done", LOST, _closing)  # an earlier attempt without an answer did it
        return Outcome("done", amend=_closing)

    async def _opened(self, incident: Incident) -> Outcome:
        """Open it again; Slack lets no bot do that itself, so what a person has to do is said."""
        channel = incident.room.channel
        try:
            now = await self.rooms.look(channel)
            if not (now.archived or incident.room.archived):
                return Outcome("skipped", REOPENED)
            if now.archived:
                await self.rooms.unarchive(channel)
                now = await self.rooms.look(channel)
            if not now.member:
                await self.rooms.join(channel)
        except GiveUp as no:
            return Outcome("failed", f"{no}. {by_hand(incident)}", _closing)
        # Slack puts people out of what is archived: everybody is asked in again.
        await self.outbox.leave(invited_key(incident), {"asked": []})
        return Outcome("done", "it is open again", _opening)

    async def opened_by_hand(self, incident: Incident) -> bool:
        """
        Make the step due again where somebody did what it asks for; whether that is so.

        Raises:
            RetryLater: not now. StoreLost: it is delivered again.
        """
        step = incident.steps.get("archive")
        failed = step is not None and step.state == "failed"
        if not (incident.open and incident.room.archived and failed):
            return False
        try:
            now = await self.rooms.look(incident.room.channel)
        except GiveUp:
            return False
        if now.archived:
            return False
        await self._noted(incident, "again", _again)
        return True

    async def noticed(self, incident: Incident) -> bool:
        """
        Note that somebody archived its channel in Slack, where that is why nothing can be said there.

        From then on what is said goes where it would without the channel.

        Raises:
            RetryLater: not now. StoreLost: it is delivered again.
        """
        if not incident.room.live:
            return False
        try:
            if not (await self.rooms.look(incident.room.channel)).archived:
                return False
            why = BY_SOMEBODY
        except NotSeen:
            why = LOST
        except GiveUp:
            return False
        await self._noted(incident, "noticed", lambda now: _found_closed(now, why))
        return True

    async def _noted(self, incident: Incident, what: str, amend: Amend) -> None:
        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            before = state.incident(incident.id)
            after = amend(before)
            change, _ = changed(
                state, now_ms, before, after, WORKER, verb="incident_step", echo=True
            )
            return change, None

        at = f"{incident.at.epoch}:{incident.at.revision}"
        await self.env.store.commit(f"incident-archive:{incident.uid}:{what}:{at}", decide)


def by_hand(incident: Incident) -> str:
    """Return what a person has to do where Slack lets no bot open a channel again."""
    name = f"#{inert(incident.room.name, limit=80)}" if incident.room.name else "the channel"
    return f"Unarchive {name} in Slack and invite the bot there, then retry"


def _time_has_come(state: State, now_ms: int, incident: Incident, home: str) -> Change | None:
    settings, step = settings_of(state), incident.steps.get("archive")
    if not ends(incident) or settings.archive_after_ms is None:
        return None
    if step is not None and step.state in ("due", "failed"):
        return None
    why, tries = kept_for(state, incident, settings, home), 0 if step is None else step.tries + 1
    now = Step("skipped", why, now_ms, tries) if why else Step("due", at_ms=now_ms, tries=tries)
    change, after = changed(
        state, now_ms, incident, incident.stepped("archive", now), WORKER, verb="incident_step"
    )
    if change is None or why != IN_USE:
        return change
    return replace(change, timers=(*change.timers, archive_timer(after, AGAIN_MS, now_ms)))


def _closing(incident: Incident) -> Incident:
    return replace(incident, room=closed(incident.room))


def _opening(incident: Incident) -> Incident:
    return replace(incident, room=replace(incident.room, archived=False))


def _again(incident: Incident) -> Incident:
    step = incident.steps["archive"]
    if step.state != "failed":
        return incident
    return incident.stepped("archive", Step("due", at_ms=step.at_ms, tries=step.tries + 1))


def _found_closed(incident: Incident, why: str) -> Incident:
    if not incident.room.live:
        return incident
    tries = incident.steps.get("archive", Step()).tries
    if incident.open:
        step = Step("failed", f"{why}. {by_hand(incident)}", tries=tries)
    else:
        step = Step("done", why, tries=tries)
    return replace(incident, room=closed(incident.room)).stepped("archive", step)
