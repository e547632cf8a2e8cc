"""The live card: one message in the workflow's channel, edited in place, never ahead of the truth."""

from dataclasses import dataclass, field, replace

from opsbot.app.approvals import pending_on
from opsbot.app.ended_words import ended_said
from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.sight import Sight, watched_end, watched_kill
from opsbot.app.follow import PATIENCE_MS
from opsbot.app.incident.links import untied
from opsbot.app.incident.named import beside
from opsbot.app.kill.decision import undo_hint
from opsbot.app.kill.names import led
from opsbot.app.ports import Chat, Delivery, Outbox, Render, RetryLater
from opsbot.app.reason_words import further_lines
from opsbot.app.target import held_with, struck_by, touched
from opsbot.app.words import KillView, kill_said
from opsbot.domain.containment import Containment
from opsbot.domain.errors import Gone, UnknownKill
from opsbot.domain.fleet import ALIVE_MS
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Said
from opsbot.domain.state import State

LIVE_S = 15.0
"""How long one delivery keeps the card live."""

LOOK_S = 0.1
"""How often a live card looks at the fleet."""

FIRST_S = 0.3
"""
How long a new card waits for the proof: before it is posted, and again before its first edit. Usually
one message says it all, and while fifty commands wait for their answers their cards do not stand in the way.
"""

EDIT_S = 1.0
"""Least time between two edits (Slack's own rate); who is newly missing is named without waiting."""

SLOW_S = 30.0
COUNTING_MS = 600_000
"""How long a settled card's counters go on, every half minute."""


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
        if not kill.active and await self._closed(kill, key):
            return
        if key in self._working or not await self.outbox.claim(key, ttl_s=LIVE_S * 2):
            raise RetryLater("the card is being edited", after_s=1.0)
        self._working.add(key)
        try:
            await self._live(kill.id, key)
        finally:
            self._working.discard(key)

    async def _live(self, kill_id: str, key: str) -> None:
        began = self.env.clock.monotonic()
        shown = _Shown(edit_at=began + self._young_s(self.env.store.state.kill(kill_id)))
        while True:
            state = self.env.store.state
            kill = state.kill(kill_id)
            channel = channel_of(kill, state) or self.channel
            if not channel:
                return None
            seen = await self._seen(kill, state)
            now, settled, new = self.env.clock.monotonic(), _settled(kill, seen), not shown.text
            if settled or shown.is_due(state, seen, now):
                said = await self.said(kill, state, seen)
                if shown.differs(said.as_text(), _gone(seen), now):
                    await self._show(key, channel, said)
            if settled:
                await self._close(kill, key)
                return self._slowly(kill, seen)
            if now > began + LIVE_S:
                return self._later(kill, seen)
            await self._pause(kill, seen, for_s=FIRST_S if new and kill.active else LOOK_S)

    def _young_s(self, kill: Kill) -> float:
        """Return the seconds in which a kill is so young that its card may wait for the proof."""
        if not kill.active or kill.probes is not None:
            return 0.0
        age_s = (self.env.clock.now_ms() - kill.committed_ms) / 1000
        return min(max(FIRST_S - age_s, 0.0), FIRST_S)

    async def _pause(self, kill: Kill, seen: Containment | None, *, for_s: float) -> None:
        """
        Wait *for_s* seconds before the next look, less where the news is sooner.

        Fifty cards at once would keep the bot from answering. What ends the wait costs no look:
        the follow-up commits what it finds, and when somebody falls silent can be foreseen.
        """
        clock, store = self.env.clock, self.env.store
        ends = clock.monotonic() + min(for_s, _quiet_s(seen))
        while (left := ends - clock.monotonic()) > 0:
            await clock.sleep(min(LOOK_S, left))
            now = store.state.kill(kill.id)
            if now.probes is not None or now.at != kill.at or now.ended != kill.ended:
                return

    async def _seen(self, kill: Kill, state: State) -> Containment | None:
        watched = watched_kill(kill, led(state, kill)) if kill.active else watched_end(kill)
        return await Sight(self.env.fleets, self.env.clock).now(watched, state.workflows())

    async def said(self, kill: Kill, state: State, seen: Containment | None) -> Said:
        """Return the card as of the moment at which the fleet was *seen*."""
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
            pending=pending_on(state, kill.id, now_ms),
            undo=undo_hint(touched(state, (kill,)), kill.mode),
            held=held_with(state, kill) if kill.active else held_then(state, kill),
            led=led(state, kill),
            further=await further_lines(self.env, kill),
            untied=untied(state, kill.id),
            beside=beside(state, kill.id) if kill.active else (),
        )
        return kill_said(view) if kill.active else ended_said(view, by=shown(policy, kill.ended_by))

    async def put(self, key: str, channel: str, said: Said) -> None:
        """
        Post or edit one card of another kind, one delivery at a time.

        Raises:
            RetryLater: another delivery is at work on it. GiveUp: from the port.
        """
        if key in self._working or not await self.outbox.claim(key, ttl_s=LIVE_S):
            raise RetryLater("the card is being edited", after_s=1.0)
        self._working.add(key)
        try:
            await self._show(key, channel, said)
        finally:
            self._working.discard(key)

    async def _show(self, key: str, channel: str, said: Said) -> None:
        """
        Edit the card, or post it: the first time, and again where somebody deleted it.

        What follows a deleted card is posted under a key of its own, made from the place of the
        deleted one: whoever tries again after a crash finds it by that key, and there is never a second.
        """
        blocks, text = self.render(said)
        handle, post_key = await self.outbox.left(key), key
        if handle is not None:
            try:
                return await self.chat.update(handle, blocks, text)
            except Gone:
                post_key = f"{key}:after:{handle.get('ts')}"
        await self.outbox.leave(key, await self.chat.post(channel, blocks, text, key=post_key))
        return None

    async def _close(self, kill: Kill, key: str) -> None:
        """Note that the card of an ended kill says its last: what comes later is not its story."""
        handle = await self.outbox.left(key)
        if kill.ended is not None and handle is not None:
            await self.outbox.leave(key, {**handle, "ended": kill.ended.as_json()})

    async def _closed(self, kill: Kill, key: str) -> bool:
        handle = await self.outbox.left(key)
        return kill.ended is not None and (handle or {}).get("ended") == kill.ended.as_json()

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


