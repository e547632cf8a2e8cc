"""The steps of an incident outside: each done by a handler of its own, each result committed, none stops another."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from opsbot.app.environment import Environment
from opsbot.app.incident.change import Amend, changed
from opsbot.app.incident.effects import step as effect_of
from opsbot.app.one_at_a_time import OneAtATime
from opsbot.app.ports import Delivery, GiveUp, Handler, Outbox, RetryLater
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.errors import UnknownIncident
from opsbot.domain.incident.incident import STEPS, Incident, Room, Step, StepName
from opsbot.domain.state import State

WORKER: Final = Actor(kind="system", id="outbox", via="timer")
"""Whose name the results of our own work outside stand under."""

WAITS: Final = 10
WAIT_S: Final = 0.5
"""How often, and how many seconds each time, a step waits for the one that it would rather follow."""

TRIED: Final = 5
"""Failed attempts after which a step is shown as failed; it is tried on all the same."""

AGAIN_S: Final = 30.0
MOST_TRIES: Final = 120
"""How often a failed step is tried on by itself, once in so many seconds: an hour."""

TRYING: Final = "it is tried again by itself"
NO_ROOM: Final = "it has no channel of its own"

_IN_ROOM: Final[tuple[StepName, ...]] = ("topic", "bookmarks", "invite")
_WAITING: Final[tuple[StepName, ...]] = ("bookmarks", "announce", "card")


class Wait(RetryLater):
    """It waits for another step; nothing was tried yet."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, after_s=WAIT_S)


@dataclass(frozen=True, slots=True)
class Due:
    """One step to do: its incident as it is now, and how often it was handed out, from 1."""

    incident: Incident
    name: StepName
    attempt: int

    @property
    def may_wait(self) -> bool:
        """Return whether it may still raise `Wait`."""
        return self.attempt <= WAITS

    def settled(self, name: StepName) -> bool:
        """Return whether another step has come to an end, of whatever kind."""
        other = self.incident.steps.get(name)
        return other is None or other.state != "due"


def patient(later: RetryLater, attempt: int) -> RetryLater:
    """Return when to try again what keeps Slack up to date: an outage of an hour ends in no dead letter."""
    if later.after_s is not None or not TRIED <= attempt < MOST_TRIES:
        return later
    return RetryLater(str(later), after_s=AGAIN_S)


def homeless(incident: Incident) -> Incident:
    """Return an incident that left its channel: what it needs there is due with the next one."""
    for name in _IN_ROOM:
        step = incident.steps.get(name)
        if step is not None:
            incident = incident.stepped(name, replace(step, state="skipped", detail=NO_ROOM))
    return replace(incident, room=Room())


def same(incident: Incident) -> Incident:
    """Return an incident of which a step learned nothing."""
    return incident


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a step came to.

    *detail* says in our words why it failed or was skipped. *amend* is what the incident learned by
    it (its channel, its page); it is called again on a newer incident when somebody else was first.
    """

    state: Literal["done", "failed", "skipped"]
    detail: str = ""
    amend: Amend = same


StepHandler = Callable[[Due], Awaitable[Outcome]]
"""
Does one step, idempotent: it may be called again after a crash.

Raises:
    RetryLater: not now; `Wait` where nothing was tried yet. GiveUp: never, with the reason in words.
