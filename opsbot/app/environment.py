"""What the use cases of one environment share: its store, its fleet, time, chance, its names."""

from dataclasses import dataclass, field

from opsbot.app.exposure_port import ServedHistory
from opsbot.app.paper import Paper
from opsbot.app.ports import Clock, Entropy, Fleets, Store
from opsbot.domain.actor import Actor
from opsbot.domain.change import Sealed
from opsbot.domain.journal import opens, seal
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import Policy, from_record, identity_of, shown
from opsbot.domain.remembered import Remembered
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import person

ERASED, ALTERED = "(erased)", "(altered)"
"""What stands for free text that is no longer there, or is not what was committed to."""


@dataclass(frozen=True, slots=True)
class Environment:
    """
    One environment, `prod` or `dev`.

    *promise* is what the store vouches for (`fsynced on 1 node`, `on 2 nodes, not on disk`).
    *answer_within_s* is how long an
    answer waits for the fleet before it goes out with the true count so far, in seconds. *served* is
    the history of served calls, None where none is kept. *paper* is where the runbooks stand in print.
    """

    name: str
    store: Store
    fleets: Fleets
    clock: Clock
    entropy: Entropy
    promise: str = ""
    answer_within_s: float = 0.8
    served: ServedHistory | None = None
    paper: Paper = field(default_factory=Paper)

    def began(self, arrived_s: float | None) -> float:
        """
        Return from when on an answer's time counts, in monotonic seconds.

        *arrived_s* is when the command came in, None for a surface that does nothing before.
        """
        now_s = self.clock.monotonic()
        return now_s if arrived_s is None else min(arrived_s, now_s)

    def sealed(self, text: str) -> tuple[str, tuple[Sealed, ...]]:
        """Return the commitment to free text and what must be stored beside the chain for it."""
        if not text:
            return "", ()
        # A surrogate that stands alone can be said in JSON but not written.
        text = text.encode("utf-8", "replace").decode()
        one = seal(text, salt=self.entropy.token())
        return one.commitment, (one,)

    async def unsealed(self, *commitments: str) -> tuple[str, ...]:
        """
        Return free texts in order; empty for none, `(erased)` for one that was erased.

        `(altered)` stands for one that is not what was committed to: nobody's words are shown as
        somebody's.
        """
        kept = await self.store.texts([one for one in commitments if one])
        return tuple("" if not one else _text(kept.get(one)) for one in commitments)

    async def named(self, kill: Kill) -> str:
        """
        Return how people call who killed.

        What an emergency credential claims to be is said to be a claim. Somebody whom the policy
        does not know goes by the name that Slack gave at the time, with the id that says who.
        """
        by = shown(policy_of(self.store.state), kill.actor)
        (kept,) = await self.unsealed(kill.actor_name)
        name, (kind, _, account) = inert(kept, limit=80), kill.actor.partition(":")
        if kind == "slack":
            known = name not in ("", ERASED, ALTERED)
            return f"{name}, outside the policy ({person(account)})" if known else by
        return f"{by}, who claims to be \u201c{name}\u201d" if name else by


def _text(kept: Sealed | None) -> str:
    if kept is None:
        return ERASED
    return kept.text if opens(kept) else ALTERED


def policy_of(state: State) -> Policy:
    """Return the policy in force; a stand-in that lets nobody restore while none was loaded."""
    record = state.setting("policy")
    return _policy(record) if record else Policy(broken=True)


_policy = Remembered(from_record)


def who(state: State, actor: Actor) -> str:
    """Return how people call an actor, for the screen: a declared name, else the id."""
    return shown(policy_of(state), identity_of(policy_of(state), actor))
