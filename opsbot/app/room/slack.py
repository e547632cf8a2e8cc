"""Everything of incidents that happens in Slack, put together: which effect goes to which handler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from opsbot.app.comms.port import Templates
from opsbot.app.comms.targets.none import NoTemplates
from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.effects import CARD, SAID, STEP, TOPIC
from opsbot.app.incident.ending import ARCHIVE
from opsbot.app.incidents import Incidents
from opsbot.app.no_chat import nobody
from opsbot.app.paging.oncall import OnCall, policy_of_workflow
from opsbot.app.ports import Chat, Handler, Outbox, Pictures, Render
from opsbot.app.review.export import EXPORT
from opsbot.app.room.archive import IncidentArchive
from opsbot.app.room.card import IncidentCard
from opsbot.app.room.make import Called, IncidentRoom, nobody_called
from opsbot.app.room.message import Standing
from opsbot.app.room.port import Rooms
from opsbot.app.room.review import ReviewShown
from opsbot.app.room.said import IncidentSaid
from opsbot.app.room.step import IncidentSteps
from opsbot.domain.incident.incident import Incident, StepName
from opsbot.domain.roster import FIRST_LEVEL, person_on

UNSEEN: Final = (CARD, SAID, TOPIC, EXPORT, ARCHIVE)
"""Effects whose only purpose is to be read in Slack."""


@dataclass(frozen=True, slots=True)
class IncidentSlack:
    """
    What the handlers share.

    *home* is the channel that is used where neither a workflow nor the settings name one. *others*
    do the steps that are not Slack's, and commit for themselves.
    """

    env: Environment
    incidents: Incidents
    chat: Chat
    rooms: Rooms
    outbox: Outbox
    render: Render
    home: str = ""
    called: Called = nobody_called
    others: Mapping[StepName, Handler] = field(default_factory=dict)
    pictures: Pictures | None = None
    templates: Templates = field(default_factory=NoTemplates)

    def handlers(self) -> Mapping[str, Handler]:
        """Return what the outbox worker calls, by kind of effect."""
        room = IncidentRoom(self.env, self.rooms, self.outbox, self.home, self.called)
        standing = Standing(self.chat, self.outbox, self.render)
        archive = IncidentArchive(self.env, self.rooms, self.outbox, self.home)
        card = IncidentCard(
            self.env,
            self.incidents,
            standing,
            self.rooms,
            room,
            archive,
            self.home,
            self.templates,
        )
        slack = {**room.handlers(), **card.handlers(), **archive.handlers()}
        steps = IncidentSteps(self.env, self.outbox, slack, self.others)
        said = IncidentSaid(self.env, self.rooms, self.outbox, self.render, card)
        return {
            STEP: steps,
            CARD: partial(card.keep, steps=steps),
            SAID: said,
            TOPIC: partial(room.retopic, steps=steps),
            EXPORT: self._review(card),
            ARCHIVE: archive.due,
        }

    def _review(self, card: IncidentCard) -> Handler:
        if self.pictures is None:
            return nobody
        return ReviewShown(self.env, self.chat, self.outbox, self.pictures, self.home, card)


def unseen(
    env: Environment, outbox: Outbox, others: Mapping[StepName, Handler]
) -> Mapping[str, Handler]:
    """Return the handlers where no Slack is connected: the other steps are done all the same."""
    return {STEP: IncidentSteps(env, outbox, {}, others), **dict.fromkeys(UNSEEN, nobody)}


def first_called(env: Environment, rota: OnCall | None) -> Called:
    """Return what names those who are called first for an incident, as they were last read."""

    def called(incident: Incident) -> Sequence[str]:
        state, roster = env.store.state, None if rota is None else rota.roster
        if roster is None:
            return ()
        wanted = [policy_of_workflow(state, name) for name in incident.workflows or ("",)]
        policy = policy_of(state)
        on = (
            one
            for one in roster.on([name for name in wanted if name], env.clock.now_ms())
            if one.level == FIRST_LEVEL
        )
        found = ((person_on(policy, one), one.email) for one in on)
        return [email if person is None else person.name for person, email in found]

    return called
