"""Events: by key, with their time, within limits; and nothing that could raise a second alert."""

import json
from dataclasses import replace

import pytest

from opsbot.app.paging.port import (
    AlertEvent,
    ChangeEvent,
    Link,
    PagingOff,
    PagingRefused,
    PagingUnreachable,
)
from opsbot.app.ports import RetryLater
from tests.support.paging import ACCOUNT, ROUTING_KEY, Script, paging, said

ENQUEUE, CHANGE = "POST /v2/enqueue", "POST /v2/change/enqueue"
ALERT = AlertEvent(key="opsbot:test:tripwire:w", summary="Safety flags", source="opsbot")
TAKEN = said(202, {"status": "success", "message": "Event processed", "dedup_key": "x"})


async def test_an_alert_says_everything_by_its_key() -> None:
    script = Script().answer(ENQUEUE, TAKEN)
    event = replace(
        ALERT,
        occurred_ms=1_795_248_000_500,
        kind="tripwire",
        details={"rate": "4 %"},
        links=(Link("https://opsbot.example/x", "Runbook"), Link("no address")),
    )
    async with paging(script) as port:
        await port.trigger(event)

    assert script.heard[0].said == {
        "event_action": "trigger",
        "dedup_key": "opsbot:test:tripwire:w",
        "payload": {
            "summary": "Safety flags",
            "source": "opsbot",
            "severity": "critical",
            "timestamp": "2026-11-21T08:00:00.500+00:00",
            "class": "tripwire",
            "custom_details": {"rate": "4 %"},
        },
        "links": [{"href": "https://opsbot.example/x", "text": "Runbook"}],
        "routing_key": ROUTING_KEY,
    }


async def test_an_alert_is_resolved_by_its_key() -> None:
    script = Script().answer(ENQUEUE, TAKEN)
    async with paging(script) as port:
        await port.resolve_alert(ALERT.key)

    assert script.heard[0].said["event_action"] == "resolve"
    assert script.heard[0].said["dedup_key"] == ALERT.key
    assert "payload" not in script.heard[0].said


@pytest.mark.parametrize("key", ["", " ", "x" * 256])
async def test_an_alert_without_a_fit_key_is_a_mistake(key: str) -> None:
    script = Script().answer(ENQUEUE, TAKEN)
    async with paging(script) as port:
        with pytest.raises(ValueError, match="a key"):
            await port.trigger(replace(ALERT, key=key))
        with pytest.raises(ValueError, match="a key"):
            await port.resolve_alert(key)

    assert script.heard == []


async def test_a_change_is_told_with_its_time() -> None:
    script = Script().answer(CHANGE, TAKEN)
    event = ChangeEvent(summary="Stopped", source="support-copilot", occurred_ms=1_795_248_000_000)
    async with paging(script) as port:
        await port.change(event)

    payload = script.heard[0].said["payload"]
    assert isinstance(payload, dict)
    assert payload["timestamp"] == "2026-11-21T08:00:00.000+00:00"
    assert "severity" not in payload


async def test_an_event_of_any_size_fits() -> None:
    script = Script().answer(ENQUEUE, TAKEN)
    huge = "\U0001f525" * 100_000
    event = replace(ALERT, summary=huge, details={f"{n}{huge}": huge for n in range(100)})
    async with paging(script) as port:
        await port.trigger(event)

    sent = json.dumps(script.heard[0].said, ensure_ascii=False).encode()
    assert len(sent) < 512 * 1024
    assert len(script.heard[0].said["payload"]["summary"]) == 1024  # type: ignore[index]  # as above


async def test_what_the_events_api_says_is_done_later_or_never() -> None:
    refused = said(400, {"status": "invalid event", "message": "x", "errors": ["bad severity"]})
    script = Script().answer(ENQUEUE, refused, said(429, {}), said(503, {}))
    async with paging(script) as port:
        with pytest.raises(PagingRefused, match="bad severity"):
            await port.trigger(ALERT)
        with pytest.raises(RetryLater, match="asks to wait 5 s"):
            await port.trigger(ALERT)
        with pytest.raises(PagingUnreachable, match="503"):
            await port.trigger(ALERT)

    assert len(script.heard) == 3


async def test_without_a_routing_key_it_is_named() -> None:
    async with paging(Script(), replace(ACCOUNT, routing_key="")) as port:
        assert (port.can_page, port.can_alert) == (True, False)
        with pytest.raises(PagingOff, match="OPSBOT_PAGERDUTY_ROUTING_KEY"):
            await port.trigger(ALERT)
