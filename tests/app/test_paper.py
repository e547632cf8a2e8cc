"""Whoever only looks while the store is gone is told that nothing was changed, and where to read on."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import NoReturn, cast

import pytest

from opsbot.app.error_words import of_error
from opsbot.app.incident.requests import Which
from opsbot.app.ports import Fleets
from opsbot.app.requests import KillRequest, Target
from opsbot.app.runs.requests import RunLook, WhichRun
from opsbot.domain.errors import LookLost, StoreLost
from tests.support.runs import shelved
from tests.support.web import LostStore
from tests.support.world import MARA, World, workflow

PRINTED = "https://ops.example.com/runbooks"
LOOKS = ("incidents", "timeline", "runs", "one run")


class Silent(LostStore):
    """A store that answers nothing at all, as one that is frozen."""

    async def refresh(self) -> NoReturn:
        """Know nothing."""
        raise StoreLost("whether anything was stored is not known.")


@pytest.fixture
async def world() -> World:
    """Return a company whose store is gone, with its runbooks in print."""
    made = World()
    await made.declare(workflow("support-copilot"))
    shelved(made)
    made.store = Silent(made.server)
    made.bot = replace(made.bot, env=replace(made.env, store=made.store))
    made.bot.env.paper.url = PRINTED
    return made


async def looked(world: World, what: str) -> object:
    """Look at something, the way a surface does."""
    bot, run = world.bot, WhichRun("RUN-1")
    asked: Mapping[str, Callable[[], Awaitable[object]]] = {
        "incidents": lambda: bot.incidents.list(MARA),
        "timeline": lambda: bot.incidents.timeline(Which("INC-1"), MARA),
        "runs": lambda: bot.runs.look(RunLook("list"), MARA),
        "one run": lambda: bot.runs.look(RunLook("show", run), MARA),
    }
    return await asked[what]()


@pytest.mark.parametrize("what", LOOKS)
async def test_a_look_without_the_store_says_that_nothing_was_changed_and_where_the_paper_is(
    world: World, what: str
) -> None:
    with pytest.raises(LookLost) as told:
        await looked(world, what)

    said = of_error(told.value)
    assert said.title == "The store does not answer; nothing was changed."
    assert f"The runbooks, printed: {PRINTED}." in said.as_text()
    assert "not known" not in said.as_text()
    assert (said.body["code"], said.body["stored"]) == ("store_lost", False)


@pytest.mark.parametrize("what", [RunLook("catalogue"), RunLook("read", runbook="wrong-answers")])
async def test_runbooks_themselves_are_read_without_the_store(world: World, what: RunLook) -> None:
    said = await world.bot.runs.look(what, MARA)

    assert said.exit_code == 0
    assert "wrong-answers" in said.as_text()


async def test_before_the_bot_listens_no_paper_is_promised(world: World) -> None:
    world.bot.env.paper.url = ""

    with pytest.raises(LookLost) as told:
        await world.bot.incidents.list(MARA)

    assert told.value.hint == "Kills hold as they are."


async def test_a_change_without_the_store_still_says_that_nobody_knows(world: World) -> None:
    kill = KillRequest(Target("workflow", "support-copilot"))

    with pytest.raises(StoreLost) as told:
        await world.bot.kill(kill, MARA, request_id="k")

    assert not isinstance(told.value, LookLost)
    assert of_error(told.value).body["stored"] is None


class Unseen:
    """A fleet that cannot be read."""

    async def look(self) -> NoReturn:
        """Know nothing."""
        raise StoreLost("whether anything was stored is not known.")


@pytest.mark.parametrize("what", ["status", "kills"])
async def test_what_is_shown_from_memory_says_so_and_where_the_paper_is(
    world: World, what: str
) -> None:
    silent = replace(world.bot.env, fleets=cast("Fleets", Unseen()))
    bot = replace(world.bot, env=silent)

    said = await (bot.status(None, MARA) if what == "status" else bot.kills(MARA))

    assert said.tone == "amber"
    assert "the store did not answer. This is what was known last." in said.as_text()
    assert PRINTED in said.as_text()
