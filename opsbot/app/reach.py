"""Who is reached directly, and where; that one person cannot be reached keeps it from nobody else."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from opsbot.app.ports import Chat, GiveUp, RetryLater
from opsbot.app.target import touched
from opsbot.domain.change import Record
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import Policy, shown
from opsbot.domain.state import State

Note = Callable[[Record], Awaitable[None]]
"""Takes the place of a message that was sent, while others may still fail."""


async def tell_each(
    chat: Chat,
    people: Sequence[str],
    message: tuple[Sequence[Record], str],
    *,
    key: str,
    note: Note | None = None,
) -> None:
    """
    Tell every one of *people*; *note* is given the place of each message that was sent.

    Raises:
        RetryLater: for some it can be tried again; the others are found by their key then.
        GiveUp: nobody is named, or some can never be reached; it says who.
    """
    if not people:
        raise GiveUp("nobody is declared who could be told")
    blocks, text = message
    later: RetryLater | None = None
    never: list[str] = []
    for person in people:
        try:
            sent = await chat.tell(person, blocks, text, key=f"{key}:{person}")
            if note is not None:
                await note(sent)
        except RetryLater as again:
            later = again
        except GiveUp as no:
            never.append(f"{person}: {no}")
    if later is not None:
        raise later
    if never:
        raise GiveUp("; ".join(never))


def slack_ids(policy: Policy, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return where to reach people: a Slack id, else an e-mail; unknown names are left as they are."""
    found = []
    for name in names:
        person = policy.people.get(name)
        if person is None:
            found.append(name)
        elif person.slack or person.email:
            found.append((*person.slack, *person.email)[0])
    return tuple(dict.fromkeys(found))


def person_known(policy: Policy, identity: str) -> bool:
    """Return whether somebody can be reached behind an identity that `identity_of` gave."""
    return identity in policy.people


def dris(kill: Kill, state: State) -> tuple[str, ...]:
    """Return where to reach who answers for what a kill can touch."""
    return tuple(dict.fromkeys(workflow.dri for workflow in touched(state, (kill,))))


def holders(policy: Policy, role: str) -> tuple[str, ...]:
    """Return the people who hold a role, by name."""
    found = [name for grant in policy.grants if grant.role == role for name in sorted(grant.people)]
    return tuple(dict.fromkeys(found))


def glass_people(policy: Policy, kill: Kill, state: State) -> tuple[str, ...]:
    """Return where to reach whoever is told of a broken glass: who answers for it, and security."""
    pages = slack_ids(policy, policy.break_glass.pages)
    return tuple(dict.fromkeys((*dris(kill, state), *pages)))


def people_named(policy: Policy, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Return people by the names that the policy has for their ids and addresses."""
    known: Mapping[str, str] = {
        one: person.shown
        for person in policy.people.values()
        for one in (*person.slack, *person.email)
    }
    named = (known.get(one) or address_shown(policy, one) for one in addresses)
    return tuple(dict.fromkeys(named))


def address_shown(policy: Policy, address: str) -> str:
    """Return an address that the policy joins to nobody: an e-mail speaks for itself, an id does not."""
    return address if "@" in address else shown(policy, f"slack:{address}")
