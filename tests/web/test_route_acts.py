"""Routes over HTTP: look, set, stage and roll back, with the words of every other surface."""

import asyncio
from typing import Any

import httpx
import pytest

from opsbot.app.requests import ApproveRequest
from opsbot.domain.route import Number
from opsbot.domain.typed import command
from opsbot.web.said_json import SAID
from tests.support.routes import COPILOT, GATE, SUMMARISER, begun, once_served, staged, stored
from tests.support.web import Door
from tests.support.world import SAM

AT = f"/v1/routes/{SUMMARISER}"
MINI: dict[str, Any] = {"targets": [{"provider": "openai", "model": "gpt-5-mini"}]}


@pytest.fixture(name="door")
async def _door(door: Door) -> Door:
    await door.world.declare(staged())
    return door


@pytest.fixture(name="lead")
async def _lead(door: Door) -> Any:
    async with door.client("ines-token") as client:
        yield client


async def test_a_new_revision_is_created_and_serves_nobody_yet(
    door: Door, lead: httpx.AsyncClient
) -> None:
    answer = await lead.post(
        AT,
        json={
            **MINI,
            "fallbacks": [],
            "prompt": "support-copilot@42",
            "params": {"temperature": 0.1, "stream": True, "n": 3, "style": "formal"},
            "note": "half the price",
        },
    )

    body, made = answer.json(), door.world.store.state.revision(SUMMARISER, Number(2))
    assert answer.status_code == 201
    assert (body["revision"], body["outcome"], body["active"]) == ("r2", "set", "r1")
    assert (made.author, made.route.prompt, made.route.fallbacks) == (
        "ines",
        "support-copilot@42",
        (),
    )
    assert made.route.params == {"temperature": 0.1, "stream": True, "n": 3, "style": "formal"}
    assert type(made.route.params["n"]) is int
    assert made.hash == body["hash"]


async def test_the_same_content_again_creates_nothing(lead: httpx.AsyncClient) -> None:
    await lead.post(AT, json=MINI)

    again = await lead.post(AT, json=MINI)

    assert (again.status_code, again.json()["outcome"]) == (200, "same")


async def test_parameters_are_added_and_taken_away(door: Door, lead: httpx.AsyncClient) -> None:
    await lead.post(AT, json={"params": {"a": 1, "b": 2}})

    answer = await lead.post(AT, json={"params": {"a": None, "c": 3}, "base": "r2"})

    made = door.world.store.state.revision(SUMMARISER, Number(3))
    assert answer.status_code == 201
    assert made.route.params == {"b": 2, "c": 3}


async def test_looks_have_the_machines_form(door: Door, lead: httpx.AsyncClient) -> None:
    await begun(door.world)

    show, history, diff = [
        (await lead.get(f"{AT}{path}")).json() for path in ("", "/history", "/diff?old=r1&new=r2")
    ]

    assert (show["active"], show["candidate"]["revision"]) == ("r1", "r2")
    assert show["candidate"]["percent"] == 5
    assert show["route"]["targets"][0]["model"] == "gpt-5.2"
    assert [one["revision"] for one in history["revisions"]] == ["r2", "r1"]
    assert ["model", "openai/gpt-5.2", "openai/gpt-5-mini"] in diff["changes"]


async def test_a_ramp_is_begun_held_gone_on_with_and_ended(
    door: Door, lead: httpx.AsyncClient
) -> None:
    await lead.post(AT, json=MINI)
    outcomes = []
    for body in (
        {},
        {"act": "hold", "reason": "odd tone"},
        {"act": "go-on", "revision": "r2"},
        {"act": "cancel"},
    ):
        answer = await lead.post(f"{AT}/stage", json=body)
        assert answer.status_code == 200
        outcomes.append(answer.json()["outcome"])

    assert outcomes == ["begun", "held", "still_held", "dropped"]
    assert door.world.store.state.routing(SUMMARISER).candidate is None


async def test_a_ramp_of_tier_1_waits_and_is_approved(door: Door, lead: httpx.AsyncClient) -> None:
    await stored(door.world, COPILOT)

    asked = await lead.post(f"/v1/routes/{COPILOT}/stage", json={"revision": "r2"})
    own = await lead.post("/v1/approvals/A-1", json={})
    await door.world.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")
    waits = asked.json()

    assert asked.status_code == 202
    assert (waits["approval"], waits["pending"], waits["who"]) == ("A-1", True, ["Sam"])
    assert waits["expires"].startswith("20")
    assert own.status_code == 403
    assert (await lead.get(f"/v1/routes/{COPILOT}")).json()["candidate"]["revision"] == "r2"


async def test_a_rollback_goes_to_the_last_good_revision(
    door: Door, http: httpx.AsyncClient
) -> None:
    door.world.instance("api-1", serves=(SUMMARISER,))
    await begun(door.world)

    answer = await http.post(f"{AT}/rollback", json={"reason": "wrong answers"})

    body = answer.json()
    assert answer.status_code == 200
    assert (body["outcome"], body["active"], body["candidate"]) == ("rolled_back", "r3", None)
    assert body["instances"]["expected"] == 1


