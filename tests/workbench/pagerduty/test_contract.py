"""
What the real client sends and the stand-in answers, against PagerDuty's published documents.

Set OPSBOT_PAGERDUTY_OPENAPI to the OpenAPI file of the REST API, or to several files with the path
separator between (the Events API v2 has its own).
"""

import os
import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.openapi import Contract, Document
from tests.support.pagerduty import MARA, SAM, SUPPORT, Events, Json, Receiver, Rest, rest
from tests.workbench.pagerduty.conftest import call, opened, put

VARIABLE = "OPSBOT_PAGERDUTY_OPENAPI"
FORGIVEN = {
    r"incident\.body\.(details is no object|type is not in)": "its examples and real answers have a text",
    r"change_events: \.(limit|offset|more|total) is not in": "its examples have them",
    r"responder_request_target is not in": "its examples wrap targets so",
    r"/oncalls: \.oncalls\[\]\.user\.": "include[]=users is documented, what it gives is not",
    r"'acknowledge_log_entry'": "it says acknowledge_ in one place and acknowledgement_ in another",
    r"^GET /log_entries: .*'field_value_change_log_entry'": "listed for one incident, not for all",
}
"""Where the documents contradict themselves, and why we go the other way."""

TINY = Document(
    {
        "paths": {
            "/things/{id}": {
                "put": {
                    "parameters": [{"name": "limit", "in": "query"}],
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": "#/schemas/Thing"}}}
                    },
                    "responses": {
                        "200": {
                            "content": {"application/json": {"schema": {"$ref": "#/schemas/Thing"}}}
                        }
                    },
                }
            }
        },
        "schemas": {
            "Thing": {
                "allOf": [
                    {"type": "object", "required": ["name"]},
                    {
                        "properties": {
                            "name": {"type": "string", "maxLength": 3, "enum": ["abc", "abcd"]},
                            "size": {"oneOf": [{"type": "integer"}, {"type": "array"}]},
                            "rows": {"type": "array", "items": {"type": "number"}, "minItems": 1},
                            "none": {"type": "string", "nullable": True},
                        }
                    },
                ]
            }
        },
    }
)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": "abc", "size": 1, "rows": [1, 0.5], "none": None}, []),
        ({}, [".name is missing"]),
        ({"name": "abcd"}, [".name breaks maxLength 3"]),
        ({"name": "x"}, [".name is not among ['abc', 'abcd']: 'x'"]),
        ({"name": "abc", "size": True}, [".size fits none of 2: ['.size is no integer: True']"]),
        ({"name": "abc", "rows": []}, [".rows breaks minItems 1"]),
        ({"name": "abc", "rows": ["1"]}, [".rows[] is no number: '1'"]),
        ({"name": None}, [".name is null"]),
    ],
)
def test_the_check_finds_what_a_document_forbids(body: Json, wrong: list[str]) -> None:
    contract = Contract([TINY])

    assert contract.request("PUT", "/things/{thing}", ["limit"], body) == wrong


def test_the_check_finds_what_an_answer_invents_and_asks_that_nobody_knows() -> None:
    contract = Contract([TINY])

    assert contract.answer("PUT", "/things/{id}", 200, {"name": None, "made": 1}) == [
        ".made is not in the document"
    ]
    assert contract.request("PUT", "/things/{id}", ["size"], {"name": "abc"}) == [
        "query size is unknown"
    ]
    assert contract.answer("PUT", "/things/{id}", 201, {}) == ["status 201 is not in the document"]
    assert contract.answer("GET", "/nothing", 200, {}) == ["GET /nothing is not in the documents"]


