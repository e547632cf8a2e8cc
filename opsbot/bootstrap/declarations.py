"""Wiring of the declarations: loaded at start, again on every change, broken ones change nothing."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from opsbot.adapters.background import background
from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.catalog import read as catalog
from opsbot.adapters.catalog import words as catalog_words
from opsbot.adapters.clock import SystemEntropy
from opsbot.adapters.comms.templates import FileTemplates
from opsbot.adapters.runbooks.procedures import FileProcedures
from opsbot.adapters.watch import Watch
from opsbot.app.check import examined, line_of
from opsbot.app.declare import Declare, Reload, Reloaded
from opsbot.app.stand_in import StandIn
from opsbot.config import Settings
from opsbot.domain.declaration import Loaded
from opsbot.web.surroundings import FilesHealth, not_looked

_log = structlog.get_logger(__name__)


class Files:
    """What the last look at the declarations came to, for whoever asks how the bot is."""

    def __init__(self) -> None:
        self._health = not_looked()

    def health(self) -> FilesHealth:
        """Return whether the files are good, and how many errors they have."""
        return self._health

    def seen(self, reloaded: Reloaded) -> None:
        """Remember one look."""
        errors = sum(finding.level == "error" for finding in reloaded.findings)
        self._health = FilesHealth(reloaded.declared is not None, errors)


@dataclass(frozen=True, slots=True)
class Learning:
    """Who learns what the files of `runbooks/` say: what can be walked, and what can be written."""

    procedures: FileProcedures = field(default_factory=FileProcedures)
    templates: FileTemplates = field(default_factory=FileTemplates)

    def learned(self, loaded: Loaded, runbooks_dir: Path) -> Loaded:
        """
        Take over what is good, and return what was read with what is wrong with the templates.

        A broken template keeps no kill and no policy from being declared: it stays as it was last good.
        """
        library, kept = self.templates.load(runbooks_dir)
        for name in kept:
            _log.warning("template_refused", template=name, kept="as it was last good")
        return catalog_words.beside(self.procedures.learned(loaded), library)


async def declarations(
    settings: Settings,
    bundle: StoreBundle,
    stack: AsyncExitStack,
    learning: Learning | None = None,
) -> Files:
    """
    Declare what the files say, and go on whenever they change; broken ones change nothing.

    Return what can be asked how the files are. *learning* takes over each good look.

    Raises:
        StoreLost: it is not known whether the first declaration is stored.
    """
    files = Files()
    folders = (settings.flags_dir, settings.runbooks_dir)

    def read() -> Loaded:
        loaded = examined(catalog.load(*folders, day=catalog.today()))
        return loaded if learning is None else learning.learned(loaded, settings.runbooks_dir)

    async def load() -> Loaded:
        return await asyncio.to_thread(read)

    reload = Reload(load, Declare(bundle.store, SystemEntropy()))

    async def again() -> None:
        reloaded = await reload()
        files.seen(reloaded)
        said(reloaded, in_force=len(bundle.store.state.workflows()))

    await again()
    stand_in = StandIn(
        bundle.store, frozenset(settings.killers), frozenset({settings.slack_team_id} - {""})
    )
    if await stand_in():
        _log.error("no_policy", killers=sorted(settings.killers), may="kill, and nothing else")
    watched = tuple(folder for folder in folders if folder.is_dir())
    if watched:
        await stack.enter_async_context(background(Watch(watched, again)(), name="declarations"))
    return files


def said(reloaded: Reloaded, *, in_force: int) -> None:
    """Log what a look at the declarations came to, *in_force* workflows being declared after it."""
    for finding in reloaded.findings:
        _log.warning("declarations", finding=line_of(finding))
    if reloaded.declared is None:
        kept = "the last good ones" if in_force else "nothing: no good version was ever read"
        _log.error(
            "declarations_refused", findings=len(reloaded.findings), kept=kept, workflows=in_force
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
