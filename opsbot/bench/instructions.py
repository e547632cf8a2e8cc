"""Counts the instructions of a row with valgrind's callgrind, where it is installed."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from opsbot.bench.rows import FLOORS, OURS, Row

FEW, MANY = 1_000, 6_000
"""Two numbers of repeats: their difference is free of the interpreter's start."""

RUN_S = 120.0
_COLLECTED = re.compile(r"Collected : (\d+)")


class NotCounted(RuntimeError):
    """The instruction counter did not say a number."""


def available() -> bool:
    """Return whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def counted(rows: Sequence[Row]) -> dict[str, float]:
    """
    Return the instructions of one turn of each row, by its name.

    Raises:
        NotCounted: callgrind failed; its last words are in the message.
    """
    jobs = [(row, times) for row in rows for times in (FEW, MANY)]
    with ThreadPoolExecutor(max_workers=2) as two:
        totals = list(two.map(lambda job: _total(*job), jobs))
    return {
        row.name: (many - few) / (MANY - FEW)
        for row, few, many in zip(rows, totals[::2], totals[1::2], strict=True)
    }


def _total(row: Row, times: int) -> int:
    number = (*FLOORS, *OURS).index(row)
    valgrind = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
    program = (sys.executable, "-m", "opsbot.bench.counted", str(number), str(times))
    ran = subprocess.run(  # noqa: S603 - fixed words
        ["/usr/bin/env", "PYTHONHASHSEED=0", *valgrind, *program],
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    found = _COLLECTED.search(ran.stderr)
    if ran.returncode != 0 or found is None:
        raise NotCounted(f"callgrind of {row.name!r} failed: {ran.stderr[-300:]}")
    return int(found.group(1))
