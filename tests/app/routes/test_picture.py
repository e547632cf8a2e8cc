"""The picture of evaluations in a card's thread: when there is one, once, and what it shows."""

from dataclasses import replace

import pytest

from opsbot.app.ports import Delivery, GiveUp, RetryLater
from opsbot.app.requests import EvalRequest, EvalResult, KillRequest, RestoreRequest, StageRequest
from opsbot.app.requests import Target as Killed
from opsbot.app.routed import EVIDENCE_SETTLES_MS
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed, UnknownWorkflow
from opsbot.domain.picture.evaluations import Chart
from tests.support.evals import CI, signal_policy
from tests.support.routes import COPILOT, GATE, SUMMARISER, WHOLE, begun, measured, rolled, staged
from tests.support.world import FAY, GUS, INES, MARA, HandMoved, World

HARD = {**GATE, "hard": 0.8}
SOAK_S = 61


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await world.declare(staged(SUMMARISER, extra={"gates": [HARD]}), with_policy=signal_policy())
    await measured(world, SUMMARISER, "r1", 0.93)
    return world


@pytest.fixture(name="pod")
async def _pod(world: World) -> HandMoved:
    pod = world.instance("pod-1", serves=(SUMMARISER,))
    await world.bot.kill(KillRequest(Killed("workflow", SUMMARISER)), MARA, request_id="k")
    pod.follow()
    await world.work("follow")
    await world.bot.restore(RestoreRequest(Killed("workflow", SUMMARISER)), MARA, request_id="u")
    pod.follow()
    return pod


async def on_its_way(world: World) -> None:
    """Begin the ramp of r2 with green gates."""
    await measured(world, SUMMARISER, "r2", 0.95)
    await begun(world)


async def shows(world: World) -> list[str]:
    """Do what waits; return what each picture so far says of r2."""
    await world.outbox.fire_timers()
    await world.work("route_card")
    await world.work("route_picture")
    said = (picture.alt.rpartition("r2 ")[2] for _, picture, _ in world.slack.shown)
    return [one.partition(",")[0].rstrip(".") for one in said]


async def settled(world: World, pod: HandMoved, seconds: float = SOAK_S) -> None:
    """Let time pass and the ramp take its step."""
    world.clock.later(seconds)
    for _ in range(2):
        pod.follow()
        await world.outbox.fire_timers()
        await world.work("route_follow", "ramp")
    pod.follow()


def last(world: World) -> Chart:
    """Return the newest chart that was drawn."""
    return world.charts.charts[-1]


async def test_a_ramp_that_begins_shows_it_in_the_thread_of_its_card(world: World) -> None:
    await on_its_way(world)

    pictures = await shows(world)

    ((thread, picture, _),) = world.slack.shown
    assert len(pictures) == 1
    assert thread["channel"] == "C0SUPPORTAI"
    assert picture.title == f"Evaluations of {SUMMARISER} in prod, r1 to r2"
    assert "r1 serves everybody, r2 is on its way." in picture.alt
    assert "r1 0.93, r2 0.95." in picture.alt
    assert (last(world).active, last(world).candidate, last(world).revisions) == (1, 2, (1, 2))


async def test_it_is_promoted_and_shown_again(world: World, pod: HandMoved) -> None:
    await on_its_way(world)
    await shows(world)

    await settled(world, pod)
    await shows(world)

    assert world.store.state.routing(SUMMARISER).id == "r2"
    assert len(world.slack.shown) == 2
    assert (last(world).active, last(world).candidate) == (2, None)


async def test_what_is_taken_back_is_shown_with_the_value_that_did_it(
    world: World, pod: HandMoved
) -> None:
    await on_its_way(world)
    await shows(world)
    await measured(world, SUMMARISER, "r2", 0.5)

    await settled(world, pod)
    await shows(world)

    assert world.store.state.routing(SUMMARISER).candidate is None
    assert "r2 0.5 beyond the hard limit" in world.slack.shown[-1][1].alt


async def test_a_rollback_is_shown_in_the_thread_of_the_new_revision(world: World) -> None:
    await on_its_way(world)
    await rolled(world)

    await shows(world)

    thread, _, key = world.slack.shown[-1]
    left = await world.outbox.left(f"route:{SUMMARISER}:r3")
    assert left is not None
    assert thread == left
    assert key.startswith(f"route-picture:{SUMMARISER}:")
    assert last(world).revisions == (1, 2, 3)


async def test_one_delivered_twice_is_shown_once(world: World) -> None:
    await on_its_way(world)
    (name,) = [n for n, one in world.server.items.items() if one.effect.kind == "route_picture"]
    twice = [world.delivery(name), world.delivery(name)]
    await world.work("route_card")

    for delivery in twice:
        await world.bot.handlers()["route_picture"](delivery)

    assert len(world.slack.shown) == 1


