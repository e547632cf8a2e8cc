"""What PagerDuty is told of changes here: everything that has its page, through any outage."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import (
    EditIncident,
    MoveIncident,
    Which,
)
from opsbot.app.paging.events import PagerEvents
from opsbot.app.paging.port import Paged
from opsbot.app.paging.sync import AGAIN_S
from opsbot.app.ports import RetryLater
from opsbot.domain.pager_event import PagerEvent
from tests.support.paged_company import SILENT, Company
from tests.support.world import MARA


@pytest.fixture
async def company() -> Company:
    return await Company().begin()


async def test_a_page_that_went_out_unnoticed_is_resolved_with_what_it_was_for(
    company: Company,
) -> None:
    await company.open()
    key = "opsbot:prod:INC-1"
    company.pages.pages["PT9"] = Paged("PT9", 9, "https://pd/9", "triggered", key)
    company.pages.pages["PT10"] = Paged("PT10", 10, "https://pd/10", "triggered", key)
    await company.bot.incidents.move(
        MoveIncident(Which(), "resolved", reason="rolled back"), MARA, request_id="m"
    )

    await company.page()
    await company.sync()

    assert [(id_, what.split(" ")[0]) for id_, what in company.pages.did] == [
        ("PT9", "resolve"),
        ("PT10", "resolve"),
    ]


async def test_a_resolution_that_was_cut_in_half_is_finished(company: Company) -> None:
    await company.open()
    await company.page()
    page = company.incident.pager
    assert page is not None
    company.pages.pages["PT9"] = Paged("PT9", 9, "https://pd/9", "triggered", page.key)
    await company.bot.incidents.move(
        MoveIncident(Which(), "resolved", reason="rolled back"), MARA, request_id="m"
    )
    events = PagerEvents(company.world.env, company.world.outbox, company.pages)
    at_ms = company.world.clock.now_ms()
    told = PagerEvent("E1", "resolved", "incident.resolved", at_ms, page.id)
    await events.take(told, delivery="d1")

    await company.sync()

    assert company.pages.pages["PT9"].status == "resolved"


async def test_what_pagerduty_should_know_outlasts_hours_of_silence(company: Company) -> None:
    await company.open()
    await company.page()
    await company.bot.incidents.edit(EditIncident(Which(), severity="SEV2"), MARA, request_id="e")
    company.pages.always = SILENT

    for attempt in range(1, 21):
        with pytest.raises(RetryLater) as later:
            await company.sync()
        assert later.value.after_s == (30.0 if attempt >= len(AGAIN_S) else AGAIN_S[attempt - 1])


async def test_the_bot_syncs_with_and_without_slack(company: Company) -> None:
    assert "pager_sync" in company.bot.handlers()
    assert "pager_sync" in replace(company.bot, chat=None).handlers()
