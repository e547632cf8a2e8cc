"""The page about a route that was taken back by itself: one for each, with whom to call where it fails."""

from dataclasses import replace

import pytest

from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.port import PagingRefused, PagingUnauthorised
from opsbot.app.paging.route import PageRoute
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.change import Effect
from tests.support.paged_company import PAGED, SILENT
from tests.support.pages import Pages
from tests.support.ramps import COPILOT, GATE, begun, climbed, later, measure, over_a_watch, stage
from tests.support.world import HandMoved, World, plain, workflow

GATED = {"gates": [GATE], **PAGED}
ONLY_MINI = {**GATED, "approved": ["openai/gpt-5-mini"]}
KIND = "route_page"


@pytest.fixture(name="pages")
def _pages() -> Pages:
    return Pages()


@pytest.fixture(name="world")
async def _world(pages: Pages) -> World:
    """A workflow with a gate and a service at PagerDuty."""
    world = World()
    world.bot = replace(world.bot, paging=pages)
    await world.declare(workflow(COPILOT, extra=GATED))
    return world


@pytest.fixture(name="pod")
async def _pod(world: World) -> HandMoved:
    pod = world.instance("pod-1")
    pod.follow()
    return pod


async def gone_red(world: World, pod: HandMoved) -> None:
    """Let the ramp of r2 be taken back by itself; the page is due."""
    await begun(world, pod)
    await measure(world, "r2", 0.7)
    await later(world, pod)


def due(world: World) -> list[Effect]:
    """Return the pages that are due, of a lane that waits for no card."""
    items = [one for one in world.server.items.values() if one.effect.kind == KIND]
    assert {one.lane for one in items} <= {"page"}
    return [one.effect for one in items]


async def deliver(world: World, pages: Pages | None) -> None:
    """Do what is due about pages, and let its failure be seen."""
    alarm = PagerAlarm(world.env, world.outbox, world.slack, plain)
    (name,) = (name for name, one in world.server.items.items() if one.effect.kind == KIND)
    await PageRoute(world.env, pages, alarm)(world.delivery(name))


def written(world: World) -> int:
    """Return how many entries say that somebody was called."""
    return sum('"verb":"route_paged"' in line for line in world.server.lines)


async def test_a_ramp_that_is_taken_back_calls_who_is_on_call(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await gone_red(world, pod)

    await world.work(KIND)

    (order,) = pages.orders
    assert order.title.startswith(
        "r2 of support-copilot in prod was taken back by itself: ground pass_rate: 0.7 of 200 cases"
    )
    assert (order.service, order.escalation_policy, order.urgency) == ("PABC123", "PESC", "high")
    assert (order.sender, order.assignees) == ("", ())
    assert order.details.startswith("r1 serves everybody now.\n")
    assert written(world) == 1


async def test_a_new_default_that_is_rolled_back_calls_too(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await climbed(world, pod)
    await measure(world, "r2", 0.5)
    await later(world, pod, 24.1)

    await world.work(KIND)

    assert [one.details.splitlines()[0] for one in pages.orders] == ["r3 serves everybody now."]


async def test_one_delivered_twice_calls_once(world: World, pod: HandMoved, pages: Pages) -> None:
    await gone_red(world, pod)

    await deliver(world, pages)
    await deliver(world, pages)

    assert len(pages.pages) == 1
    assert written(world) == 1


async def test_each_attempt_has_a_page_of_its_own(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await gone_red(world, pod)
    await world.work(KIND)

    await measure(world, "r2", 0.95)
    await stage(world)
    await measure(world, "r2", 0.7)
    await later(world, pod)
    await world.work(KIND)

    assert len(pages.pages) == 2


async def test_what_cannot_go_back_says_that_it_serves_on(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await over_a_watch(world, pod)
    await world.declare(workflow(COPILOT, extra=ONLY_MINI))
    await measure(world, "r2", 0.5)
    await later(world, pod)

    await world.work(KIND, "tell")

    (order,) = pages.orders
    assert "r2 of support-copilot in prod is bad and still serves" in order.title
    assert "r1 may not serve: not approved: openai/gpt-5.2" in order.title
    told = [text for _, text in world.slack.told if "Not taken back: r2" in text]
    assert told
    assert "Now r2 serves everybody." in told[0]
    assert not any("Taken back: r2" in text for _, text in world.slack.told)


async def test_what_is_over_before_it_could_go_out_calls_nobody(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await climbed(world, pod)
    await world.declare(workflow(COPILOT, extra=ONLY_MINI))
    await measure(world, "r2", 0.5)
    await later(world, pod, 24.1)
    (stuck,) = due(world)
    await world.declare(workflow(COPILOT, extra=GATED))
    await later(world, pod)

    await world.work(KIND)

    assert stuck.body["what"] == "stuck"
    assert ["taken back by itself" in one.title for one in pages.orders] == [True]


async def test_whoever_began_it_and_its_author_are_told_beside_who_answers_for_it(
    world: World, pod: HandMoved
) -> None:
    await gone_red(world, pod)

    await world.work("tell")

    told = {person for person, text in world.slack.told if "Taken back: r2" in text}
    assert told == {"U0SUPPORT", "U0ADMIN", "U0LEAD"}


async def test_silence_is_tried_again_and_after_a_minute_the_alarm_goes_the_other_way(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await gone_red(world, pod)
    pages.always = SILENT
    with pytest.raises(RetryLater) as first:
        await deliver(world, pages)
    assert pages.alerts == []

    world.clock.later(61)
    with pytest.raises(RetryLater):
        await deliver(world, pages)
    pages.always = None
    await deliver(world, pages)

    assert first.value.after_s is not None
    (alert,), (order,) = pages.alerts, pages.orders
    assert alert.key == order.key


async def test_a_refused_key_is_said_to_the_administrators_and_alarms_at_once(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await gone_red(world, pod)
    pages.always = PagingUnauthorised("PagerDuty refused the key")

    with pytest.raises(RetryLater):
        await deliver(world, pages)

    assert len(pages.alerts) == 1
    assert any("PagerDuty refuses opsbot's key" in text for _, text in world.slack.told)


async def test_a_refusal_for_good_raises_an_alert_or_is_kept_as_undelivered(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await gone_red(world, pod)
    pages.always = PagingRefused("PagerDuty refused: the service is disabled", status=400)

    await deliver(world, pages)
    pages.can_alert = False
    with pytest.raises(GiveUp, match="the service is disabled"):
        await deliver(world, pages)

    assert len(pages.alerts) == 1


async def test_without_a_service_of_its_own_an_alert_is_raised(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await world.declare(workflow(COPILOT, extra={"gates": [GATE]}))
    await gone_red(world, pod)

    await deliver(world, pages)
    pages.can_alert = False
    with pytest.raises(GiveUp, match=r"no `pagerduty.service` is declared"):
        await deliver(world, pages)

    assert len(pages.alerts) == 1
    assert pages.orders == []


async def test_without_pagerduty_people_are_told_and_nothing_fails(
    world: World, pod: HandMoved
) -> None:
    await gone_red(world, pod)

    await deliver(world, None)

    assert written(world) == 0
