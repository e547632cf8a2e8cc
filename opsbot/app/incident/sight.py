"""Which incident is meant, and who may see it; a private one does not exist for others. Pure."""

from collections.abc import Sequence

from opsbot.app.environment import policy_of
from opsbot.app.incident.requests import Which
from opsbot.app.look import may_look
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords, UnknownIncident
from opsbot.domain.incident.incident import Incident, number_of
from opsbot.domain.policy.identity import person_of
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

SHOWN = 5
_SEE_ALL = frozenset({"commander", "admin"})


def found(state: State, actor: Actor, which: Which) -> Incident:
    """
    Return the incident that is meant.

    In the channel of an incident no other one is meant, not even where this person may not see it:
    what is said there would be published elsewhere.

    Raises:
        UnknownIncident: there is none, or none that this person may see; the words are the same.
        NeedsMoreWords: several are open and none was named.
        NotAllowed: they may not look at anything.
    """
    may_look(policy_of(state), actor)
    if which.name:
        return _named(state, actor, which.name)
    own = [one for one in state.incidents() if _is_its_own(one, which.channel)]
    if own:
        return _seen_there(state, actor, own)
    seen = visible(state, actor, open_only=False)
    return _only(tuple(one for one in seen if one.open), last=next(iter(seen), None))


def visible(state: State, actor: Actor, *, open_only: bool) -> tuple[Incident, ...]:
    """Return the incidents that somebody may see, the newest first."""
    return tuple(
        one for one in state.incidents() if (one.open or not open_only) and sees(state, one, actor)
    )


def sees(state: State, incident: Incident, actor: Actor) -> bool:
    """Return whether a person may know of an incident."""
    return not incident.private or _inside(policy_of(state), incident, actor)


def unnamed(state: State, incident: Incident) -> frozenset[str]:
    """Return the incidents that nothing said about this one names: private ones, where it is none itself."""
    if incident.private:
        return frozenset()
    return frozenset(one.id for one in state.incidents() if one.private)


def involved(incident: Incident) -> frozenset[str]:
    """Return the identities of everybody who works on an incident or was asked to."""
    named = {*incident.roles.values(), *incident.offers.values(), *incident.responders}
    return frozenset(named | {incident.declared_by})


def _inside(policy: Policy, incident: Incident, actor: Actor) -> bool:
    if actor.kind == "system":
        return True
    if identity_of(policy, actor) in involved(incident):
        return True
    person = person_of(policy, actor)
    wide = (grant for grant in policy.grants if grant.role in _SEE_ALL and not grant.teams)
    return bool(person) and any(person in grant.people for grant in wide)


def _is_its_own(incident: Incident, channel: str) -> bool:
    room = incident.room
    return bool(channel) and room.own and room.channel == channel


def _seen_there(state: State, actor: Actor, own: Sequence[Incident]) -> Incident:
    """
    Return whose channel it is: the open one's, else the newest's.

    Raises:
        UnknownIncident: it is one's that this person may not see, which is not named.
    """
    meant = min(own, key=lambda one: (not one.open, -one.declared_at.revision))
    if sees(state, meant, actor):
        return meant
    raise UnknownIncident(
        "No incident that you may see goes on in this channel; nothing was changed.",
        hint="Whoever works on it adds you as a responder. If you mean another one, name it,"
        " as in `INC-7`.",
    )


def _named(state: State, actor: Actor, word: str) -> Incident:
    name = number_of(word)
    if name is None:
        raise UnknownIncident(
            f"`{inert(word, limit=40)}` is no incident; nothing was changed.",
            hint=f"An incident is called as in `INC-7`; {command('incident list')} lists them.",
        )
    incident = state.incident(name)
    if not sees(state, incident, actor):
        # The very words of one that does not exist: a refusal would say that it does.
        return State().incident(name)
    return incident


def _only(open_: tuple[Incident, ...], last: Incident | None) -> Incident:
    if len(open_) == 1:
        return open_[0]
    if not open_:
        opens = f"{command('incident open support-copilot sev2 what happened')} opens one."
        ended = "" if last is None else f"The last was {last.id} ({last.status}): name it. "
        raise UnknownIncident("No incident is open; nothing was changed.", hint=f"{ended}{opens}")
    listed = ", ".join(f"`{one.id}`" for one in open_[:SHOWN])
    raise NeedsMoreWords(
        f"{len(open_)} incidents are open: {listed}. None was guessed; nothing was changed.",
        hint=f"Name one, as in `{open_[0].id}`, or say it in its channel.",
    )
