"""Pages and channels that become due later: a higher severity, an acceptance, a reopening, a word typed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from opsbot.app.incident.requests import (
    EditIncident,
    MoveIncident,
    PageAct,
    RetryStep,
    Which,
)
from opsbot.app.incident.steps import Wish, again_due, page_over, paged_anew
from opsbot.app.paging.events import PagerEvents
from opsbot.app.paging.page import page_title
from opsbot.app.paging.port import Paged
from opsbot.app.ports import RetryLater
from opsbot.domain.errors import IllegalMove, StaleButton
from opsbot.domain.incident.incident import Pager, Step, StepName
from opsbot.domain.pager_event import PagerEvent
from tests.support.incident_life import OPEN, opened, settle, states
from tests.support.incident_life import company as life
from tests.support.incident_life import incident as lived
from tests.support.incidents import incident, state_with
from tests.support.paged_company import Company
from tests.support.pages import MARA as ON_CALL
from tests.support.pages import OLA, Pages, duty
from tests.support.world import MARA, NOOR

KEY = "opsbot:prod:INC-1"
ROOM: tuple[StepName, ...] = ("channel", "topic", "bookmarks", "invite")


@pytest.fixture
async def company() -> Company:
    return await Company().begin()


async def _edit(company: Company, **changes: object) -> str:
    request = EditIncident(Which("INC-1"), **changes)  # type: ignore[arg-type]  # fields by name
    key = f"e:{company.world.store.state.position.revision}"
    return (await company.verbs.edit(request, MARA, request_id=key)).as_text()


async def _move(company: Company, to: str, reason: str = "") -> None:
    request = MoveIncident(Which("INC-1"), to, reason=reason)  # type: ignore[arg-type]  # a status by name
    key = f"m:{company.world.store.state.position.revision}"
    await company.verbs.move(request, MARA, request_id=key)


async def _act(company: Company, act: str) -> str:
    request = PageAct(Which("INC-1"), act)  # type: ignore[arg-type]  # an act by name
    key = f"p:{company.world.store.state.position.revision}"
    return (await company.verbs.page(request, MARA, request_id=key)).as_text()


def _page(company: Company) -> tuple[str, str]:
    step = company.incident.steps["page"]
    return step.state, step.detail


async def _newest_page(company: Company) -> None:
    """Do the work of the page that was made due last."""
    done = [
        name
        for name, item in company.world.server.items.items()
        if item.effect.kind == "incident_step" and item.effect.body.get("step") == "page"
    ]
    for name in done[:-1]:
        await company.world.outbox.done(company.world.delivery(name))
    await company.page()


async def test_a_higher_severity_calls_somebody(company: Company) -> None:
    await company.open(severity="SEV3")

    said = await _edit(company, severity="SEV1")
    await company.page()

    assert "Nobody was paged" not in said
    assert _page(company)[0] == "done"
    (order,) = company.pages.orders
    assert (order.title, order.priority) == ("INC-1 SEV1 support-copilot: wrong refunds", "P1")


async def test_a_severity_that_calls_nobody_either_says_so_of_itself(company: Company) -> None:
    await company.open(severity="SEV3")

    said = await _edit(company, severity="SEV4")

    assert "Nobody was paged: SEV4 pages nobody here." in said
    assert _page(company) == ("skipped", "SEV4 pages nobody here")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"drill": True}, "it is a drill"),
        ({"page": False}, "nobody was to be paged"),
        ({"workflow": "coding-agent"}, "no `pagerduty.service` is declared for it"),
    ],
)
async def test_what_was_left_out_for_another_reason_stays_so(
    company: Company, changes: dict[str, object], why: str
) -> None:
    await company.open(severity="SEV3", **changes)

    await _edit(company, severity="SEV1")

    assert _page(company) == ("skipped", why)


async def test_naming_the_workflow_that_has_a_service_calls_somebody(company: Company) -> None:
    await company.open(workflow="coding-agent")

    await _edit(company, workflow="support-copilot")

    assert _page(company)[0] == "due"


async def test_a_change_of_words_alone_calls_nobody(company: Company) -> None:
    await company.open(severity="SEV3")

    await _edit(company, title="wrong refunds of May")

    assert _page(company) == ("skipped", "SEV3 pages nobody here")


async def test_a_severity_corrected_afterwards_calls_nobody(company: Company) -> None:
    await company.open(severity="SEV3")
    await _move(company, "resolved", "rolled back")

    await _edit(company, severity="SEV1")

    assert _page(company) == ("skipped", "it was over before it called for this")


async def test_a_reopening_at_a_severity_that_pages_calls_somebody(company: Company) -> None:
    await company.open(severity="SEV3")
    await _move(company, "resolved", "rolled back")
    await _edit(company, severity="SEV1")

    await _move(company, "active")

    assert _page(company)[0] == "due"


async def test_a_reopening_of_what_was_over_before_anybody_was_called_calls(
    company: Company,
) -> None:
    await company.open()
    await _move(company, "resolved", "rolled back")
    await company.page()
    assert _page(company)[0] == "skipped"

    await _move(company, "active")

    assert _page(company) == ("due", "")


async def test_a_higher_severity_calls_again_where_the_earlier_page_is_over(
    company: Company,
) -> None:
    await company.open(severity="SEV3", page=True)
    await company.page()
    await _resolved_there(company)

    await _edit(company, severity="SEV1")

    assert company.incident.pager == Pager(f"{KEY}:2")


async def test_a_higher_severity_makes_a_channel_and_fills_it() -> None:
    world = await life()
    await opened(world, replace(OPEN, severity="SEV4"))
    assert states(lived(world))["channel"] == "skipped"

    await world.bot.incidents.edit(EditIncident(Which(), severity="SEV2"), MARA, request_id="e")
    await settle(world)

    one = lived(world)
    assert one.room.own
    assert {name: states(one)[name] for name in ROOM} == dict.fromkeys(ROOM, "done")
    assert world.rooms.topics[one.room.channel][-1].startswith("[SEV2] INC-1")


def test_without_pagerduty_the_reason_is_that() -> None:
    before = incident(severity="SEV3", steps={"page": Step("skipped", "SEV3 pages nobody here")})
    after = incident(severity="SEV1", steps=before.steps)

    now = again_due(state_with(before), 7, before, after, Wish(paging=False))

    assert now.steps["page"] == Step("skipped", "PagerDuty is not connected")


async def test_accepting_a_call_for_help_makes_its_page_loud(company: Company) -> None:
    await company.open(actor=NOOR)
    await company.page()

    await _move(company, "active")
    await company.sync()

    assert ("PT1", "priority P1, urgency high, by ") in company.pages.did


async def test_declining_a_call_for_help_makes_nothing_loud(company: Company) -> None:
    await company.open(actor=NOOR)
    await company.page()

    await _move(company, "declined", "a test")
    await company.sync()

    assert [what.split(" ")[0] for _, what in company.pages.did] == ["resolve"]


async def _over(company: Company) -> None:
    """Open, page, resolve here and there, as PagerDuty's hook has not told it yet."""
    await company.open()
    await company.page()
    await _move(company, "resolved", "rolled back")
    await company.sync()


