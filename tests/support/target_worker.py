"""A replica that only publishes, for tests to kill: the real outbox, the real handler, the real targets."""

import asyncio
import base64
import json
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, cast

from pydantic import SecretStr

from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.adapters.pagerduty.link import open_link
from opsbot.adapters.redis.store import Tuning, open_store
from opsbot.adapters.targets.http import Api
from opsbot.adapters.targets.registry import TargetPublishers, makers
from opsbot.app.comms.deliver import AT_ONCE, PublishTo
from opsbot.app.comms.effects import CARD, PUBLISH
from opsbot.app.comms_rules import settings_of
from opsbot.app.deliver import Deliver
from opsbot.app.environment import Environment
from opsbot.app.incident.effects import CARD as INCIDENT_CARD
from opsbot.app.no_chat import nobody
from opsbot.app.ports import Delivery, Handler, Outbox
from opsbot.bootstrap.paging_way import account_of
from opsbot.bootstrap.publishing_way import Clients, keys
from opsbot.config import Settings
from opsbot.workbench.targets import incident_io, receiver, statuspage

PATIENCE_S = 3.0
"""
How long an answer is waited for: tests take some of them away.

A slow machine that answers later than this would be asked again and again, and be slower for it.
"""

RECLAIM_MS = 2_000
TICK_S = 0.1
WAIT_S = 0.5
"""The longest wait until another attempt, where a bot gives a place that fails up to half a minute."""

CLAIM_S = 2.0
"""For how long a place is held by a replica that died, where a bot's are held for twenty seconds."""


class Hurried:
    """The outbox, with shorter waits: what is waited for stays the same."""

    def __init__(self, real: Outbox) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def later(self, delivery: Delivery, *, reason: str, after_s: float) -> None:
        """Put the item back, due soon."""
        await self._real.later(delivery, reason=reason, after_s=min(after_s, WAIT_S))

    async def claim(self, what: str, *, ttl_s: float) -> bool:
        """Take or renew a claim that ends soon."""
        return await self._real.claim(what, ttl_s=min(ttl_s, CLAIM_S))


class Quiet:
    """Says nothing, unless something is broken in ourselves."""

    def failed(self, delivery: Delivery, reason: str, *, unexpected: bool) -> None:
        """Tell the test, by its standard error."""
        if unexpected:
            sys.stderr.write(f"UNEXPECTED {delivery.effect.key}: {reason}\n")


def settings(places: Mapping[str, str]) -> Settings:
    """Return what a bot is given for the stand-ins."""
    return Settings(
        env=places["env"],
        statuspage_api_key=SecretStr(statuspage.KEY),
        statuspage_url=f"{places['statuspage']}/v1",
        incident_io_api_key=SecretStr(incident_io.KEY),
        incident_io_url=places["incident_io"],
        pagerduty_api_key=SecretStr(places["pagerduty_key"]),
        pagerduty_from="opsbot@example.com",
        pagerduty_url=places["pagerduty"],
        pagerduty_events_url=places["pagerduty"],
        comms_webhook_secrets=SecretStr(f"partner={receiver.SECRET}"),
        comms_webhook_hosts="127.0.0.1",
        smtp_url=SecretStr(places["smtp"]),
        smtp_from="Status <status@example.com>",
    )


async def work(places: Mapping[str, str]) -> None:
    """Publish until somebody ends it."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        bundle = await stack.enter_async_context(
            open_store(
                places["redis"], env=places["env"], state_dir=None,
                tuning=Tuning(reclaim_ms=RECLAIM_MS),
            )
        )  # fmt: skip
        env = Environment(
            places["env"], bundle.store, bundle.fleets, clock, SystemEntropy(), bundle.promise
        )
        given, clients = settings(places), Clients()
        link = await stack.enter_async_context(open_link(account_of(given)))
        with_keys = keys(given, clients, link, clock)
        assert with_keys.statuspage is not None
        assert with_keys.incident_io is not None
        impatient = replace(
            with_keys,
            # Its real pace, one request a second, would make this test last ten minutes.
            statuspage=Api(with_keys.statuspage.vendor, clients.direct, deadline_s=PATIENCE_S),
            incident_io=Api(with_keys.incident_io.vendor, clients.direct, deadline_s=PATIENCE_S),
        )
        made = makers(impatient, clients.direct, clock.now_ms, None)
        publishers = TargetPublishers(lambda: settings_of(env.store.state), made)
        outbox = cast("Outbox", Hurried(bundle.outbox))
        # As many as may write at a time: five hundred that are turned away and come again do little else.
        room = asyncio.Semaphore(AT_ONCE)
        handlers: dict[str, Handler] = {
            PUBLISH: PublishTo(env, outbox, publishers),
            CARD: nobody,
            INCIDENT_CARD: nobody,
            "incident_said": nobody,
        }
        async with asyncio.TaskGroup() as group:
            group.create_task(Deliver(outbox, handlers, Quiet(), "rest", room).run())
            while True:
                # What waits for its next attempt is a timer.
                await bundle.outbox.fire_timers()
                await clock.sleep(TICK_S)


if __name__ == "__main__":
    asyncio.run(work(json.loads(base64.b64decode(sys.argv[1]))))