@dataclass(slots=True)
class _Shown:
    """What one delivery showed last, when it may be edited again, and what it was made from."""

    edit_at: float
    text: str = ""
    named: frozenset[str] = frozenset()
    made_from: tuple[str, Containment | None] | None = None
    made_at: float = 0.0

    def is_due(self, state: State, seen: Containment | None, now: float) -> bool:
        """
        Return whether to make the card anew: at once for who is newly missing, else not before its time.

        While nothing moves it is made once a second, for what only time changes: its words are
        read from the store, and live cards are many when it matters.
        """
        of = (state.head, None if seen is None else replace(seen, now_ms=0))
        moved = of != self.made_from or now >= self.made_at + EDIT_S
        if not moved or (now < self.edit_at and _gone(seen) <= self.named):
            return False
        self.made_from, self.made_at = of, now
        return True

    def differs(self, text: str, gone: frozenset[str], now: float) -> bool:
        """Note what is to be shown; return whether it is not what is shown."""
        if text == self.text:
            return False
        self.text, self.named, self.edit_at = text, gone, now + EDIT_S
        return True


def channel_of(kill: Kill, state: State) -> str:
    """Return the channel of the one workflow that the kill names, empty for a wider one."""
    workflow = state.workflows().get(kill.scope.workflow or "")
    return workflow.slack_channel if workflow else ""


def held_then(state: State, kill: Kill) -> tuple[Kill, ...]:
    """Return what went on holding the same when a kill ended; later kills are no part of its card."""
    ended, at_ms = kill.ended, kill.ended_ms
    if ended is None or at_ms is None:
        return ()
    struck = {one.name for one in struck_by(kill.scope, state.workflows())}
    return tuple(
        other
        for other in (*state.active_kills(), *state.ended_after(ended))
        if (other.since_ms < at_ms or other.at < ended)
        and not struck.isdisjoint(one.name for one in touched(state, (other,)))
    )


def _gone(seen: Containment | None) -> frozenset[str]:
    """Return who was called silent, expired or deaf to the change."""
    if seen is None:
        return frozenset()
    return frozenset((*(one.id for one in (*seen.silent, *seen.expired)), *seen.rejected))


def _quiet_s(seen: Containment | None) -> float:
    """Return the seconds until the first of those who are missing is called silent."""
    if seen is None:
        return LOOK_S
    waited_for = (one.seen_ms + ALIVE_MS - seen.now_ms for one in (*seen.lagging, *seen.ahead))
    return max(min(waited_for, default=ALIVE_MS) / 1000, LOOK_S)


def _settled(kill: Kill, seen: Containment | None) -> bool:
    if seen is None or not seen.complete:
        return False
    return not kill.active or (kill.confirmed_ms is not None and kill.probes is not None)
