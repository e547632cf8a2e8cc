"""Wiring of what runs by itself: outbox workers, ticks, sweeps."""

import logging
from contextlib import AsyncExitStack

import structlog

from opsbot.adapters.background import background
from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.drain import Drain
from opsbot.adapters.pulse import BEAT_S, Pulse
from opsbot.adapters.scheduler import TICK_S, Duty
from opsbot.app.bot import Bot
from opsbot.app.deliver import Deliver
from opsbot.app.exposure_port import KEEP_HOURS, Keep
from opsbot.app.exposure_sample import LOOK_S, Sampler
from opsbot.app.journal.prune import DAY_MS, KEEP_DAYS, Prune
from opsbot.app.ports import Delivery
from opsbot.app.routes.rechoose import Rechoose
from opsbot.domain.change import LANES

SWEEP_CRON = "*/10 * * * *"
PRUNE_CRON = "23 3 * * *"
_log = structlog.get_logger(__name__)


def duties(
    bot: Bot, pulse: Pulse, *, keep_days: int = KEEP_DAYS, served_hours: int = KEEP_HOURS
) -> tuple[Duty, ...]:
    """
    Return what every replica does again and again; each step is atomic in the store.

    *keep_days* is how long what is over stays at hand, *served_hours* for how long it is known what was served.
    """
    rechoose, prune = Rechoose(bot.env), Prune(bot.env, keep_days * DAY_MS)
    sampler = Sampler(bot.env, bot.outbox, Keep(served_hours))
    return (
        Duty("tick", lambda: pulse.quietly(bot.tick), every_s=TICK_S),
        Duty("beat", pulse.beat, every_s=BEAT_S),
        Duty("rechoose", lambda: pulse.quietly(rechoose), every_s=TICK_S),
        Duty("served", lambda: pulse.quietly(sampler), every_s=LOOK_S),
        Duty("sweep", lambda: pulse.quietly(bot.sweep), cron=SWEEP_CRON),
        Duty("prune", lambda: pulse.quietly(prune), cron=PRUNE_CRON),
    )


async def workers(bot: Bot, bundle: StoreBundle, drain: Drain, stack: AsyncExitStack) -> None:
    """Start one worker a lane: a slow card must not hold up the confirmation of a kill."""
    handlers, reports = drain.guard(bot.handlers()), LogReports()
    for lane in LANES:
        worker = Deliver(bundle.outbox, handlers, reports, lane)
        await stack.enter_async_context(background(worker.run(), name=f"outbox-{lane}"))


async def drained(drain: Drain, within_s: float) -> None:
    """Wait for work in hand; what is not done by then is delivered again elsewhere."""
    if not await drain.close(within_s=within_s):
        _log.warning("notdrained", within_s=within_s)


class LogReports:
    """`app.deliver.Reports` as log records."""

    def failed(self, delivery: Delivery, reason: str, *, unexpected: bool) -> None:
        """Say which effect failed, at which attempt."""
        _log.log(
            logging.ERROR if unexpected else logging.INFO,
            "effect_failed",
            effect=delivery.effect.kind,
            key=delivery.effect.key,
            attempt=delivery.attempt,
            why=reason,
            exc_info=unexpected,
        )
