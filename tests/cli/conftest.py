"""A running API of the small company, and the command line as a person's terminal calls it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from opsbot.adapters import local_bot
from opsbot.cli import main
from opsbot.web import app as web
from tests.support import slack
from tests.support.slack import loopback
from tests.support.web import Door, opened


@dataclass(frozen=True)
class Out:
    """What a command line printed and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return standard output as JSON."""
        return json.loads(self.out)


@dataclass
class Terminal:
    """Types command lines at a bot whose state a test may move."""

    door: Door
    url: str
    state_dir: Path
    captured: pytest.CaptureFixture[str]

    async def run(self, *argv: str) -> Out:
        """Run one command line beside the bot's own loop."""
        self.captured.readouterr()
        code = await asyncio.to_thread(main, argv)
        printed = self.captured.readouterr()
        return Out(code, printed.out, printed.err)


@asynccontextmanager
async def serving(door: Door) -> AsyncGenerator[str]:
    """Serve the company's API on a free port and give its address."""
    listener, url = loopback()
    async with slack.serving(web.create(door.around()), listener):
        yield url


@pytest.fixture
async def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncGenerator[Terminal]:
    """Give a terminal on the machine of a running bot, as Mara."""
    async with at_terminal(await opened(), tmp_path, monkeypatch, capsys) as one:
        yield one


@asynccontextmanager
async def at_terminal(
    door: Door,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> AsyncGenerator[Terminal]:
    """Give a terminal on the machine of the bot behind *door*, as Mara."""
    for name in ("OPSBOT_URL", "OPSBOT_TOKEN", "OPSBOT_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPSBOT_STATE_DIR", str(tmp_path))
    # The bot of this process must not write into what the command line prints.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    async with serving(door) as url:
        people = {"mara": "mara-token", "ines": {"token": "ines-token"}}
        local_bot.write(tmp_path, {"api": url, "people": people, "as": "mara"})
        yield Terminal(door, url, tmp_path, capsys)
    structlog.reset_defaults()
