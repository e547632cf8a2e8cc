"""The effect handler `comms_publish`: one message to one target, in order, exactly once, its result committed."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Final

from opsbot.app.comms.change import beside, changed
from opsbot.app.comms.effects import cards, publish
from opsbot.app.comms.exact import exact
from opsbot.app.comms.first_word import first_told
from opsbot.app.comms.order import PATIENCE_MS, first_due, newer_there, too_late, unseen
from opsbot.app.comms.port import Impact, Post, Posted, Publishers
from opsbot.app.comms.read import rendered_of
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.targets.chosen import fits
from opsbot.app.deliver import GIVE_UP_AFTER, UNEXPECTED
from opsbot.app.environment import Environment
from opsbot.app.fleet.words import clock
from opsbot.app.one_at_a_time import OneAtATime
from opsbot.app.ports import Delivery, GiveUp, Outbox, RetryLater
from opsbot.app.taken import taken
from opsbot.domain.actor import OUTBOX
from opsbot.domain.change import Change, Record, Write
from opsbot.domain.comms.message import Message, Sent, SentState
from opsbot.domain.comms.settings import IN_APP, STATUS_PAGE
from opsbot.domain.comms.templates import Rendered
from opsbot.domain.comms.told import as_record
from opsbot.domain.errors import StoreLost, UnknownMessage
from opsbot.domain.incident.incident import Incident
from opsbot.domain.records import mapped
from opsbot.domain.state import COMMS, State

ORDER_S: Final = 1.0
"""How soon a message looks again whether the one before it has come to its target."""

AT_ONCE: Final = 6
"""Targets that one replica writes to at a time: places that do not answer leave room for cards and calls."""

_WAITS_S: Final = (1.0, 2.0, 5.0, 10.0, 20.0)
AGAIN_S: Final = 30.0

MOST_UNSEEN: Final = 5
"""Messages that were given up at a target and are looked for there before another one begins its incident."""

_IMPACT: Final[Mapping[str, Impact]] = {
    "SEV1": "critical",
    "SEV2": "major",
    "SEV3": "minor",
    "SEV4": "none",
}


Become = Callable[[Sent, int], Sent]
"""From how far a target was to how far it is, at a moment on the server's clock."""


@dataclass(frozen=True, slots=True)
class Way:
    """One message on its way to one target, as both are now."""

    message: Message
    incident: Incident
    target: str

    @property
    def sent(self) -> Sent:
        """Return how far it is."""
        return self.message.sent[self.target]


