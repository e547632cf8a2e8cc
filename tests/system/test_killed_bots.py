"""Bots that die at random moments of their kills: nothing acknowledged is lost, and nothing is said twice."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from opsbot.slack.manifest import manifest
from opsbot.workbench.slack import Channel, SlackStandIn
from opsflags import FlagClient
from tests.support.replica import Replica
from tests.support.slack import BOT_TOKEN, SIGNING_SECRET, slack_stand_in
from tests.support.store import Store
from tests.support.wait import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
HOMES = {
    "support-copilot": "C0SUPPORTAI",
    "contract-summariser": "C0LEGALAI",
    "internal-search": "C0SEARCHAI",
    "coding-agent": "C0CODEAI",
}
"""A channel of its own for each workflow: Slack takes one message a second in each."""

DEATHS, AT_ONCE = 8, 3
SEED = 20_261_121


@dataclass
class House:
    """Two replicas on one store, the Slack that they post to, and who kills through them."""

    slack: SlackStandIn
    pair: tuple[Replica, Replica]
    store: Store
    client: httpx.AsyncClient
    answered: set[str] = field(default_factory=set)

    async def kill(self, replica: Replica, key: str) -> None:
        """Kill a workflow for a tenant that is named as the request is; note that it was acknowledged."""
        local = replica.local
        headers = {"authorization": f"Bearer {local['people']['mara']}", "idempotency-key": key}
        workflow = sorted(HOMES)[sum(key.encode()) % len(HOMES)]
        words = {"workflow": workflow, "tenant": key, "mode": "stop"}
        try:
            answer = await self.client.post(f"{local['api']}/v1/kills", headers=headers, json=words)
        except httpx.TransportError:
            return
        assert answer.status_code == 201, answer.text
        self.answered.add(key)

    def entries(self) -> list[dict[str, Any]]:
        """Return the journal."""
        lines = self.store.redis.lrange(self.store.keys.journal, 0, -1)
        return [json.loads(line.partition(" ")[2]) for line in lines]

    def killed(self) -> Counter[str]:
        """Return how often each tenant was killed."""
        written = [one["writes"] for one in self.entries() if one["verb"] == "kill"]
        return Counter(
            record["scope"]["tenant"]
            for writes in written
            for kind, _, record in writes
            if kind == "kills"
        )

    def outcomes(self, verb: str) -> Counter[str]:
        """Return how often each kill has an entry of *verb*."""
        written = [one["writes"] for one in self.entries() if one["verb"] == verb]
        return Counter(id_ for writes in written for kind, id_, _ in writes if kind == "kills")

    def said(self) -> Counter[str]:
        """Return how often each effect was posted anywhere in Slack, by its key."""
        places = self.slack.workspace.messages.values()
        return Counter(
            one.metadata["event_payload"]["key"]
            for messages in places
            for one in messages
            if one.metadata is not None
        )

    def cards(self) -> list[str]:
        """Return the keys of the cards that were posted."""
        return [key for key in self.said() if key.startswith("card:")]


@pytest.fixture(name="house")
async def _house(store: Store, tmp_path: Path) -> AsyncIterator[House]:
    async with slack_stand_in() as slack:
        slack.manifest = manifest("ai")
        slack.rates.enforced = False
        for name, channel in HOMES.items():
            slack.workspace.channels[channel] = Channel(channel, name, {"U0BOT"})
        settings = {
            "OPSBOT_SLACK_TRANSPORT": "http",
            "OPSBOT_SLACK_API_URL": slack.api_url,
            "OPSBOT_SLACK_BOT_TOKEN": BOT_TOKEN,
            "OPSBOT_SLACK_SIGNING_SECRET": SIGNING_SECRET,
        }
        one, two = (
            Replica(tmp_path / name, redis_url=store.url, env=store.env, **settings)
            for name in ("a", "b")
        )
        try:
            for replica in (one, two):
                await asyncio.to_thread(replica.start, wait=False)
            for replica in (one, two):
                await asyncio.to_thread(replica.ready)
            async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                yield House(slack, (one, two), store, client)
        finally:
            for replica in (one, two):
                await asyncio.to_thread(replica.close)


async def die_while_killing(house: House, turn: int, dies_after_s: float) -> list[str]:
    """Ask one replica for kills and kill it meanwhile; return what it did not answer."""
    victim = house.pair[turn % 2]
    keys = [f"t{turn}-{number}" for number in range(AT_ONCE)]
    await asyncio.to_thread(victim.ready)
    async with asyncio.TaskGroup() as group:
        for key in keys:
            group.create_task(house.kill(victim, key))
        moment = asyncio.Event()
        asyncio.get_running_loop().call_later(dies_after_s, moment.set)
        await moment.wait()
        await asyncio.to_thread(victim.kill_nine)
    open_ = [key for key in keys if key not in house.answered]
    assert all(house.killed()[key] <= 1 for key in open_)
    return open_


async def ask_the_other(house: House, turn: int, open_: list[str]) -> None:
    """Start the dead one again; meanwhile ask the other what was left open, all but one kill."""
    victim, other = house.pair[turn % 2], house.pair[(turn + 1) % 2]
    await asyncio.to_thread(victim.start, wait=False)
    if open_:
        await asyncio.to_thread(other.ready)
    for key in open_[:-1]:
        await house.kill(other, key)
        assert key in house.answered


async def test_killed_bots_lose_no_kill_and_say_nothing_twice(house: House, store: Store) -> None:
    chance = random.Random(SEED)  # noqa: S311  a seed, so that a failure can be had again
    moments = [2 ** chance.uniform(3, 7.5) / 1000 for _ in range(DEATHS)]
    with FlagClient.connect(store.url, service="support-api", env=store.env) as client:
        for name in HOMES:
            client.workflow(name)
        for turn in range(DEATHS - 2):
            open_ = await die_while_killing(house, turn, moments[turn])
            await ask_the_other(house, turn, open_)
        for replica in house.pair:
            await asyncio.to_thread(replica.ready)
        await asyncio.gather(  # at the end both die at once
            *(die_while_killing(house, turn, moments[turn]) for turn in (DEATHS - 2, DEATHS - 1))
        )
        store.age()
        await asyncio.to_thread(house.pair[0].start)

        kills = set(house.outcomes("kill"))
        await eventually(lambda: set(house.outcomes("proved")) == kills, timeout_s=30)
        await eventually(lambda: len(house.cards()) == len(kills), timeout_s=30)

        killed = house.killed()
        assert set(killed.values()) == {1}
        assert house.answered <= set(killed)
        for verb in ("kill", "confirmed", "proved"):
            assert house.outcomes(verb) == Counter(kills), verb
        assert set(house.said().values()) == {1}