async def everything(pd: PagerDutyStandIn, mara: Rest, machine: Events, url: str) -> None:
    """Make every call that the stand-in knows, with every field that it knows."""
    references: Json = {
        "priority": {"id": "PPRIO1", "type": "priority_reference"},
        "escalation_policy": {"id": "PESUPPORT", "type": "escalation_policy_reference"},
        "conference_bridge": {"conference_url": "https://127.0.0.1/slack"},
        "incident_type": {"name": "major_incident"},
        "body": {"type": "incident_body", "details": "K-1"},
    }
    made = await opened(mara, incident_key="k", urgency="high", **references)
    base = f"/incidents/{made['id']}"
    myself = [{"assignee": {"id": MARA, "type": "user_reference"}}]
    mine = await opened(mara, "mine", assignments=myself)
    await put(mara, made, status="acknowledged", title="t", urgency="low", priority="P2")
    await put(mara, made, escalation_level=2, incident_type={"name": "incident_default"})
    await put(mara, made, assignments=myself)
    await put(mara, made, escalation_policy=references["escalation_policy"])
    await call(mara.rput, "/incidents", json=[{"id": mine["id"], "type": "incident_reference",
                                               "status": "resolved"}])  # fmt: skip
    await call(mara.get, base)
    await around(mara, base)
    await call(machine.trigger, "x", "y", dedup_key="a", custom_details={"z": 1},
               links=[{"href": "http://127.0.0.1/"}])  # fmt: skip
    await call(machine.submit, "x", "y", {"z": 1}, None, "2026-11-21T10:00:00Z")
    [alerted] = await call(mara.list_all, "/incidents", params={"incident_key": "a"})
    await call(mara.get, f"/incidents/{alerted['id']}/alerts")
    await call(mara.put, f"{base}/merge", json={"source_incidents": [
        {"id": alerted["id"], "type": "incident_reference"}]})  # fmt: skip
    await call(machine.acknowledge, "a")
    await call(machine.resolve, "a")
    await lookups(mara)
    await status_page(mara)
    await subscriptions(mara, url)
    with rest(pd, key=pd.user_key(SAM)) as own:
        await call(own.get, "/users/me")


async def around(mara: Rest, base: str) -> None:
    """Say everything that can be said around an incident."""
    target = {"responder_request_target": {"id": SAM, "type": "user_reference"}}
    asked: Json = {"requester_id": MARA, "message": "?", "responder_request_targets": [target]}
    off = {
        "requester_id": MARA,
        "responder_request_targets": [{"id": SAM, "type": "user_reference"}],
    }
    told = {"message": "m", "subject": "s", "html_message": "<p>m</p>"}
    subscribers = {"subscribers": [{"subscriber_id": SAM, "subscriber_type": "user"}]}
    await call(mara.post, f"{base}/notes", json={"note": {"content": "n"}})
    await call(mara.post, f"{base}/responder_requests", json=asked)
    await call(mara.put, f"{base}/responder_requests/cancel", json=off)
    await call(mara.post, f"{base}/status_updates", json=told)
    await call(mara.post, f"{base}/status_updates/subscribers", json=subscribers)
    await call(mara.get, f"{base}/status_updates/subscribers")
    await call(mara.post, f"{base}/snooze", json={"duration": 60})
    await call(mara.get, f"{base}/notes")
    await call(
        mara.get, f"{base}/log_entries", params={"is_overview": "false", "include": ["channels"]}
    )
    await call(mara.get, f"{base}/related_change_events")


async def lookups(mara: Rest) -> None:
    """Look everything up."""
    oncall = {"escalation_policy_ids": ["PESUPPORT"], "include": ["users"], "earliest": "true"}
    await call(mara.get, "/oncalls", params=oncall)
    wanted = {"statuses": ["triggered"], "sort_by": "created_at:desc", "date_range": "all"}
    await call(mara.get, "/incidents", params={**wanted, "total": "true", "limit": 5, "offset": 0})
    for path in (
        "/abilities", "/abilities/teams", "/users", "/users/PMARA", "/teams", "/teams/PTEAMAI",
        "/teams/PTEAMAI/members", "/escalation_policies", "/escalation_policies/PESUPPORT",
        "/services", f"/services/{SUPPORT}", f"/services/{SUPPORT}/change_events", "/schedules",
        "/schedules/PSPRIMARY", "/schedules/PSPRIMARY/users", "/priorities", "/log_entries",
    ):  # fmt: skip
        answer = await call(mara.get, path)
        assert answer.is_success, path
    [entry, *_] = await call(mara.list_all, "/log_entries")
    await call(mara.get, f"/log_entries/{entry['id']}")


