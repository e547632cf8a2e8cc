"""A ramp of two real replicas that are killed in turn: no step is lost, none is taken twice."""

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
SEARCH = "internal-search"
STAGES = """
stages:
  - {percent: 5, soak_s: 1}
  - {percent: 50, soak_s: 1}
  - {percent: 100, soak_s: 1}
"""
Pair = tuple[Replica, Replica]


@pytest.fixture(name="flags")
def _flags(tmp_path: Path) -> Path:
    """Copy the declarations, with a ramp of seconds."""
    flags = tmp_path / "flags"
    shutil.copytree(ROOT / "flags" / "workflows", flags / "workflows")
    for name in ("policy.yaml", "models.yaml"):
        shutil.copy(ROOT / "flags" / name, flags / name)
    path = flags / "workflows" / f"{SEARCH}.yaml"
    path.write_text(path.read_text() + STAGES)
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
    with FlagClient.connect(store.url, service="search-api", env=store.env) as client:
        client.workflow(SEARCH)
        yield client


def verbs(store: Store) -> Counter[str]:
    """Return how often each verb stands in the journal."""
    lines = store.redis.lrange(store.keys.journal, 0, -1)
    return Counter(json.loads(line.partition(" ")[2])["verb"] for line in lines)


def begun(bot: Replica, store: Store) -> None:
    """Prove the switch, store r2, send its evidence in, and begin its ramp."""
    bot.kill(SEARCH, mode="stop")
    eventually_sync(lambda: verbs(store)["confirmed"], timeout_s=10)
    bot.ask("POST", "/v1/kills/K-1/restore", json={})
    edit = {"prompt": f"{SEARCH}@8", "note": "shorter answers"}
    assert bot.ask("POST", f"/v1/routes/{SEARCH}", "ines", json=edit)[0] == 201
    results = [{"suite": "search-citations", "metric": "pass_rate", "value": 0.95, "n": 400}]
    evidence = {"kind": "eval", "workflow": SEARCH, "revision": "r2", "results": results}
    assert bot.ask("POST", "/v1/signals", "ines", json=evidence)[0] < 300
    status, said = bot.ask("POST", f"/v1/routes/{SEARCH}/stage", "ines", json={"act": "begin"})
    assert (status, said["outcome"]) == (200, "begun"), said


def test_killed_replicas_lose_no_step_of_a_ramp_and_take_none_twice(
    pair: Pair, store: Store, service: FlagClient
) -> None:
    begun(pair[0], store)

    for turn in itertools.count():
        victim, other = pair[turn % 2], pair[1 - turn % 2]
        victim.kill_nine()
        victim.start(wait=False)
        victim.ready()
        route = other.ask("GET", f"/v1/routes/{SEARCH}")[1]
        if route["last_good"] == "r2":
            break

    done = verbs(store)
    assert (route["active"], route["candidate"]) == ("r2", None)
    assert (done["begin_ramp"], done["advance_ramp"], done["good_route"]) == (1, 2, 1)
    assert service.workflow(SEARCH).decide(key="somebody").route is not None
    eventually_sync(
        lambda: service.workflow(SEARCH).decide(key="somebody").route,
        until=lambda served: served is not None and served.revision == "r2",
    )
