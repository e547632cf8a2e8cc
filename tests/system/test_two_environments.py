"""`prod` and `staging` on one server: what happens in one is never seen, counted or confirmed in the other."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from opsflags import FlagClient
from opsflags.keys import Keys
from tests.support.replica import Replica
from tests.support.store import Server
from tests.support.terminal import opsbot
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
WORKFLOWS = ("support-copilot", "contract-summariser", "internal-search", "coding-agent")
OUTCOMES = ["kill", "confirmed", "proved"]


@dataclass
class Side:
    """One environment: its bot, its client, and its part of the server."""

    env: str
    bot: Replica
    client: FlagClient
    server: Server

    def live(self, workflow: str) -> bool:
        """Return whether the client lets calls of a workflow through."""
        return self.client.workflow(workflow).decide().allowed

    def kills(self) -> set[str]:
        """Return the workflows that the bot lists as killed."""
        return {one["workflow"] for one in self.bot.ask("GET", "/v1/kills")[1]["kills"]}

    def fleet(self) -> set[str]:
        """Return the instances that the bot knows."""
        return {one["instance"] for one in self.bot.ask("GET", "/v1/instances")[1]["instances"]}

    def data(self) -> dict[str, Any]:
        """Return every record of this environment that does not change by itself: no check-ins."""
        keys = Keys(self.env)
        with self.server.client() as raw:
            return {
                "journal": raw.lrange(keys.journal, 0, -1),
                "emergency": raw.lrange(keys.emergency, 0, -1),
                "kills": raw.hgetall(keys.state_of("kills")),
                "head": raw.hgetall(keys.head),
                "dead": raw.xrange(keys.outbox_dead),
                "due": raw.zrange(keys.due, 0, -1),
                "effects": raw.hgetall(keys.effects),
                "lanes": [raw.xlen(keys.lane(lane)) for lane in ("kill", "rest")],
            }

    def outcomes(self, kill: str) -> list[str]:
        """Return the verbs of the entries that write a kill."""
        entries = [json.loads(line.partition(" ")[2]) for line in self.data()["journal"]]
        return [one["verb"] for one in entries if ["kills", kill] in [w[:2] for w in one["writes"]]]

    def counters(self) -> dict[str, Any]:
        """Return the client's acknowledgement, as its own environment has it."""
        with self.server.client() as raw:
            found = raw.hget(Keys(self.env).fleet_of("support-api").acks, self.client.instance)
        ack: dict[str, Any] = json.loads(found) if found else {}
        return ack


@pytest.fixture(name="sides", scope="module")
def _sides(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    folder = tmp_path_factory.mktemp("two")
    with ExitStack() as stack:
        bots = [
            Replica(folder / env, redis_url=server.url, env=env).start(wait=False)
            for env in ("prod", "staging")
        ]
        for bot in bots:
            stack.callback(bot.close)
        sides = []
        for bot in bots:
            bot.ready()
            env = bot.folder.name
            # The same service and the same name in both: only the environment tells them apart.
            client = stack.enter_context(
                FlagClient.connect(server.url, service="support-api", env=env, instance="pod-1")
            )
            sides.append(Side(env, bot, client, server))
            for name in WORKFLOWS:
                client.workflow(name)
        for side in sides:
            eventually_sync(lambda s=side: all(map(s.live, WORKFLOWS)), timeout_s=10)  # type: ignore[misc]  # bound now
            eventually_sync(lambda s=side: s.fleet() == {"pod-1"}, timeout_s=10)  # type: ignore[misc]  # bound now
        yield sides[0], sides[1]
        with server.client() as raw:
            for side in sides:
                if names := list(raw.scan_iter(match=f"{Keys(side.env).prefix}*", count=1000)):
                    raw.delete(*names)


def quiet(side: Side) -> None:
    """Wait until nothing is left to be done: from here on nothing changes by itself."""

    def waiting() -> list[object]:
        now = side.data()
        return [*filter(None, now["lanes"]), *(one for one in now["due"] if "retry:" in one)]

    eventually_sync(waiting, until=lambda now: not now, timeout_s=20)


def test_a_kill_in_one_is_nothing_in_the_other(sides: tuple[Side, Side]) -> None:
    prod, staging = sides
    quiet(staging)
    before, counted = staging.data(), staging.counters()

    _, killed = prod.bot.kill("contract-summariser", mode="stop")
    eventually_sync(lambda: prod.outcomes(killed["kill"]), until=OUTCOMES.__eq__, timeout_s=20)
    (counted_there,) = (
        one["instances"]
        for one in prod.bot.ask("GET", "/v1/kills")[1]["kills"]
        if one["kill"] == killed["kill"]
    )

    assert (counted_there["expected"], counted_there["confirmed"]) == (1, 1)
    assert not prod.live("contract-summariser")
    assert staging.live("contract-summariser")
    assert "contract-summariser" not in staging.kills()
    assert staging.data() == before
    assert staging.counters().get("kills") == counted.get("kills")


def test_an_approval_of_one_lifts_nothing_in_the_other(sides: tuple[Side, Side]) -> None:
    prod, staging = sides
    kills = [side.bot.kill("support-copilot", mode="stop")[1]["kill"] for side in sides]
    quiet(prod)
    before = prod.data()

    _, asked = staging.bot.ask("POST", f"/v1/kills/{kills[1]}/restore", json={})
    grant = {"json": {"grant": True}}
    strange, _ = prod.bot.ask("POST", f"/v1/approvals/{asked['approval']}", "sam", **grant)
    given, _ = staging.bot.ask("POST", f"/v1/approvals/{asked['approval']}", "sam", **grant)
    eventually_sync(lambda: staging.live("support-copilot"), timeout_s=10)

    assert (strange, given) == (404, 200)
    assert prod.data() == before
    assert not prod.live("support-copilot")
    assert "support-copilot" in prod.kills() - staging.kills()


def test_an_emergency_in_one_is_adopted_there_alone(sides: tuple[Side, Side]) -> None:
    prod, staging = sides
    quiet(prod)
    before = prod.data()
    words = ("kill", "internal-search", "mode:stop", "--redis", staging.server.url, "--json")

    ran = opsbot(*words, OPSBOT_ENV="staging")
    eventually_sync(lambda: "internal-search" in staging.kills(), timeout_s=10)

    assert ran.code in (0, 3), ran
    assert not staging.live("internal-search")
    assert len(staging.data()["emergency"]) == 1
    assert prod.data() == before
    assert prod.live("internal-search")
    assert "internal-search" not in prod.kills()


def test_each_bot_counts_its_own_fleet(sides: tuple[Side, Side]) -> None:
    prod, staging = sides
    with FlagClient.connect(
        staging.server.url, service="support-api", env="staging", instance="pod-2"
    ) as more:
        more.workflow("coding-agent")
        eventually_sync(lambda: staging.fleet() == {"pod-1", "pod-2"}, timeout_s=10)

        _, killed = prod.bot.kill("coding-agent", mode="stop")

        assert prod.fleet() == {"pod-1"}
        assert killed["instances"]["expected"] == 1
        assert more.workflow("coding-agent").decide().allowed
