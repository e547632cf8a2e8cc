"""The page about a route ends by itself once it is proved that its cause is over, and never before."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import OpenIncident
from opsbot.app.paging.port import PagingRefused
from opsbot.app.paging.route import RINGS_MS
from opsbot.app.requests import KillRequest, RollbackRequest, Target
from tests.support.paged_company import PAGED, SILENT
from tests.support.pages import Pages
from tests.support.ramps import (
    COPILOT,
    GATE,
    STEPS,
    begun,
    climbed,
    later,
    measure,
    over_a_watch,
    stage,
)
from tests.support.world import MARA, HandMoved, World, workflow

GATED = {"gates": [GATE], **PAGED}
ONLY_MINI = {**GATED, "approved": ["openai/gpt-5-mini"]}
NOT_R1 = {**GATED, "approved": ["openai/gpt-5-mini", "anthropic/claude-sonnet-5"]}
RINGS_S = RINGS_MS / 1000


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


async def looked(world: World, seconds: float = 15) -> None:
    """Let time pass, and look whether what was called about is over."""
    world.clock.later(seconds)
    await world.outbox.fire_timers()
    await world.work("page_over")


def standing(pages: Pages) -> list[str]:
    return [one.status for one in pages.pages.values()]


async def taken_back(world: World, pod: HandMoved) -> None:
    """Let the ramp of r2 be taken back and paged; the fleet has not confirmed it yet."""
    await begun(world, pod)
    await world.work("route_follow")
    await measure(world, "r2", 0.7)
    world.clock.later(3600)
    await world.outbox.fire_timers()
    await world.work("ramp")
    await world.work("route_page")


async def test_what_is_back_on_the_last_good_one_everywhere_ends_its_page(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await taken_back(world, pod)
    pod.follow()
    await world.work("route_follow")

    await looked(world, RINGS_S)

    assert standing(pages) == ["resolved"]
    (page,) = pages.pages.values()
    why = "r1 serves everybody, confirmed by every instance: the last good revision"
    assert pages.did == [
        (page.id, f"resolve by : [opsbot r2] {why}"),
        (page.key, "resolve alert"),
    ]
    assert sum('"verb":"pager_over"' in line for line in world.server.lines) == 1


async def test_a_way_back_that_an_instance_has_not_confirmed_keeps_ringing(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await taken_back(world, pod)
    await looked(world, RINGS_S)
    silent = standing(pages)

    pod.follow()
    await world.work("route_follow")
    await looked(world)

    assert silent == ["triggered"]
    assert standing(pages) == ["resolved"]


async def test_a_page_rings_for_a_while_though_all_is_well_within_a_second(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await taken_back(world, pod)
    pod.follow()
    await world.work("route_follow")

    await looked(world, RINGS_S - 1)

    assert standing(pages) == ["triggered"]


async def test_what_cannot_go_back_rings_until_a_person_put_something_else_there(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await over_a_watch(world, pod)
    await stage(world, "cancel")
    await world.declare(workflow(COPILOT, extra=ONLY_MINI))
    await measure(world, "r2", 0.5)
    await later(world, pod)
    await world.work("route_page")
    await world.bot.kill(
        KillRequest(Target("workflow", COPILOT), "stop"), MARA, request_id="killed"
    )
    pod.follow()
    await looked(world, RINGS_S)
    under_a_kill = standing(pages)

    await world.declare(workflow(COPILOT, extra=GATED))
    await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="back")
    pod.follow()
    await world.work("route_follow")
    await looked(world)

    assert under_a_kill == ["triggered"]
    assert standing(pages) == ["resolved"]


async def test_what_a_person_brings_up_over_it_ends_its_page_once_it_serves_everybody(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await over_a_watch(world, pod)
    await world.declare(workflow(COPILOT, extra=NOT_R1))
    await measure(world, "r2", 0.5)
    await later(world, pod)
    await world.work("route_page")
    on_its_way = world.store.state.routing(COPILOT).candidate
    await looked(world, RINGS_S)
    while_tried = standing(pages)

    for _ in STEPS:
        await later(world, pod)
    await looked(world)

    routing = world.store.state.routing(COPILOT)
    assert on_its_way is not None
    assert (routing.active, routing.last_good) == (3, 1)
    assert while_tried == ["triggered"]
    assert standing(pages) == ["resolved"]
    assert any(
        "r3 serves everybody, confirmed by every instance: made by Ines" in one[1]
        for one in pages.did
    )


async def test_a_bad_default_that_proves_itself_after_all_ends_its_page(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await climbed(world, pod)
    await world.declare(workflow(COPILOT, extra=ONLY_MINI))
    await measure(world, "r2", 0.5)
    await later(world, pod, 24.1)
    await world.work("route_page")
    await looked(world, RINGS_S)
    bad = standing(pages)

    await measure(world, "r2", 0.95)
    await later(world, pod)
    await looked(world)

    assert world.store.state.routing(COPILOT).last_good == 2
    assert bad == ["triggered"]
    assert standing(pages) == ["resolved"]


async def test_the_same_revision_on_its_way_again_is_no_end(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await taken_back(world, pod)
    await measure(world, "r2", 0.95)
    await stage(world)
    pod.follow()
    await world.work("route_follow")

    await looked(world, RINGS_S)

    assert standing(pages) == ["triggered"]


async def test_silence_is_waited_out_and_a_refusal_is_kept_as_undelivered(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await taken_back(world, pod)
    pod.follow()
    await world.work("route_follow")
    pages.fails = [SILENT, PagingRefused("no such incident", status=404)]

    await looked(world, RINGS_S)
    waits = standing(pages)
    await looked(world)

    assert waits == ["triggered"]
    assert [kept.effect.kind for kept, _ in world.server.dead.values()] == ["page_over"]


async def test_what_somebody_resolved_there_is_left_as_it_is(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await taken_back(world, pod)
    pod.follow()
    await world.work("route_follow")
    (name,) = pages.pages
    await pages.resolve(name, sender="mara@example.com")

    await looked(world, RINGS_S)

    assert [what for one, what in pages.did if one == name] == ["resolve by mara@example.com: "]


async def test_a_page_from_which_an_incident_was_opened_is_left_to_the_incident(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await taken_back(world, pod)
    (name,) = pages.pages
    opening = OpenIncident("wrong refunds", COPILOT, "SEV2", pager=name)
    await world.bot.incidents.open(opening, MARA, request_id="open")
    pod.follow()
    await world.work("route_follow")

    await looked(world, RINGS_S)

    assert standing(pages) == ["triggered"]
    assert pages.did == []
    assert not any('"verb":"pager_over"' in line for line in world.server.lines)


async def test_an_alert_that_was_raised_instead_ends_too(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    pages.can_page = False
    await taken_back(world, pod)
    pod.follow()
    await world.work("route_follow")

    await looked(world, RINGS_S)

    assert pages.did == [(pages.alerts[0].key, "resolve alert")]


async def test_a_workflow_that_is_declared_no_more_leaves_its_page_to_people(
    world: World, pod: HandMoved, pages: Pages
) -> None:
    await taken_back(world, pod)
    world.declared.clear()
    await world.declare(workflow("coding-agent"))

    await looked(world, RINGS_S)

    assert standing(pages) == ["triggered"]
    assert not [one for one in world.server.items.values() if one.effect.kind == "page_over"]
