"""Who is on call: read once a minute by one replica for all, and asked without waiting for anybody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.open import settings_of
from opsbot.app.paging.port import Duty, Paging
from opsbot.app.ports import GiveUp, Outbox, RetryLater
from opsbot.domain.actor import Actor
from opsbot.domain.roster import OnDuty, Roster, as_record, from_record, policies_of
from opsbot.domain.state import State

READ_EVERY_MS = 60_000
"""How old the roster may become before one replica reads it anew."""

PHONES_EVERY_MS = 3_600_000

CLAIM_S = 30.0
"""For how long one replica reads while the others wait; longer than the slowest answer."""

KEPT = "oncall:roster"


@dataclass
class OnCall:
    """
    The roster of one replica; *paging* is None where no PagerDuty is connected.

    Nothing here is on the way of a kill: what is asked is what was last read, with its age.
    """

    env: Environment
    outbox: Outbox
    paging: Paging | None = None
    trouble: str = field(default="", init=False)
    _roster: Roster | None = field(default=None, init=False)
    _phones: Mapping[str, tuple[str, ...]] = field(default_factory=dict, init=False)
    _phones_ms: int | None = field(default=None, init=False)

    @property
    def roster(self) -> Roster | None:
        """Return what was last read, None before the first time."""
        return self._roster

    def present(self, actor: Actor) -> Actor:
        """Return *actor* with the escalation policies that they are the first to be called for now."""
        state, now_ms = self.env.store.state, self.env.clock.now_ms()
        return replace(actor, on_call=policies_of(self._roster, policy_of(state), actor, now_ms))

    async def refresh(self) -> None:
        """
        Take over what another replica read, or read it where that is a minute old.

        What cannot be read now stays as it is and grows old.

        Raises:
            StoreLost: the next tick tries again.
        """
        if self.paging is None:
            return
        await self.recall()
        if self._due() and await self.outbox.claim(KEPT, ttl_s=CLAIM_S):
            await self._read(self.paging)

    async def recall(self) -> None:
        """
        Take over what was last read, by whomever: one that has just started knows it at once.

        Raises:
            StoreLost: it stays as it was.
        """
        kept = await self.outbox.left(KEPT)
        if kept is not None:
            self._take(from_record(kept))

    def _due(self) -> bool:
        """Return whether it has grown old, or a duty in it has ended since."""
        if self._roster is None:
            return True
        now_ms = self.env.clock.now_ms()
        if self._roster.ahead(now_ms):
            return True
        ended = any(
            one.until_ms is not None and self._roster.read_ms < one.until_ms <= now_ms
            for one in self._roster.duties
        )
        return ended or self._roster.age_ms(now_ms) >= READ_EVERY_MS

    async def _read(self, paging: Paging) -> None:
        policies = sorted(asked_about(self.env.store.state))
        read_ms = self.env.clock.now_ms()
        try:
            duties = await paging.on_call(policies) if policies else ()
            await self._read_phones(paging, read_ms)
        except (RetryLater, GiveUp) as error:
            self.trouble = str(error)
            return
        self.trouble = ""
        roster = Roster(read_ms, tuple(self._on_duty(one) for one in duties))
        await self.outbox.leave(KEPT, as_record(roster))
        self._take(roster)

    async def _read_phones(self, paging: Paging, now_ms: int) -> None:
        """Read everybody's numbers once an hour: they are many, and seldom change."""
        if self._phones_ms is None or now_ms - self._phones_ms >= PHONES_EVERY_MS:
            self._phones = {one.id: one.phones for one in await paging.people()}
            self._phones_ms = now_ms

    def _on_duty(self, duty: Duty) -> OnDuty:
        return OnDuty(
            policy=duty.policy,
            level=duty.level,
            pager=duty.person.id,
            name=duty.person.name,
            email=duty.person.email,
            phones=duty.person.phones or self._phones.get(duty.person.id, ()),
            until_ms=duty.until_ms,
        )

    def _take(self, roster: Roster) -> None:
        """
        Keep the newer of two: a slow answer of one replica does not undo another's.

        One from the future is newer than none: it would keep out every true one until then.
        """
        now_ms, held = self.env.clock.now_ms(), self._roster
        if held is None or _rank(roster, now_ms) >= _rank(held, now_ms):
            self._roster = roster


def _rank(roster: Roster, now_ms: int) -> tuple[bool, int]:
    return (not roster.ahead(now_ms), roster.read_ms)


def asked_about(state: State) -> frozenset[str]:
    """Return every escalation policy that a role, a workflow or the settings name."""
    return frozenset(_named(state))


def policy_of_workflow(state: State, workflow: str) -> str:
    """Return the escalation policy that is called for a workflow, empty where none is named."""
    declared = state.workflows().get(workflow)
    pager = {} if declared is None else declared.extra.get("pagerduty")
    own = pager.get("escalation_policy") if isinstance(pager, Mapping) else None
    return str(own) if own else settings_of(state).escalation_policy


def _named(state: State) -> Iterator[str]:
    for grant in policy_of(state).grants:
        yield from grant.on_call
    for name in state.workflows():
        if named := policy_of_workflow(state, name):
            yield named
    if usual := settings_of(state).escalation_policy:
        yield usual
