"""A server and two replicas on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.replica import Replica
from tests.support.store import Store, own_server, server, store

__all__ = ["own_server", "server", "store"]


@pytest.fixture(name="replicas")
def _replicas(store: Store, tmp_path: Path) -> Iterator[tuple[Replica, Replica]]:
    pair = (
        Replica(tmp_path / "a", redis_url=store.url, env=store.env).start(wait=False),
        Replica(tmp_path / "b", redis_url=store.url, env=store.env).start(wait=False),
    )
    for one in pair:
        one.ready()
    yield pair
    for one in pair:
        one.close()
