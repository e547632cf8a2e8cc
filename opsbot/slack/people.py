"""Who clicked: the account behind a payload's user id, as Slack describes it, for a minute at most."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.app.ports import Clock
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed
from opsbot.slack.inbound import Invocation

log = structlog.get_logger(__name__)
FRESH_S: Final = 60.0
QUICK_S: Final = 0.4
"""How long a kill waits for Slack to describe an account; it happens without, then."""
SURE_S: Final = 4.5
"""How long whoever restarts something waits for it: refused is worse than late for them."""
MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class Account:
    """
    What Slack says of an account; *at_s* is when, on the monotonic clock.

    *gone*: it is deactivated. *stranger*: it is only met in shared channels.
    """

    name: str
    team: str
    guest: bool
    bot: bool
    at_s: float = 0.0
    gone: bool = False
    stranger: bool = False


class People:
    """
    Accounts by user id, asked from `users.info`.

    A kill and a look go ahead when Slack does not answer: what was known before counts, else the
    account passes as a full member of the workspace that the payload names, because stopping must
    work on a bad day. Whatever restarts something is refused without a fresh answer.
    """

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, Account] = {}

    async def actor(self, act: Invocation, *, sure: bool) -> Actor:
        """
        Return the actor; *sure* asks Slack anew.

        Raises:
            NotAllowed: *sure*, and Slack did not say in time who this is.
        """
        account = self._known.get(act.user)
        age_s = self._clock.monotonic() - account.at_s if account else FRESH_S
        if sure or age_s >= FRESH_S:
            account = await self._ask(act.user, SURE_S if sure else QUICK_S) or (
                None if sure else account
            )
        if account is None and sure:
            raise NotAllowed(
                "Slack did not say in time who you are; nothing was changed.",
                rule="identity-unknown",
                hint="Try again, or type the same words in a terminal after `opsbot`."
                " Kills, holds, and a rollback to the last good revision do not wait for it.",
            )
        return Actor(
            kind="slack",
            id=act.user,
            via="slack",
            name=account.name if account and account.name else act.user_name,
            team=account.team if account and account.team else act.team,
            guest=account.guest if account else False,
            bot=account.bot if account else False,
        )

    async def _ask(self, user: str, within_s: float) -> Account | None:
        if not user:
            return None
        try:
            async with asyncio.timeout(within_s):
                answer = await self._client.users_info(user=user)
        except (TimeoutError, SlackApiError, aiohttp.ClientError, OSError) as error:
            log.warning("slack_account_unknown", user=user, error=repr(error))
            return None
        found = answer.get("user")
        account = account_of(found if isinstance(found, Mapping) else {}, self._clock.monotonic())
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[user] = account
        return account


def account_of(user: Mapping[str, object], at_s: float = 0.0) -> Account:
    """Return an account as Slack describes it."""
    profile = user.get("profile")
    names = profile if isinstance(profile, Mapping) else {}
    name = names.get("display_name") or user.get("real_name") or user.get("name") or ""
    return Account(
        name=str(name),
        team=str(user.get("team_id") or ""),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        bot=bool(user.get("is_bot") or user.get("is_workflow_bot")),
        at_s=at_s,
        gone=bool(user.get("deleted")),
        stranger=bool(user.get("is_stranger")),
    )
