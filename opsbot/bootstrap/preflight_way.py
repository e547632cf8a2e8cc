"""Wiring of the preflight of runbooks: asked over HTTP, and once a night for their owners."""

from dataclasses import dataclass
from functools import partial

from opsbot.adapters.pulse import Pulse
from opsbot.adapters.scheduler import Duty
from opsbot.app.bot import Bot
from opsbot.app.comms_rules import settings_of
from opsbot.app.room.reach import unreachable
from opsbot.app.runs.nightly import Nightly, Preflight
from opsbot.bootstrap.publishing_way import unready
from opsbot.config import Settings

NIGHTLY_CRON = "41 5 * * *"
"""Before most working days begin, in UTC: who is told can still mend it by daylight."""


@dataclass(frozen=True, slots=True)
class PreflightWay:
    """The use case on its ports, and its duty where there is a chat to tell owners in."""

    preflight: Preflight
    nightly: Nightly | None

    def duties(self, pulse: Pulse) -> tuple[Duty, ...]:
        """Return what is done again and again."""
        if self.nightly is None:
            return ()
        nightly = self.nightly
        return (Duty("preflight", lambda: pulse.quietly(nightly), cron=NIGHTLY_CRON),)


def preflight_way(settings: Settings, bot: Bot, pulse: Pulse) -> PreflightWay:
    """Return the way; it asks only what is connected."""

    async def templates() -> frozenset[str] | None:
        return frozenset(bot.templates.known())

    channels = None if bot.rooms is None else partial(unreachable, bot.rooms)
    preflight = Preflight(
        bot.env,
        bot.procedures,
        templates,
        rota=bot.rota,
        channels=channels,
        paging=bot.paging,
        outbox=bot.outbox,
        age_s=pulse.age_s,
        targets=lambda: unready(settings, settings_of(bot.env.store.state)),
    )
    if bot.chat is None:
        return PreflightWay(preflight, None)
    return PreflightWay(preflight, Nightly(preflight, bot.outbox, bot.chat, bot.render))
