"""
The tick and the cron duties on APScheduler 3, in memory only.

Timers themselves live in the store and fire in one atomic step there, whatever the number of
replicas: a missed tick is made up by the next one, so nothing here needs to survive a restart.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

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
    """Do *duties* until the block ends; a failed run is logged and the next one comes as planned."""
    scheduler = AsyncIOScheduler(
        jobstores={"default": MemoryJobStore()},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )
    for duty in duties:
        scheduler.add_job(duty.run, _trigger(duty), id=duty.name, name=duty.name)
    scheduler.add_listener(_failed, EVENT_JOB_ERROR)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)


def _trigger(duty: Duty) -> IntervalTrigger | CronTrigger:
    if duty.cron is not None:
        return CronTrigger.from_crontab(duty.cron, timezone="UTC")
    assert duty.every_s is not None
    return IntervalTrigger(seconds=duty.every_s, timezone="UTC")


def _failed(event: JobExecutionEvent) -> None:
    _log.error("duty_failed", duty=event.job_id, exc_info=event.exception)
