"""Fixtures: a running stand-in, the real clients in threads of their own, and a webhook receiver."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

import pagerduty
import pytest

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import (
    SUPPORT,
    Events,
    Json,
    Receiver,
    Rest,
    events,
    pagerduty_stand_in,
    rest,
    webhook_receiver,
)

T = TypeVar("T")


async def call(does: Callable[..., T], *args: Any, **more: Any) -> T:
    """Let the real client, which blocks, work beside the stand-in's loop."""
    return await asyncio.to_thread(does, *args, **more)


def new(title: str = "Wrong refund answers", **more: Any) -> Json:
    """The body of an incident."""
    service = {"id": SUPPORT, "type": "service_reference"}
    return {"type": "incident", "title": title, "service": service, **more}


async def opened(client: Rest, title: str = "Wrong refund answers", **more: Any) -> Json:
    """Open an incident with the real client."""
    return dict(await call(client.rpost, "/incidents", json=new(title, **more)))


async def put(client: Rest, incident: Json, **changed: Any) -> Json:
    """Change an incident with the real client."""
    body = {"type": "incident_reference", **changed}
    return dict(await call(client.rput, f"/incidents/{incident['id']}", json=body))


async def refused(does: Callable[..., Any], *args: Any, **more: Any) -> tuple[int, Json]:
    """Return the status and the error of a call that is refused."""
    with pytest.raises(pagerduty.HttpError) as failed:
        await call(does, *args, **more)
    answer = failed.value.response
    assert answer is not None
    return answer.status_code, dict(answer.json()["error"])


@pytest.fixture
def clock() -> Clock:
    """The stand-in's time, to be pushed."""
    return Clock()


@pytest.fixture
async def pd(clock: Clock) -> AsyncGenerator[PagerDutyStandIn]:
    """A running stand-in."""
    async with pagerduty_stand_in(clock) as stand_in:
        yield stand_in


@pytest.fixture
async def mara(pd: PagerDutyStandIn) -> AsyncGenerator[Rest]:
    """The real REST client, writing as Mara, who is on call."""
    with rest(pd) as client:
        yield client


@pytest.fixture
async def sam(pd: PagerDutyStandIn) -> AsyncGenerator[Rest]:
    """The real REST client, writing as Sam."""
    with rest(pd, "sam@example.com") as client:
        yield client


@pytest.fixture
async def machine(pd: PagerDutyStandIn) -> AsyncGenerator[Events]:
    """The real Events client for the support service."""
    with events(pd) as client:
        yield client


@pytest.fixture
async def hooks(pd: PagerDutyStandIn) -> AsyncGenerator[Receiver]:
    """A receiver of webhooks, not subscribed yet."""
    async with webhook_receiver() as receiver:
        yield receiver
