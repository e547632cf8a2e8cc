"""What having the client costs a fresh process: time, memory, threads."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from opsbot.bench.machine import machine
from opsbot.bench.report import Promise, Report, Table
from opsbot.bench.server import private_server, url_of
from opsbot.bench.stats import quantile

ROUNDS = 15
PROGRAM = Path(__file__).with_name("newborn.py")
START_MS, MEMORY_MIB, THREADS = 40, 4, 1


@dataclass(frozen=True, slots=True)
class Born:
    """One fresh process: ms to started, ms to the first answer, MiB and threads it added."""

    started_ms: float
    answered_ms: float
    memory_mib: float
    threads: int


def born(*url: str) -> Born:
    """
    Start a process with the client on *url*, or with only the modules it needs.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    ran = subprocess.run(  # noqa: S603 - this interpreter, our own words
        # Run by its path, unsafely placed neighbours left out: `-m` would import modules before.
        [sys.executable, "-P", str(PROGRAM), *url],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    started, answered, kib, threads = ran.stdout.split()
    return Born(float(started), float(answered), int(kib) / 1024, int(threads))


def report(tell: Callable[[str], None], *, rounds: int = ROUNDS) -> Report:
    """
    Start processes with and without the client, in turns.

    Raises:
        Misconfigured: no server here.
    """
    where, floors, ours = machine(), [], []
    tell(f"{rounds} fresh processes of each kind ...")
    with private_server() as port:
        for _ in range(rounds):
            floors.append(born())
            ours.append(born(url_of(port)))
    rows = (_row("floor: import socket, threading, json", floors), _row("opsflags", ours))
    columns = ("process", "start ms, best", "start ms, median", "first answer ms", "MiB", "threads")
    promises = (
        Promise("import and start, best", START_MS, min(b.started_ms for b in ours), "ms"),
        Promise("memory added, median", MEMORY_MIB, _median([b.memory_mib for b in ours]), "MiB"),
        Promise("threads added", THREADS, max(b.threads for b in ours), "threads", gate=True),
    )
    table = Table("A fresh process: what is added to a bare interpreter", columns, (*rows,))
    return Report("footprint", where, (table,), promises)


def _row(name: str, found: list[Born]) -> tuple[str | float | None, ...]:
    times = [one.started_ms for one in found]
    answered = _median([one.answered_ms for one in found]) or None
    memory = _median([one.memory_mib for one in found])
    return (name, min(times), _median(times), answered, memory, float(found[0].threads))


def _median(values: list[float]) -> float:
    return quantile(values, 0.5)
