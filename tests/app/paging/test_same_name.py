"""A page that is there under an incident's key and is an older one's: it is not adopted, and somebody is called."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import MoveIncident, OpenIncident, Which
from opsbot.app.paging.page import OLDER_MS
from opsbot.app.paging.port import Paged
from tests.support.paged_company import Company
from tests.support.world import MARA

KEY = "opsbot:prod:INC-1"
DAY_MS = 86_400_000


@pytest.fixture
async def company() -> Company:
    return await Company().begin()


def leave(company: Company, status: str, *, ago_ms: int | None, key: str = KEY) -> Paged:
    """Leave a page behind, of an incident of the same name that nobody here knows of any more."""
    made_ms = None if ago_ms is None else company.world.clock.now_ms() - ago_ms
    name = f"POLD{len(company.pages.pages)}"
    old = Paged(name, 3, "https://pd/3", status, key, made_ms=made_ms)  # type: ignore[arg-type]  # a status by name
    company.pages.pages[name] = old
    return old


async def work(company: Company) -> None:
    """Do the page's work until it rests."""
    for _ in range(4):
        await company.page()


@pytest.mark.parametrize("status", ["resolved", "triggered", "acknowledged"])
async def test_an_old_page_of_the_same_name_is_left_alone_and_somebody_is_called(
    company: Company, status: str
) -> None:
    old = leave(company, status, ago_ms=DAY_MS)
    await company.open()

    await work(company)

    pager = company.incident.pager
    assert pager is not None
    assert (pager.key, pager.status) == (f"{KEY}:2", "triggered")
    assert company.incident.steps["page"].detail.endswith("opened")
    assert company.pages.pages[old.id] == old


async def test_several_old_pages_are_passed_over(company: Company) -> None:
    leave(company, "resolved", ago_ms=DAY_MS)
    leave(company, "resolved", ago_ms=DAY_MS, key=f"{KEY}:2")
    await company.open()

    await work(company)

    pager = company.incident.pager
    assert pager is not None
    assert pager.key == f"{KEY}:3"


@pytest.mark.parametrize("ago_ms", [None, 0, OLDER_MS])
async def test_what_may_have_been_opened_for_it_is_adopted(
    company: Company, ago_ms: int | None
) -> None:
    leave(company, "resolved", ago_ms=ago_ms)
    await company.open()

    await work(company)

    assert company.incident.steps["page"].detail == "PagerDuty #3 adopted"


async def test_the_old_page_is_not_resolved_by_an_incident_that_was_over_at_once(
    company: Company,
) -> None:
    old = leave(company, "triggered", ago_ms=DAY_MS)
    await company.open()
    over = MoveIncident(Which("INC-1"), "resolved", reason="nothing")
    await company.verbs.move(over, MARA, request_id="over")

    await work(company)
    await company.sync()

    assert company.pages.pages[old.id] == old
    assert company.incident.steps["page"].state == "skipped"


async def test_what_somebody_adopts_on_purpose_may_be_as_old_as_it_likes(company: Company) -> None:
    old = replace(leave(company, "triggered", ago_ms=DAY_MS), key="theirs")
    company.pages.pages[old.id] = old
    request = OpenIncident("x", workflow="support-copilot", severity="SEV1", pager=old.id)
    await company.verbs.open(request, MARA, request_id="open")

    await work(company)

    pager = company.incident.pager
    assert pager is not None
    assert (pager.id, pager.key) == (old.id, KEY)
