"""Ends a test that hangs and tells of every failure at once, so that a log that was cut still says why."""

import faulthandler
import sys
import time
from collections.abc import Generator

import pytest

# A test's own timeout fires first and fails it; this is for what may follow, a teardown that waits
# for ever: nothing interrupts it a second time.
MARGIN_S = 180


def watched_s(item: pytest.Item) -> float:
    """Return for how many seconds a test may run with its fixtures: longer than its own timeout, whatever that is."""
    marker = item.get_closest_marker("timeout")
    given = None if marker is None else (*marker.args, marker.kwargs.get("timeout"))[0]
    return float(item.config.getini("timeout") if given is None else given) + MARGIN_S


def _arm(seconds: float) -> None:
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or 2)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Watch one test with its fixtures; a worker that ends here is reported as a failed test."""
    _arm(watched_s(item))
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Watch on after a failure: pytest's own plugin takes the watch away there."""
    if isinstance(node, pytest.Item):
        _arm(watched_s(node))


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
