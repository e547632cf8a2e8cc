"""PagerDuty's deliveries: only a bad signature is refused, and our own trouble is asked for again."""

import hashlib
import hmac
import json

import httpx
import pytest
from starlette.applications import Starlette

from opsbot.adapters.pagerduty import webhook
from opsbot.domain.errors import StoreLost
from opsbot.domain.pager_event import PagerEvent
from opsbot.web.pagerduty import PATH, PagerDutyHook, entry
from opsbot.web.routing import mount

SECRETS = ("old-secret", "new-secret")
BODY = json.dumps(
    {
        "event": {
            "id": "E1",
            "event_type": "incident.acknowledged",
            "resource_type": "incident",
            "occurred_at": "2026-11-21T03:14:07Z",
            "agent": {"id": "PINES", "summary": "Ines"},
            "data": {"id": "PT1", "type": "incident", "incident_key": "opsbot:prod:INC-1"},
        }
    }
).encode()


class Taken:
    """Takes deliveries, or fails as a store that is away."""

    def __init__(self) -> None:
        self.lost = False
        self.events: list[tuple[PagerEvent, str]] = []

    async def __call__(self, event: PagerEvent, delivery: str) -> str:
        if self.lost:
            raise StoreLost("no answer")
        self.events.append((event, delivery))
        return "INC-1"


def read(raw: bytes) -> PagerEvent | None:
    try:
        return webhook.parse(raw)
    except webhook.BadDelivery:
        return None


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def client(taken: Taken) -> httpx.AsyncClient:
    hook = PagerDutyHook(lambda header, raw: webhook.verify(SECRETS, header, raw), read, taken)
    app = Starlette(routes=mount([entry(hook)], lambda token, surface: None))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot")


def signed(raw: bytes, *secrets: str) -> dict[str, str]:
    found = [hmac.new(one.encode(), raw, hashlib.sha256).hexdigest() for one in secrets]
    header = ", ".join(["v2=0", *(f"v1={one}" for one in found)])
    return {"X-PagerDuty-Signature": header, "X-Webhook-Id": "D1"}


async def test_a_signed_delivery_is_taken_and_then_answered(
    client: httpx.AsyncClient, taken: Taken
) -> None:
    answer = await client.post(PATH, content=BODY, headers=signed(BODY, "new-secret"))

    assert (answer.status_code, answer.json()) == (202, {"taken": True})
    ((event, delivery),) = taken.events
    assert (event.kind, event.key, delivery) == ("acknowledged", "opsbot:prod:INC-1", "D1")


async def test_while_the_secret_changes_either_signature_counts(client: httpx.AsyncClient) -> None:
    for secrets in (("old-secret",), ("wrong", "new-secret"), ("old-secret", "new-secret")):
        answer = await client.post(PATH, content=BODY, headers=signed(BODY, *secrets))
        assert answer.status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(BODY, "wrong"),
        signed(BODY + b" ", "new-secret"),
        {"X-PagerDuty-Signature": "\u00ff"},
    ],
)
async def test_an_unsigned_or_forged_delivery_is_refused(
    client: httpx.AsyncClient, taken: Taken, headers: dict[str, str]
) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = await client.post(PATH, content=BODY, headers=encoded)

    assert (answer.status_code, taken.events) == (401, [])


async def test_a_store_that_is_away_asks_for_it_again(
    client: httpx.AsyncClient, taken: Taken
) -> None:
    taken.lost = True

    answer = await client.post(PATH, content=BODY, headers=signed(BODY, "new-secret"))

    assert answer.status_code == 503


async def test_what_is_genuine_and_cannot_be_read_does_not_switch_the_subscription_off(
    client: httpx.AsyncClient, taken: Taken
) -> None:
    for raw in (b"", b"{}", b"[]", b"\xff", b'{"event": {"id": 7}}'):
        answer = await client.post(PATH, content=raw, headers=signed(raw, "new-secret"))
        assert (answer.status_code, answer.json()) == (202, {"taken": False})
    assert taken.events == []


async def test_a_delivery_without_an_id_goes_by_its_events(
    client: httpx.AsyncClient, taken: Taken
) -> None:
    headers = signed(BODY, "new-secret")
    del headers["X-Webhook-Id"]

    await client.post(PATH, content=BODY, headers=headers)

    assert [delivery for _, delivery in taken.events] == ["E1"]


async def test_more_than_anybody_sends_is_not_read_to_its_end(
    client: httpx.AsyncClient, taken: Taken
) -> None:
    huge = b" " * (600 * 1024)

    answer = await client.post(PATH, content=huge, headers=signed(huge, "new-secret"))

    assert (answer.status_code, taken.events) == (401, [])
