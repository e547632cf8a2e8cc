"""Who somebody is whom the policy does not name, asked of Slack before they have a part in an incident."""

from dataclasses import dataclass
from typing import Final, Protocol

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.change import decide_change
from opsbot.app.incident.power import of_role, offered_to
from opsbot.app.incident.requests import RoleOrder
from opsbot.app.incident.roles import person, role_change
from opsbot.app.incident.sight import found
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed, Refused
from opsbot.domain.policy.identity import INSIDE, standing_of
from opsbot.domain.policy.rules import Policy, identity_of
from opsbot.domain.said import inert
from opsbot.domain.state import State


@dataclass(frozen=True, slots=True)
class Account:
    """
    What Slack says of an account. *team* is the workspace that it belongs to.

    *gone*: it is deactivated. *stranger*: it is only met in channels that are shared with others.
    """

    id: str
    name: str = ""
    team: str = ""
    guest: bool = False
    bot: bool = False
    gone: bool = False
    stranger: bool = False


class Accounts(Protocol):
    """What Slack knows of people."""

    async def account(self, user: str) -> Account:
        """
        Return an account by its id; a person waits for the answer, so it comes within a second.

        Raises:
            RetryLater: Slack did not say in time. GiveUp: it knows no such account, in words.
        """
        ...


async def check_part(
    env: Environment, accounts: Accounts | None, order: RoleOrder, actor: Actor
) -> None:
    """
    Refuse a part in an incident to guests, bots, deactivated accounts, and people of another workspace.

    Slack is asked only where the order would be taken at all: a refusal comes without it, and a
    repeated request is answered as the first time.

    Raises:
        NotAllowed: who it is and why not, or that Slack did not say it. StoreLost: as every look.
    """
    state, now_ms = await env.store.refresh(), env.clock.now_ms()
    amend = role_change(state, now_ms, order, actor)
    try:
        change, _ = decide_change(
            state,
            now_ms,
            order.which,
            actor,
            amend,
            verb="incident_role",
            needs=of_role(order, actor),
        )
    except Refused:
        return
    if change is not None and accounts is not None:
        await _asked(accounts, state, order, actor)


async def _asked(accounts: Accounts, state: State, order: RoleOrder, actor: Actor) -> None:
    """
    Ask Slack who gets a part.

    Whom the policy names is not asked about. Where Slack is silent an offer is made all the same, as
    nothing comes of it before it is accepted.

    Raises:
        NotAllowed: as `check_part`.
    """
    policy, who = policy_of(state), _given(state, order, actor)
    kind, _, user = who.partition(":")
    if kind != "slack" or not user:
        return
    itself = who == identity_of(policy, actor)
    try:
        account = await accounts.account(user)
    except RetryLater as later:
        if not itself and order.role != "responder":
            return
        raise NotAllowed(
            f"Slack did not say in time who {'you are' if itself else f'`{user}` is'};"
            " nothing was changed.",
            rule="identity-unknown",
            hint="Try again, or name somebody of the policy.",
        ) from later
    except GiveUp as no:
        raise NotAllowed(
            f"`{inert(user, limit=40)}` is nobody here: {no}; nothing was changed.",
            rule="identity-unknown",
            hint="Mention the person, as in `@ines`.",
        ) from no
    if why := _outside(policy, account):
        called = f"{inert(account.name, limit=60) or 'That account'} (`{user}`) is"
        raise NotAllowed(
            f"{'You are' if itself else called} {why}; nothing was changed.",
            rule="role-inside-only",
            hint="A part in an incident is for full members of this workspace.",
        )


def _given(state: State, order: RoleOrder, actor: Actor) -> str:
    """Return the identity of whom an order gives a part that takes no power, empty for nobody."""
    if order.act in ("decline", "leave"):
        return ""
    if order.who and (order.act == "offer" or order.role == "responder"):
        return person(state, order.who)
    taken = order.act == "accept" or offered_to(
        state, found(state, actor, order.which), order, actor
    )
    return identity_of(policy_of(state), actor) if taken else ""


def _outside(policy: Policy, account: Account) -> str:
    """Return why an account has no part in anything here, empty for a full member."""
    actor = Actor(
        kind="slack",
        id=account.id,
        via="slack",
        team=account.team,
        guest=account.guest,
        bot=account.bot,
    )
    if account.gone:
        return "deactivated in Slack"
    standing = standing_of(policy, actor)
    if account.stranger and standing in INSIDE:
        standing = "foreign"
    return _WHY.get(standing, "")


_WHY: Final[dict[str, str]] = {
    "guest": "a guest in Slack",
    "bot": "a bot",
    "foreign": "of another workspace",
}
