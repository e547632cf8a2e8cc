"""A network that carries one way only: it is noticed, named and survived, and it lifts nothing."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opsbot.domain.fleet import NAMED_WITHIN_MS
from opsflags import FlagClient
from tests.support.proxy import CutProxy, Way
from tests.support.replica import Replica
from tests.support.store import Store
from tests.support.wait import PATIENCE, eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
WORKFLOW, KILLED = "internal-search", "contract-summariser"
"""The first keeps what it last knew when the store is lost, so that nothing but a kill stops it."""

NOTICED_S = 2.0
AT_ONCE_S = 2.0


@dataclass
class Town:
    """A bot and a client, each behind a network of its own, and a client that is near the store."""

    bot: Replica
    near: FlagClient
    far: FlagClient
    of_bot: CutProxy
    of_far: CutProxy

    def fleet(self) -> dict[str, bool]:
        """Return the instances that the bot knows, and whether it calls them alive."""
        found = self.bot.ask("GET", "/v1/instances")[1]["instances"]
        return {one["instance"]: one["alive"] for one in found}

    def counted(self, kill: str) -> dict[str, Any]:
        """Return what the bot counts for a kill."""
        kills = self.bot.ask("GET", "/v1/kills")[1]["kills"]
        found: dict[str, Any] = next(one for one in kills if one["kill"] == kill)["instances"]
        return found


@pytest.fixture(name="town")
def _town(store: Store, tmp_path: Path) -> Iterator[Town]:
    with ExitStack() as stack:
        of_bot = stack.enter_context(CutProxy(store.server.port))
        of_far = stack.enter_context(CutProxy(store.server.port))
        bot = Replica(tmp_path / "bot", redis_url=of_bot.url, env=store.env).start()
        stack.callback(bot.close)
        near, far = (
            stack.enter_context(
                FlagClient.connect(url, service="search", env=store.env, instance=name)
            )
            for name, url in (("near", store.url), ("far", of_far.url))
        )
        for client in (near, far):
            for name in (WORKFLOW, KILLED):
                client.workflow(name)
        stack.callback(of_bot.heal)
        town = Town(bot, near, far, of_bot, of_far)
        eventually_sync(town.fleet, until=lambda now: now == {"near": True, "far": True})
        yield town


def stopped(client: FlagClient, workflow: str) -> bool:
    """Return whether a client refuses a workflow's calls."""
    return not client.workflow(workflow).decide().allowed


@pytest.mark.parametrize("way", ["there", "back"])
def test_a_client_that_hears_or_says_nothing_is_named_and_lifts_nothing(
    town: Town, way: Way
) -> None:
    town.bot.kill(KILLED, mode="stop")
    eventually_sync(lambda: stopped(town.far, KILLED), timeout_s=2)

    town.of_far.black_hole(way)
    began = time.monotonic()
    eventually_sync(lambda: not town.far.statistics()["connected"], timeout_s=NOTICED_S)
    noticed_s = time.monotonic() - began
    eventually_sync(town.fleet, until=lambda now: now == {"near": True, "far": False})
    named_s = time.monotonic() - began
    killed = town.bot.kill(WORKFLOW, mode="stop")[1]
    counted = town.counted(killed["kill"])
    blind = [stopped(town.far, name) for name in (KILLED, WORKFLOW)]
    town.of_far.heal()
    eventually_sync(lambda: stopped(town.far, WORKFLOW), timeout_s=AT_ONCE_S)
    after = eventually_sync(
        lambda: town.counted(killed["kill"]), until=lambda now: now["confirmed"] == 2
    )

    assert noticed_s <= NOTICED_S
    assert named_s < NAMED_WITHIN_MS / 1000 * PATIENCE
    assert (counted["expected"], counted["confirmed"]) == (2, 1)
    assert "far" in (*counted["silent"], *counted["expired"])
    assert blind == [True, False]
    assert after["silent"] == after["expired"] == []
    assert [stopped(town.far, name) for name in (KILLED, WORKFLOW)] == [True, True]


@pytest.mark.parametrize("way", ["there", "back"])
def test_a_bot_that_hears_or_says_nothing_claims_nothing_and_lifts_nothing(
    town: Town, way: Way
) -> None:
    town.bot.kill(KILLED, mode="stop")
    eventually_sync(lambda: stopped(town.near, KILLED), timeout_s=2)
    words: dict[str, Any] = {
        "json": {"workflow": WORKFLOW, "mode": "stop"},
        "headers": {"idempotency-key": "again"},
    }

    town.of_bot.black_hole(way)
    ready, _ = town.bot.ask("GET", "/readyz")
    blind, unknown = town.bot.ask("POST", "/v1/kills", **words)
    reached = stopped(town.near, WORKFLOW)
    held = stopped(town.near, KILLED) and stopped(town.far, KILLED)
    town.of_bot.heal()
    healed, body = eventually_sync(
        lambda: town.bot.ask("POST", "/v1/kills", **words),
        until=lambda now: now[0] == 201,
        timeout_s=AT_ONCE_S,
    )
    eventually_sync(lambda: town.counted(body["kill"])["confirmed"] == 2, timeout_s=AT_ONCE_S)

    assert (ready, blind, unknown["stored"]) == (503, 503, None)
    assert reached == (way == "back"), "a kill whose answer was lost works"
    assert held
    assert healed == 201
    listed = [one["workflow"] for one in town.bot.ask("GET", "/v1/kills")[1]["kills"]]
    assert sorted(listed) == sorted([KILLED, WORKFLOW])