@dataclass(frozen=True, slots=True)
class PublishTo:
    """
    The effect handler.

    One target of one incident takes one message at a time, in the order in which they were let go:
    nobody reads that it is over before they read that it began.
    """

    env: Environment
    outbox: Outbox
    publishers: Publishers
    _alone: OneAtATime = field(init=False)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _clients: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def __post_init__(self) -> None:
        object.__setattr__(self, "_alone", OneAtATime(self.outbox))

    async def __call__(self, delivery: Delivery) -> None:
        """
        Bring it there, and commit what came of it.

        Raises:
            RetryLater: it is tried again, until an hour is over. StoreLost: it is delivered again.
        """
        way = _way(await self.env.store.refresh(), delivery)
        if way is None:
            return
        async with self._turn(way):
            state = await self.env.store.refresh()
            way = _way(state, delivery)
            if way is None:
                return
            if before := first_due(state, way.message, way.target):
                raise RetryLater(f"{before} goes first", after_s=ORDER_S)
            if newer := newer_there(state, way.message, way.target):
                await self._note(delivery, way, "skipped", f"{newer} stands there in its place")
                return
            if too_late(way.message, way.target, self.env.clock.now_ms()):
                await self._note(delivery, way, "failed", _late(delivery, way))
                return
            await self._sent(delivery, way)

    @asynccontextmanager
    async def _turn(self, way: Way) -> AsyncGenerator[None]:
        """
        Hold one of the places for targets outside, and the target itself.

        In the clients all is commits, each under a request id of its own: what two replicas do there at
        once is done once, so that nobody waits for one that died. They have few places all the same, as
        they go the way of kills, which wait for no message.

        Raises:
            RetryLater: all are taken, or another replica is at work there.
        """
        rooms = {IN_APP: self._clients, STATUS_PAGE: None}
        room = rooms.get(way.target, self._room)
        if room is not None and room.locked():
            raise RetryLater("other targets are written to first", after_s=ORDER_S)
        key = f"comms:{way.incident.uid}:{way.target}"
        alone = nullcontext() if way.target == IN_APP else self._alone.on(key)
        async with room or nullcontext(), alone:
            yield

    async def _sent(self, delivery: Delivery, way: Way) -> None:
        try:
            posted = await self._posted(delivery, way)
        except GiveUp as no:
            await self._note(delivery, way, "failed", str(no))
        except RetryLater as later:
            await self._again(delivery, way, later)
        except StoreLost:
            raise
        except Exception:
            # The worker logs it and tries again; while it does, nobody is told that it is there, and
            # once it does no more, the next message is not kept waiting.
            over = delivery.attempt >= GIVE_UP_AFTER
            await self._note(delivery, way, "failed" if over else "unsure", UNEXPECTED)
            raise
        else:
            await self._done(delivery, way, posted)

    async def _posted(self, delivery: Delivery, way: Way) -> Posted:
        state = self.env.store.state
        post = await self._post(state, way)
        attempt = max(delivery.attempt, 2) if _tried(delivery, way) else delivery.attempt
        return await self.publishers.to(way.target).publish(post, attempt=attempt)

    async def _post(self, state: State, way: Way) -> Post:
        """
        Return the message as it was approved.

        Raises:
            GiveUp: its words were erased meanwhile, or are not those that were approved. StoreLost.
        """
        message = way.message
        settings = settings_of(state)
        kept_from_all = settings.target(way.target) and not fits(
            settings, way.target, message.audience
        )
        if kept_from_all:
            raise GiveUp(f"it is read by everybody now, and this is for {message.audience}")
        rendered = await rendered_of(self.env, message)
        if exact(message, rendered) != message.sha:
            raise GiveUp("its words were erased, or are not those that were let go")
        post = _made(state, way, rendered)
        return post if post.thread else replace(post, unseen=await self._unseen(state, way))

    async def _unseen(self, state: State, way: Way) -> tuple[Post, ...]:
        """Return what was given up there before, save what was erased meanwhile. Raises StoreLost."""
        found = []
        for one in unseen(state, way.message, way.target)[:MOST_UNSEEN]:
            rendered = await rendered_of(self.env, one)
            if exact(one, rendered) == one.sha:
                found.append(_made(state, replace(way, message=one), rendered))
        return tuple(found)

    async def _again(self, delivery: Delivery, way: Way, later: RetryLater) -> None:
        """
        Note that nobody knows whether it came there, once; after an hour, that it failed.

        Raises:
            RetryLater: while there is time.
        """
        begun_ms = way.sent.at_ms or way.message.published_ms or 0
        if self.env.clock.now_ms() - begun_ms >= PATIENCE_MS:
            why = f"{later}; not tried any more after an hour, and it may be there: look before [Retry]"
            await self._note(delivery, way, "failed", why)
            return
        if way.sent.state == "due":
            await self._note(delivery, way, "unsure", f"{later}; it is tried again by itself")
        usual = _WAITS_S[delivery.attempt - 1] if delivery.attempt <= len(_WAITS_S) else AGAIN_S
        raise RetryLater(str(later), after_s=later.after_s or usual) from later

    async def _note(self, delivery: Delivery, way: Way, state: SentState, detail: str) -> None:
        def with_detail(sent: Sent, now_ms: int) -> Sent:
            # What is not settled keeps since when it is tried: an hour is an hour.
            at_ms = sent.at_ms if state == "unsure" else now_ms
            return replace(sent, state=state, detail=detail, at_ms=at_ms)

        await self._commit(delivery, way, with_detail, how=state)

    async def _done(self, delivery: Delivery, way: Way, posted: Posted) -> None:
        def arrived(sent: Sent, now_ms: int) -> Sent:
            return Sent(
                "done",
                posted.detail,
                now_ms,
                sent.tries,
                posted.url,
                posted.handle,
                posted.confirmed,
                posted.expected,
            )

        await self._commit(delivery, way, arrived, how="done", thread=posted.thread)

    async def _commit(
        self,
        delivery: Delivery,
        way: Way,
        become: Become,
        *,
        how: str,
        thread: Record | None = None,
    ) -> None:
        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = _way(state, delivery)
            if now is None:
                return None, None
            sent = become(now.sent, now_ms)
            after = replace(now.message, sent={**now.message.sent, now.target: sent})
            change, after = changed(
                state,
                after,
                OUTBOX,
                verb="comms_sent",
                facts={"target": now.target, "state": sent.state},
            )
            place = _placed(state, now, thread or {})
            more = Change("comms_sent", OUTBOX, place, effects=cards(after, now.incident))
            return beside(change, more, first_told(state, now_ms, after, sent)), None

        await self.env.store.commit(f"{delivery.effect.key}:{how}", decide)