"""


@dataclass(frozen=True, slots=True)
class IncidentSteps:
    """
    The effect handler `incident_step`.

    *handlers* do the steps whose results are committed here; *others* take a whole delivery, and
    decide and commit for themselves. A step that is in neither is skipped.
    """

    env: Environment
    outbox: Outbox
    handlers: Mapping[StepName, StepHandler]
    others: Mapping[StepName, Handler] = field(default_factory=dict)
    _alone: OneAtATime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_alone", OneAtATime(self.outbox))

    async def __call__(self, delivery: Delivery) -> None:
        """
        Do one step and commit what it came to.

        One that fails for a while is shown as failed after some attempts, and tried on for an hour;
        [Retry] is an effect of its own, and ends that.

        Raises:
            RetryLater: it is tried again. StoreLost: it is delivered again.
        """
        name = next((one for one in self.others if one == delivery.effect.body.get("step")), None)
        if name is not None:
            await self.others[name](delivery)
            return
        due = _due(await self.env.store.refresh(), delivery)
        if due is None or _waits_for_room(due):
            return
        async with self._alone.on(delivery.effect.key):
            await self._settled(delivery, due)

    async def _settled(self, delivery: Delivery, due: Due) -> None:
        try:
            outcome = await self._done(due)
        except Wait:
            raise
        except GiveUp as no:
            outcome = Outcome("failed", str(no))
        except RetryLater as later:
            if due.attempt >= _shown_after(due.name) + MOST_TRIES:
                outcome = Outcome("failed", str(later))
            else:
                await self._failing(delivery, due, later)
                raise
        await self._note(delivery, due, outcome, how="end")

    async def failed(
        self, incident: Incident, name: StepName, why: str, amend: Amend = same
    ) -> None:
        """Note that what a step made cannot be kept up; [Retry] does the step again. Raises StoreLost."""

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            before = state.incident(incident.id)
            step = before.steps.get(name)
            if step is None or step.state == "due" or (step.state, step.detail) == ("failed", why):
                return None, None
            failed = replace(step, state="failed", detail=why, at_ms=now_ms)
            after = amend(before).stepped(name, failed)
            return _noted(state, now_ms, before, after), None

        at = f"{incident.at.epoch}:{incident.at.revision}"
        await self.env.store.commit(f"incident-failed:{incident.uid}:{name}:{at}", decide)

    async def _done(self, due: Due) -> Outcome:
        step = due.incident.steps[due.name]
        begun = due.incident.room.own and due.name != "announce"
        if not due.incident.open and not step.tries and not begun:
            return Outcome("skipped", f"it was {due.incident.status} before")
        handler = self.handlers.get(due.name)
        if handler is None:
            return Outcome("skipped", "Slack is not connected")
        return await handler(due)

    async def _failing(self, delivery: Delivery, due: Due, later: RetryLater) -> None:
        """
        Show that a step fails, once.

        Raises:
            RetryLater: always, from some attempts on, so that it never becomes a dead letter.
        """
        if due.attempt < _shown_after(due.name):
            return
        if due.incident.steps[due.name].state == "due":
            shown = Outcome("failed", f"{later}; {TRYING}")
            await self._note(delivery, due, shown, how="trying")
        raise RetryLater(str(later), after_s=later.after_s or AGAIN_S) from later

    async def _note(self, delivery: Delivery, due: Due, outcome: Outcome, *, how: str) -> None:
        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            if _due(state, delivery) is None:
                return None, None
            before = state.incident(due.incident.id)
            step = before.steps[due.name]
            now = replace(step, state=outcome.state, detail=outcome.detail, at_ms=now_ms)
            after = outcome.amend(before).stepped(due.name, now)
            if due.name == "channel" and how == "end":
                after = _followed(after)
            return _noted(state, now_ms, before, after), None

        await self.env.store.commit(f"{delivery.effect.key}:{how}", decide)


def _noted(state: State, now_ms: int, before: Incident, after: Incident) -> Change | None:
    change, _ = changed(state, now_ms, before, after, WORKER, verb="incident_step", echo=True)
    return change


def _due(state: State, delivery: Delivery) -> Due | None:
    """Return the step that a delivery is about, None where it is over or another try has begun."""
    body = delivery.effect.body
    name = next((one for one in STEPS if one == body.get("step")), None)
    try:
        incident = state.incident(str(body.get("incident")))
    except UnknownIncident:
        return None
    step = None if name is None else incident.steps.get(name)
    if name is None or step is None or effect_of(incident, name).key != delivery.effect.key:
        return None
    trying = step.state == "failed" and step.detail.endswith(TRYING)
    return Due(incident, name, delivery.attempt) if step.state == "due" or trying else None


def _waits_for_room(due: Due) -> bool:
    """Return whether a step has nothing to work on before there is a channel: that makes it due anew."""
    channel = due.incident.steps.get("channel")
    if due.name not in _IN_ROOM or due.incident.room.own or channel is None:
        return False
    return channel.state == "due" or channel.detail.endswith(TRYING)


def _followed(incident: Incident) -> Incident:
    """
    Return an incident whose channel came to an end, with what depends on it.

    With a channel of its own everything in there is due, and what found no place before; without one
    there is nothing to do.
    """
    wanted = (*_IN_ROOM, "card") if incident.room.own else _IN_ROOM
    for name in wanted:
        step = incident.steps.get(name)
        if step is None or step.state == "done" or (name == "card" and step.state == "due"):
            continue
        if incident.room.own:
            incident = incident.stepped(name, Step("due", tries=step.tries + 1))
        elif step.state == "due":
            incident = incident.stepped(name, replace(step, state="skipped", detail=NO_ROOM))
    return incident


def _shown_after(name: StepName) -> int:
    return TRIED + (WAITS if name in _WAITING else 0)
