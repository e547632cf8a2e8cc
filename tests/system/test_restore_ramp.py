"""A restore in steps with real replicas and a real client: killed in turn, no step is lost or taken twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opsflags import FlagClient
from tests.support.pair import Pair, flags_with, killed_in_turn, verbs
from tests.support.store import Store
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
AGENT = "coding-agent"
DECLARED = "restore: {steps: [5, 25, 50], watch_s: 600}"
KEYS = [f"ticket-{number}" for number in range(400)]


@pytest.fixture(name="flags")
def _flags(tmp_path: Path) -> Path:
    """Copy the declarations, with a watch of a second."""
    shorter = "restore: {steps: [5, 50], watch_s: 1}"
    return flags_with(tmp_path, AGENT, lambda text: text.replace(DECLARED, shorter))


@pytest.fixture(name="service")
def _service(store: Store, replicas: Pair) -> Iterator[FlagClient]:
    with FlagClient.connect(store.url, service="agent", env=store.env) as client:
        client.workflow(AGENT, modes=("read_only", "stop"))
        yield client


def let_through(service: FlagClient) -> set[str]:
    """Return the keys whose calls are allowed, and check that none may write."""
    handle = service.workflow(AGENT)
    said = {key: handle.decide(key=key) for key in KEYS}
    allowed = {key for key, one in said.items() if one.allowed}
    if any(one.mode == "stop" for one in said.values()):
        assert all("push_branch" not in said[key].tools for key in allowed)
    return allowed


def test_killed_replicas_lose_no_step_of_a_restore_and_take_none_twice(
    replicas: Pair, store: Store, service: FlagClient
) -> None:
    replicas[0].kill(AGENT, mode="stop")
    eventually_sync(lambda: verbs(store)["confirmed"], timeout_s=10)
    assert let_through(service) == set()
    status, asked = replicas[0].ask("POST", "/v1/kills/K-1/restore", "ola", json={})
    assert status == 202
    status, said = replicas[1].ask("POST", f"/v1/approvals/{asked['approval']}", "ines", json={})
    assert (status, said["restored"], said["ramp"]["percent"]) == (200, False, 5), said
    few = eventually_sync(lambda: let_through(service), timeout_s=10)

    killed_in_turn(replicas, store, lambda bot: not bot.ask("GET", "/v1/kills")[1]["kills"])

    done = verbs(store)
    assert 0 < len(few) < len(KEYS)
    assert (done["ease"], done["ease_step"], done["restore"]) == (1, 1, 1)
    eventually_sync(
        lambda: let_through(service), until=lambda found: found == set(KEYS), timeout_s=10
    )