def _way(state: State, delivery: Delivery) -> Way | None:
    """Return what a delivery is about, None where it is done or another try has begun."""
    body = delivery.effect.body
    target = str(body.get("target", ""))
    try:
        message = state.message(str(body.get("message")))
    except UnknownMessage:
        return None
    sent = message.sent.get(target)
    if sent is None or sent.state not in ("due", "unsure"):
        return None
    if publish(message, target).key != delivery.effect.key:
        return None
    return Way(message, state.incident(message.incident), target)


def _made(state: State, way: Way, rendered: Rendered) -> Post:
    """Return a message as its target takes it."""
    message, incident, settings = way.message, way.incident, settings_of(state)
    comms, declared = state.comms(incident.id), state.workflows()
    known = [name for name in message.workflows if name in declared]
    kills = [one for one in state.active_kills() if one.id in incident.kills]
    return Post(
        key=f"opsbot-{message.uid}",
        message=message.id,
        incident=f"opsbot-{incident.uid}",
        audience=message.audience,
        stage=message.stage,
        impact=_IMPACT.get(message.severity, "none"),
        headline=rendered.headline,
        texts=rendered.texts,
        at_ms=message.published_ms or 0,
        next_ms=message.next_ms,
        components={name: settings.public.get(name) or declared[name].title for name in known},
        thread=comms.places.get(way.target, {}),
        corrects=_corrected(state, way),
        stays_off=message.stays_off,
        others=tuple(_others(state, way)),
        taken={name: taken(declared[name], kills) for name in known},
    )


def _tried(delivery: Delivery, way: Way) -> bool:
    """Return whether it may have come there before: an attempt of another delivery counts as well."""
    again = delivery.effect.body.get("again") is True
    return delivery.attempt > 1 or way.sent.state == "unsure" or again


def _late(delivery: Delivery, way: Way) -> str:
    """Return why a message is not sent any more: its words would not be so when they are read."""
    by = clock(way.message.next_ms or 0)
    why = f"not sent any more: it promises the next update by {by}, and that has passed"
    return f"{why}; it may be there: look" if _tried(delivery, way) else why


def _placed(state: State, way: Way, thread: Record) -> tuple[Write, ...]:
    comms = state.comms(way.incident.id)
    if not thread or comms.places.get(way.target) == thread:
        return ()
    after = replace(comms, places={**comms.places, way.target: thread})
    return (Write(COMMS, after.incident, as_record(after)),)


def _others(state: State, way: Way) -> Iterator[Record]:
    """Yield what other messages, of any incident, left at a target: none of it is this one."""
    for one in state.messages():
        sent = one.sent.get(way.target)
        if one.id != way.message.id and sent is not None and sent.handle:
            yield mapped(sent.handle)


def _corrected(state: State, way: Way) -> Record:
    if not way.message.corrects:
        return {}
    before = state.message(way.message.corrects).sent.get(way.target)
    return {} if before is None else mapped(before.handle)
