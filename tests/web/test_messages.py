"""Messages to people over HTTP: the verbs' own words, one effect per key, and refusals that say which."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from opsbot.app.incident.requests import OpenIncident
from opsbot.web.said_json import SAID
from tests.support.comms import EXPOSED, FIRST, HOLDING, NEXT, WHAT, WRONG, Telling, never
from tests.support.comms_door import telling_door
from tests.support.web import Door
from tests.support.world import INES

AT = "/v1/messages"
ONE = f"{AT}/MSG-1"
HERE = "/v1/incidents/INC-1"
DRAFT = {"template": NEXT, "incident": "inc-1", "values": {"what": WHAT[NEXT]}}
ANYWAY = {"anyway": ["*"]}


@pytest.fixture
async def one(door: Door) -> Telling:
    """Give the company behind the door; INC-1 is open."""
    return (await telling_door(door))[1]


@pytest.fixture
async def http(door: Door, one: Telling) -> AsyncGenerator[httpx.AsyncClient]:
    """Give Pia's client: she writes to people."""
    async with door.client("pia-token") as client:
        yield client


async def drafted(http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """Write a draft."""
    answer = await http.post(AT, json={**DRAFT, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_draft_is_written_and_answers_its_machine_form(
    http: httpx.AsyncClient, one: Telling
) -> None:
    body = await drafted(http, targets=["status-page"], **{"next-s": 1200})

    assert (body["message"], body["standing"], body["outcome"]) == ("MSG-1", "draft", "drafted")
    assert body["targets"] == ["status-page"]
    assert WHAT[NEXT] in body["texts"]["en"]
    assert (await http.get(ONE)).json()["sha"] == body["sha"]
    assert (await http.get(f"{AT}/msg-1")).json()["message"] == "MSG-1"
    assert one.message().version == 1


async def test_a_repeated_key_is_one_message_and_the_same_body(
    http: httpx.AsyncClient, one: Telling
) -> None:
    keyed = {"idempotency-key": "night-1"}

    first = await http.post(AT, json=DRAFT, headers=keyed)
    again = await http.post(AT, json=DRAFT, headers=keyed)
    other = await http.post(AT, json={**DRAFT, "back": "why"}, headers=keyed)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert other.status_code == 422
    assert len(one.state.messages()) == 1


async def test_an_answer_that_was_lost_is_given_again_as_what_is_there(
    http: httpx.AsyncClient, one: Telling
) -> None:
    keyed = {"idempotency-key": "night-1"}
    await http.post(AT, json=DRAFT, headers=keyed)
    kept = one.world.server.effects
    for key in [name for name in kept if name.startswith("answer:")]:
        del kept[key]

    again = await http.post(AT, json=DRAFT, headers=keyed)

    assert again.status_code == 200
    assert again.json()["outcome"] == "already"
    assert len(one.state.messages()) == 1


async def test_every_way_to_look_has_its_path(http: httpx.AsyncClient) -> None:
    await drafted(http)

    paths = (
        AT,
        f"{AT}?incident=inc-1",
        f"{AT}?every=true",
        ONE,
        "/v1/templates",
        f"{HERE}/facts",
        "/v1/incidents/current/facts",
    )
    titles = [(await http.get(path, headers={"accept": SAID})).json()["title"] for path in paths]

    assert titles[0] == titles[1] == titles[2] == "1 message to people in prod"
    assert titles[3].startswith("MSG-1 \u00b7 to users")
    assert "templates of messages" in titles[4]
    assert titles[5] == titles[6] == "Fact sheet of INC-1 in prod"


async def test_what_waits_for_a_second_person_is_accepted_and_not_done(
    http: httpx.AsyncClient, door: Door, one: Telling
) -> None:
    sha = (await drafted(http))["sha"]

    asked = await http.post(f"{ONE}/publish", json={**ANYWAY, "sha": sha, "seen": 1})
    still = await http.post(f"{ONE}/publish", json=ANYWAY)
    own = await http.post("/v1/approvals/A-1", json={"grant": True})
    async with door.client("ines-token") as ines:
        yes = await ines.post("/v1/approvals/A-1", json={"grant": True})
    await one.settle()

    assert (asked.status_code, asked.json()["outcome"]) == (202, "asked")
    assert (still.status_code, still.json()["outcome"]) == (202, "still_waiting")
    assert own.status_code == 403
    assert yes.json()["outcome"] == "published"
    assert one.places["status-page"].said == ["MSG-1"]


async def test_the_first_word_is_one_call(http: httpx.AsyncClient, one: Telling) -> None:
    answer = await http.post(f"{HERE}/messages/now", json={"template": HOLDING})
    again = await http.post("/v1/incidents/current/messages/now", json={})

    assert (answer.status_code, answer.json()["outcome"]) == (200, "published")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_move")
    assert one.message().holding


async def test_an_edit_voids_and_an_old_version_is_refused(http: httpx.AsyncClient) -> None:
    await drafted(http)
    await http.post(f"{ONE}/publish", json=ANYWAY)

    edited = await http.post(ONE, json={"values": {"what": "Other words."}, "seen": 1})
    old = await http.post(f"{ONE}/publish", json={**ANYWAY, "seen": 1})
    other = await http.post(f"{ONE}/publish", json={**ANYWAY, "sha": "0" * 64})

    assert (edited.json()["outcome"], edited.json()["version"]) == ("edited", 2)
    assert edited.json()["approvals"] == []
    assert (old.status_code, old.json()["code"]) == (409, "stale_button")
    assert (other.status_code, other.json()["code"]) == (409, "stale_button")


async def test_what_the_wording_check_warns_of_is_asked_about_first(
    http: httpx.AsyncClient,
) -> None:
    await drafted(http, values={"what": "Mara had given it an old price list."})

    first = await http.post(f"{ONE}/publish", json={})
    kept = await http.post(f"{ONE}/publish", json=ANYWAY)

    assert (first.status_code, first.json()["code"]) == (428, "needs_confirmation")
    assert kept.status_code == 202


async def test_a_message_is_dropped_with_its_reason(http: httpx.AsyncClient) -> None:
    await drafted(http)

    answer = await http.post(f"{ONE}/drop", json={"why": "a false alarm"})
    again = await http.post(f"{ONE}/publish", json=ANYWAY)

    assert answer.json()["standing"] == "dropped"
    assert (again.status_code, again.json()["code"]) == (409, "stale_button")


async def test_a_target_is_tried_again(http: httpx.AsyncClient, one: Telling) -> None:
    one.places["status-page"].before.append(never)
    await http.post(f"{HERE}/messages/now", json={})
    await one.settle()

    answer = await http.post(f"{ONE}/retry", json={"target": "status-page"})
    unknown = await http.post(f"{ONE}/retry", json={"target": "nowhere"})
    await one.settle()

    assert answer.status_code == 200
    assert unknown.status_code in (409, 422)
    assert one.places["status-page"].said == ["MSG-1"]


async def test_a_correction_needs_no_template(http: httpx.AsyncClient, one: Telling) -> None:
    await one.told(FIRST)

    answer = await http.post(AT, json={"corrects": "msg-1", "values": {"what": WHAT[WRONG]}})

    assert answer.status_code == 201, answer.text
    assert (answer.json()["template"], answer.json()["corrects"]) == (WRONG, "MSG-1")


async def test_the_fact_sheet_takes_a_line(http: httpx.AsyncClient) -> None:
    line = {"name": "topic", "text": "refunds over 100 EUR", "surety": "believed"}

    put = await http.post(f"{HERE}/facts", json=line)

    assert put.status_code == 200, put.text
    facts = (await http.get(f"{HERE}/facts")).json()["facts"]
    found = next(fact for fact in facts if fact["name"] == "topic")
    assert (found["value"], found["surety"]) == ("refunds over 100 EUR", "believed")


async def test_a_promise_is_moved_with_a_reason(http: httpx.AsyncClient, one: Telling) -> None:
    body = {"audience": "users", "for-s": 900, "why": "legal still reads it"}
    before = one.state.comms("INC-1").rhythm("users").due_ms or 0

    answer = await http.post(f"{HERE}/messages/snooze", json=body)

    assert answer.status_code == 200, answer.text
    assert (one.state.comms("INC-1").rhythm("users").due_ms or 0) - before == 900_000


async def test_the_text_of_a_workflow_is_changed_without_a_file(
    http: httpx.AsyncClient, one: Telling
) -> None:
    body = {"texts": {"": "A person answers you today."}}

    answer = await http.post("/v1/workflows/coding-agent/texts", json=body)

    assert answer.status_code == 200, answer.text


async def test_where_data_was_exposed_evidence_and_clocks_have_their_paths(
    http: httpx.AsyncClient, one: Telling
) -> None:
    exposed = OpenIncident("a leak", type=EXPOSED, severity="SEV2", private=True, anyway=True)
    await one.world.bot.incidents.open(exposed, INES, request_id="leak")

    evidence = await http.post("/v1/incidents/INC-2/evidence", json={"where": "s3://kept"})
    clock = await http.post("/v1/incidents/INC-2/clocks", json={"name": "gdpr"})

    # Pia is not part of a private incident: for her there is none.
    assert {evidence.status_code, clock.status_code} == {404}
    assert {evidence.json()["code"], clock.json()["code"]} == {"unknown_incident"}


async def test_a_message_of_a_private_incident_is_one_that_does_not_exist(
    http: httpx.AsyncClient, door: Door, one: Telling
) -> None:
    hidden = OpenIncident("hidden", severity="SEV2", private=True, anyway=True)
    await one.world.bot.incidents.open(hidden, INES, request_id="leak")
    async with door.client("ines-token") as ines:
        wrote = await ines.post(AT, json={**DRAFT, "incident": "INC-2", "targets": ["status-page"]})
    assert wrote.status_code == 201, wrote.text
    named = wrote.json()["message"]

    seen = await http.get(f"{AT}/{named}")
    never_was = await http.get(f"{AT}/MSG-99")

    assert (seen.status_code, seen.json()["code"]) == (404, "unknown_message")
    assert seen.json()["title"].replace(named, "MSG-99") == never_was.json()["title"]
    assert (await http.get(AT)).json()["messages"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (AT, {"template": NEXT, "values": {"what": 3}}),
        (AT, {"template": NEXT, "values": {"What Else": "x"}}),
        (AT, {"template": NEXT, "next-s": 5}),
        (AT, {"template": NEXT, "targets": []}),
        (AT, {"template": NEXT, "surprise": True}),
        (AT, {"template": "nothing"}),
        (AT, {}),
        (AT, {"template": NEXT, "values": {"what": "x", "nope": "y"}}),
        (f"{ONE}/publish", {"sha": "abc"}),
        (f"{ONE}/publish", {"seen": 0}),
        (f"{ONE}/retry", {}),
        (f"{HERE}/facts", {"name": "No Name", "text": "x"}),
        (f"{HERE}/facts", {"name": "topic", "surety": "sure"}),
        (f"{HERE}/messages/snooze", {"audience": "users", "for-s": 900}),
        (f"{HERE}/messages/snooze", {"audience": "everybody", "for-s": 900, "why": "x"}),
        (f"{HERE}/clocks", {"name": "gdpr", "act": "stop"}),
        (f"{HERE}/evidence", {"where": ""}),
        ("/v1/workflows/support-copilot/texts", {"texts": {"de": 3}}),
        ("/v1/workflows/support-copilot/texts", {"mode": "stop"}),
    ],
)
async def test_a_bad_body_changes_nothing(
    http: httpx.AsyncClient, one: Telling, path: str, body: dict[str, Any]
) -> None:
    before = len(one.world.server.lines)

    answer = await http.post(path, json=body)

    assert 400 <= answer.status_code < 500
    assert answer.json()["title"]
    assert len(one.world.server.lines) == before


@pytest.mark.parametrize("query", ["every=perhaps", "incident=INC-99"])
async def test_a_bad_question_is_refused(http: httpx.AsyncClient, query: str) -> None:
    assert (await http.get(f"{AT}?{query}")).status_code in (404, 422)


async def test_nobody_without_a_token_reads_or_writes(door: Door, one: Telling) -> None:
    async with door.client(None) as nobody:
        assert (await nobody.get(AT)).status_code == 401
        assert (await nobody.post(AT, json=DRAFT)).status_code == 401
        assert (await nobody.post(f"{HERE}/messages/now", json={})).status_code == 401


async def test_a_store_that_does_not_answer_is_doubt_and_not_done(
    http: httpx.AsyncClient, door: Door
) -> None:
    door.lose_the_store()
    async with door.client("pia-token") as client:
        assert (await client.post(AT, json=DRAFT)).status_code == 503