async def test_a_reopening_pages_under_a_new_key(company: Company) -> None:
    await _over(company)

    await _move(company, "active")
    await _newest_page(company)

    assert [one.key for one in company.pages.orders] == [KEY, f"{KEY}:2"]
    pager = company.incident.pager
    assert pager is not None
    assert (pager.id, pager.status) == ("PT2", "triggered")
    assert company.pages.pages["PT1"].status == "resolved"


async def test_the_third_page_has_a_key_of_its_own(company: Company) -> None:
    await _over(company)
    await _move(company, "active")
    await _newest_page(company)
    await _move(company, "resolved", "rolled back")
    await company.sync()

    await _move(company, "active")

    assert company.incident.pager == Pager(f"{KEY}:3")


async def test_a_reopening_before_pagerduty_resolved_it_keeps_its_page(company: Company) -> None:
    await company.open()
    await company.page()
    await _move(company, "resolved", "rolled back")

    await _move(company, "active")
    await company.sync()

    assert company.pages.pages["PT1"].status == "triggered"
    assert _page(company)[0] == "done"


@dataclass
class Slow(Pages):
    """Somebody does something here while a resolution is on its way there."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def resolve(self, id: str, *, sender: str, resolution: str = "") -> Paged:  # noqa: A002  the port's own word
        if self.meanwhile is not None:
            await self.meanwhile()
        return await super().resolve(id, sender=sender, resolution=resolution)


async def test_a_reopening_while_its_page_is_being_resolved_pages_all_the_same(
    company: Company,
) -> None:
    company.pages = Slow(meanwhile=lambda: _move(company, "active"))
    await company.open()
    await company.page()
    await _move(company, "resolved", "rolled back")

    with pytest.raises(RetryLater, match="not opened yet"):
        await company.sync()

    assert company.incident.open
    assert company.incident.pager == Pager(f"{KEY}:2")
    assert _page(company)[0] == "due"


async def test_a_reopening_at_a_severity_that_pages_nobody_calls_nobody(company: Company) -> None:
    await _over(company)
    await _edit(company, severity="SEV3")

    await _move(company, "active")

    assert _page(company)[0] == "done"
    assert company.incident.pager is not None
    assert company.incident.pager.id == "PT1"


async def test_a_page_that_was_resolved_there_is_opened_anew_by_hand(company: Company) -> None:
    await company.open()
    await company.page()
    await _resolved_there(company)

    said = await _act(company, "page")
    await _newest_page(company)

    assert "The page is being sent." in said
    assert company.pages.orders[-1].key == f"{KEY}:2"
    assert company.pages.did == []


@pytest.mark.parametrize("act", ["acknowledge", "escalate"])
async def test_a_page_that_is_over_takes_no_more_orders(company: Company, act: str) -> None:
    await company.open()
    await company.page()
    await _resolved_there(company)

    with pytest.raises(IllegalMove, match="page of INC-1 is resolved") as no:
        await _act(company, act)

    assert "page INC-1" in no.value.hint


async def test_what_the_old_page_says_later_is_not_taken_for_the_new_one(company: Company) -> None:
    await _over(company)
    await _move(company, "active")
    await _newest_page(company)

    await _resolved_there(company)

    assert company.incident.pager is not None
    assert company.incident.pager.status == "triggered"


async def test_a_later_page_rings_for_whoever_opened_it(company: Company) -> None:
    company.pages.duties = (duty(ON_CALL), duty(OLA, 2))
    company.world.clock.later(61)
    await company.rota.refresh()
    await company.open(severity="SEV3")

    await _edit(company, severity="SEV1")
    await company.page()

    assert company.pages.orders[0].assignees == ()


async def test_a_retry_of_a_page_that_was_left_out_names_what_calls(company: Company) -> None:
    await company.open(severity="SEV3")

    with pytest.raises(StaleButton) as no:
        await company.verbs.retry(RetryStep(Which(), "page"), MARA, request_id="r")

    assert "page INC-1" in no.value.hint


async def test_nobody_paged_as_was_asked_is_said_so(company: Company) -> None:
    await company.open(page=False)

    said = await company.verbs.show(Which(), MARA)

    assert "Nobody was paged, as was asked." in said.lines


def test_a_private_drill_says_that_it_is_one() -> None:
    assert page_title(incident(private=True, drill=True), "") == (
        "DRILL INC-1 SEV2: private incident"
    )


def test_a_page_is_over_only_where_it_was_opened_and_nothing_is_under_way() -> None:
    over = incident(pager=Pager(KEY, id="PT1", status="resolved"), steps={"page": Step("done")})

    assert page_over(over)
    assert not page_over(paged_anew(over, 7))
    assert not page_over(incident(pager=Pager(KEY, id="PT1", status="acknowledged")))


async def _resolved_there(company: Company) -> None:
    events = PagerEvents(company.world.env, company.world.outbox, company.pages)
    at_ms = company.world.clock.now_ms()
    told = PagerEvent("E9", "resolved", "incident.resolved", at_ms, "PT1", key=KEY)
    await events.take(told, delivery="d9")
