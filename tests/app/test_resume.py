"""After a recovery the work around the kills is taken up again, once."""

from dataclasses import replace

from opsbot.app.ports import Delivery
from opsbot.app.requests import KillRequest, RestoreRequest, StageRequest, Target
from opsbot.app.resume import Resume
from opsbot.app.route_state import writes
from opsbot.app.routed import move_of
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Effect, Position, Write
from opsbot.domain.kill import as_record
from opsbot.domain.route import Number
from opsbot.domain.routing import promoted
from opsbot.domain.state import State
from opsflags import keys
from tests.support.restores import (
    WATCH_S,
    approved,
    killed,
    later,
    percent,
    rules,
    seen,
    stepped,
)
from tests.support.routes import SUMMARISER, begun, staged, stored
from tests.support.world import INES, MARA, World

COPILOT = Target("workflow", "support-copilot")


async def test_following_card_review_paging_and_expiry_are_made_anew_once(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")
    world.server.items.clear()
    world.server.timers.clear()
    effect = Effect("recovered", "recovered:1:9", {"kills": ["K-1"], "revision": 9}, lane="kill")
    delivery = Delivery("1-0", "kill", effect, 1)

    await Resume(world.env)(delivery)
    await Resume(world.env)(delivery)

    assert sorted(item.effect.kind for item in world.server.items.values()) == ["card", "follow"]
    uid = world.store.state.kill("K-1").uid
    waiting = {"expire:A-1", "page:A-1", "call:A-1", "warn:A-1"}
    assert set(world.server.timers) == {f"review:{uid}", *waiting}


RECOVERED = Delivery("1-0", "kill", Effect("recovered", "recovered:1:9", {}, lane="kill"), 1)


async def test_a_ramp_goes_on_where_no_kill_came_back(world: World) -> None:
    await world.declare(staged())
    await begun(world)
    world.server.items.clear()
    world.server.timers.clear()
    world.clock.later(20)

    await Resume(world.env)(RECOVERED)

    assert [item.effect.kind for item in world.server.items.values()] == ["route_follow"]
    routing = world.store.state.routing(SUMMARISER)
    assert set(world.server.timers) == {f"ramp:{SUMMARISER}"}
    assert world.server.timers[f"ramp:{SUMMARISER}"].at_ms == routing.committed_ms + 60_000


async def test_the_watch_of_a_new_default_goes_on(world: World) -> None:
    await world.declare(staged())
    await stored(world)

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        move = move_of(state, now_ms, INES)
        after = promoted(state.routing(SUMMARISER), Number(2), move, soak_ms=60_000, watch="w")
        return Change(verb="advance_ramp", actor=INES, writes=writes(state, after)), None

    await world.store.commit("serve", decide)
    world.server.timers.clear()
    world.clock.later(3600)

    await Resume(world.env)(RECOVERED)

    timer = world.server.timers[f"ramp:{SUMMARISER}"]
    assert timer.effect.body["uid"] == "w"
    assert timer.at_ms == world.server.now_ms()


async def test_a_fleet_that_was_given_up_on_is_waited_for_again(world: World) -> None:
    await world.declare(staged())
    await begun(world)
    world.clock.later(25 * 3600)

    await Resume(world.env)(RECOVERED)

    routing = world.store.state.routing(SUMMARISER)
    assert routing.committed_ms == world.clock.now_ms()


async def test_a_restore_in_steps_goes_on() -> None:
    world = World()
    await world.declare(stepped(), with_policy=rules())
    pod = world.instance("pod-1")
    pod.follow()
    await killed(world, pod)
    await approved(world)
    world.server.timers.clear()

    await Resume(world.env)(RECOVERED)

    kill = world.store.state.kill("K-1")
    assert set(world.server.timers) == {f"restore-ramp:{kill.uid}", f"review:{kill.uid}"}


async def test_a_workflow_that_nobody_tried_anything_on_is_left_alone(world: World) -> None:
    await world.declare(staged())
    lines = len(world.server.lines)

    await Resume(world.env)(RECOVERED)

    assert len(world.server.lines) == lines


async def test_a_kill_that_came_back_is_confirmed_anew_and_the_time_counts_from_then(
    world: World,
) -> None:
    pod = world.instance("pod-1")
    pod.follow()
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    world.clock.later(25 * 3600)
    world.server.items.clear()
    pod.check_in()

    await Resume(world.env)(RECOVERED)
    early = await world.work("follow")
    waiting = world.store.state.kill("K-1").confirmed_ms
    world.clock.later(2)
    pod.follow()
    await world.outbox.fire_timers()
    await world.work("follow")

    took = world.store.state.kill("K-1").confirmed_ms
    assert early == ["follow"]
    assert waiting is None
    assert took is not None
    assert 2000 <= took < 60_000


async def test_that_a_ramp_is_held_for_long_is_told_after_a_recovery_too() -> None:
    world = World()
    await world.declare(staged())
    await begun(world)
    await world.bot.stage(StageRequest(SUMMARISER, "hold"), INES, request_id="hold")
    world.server.timers.clear()

    await Resume(world.env)(RECOVERED)
    world.clock.later(3601)
    await world.outbox.fire_timers()
    await world.work("tell")

    assert [person for person, text in world.slack.told if "Held for long" in text] == ["U0LEAD"]


async def test_a_step_of_a_restore_that_came_back_is_watched_from_its_confirmation_on() -> None:
    world = World()
    await world.declare(stepped(), with_policy=rules())
    pod = world.instance("pod-1")
    pod.follow()
    await killed(world, pod)
    await approved(world)
    await seen(world, pod)

    def lost(state: State, now_ms: int) -> tuple[Change, None]:
        at = Position(state.position.epoch, state.position.revision + 1)
        kill = as_record(replace(state.kill("K-1"), at=at, confirmed_ms=None))
        return Change("recover", SCHEDULER, (Write(keys.KILLS, "K-1", kill),)), None

    world.clock.later(WATCH_S - 60)
    await world.store.commit("lost", lost)
    world.server.items.clear()
    world.server.timers.clear()
    await Resume(world.env)(RECOVERED)
    world.clock.later(WATCH_S)
    await seen(world, pod)
    await later(world, pod, WATCH_S - 60)
    early = percent(world)
    await later(world, pod, 120)

    assert early == 5
    assert percent(world) == 25
