"""Runs over HTTP: the verbs' own words, one effect per key, and refusals that say which."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from opsbot.app.incident.requests import RoleOrder, Which
from opsbot.web.said_json import SAID
from tests.support import runs
from tests.support.web import Door
from tests.support.world import INES
from tests.web.test_incidents import WRONG

AT = "/v1/runs"
START = {"runbook": "wrong-answers", "incident": "INC-1"}
ONE = f"{AT}/RUN-1"


@pytest.fixture
async def http(door: Door) -> AsyncGenerator[httpx.AsyncClient]:
    """Give Mara's client; an incident is open and a runbook is there for it."""
    runs.shelved(door.world)
    async with door.client() as client:
        opened = await client.post("/v1/incidents", json=WRONG)
        assert opened.status_code == 201
        yield client


async def begun(http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """Begin a run."""
    answer = await http.post(AT, json={**START, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_run_is_begun_and_answers_its_machine_form(http: httpx.AsyncClient) -> None:
    answer = await http.post(AT, json=START)

    body = answer.json()
    assert answer.status_code == 201
    assert (body["run"], body["outcome"], body["incident"]) == ("RUN-1", "begun", "INC-1")
    assert (await http.get(ONE)).json()["run"] == "RUN-1"
    assert (await http.get(f"{AT}/run-001")).json()["run"] == "RUN-1"
    assert (await http.get(f"{AT}/INC-1")).json()["run"] == "RUN-1"
    assert (await http.get(f"{AT}/current")).json()["run"] == "RUN-1"


async def test_a_repeated_key_is_one_run_and_the_same_body(
    http: httpx.AsyncClient, door: Door
) -> None:
    keyed = {"idempotency-key": "night-1"}

    first = await http.post(AT, json=START, headers=keyed)
    again = await http.post(AT, json=START, headers=keyed)
    other = await http.post(AT, json={**START, "mode": "drill"}, headers=keyed)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert other.status_code == 422
    assert len(door.world.store.state.runs()) == 1


async def test_a_key_of_something_else_whose_answer_was_lost_begins_nothing(
    http: httpx.AsyncClient, door: Door
) -> None:
    await begun(http)
    keyed, note = {"idempotency-key": "night-2"}, {"act": "note", "words": "cold"}
    await http.post(f"{ONE}/steps/find-the-change", json=note, headers=keyed)
    kept = door.world.server.effects
    for key in [one for one in kept if one.startswith("answer:")]:
        del kept[key]

    answer = await http.post(AT, json={**START, "mode": "drill"}, headers=keyed)

    assert (answer.status_code, "was another one before" in answer.text) == (422, True)
    assert len(door.world.store.state.runs()) == 1


async def test_an_answer_that_was_lost_is_given_again_as_what_is_there(
    http: httpx.AsyncClient, door: Door
) -> None:
    keyed = {"idempotency-key": "night-1"}
    await http.post(AT, json=START, headers=keyed)
    kept = door.world.server.effects
    for key in [one for one in kept if one.startswith("answer:")]:
        del kept[key]

    again = await http.post(AT, json=START, headers=keyed)

    assert again.status_code == 200
    assert again.json()["outcome"] == "there"
    assert len(door.world.store.state.runs()) == 1


async def test_every_way_to_look_has_its_path(http: httpx.AsyncClient) -> None:
    await begun(http)

    said = {"accept": SAID}
    whole = {
        path: (await http.get(path, headers=said)).json()["title"]
        for path in (AT, ONE, f"{ONE}/steps", f"{ONE}/catchup", "/v1/runbooks", "/v1/runbooks/wrong-answers")
    }  # fmt: skip

    assert "RUN-1 for INC-1" in whole[ONE]
    assert "wrong-answers" in whole["/v1/runbooks/wrong-answers"]
    assert len(set(whole.values())) >= 4


async def test_its_text_is_a_file(http: httpx.AsyncClient) -> None:
    await begun(http)

    answer = await http.get(f"{ONE}/document")

    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert "Stop the harm" in answer.text
    assert "support-copilot" in answer.text


async def test_every_mark_is_asked_for_at_its_step(http: httpx.AsyncClient, door: Door) -> None:
    await begun(http)
    step = f"{ONE}/steps/keep-the-evidence"

    async def mark(path: str = step, **body: Any) -> httpx.Response:
        answer = await http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer

    await mark(act="take")
    await mark(act="box", box="b1")
    await mark(act="note", words="the cache was cold")
    await mark(act="evidence", words="first bad answer", url="https://traces.example/1")
    await mark(step, **{"act": "block", "words": "legal", "for-s": 1800})
    await mark(act="unblock")
    await mark(f"{ONE}/steps/keep-the-evidence", act="done", seen=runs.run(door.world).version)

    run = runs.run(door.world)
    assert run.mark("keep-the-evidence").state == "done"
    assert run.mark("keep-the-evidence").boxes == ("b1",)
    assert [one.kind for one in run.attached] == ["note", "evidence"]
    assert run.focus["ops"] == "stop-the-harm"


async def test_the_loser_of_two_reads_who_was_first(http: httpx.AsyncClient, door: Door) -> None:
    await begun(http)
    seen = runs.run(door.world).version
    step = f"{ONE}/steps/keep-the-evidence"
    await http.post(step, json={"act": "box", "box": "b1", "seen": seen})
    await http.post(step, json={"act": "done", "seen": seen + 1})

    async with door.client("ines-token") as other:
        late = await other.post(step, json={"act": "skip", "words": "no", "seen": seen + 1})

    assert late.status_code == 409
    assert late.json()["code"] == "stale_button"
    assert runs.run(door.world).mark("keep-the-evidence").state == "done"


async def test_an_action_asks_first_and_is_then_done_once(
    http: httpx.AsyncClient, door: Door
) -> None:
    await begun(http)
    press = f"{ONE}/steps/stop-the-harm/actions/1"
    keyed = {"idempotency-key": "press-1"}

    asked = await http.post(press, json={})
    done = await http.post(press, json={"confirm": True}, headers=keyed)
    again = await http.post(press, json={"confirm": True}, headers=keyed)

    assert asked.status_code == 428
    assert done.status_code == 200, done.text
    assert done.content == again.content
    assert [one.id for one in door.world.store.state.active_kills()] == ["K-1"]
    act = runs.run(door.world).act("stop-the-harm", 1)
    assert act is not None
    assert (act.state, act.result) == ("done", "K-1")


async def test_the_lead_is_handed_over_once_it_is_accepted(
    http: httpx.AsyncClient, door: Door
) -> None:
    await begun(http)

    offered = await http.post(f"{ONE}/lead", json={"act": "offer", "who": "ines"})
    before = runs.run(door.world).commander
    async with door.client("ines-token") as ines:
        accepted = await ines.post(f"{ONE}/lead", json={"act": "accept"})

    assert (offered.status_code, accepted.status_code) == (200, 200), accepted.text
    assert before == "mara"
    assert runs.run(door.world).commander == "ines"


async def test_a_run_is_ended_with_a_reason(http: httpx.AsyncClient, door: Door) -> None:
    await begun(http)

    bare = await http.post(f"{ONE}/end", json={"act": "abandon"})
    ended = await http.post(f"{ONE}/end", json={"act": "abandon", "words": "a false alarm"})

    assert bare.status_code == 422
    assert ended.status_code == 200, ended.text
    assert runs.run(door.world).status == "abandoned"
    assert "RUN-1" not in (await http.get(AT, headers={"accept": SAID})).text
    listed = await http.get(AT, params={"every": "true"}, headers={"accept": SAID})
    assert "RUN-1" in listed.text


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (AT, {}, 422, "needs_more_words"),
        (AT, {"runbook": "wrong-answer"}, 404, "unknown_runbook"),
        (AT, {**START, "mode": "real"}, 422, "needs_more_words"),
        (AT, {**START, "params": {"Work flow": "x"}}, 422, "needs_more_words"),
        (AT, {**START, "params": {"workflow": "a\u202eb"}}, 422, "needs_more_words"),
        (f"{AT}/RUN-9/steps/x", {"act": "done"}, 404, "unknown_run"),
        (f"{ONE}/steps/current", {"act": "nothing"}, 422, "needs_more_words"),
        (f"{ONE}/steps/current", {"act": "done", "position": 3}, 422, "needs_more_words"),
        (f"{ONE}/steps/stop-the-harm/actions/0", {}, 422, "needs_more_words"),
        (f"{ONE}/steps/stop-the-harm/actions/x", {}, 422, "needs_more_words"),
        (f"{ONE}/lead", {"act": "offer"}, 422, "needs_more_words"),
        (f"{ONE}/end", {"act": "switch"}, 422, "needs_more_words"),
    ],
)
async def test_what_cannot_be_done_is_a_problem_that_says_why(
    http: httpx.AsyncClient, door: Door, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    await begun(http)
    before = len(door.world.server.lines)

    answer = await http.post(path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(door.world.server.lines) == before


async def test_a_run_of_a_private_incident_is_not_there_for_others(
    door: Door, http: httpx.AsyncClient
) -> None:
    async with door.client("ines-token") as ines:
        hidden = {"title": "leaked addresses", "private": True, "anyway": True}
        await ines.post("/v1/incidents", json={**WRONG, **hidden})
        made = await ines.post(AT, json={**START, "incident": "INC-2"})
    assert made.status_code == 201, made.text

    answers = [await http.get(f"{AT}/{one}{path}") for one in ("RUN-1", "RUN-9") for path in ("", "/steps", "/document")]  # fmt: skip

    assert {one.status_code for one in answers} == {404}
    assert len({one.text.replace("RUN-1", "RUN-9") for one in answers}) == 1


async def test_what_waits_in_a_private_run_is_not_there_for_others_however_it_is_spelled(
    door: Door, http: httpx.AsyncClient
) -> None:
    ask = "ask-a-second-person"
    async with door.client("ines-token") as ines:
        hidden = {"title": "leaked addresses", "private": True, "anyway": True}
        await ines.post("/v1/incidents", json={**WRONG, **hidden})
        sam = RoleOrder(Which("INC-2"), "responder", "take", "sam")
        await door.world.bot.incidents.role(sam, INES, request_id="sam")
        await ines.post(AT, json={**START, "incident": "INC-2"})
        asked = await ines.post(f"{ONE}/steps/{ask}/actions/1", json={"confirm": True})
    assert "A-1" in door.world.store.state.kind("approvals"), asked.text

    words = [
        (await http.post(f"/v1/approvals/{one}", json={"grant": True})).text
        for one in ("A-1", "a-1", "A-9", "a-9")
    ]

    assert len({one.replace("A-1", "A-9").replace("a-1", "a-9") for one in words}) == 1


async def test_a_stranger_sees_and_does_nothing(door: Door, http: httpx.AsyncClient) -> None:
    await begun(http)

    async with door.client(token=None) as nobody:
        answers = [await nobody.get(ONE), await nobody.post(f"{ONE}/end", json={"act": "finish"})]

    assert [one.status_code for one in answers] == [401, 401]


async def test_every_path_and_body_is_in_the_document(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()

    paths = document["paths"]
    assert "post" in paths["/v1/runs/{id}/steps/{step}/actions/{number}"]
    for name in ("StartRunBody", "MarkBody", "RunActionBody", "LeadBody", "EndBody"):
        assert name in document["components"]["schemas"]
    assert paths["/runbooks/{name}"]["get"]["security"] == [{"bearer": []}, {"password": []}]
    keyed = {one["name"] for one in paths["/v1/runs"]["post"]["parameters"]}
    assert "Idempotency-Key" in keyed
