"""A stand-in for the policy while no good one was ever read: named people may still stop everything."""

from dataclasses import dataclass

from opsbot.app.ports import Store
from opsbot.domain.actor import DECLARATIONS
from opsbot.domain.change import Change, Write
from opsbot.domain.policy.records import as_record
from opsbot.domain.policy.rules import Fallback, without_policy
from opsbot.domain.state import SETTINGS, State


@dataclass(frozen=True, slots=True)
class StandIn:
    """
    The duty of a start without a good policy.

    *killers* are Slack ids or e-mails that may kill, and only kill; *teams* the home workspaces.
    """

    store: Store
    killers: frozenset[str]
    teams: frozenset[str]

    async def __call__(self) -> bool:
        """
        Commit the stand-in unless some policy is in force; return whether it was needed.

        Raises:
            StoreLost: it is not known whether it is stored.
        """
        policy = without_policy(Fallback(ids=self.killers), teams=self.teams)

        def decide(state: State, now_ms: int) -> tuple[Change | None, bool]:
            if state.setting("policy") or not self.killers:
                return None, False
            change = Change(
                verb="stand_in_policy",
                actor=DECLARATIONS,
                writes=(Write(SETTINGS, "policy", as_record(policy)),),
                rule="no-policy",
            )
            return change, True

        _, needed = await self.store.commit("stand-in-policy", decide)
        return needed
