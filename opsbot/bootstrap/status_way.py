"""Wiring of the public status page: the board, its files, and a bot that has nothing but them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from opsbot.adapters.pulse import Pulse
from opsbot.adapters.scheduler import Duty
from opsbot.adapters.status_files import StatusFiles
from opsbot.adapters.targets.registry import Make
from opsbot.app.environment import Environment
from opsbot.app.ports import Clock
from opsbot.app.status_page.board import StatusBoard
from opsbot.app.status_page.publisher import StatusPagePublisher
from opsbot.app.status_page.site import Site
from opsbot.bootstrap.listening import listening
from opsbot.config import Settings
from opsbot.domain.comms.settings import TargetKind
from opsbot.domain.errors import StoreLost
from opsbot.web import status
from opsbot.web.auth import Access
from opsbot.web.health import LOST
from opsbot.web.routing import Entry, mount, of_http
from opsbot.web.surroundings import StatusShown

FOLLOW_S: Final = 1.0
"""How soon every replica shows what another one published."""

SILENT_S: Final = 30.0
"""Seconds of silence of the store after which the page says that it may be behind."""

LOOK_S: Final = 2.0
"""How often a bot that has nothing but its page looks for the store, in seconds."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StatusWay:
    """The page of this replica."""

    env: Environment
    board: StatusBoard

    async def begin(self) -> None:
        """
        Make the page for the first time.

        Raises:
            StoreLost: its texts could not be read.
        """
        await self.board.follow()

    def duties(self, pulse: Pulse) -> tuple[Duty, ...]:
        """Return what is done again and again."""
        return (Duty("status_page", lambda: pulse.quietly(self.board.follow), every_s=FOLLOW_S),)

    def shown(self, pulse: Pulse) -> StatusShown:
        """Return what the HTTP side serves."""
        return StatusShown(lambda: self.board.site, lambda: lost_ms(self.env.clock, pulse.age_s()))

    def read_at(self, settings: Settings, api: str) -> None:
        """Learn where people read the page where no setting says so: where this bot listens."""
        self.board.url = _url(settings) or f"{api.rstrip('/')}/status"

    def makers(self) -> dict[TargetKind, Make]:
        """Return the page as a target of messages."""
        publisher = StatusPagePublisher(self.env, self.board)
        return {"status-page": lambda _: publisher}


def status_way(settings: Settings, env: Environment) -> StatusWay:
    """Return the way; a directory that cannot be written is said, and stops nothing."""
    folder = _folder(settings)

    def unwritten(why: str) -> None:
        _log.error("status_files", folder=str(folder), why=why)

    return StatusWay(env, StatusBoard(env, StatusFiles(folder), unwritten, url=_url(settings)))


def lost_ms(clock: Clock, age_s: float) -> int | None:
    """Return since when the page may be behind, to the minute; None while the store is there."""
    if age_s < SILENT_S:
        return None
    return int(clock.now_ms() - age_s * 1000) // 60_000 * 60_000


async def last_page(settings: Settings) -> Site | None:
    """Return the page that was written last, None where there is none or it cannot be read."""
    try:
        return await StatusFiles(_folder(settings)).last()
    except OSError as error:
        _log.error("status_files", folder=str(_folder(settings)), why=str(error))
        return None


def page_only(site: Site) -> Sequence[Entry]:
    """Return the routes of a bot that has no store: the page as it was written last, and how the bot is."""
    shown = StatusShown(lambda: site, lambda: site.made_ms)
    public = Access.PUBLIC

    async def lives(_: Request) -> Response:
        return JSONResponse({"ok": True})

    async def ready(_: Request) -> Response:
        said = {"ready": False, "reason": LOST, "store": {"ok": False}}
        return JSONResponse(said, 503, headers={"cache-control": "no-store"})

    return [
        *status.entries(shown),
        Entry("GET", "/healthz", public, "Does it live?", anybody=lives),
        Entry("GET", "/readyz", public, "Can it take work?", anybody=ready),
    ]


async def page_meanwhile(
    settings: Settings, site: Site, look: Callable[[], Awaitable[None]], stop: asyncio.Event
) -> None:
    """
    Serve a page as it was until *look* finds the store, or *stop* is set.

    Raises:
        Misconfigured: the address is taken.
    """
    app = Starlette(
        routes=list(mount(page_only(site), lambda _token, _surface: None)),
        exception_handlers={HTTPException: of_http},
    )
    async with listening(settings, app) as url:
        _log.error("status_page_only", url=f"{url}{status.AT}", why="the store does not answer")
        while not (stop.is_set() or await _there(look)):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)


async def _there(look: Callable[[], Awaitable[None]]) -> bool:
    try:
        await look()
    except StoreLost:
        return False
    return True


def _url(settings: Settings) -> str:
    return settings.status_url or (f"{settings.public_url}/status" if settings.public_url else "")


def _folder(settings: Settings) -> Path:
    return settings.status_dir or settings.state_dir / "status"
