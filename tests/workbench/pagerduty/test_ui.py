"""The JSON by which the page and other processes act on the stand-in, and whom it turns away."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import INES, MARA, SAM, SUPPORT, Json, Receiver, Rest, genuine
from tests.support.wait import eventually
from tests.workbench.pagerduty.conftest import call, opened


@pytest.fixture
async def page(pd: PagerDutyStandIn) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser's client with the page's own header."""
    headers = {"x-workbench": "1", "origin": pd.base_url}
    base = f"{pd.base_url}/ui"
    async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as client:
        yield client


async def post(page: httpx.AsyncClient, what: str, **body: Any) -> Json:
    """Post and insist that it went."""
    answer = await page.post(f"/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def hint(page: httpx.AsyncClient, what: str, **body: Any) -> str:
    """Post and insist that it is refused."""
    answer = await page.post(f"/{what}", json=body)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["hint"])


async def state(page: httpx.AsyncClient, user: str = MARA) -> Json:
    """Ask for everything."""
    return dict((await page.get("/state", params={"user": user})).json())


async def test_the_state_shows_incidents_and_who_is_on_call(
    pd: PagerDutyStandIn, page: httpx.AsyncClient, sam: Rest
) -> None:
    body = {"type": "incident_body", "details": "K-1"}
    made = await opened(sam, priority={"id": "PPRIO1", "type": "priority_reference"}, body=body)

    seen = await state(page)

    [one] = seen["incidents"]
    assert (one["id"], one["status"], one["priority"], one["body"]) == (
        made["id"], "triggered", "P1", "K-1",
    )  # fmt: skip
    assert one["assigned"] == ["Mara Okafor"]
    assert one["mine"] is True
    assert (seen["me"], seen["paged"]) == (MARA, 1)
    support = seen["on_call"][0]
    assert [(row["level"], row["id"]) for row in support["people"]] == [
        (1, MARA), (2, "POLA"), (3, SAM),
    ]  # fmt: skip


async def test_pressing_does_what_that_person_would_and_tells_the_webhooks(
    pd: PagerDutyStandIn, page: httpx.AsyncClient, sam: Rest, hooks: Receiver
) -> None:
    subscribed = await post(page, "subscribe", url=hooks.url)
    made = await opened(sam)
    target = {"responder_request_target": {"id": INES, "type": "user_reference"}}
    body = {"requester_id": SAM, "message": "Join?", "responder_request_targets": [target]}
    await call(sam.post, f"/incidents/{made['id']}/responder_requests", json=body)

    for user, does in [(INES, "join"), (MARA, "acknowledge"), (SAM, "take"), (SAM, "escalate"),
                       (SAM, "note"), (INES, "resolve"), (MARA, "reopen")]:  # fmt: skip
        await post(page, "press", user=user, incident=made["id"], do=does, text="Found it")
    await eventually(lambda: not pd.sender.waiting)

    assert [name.removeprefix("incident.") for name in hooks.types] == [
        "triggered", "responder.added", "responder.replied", "acknowledged", "reassigned",
        "acknowledged", "escalated", "annotated", "resolved", "reopened",
    ]  # fmt: skip
    replied = hooks.events[2]
    assert (replied["agent"]["id"], replied["data"]["state"]) == (INES, "joined")
    headers, raw = hooks.got[0]
    assert genuine(subscribed["secret"], headers["x-pagerduty-signature"], raw)
    pages = (await page.get("/pages")).json()["pages"]
    assert [row["user"] for row in pages] == [MARA, INES, "POLA", "POLA"]


async def test_what_does_not_go_says_why(
    pd: PagerDutyStandIn, page: httpx.AsyncClient, mara: Rest
) -> None:
    made = await opened(mara)
    await post(page, "press", user=MARA, incident=made["id"], do="resolve")

    again = await hint(page, "press", user=MARA, incident=made["id"], do="resolve")
    no_button = await hint(page, "press", user=MARA, incident=made["id"], do="explode")
    uninvited = await hint(page, "press", user=SAM, incident=made["id"], do="join")
    nobody = await hint(page, "press", user="PNO", incident=made["id"], do="resolve")
    untitled = await hint(page, "open", user=MARA, service=SUPPORT, title=" ")
    empty = await hint(page, "press", user=MARA, incident=made["id"], do="note", text=" ")

    assert again == "Incident Already Resolved"
    assert "acknowledge, resolve" in no_button
    assert uninvited == "Sam Lindqvist is not being asked"
    assert "one of PMARA" in nobody
    assert (untitled, empty) == ("Title cannot be empty.", "A note cannot be empty.")
    assert (await page.get("/state", params={"user": "PNO"})).status_code == 400


