"""What a real client serves is counted once by two real replicas, and stands in the review."""

import json
from collections.abc import Iterator

import pytest

from opsbot.domain.served.text import spans_of
from opsflags import FlagClient
from tests.support.replica import Replica
from tests.support.store import Store
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
COPILOT = "support-copilot"
Pair = tuple[Replica, Replica]


@pytest.fixture(name="service")
def _service(store: Store) -> Iterator[FlagClient]:
    with FlagClient.connect(store.url, service="support-api", env=store.env) as client:
        client.workflow(COPILOT)
        yield client


def number(store: Store) -> int:
    """Return how many samples were taken."""
    return int(store.redis.hget(store.keys.served, "number") or 0)


def a_minute_later(store: Store) -> None:
    """Make the last sample, and what replicas hold, a minute older; wait for the next one."""
    taken = number(store)
    at_ms = int(store.redis.hget(store.keys.served, "at"))
    store.age()
    store.redis.hset(store.keys.served, "at", str(at_ms - 60_000))
    eventually_sync(lambda: number(store) > taken, timeout_s=10)


def asked(store: Store) -> int:
    """Return how many calls of the copilot were counted in all."""
    prefix, total = f"{store.keys.served}:minutes:", 0
    for key in store.redis.scan_iter(match=f"{prefix}*", count=1000):
        text = store.redis.hget(key, COPILOT) or ""
        spans = spans_of(text, int(key.removeprefix(prefix)))
        total += sum(one.asked for one in spans)
    return total


def heard(store: Store, service: FlagClient) -> bool:
    """Return whether the store has heard everything that the client counted."""
    acks = store.redis.hgetall(store.keys.fleet_of("support-api").acks)
    told = [json.loads(raw)["counts"].get(COPILOT, {}).get("asked") for raw in acks.values()]
    return told == [service.workflow(COPILOT)._report()["counts"]["asked"]]


def serve(store: Store, service: FlagClient, calls: int) -> None:
    """Ask for decisions, and wait until the store has heard of them."""
    for _ in range(calls):
        service.workflow(COPILOT).decide()
    eventually_sync(lambda: heard(store, service), timeout_s=10)


def test_calls_are_counted_once_whoever_of_two_replicas_dies(
    replicas: Pair, store: Store, service: FlagClient
) -> None:
    serve(store, service, 40)
    eventually_sync(lambda: number(store), timeout_s=10)
    a_minute_later(store)
    before = asked(store)

    serve(store, service, 25)
    a_minute_later(store)
    replicas[0].kill_nine()
    serve(store, service, 17)
    a_minute_later(store)

    assert asked(store) - before == 25 + 17
    opened = {"title": "wrong answers", "workflow": COPILOT, "severity": "SEV3"}
    status, _ = replicas[1].ask("POST", "/v1/incidents", json=opened)
    _, shown = replicas[1].ask("GET", "/v1/incidents/INC-1")
    (served,) = shown["exposure"]["served"]
    assert status == 201
    assert served["workflow"] == COPILOT
