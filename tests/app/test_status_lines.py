"""The lists of kills and instances: what is true in the least words, and the strictest first."""

import pytest

from opsbot.app.requests import KillRequest, RestoreRequest, RollbackRequest, Target
from opsbot.domain.route import Number
from opsbot.domain.said import Said
from tests.support.restores import approved, rules, seen, stepped
from tests.support.routes import once_served, stored
from tests.support.world import INES, MARA, SAM, World

COPILOT = Target("workflow", "support-copilot")
SUMMARISER = Target("workflow", "contract-summariser")


async def line(world: World, name: str = "pod-1") -> str:
    """Return what the list of instances says of one."""
    said = await world.bot.instances(MARA)
    return next(one for one in said.lines if f"`{name}`" in one)


async def test_an_instance_between_two_heartbeats_is_not_behind(world: World) -> None:
    pod = world.instance("pod-1", probe="http://pod-1/probe")
    await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id="1")
    pod.follow()
    applied = world.store.state.position.revision
    await world.work("follow")

    said = await world.bot.status("support-copilot", MARA)

    assert world.store.state.position.revision > applied
    assert said.lines[-1] == f"`pod-1` alive, revision {applied}"


async def test_what_concerns_an_instance_and_is_not_applied_is_named(world: World) -> None:
    pod = world.instance("pod-1")
    pod.follow()
    await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id="1")
    await world.bot.kill(KillRequest(SUMMARISER, "stop"), MARA, request_id="2")
    pod.check_in()

    shown = await line(world)

    assert shown.endswith("without K-1")


async def test_the_end_of_a_kill_that_is_not_applied_is_named(world: World) -> None:
    pod = world.instance("pod-1", serves=("contract-summariser",))
    await world.bot.kill(KillRequest(SUMMARISER, "stop"), MARA, request_id="1")
    pod.follow()
    await world.bot.restore(RestoreRequest(SUMMARISER), MARA, request_id="2")
    before = await line(world)
    pod.follow()

    after = await line(world)

    assert before.endswith("without the end of K-1")
    assert "without" not in after


async def test_a_route_that_is_not_applied_is_named(world: World) -> None:
    world.instance("pod-1", serves=("contract-summariser",)).follow()
    await stored(world, "contract-summariser")
    await once_served(world, "contract-summariser")
    fine = await line(world)
    back = RollbackRequest("contract-summariser", Number(2), break_glass=True)
    await world.bot.rollback(back, INES, request_id="1")

    lacks = await line(world)

    assert "without" not in fine
    assert lacks.endswith("without the route of `contract-summariser`")


async def test_who_acknowledged_nothing_says_so(world: World) -> None:
    world.server.checkin("pod-1", world.instance("pod-2").registration, "", "support-api")

    assert (await line(world)).endswith("alive, nothing acknowledged yet")


def kills_of(parts: tuple[Said, ...]) -> list[Said]:
    """Return the parts that are about one kill."""
    return [one for one in parts if "kill" in one.body]


async def test_the_home_tab_has_one_line_a_kill_the_strictest_first(world: World) -> None:
    world.instance("pod-1").follow()
    await world.bot.kill(KillRequest(SUMMARISER, "read_only"), MARA, request_id="1")
    provider = KillRequest(Target("provider", "openai"), confirmed=True)
    await world.bot.kill(provider, MARA, request_id="2")
    await world.bot.kill(KillRequest(COPILOT, "stop"), SAM, request_id="3")

    head, *rest = await world.bot.home(MARA)

    titles = [one.title for one in kills_of(tuple(rest))]
    assert head.title == "3 active kills in prod"
    assert not any(line.startswith("K-") for line in head.lines)
    assert titles[0] == ("K-3 `support-copilot` · stop · since 03:14:08 UTC by Sam · 0/1 confirmed")
    assert [title.partition(" ")[0] for title in titles] == ["K-3", "K-1", "K-2"]
    assert all(not one.lines for one in kills_of(tuple(rest)))
    acts = [[button.act for button in one.buttons] for one in kills_of(tuple(rest))]
    assert acts[0] == ["restore"]
    assert acts[1][0] == "stop_completely"


async def test_a_kill_of_another_day_says_its_day(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id="1")
    world.clock.later(24 * 3600)

    said = await world.bot.kills(MARA)

    assert "since 2026-11-21 03:14:07 UTC by Mara" in said.lines[0]


async def test_what_is_being_restored_stands_after_its_like(world: World) -> None:
    await world.declare(stepped(), with_policy=rules())
    pod = world.instance("pod-1", serves=("support-copilot", "contract-summariser"))
    pod.follow()
    await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id="1")
    await seen(world, pod)
    await approved(world)
    await world.bot.kill(KillRequest(SUMMARISER, "stop"), MARA, request_id="2")

    said = await world.bot.kills(MARA)

    assert [line.partition(" ")[0] for line in said.lines] == ["K-2", "K-1"]


@pytest.mark.parametrize("look", ["status", "kills"])
async def test_every_list_has_the_strictest_first(world: World, look: str) -> None:
    await world.bot.kill(KillRequest(SUMMARISER, "read_only"), MARA, request_id="1")
    await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id="2")

    said = await (world.bot.status(None, MARA) if look == "status" else world.bot.kills(MARA))

    assert [line.partition(" ")[0] for line in said.lines[:2]] == ["K-2", "K-1"]
