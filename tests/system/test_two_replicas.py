"""Two replicas on one store: one effect each, whoever dies in the middle."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from opsflags import FlagClient
from tests.support.replica import Replica
from tests.support.store import Store
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
Pair = tuple[Replica, Replica]


@pytest.fixture(name="service")
def _service(store: Store, replicas: Pair) -> Iterator[FlagClient]:
    with FlagClient.connect(store.url, service="support-api", env=store.env) as client:
        client.workflow("support-copilot")
        yield client


def verbs(store: Store) -> Counter[str]:
    """Return how often each verb stands in the journal."""
    lines = store.redis.lrange(store.keys.journal, 0, -1)
    return Counter(json.loads(line.partition(" ")[2])["verb"] for line in lines)


def test_a_kill_is_declared_confirmed_and_proved_once(
    replicas: Pair, store: Store, service: FlagClient
) -> None:
    status, _ = replicas[0].kill("support-copilot", mode="stop", reason="wrong")

    eventually_sync(lambda: verbs(store)["proved"], timeout_s=30)
    (kill,) = replicas[0].ask("GET", "/v1/kills")[1]["kills"]
    assert status == 201
    assert kill["instances"]["confirmed"] == 1
    assert verbs(store) == {"declare": 1, "kill": 1, "confirmed": 1, "proved": 1}


def test_both_replicas_tell_the_same(replicas: Pair, store: Store, service: FlagClient) -> None:
    replicas[0].kill("support-copilot")

    eventually_sync(
        lambda: replicas[1].ask("GET", "/v1/kills")[1]["kills"],
        until=lambda kills: bool(kills) and kills[0]["kill"] == "K-1",
        timeout_s=10,
    )


def test_the_other_replica_confirms_what_a_dead_one_began(
    replicas: Pair, store: Store, service: FlagClient
) -> None:
    first, second = replicas
    status, _ = first.kill("support-copilot", mode="stop")
    first.kill_nine()

    eventually_sync(lambda: verbs(store)["proved"], timeout_s=60)

    assert status == 201
    assert not service.workflow("support-copilot").decide().allowed
    assert second.ask("GET", "/v1/kills")[1]["kills"][0]["kill"] == "K-1"


def test_an_approval_asked_at_one_is_given_at_the_other(
    replicas: Pair, store: Store, service: FlagClient
) -> None:
    first, second = replicas
    first.kill("support-copilot", mode="stop")
    asked, pending = first.ask("POST", "/v1/kills/K-1/restore", json={})
    refused, _ = second.ask("POST", f"/v1/approvals/{pending['approval']}", json={"grant": True})

    given, _ = second.ask(
        "POST", f"/v1/approvals/{pending['approval']}", "sam", json={"grant": True}
    )

    assert (asked, refused, given) == (202, 403, 200)
    copilot = service.workflow("support-copilot")
    eventually_sync(lambda: copilot.decide().allowed, timeout_s=5)


def test_the_same_idempotency_key_at_both_is_one_kill(
    replicas: Pair, store: Store, service: FlagClient
) -> None:
    words: dict[str, Any] = {
        "json": {"workflow": "support-copilot"},
        "headers": {"idempotency-key": "abc"},
    }

    one = replicas[0].ask("POST", "/v1/kills", **words)
    two = replicas[1].ask("POST", "/v1/kills", **words)

    assert one == two
    assert verbs(store)["kill"] == 1
