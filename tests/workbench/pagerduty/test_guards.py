"""Keys, headers, limits: what the real API insists on, and whom the stand-in turns away."""

import httpx
import pagerduty
import pytest

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.standin import API_KEY, PagerDutyStandIn
from tests.support.pagerduty import MARA, Rest, rest
from tests.workbench.pagerduty.conftest import call, new, opened, refused

GOOD = {
    "authorization": f"Token token={API_KEY}",
    "accept": "application/vnd.pagerduty+json;version=2",
    "content-type": "application/json",
    "from": "mara@example.com",
}


async def test_a_wrong_key_is_401_with_its_code(pd: PagerDutyStandIn) -> None:
    with rest(pd, key="wrong") as stranger, pytest.raises(pagerduty.HttpError) as failed:
        await call(stranger.get, "/users")

    assert failed.value.response is not None
    assert failed.value.response.json()["error"]["code"] == 2006


async def test_a_read_only_key_may_look_but_not_write(pd: PagerDutyStandIn) -> None:
    with rest(pd, key=pd.read_only_key()) as reader:
        status, error = await refused(reader.rpost, "/incidents", json=new())
        looked = await call(reader.get, "/incidents")

    assert (status, error["code"]) == (403, 2010)
    assert looked.status_code == 200


async def test_a_write_must_say_for_which_user(pd: PagerDutyStandIn) -> None:
    with rest(pd, "nobody@example.com") as nobody, rest(pd, key=pd.user_key(MARA)) as own:
        status, error = await refused(nobody.rpost, "/incidents", json=new())
        by_key = await opened(own)

    assert (status, error["code"]) == (400, 1008)
    assert by_key["last_status_change_by"]["id"] == MARA


@pytest.mark.parametrize(
    ("header", "value", "status", "sentence"),
    [
        ("from", "", 400, "From"),
        ("content-type", "text/plain", 400, "params must be a Hash."),
        ("accept", "*/*", 406, "Accept must be"),
        ("authorization", "Basic x", 401, "Authentication failed"),
    ],
)
async def test_each_header_is_insisted_on(
    pd: PagerDutyStandIn, header: str, value: str, status: int, sentence: str
) -> None:
    async with httpx.AsyncClient(base_url=pd.base_url, trust_env=False) as http:
        answer = await http.post(
            "/incidents", json={"incident": new()}, headers={**GOOD, header: value}
        )

    assert answer.status_code == status
    assert sentence in str(answer.json()["error"])
    assert pd.incidents == []


async def test_a_body_that_is_no_json_object_and_a_path_that_is_none_are_refused(
    pd: PagerDutyStandIn,
) -> None:
    async with httpx.AsyncClient(base_url=pd.base_url, trust_env=False, headers=GOOD) as http:
        answers = [
            await http.post("/incidents", content=b"[1]"),
            await http.post("/incidents", content=b"{"),
            await http.post("/incidents", json={"incident": "x"}),
            await http.delete("/incidents/P1"),
        ]

    assert [one.status_code for one in answers] == [400, 400, 400, 404]


async def test_answers_carry_the_limit_and_the_961st_call_in_a_minute_is_429(
    pd: PagerDutyStandIn, mara: Rest, clock: Clock
) -> None:
    first = await call(mara.get, "/abilities")
    start, _ = pd.api.limit.windows[API_KEY]
    pd.api.limit.windows[API_KEY] = (start, 960)

    over = await call(mara.get, "/abilities")
    clock.push(60)
    again = await call(mara.get, "/abilities")

    assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == (
        "960",
        "959",
    )
    assert over.status_code == 429
    assert over.json()["error"]["code"] == 2020
    assert 0 < int(over.headers["ratelimit-reset"]) <= 60
    assert again.status_code == 200


@pytest.mark.parametrize(
    "headers", [{"host": "pagerduty.example"}, {"origin": "https://x.example"}]
)
async def test_strangers_are_turned_away_from_every_route(
    pd: PagerDutyStandIn, headers: dict[str, str]
) -> None:
    async with httpx.AsyncClient(base_url=pd.base_url, trust_env=False) as http:
        answers = [
            await http.get(path, headers={**GOOD, **headers})
            for path in ("/", "/ui/state", "/incidents", "/page/main.js")
        ]

    assert [one.status_code for one in answers] == [403, 403, 403, 403]


async def test_calls_are_kept_with_what_was_said(pd: PagerDutyStandIn, mara: Rest) -> None:
    await opened(mara, "kept")

    [made] = pd.calls
    assert (made.route, made.status, made.person) == ("POST /incidents", 201, "mara@example.com")
    assert made.body["incident"]["title"] == "kept"
