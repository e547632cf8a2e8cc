"""The page of an incident: opened once, in words that help, and shouted about where it fails."""

import pytest

from opsbot.app.incident.requests import (
    EditIncident,
    MoveIncident,
    PageAct,
    RoleOrder,
    Which,
)
from opsbot.app.paging.events import PagerEvents
from opsbot.app.paging.page import PageIncident
from opsbot.app.paging.port import PagingRefused
from opsbot.app.ports import RetryLater
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.errors import IllegalMove
from opsbot.domain.pager_event import PagerEvent
from tests.support.paged_company import SILENT, Company
from tests.support.pages import INES, OLA, duty
from tests.support.pages import MARA as ON_CALL
from tests.support.world import INES as COMMANDER
from tests.support.world import MARA, NOOR, SAM


@pytest.fixture
async def company() -> Company:
    return await Company().begin()


async def test_a_page_says_what_by_whom_and_where_to_look(company: Company) -> None:
    await company.bot.kill(KillRequest(Target("workflow", "support-copilot")), MARA, request_id="k")
    await company.open(summary="three customers were promised refunds")

    await company.page()

    (order,) = company.pages.orders
    assert order.key == "opsbot:prod:INC-1"
    assert order.title == "INC-1 SEV1 support-copilot: wrong refunds"
    assert (order.service, order.escalation_policy) == ("PABC123", "PESC")
    assert (order.urgency, order.priority, order.sender) == ("high", "P1", "mara@example.com")
    for words in ("opened by Mara", "three customers", "K-1: stop", "https://e", "wrong-answers"):
        assert words in order.details


async def test_the_card_says_which_page_it_is(company: Company) -> None:
    await company.open()

    await company.page()

    said = await company.bot.incidents.show(Which("INC-1"), MARA)
    assert "Page: PagerDuty #7, triggered" in said.as_text()
    assert company.incident.steps["page"].detail == "PagerDuty #7 opened"


async def test_the_same_work_done_twice_opens_one_page(company: Company) -> None:
    await company.open()
    await company.page()

    await company.page()

    assert len(company.pages.pages) == 1


async def test_a_page_that_was_opened_before_a_crash_is_adopted(company: Company) -> None:
    await company.open()
    await company.pages.open(
        await PageIncident(company.world.env, company.pages).order(
            company.world.store.state,
            company.incident,
            company.incident.pager,  # type: ignore[arg-type]  # it was paged before
        )
    )

    await company.page()

    assert len(company.pages.pages) == 1
    assert company.incident.steps["page"].detail == "PagerDuty #7 adopted"


async def test_silence_is_shouted_after_half_a_minute_with_whom_to_call(company: Company) -> None:
    await company.open()
    company.pages.always = SILENT
    with pytest.raises(RetryLater):
        await company.page()
    assert company.incident.steps["page"].detail == ""

    company.world.clock.later(31)
    with pytest.raises(RetryLater) as later:
        await company.page()

    assert later.value.after_s is not None
    said = await company.bot.incidents.show(Which("INC-1"), MARA)
    assert (
        "Nobody was called yet: not reached for 31 s. Call Ines +49 30 1, then Ola +49 30 2"
        " (level 2) (on call as of 31 s ago)." in said.lines
    )


async def test_after_a_minute_the_alarm_goes_the_other_way_with_the_same_key(
    company: Company,
) -> None:
    await company.open()
    company.pages.always = SILENT
    company.world.clock.later(61)

    with pytest.raises(RetryLater):
        await company.page()

    (alert,) = company.pages.alerts
    assert alert.key == "opsbot:prod:INC-1"


async def test_a_page_that_arrives_after_silence_says_so(company: Company) -> None:
    await company.open()
    company.pages.fails = [SILENT]
    company.world.clock.later(31)
    with pytest.raises(RetryLater):
        await company.page()

    await company.page()

    assert company.incident.steps["page"].state == "done"


async def test_a_refusal_fails_the_step_and_names_whom_to_call(company: Company) -> None:
    await company.open()
    company.pages.fails = [PagingRefused("PagerDuty refused: the service is disabled", status=400)]

    await company.page()

    step = company.incident.steps["page"]
    assert step.state == "failed"
    assert "the service is disabled" in step.detail
    assert "Call Ines +49 30 1" in step.detail
    said = await company.bot.incidents.show(Which("INC-1"), MARA)
    assert "Retry page" in [button.label for button in said.buttons]


async def test_a_private_one_says_nothing_in_its_page(company: Company) -> None:
    await company.open(title="leaked addresses of Acme", type="data_leak_pii")

    await company.page()

    (order,) = company.pages.orders
    assert order.title == "INC-1 SEV1: private incident"
    assert "Acme" not in order.details
    assert "support-copilot" not in order.details


async def test_a_call_for_help_pages_softly(company: Company) -> None:
    await company.open(actor=NOOR)

    await company.page()

    (order,) = company.pages.orders
    assert (order.urgency, order.priority) == ("low", "")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"severity": "SEV3"}, "SEV3 pages nobody here"),
        ({"drill": True}, "it is a drill"),
        ({"workflow": "coding-agent"}, "no `pagerduty.service` is declared for it"),
        ({"page": False}, "nobody was to be paged"),
    ],
)
async def test_nobody_is_paged_for_a_reason_that_is_said(
    company: Company, changes: dict[str, object], why: str
) -> None:
    incident = await company.open(**changes)

    assert (incident.steps["page"].state, incident.steps["page"].detail) == ("skipped", why)


