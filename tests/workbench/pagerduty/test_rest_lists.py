"""The real REST client lists incidents, page by page, and many clients ask at once."""

import asyncio

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import SAM, SUPPORT, Rest
from tests.workbench.pagerduty.conftest import call, new, opened, put

KEY = "opsbot:demo:INC-1"


async def test_lists_are_filtered_sorted_and_paged(
    pd: PagerDutyStandIn, mara: Rest, clock: Clock
) -> None:
    made = [await opened(mara, f"n{number}", incident_key=f"k{number}") for number in range(4)]
    await put(mara, made[0], status="resolved")
    clock.push(40 * 86_400)
    await opened(mara, "young")

    recent = await call(mara.list_all, "/incidents")
    ever = {"date_range": "all", "sort_by": "incident_number:desc"}
    page = await call(mara.get, "/incidents", params={**ever, "limit": 2, "total": "true"})
    still = {"date_range": "all", "statuses": ["triggered"], "service_ids": [SUPPORT]}
    found = await call(mara.list_all, "/incidents", params=still)
    everything = await call(mara.list_all, "/incidents", params={"incident_key": "", **ever})

    assert [one["title"] for one in recent] == ["young"]
    assert [one["title"] for one in page.json()["incidents"]] == ["young", "n3"]
    assert (page.json()["more"], page.json()["total"]) == (True, 5)
    assert [one["title"] for one in found] == ["n1", "n2", "n3", "young"]
    assert len(everything) == 5
    for wrong in ({"limit": 101}, {"statuses": ["open"]}, {"sort_by": "mood"}, {"offset": "x"}):
        assert (await call(mara.get, "/incidents", params=wrong)).status_code == 400


async def test_of_many_at_once_with_one_key_one_opens(pd: PagerDutyStandIn, mara: Rest) -> None:
    body = {"incident": new(incident_key=KEY)}

    answers = await asyncio.gather(*(call(mara.post, "/incidents", json=body) for _ in range(8)))

    assert sorted(one.status_code for one in answers) == [201] + [400] * 7
    assert len(pd.incidents) == 1


async def test_the_client_reads_all_pages(pd: PagerDutyStandIn, mara: Rest) -> None:
    for number in range(205):
        pd.open_by_hand(SAM, SUPPORT, f"n{number}")

    titles = [one["title"] for one in await call(mara.list_all, "/incidents")]
    beyond = await call(mara.get, "/incidents", params={"offset": 9_950, "limit": 100})

    assert titles == [f"n{number}" for number in range(205)]
    assert [one.query.partition("&")[0] for one in pd.calls[:3]] == ["limit=100"] * 3
    assert beyond.status_code == 400
