"""A network that carries one way only: it is noticed, named and survived, and it lifts nothing."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from opsbot.domain.fleet import NAMED_WITHIN_MS
from opsflags import FlagClient
from tests.support.proxy import CutProxy, Way
from tests.support.replica import Replica
from tests.support.store import Server, Store
from tests.support.wait import PATIENCE, eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
WORKFLOW = "internal-search"
"""It keeps what it last knew when the store is lost, so that nothing but a kill stops it."""

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


@pytest.fixture(name="town", scope="module")
def _town(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    store = Store(server)
    with ExitStack() as stack:
        stack.callback(store.close)
        of_bot = stack.enter_context(CutProxy(store.server.port))
        of_far = stack.enter_context(CutProxy(store.server.port))
        bot = Replica(
            tmp_path_factory.mktemp("town") / "bot", redis_url=of_bot.url, env=store.env
        ).start()
        stack.callback(bot.close)
        near, far = (
            stack.enter_context(
                FlagClient.connect(url, service="search", env=store.env, instance=name)
            )
            for name, url in (("near", store.url), ("far", of_far.url))
        )
        for client in (near, far):
            client.workflow(WORKFLOW)
        stack.callback(of_bot.heal)
        town = Town(bot, near, far, of_bot, of_far)
        eventually_sync(town.fleet, until=lambda now: now == {"near": True, "far": True})
        yield town


def stopped(client: FlagClient, tenant: str) -> bool:
    """Return whether a client refuses a tenant's calls."""
    return not client.workflow(WORKFLOW).decide(tenant=tenant).allowed


def words(tenant: str) -> dict[str, Any]:
    """Return what to send for a kill for one tenant, again and again."""
    return {
        "json": {"workflow": WORKFLOW, "tenant": tenant, "mode": "stop"},
        "headers": {"idempotency-key": tenant},
    }


@pytest.mark.parametrize("way", ["there", "back"])
def test_a_client_that_hears_or_says_nothing_is_named_and_lifts_nothing(
    town: Town, way: Way
) -> None:
    old, new = f"old-{way}", f"new-{way}"
    town.bot.ask("POST", "/v1/kills", **words(old))
    eventually_sync(lambda: stopped(town.far, old), timeout_s=2)

    town.of_far.black_hole(way)
    began = time.monotonic()
    eventually_sync(lambda: not town.far.statistics()["connected"], timeout_s=NOTICED_S)
    eventually_sync(town.fleet, until=lambda now: now == {"near": True, "far": False})
    named_s = time.monotonic() - began
    killed = town.bot.ask("POST", "/v1/kills", **words(new))[1]
    counted = eventually_sync(
        lambda: town.counted(killed["kill"]), until=lambda now: now["confirmed"] == 1
    )
    blind = [stopped(town.far, tenant) for tenant in (old, new)]
    town.of_far.heal()
    eventually_sync(lambda: stopped(town.far, new), timeout_s=AT_ONCE_S)
    after = eventually_sync(
        lambda: town.counted(killed["kill"]), until=lambda now: now["confirmed"] == 2
    )

    assert named_s < NAMED_WITHIN_MS / 1000 * PATIENCE
    assert (counted["expected"], counted["confirmed"]) == (2, 1)
    assert "far" in (*counted["silent"], *counted["expired"])
    assert blind == [True, False]
    assert after["silent"] == after["expired"] == []
    assert stopped(town.far, old)


def test_a_bot_that_hears_nothing_claims_nothing_and_lifts_nothing(town: Town) -> None:
    town.bot.ask("POST", "/v1/kills", **words("held"))
    eventually_sync(lambda: stopped(town.near, "held"), timeout_s=2)

    town.of_bot.black_hole("back")
    ready, _ = town.bot.ask("GET", "/readyz")
    blind, unknown = town.bot.ask("POST", "/v1/kills", **words("asked"))
    held = stopped(town.near, "held") and stopped(town.far, "held")
    town.of_bot.heal()
    healed, body = eventually_sync(
        lambda: town.bot.ask("POST", "/v1/kills", **words("asked")),
        until=lambda now: now[0] == 201,
        timeout_s=AT_ONCE_S,
    )
    eventually_sync(lambda: town.counted(body["kill"])["confirmed"] == 2, timeout_s=AT_ONCE_S)
    kills = town.bot.ask("GET", "/v1/kills")[1]["kills"]

    assert (ready, blind, unknown["stored"]) == (503, 503, None)
    assert held
    assert healed == 201
    assert [one["scope"].get("tenant") for one in kills].count("asked") == 1
