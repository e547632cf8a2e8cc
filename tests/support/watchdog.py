"""Ends a test that hangs and tells of every failure at once, so that a log that was cut still says why."""

import faulthandler
import sys
import time
from collections.abc import Generator

import pytest

# Above the longest `timeout` of any test. That one fires first and fails the test; this one is for
# what may follow, a teardown that waits for ever: nothing interrupts it a second time.
STUCK_S = 400


def _arm() -> None:
    faulthandler.dump_traceback_later(STUCK_S, exit=True, file=sys.__stderr__ or 2)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Watch one test with its fixtures; a worker that ends here is reported as a failed test."""
    _arm()
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)
def pytest_exception_interact() -> None:
    """Watch on after a failure: pytest's own plugin takes the watch away there."""
    _arm()


class Teller:
    """Prints each failure when it comes; pytest's own list waits for the end of the run."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say it with the time since the start, which explains a machine that crawls."""
        if report.failed:
            after_s = time.monotonic() - self._start
            print(f"\n{report.nodeid}: {report.when} failed {after_s:.0f} s after the start")  # noqa: T201 - a test run's own output
            print(report.longreprtext, flush=True)  # noqa: T201 - as above


def pytest_configure(config: pytest.Config) -> None:
    """Let only the process that writes the log tell, not its workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Teller(), "teller")
