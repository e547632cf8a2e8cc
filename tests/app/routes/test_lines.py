"""What shows a route says beside what serves: which kills stand on it, and in which mode."""

import pytest

from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.app.routes.lines import kill_lines
from tests.support.world import MARA, NOOR, World, workflow

NAME = "support-copilot"
COPILOT = Target("workflow", NAME)


@pytest.fixture(name="world")
async def _world() -> World:
    made = World()
    await made.declare(workflow(NAME), workflow("coding-agent"))
    return made


async def kill(world: World, request: KillRequest) -> None:
    await world.bot.kill(request, MARA, request_id=f"k{len(world.server.lines)}")


async def on_home(world: World, name: str) -> str:
    """Return the route's part of the Home tab."""
    parts = await world.bot.home(NOOR)
    return next(one.as_text() for one in parts if one.title.startswith(f"Route of `{name}`"))


async def test_a_route_says_beside_what_serves_that_a_kill_stands_on_it(world: World) -> None:
    await kill(world, KillRequest(COPILOT, "no_tools"))

    shown = await world.bot.route(NAME, NOOR)

    assert shown.title == f"`{NAME}` in prod is served by r1"
    assert shown.lines[0] == "A kill stands on it: K-1 `no_tools`."
    assert (shown.tone, shown.body["kills"]) == ("amber", ["K-1"])
    assert "A kill stands on it: K-1 `no_tools`." in await on_home(world, NAME)


async def test_a_route_that_no_kill_touches_says_nothing_of_kills(world: World) -> None:
    await kill(world, KillRequest(COPILOT, "stop"))

    shown = await world.bot.route("coding-agent", NOOR)

    assert "kill" not in shown.as_text()
    assert (shown.tone, shown.body["kills"]) == ("plain", [])
    assert "stands" not in await on_home(world, "coding-agent")


async def test_it_is_gone_with_the_kill(world: World) -> None:
    await kill(world, KillRequest(COPILOT, "read_only"))
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="r")

    assert "stands" not in (await world.bot.route(NAME, NOOR)).as_text()


async def test_several_are_one_line_with_what_each_is_for(world: World) -> None:
    await kill(world, KillRequest(COPILOT, "read_only"))
    await kill(world, KillRequest(COPILOT, "stop", tenant="acme"))
    await kill(world, KillRequest(Target("provider", "openai"), "fallback", confirmed=True))

    lines = (await world.bot.route(NAME, NOOR)).lines

    assert lines[0] == (
        "Kills stand on it: K-1 `read_only`; K-2 `stop` for tenant `acme`;"
        " K-3 `fallback` for provider `openai`."
    )


def test_where_there_are_none_there_is_no_line() -> None:
    assert kill_lines(()) == []
