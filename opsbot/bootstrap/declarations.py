"""Wiring of the declarations: loaded at start, again on every change, broken ones change nothing."""

import asyncio
from contextlib import AsyncExitStack

import structlog

from opsbot.adapters import catalog
from opsbot.adapters.background import background
from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemEntropy
from opsbot.adapters.watch import Watch
from opsbot.app.check import line_of
from opsbot.app.declare import Declare, Reload, Reloaded
from opsbot.config import Settings
from opsbot.domain.declaration import Loaded

_log = structlog.get_logger(__name__)


async def declarations(settings: Settings, bundle: StoreBundle, stack: AsyncExitStack) -> None:
    """Declare what the files say, and go on whenever they change; broken ones change nothing."""
    folders = (settings.flags_dir, settings.runbooks_dir)

    async def load() -> Loaded:
        return await asyncio.to_thread(catalog.load, *folders)

    reload = Reload(load, Declare(bundle.store, SystemEntropy()))

    async def again() -> None:
        said(await reload())

    await again()
    watched = tuple(folder for folder in folders if folder.is_dir())
    if watched:
        await stack.enter_async_context(background(Watch(watched, again)(), name="declarations"))


def said(reloaded: Reloaded) -> None:
    """Log what a look at the declarations came to."""
    for finding in reloaded.findings:
        _log.warning("declarations", finding=line_of(finding))
    if reloaded.declared is None:
        _log.error(
            "declarations_refused", findings=len(reloaded.findings), kept="the last good ones"
        )
    elif reloaded.declared.changed:
        done = reloaded.declared
        _log.info(
            "declared",
            revision=done.position.revision,
            written=list(done.written),
            removed=list(done.removed),
            kept=list(done.kept),
        )