async def evaluated(world: World, value: float, subject: str = "r2") -> None:
    """Send one result in, as CI does."""
    found = (EvalResult(str(GATE["suite"]), str(GATE["metric"]), value, 200),)
    request = EvalRequest(SUMMARISER, subject, found, "abc")
    await world.bot.record_eval(request, CI, request_id=f"eval:{len(world.server.lines)}")


async def test_evidence_is_shown_when_its_run_has_settled_and_once_a_step(
    world: World,
) -> None:
    await on_its_way(world)
    await shows(world)
    for value in (0.97, 0.96):
        await evaluated(world, value)
    early = len(await shows(world))

    world.clock.later(EVIDENCE_SETTLES_MS / 1000)
    shown = await shows(world)
    await evaluated(world, 0.99)
    world.clock.later(EVIDENCE_SETTLES_MS / 1000)
    later = await shows(world)

    assert early == 1
    assert shown == ["0.95", "0.96"]
    assert later == shown


async def test_evidence_of_a_step_that_is_over_is_not_shown(world: World) -> None:
    await on_its_way(world)
    await evaluated(world, 0.97)
    await world.bot.stage(StageRequest(SUMMARISER, "cancel"), INES, request_id="c")
    before = len(await shows(world))

    world.clock.later(EVIDENCE_SETTLES_MS / 1000)

    assert len(await shows(world)) == before


async def test_evidence_of_what_serves_nobody_is_not_shown(world: World) -> None:
    await on_its_way(world)
    before = len(await shows(world))
    await evaluated(world, 0.9, "r1")

    world.clock.later(EVIDENCE_SETTLES_MS / 1000)

    assert len(await shows(world)) == before


async def test_it_waits_for_its_card(world: World) -> None:
    await on_its_way(world)
    await world.work("route_picture")
    waiting = list(world.slack.shown)

    await shows(world)
    world.clock.later(1)
    await shows(world)

    assert waiting == []
    assert len(world.slack.shown) == 1


async def test_what_is_over_before_it_has_a_card_gets_no_picture(
    world: World, pod: HandMoved
) -> None:
    await on_its_way(world)
    await measured(world, SUMMARISER, "r2", 0.5)

    await settled(world, pod)
    await shows(world)

    assert world.slack.shown == []
    assert not [one for one in world.server.items.values() if one.effect.kind == "route_picture"]


async def test_what_slack_took_and_does_not_show_is_looked_for_again(world: World) -> None:
    world.slack.slow_pictures = 1
    await on_its_way(world)
    await world.work("route_card")
    (name,) = [n for n, one in world.server.items.items() if one.effect.kind == "route_picture"]
    show = world.bot.handlers()["route_picture"]

    with pytest.raises(RetryLater) as later:
        await show(world.delivery(name))
    await show(world.delivery(name))

    assert later.value.after_s == 60
    assert len({key for *_, key in world.slack.shown}) == 1
    assert await world.outbox.left(world.slack.shown[0][2]) is not None


async def test_what_slack_never_shows_is_given_up(world: World) -> None:
    world.slack.slow_pictures = 99
    await on_its_way(world)
    await world.work("route_card")
    (name,) = [n for n, one in world.server.items.items() if one.effect.kind == "route_picture"]
    once = world.delivery(name)

    with pytest.raises(GiveUp, match="never showed it"):
        await world.bot.handlers()["route_picture"](
            Delivery(once.item, once.lane, once.effect, attempt=8)
        )


async def test_nothing_known_is_not_shown() -> None:
    world = World()
    await world.declare(staged(SUMMARISER, extra={"stages": WHOLE}))
    await begun(world)

    await shows(world)

    assert world.slack.shown == []


async def test_without_slack_it_is_settled_and_nobody_is_shown_anything(world: World) -> None:
    world.bot = replace(world.bot, chat=None)
    await on_its_way(world)

    done = await world.work("route_picture")

    assert done == ["route_picture"]
    assert not [one for one in world.server.items.values() if one.effect.kind == "route_picture"]
    assert world.charts.charts == []


async def test_whoever_may_look_may_see_it(world: World) -> None:
    picture = await world.bot.evaluations(SUMMARISER, MARA)

    assert picture.title == f"Evaluations of {SUMMARISER} in prod, r1"
    assert "r1 0.93." in picture.alt
    assert picture.png.startswith(b"\x89PNG")


@pytest.mark.parametrize("who", [GUS, FAY])
async def test_a_guest_and_a_stranger_may_not(world: World, who: Actor) -> None:
    with pytest.raises(NotAllowed):
        await world.bot.evaluations(SUMMARISER, who)


async def test_of_a_workflow_that_is_not_there_nothing_is_drawn(world: World) -> None:
    with pytest.raises(UnknownWorkflow):
        await world.bot.evaluations(COPILOT, MARA)
