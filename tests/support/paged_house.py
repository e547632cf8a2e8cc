"""Two real replicas that page through the PagerDuty stand-in, and hands to speak to all three."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from opsbot.workbench.pagerduty import company
from opsbot.workbench.pagerduty.model import Incident
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import pagerduty_stand_in
from tests.support.replica import Replica
from tests.support.store import Store, free_port
from tests.support.wait import eventually

SECRET = "one-secret-for-webhooks"
COPILOT = "support-copilot"
Answer = dict[str, Any]


@dataclass
class House:
    """Two replicas on one store; webhooks go to the first."""

    pager: PagerDutyStandIn
    pair: tuple[Replica, Replica]
    store: Store
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, *, of: int = 0, **body: object) -> Answer:
        """Ask one replica as Ines, who is not on call; what dies with it is asked again, under the same key."""
        key = f"{path}:{json.dumps(body, sort_keys=True)}"
        headers = {"idempotency-key": key} if method == "POST" else {}

        async def answered() -> list[httpx.Response]:
            try:
                local = self.pair[of].local
                headers["authorization"] = f"Bearer {local['people']['ines']}"
                url = f"{local['api']}{path}"
                return [await self.http.request(method, url, headers=headers, json=body or None)]
            except (httpx.TransportError, OSError, ValueError):
                return []

        answered_at_last: list[httpx.Response] = await eventually(answered, timeout_s=20)
        (answer,) = answered_at_last
        assert answer.status_code in (200, 201), answer.text
        found: Answer = answer.json()
        return found

    async def open(self, title: str, *, of: int = 0) -> str:
        """Open an incident beside the others; return its id."""
        words = {"title": title, "workflow": COPILOT, "severity": "SEV1", "anyway": True}
        said = await self.ask("POST", "/v1/incidents", of=of, **words)
        return str(said["incident"])

    async def move(self, incident: str, to: str, *, of: int = 0) -> None:
        """Move an incident, whatever is switched off for it."""
        path = f"/v1/incidents/{incident}/move"
        words = {"to": to, "reason": f"{to} now", "stays-off": to == "resolved"}
        await self.ask("POST", path, of=of, **words)

    async def seen(self, incident: str) -> Answer:
        """Return an incident as the bot tells it."""
        return await self.ask("GET", f"/v1/incidents/{incident}")

    def record(self, incident: str) -> Answer:
        """Return an incident as it stands in the store."""
        for line in reversed(self.store.redis.lrange(self.store.keys.journal, 0, -1)):
            for kind, id_, record in json.loads(line.partition(" ")[2])["writes"]:
                if (kind, id_) == ("incidents", incident):
                    found: Answer = record
                    return found
        raise AssertionError(f"{incident} stands nowhere")

    def told(self, incident: str) -> list[tuple[int, str, str]]:
        """Return every revision of an incident with its verb and status, for who looks for what was lost."""
        found = []
        for line in self.store.redis.lrange(self.store.keys.journal, 0, -1):
            entry = json.loads(line.partition(" ")[2])
            for kind, id_, record in entry["writes"]:
                if (kind, id_) == ("incidents", incident):
                    found.append((record["at"]["revision"], entry["verb"], record["status"]))
        return found

    def lines_of(self, incident: str) -> int:
        """Return how many notes of PagerDuty stand in its timeline."""
        count = 0
        for line in self.store.redis.lrange(self.store.keys.journal, 0, -1):
            writes = json.loads(line.partition(" ")[2])["writes"]
            count += sum(
                kind == "notes" and record["incident"] == incident for kind, _, record in writes
            )
        return count

    def mirrored(self, incident: str) -> tuple[str, tuple[str, ...]]:
        """Return how its page stands and who has it, as the bot knows."""
        pager = self.record(incident)["pager"]
        return pager["status"], tuple(pager["assignees"])

    def truth(self, incident: str) -> tuple[str, tuple[str, ...]]:
        """Return how its page stands and who has it, as PagerDuty has it."""
        page = self.page(incident)
        return page.status, tuple(user for user, _ in page.assigned)

    def page(self, incident: str) -> Incident:
        """Return its page, of which there is one."""
        (found,) = self.pages(incident)
        return found

    def pages(self, incident: str) -> list[Incident]:
        """Return everything that PagerDuty has for it, opened by hand or raised as an alert."""
        key = f"opsbot:{self.store.env}:{incident}"
        raised = {one.incident for one in self.pager.account.alerts if one.key == key}
        return [one for one in self.pager.incidents if one.key == key or one.id in raised]

    def look_now(self) -> None:
        """Let the five minutes between two looks at PagerDuty be over."""
        self.store.redis.delete(self.store.keys.claim_of("once:pager:watch"))

    def looked(self) -> bool:
        """Return whether somebody has looked since."""
        return bool(self.store.redis.exists(self.store.keys.claim_of("once:pager:watch")))

    def unsettled(self) -> int:
        """
        Return how much is still to be done outside.

        What waits for its next attempt goes back and forth between the timers and the lanes: the
        timers are counted before and after, or what has just come back would be nowhere.
        """
        before = self._late()
        lanes = (self.store.keys.lane(lane) for lane in ("page", "rest"))
        waiting = sum(int(self.store.redis.xlen(lane)) for lane in lanes)
        return before + waiting + self._late()

    def _late(self) -> int:
        names = self.store.redis.hkeys(self.store.keys.timers)
        return sum(name.startswith("retry:") for name in names)

    def given_up(self) -> int:
        """Return how many effects became dead letters."""
        return int(self.store.redis.xlen(self.store.keys.outbox_dead))


@asynccontextmanager
async def paged_house(store: Store, folder: Path) -> AsyncGenerator[House]:
    """Start all of it on loopback ports."""
    async with pagerduty_stand_in(answer_s=2.0) as pager:
        ports = [free_port(), free_port()]
        settings = {
            "OPSBOT_PAGERDUTY_URL": pager.base_url,
            "OPSBOT_PAGERDUTY_EVENTS_URL": pager.base_url,
            "OPSBOT_PAGERDUTY_API_KEY": pager.api_key,
            "OPSBOT_PAGERDUTY_FROM": company.BOT_EMAIL,
            "OPSBOT_PAGERDUTY_ROUTING_KEY": pager.routing_key("PSUPPORT"),
            "OPSBOT_PAGERDUTY_WEBHOOK_SECRETS": SECRET,
            "OPSBOT_PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
        }
        one, two = (
            Replica(
                folder / name,
                redis_url=store.url,
                env=store.env,
                **{**settings, "OPSBOT_PORT": str(port)},
            )
            for name, port in zip("ab", ports, strict=True)
        )
        pager.subscribe(f"http://127.0.0.1:{ports[0]}/pagerduty/webhooks", secret=SECRET)
        try:
            await asyncio.gather(*(asyncio.to_thread(each.start) for each in (one, two)))
            async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                yield House(pager, (one, two), store, client)
        finally:
            for each in (one, two):
                if each.process is not None:
                    await asyncio.to_thread(each.kill_nine)  # it may hang on a PagerDuty that does
