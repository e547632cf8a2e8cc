"""A role that is offered, told to whom it is offered; answered or taken back, it loses its buttons."""

from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.words import ROLE_WORD, heading, incident_line
from opsbot.app.incidents import Incidents
from opsbot.app.ports import Chat, Delivery, Outbox, Render
from opsbot.app.questions import Questions
from opsbot.app.reach import slack_ids, tell_each
from opsbot.domain.errors import UnknownIncident
from opsbot.domain.incident.incident import ROLES, Incident, Role
from opsbot.domain.policy.rules import Policy, shown
from opsbot.domain.said import Button, Said, inert
from opsbot.domain.typed import command

KEPT_S: Final = 30 * 86_400.0
"""How long the places of the messages are kept, in seconds; an offer is answered long before."""

MEANS: Final[dict[Role, str]] = {
    "commander": "The commander decides what is done next and by whom, and hands over when tired.",
    "comms": "The comms lead tells users and the company what is so.",
    "scribe": "The scribe keeps the timeline.",
}


@dataclass(frozen=True, slots=True)
class IncidentTold:
    """The effect handler `incident_told`."""

    env: Environment
    incidents: Incidents
    chat: Chat
    outbox: Outbox
    render: Render

    async def __call__(self, delivery: Delivery) -> None:
        """
        Ask whom a role is offered to; where it is not any more, take the buttons from who was asked.

        What an older effect comes too late for is left to the newer one.

        Raises:
            RetryLater, GiveUp: from the port; who was told already is found by the key.
        """
        body = delivery.effect.body
        state = await self.env.store.refresh()
        role = next((one for one in ROLES if one == body["role"]), None)
        try:
            incident = state.incident(str(body["incident"]))
        except UnknownIncident:
            return
        if role is None:
            return
        to, asks = str(body["to"]), body["what"] == "role"
        offered = incident.offers.get(role) == to
        if asks and offered:
            await self._ask(incident, role, to, key=delivery.effect.key)
        elif not asks and not offered:
            await self._close(incident, role, to)

    async def _ask(self, incident: Incident, role: Role, to: str, *, key: str) -> None:
        note = self._questions.noting(_kept_under(incident, role, to))
        view = await self.incidents.view(incident)
        value = f"{incident.id}:{role}"
        said = Said(
            "amber",
            f"You are asked to be {ROLE_WORD[role].lower()} of {heading(view)}",
            (
                inert(view.title),
                MEANS[role],
                f"Or type {command(f'incident role {role} {incident.id} accept')}.",
            ),
            (
                Button("incident_role_accept", "Accept", value, "primary"),
                Button("incident_role_decline", "Decline", value),
            ),
        )
        people = slack_ids(policy_of(self.env.store.state), (_address(to),))
        await tell_each(self.chat, people, self.render(said), key=key, note=note)
        now = await self.env.store.refresh()
        if now.incident(incident.id).offers.get(role) != to:
            await self._close(now.incident(incident.id), role, to)

    async def _close(self, incident: Incident, role: Role, to: str) -> None:
        """Say how the offer ended where it was made. Raises as the call."""
        view = await self.incidents.view(incident)
        word = ROLE_WORD[role]
        line = incident_line(incident, view.title, view.now_ms)
        said = Said("plain", f"{word} of {incident.id}: {_over(view.policy, incident, role, to)}")
        message = self.render(Said("plain", said.title, (line, "Nothing is left to press.")))
        await self._questions.close(message, _kept_under(incident, role, to))

    @property
    def _questions(self) -> Questions:
        return Questions(self.chat, self.outbox, KEPT_S)


def _over(policy: Policy, incident: Incident, role: Role, to: str) -> str:
    holder = incident.roles.get(role)
    if holder == to:
        return "you hold it"
    who = inert(shown(policy, holder), limit=80) if holder else "nobody"
    return f"not offered to you any more; {who} holds it"


def _address(identity: str) -> str:
    """Return where somebody is reached whom the policy does not join: the Slack id of the identity."""
    kind, _, account = identity.partition(":")
    return account if kind == "slack" and account else identity


def _kept_under(incident: Incident, role: Role, to: str) -> str:
    return f"incident-told:{incident.uid}:{role}:{to}"
