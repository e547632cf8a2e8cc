"""A demo starts anew: what an earlier demo left in its own state directory is taken away first."""

import contextlib
import shutil
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

MARK = "demo.only"
"""Stands in a state directory that only demos have used; another one is never touched."""

LEFT = (
    "valkey",
    "keys",
    "bot.json",
    "*.log",
    "anchors.jsonl",
    "journal-*.copy*",
    "opsflags-*.json",
    "declared",
)
SHUTDOWN_S = 5.0


def make_fresh(state_dir: Path) -> bool:
    """
    Empty *state_dir* of an earlier demo's data; return whether the demo starts from nothing.

    Blocks for up to five seconds while a server that was left behind ends.

    False where the directory holds what no demo has written: its data, and its kills, stay.
    """
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark = state_dir / MARK
    held = [entry for entry in state_dir.iterdir() if entry.name not in (MARK, "demo.lock")]
    if held and not mark.exists():
        return False
    mark.touch(mode=0o600)
    _stop_server(state_dir / "valkey" / "valkey.sock")
    for entry in (found for pattern in LEFT for found in state_dir.glob(pattern)):
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return True


def _stop_server(socket: Path) -> None:
    """End a server that a killed demo left behind; it holds nothing that is still wanted."""
    if not socket.exists():
        return
    with contextlib.suppress(RedisError, OSError):
        with Redis(unix_socket_path=str(socket), socket_timeout=SHUTDOWN_S) as left:
            left.shutdown(nosave=True)
        end = time.monotonic() + SHUTDOWN_S
        while socket.exists() and time.monotonic() < end:
            time.sleep(0.02)