async def status_page(mara: Rest) -> None:
    """Tell of an incident on a status page, and read all that it has."""
    at = "/status_pages/PSTATUS1"
    for path in ("/status_pages", f"{at}/statuses", f"{at}/severities", f"{at}/impacts"):
        assert (await call(mara.get, path)).is_success, path
    update: Json = {
        "type": "status_page_post_update",
        "post": {"id": "", "type": "status_page_post"},
        "message": "<p>We look.</p>",
        "status": {"id": "PSTAT1", "type": "status_page_status"},
        "severity": {"id": "PSEVR2", "type": "status_page_severity"},
        "impacted_services": [
            {
                "service": {"id": "PSERV1", "type": "status_page_service"},
                "impact": {"id": "PIMPA2", "type": "status_page_impact"},
            }
        ],
        "update_frequency_ms": None,
        "notify_subscribers": True,
        "reported_at": "2026-11-21T18:00:00Z",
    }
    post: Json = {
        "type": "status_page_post",
        "title": "Wrong answers",
        "post_type": "incident",
        "starts_at": None,
        "ends_at": None,
        "status_page": {"id": "PSTATUS1", "type": "status_page"},
        "updates": [update],
    }
    made = (await call(mara.post, f"{at}/posts", json={"post": post})).json()["post"]
    again = {**update, "post": {"id": made["id"], "type": "status_page_post"}}
    updates = f"{at}/posts/{made['id']}/post_updates"
    await call(mara.post, updates, json={"post_update": again})
    await call(mara.get, updates)
    await call(mara.get, f"{at}/posts")


async def subscriptions(mara: Rest, url: str) -> None:
    """Subscribe, look, change, enable, ping and end."""
    body = {
        "type": "webhook_subscription",
        "delivery_method": {"type": "http_delivery_method", "url": url},
        "events": ["incident.triggered"],
        "filter": {"type": "account_reference"},
    }
    made = await call(mara.rpost, "/webhook_subscriptions", json=body)
    path = f"/webhook_subscriptions/{made['id']}"
    changed = {**body, "events": ["incident.resolved"], "description": "d"}
    del changed["delivery_method"]
    await call(mara.get, "/webhook_subscriptions")
    await call(mara.get, path)
    await call(mara.put, path, json={"webhook_subscription": {**changed, "active": True}})
    await call(mara.post, f"{path}/enable")
    await call(mara.post, f"{path}/ping")
    await call(mara.delete, path)


async def test_the_session_of_the_contract_leaves_out_no_route(
    pd: PagerDutyStandIn, mara: Rest, machine: Events, hooks: Receiver
) -> None:
    await everything(pd, mara, machine, hooks.url)

    assert [one for one in pd.calls if one.status >= 300] == []
    known = {route.name for _, route in pd.api._table}
    assert known - {one.route for one in pd.calls} == set()


async def test_requests_and_answers_keep_to_the_published_documents(
    pd: PagerDutyStandIn, mara: Rest, machine: Events, hooks: Receiver
) -> None:
    files = os.environ.get(VARIABLE)
    if not files:
        pytest.skip(f"{VARIABLE} names no OpenAPI document of PagerDuty")
    documents = [Document.read(Path(name)) for name in files.split(os.pathsep)]
    contract = Contract(documents)
    whole = any(document.prefix for document in documents)

    await everything(pd, mara, machine, hooks.url)

    wrong = set()
    for made in pd.calls:
        method, _, path = made.route.partition(" ")
        if path.startswith("/v2/") and not whole:
            continue
        query = [name for name, _ in parse_qsl(made.query)]
        found = contract.request(method, path, query, made.body if method != "GET" else {})
        found += contract.answer(method, path, made.status, made.answer)
        wrong |= {f"{made.route}: {one}" for one in found}
    left = [one for one in sorted(wrong) if not any(re.search(why, one) for why in FORGIVEN)]
    assert left == []
