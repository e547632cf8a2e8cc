"""A call for help that is accepted: its soft page becomes loud, and one that is over already calls anew."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import MoveIncident, Which
from opsbot.app.paging.events import PagerEvents
from opsbot.app.ports import RetryLater
from opsbot.domain.incident.incident import Pager
from opsbot.domain.pager_event import PagerEvent
from tests.support.paged_company import Company
from tests.support.world import MARA, NOOR

KEY = "opsbot:prod:INC-1"


@pytest.fixture
async def company() -> Company:
    return await Company().begin()


async def accepted(company: Company) -> None:
    """Accept the call for help."""
    move = MoveIncident(Which("INC-1"), "active")
    await company.verbs.move(move, MARA, request_id="accept")


async def resolved_there(company: Company) -> None:
    """Let PagerDuty tell that the page was resolved there."""
    events = PagerEvents(company.world.env, company.world.outbox, company.pages)
    at_ms = company.world.clock.now_ms()
    told = PagerEvent("E9", "resolved", "incident.resolved", at_ms, "PT1", key=KEY)
    await events.take(told, delivery="d9")


async def newest_page(company: Company) -> None:
    """Do the work of the page that was made due last."""
    done = [
        name
        for name, item in company.world.server.items.items()
        if item.effect.kind == "incident_step" and item.effect.body.get("step") == "page"
    ]
    for name in done[:-1]:
        await company.world.outbox.done(company.world.delivery(name))
    await company.page()


def page(company: Company) -> tuple[str, str]:
    """Return how the step ended."""
    step = company.incident.steps["page"]
    return step.state, step.detail


async def test_accepting_what_was_resolved_there_meanwhile_pages_anew(company: Company) -> None:
    await company.open(actor=NOOR)
    await company.page()
    await resolved_there(company)

    await accepted(company)
    await newest_page(company)
    await company.sync()

    soft, loud = company.pages.orders
    assert (soft.urgency, soft.key) == ("low", KEY)
    assert (loud.urgency, loud.priority, loud.key) == ("high", "P1", f"{KEY}:2")
    assert not [what for _, what in company.pages.did if what.startswith("priority")]


async def test_what_was_resolved_there_and_not_heard_of_here_pages_anew_too(
    company: Company,
) -> None:
    await company.open(actor=NOOR)
    await company.page()
    soft = company.pages.pages["PT1"]
    company.pages.pages["PT1"] = replace(soft, status="resolved")
    await accepted(company)

    with pytest.raises(RetryLater, match="not opened yet"):
        await company.sync()

    assert company.incident.pager == Pager(f"{KEY}:2")
    assert page(company)[0] == "due"


async def test_accepting_what_nobody_was_to_be_paged_for_pages_nobody(company: Company) -> None:
    await company.open(actor=NOOR, page=False)

    await accepted(company)

    assert page(company) == ("skipped", "nobody was to be paged")
