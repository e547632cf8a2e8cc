"""Whatever happens to an incident, in whatever order, however often: each promise is counted once, never both ways."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsbot.app.comms.requests import SnoozeUpdate
from opsbot.app.incident.promises import DUE
from opsbot.app.incident.requests import EditIncident, MoveIncident, Which
from opsbot.domain.comms.told import IncidentComms, Rhythm
from opsbot.domain.errors import Refused
from tests.support.comms import FIRST, NEXT, OVER, PIA, Telling, telling
from tests.support.world import INES

INC = Which("INC-1")
WORDS = st.sampled_from(
    ["tell", "snooze", "sev1", "sev3", "fire", "twice", "late", "resolve", "reopen"]
)
STEPS = st.lists(st.tuples(WORDS, st.integers(1, 40)), max_size=14)


@given(STEPS)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_each_promise_is_counted_once(steps: list[tuple[str, int]]) -> None:
    asyncio.run(_lived(steps))


async def _lived(steps: list[tuple[str, int]]) -> None:
    one = await telling()
    before = one.state.comms("INC-1")
    for number, (word, minutes) in enumerate(steps):
        one.world.clock.later(minutes * 60)
        with suppress(
            Refused
        ):  # what cannot be done there counts nothing, which is looked at below
            await _ACTS[word](one, number)
        after = one.state.comms("INC-1")
        _law(before, after)
        before = after


def _law(before: IncidentComms, after: IncidentComms) -> None:
    for audience in {*before.rhythms, *after.rhythms}:
        old, new = before.rhythms.get(audience, Rhythm()), after.rhythms.get(audience, Rhythm())
        kept, broken = new.kept - old.kept, new.broken - old.broken
        assert kept >= 0
        assert broken >= 0
        # One step of these settles at most the promise that was open and the one that it made.
        assert kept + broken <= 2
        assert not (old.overdue_ms is not None and old.due_ms == new.due_ms and broken)
        assert new.overdue_ms is None or new.overdue_ms == new.due_ms


async def _tell(one: Telling, number: int) -> None:
    stage = one.state.comms("INC-1").rhythm("users").stage
    name = FIRST if stage is None else OVER if number % 5 == 4 else NEXT
    words = f"Step {number}: orders work, refunds go by mail, answers wait for people {number * 7}."
    await one.told(name, values={"what": words}, back="it came back")


async def _snooze(one: Telling, number: int) -> None:
    ask = SnoozeUpdate(INC, "users", 60 * (number + 1), "so")
    await one.world.bot.comms.snooze(ask, PIA, request_id=f"z{number}")


async def _fire(one: Telling, _number: int) -> None:
    await one.world.outbox.fire_timers()
    await one.world.work(DUE)


async def _twice(one: Telling, number: int) -> None:
    """Hand every due time out twice, as after a crash between the commit and the answer."""
    await one.world.outbox.fire_timers()
    handle = one.world.bot.handlers()[DUE]
    for name, item in list(one.world.server.items.items()):
        if item.effect.kind == DUE:
            await handle(one.world.delivery(name))
            await handle(one.world.delivery(name))
    await _fire(one, number)


async def _late(one: Telling, number: int) -> None:
    """Let no replica run for two hours."""
    one.world.clock.later(7_200)
    await _fire(one, number)


def _severity(severity: str) -> Callable[[Telling, int], Awaitable[None]]:
    async def edit(one: Telling, number: int) -> None:
        request = EditIncident(INC, severity=severity)  # type: ignore[arg-type]  # a severity, by name
        await one.world.bot.incidents.edit(request, INES, request_id=f"s{number}")

    return edit


def _move(to: str) -> Callable[[Telling, int], Awaitable[None]]:
    async def move(one: Telling, number: int) -> None:
        request = MoveIncident(INC, to, "so")  # type: ignore[arg-type]  # a status, by name
        await one.world.bot.incidents.move(request, INES, request_id=f"m{number}")

    return move


_ACTS: dict[str, Callable[[Telling, int], Awaitable[None]]] = {
    "tell": _tell,
    "snooze": _snooze,
    "sev1": _severity("SEV1"),
    "sev3": _severity("SEV3"),
    "fire": _fire,
    "twice": _twice,
    "late": _late,
    "resolve": _move("resolved"),
    "reopen": _move("active"),
}
