"""The real Events client against the stand-in: alerts, changes, limits."""

import httpx
import pagerduty
import pytest

from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import MARA, SUPPORT, Events, Rest, events
from tests.workbench.pagerduty.conftest import call, opened, put

KEY = "opsbot:demo:tripwire:support-copilot"


async def fire(client: Events, summary: str = "Evals fell", key: str | None = KEY) -> str:
    """Trigger an alert."""
    return str(await call(client.trigger, summary, "opsbot", dedup_key=key))


async def test_an_alert_makes_one_incident_that_is_found_by_its_key(
    pd: PagerDutyStandIn, machine: Events, mara: Rest
) -> None:
    keys = [await fire(machine, f"Evals fell {number}") for number in range(3)]

    found = await call(mara.list_all, "/incidents", params={"incident_key": KEY})
    alerts = await call(mara.list_all, f"/incidents/{found[0]['id']}/alerts")

    assert keys == [KEY] * 3
    assert len(found) == 1
    assert found[0]["incident_key"] is None
    assert found[0]["service"]["id"] == SUPPORT
    assert found[0]["alert_counts"] == {"all": 1, "triggered": 1, "resolved": 0}
    assert (alerts[0]["alert_key"], alerts[0]["summary"]) == (KEY, "Evals fell 2")
    assert [page.user for page in pd.pages] == [MARA]


async def test_events_acknowledge_and_resolve_and_the_key_is_free_again(
    pd: PagerDutyStandIn, machine: Events
) -> None:
    await fire(machine)

    await call(machine.acknowledge, KEY)
    acknowledged = pd.incidents[0].status
    await call(machine.resolve, KEY)
    await fire(machine)

    assert acknowledged == "acknowledged"
    assert [one.status for one in pd.incidents] == ["resolved", "triggered"]


async def test_what_an_event_does_not_find_is_dropped_without_a_word(
    pd: PagerDutyStandIn, machine: Events, mara: Rest
) -> None:
    await fire(machine)
    await opened(mara, incident_key="rest-key")

    with events(pd, "PLEGAL") as other:
        await call(other.resolve, KEY)
        await call(machine.acknowledge, "unknown")
        await call(machine.resolve, "rest-key")

    assert [one.status for one in pd.incidents] == ["triggered", "triggered"]


async def test_without_a_key_every_trigger_is_another_incident(
    pd: PagerDutyStandIn, machine: Events
) -> None:
    keys = {await fire(machine, key=None) for _ in range(2)}

    assert len(keys) == 2
    assert len(pd.incidents) == 2


@pytest.mark.parametrize(("shared", "count"), [(False, 2), (True, 1)])
async def test_whether_rest_and_events_share_keys_can_be_chosen(
    pd: PagerDutyStandIn, machine: Events, mara: Rest, *, shared: bool, count: int
) -> None:
    pd.account.keys_shared = shared

    await opened(mara, incident_key=KEY)
    await fire(machine)

    found = await call(mara.list_all, "/incidents", params={"incident_key": KEY})
    assert len(found) == count


async def test_an_incident_is_resolved_only_with_its_last_alert(
    pd: PagerDutyStandIn, machine: Events, mara: Rest
) -> None:
    await fire(machine, key="a")
    await fire(machine, key="b")
    one, other = pd.incidents
    body = {"source_incidents": [{"id": other.id, "type": "incident_reference"}]}

    await call(mara.rput, f"/incidents/{one.id}/merge", json=body)
    await call(machine.resolve, "b")
    half = one.status
    await call(machine.resolve, "a")

    assert other.status == "resolved"
    assert half == "triggered"
    assert one.status == "resolved"


async def test_a_change_pages_nobody_and_is_shown_beside_incidents(
    pd: PagerDutyStandIn, machine: Events, mara: Rest
) -> None:
    made = await opened(mara)
    pages = len(pd.pages)

    await call(
        machine.submit, "K-1 stopped support-copilot", "opsbot", {"kill": "K-1"},
        [{"href": "http://127.0.0.1/k", "text": "The kill"}], "2026-11-21T10:00:00Z",
    )  # fmt: skip

    [change] = await call(mara.list_all, f"/services/{SUPPORT}/change_events")
    related = await call(mara.get, f"/incidents/{made['id']}/related_change_events")
    assert change["summary"] == "K-1 stopped support-copilot"
    assert change["custom_details"] == {"kill": "K-1"}
    assert related.json()["change_events"][0]["correlation_reason"] == {"reason": "most_recent"}
    assert len(pd.pages) == pages


async def test_an_alert_with_nobody_on_call_is_taken_and_opens_nothing(
    pd: PagerDutyStandIn, machine: Events
) -> None:
    for schedule in ("PSPRIMARY", "PSSECONDARY"):
        pd.hand_over(schedule, None)
    pd.account.policies["PESUPPORT"].levels.pop()

    await fire(machine)

    assert pd.incidents == []
    assert len(pd.account.alerts) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"routing_key": "0" * 32}, "Invalid routing key"),
        ({"event_action": "shout"}, "must be one of trigger"),
        ({"dedup_key": "k" * 256}, "too long"),
        (
            {"payload": {"summary": "x", "source": "y", "severity": "bad"}},
            "must be one of critical",
        ),
        ({"payload": {"summary": "x" * 1025, "source": "y", "severity": "info"}}, "too long"),
        ({"payload": {"source": "y", "severity": "info"}}, "Payload summary is required."),
        ({"images": [{"src": "http://x"}]}, "https"),
        ({"links": [{"text": "no href"}]}, "Links href is required."),
        ({"surprise": 1}, "Surprise is not a field."),
        (
            {"payload": {"summary": "x", "source": "y", "severity": "info", "timestamp": "now"}},
            "ISO",
        ),
    ],
)
async def test_an_event_that_is_wrong_says_where(
    pd: PagerDutyStandIn, wrong: dict[str, object], sentence: str
) -> None:
    good = {
        "routing_key": pd.routing_key(SUPPORT),
        "event_action": "trigger",
        "payload": {"summary": "x", "source": "y", "severity": "info"},
    }
    async with httpx.AsyncClient(base_url=pd.base_url, trust_env=False) as http:
        answer = await http.post("/v2/enqueue", json={**good, **wrong})

    assert answer.status_code == 400
    assert answer.json()["status"] == "invalid event"
    assert sentence in answer.json()["errors"][0]
    assert pd.incidents == []


async def test_too_many_events_of_one_key_and_too_large_ones_are_refused(
    pd: PagerDutyStandIn, machine: Events
) -> None:
    key = pd.routing_key(SUPPORT)
    pd.api.events_limit.windows[key] = (pd.clock(), 120)

    with pytest.raises(pagerduty.HttpError) as limited:
        await fire(machine)
    with events(pd, "PLEGAL") as other, pytest.raises(pagerduty.HttpError) as large:
        await fire(other, key="x" * 600_000)

    assert limited.value.response is not None
    assert limited.value.response.status_code == 429
    assert limited.value.response.json()["status"] == "throttle exceeded"
    assert large.value.response is not None
    assert large.value.response.status_code == 400


async def test_rest_closes_what_an_event_opened(
    pd: PagerDutyStandIn, machine: Events, mara: Rest
) -> None:
    await fire(machine)
    [found] = await call(mara.list_all, "/incidents", params={"incident_key": KEY})

    await put(mara, found, status="resolved")

    assert [alert.status for alert in pd.account.alerts] == ["resolved"]
