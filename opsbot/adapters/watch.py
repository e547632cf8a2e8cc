"""Watch the folders of declarations and say when something in them has come to rest; supervised."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from watchfiles import awatch

from opsbot.domain.errors import StoreLost

log = structlog.get_logger(__name__)

STANDS_MS = 250
"""The watch stands when it first yields, with or without a change, at the latest after this time."""

SUFFIXES = (".yaml", ".yml", ".md", ".j2")


@dataclass(frozen=True, slots=True)
class Watch:
    """
    Calls *on_change* after files in *folders* changed and stayed quiet for a moment.

    *debounce_ms* (milliseconds) is the longest time that changes are gathered; *retry_s* (seconds)
    is the pause after a failure. *polling* is for file systems that tell nobody of changes.
    """

    folders: Sequence[Path]
    on_change: Callable[[], Awaitable[object]]
    debounce_ms: int = 400
    retry_s: float = 2.0
    polling: bool | None = None

    async def __call__(self) -> None:
        """
        Run until cancelled.

        A failure is logged, and the files are watched and looked at again after a pause.
        """
        while True:
            try:
                await self._follow()
            except StoreLost as lost:
                log.warning("declarations wait", why=lost.message, retry_s=self.retry_s)
            except Exception:  # a supervised loop: it says what failed, and goes on
                log.exception("watching declarations failed", retry_s=self.retry_s)
            await asyncio.sleep(self.retry_s)

    async def _follow(self) -> None:
        """
        Look once the watch stands, then at every change.

        In that order: an edit between a look and the beginning of the watch would be seen by
        neither, and the bot would go on with what nobody has on disk any more.
        """
        looked = False
        async for changes in awatch(
            *self.folders,
            watch_filter=lambda _, path: path.endswith(SUFFIXES) or "..data" in path,
            debounce=self.debounce_ms,
            step=50,
            rust_timeout=STANDS_MS,
            yield_on_timeout=True,
            force_polling=self.polling,
        ):
            if changes:
                log.info("declarations changed", files=len(changes))
            if changes or not looked:
                await self.on_change()
                looked = True
