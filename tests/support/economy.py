"""Spares a run what tells nobody anything: authorities nobody asks for, a walk over what stays, one line traced twice."""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest

# Every HTTP client of every vendor reads the trusted authorities when it is made: 20 ms of CPU,
# thousands of times in a run, in the bots that tests start too. Nobody is met here but on
# loopback; tests of TLS name their own authority, so one that is used nowhere is enough.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("trusts_nobody.pem"))


def _repeats(item: pytest.Item) -> bool:
    """Tell whether a test does the same hundreds of times, or has it done in other processes."""
    drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return bool(drawn) or item.get_closest_marker("slow") is not None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Trace no property test and no test of processes: coverage counts what plain examples reach.

    Tracing makes a test three times as long. The figure can only be lower for it, never higher.
    """
    for item in items:
        if _repeats(item):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage meanwhile: nearly all that is imported and collected stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Set aside what was imported and collected: it stays to the end, and each collection walked it."""
    gc.collect()
    gc.freeze()
