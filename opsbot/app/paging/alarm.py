"""The alarm that PagerDuty refuses the key: told to the administrators once, not at every attempt."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.ports import Chat, GiveUp, Outbox, Render, RetryLater
from opsbot.app.reach import holders, slack_ids, tell_each
from opsbot.domain.said import Said

KEPT: Final = "pager:refused"
KEPT_S: Final = 24 * 3600.0
"""How long one alarm counts, in seconds: a key that is refused for days is said once a day."""

CLAIM_S: Final = 30.0
OVER_S: Final = 0.001

REFUSED: Final = Said(
    "red",
    "PagerDuty refuses opsbot's key: nobody is paged",
    (
        "Pages wait and go out once the key is right; until then people have to be called by hand.",
        "Whoever runs opsbot puts a valid key into `OPSBOT_PAGERDUTY_API_KEY`.",
        "`opsbot doctor pagerduty` says whether it is.",
    ),
)


@dataclass(frozen=True, slots=True)
class PagerAlarm:
    """What is known of one refusal is kept in the store, so that replicas do not tell it each."""

    env: Environment
    outbox: Outbox
    chat: Chat
    render: Render
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def refused(self) -> None:
        """
        Tell every administrator, unless it was told since the key last worked.

        What cannot be told now is told at the next attempt: a page waits and is tried again.

        Raises:
            StoreLost: the next attempt tells it.
        """
        async with self._one:
            if not await self.outbox.claim(KEPT, ttl_s=CLAIM_S):
                return
            known = await self.outbox.left(KEPT)
            if known is None:
                known = {"key": self.env.entropy.token(), "told": False}
                await self.outbox.leave(KEPT, known, ttl_s=KEPT_S)
            if known["told"]:
                return
            policy = policy_of(self.env.store.state)
            people = slack_ids(policy, holders(policy, "admin"))
            try:
                await tell_each(
                    self.chat, people, self.render(REFUSED), key=f"{KEPT}:{known['key']}"
                )
            except RetryLater:
                return
            except GiveUp:
                pass  # who was reached is told, and trying again reaches nobody else
            await self.outbox.leave(KEPT, {**known, "told": True}, ttl_s=KEPT_S)

    async def accepted(self) -> None:
        """Forget a refusal: the key works, and the next refusal is another one. Raises StoreLost."""
        if await self.outbox.left(KEPT) is not None:
            await self.outbox.leave(KEPT, {"key": "", "told": True}, ttl_s=OVER_S)
