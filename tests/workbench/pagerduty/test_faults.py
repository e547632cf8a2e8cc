"""Faults on demand, as the real client meets them: limits, outages, and doubt about what happened."""

import time

import httpx2
import pagerduty
import pytest

from opsbot.workbench.pagerduty.faults import KINDS, Faults, Kind, UnknownFault
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import Events, Rest
from tests.workbench.pagerduty.conftest import call, new, opened

OPEN = "POST /incidents"


@pytest.mark.parametrize(("kind", "headers"), [("429", True), ("429_bare", False)])
async def test_a_429_comes_with_or_without_the_time_of_its_end(
    pd: PagerDutyStandIn, mara: Rest, kind: Kind, *, headers: bool
) -> None:
    pd.faults.fail(OPEN, kind, times=2, seconds=7)

    limited = await call(mara.post, "/incidents", json={"incident": new()})

    assert limited.status_code == 429
    assert ("ratelimit-reset" in limited.headers) is headers
    assert not headers or limited.headers["ratelimit-reset"] == "7"
    assert pd.incidents == []
    assert [made.status for made in pd.calls] == [429, 429]


async def test_the_real_client_tries_again_after_a_single_429(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    pd.faults.fail(OPEN, "429_bare")

    await opened(mara)

    assert [made.status for made in pd.calls] == [429, 201]


async def test_an_outage_of_one_route_leaves_the_others(pd: PagerDutyStandIn, mara: Rest) -> None:
    pd.faults.fail(OPEN, "503")

    with pytest.raises(pagerduty.ServerHttpError):
        await opened(mara)

    assert (await call(mara.get, "/incidents")).json()["incidents"] == []
    assert (await opened(mara))["status"] == "triggered"


@pytest.mark.parametrize(("kind", "count"), [("cut", 0), ("cut_after_commit", 1)])
async def test_a_cut_leaves_no_trace_or_all_of_it(
    pd: PagerDutyStandIn, mara: Rest, kind: Kind, count: int
) -> None:
    pd.faults.fail(OPEN, kind)

    with pytest.raises(pagerduty.Error) as failed:
        await opened(mara)

    assert failed.value.response is None
    assert len(pd.incidents) == count


@pytest.mark.parametrize(("kind", "count"), [("timeout", 0), ("timeout_after_commit", 1)])
async def test_a_hanging_call_ends_by_the_clients_own_patience(
    pd: PagerDutyStandIn, mara: Rest, kind: Kind, count: int
) -> None:
    pd.faults.fail(OPEN, kind)
    mara.timeout = httpx2.Timeout(0.2)  # type: ignore[assignment]  # guessed from a number

    with pytest.raises(pagerduty.Error):
        await opened(mara)

    assert len(pd.incidents) == count


async def test_the_clients_own_retry_meets_the_key_it_has_just_used(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    pd.faults.fail(OPEN, "cut_after_commit")
    mara.max_network_attempts = 1

    answer = await call(mara.post, "/incidents", json={"incident": new(incident_key="k")})

    assert answer.status_code == 400
    assert "matching dedup key already exists" in answer.text
    assert len(pd.incidents) == 1


async def test_a_slow_answer_is_late_and_whole(pd: PagerDutyStandIn, mara: Rest) -> None:
    pd.faults.fail(OPEN, "slow", seconds=0.2)
    start = time.monotonic()

    made = await opened(mara)

    assert made["status"] == "triggered"
    assert time.monotonic() - start >= 0.2


async def test_down_is_down_for_both_apis_until_it_is_healed(
    pd: PagerDutyStandIn, mara: Rest, machine: Events
) -> None:
    pd.faults.down = True

    for does in (lambda: mara.get("/users"), lambda: machine.acknowledge("k")):
        with pytest.raises(pagerduty.Error):
            await call(does)
    pd.faults.clear()

    assert (await call(mara.get, "/users")).status_code == 200


async def test_events_fail_by_their_own_route(pd: PagerDutyStandIn, machine: Events) -> None:
    pd.faults.fail("POST /v2/enqueue", "503")

    with pytest.raises(pagerduty.HttpError):
        await call(machine.trigger, "x", "y", dedup_key="k")

    assert pd.incidents == []


async def test_by_chance_some_calls_fail_and_the_seed_says_which(pd: PagerDutyStandIn) -> None:
    shares: dict[Kind, float] = {"503": 0.3, "cut": 0.2}

    drawn = []
    for seed in (1, 1, 2):
        pd.faults.chaos(shares, seed)
        drawn.append(
            [fault.kind if (fault := pd.faults.next_for(OPEN)) else "" for _ in range(200)]
        )

    assert drawn[0] == drawn[1] != drawn[2]
    assert 40 < drawn[0].count("503") < 80
    assert 20 < drawn[0].count("cut") < 60


async def test_through_chaos_a_careful_sender_opens_each_incident_once(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    shares: dict[Kind, float] = {"503": 0.15, "429": 0.1, "cut": 0.1, "cut_after_commit": 0.15}
    pd.faults.chaos(shares, seed=3)
    keys = [f"opsbot:demo:INC-{number}" for number in range(20)]

    for key in keys:
        while not await call(_sent, mara, key):
            pass

    assert sorted(str(one.key) for one in pd.incidents) == sorted(keys)
    assert {one.status for one in pd.calls} >= {0, 201, 400, 429, 503}


def _sent(client: Rest, key: str) -> bool:
    try:
        answer = client.post("/incidents", json={"incident": new(incident_key=key)})
    except pagerduty.Error:
        return False
    return answer.status_code == 201 or "matching dedup key" in answer.text


def test_a_fault_that_is_none_is_refused() -> None:
    faults = Faults()

    with pytest.raises(UnknownFault, match="one of 429"):
        faults.fail("*", "418")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(UnknownFault):
        faults.chaos({"418": 0.1})  # type: ignore[dict-item]  # that is the point

    assert "418" not in KINDS
    assert faults.next_for("*") is None
