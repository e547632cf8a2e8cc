"""The page to the secondary: called as approver when nobody approved in time, and called off when it is over."""

from dataclasses import replace

import pytest

from opsbot.app.paging.port import PagingUnauthorised
from opsbot.app.requests import (
    ApproveRequest,
    KillRequest,
    RestoreRequest,
    StageRequest,
    Target,
)
from opsbot.domain.policy.rules import Policy
from tests.support.paged_company import PAGED, SILENT
from tests.support.pages import Pages
from tests.support.routes import COPILOT, stored
from tests.support.world import INES, MARA, OLA, SAM, World, policy, workflow

THIS = Target("workflow", COPILOT)
KIND = "approver_page"


@pytest.fixture(name="pages")
def _pages() -> Pages:
    return Pages()


def known(**people: tuple[str, ...]) -> Policy:
    """Return the policy whose people have these ids at PagerDuty; all of them are secondaries."""
    base = policy()
    named = {
        name: replace(base.people[name], pagerduty=ids, email=()) for name, ids in people.items()
    }
    return replace(base, people={**base.people, **named}, secondary=tuple(people))


@pytest.fixture(name="world")
async def _world(pages: Pages) -> World:
    """A workflow of tier 1 with a service at PagerDuty, where Ola, the secondary, is known."""
    world = World()
    world.bot = replace(world.bot, paging=pages)
    await world.declare(workflow(COPILOT, tier=1, extra=PAGED), with_policy=known(ola=("POLA",)))
    return world


async def restore_asked(world: World) -> None:
    await world.bot.kill(KillRequest(THIS, "stop"), SAM, request_id="kill")
    await world.bot.restore(RestoreRequest(THIS, reason="secret"), MARA, request_id="restore")


async def ramp_asked(world: World) -> None:
    await stored(world, COPILOT)
    await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="stage")


async def waited(world: World, minutes: float = 5.1) -> None:
    """Let time pass, and do what is due at PagerDuty."""
    world.clock.later(minutes * 60)
    await world.outbox.fire_timers()
    await world.work(KIND, "page_over")


async def test_a_restore_that_waits_calls_the_secondary_as_approver(
    world: World, pages: Pages
) -> None:
    await restore_asked(world)
    await waited(world, 4.9)
    early = list(pages.orders)

    await waited(world, 0.2)

    (order,) = pages.orders
    assert early == []
    assert order.title == ("A-1 in prod waits for your approval: restore of K-1 (support-copilot)")
    assert (order.assignees, order.urgency) == (("POLA",), "high")
    assert (order.service, order.sender) == ("PABC123", "mara@example.com")
    assert "opsbot approve A-1" in order.details
    assert "secret" not in f"{order.title}{order.details}"


async def test_a_ramp_that_waits_calls_the_secondary_and_wakes_nobody(
    world: World, pages: Pages
) -> None:
    await ramp_asked(world)

    await waited(world)

    (order,) = pages.orders
    assert "Ramp of r2 of support-copilot, over r1" in order.title
    assert (order.assignees, order.urgency) == (("POLA",), "low")


async def test_whoever_asked_is_not_called_and_the_others_are_on_one_page(
    world: World, pages: Pages
) -> None:
    people = known(mara=("PMARA",), ola=("POLA",), ines=("PINES",))
    await world.declare(workflow(COPILOT, tier=1, extra=PAGED), with_policy=people)
    await restore_asked(world)

    await waited(world)

    assert [one.assignees for one in pages.orders] == [("POLA", "PINES")]


@pytest.mark.parametrize("ids", [(), ("PGONE",)])
async def test_whom_pagerduty_does_not_know_is_asked_in_the_chat_alone(
    world: World, pages: Pages, ids: tuple[str, ...]
) -> None:
    people = known(ola=ids)
    await world.declare(workflow(COPILOT, tier=1, extra=PAGED), with_policy=people)
    await restore_asked(world)

    await waited(world)
    await world.work("tell")

    assert pages.orders == []
    assert any("you are asked as secondary" in text for _, text in world.slack.told)


async def test_what_is_approved_meanwhile_calls_nobody(world: World, pages: Pages) -> None:
    await restore_asked(world)
    await world.bot.approve(ApproveRequest("A-1"), INES, request_id="yes")

    await waited(world)

    assert pages.orders == []


@pytest.mark.parametrize("grant", [True, False])
async def test_the_page_is_called_off_as_soon_as_it_is_settled(
    world: World, pages: Pages, *, grant: bool
) -> None:
    await restore_asked(world)
    await waited(world)
    await world.work("page_over")
    (page,) = pages.pages.values()

    await world.bot.approve(ApproveRequest("A-1", grant=grant), OLA, request_id="word")
    await waited(world, 0.2)

    how = "approved" if grant else "refused"
    assert page.status == "triggered"
    assert [one.status for one in pages.pages.values()] == ["resolved"]
    assert f"[opsbot A-1] A-1 is over: {how} by Ola" in pages.did[0][1]


async def test_what_nobody_gave_in_time_is_called_off(world: World, pages: Pages) -> None:
    await ramp_asked(world)
    await waited(world)

    world.clock.later(30 * 60)
    await world.outbox.fire_timers()
    await world.work("expire")
    await waited(world, 0.2)

    assert [one.status for one in pages.pages.values()] == ["resolved"]


async def test_one_delivered_twice_calls_once(world: World, pages: Pages) -> None:
    await restore_asked(world)
    world.clock.later(306)
    await world.outbox.fire_timers()
    (name,) = (name for name, one in world.server.items.items() if one.effect.kind == KIND)
    handler = world.bot.handlers()[KIND]

    await handler(world.delivery(name))
    await handler(world.delivery(name))

    assert len(pages.pages) == 1
    assert sum('"verb":"pager_called"' in line for line in world.server.lines) == 1


async def test_silence_is_tried_until_it_answers_and_never_raises_the_platforms_alarm(
    world: World, pages: Pages
) -> None:
    await restore_asked(world)
    pages.always = SILENT
    await waited(world)
    await waited(world, 2)

    pages.always = None
    await waited(world, 1)

    assert len(pages.pages) == 1
    assert pages.alerts == []


async def test_a_refused_key_is_told_to_the_administrators(world: World, pages: Pages) -> None:
    await restore_asked(world)
    pages.always = PagingUnauthorised("PagerDuty refused the key")

    await waited(world)

    assert any("PagerDuty refuses opsbot's key" in text for _, text in world.slack.told)


async def test_without_a_key_or_with_paging_off_nobody_is_called(
    world: World, pages: Pages
) -> None:
    pages.can_page = False
    await restore_asked(world)

    await waited(world)

    assert pages.orders == []
    assert pages.alerts == []
