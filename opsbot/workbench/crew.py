"""The demo's processes: the bot, the AI services, and the hands that kill, freeze and thaw them."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

RESTART_S = 2.0
"""How long a killed bot stays away before the crew starts it again, as a cluster would."""

OWN = 0o600
"""Logs may hold what people typed: only their owner reads them."""

TAIL_BYTES = 16_384
"""How much of a log's end is looked through for its last words."""

Heard = Callable[[Mapping[str, object]], None]


def opened(log: Path) -> IO[bytes]:
    """Open a log to write at its end, readable by its owner alone, also where it was there before."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWN)
    os.fchmod(descriptor, OWN)
    return os.fdopen(descriptor, "ab")


class BotEnded(ChildProcessError):
    """The bot's process ended before it answered for the first time."""


def last_words(log: Path) -> str:
    """Return the last line of *log* that does not continue another one: an error, or its sentence."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        lines = file.read().decode("utf-8", "replace").splitlines()
    said = [line for line in lines if line.strip() and not line[0].isspace()]
    return said[-1].strip() if said else "it said nothing"


@dataclass(slots=True)
class Bot:
    """The bot's process; started again when it dies, until the crew leaves."""

    environment: Mapping[str, str]
    log: Path
    process: Process | None = None
    restarts: int = 0
    restart_s: float = RESTART_S

    @property
    def alive(self) -> bool:
        """Return whether it runs now."""
        return self.process is not None and self.process.returncode is None

    async def run(self, changed: Callable[[], None]) -> None:
        """Keep it running; *changed* is called at every start and end."""
        while True:
            with opened(self.log) as log:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "opsbot", "serve",
                    env=dict(self.environment), stdin=DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip
            changed()
            await self.process.wait()
            changed()
            await asyncio.sleep(self.restart_s)
            self.restarts += 1

    def stay_at(self, api: str) -> None:
        """Let every later start listen where it listens now: what was told of its address stays true."""
        self.environment = {**self.environment, "OPSBOT_PORT": str(urlsplit(api).port)}

    def kill(self) -> None:
        """Kill it with signal 9: no goodbye, no clean-up."""
        if self.process is not None and self.alive:
            self.process.kill()

    def look_alive(self) -> None:
        """
        Do nothing while it is starting or runs.

        Raises:
            BotEnded: it has ended since its first start; for whoever still waits for its first answer.
        """
        process = self.process
        if self.restarts or (process is not None and process.returncode is not None):
            raise BotEnded(f"The bot ended at its start: {last_words(self.log)}; see {self.log}")

    async def leave(self) -> None:
        """Ask it to leave and wait; its embedded store goes with it."""
        if self.process is not None and self.alive:
            self.process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), 15)


@dataclass(slots=True)
class Services:
    """The AI services: one parent, its forked children, and what they print."""

    command: list[str]
    environment: Mapping[str, str]
    log: Path
    heard: Heard
    pids: dict[str, int] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    process: Process | None = None

    async def run(self) -> None:
        """Start them and pass on every line until they end."""
        with opened(self.log) as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, env=dict(self.environment), stdin=DEVNULL, stdout=PIPE, stderr=log
            )
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            said = json.loads(raw)
            if said.get("what") == "started":
                self.pids[said["from"]] = said["pid"]
            self.heard(said)

    def freeze(self, name: str) -> None:
        """Stop one process in its tracks (SIGSTOP): no listener, no heartbeat, no goodbye."""
        if self._signal(name, signal.SIGSTOP):
            self.frozen.add(name)

    def thaw(self, name: str) -> None:
        """Let a frozen process go on where it stopped."""
        if self._signal(name, signal.SIGCONT):
            self.frozen.discard(name)

    def _signal(self, name: str, number: signal.Signals) -> bool:
        pid = self.pids.get(name)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            return True
        return False

    async def leave(self) -> None:
        """Thaw everyone, ask them to leave, and wait."""
        for name in list(self.frozen):
            self.thaw(name)
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except TimeoutError:
            for pid in self.pids.values():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.kill()
