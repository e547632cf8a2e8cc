"""Which message is meant, and who may see it; one of an incident that they do not see does not exist for them. Pure."""

from collections.abc import Iterable
from typing import Final

from opsbot.app.comms.power import about, functions, on_track
from opsbot.app.environment import policy_of
from opsbot.app.incident.sight import involved
from opsbot.app.incident.sight import sees as sees_incident
from opsbot.app.look import may_look
from opsbot.domain.actor import Actor
from opsbot.domain.comms.message import Message, message_named
from opsbot.domain.errors import NeedsMoreWords, UnknownMessage
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.identity import person_of
from opsbot.domain.policy.rules import actor_of_person
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

SHOWN: Final = 5


def found(state: State, actor: Actor, word: str) -> Message:
    """
    Return the message that a word names; without one, the only one that is not let go yet.

    Raises:
        UnknownMessage: there is none, or none that this person may see; the words are the same.
        NeedsMoreWords: several could be meant. NotAllowed: they may not look at all.
    """
    may_look(policy_of(state), actor)
    if not word.strip():
        return _only([one for one in visible(state, actor) if one.standing in ("draft", "waiting")])
    name = message_named(word)
    if name is None:
        raise UnknownMessage(
            f"`{inert(word, limit=40)}` is no message; nothing was changed.",
            hint=f"A message is called as in `MSG-7`; {command('comms list')} lists them.",
        )
    message = state.message(name)
    # The very words of one that does not exist: a refusal would say that it does.
    return message if sees(state, message, actor) else State().message(name)


def visible(state: State, actor: Actor) -> tuple[Message, ...]:
    """Return the messages that somebody may see, the newest first."""
    return tuple(one for one in state.messages() if sees(state, one, actor))


def sees(state: State, message: Message, actor: Actor) -> bool:
    """Return whether a person may know of a message: who has to approve it does."""
    incident = state.incident(message.incident)
    if sees_incident(state, incident, actor):
        return True
    person = person_of(policy_of(state), actor)
    return bool(person) and person in _asked(state, incident, message)


def aware(state: State, message: Message, people: Iterable[str]) -> tuple[str, ...]:
    """Return who of some people may know of a message: of a private one nobody else is told or asked."""
    return tuple(one for one in people if _knows(state, message, one))


def _knows(state: State, message: Message, identity: str) -> bool:
    incident, policy = state.incident(message.incident), policy_of(state)
    if not incident.private or identity in involved(incident):
        return True
    person = policy.people.get(identity)
    actor = None if person is None else actor_of_person(policy, person, via="slack")
    return actor is not None and sees(state, message, actor)


def _asked(state: State, incident: Incident, message: Message) -> frozenset[str]:
    """Return who approves where data was exposed: they read what they are asked for, once they are."""
    tracked = on_track(state, incident, message.audience, about(state, message))
    if not message.approvals or not tracked:
        return frozenset()
    return frozenset(one for people in functions(state).values() for one in people)


def _only(messages: list[Message]) -> Message:
    if len(messages) == 1:
        return messages[0]
    if not messages:
        raise UnknownMessage(
            "No message waits to be published; nothing was changed.",
            hint=f"{command('comms new')} writes one.",
        )
    listed = ", ".join(f"`{one.id}`" for one in messages[:SHOWN])
    raise NeedsMoreWords(
        f"{len(messages)} messages are not published yet: {listed}. None was guessed; nothing was"
        " changed.",
        hint=f"Name one, as in `{messages[0].id}`.",
    )
