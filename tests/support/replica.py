"""One replica of the bot as a real process, for tests that kill and freeze it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from tests.support.wait import eventually_sync

ROOT = Path(__file__).resolve().parents[2]
Answer = tuple[int, dict[str, Any]]


class Replica:
    """`opsbot serve` on a given store; people speak to it by their local tokens."""

    def __init__(self, folder: Path, *, redis_url: str, env: str, **settings: str) -> None:
        self.folder = folder
        self.settings = {
            "OPSBOT_ENV": env,
            "OPSBOT_REDIS_URL": redis_url,
            "OPSBOT_STATE_DIR": str(folder),
            "OPSBOT_PORT": "0",
            "OPSBOT_LOCAL_PEOPLE": "mara,sam,ines,ola",
            "OPSBOT_FLAGS_DIR": str(ROOT / "flags"),
            "OPSBOT_RUNBOOKS_DIR": str(ROOT / "runbooks"),
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "bot.log"

    def start(self, *, wait: bool = True) -> Self:
        """Start it; it is ready when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "bot.json").unlink(missing_ok=True)
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("OPSBOT_")
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "opsbot", "serve"],
                cwd=ROOT, env={**clean, **self.settings}, stdout=log, stderr=log,
            )  # fmt: skip
        if wait:
            self.ready()
        return self

    def ready(self) -> None:
        """Wait until it answers."""
        eventually_sync(self._ready, timeout_s=30)

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.local['api']}/readyz", timeout=2).status_code == 200
        except (httpx.HTTPError, OSError, KeyError, ValueError):
            return False

    @property
    def local(self) -> Mapping[str, Any]:
        """Return what it wrote about itself."""
        found: Mapping[str, Any] = json.loads((self.folder / "bot.json").read_text())
        return found

    def ask(self, method: str, path: str, who: str = "mara", **kwargs: Any) -> Answer:
        """Send one request as a person; return status and body."""
        token = self.local["people"][who]
        headers = {"authorization": f"Bearer {token}", **kwargs.pop("headers", {})}
        answer = httpx.request(
            method, f"{self.local['api']}{path}", headers=headers, timeout=20, **kwargs
        )
        return answer.status_code, answer.json()

    def kill(self, workflow: str, who: str = "mara", **words: Any) -> Answer:
        """Kill a workflow over HTTP."""
        return self.ask("POST", "/v1/kills", who, json={"workflow": workflow, **words})

    def kill_nine(self) -> None:
        """End it without a goodbye."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def close(self) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