async def test_taking_command_acknowledges_there_once(company: Company) -> None:
    await company.open()
    await company.page()

    await company.bot.incidents.role(
        RoleOrder(Which(), "commander", "take"), COMMANDER, request_id="r"
    )
    await company.sync()

    await company.sync()

    assert company.pages.did == [("PT1", "acknowledge by ")]


async def test_what_changes_is_noted_there_once(company: Company) -> None:
    await company.open()
    await company.page()
    await company.bot.kill(KillRequest(Target("workflow", "support-copilot")), MARA, request_id="k")

    await company.sync()
    await company.sync()

    ((page, mark, text),) = company.pages.notes
    assert (page, mark) == ("PT1", f"[opsbot INC-1 r{company.incident.at.revision}]")
    assert text == f"INC-1 at {company.incident.at.revision}"


async def test_resolving_here_resolves_there_and_severity_moves_its_priority(
    company: Company,
) -> None:
    await company.open()
    await company.page()
    edit = EditIncident(Which(), severity="SEV2")
    await company.bot.incidents.edit(edit, MARA, request_id="e")
    await company.bot.incidents.move(
        MoveIncident(Which(), "resolved", reason="rolled back"), MARA, request_id="m"
    )

    await company.sync()

    assert ("PT1", "priority P2 by mara@example.com") in company.pages.did
    assert ("PT1", "resolve by mara@example.com: [opsbot INC-1] rolled back") in company.pages.did


async def test_what_pagerduty_told_is_not_told_back(company: Company) -> None:
    await company.open()
    await company.page()
    events = PagerEvents(company.world.env, company.world.outbox, company.pages)
    told = PagerEvent(
        "E1", "acknowledged", "incident.acknowledged", company.world.clock.now_ms(), "PT1"
    )

    await events.take(told, delivery="d1")
    await company.sync()

    assert company.pages.did == []


async def test_what_no_webhook_told_is_found_within_five_minutes(company: Company) -> None:
    await company.open()
    await company.page()
    await company.pages.resolve("PT1", sender="")
    events = PagerEvents(company.world.env, company.world.outbox, company.pages)

    assert await events.reconcile() == 1

    assert company.incident.pager is not None
    assert company.incident.pager.status == "resolved"
    assert company.incident.open


async def test_who_is_the_one_to_be_called_and_opens_it_is_not_called(company: Company) -> None:
    company.pages.duties = (duty(ON_CALL), duty(OLA, 2))
    company.world.clock.later(61)
    await company.rota.refresh()
    await company.open()

    await company.page()

    (order,) = company.pages.orders
    assert (order.assignees, order.sender) == (("PMARA",), "mara@example.com")
    said = await company.world.bot.incidents.show(Which("INC-1"), MARA)
    assert any("it rang nobody, as who opened it is on call" in line for line in said.lines)


async def test_where_others_would_be_called_as_well_everybody_is(company: Company) -> None:
    company.pages.duties = (duty(ON_CALL), duty(INES))
    company.world.clock.later(61)
    await company.rota.refresh()
    await company.open()

    await company.page()

    assert company.pages.orders[0].assignees == ()


async def test_an_old_roster_keeps_nobody_from_being_called(company: Company) -> None:
    company.pages.duties = (duty(ON_CALL),)
    company.world.clock.later(61)
    await company.rota.refresh()
    company.world.clock.later(16 * 60)
    await company.open()

    await company.page()

    assert company.pages.orders[0].assignees == ()


async def test_somebody_is_called_after_all(company: Company) -> None:
    await company.open(severity="SEV3")

    said = await company.verbs.page(PageAct(Which(), "page"), MARA, request_id="p")
    await company.page()

    assert "The page is being sent." in said.lines
    assert company.incident.steps["page"].state == "done"


async def test_a_page_that_is_out_goes_to_the_next_level(company: Company) -> None:
    await company.open()
    await company.page()

    await company.verbs.page(PageAct(Which(), "page"), MARA, request_id="p1")
    await company.verbs.page(PageAct(Which(), "acknowledge"), MARA, request_id="p2")
    await company.verbs.page(PageAct(Which(), "add", "mara"), SAM, request_id="p3")
    await company.sync()

    assert [what.split(" by ")[0] for _, what in company.pages.did] == [
        "escalate to 2",
        "acknowledge",
        "add PMARA",
    ]


async def test_without_a_page_there_is_nothing_to_acknowledge(company: Company) -> None:
    await company.open(severity="SEV3")

    with pytest.raises(IllegalMove, match="Nobody was paged"):
        await company.verbs.page(PageAct(Which(), "acknowledge"), MARA, request_id="p")


async def test_without_pagerduty_nobody_is_said_to_be_paged(company: Company) -> None:
    await company.open()

    with pytest.raises(IllegalMove, match="not connected"):
        await company.bot.incidents.page(PageAct(Which(), "page"), MARA, request_id="p")


async def test_nobody_is_called_for_what_was_over_before(company: Company) -> None:
    await company.open()
    await company.bot.incidents.move(
        MoveIncident(Which(), "resolved", reason="rolled back"), MARA, request_id="m"
    )

    await company.page()

    assert company.pages.pages == {}
    step = company.incident.steps["page"]
    assert (step.state, step.detail) == (
        "skipped",
        "it was resolved before anybody was called",
    )