async def test_time_passes_people_hand_over_and_features_go(
    pd: PagerDutyStandIn, page: httpx.AsyncClient
) -> None:
    await post(page, "open", user=SAM, service=SUPPORT, title="By hand")

    await post(page, "clock", seconds=11 * 60)
    await post(page, "on_call", schedule="PSPRIMARY", user=SAM)
    without = await post(page, "switch", ability="coordinated_responding", on=False)
    off = await post(page, "switch", priorities=False)
    on = await post(page, "switch", ability="coordinated_responding", on=True)
    seen = await state(page)

    assert seen["pushed_s"] == 660
    assert [row.user for row in pd.pages] == [MARA, "POLA"]
    assert seen["on_call"][0]["people"][0]["id"] == SAM
    assert "coordinated_responding" not in without["abilities"]
    assert "coordinated_responding" in on["abilities"]
    assert off["priorities"] is False
    await post(page, "on_call", schedule="PSPRIMARY", user=None)
    assert (await state(page))["on_call"][0]["people"][0]["level"] == 2


async def test_every_fault_is_set_shown_and_healed(
    pd: PagerDutyStandIn, page: httpx.AsyncClient
) -> None:
    for fault in ("down", "webhook_first", "held", "lost"):
        await post(page, "fault", fault=fault, on=True)
    await post(page, "fault", fault="route", route="*", kind="503", times=2)
    await post(page, "fault", fault="duplicates", times=3)
    await post(page, "fault", fault="order", order="shuffled")
    await post(page, "fault", fault="chaos", chances={"cut": 0.5}, seed=7)

    shown = (await state(page))["faults"]
    healed = await post(page, "fault", fault="clear")

    assert shown == {
        "down": True, "webhook_first": True, "held": True, "lost": True, "duplicates": 3,
        "order": "shuffled", "routes": {"*": ["503", "503"]}, "chances": {"cut": 0.5},
    }  # fmt: skip
    assert healed["faults"] == {
        "down": False, "webhook_first": False, "held": False, "lost": False, "duplicates": 1,
        "order": "kept", "routes": {}, "chances": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("fault", {"fault": "fire"}),
        ("fault", {"fault": "route", "route": "*", "kind": "418"}),
        ("fault", {"fault": "duplicates", "times": 0}),
        ("fault", {"fault": "duplicates", "times": True}),
        ("fault", {"fault": "order", "order": "odd"}),
        ("fault", {"fault": "chaos"}),
        ("fault", {"fault": "chaos", "chances": {"418": 1}}),
        ("clock", {"seconds": -1}),
        ("on_call", {"schedule": "PNO", "user": MARA}),
        ("on_call", {"schedule": "PSPRIMARY", "user": "PNO"}),
        ("subscribe", {"url": "https://opsbot.example"}),
        ("subscribe", {"url": "http://127.0.0.1:9", "events": ["x"]}),
        ("rotate", {"subscription": "PNO"}),
        ("switch", {}),
    ],
)
async def test_a_wish_that_is_wrong_changes_nothing(
    pd: PagerDutyStandIn, page: httpx.AsyncClient, what: str, body: Json
) -> None:
    before = {**await state(page), "now": "", "seq": 0}

    assert await hint(page, what, **body)

    assert {**await state(page), "now": "", "seq": 0} == before


async def test_secrets_rotate_and_deliveries_and_calls_can_be_read(
    pd: PagerDutyStandIn, page: httpx.AsyncClient, mara: Rest, hooks: Receiver
) -> None:
    made = await post(page, "subscribe", url=hooks.url, events=["incident.triggered"])
    both = await post(page, "rotate", subscription=made["id"])
    one = await post(page, "rotate", subscription=made["id"], retire=True)
    await opened(mara)
    await eventually(lambda: not pd.sender.waiting)

    [delivery] = (await page.get("/webhooks")).json()["webhooks"]
    [kept] = (await page.get("/calls")).json()["calls"]

    assert (both["secrets"], one["secrets"]) == (2, 1)
    assert (delivery["state"], delivery["attempts"]) == ("delivered", ["202"])
    assert genuine(both["secret"], hooks.got[0][0]["x-pagerduty-signature"], hooks.got[0][1])
    assert (kept["route"], kept["status"]) == ("POST /incidents", 201)


async def test_pages_hear_that_there_is_news(
    pd: PagerDutyStandIn, page: httpx.AsyncClient, mara: Rest
) -> None:
    async with page.stream("GET", "/events") as stream:
        lines = (line async for line in stream.aiter_lines() if line)
        first = await anext(lines)
        await opened(mara)
        second = await anext(lines)

    assert first == 'data: {"seq": 0}'
    assert second != first


async def test_a_post_without_the_pages_header_is_a_stranger(pd: PagerDutyStandIn) -> None:
    async with httpx.AsyncClient(base_url=pd.base_url, trust_env=False) as http:
        answer = await http.post("/ui/fault", json={"fault": "down", "on": True})

    assert answer.status_code == 403
    assert pd.faults.down is False
