"""
The tick and the cron duties on APScheduler 3, in memory only.

Timers themselves live in the store and fire in one atomic step there, whatever the number of
replicas: a missed tick is made up by the next one, so nothing here needs to survive a restart.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from opsbot.adapters.background import CANCEL_AGAIN_S

TICK_S = 0.25
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """
    Something to do again and again.

    Exactly one of *every_s* (seconds) and *cron* (five fields, UTC) is set.
    """

    name: str
    work: Callable[[], Awaitable[object]]
    every_s: float | None = None
    cron: str | None = None

    def __post_init__(self) -> None:
        if (self.every_s is None) == (self.cron is None):
            raise ValueError(f"duty {self.name}: exactly one of every_s and cron")

    async def run(self) -> None:
        """Do it once. A coroutine function, whatever *work* is: others would go to a thread."""
        await self.work()


@asynccontextmanager
async def running(duties: Sequence[Duty]) -> AsyncGenerator[AsyncIOScheduler]:
    """
    Do *duties* until the block ends; a failed run is logged and the next one comes as planned.

    What is in hand at the end is cancelled and waited for, before anything is closed that it rests on.
    """
    scheduler = AsyncIOScheduler(
        jobstores={"default": MemoryJobStore()},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )
    hands = _Hands()
    for duty in duties:
        job = hands.doing(duty)
        scheduler.add_job(job, _trigger(duty), id=duty.name, name=duty.name)
    scheduler.add_listener(_failed, EVENT_JOB_ERROR)
    scheduler.start()
    try:
        yield scheduler
    finally:
        hands.ended = True
        scheduler.pause()
        await asyncio.sleep(0)  # what was handed out this very moment begins, and is known
        scheduler.shutdown(wait=False)
        await hands.rest()


@dataclass(slots=True)
class _Hands:
    """What is in hand now; once it *ended*, a run that was cancelled has not failed."""

    ended: bool = False
    _tasks: set[asyncio.Task[object]] = field(default_factory=set)

    def doing(self, duty: Duty) -> Callable[[], Coroutine[object, object, None]]:
        """Return a run of a duty, as the scheduler calls it: a coroutine function, or it went to a thread."""

        async def once() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await duty.run()
            except asyncio.CancelledError:
                if not self.ended:
                    raise
            finally:
                self._tasks.discard(task)

        return once

    async def rest(self) -> None:
        """Cancel what is in hand until it is over: a client library may take once for a timeout of its own."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(set(self._tasks), timeout=CANCEL_AGAIN_S)


def _trigger(duty: Duty) -> IntervalTrigger | CronTrigger:
    if duty.cron is not None:
        return CronTrigger.from_crontab(duty.cron, timezone="UTC")
    assert duty.every_s is not None
    return IntervalTrigger(seconds=duty.every_s, timezone="UTC")


def _failed(event: JobExecutionEvent) -> None:
    _log.error("duty_failed", duty=event.job_id, exc_info=event.exception)
