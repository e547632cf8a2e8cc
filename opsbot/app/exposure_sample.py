"""Once a minute, by one replica for all: add what the fleet's counters say was served since the last time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.exposure_port import Keep
from opsbot.app.ports import Outbox
from opsbot.domain.change import Record
from opsbot.domain.errors import Misconfigured
from opsbot.domain.fleet import Fleet
from opsbot.domain.served.served import sampled
from opsbot.domain.served.text import summary
from opsbot.domain.state import State
from opsflags import keys

LOOK_S: Final = 1.0
"""How often a replica looks whether a minute began."""

CLAIM: Final = "served"
CLAIM_S: Final = 15.0
"""For how long one replica counts while the others wait: it saves work, the sample's number keeps order."""


REST_S: Final = 60.0
"""For how long a replica leaves a store in peace that refuses to keep samples."""


@dataclass
class Sampler:
    """The duty. Nothing is left half done: whatever is read, one step of the store is all that is written."""

    env: Environment
    outbox: Outbox
    keep: Keep = field(default_factory=Keep)
    _rest_until_s: float = field(default=0.0, init=False)

    async def __call__(self) -> bool:
        """
        Take a sample where one is due and nobody else is at it; return whether it was added.

        Raises:
            StoreLost: the next run makes up for it, with one longer sample.
            Misconfigured: the store refuses to keep it; tried again in a minute.
        """
        history, now_s = self.env.served, self.env.clock.monotonic()
        if history is None or now_s < self._rest_until_s:
            return False
        head = await history.head()
        if not head.due or not await self.outbox.claim(CLAIM, ttl_s=CLAIM_S):
            return False
        basis = await history.basis()  # before the look: what is looked at must be later
        fleet, state = await self.env.fleets.look(), self.env.store.state
        sample = sampled(basis, fleet, state.workflows(), owners(state, fleet))
        if sample is None:
            return False
        if sample.over is not None:
            ended = await history.hours(sample.over, sample.over)
            sample = replace(sample, summary=summary(ended.get(sample.over, {})))
        try:
            return await history.add(sample, self.keep)
        except Misconfigured:
            self._rest_until_s = now_s + REST_S
            raise


def owners(state: State, fleet: Fleet) -> Mapping[str, str]:
    """
    Return the workflow of each kill whose ramp let a call through, by the kill's uid.

    Of a kill that names no workflow an instance says one sum for all that it serves: it is nobody's.
    """
    eased = {
        uid
        for one in fleet.instances
        if one.ack is not None
        for uid, told in one.ack.kills.items()
        if told.eased
    }
    return dict(_owned(state, eased)) if eased else {}


def _owned(state: State, uids: set[str]) -> Iterator[tuple[str, str]]:
    for record in (*state.kind(keys.KILLS).values(), *state.kind(keys.ENDED).values()):
        uid = str(record.get("uid", ""))
        if uid in uids and (workflow := _workflow(record)):
            yield uid, workflow


def _workflow(record: Record) -> str:
    scope = record.get("scope")
    named = scope.get("workflow") if isinstance(scope, Mapping) else None
    return named if isinstance(named, str) else ""
