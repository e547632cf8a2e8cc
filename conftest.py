"""Runs the code blocks of the front page as tests, in their order; the plugins watch and save time."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

pytest_plugins = ["tests.support.economy", "tests.support.watchdog"]

# How long an example takes is the machine's matter; what hangs is ended by pytest-timeout.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def _teardown(namespace: dict[str, Any]) -> None:
    """Close what the page opened, as a service does at its end."""
    for name in ("client", "flags"):
        opened = namespace.pop(name, None)
        if opened is not None:
            opened.close()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["README.md"], teardown=_teardown
).pytest()


def _slow_among(items: list[pytest.Item]) -> None:
    """
    Let the files that start several processes begin one by one, among those that only compute.

    They wait for most of their time, and all workers would wait at once; at the end one would be
    alone with them while the others rest, so the last of them begins when two thirds are done.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    quick = [path for path in dict.fromkeys(item.path for item in items) if path not in slow]
    between = 2 * len(quick) // (3 * max(1, len(slow)))
    place: dict[Path, float] = {path: at for at, path in enumerate(quick)}
    among = enumerate(dict.fromkeys(item.path for item in items if item.path in slow))
    place |= {path: at * between - 0.5 for at, path in among}
    items.sort(key=lambda item: place[item.path])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread long files, and put the page's blocks back into reading order: each uses those before."""
    _slow_among(items)
    places = [at for at, item in enumerate(items) if item.path.name == "README.md"]
    in_order = sorted((items[at] for at in places), key=lambda item: item.location[1] or 0)
    for at, item in zip(places, in_order, strict=True):
        items[at] = item
