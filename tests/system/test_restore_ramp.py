"""A restore in steps with real replicas and a real client: killed in turn, no step is lost or taken twice."""

import itertools
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsflags import FlagClient
from tests.support.replica import ROOT, Replica
from tests.support.store import Store
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
AGENT = "coding-agent"
DECLARED = "restore: {steps: [5, 25, 50], watch_s: 600}"
KEYS = [f"ticket-{number}" for number in range(400)]
Pair = tuple[Replica, Replica]


@pytest.fixture(name="flags")
def _flags(tmp_path: Path) -> Path:
    """Copy the declarations, with a watch of a second."""
    flags = tmp_path / "flags"
    shutil.copytree(ROOT / "flags" / "workflows", flags / "workflows")
    for name in ("policy.yaml", "models.yaml"):
        shutil.copy(ROOT / "flags" / name, flags / name)
    path = flags / "workflows" / f"{AGENT}.yaml"
    text = path.read_text()
    assert DECLARED in text
    path.write_text(text.replace(DECLARED, "restore: {steps: [5, 50], watch_s: 1}"))
    return flags


@pytest.fixture(name="pair")
def _pair(store: Store, flags: Path, tmp_path: Path) -> Iterator[Pair]:
    settings: dict[str, Any] = {"redis_url": store.url, "env": store.env}
    pair = (
        Replica(tmp_path / "a", **settings, OPSBOT_FLAGS_DIR=str(flags)).start(wait=False),
        Replica(tmp_path / "b", **settings, OPSBOT_FLAGS_DIR=str(flags)).start(wait=False),
    )
    for one in pair:
        one.ready()
    yield pair
    for one in pair:
        one.close()


@pytest.fixture(name="service")
def _service(store: Store, pair: Pair) -> Iterator[FlagClient]:
    with FlagClient.connect(store.url, service="agent", env=store.env) as client:
        client.workflow(AGENT, modes=("read_only", "stop"))
        yield client


def verbs(store: Store) -> Counter[str]:
    """Return how often each verb stands in the journal."""
    lines = store.redis.lrange(store.keys.journal, 0, -1)
    return Counter(json.loads(line.partition(" ")[2])["verb"] for line in lines)


def let_through(service: FlagClient) -> set[str]:
    """Return the keys whose calls are allowed, and check that none may write."""
    handle = service.workflow(AGENT)
    said = {key: handle.decide(key=key) for key in KEYS}
    allowed = {key for key, one in said.items() if one.allowed}
    if any(one.mode == "stop" for one in said.values()):
        assert all("push_branch" not in said[key].tools for key in allowed)
    return allowed


def test_killed_replicas_lose_no_step_of_a_restore_and_take_none_twice(
    pair: Pair, store: Store, service: FlagClient
) -> None:
    pair[0].kill(AGENT, mode="stop")
    eventually_sync(lambda: verbs(store)["confirmed"], timeout_s=10)
    assert let_through(service) == set()
    status, asked = pair[0].ask("POST", "/v1/kills/K-1/restore", "ola", json={})
    assert status == 202
    status, said = pair[1].ask("POST", f"/v1/approvals/{asked['approval']}", "ines", json={})
    assert (status, said["restored"], said["ramp"]["percent"]) == (200, False, 5), said
    few = eventually_sync(lambda: let_through(service), timeout_s=10)

    for turn in itertools.count():
        victim, other = pair[turn % 2], pair[1 - turn % 2]
        victim.kill_nine()
        victim.start(wait=False)
        victim.ready()
        kills = other.ask("GET", "/v1/kills")[1]["kills"]
        if not kills:
            break

    done = verbs(store)
    assert 0 < len(few) < len(KEYS)
    assert (done["ease"], done["ease_step"], done["restore"]) == (1, 1, 1)
    eventually_sync(
        lambda: let_through(service), until=lambda found: found == set(KEYS), timeout_s=10
    )
