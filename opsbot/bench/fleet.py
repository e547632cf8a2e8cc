"""A fleet of real client processes, and what their stamps say of one message."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from opsbot.bench.stamps import READY, Stamps

START_S = 60.0
ROUND_S = 5.0
LOOK_S = 0.0005


class Unheard(TimeoutError):
    """Not every client came up, or heard a message, in time."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The processes of one run, seen through their stamps."""

    stamps: Stamps

    def counts(self, field: int) -> list[int]:
        """Return how often each client stamped *field* so far."""
        return self.stamps.column(field)

    def moments(
        self, count: int, at: int, *, before: list[int], looking_s: float = LOOK_S
    ) -> list[int]:
        """
        Wait until every client stamped once more than *before*, and return when each did (ns).

        *looking_s* is the pause between two looks, seconds.

        Raises:
            Unheard: one did not, within 5 s.
        """
        ends = monotonic() + ROUND_S
        while any(now <= then for now, then in zip(self.counts(count), before, strict=True)):
            if monotonic() > ends:
                raise Unheard("a client did not hear of a message within 5 s")
            sleep(looking_s)
        return self.stamps.column(at)


@contextmanager
def fleet(clients: int, *, port: int, env: str, workflow: str) -> Iterator[Fleet]:
    """
    Give *clients* processes that listen, forked from one that imported the client once.

    Raises:
        Unheard: they did not come up within a minute.
    """
    with tempfile.TemporaryDirectory(prefix="opsbot-fleet-") as directory:
        page = Path(directory) / "stamps"
        stamps = Stamps(page, clients)
        words = (str(clients), str(port), env, workflow, str(page))
        nursery = subprocess.Popen(  # noqa: S603 - this interpreter, our own words
            [sys.executable, "-m", "opsbot.bench.nursery", *words], stdin=subprocess.PIPE
        )
        try:
            _wait_for(nursery, stamps)
            yield Fleet(stamps)
        finally:
            assert nursery.stdin is not None
            nursery.stdin.close()  # which it takes as the end
            nursery.wait()
            stamps.close()


def _wait_for(nursery: "subprocess.Popen[bytes]", stamps: Stamps) -> None:
    ends = monotonic() + START_S
    while not all(stamps.column(READY)):
        if monotonic() > ends or nursery.poll() is not None:
            raise Unheard("the client processes did not come up")
        sleep(0.05)
