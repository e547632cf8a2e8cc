"""A server and two replicas on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.replica import ROOT, Replica
from tests.support.store import Store, own_server, server, store

__all__ = ["own_server", "server", "store"]


@pytest.fixture(name="flags")
def _flags() -> Path:
    """Give the declarations that the replicas read; a test may give its own."""
    return ROOT / "flags"


@pytest.fixture(name="replicas")
def _replicas(store: Store, flags: Path, tmp_path: Path) -> Iterator[tuple[Replica, Replica]]:
    settings = {"redis_url": store.url, "env": store.env, "OPSBOT_FLAGS_DIR": str(flags)}
    pair = (
        Replica(tmp_path / "a", **settings).start(wait=False),
        Replica(tmp_path / "b", **settings).start(wait=False),
    )
    for one in pair:
        one.ready()
    yield pair
    for one in pair:
        one.close()
