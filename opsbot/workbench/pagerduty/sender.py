"""Send webhooks: signed, at least once, in order for each incident, with retries and drops."""

import asyncio
import hashlib
import hmac
import json
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import httpx

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.faults import Faults
from opsbot.workbench.pagerduty.model import Happened, Json
from opsbot.workbench.pagerduty.shapes_incident import IncidentShapes
from opsbot.workbench.pagerduty.subscriptions import Subscription, Subscriptions
from opsbot.workbench.slack.waiting import Background, pause
from opsbot.workbench.trust import trusted

ANSWER_S = 5.0
RETRY_S = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
GIVE_UP_S = 48 * 3600.0
GATHER_S = 0.1
LOOK_S = 0.01
TOO_MANY = 429
State = Literal["waiting", "delivered", "dropped", "lost", "expired"]


@dataclass(slots=True)
class Delivery:
    """One webhook to one receiver; *id* is the same on every attempt, *attempts* what came back."""

    id: str
    subscription: Subscription
    what: Happened
    body: bytes
    at: float
    state: State = "waiting"
    attempts: list[str] = field(default_factory=list)

    @property
    def lane(self) -> tuple[str, str]:
        """Within a lane order is kept."""
        return self.subscription.id, self.what.incident or self.what.id

    def described(self) -> Json:
        """Describe it for the page and for tests in other processes."""
        return {
            "id": self.id,
            "subscription": self.subscription.id,
            "event": self.what.type,
            "incident": self.what.incident,
            "state": self.state,
            "attempts": list(self.attempts),
        }


@dataclass(slots=True)
class Sender:
    """
    Queue and send. *time_scale* shortens the waits between attempts, *answer_s* is how long a
    receiver may take, in real seconds. Until `start` and after `close` webhooks only queue up.
    """

    clock: Clock
    faults: Faults
    shapes: IncidentShapes
    subscriptions: Subscriptions
    time_scale: float = 1.0
    answer_s: float = ANSWER_S
    changed: Callable[[], None] = lambda: None
    deliveries: list[Delivery] = field(default_factory=list)
    background: Background = field(default_factory=Background)
    _lanes: dict[tuple[str, str], deque[Delivery]] = field(default_factory=dict)
    _running: set[tuple[str, str]] = field(default_factory=set)
    _client: httpx.AsyncClient | None = None

    def start(self) -> None:
        """Begin to send, in the running loop."""
        self._client = httpx.AsyncClient(trust_env=False, timeout=self.answer_s, verify=trusted())
        for lane in list(self._lanes):
            self._run(lane)

    async def close(self) -> None:
        """Stop; what waits is kept."""
        await self.background.close()
        self._running.clear()
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def tell(self, what: Happened) -> None:
        """Queue an event for everybody who wants it."""
        for one in self.subscriptions.rows.values():
            if one.wants(what):
                self.queue(one, what)

    def queue(self, one: Subscription, what: Happened) -> Delivery:
        """Queue one webhook; to a receiver that is cut off it is lost."""
        body = json.dumps(self.shapes.envelope(what), separators=(",", ":"), ensure_ascii=False)
        made = Delivery(str(uuid.uuid4()), one, what, body.encode(), self.clock())
        self.deliveries.append(made)
        if self.faults.lost or self.subscriptions.disabled(one):
            made.state = "lost"
            return made
        self._lanes.setdefault(made.lane, deque()).append(made)
        if self._client is not None:
            self._run(made.lane)
        return made

    async def tried(self, since: int, within_s: float) -> None:
        """Wait until every delivery from number *since* on was tried once, at most *within_s*."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while loop.time() < until:
            if all(one.attempts or one.state != "waiting" for one in self.deliveries[since:]):
                return
            await asyncio.sleep(LOOK_S)

    @property
    def waiting(self) -> list[Delivery]:
        """What has not come to an end."""
        return [one for one in self.deliveries if one.state == "waiting"]

    def _run(self, lane: tuple[str, str]) -> None:
        if lane not in self._running:
            self._running.add(lane)
            self.background.spawn(self._lane(lane))

    async def _lane(self, lane: tuple[str, str]) -> None:
        queue = self._lanes[lane]
        try:
            while queue:
                while self.faults.held:  # noqa: ASYNC110 - a flag that tests set tells nobody
                    await asyncio.sleep(LOOK_S)
                if self.faults.order != "kept":
                    await asyncio.sleep(GATHER_S)
                one = self._next(queue)
                await self._deliver(one)
                queue.remove(one)
                self.changed()
        finally:
            self._running.discard(lane)

    def _next(self, queue: deque[Delivery]) -> Delivery:
        if self.faults.order == "reversed":
            return queue[-1]
        if self.faults.order == "shuffled":
            return self.faults.random.choice(list(queue))
        return queue[0]

    async def _deliver(self, one: Delivery) -> None:
        for wait_s in (*RETRY_S, *[RETRY_S[-1]] * int(GIVE_UP_S / RETRY_S[-1])):
            if self.subscriptions.disabled(one.subscription):
                one.state = "lost"
                return
            if self._settled(one, await self._attempt(one)):
                return
            if self.clock() - one.at > GIVE_UP_S * self.time_scale:
                break
            await pause(self.clock, wait_s * self.time_scale)
        one.state = "expired"

    def _settled(self, one: Delivery, answers: Sequence[str]) -> bool:
        one.attempts += answers
        if any(answer.startswith("2") for answer in answers):
            one.state, one.subscription.dropped = "delivered", 0
            return True
        refused = [a for a in answers if a[0] in "34" and a != str(TOO_MANY)]
        if refused:
            one.state = "dropped"
            self.subscriptions.drop(one.subscription)
            return True
        return False

    async def _attempt(self, one: Delivery) -> list[str]:
        return [await self._post(one) for _ in range(self.faults.duplicates)]

    async def _post(self, one: Delivery) -> str:
        assert self._client is not None
        headers = {
            "content-type": "application/json",
            "user-agent": "PagerDuty-Webhook/V3.0",
            "x-webhook-id": one.id,
            "x-webhook-subscription": one.subscription.id,
            **dict(one.subscription.headers),
            "x-pagerduty-signature": signatures(one.subscription.secrets, one.body),
        }
        try:
            async with asyncio.timeout(self.answer_s):
                answer = await self._client.post(
                    one.subscription.url, content=one.body, headers=headers
                )
        except (httpx.TimeoutException, TimeoutError):
            return "timeout"
        except httpx.TransportError:
            return "no connection"
        return str(answer.status_code)


def signatures(secrets: Sequence[str], body: bytes) -> str:
    """Sign *body* with each secret, as the header carries it."""
    digests = [hmac.new(one.encode(), body, hashlib.sha256).hexdigest() for one in secrets]
    return ",".join(f"v1={digest}" for digest in digests)
