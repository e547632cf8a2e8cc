"""The one boundary around every listener: it never raises, it always answers, a repeat is one effect."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

import structlog

from opsbot.app.error_words import of_error
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed, OpsbotError, StoreLost
from opsbot.domain.said import REFUSED, UNCONFIRMED, Said
from opsbot.slack.deps import Deps
from opsbot.slack.inbound import Invocation, invocation
from opsbot.slack.outlet import Ack, Outlet, Reply

log = structlog.get_logger(__name__)

ANSWER_WITHIN_S: Final = 1.7
"""Slack gives up after 3 s; people are promised an answer within 2."""
FOLLOWS_AFTER_S: Final = 0.5
"""
How long a result waits behind "the result follows here".

Bolt sends an acknowledgement a moment after it was given, on another connection than the result:
in the other order the last that somebody reads is that they should wait.
"""
ONCE_WITHIN_S: Final = 0.3
GUARDED_WITHIN_S: Final = 3.0
"""How long the memory of repeats may take: a kill goes ahead without it, a restore is refused."""
REPEAT_S: Final = 900.0
DOUBLE_CLICK_S: Final = 3.0


class Need(Enum):
    """
    How careful a listener is on a bad day.

    STOP goes ahead when Slack or the memory of repeats is away. LOOK changes nothing. GUARD is
    refused unless both answer.
    """

    STOP = "stop"
    LOOK = "look"
    GUARD = "guard"


Needs = Need | Callable[[Invocation], Need]
"""How careful a listener is, whatever is asked of it or by what is asked."""

Run = Callable[[Invocation, Actor], Awaitable[Reply]]
Listener = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Entry:
    """The boundary."""

    deps: Deps

    def listener(self, need: Needs, run: Run) -> Listener:
        """Return *run* as bolt calls listeners."""

        async def listen(body: dict[str, Any], ack: Any) -> None:
            await self.handle(body, ack, need, run)

        return listen

    async def handle(self, body: dict[str, Any], ack: Ack, need: Needs, run: Run) -> None:
        """Serve one payload from first look to answer; nothing is raised, whatever happens."""
        with self.deps.tasks.tracked():
            began = self.deps.clock.monotonic()
            outlet = Outlet(replace(invocation(body), arrived_s=began), ack, self.deps)
            try:
                sure = need if isinstance(need, Need) else need(outlet.act)
                await self._serve(outlet, began, sure, run)
            except Exception as error:  # noqa: BLE001 - the Slack boundary: bolt would erase the acknowledgement
                said = _broken(outlet.act, error)
                try:
                    await outlet.say(said)
                except Exception:
                    log.exception("slack_answer_lost", act=outlet.act.name)

    async def _serve(self, outlet: Outlet, began: float, need: Need, run: Run) -> None:
        await outlet.begin()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._reply(outlet.act, need, run))
            left = ANSWER_WITHIN_S - (self.deps.clock.monotonic() - began)
            done, _ = await asyncio.wait({task}, timeout=max(left, 0.0))
            if not done and not outlet.acked:
                await outlet.say(_still(need))
                await self.deps.clock.sleep(FOLLOWS_AFTER_S)
        await outlet.say(task.result())

    async def _reply(self, act: Invocation, need: Need, run: Run) -> Reply:
        try:
            self._at_home(act.team, act.enterprise)
            if await self._repeated(act, need):
                return None
            actor = await self.deps.people.actor(act, sure=need is Need.GUARD)
            self._at_home(actor.team, "")
            return await run(act, actor)
        except OpsbotError as error:
            return of_error(error)
        except Exception as error:  # noqa: BLE001 - the Slack boundary: the person is told, the log has the traceback
            return _broken(act, error)

    def _at_home(self, team: str, enterprise: str) -> None:
        """Refuse a workspace that is not on the list, by the payload's word and by Slack's own."""
        enterprises = self.deps.enterprises
        foreign = team not in self.deps.teams
        if foreign or (enterprises and enterprise and enterprise not in enterprises):
            raise NotAllowed(
                "This switchboard belongs to another workspace; nothing was changed.",
                rule="home-workspace",
                hint="Ask somebody of that workspace to press it for you.",
            )

    async def _repeated(self, act: Invocation, need: Need) -> bool:
        """
        Return whether this act is being served already and needs no answer of its own.

        Repeated deliveries of an act with a request id are served again: they get the first
        result. A second click within moments and a redelivered event are not.
        """
        if act.kind == "action":
            what, ttl_s = f"{act.place}:{act.name}:{act.value}:{act.user}", DOUBLE_CLICK_S
        elif act.kind == "event" or need is Need.GUARD:
            what, ttl_s = act.request_id, REPEAT_S
        else:
            return False
        try:
            async with asyncio.timeout(GUARDED_WITHIN_S if need is Need.GUARD else ONCE_WITHIN_S):
                first = await self.deps.memory.once(f"slack:{what}", ttl_s=ttl_s)
        except (StoreLost, TimeoutError) as error:
            if need is Need.GUARD:
                raise StoreLost(
                    "The store does not answer; nothing was asked of it.",
                    hint="Kills hold. Try again, or see `opsbot doctor`.",
                ) from error
            return False
        return not first and act.kind in ("action", "event")


def _still(need: Need) -> Said:
    """Return what is said when there is no result in time; never that it worked."""
    changed = "Whether anything changed is not known yet." if need is not Need.LOOK else ""
    lines = tuple(line for line in (changed, "The result follows here.") if line)
    return Said("amber", "Still working on it", lines, exit_code=UNCONFIRMED)


def _broken(act: Invocation, error: Exception) -> Said:
    reference = act.request_id[-8:]
    log.error("slack_listener_failed", act=act.name, reference=reference, exc_info=error)
    return Said(
        "red",
        "Something failed inside opsbot; whether the switch changed is not known",
        ("Look with `opsbot status`, or ask again here.", f"Reference: `{reference}`"),
        body={"code": "broken", "reference": reference, "stored": None},
        exit_code=REFUSED,
    )
