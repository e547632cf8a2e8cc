"""The live card: one message in the workflow's channel, edited in place, never ahead of the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from opsbot.app.approvals import pending_on
from opsbot.app.environment import Environment, policy_of
from opsbot.app.follow import PATIENCE_MS
from opsbot.app.kill_decision import undo_hint
from opsbot.app.ports import Chat, Delivery, Outbox, RetryLater
from opsbot.app.restore_decision import touched
from opsbot.app.sight import Sight, watched_end, watched_kill
from opsbot.app.target import held_with
from opsbot.app.words import KillView, ended_said, kill_said
from opsbot.domain.change import Record
from opsbot.domain.containment import Containment
from opsbot.domain.errors import UnknownKill
from opsbot.domain.kill import Kill
from opsbot.domain.policy import shown
from opsbot.domain.said import Said
from opsbot.domain.state import State

LIVE_S = 15.0
"""How long one delivery keeps the card live, an edit a second at most (Slack's own rate)."""

SLOW_S = 30.0
COUNTING_MS = 600_000
"""How long a settled card's counters go on, every half minute."""

Render = Callable[[Said], tuple[Sequence[Record], str]]


@dataclass(frozen=True, slots=True)
class Card:
    """The effect handler `card`. *channel* is used where no single workflow names its own."""

    env: Environment
    chat: Chat
    outbox: Outbox
    render: Render
    channel: str = ""
    _working: set[str] = field(default_factory=set)

    async def __call__(self, delivery: Delivery) -> None:
        """
        Post the card, or bring it up to date, while things move.

        Raises:
            RetryLater: it moves on, or another delivery is at work on it. GiveUp: from the port.
        """
        state = await self.env.store.refresh()
        try:
            kill = state.kill(str(delivery.effect.body["kill"]))
        except UnknownKill:
            return
        key = delivery.effect.key
        if key in self._working or not await self.outbox.claim(key, ttl_s=LIVE_S * 2):
            raise RetryLater("the card is being edited", after_s=1.0)
        self._working.add(key)
        try:
            await self._live(kill.id, key)
        finally:
            self._working.discard(key)

    async def _live(self, kill_id: str, key: str) -> None:
        end = self.env.clock.monotonic() + LIVE_S
        last = ""
        while True:
            state = self.env.store.state
            kill = state.kill(kill_id)
            channel = channel_of(kill, state) or self.channel
            if not channel:
                return None
            said, seen = await self.said(kill, state)
            if said.as_text() != last:
                await self._show(key, channel, said)
                last = said.as_text()
            if _settled(kill, seen):
                return self._slowly(kill, seen)
            if self.env.clock.monotonic() > end:
                return self._later(kill, seen)
            await self.env.clock.sleep(1.0)

    async def said(self, kill: Kill, state: State) -> tuple[Said, Containment | None]:
        """Return the card as of now, and the fleet it speaks of."""
        watched = watched_kill(kill) if kill.active else watched_end(kill)
        seen = await Sight(self.env.fleets, self.env.clock).now(watched, state.workflows())
        (reason,) = await self.env.unsealed(kill.reason)
        policy = policy_of(state)
        now_ms = seen.now_ms if seen is not None else self.env.clock.now_ms()
        view = KillView(
            kill=kill,
            env=self.env.name,
            containment=seen,
            workflows=state.workflows(),
            by=await self.env.named(kill),
            reason=reason,
            prefix=self.env.prefix,
            pending=pending_on(state, kill.id, now_ms),
            undo=undo_hint(touched(state, (kill,)), kill.mode),
            held=held_with(state, kill),
        )
        if kill.active:
            return kill_said(view), seen
        return ended_said(view, by=shown(policy, kill.ended_by)), seen

    async def _show(self, key: str, channel: str, said: Said) -> None:
        blocks, text = self.render(said)
        handle = await self.outbox.left(key)
        if handle is None:
            await self.outbox.leave(key, await self.chat.post(channel, blocks, text, key=key))
        else:
            await self.chat.update(handle, blocks, text)

    def _later(self, kill: Kill, seen: Containment | None) -> None:
        """Go on with a card that is not settled: an active one for a day, an ended one for a while."""
        since, patience = kill.committed_ms, PATIENCE_MS
        if kill.ended_ms is not None:
            since, patience = kill.ended_ms, COUNTING_MS
        if seen is None or seen.now_ms - since < patience:
            raise RetryLater("not settled yet", after_s=SLOW_S if kill.active else 5.0)

    def _slowly(self, kill: Kill, seen: Containment | None) -> None:
        if kill.active and seen is not None and seen.now_ms - kill.since_ms < COUNTING_MS:
            raise RetryLater("counting on", after_s=SLOW_S)


def channel_of(kill: Kill, state: State) -> str:
    """Return the channel of the one workflow that the kill names, empty for a wider one."""
    workflow = state.workflows().get(kill.scope.workflow or "")
    return workflow.slack_channel if workflow else ""


def _settled(kill: Kill, seen: Containment | None) -> bool:
    if seen is None or not seen.complete:
        return False
    return not kill.active or (kill.confirmed_ms is not None and kill.probes is not None)
