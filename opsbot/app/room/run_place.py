"""Where a run goes on in Slack: its incident's channel, a thread in a shared one, where it was begun, a direct message."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from opsbot.app.environment import policy_of
from opsbot.app.ports import Chat, GiveUp
from opsbot.app.reach import slack_ids
from opsbot.app.room.place import place, reached
from opsbot.app.runs.sight import aware, incident_of
from opsbot.domain.change import Record
from opsbot.domain.run import Run
from opsbot.domain.state import State

Message = tuple[Sequence[Record], str]
Post = Callable[[Message, str], Awaitable[Record]]
"""Posts a message under a key and returns its place."""


@dataclass(frozen=True, slots=True)
class RunPlace:
    """
    A channel, empty for none. *threaded*: others talk there about other things, so steps are replies to the card.

    *person* is whom to tell directly where there is no channel, empty for nobody. *hidden*: what stands
    in channels is taken back, as others read there.
    """

    channel: str = ""
    threaded: bool = False
    person: str = ""
    hidden: bool = False


def run_place(state: State, run: Run, home: str) -> RunPlace:
    """
    Return where a run goes on.

    One of an incident goes with it, and nowhere else: who works on a private one is told there. Every
    other one stays where it was begun; one that was begun in no channel is told to who leads it.
    """
    incident = incident_of(state, run)
    lead = _address(state, run)
    if incident is None:
        return RunPlace(run.channel, person=lead)
    channel = place(state, incident, home)
    if not channel:
        return RunPlace(person=lead, hidden=incident.private)
    return RunPlace(
        channel, threaded=not incident.room.own, person="" if incident.private else lead
    )


def room_comes(state: State, run: Run) -> bool:
    """Return whether the channel of its incident is still to be made."""
    incident = incident_of(state, run)
    step = None if incident is None else incident.steps.get("channel")
    return step is not None and step.state == "due"


async def told_directly(chat: Chat, person: str, message: Message, key: str) -> Record:
    """
    Tell somebody; what follows goes into the same conversation.

    Raises:
        RetryLater: not now. GiveUp: nobody is to be told, or they cannot be.
    """
    if not person:
        raise GiveUp("it has no channel, and nobody leads it whom Slack knows")
    return await chat.tell(person, *message, key=key)


def _address(state: State, run: Run) -> str:
    policy = policy_of(state)
    lead = run.commander or run.begun_by
    if not aware(state, run, (lead,)):
        return ""
    return reached(policy, lead) or next(
        (one for one in slack_ids(policy, (lead,)) if one != lead), ""
    )