async def test_evidence_that_does_not_pass_needs_break_glass_in_either_spelling(
    door: Door, http: httpx.AsyncClient
) -> None:
    await door.world.declare(staged(extra={"gates": [GATE]}))
    await stored(door.world)
    await once_served(door.world)

    refused = await http.post(f"{AT}/rollback", json={"to": "r2"})
    served = await http.post(f"{AT}/rollback", json={"to": "r2", "break_glass": True})
    again = await http.post(f"{AT}/rollback", json={"to": "r2", "break-glass": True})

    assert (refused.status_code, refused.json()["code"]) == (428, "needs_break_glass")
    assert "add `break-glass`" in refused.json()["detail"]
    assert (served.status_code, served.json()["active"]) == (200, "r3")
    assert again.json()["outcome"] == "already"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("", {}, 422, "needs_more_words"),
        ("", {"note": "only words"}, 422, "needs_more_words"),
        ("", {"targets": []}, 422, "route_refused"),
        ("", {"targets": [{"provider": "openai", "model": "gpt-6"}]}, 422, "route_refused"),
        ("", {"targets": [{"provider": "openai"}]}, 422, "needs_more_words"),
        ("", {"targets": [{"provider": "", "model": "x"}]}, 422, "needs_more_words"),
        ("", {"targets": [{**MINI["targets"][0], "weight": 101}]}, 422, "needs_more_words"),
        ("", {"targets": [{**MINI["targets"][0], "weight": -1}]}, 422, "needs_more_words"),
        ("", {"targets": [{**MINI["targets"][0], "weight": "70"}]}, 422, "needs_more_words"),
        ("", {"targets": [{**MINI["targets"][0], "weight": 0}]}, 422, "route_refused"),
        ("", {"targets": MINI["targets"] * 2}, 422, "route_refused"),
        ("", {"targets": MINI["targets"] * 50}, 422, "needs_more_words"),
        ("", {"params": {"x": 10**30}}, 422, "route_refused"),
        ("", {"params": {"x": {"nested": 1}}}, 422, "needs_more_words"),
        ("", {"params": {"x": "\u202e"}}, 422, "needs_more_words"),
        ("", {"params": {f"p{n}": "v" * 200 for n in range(60)}}, 422, "route_refused"),
        ("", {"prompt": "p" * 101}, 422, "needs_more_words"),
        ("", {"prompt": "a\u200bb"}, 422, "needs_more_words"),
        ("", {"strategy": "best"}, 422, "needs_more_words"),
        ("", {"base": "r0"}, 422, "needs_more_words"),
        ("", {"base": "r99999999999"}, 404, "unknown_revision"),
        ("", {**MINI, "seen": "r7"}, 409, "route_moved"),
        ("", {**MINI, "seen": "newest"}, 422, "needs_more_words"),
        ("", {**MINI, "model": "openai/gpt-5-mini"}, 422, "needs_more_words"),
        ("/stage", {"act": "go"}, 422, "needs_more_words"),
        ("/stage", {"act": "hold"}, 422, "route_refused"),
        ("/stage", {"act": "hold", "revision": "r1"}, 409, "stale_button"),
        ("/stage", {"revision": "r1"}, 422, "route_refused"),
        ("/stage", {"revision": "r2"}, 404, "unknown_revision"),
        ("/rollback", {"to": "r0"}, 422, "needs_more_words"),
        ("/rollback", {"to": "r-1"}, 422, "needs_more_words"),
        ("/rollback", {"to": "r" + "9" * 200}, 422, "needs_more_words"),
        ("/rollback", {"to": ""}, 422, "needs_more_words"),
        ("/rollback", {"to": "r9"}, 404, "unknown_revision"),
        ("/rollback", {"leaving": "r9"}, 409, "stale_button"),
    ],
)
async def test_what_cannot_be_is_a_problem_and_changes_nothing(
    door: Door, lead: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    before = tuple(door.world.server.lines)

    answer = await lead.post(f"{AT}{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert tuple(door.world.server.lines) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{AT}/diff", 422),
        (f"{AT}/diff?old=r1", 422),
        (f"{AT}/diff?old=r1&new=r0", 422),
        (f"{AT}/diff?old=r1&new=r5", 404),
        ("/v1/routes/nothing", 404),
        ("/v1/routes/nothing/history", 404),
    ],
)
async def test_a_look_at_what_is_not_there_is_a_problem(
    lead: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await lead.get(path)

    assert answer.status_code == status


async def test_not_a_number_is_refused(lead: httpx.AsyncClient) -> None:
    answer = await lead.post(AT, content=b'{"params": {"x": NaN}}')

    assert (answer.status_code, answer.json()["code"]) == (422, "route_refused")


async def test_whoever_may_not_set_is_told_who_can(door: Door, http: httpx.AsyncClient) -> None:
    answer = await http.post(AT, json=MINI)

    assert (answer.status_code, answer.json()["rule"]) == (403, "route-role")
    assert "Ines" in answer.json()["detail"]


async def test_the_same_key_is_one_revision_and_one_answer(
    door: Door, lead: httpx.AsyncClient
) -> None:
    headers = {"idempotency-key": "deploy-17"}

    both = await asyncio.gather(*(lead.post(AT, json=MINI, headers=headers) for _ in range(2)))
    later = await lead.post(AT, json=MINI, headers=headers)
    other = await lead.post(AT, json={"prompt": "p@9"}, headers=headers)

    assert door.world.store.state.routing(SUMMARISER).newest == 2
    assert 201 in {one.status_code for one in both}
    assert later.json()["revision"] == "r2"
    assert (other.status_code, other.json()["code"]) == (422, "reused_key")


async def test_of_two_who_set_at_once_the_second_is_told(
    door: Door, lead: httpx.AsyncClient
) -> None:
    first = await lead.post(AT, json={**MINI, "seen": "r1"})
    second = await lead.post(AT, json={"prompt": "p@9", "seen": "r1"})
    again = await lead.post(AT, json={"prompt": "p@9", "seen": "r2"})

    assert first.status_code == 201
    assert "Ines made r2 while you were writing" in second.json()["title"]
    assert again.json()["revision"] == "r3"


async def test_the_document_knows_the_bodies(lead: httpx.AsyncClient) -> None:
    document = (await lead.get("/openapi.json")).json()

    schemas, paths = document["components"]["schemas"], document["paths"]
    assert {"RouteBody", "TargetBody", "FallbackBody", "StageBody", "RollbackBody"} <= set(schemas)
    assert "break-glass" in schemas["RollbackBody"]["properties"]
    assert set(paths["/v1/routes/{workflow}"]) == {"get", "post"}
    assert "201" in paths["/v1/routes/{workflow}"]["post"]["responses"]
    names = {one["name"] for one in paths["/v1/routes/{workflow}/diff"]["get"]["parameters"]}
    assert names == {"workflow", "old", "new"}


@pytest.mark.parametrize(
    ("path", "body", "title", "allowed"),
    [
        ("", {"promt": "p@2"}, "`promt` is not a key here", "Did you mean `prompt`? Keys: `targets`"),
        ("", {"targets": [{"provider": "openai"}]}, "`targets.0.model` is missing", "It is needed. Keys: `provider`, `model`, `weight`."),
        ("", {"targets": [{**MINI["targets"][0], "weight": 101}]}, "`targets.0.weight` is 101", "It must be at most 100."),
        ("", {"targets": [{**MINI["targets"][0], "weight": -1}]}, "`targets.0.weight` is -1", "It must be at least 0."),
        ("", {"targets": [{**MINI["targets"][0], "wieght": 1}]}, "`targets.0.wieght` is not a key here", "Did you mean `weight`?"),
        ("", {"targets": [3]}, "`targets.0` is a number", "It must be an object."),
        ("", {"targets": MINI["targets"] * 21}, "`targets` has 21 entries", "At most 20 are allowed."),
        ("", {"params": {"x": {"bool": 1}}}, "`params.x` is an object", "It must be true or false, a number or text."),
        ("", {"prompt": "p" * 101}, "`prompt` has 101 characters", "At most 100 are allowed."),
        ("", {"strategy": "weigthed"}, "`strategy` is `weigthed`", "Did you mean `weighted`? It must be one of `pinned`, `weighted`"),
        ("/stage", {"act": 3}, "`act` is a number", "It must be one of `begin`, `hold`, `go-on`, `cancel`."),
        ("/rollback", {"break-glass": "yes"}, "`break-glass` is text", "It must be true or false."),
        ("/rollback", {"to": ""}, "`to` is empty", "leave it out"),
        ("/rollback", {"to": "a\u200bb"}, "`to`: it holds a character that cannot be seen", "/openapi.json"),
    ],
)  # fmt: skip
async def test_a_wrong_body_is_told_by_its_key_and_what_is_allowed(
    lead: httpx.AsyncClient, path: str, body: dict[str, Any], title: str, allowed: str
) -> None:
    problem = (await lead.post(f"{AT}{path}", json=body)).json()

    assert problem["title"] == f"{title}; nothing was changed."
    assert allowed in problem["hint"]
    assert problem["hint"].endswith("/openapi.json describes every body.")


async def test_hints_over_http_name_the_verb_and_no_slash_command(lead: httpx.AsyncClient) -> None:
    refused = await lead.post(f"{AT}/stage", json={"act": "hold"})
    whole = await lead.post(AT, json=MINI, headers={"accept": SAID})

    assert refused.json()["hint"] == (
        f"`opsbot route {SUMMARISER} set …` stores a new revision, for a ramp to begin with."
    )
    assert f"Begin its ramp: `opsbot route {SUMMARISER} stage r2`" in whole.json()["lines"]
    assert "/ai-" not in f"{refused.text}{whole.text}"


async def test_a_note_is_never_spelled_as_a_command(lead: httpx.AsyncClient) -> None:
    await lead.post(AT, json={**MINI, "note": f"{command('kill all')} n"})

    told = (await lead.get(f"{AT}/history")).text

    assert "`kill all` n" in told
    assert "opsbot kill all" not in told
