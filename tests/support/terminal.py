"""The command line as a process of its own, the way a person's terminal or a script starts it."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.replica import ROOT


@dataclass(frozen=True)
class Ran:
    """What a command line printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return standard output as JSON."""
        return json.loads(self.out)


def environment(**settings: str) -> Mapping[str, str]:
    """Return this process's environment with *settings* as the only ones of opsbot's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPSBOT_")}
    return {**clean, **settings}


def opsbot(*words: str, said: str = "", **settings: str) -> Ran:
    """Run one command line to its end with *said* on standard input, which is no terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "opsbot", *words],
        cwd=ROOT, env=environment(**settings), input=said,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def at_a_terminal(*words: str, typed: str, **settings: str) -> Ran:
    """Run one command line at a terminal of its own where *typed* is typed; both outputs are `out`."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "opsbot", *words],
            cwd=ROOT, env=environment(**settings), stdin=theirs, stdout=theirs, stderr=theirs,
        ) as process:  # fmt: skip
            os.close(theirs)
            os.write(ours, f"{typed}\x04".encode())  # the end of the file, so that nobody waits
            shown = b"".join(iter(lambda: _some(ours), b""))
            return Ran(process.wait(60), shown.decode().replace("\r\n", "\n"), "")
    finally:
        os.close(ours)


def _some(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that nobody holds the other end any more
        return b""
