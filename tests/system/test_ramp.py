"""A ramp of two real replicas that are killed in turn: no step is lost, none is taken twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opsflags import FlagClient
from tests.support.pair import Pair, flags_with, killed_in_turn, verbs
from tests.support.replica import Replica
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


@pytest.fixture(name="flags")
def _flags(tmp_path: Path) -> Path:
    """Copy the declarations, with a ramp of seconds."""
    return flags_with(tmp_path, SEARCH, lambda text: text + STAGES)


@pytest.fixture(name="service")
def _service(store: Store, replicas: Pair) -> Iterator[FlagClient]:
    with FlagClient.connect(store.url, service="search-api", env=store.env) as client:
        client.workflow(SEARCH)
        yield client


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
    replicas: Pair, store: Store, service: FlagClient
) -> None:
    begun(replicas[0], store)

    def good(bot: Replica) -> bool:
        return bool(bot.ask("GET", f"/v1/routes/{SEARCH}")[1]["last_good"] == "r2")

    killed_in_turn(replicas, store, good)

    route = replicas[0].ask("GET", f"/v1/routes/{SEARCH}")[1]
    done = verbs(store)
    assert (route["active"], route["candidate"]) == ("r2", None)
    assert (done["begin_ramp"], done["advance_ramp"], done["good_route"]) == (1, 2, 1)
    assert service.workflow(SEARCH).decide(key="somebody").route is not None
    eventually_sync(
        lambda: service.workflow(SEARCH).decide(key="somebody").route,
        until=lambda served: served is not None and served.revision == "r2",
    )
