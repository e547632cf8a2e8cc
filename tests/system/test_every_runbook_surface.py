"""Runs of runbooks from every surface: one text and one journal entry, whoever carried the words."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opsbot.adapters import local_bot
from opsbot.app.incident.requests import OpenIncident
from opsbot.app.runs.requests import LeadRun, MarkStep, RunAction, StartRun, WhichRun
from opsbot.workbench.slack import Person
from tests.cli.conftest import serving
from tests.slack.conftest import house_over
from tests.slack.forged import HERE, LEAD, Attacked
from tests.support import runs
from tests.support.web import opened
from tests.support.world import INES, MARA, World
from tests.system.test_every_route_surface import Company, Way, alike, same, shape

AT = "/v1/runs"
ONE = f"{AT}/RUN-1"
KEEP = f"{ONE}/steps/keep-the-evidence"
STOP = f"{ONE}/steps/stop-the-harm"
RUN = WhichRun("RUN-1")
Start = Callable[[World], Awaitable[object]]


@asynccontextmanager
async def company(folder: Path) -> AsyncGenerator[Company]:
    """Open a company with INC-1 and a runbook to walk, with Slack, an address and a terminal; Ines acts."""
    door = await opened()
    world = door.world
    runs.shelved(world)
    wrong = OpenIncident("wrong refund answers", workflow=runs.COPILOT, severity="SEV2")
    await world.bot.incidents.open(wrong, MARA, request_id="open")
    async with house_over("http", world=world) as house, serving(door) as url:
        house.slack.rates.enforced = False
        house.slack.workspace.people[LEAD] = Person(LEAD, "ines", "Ines", "ines@x.example")
        house.slack.workspace.channels[HERE].members.add(LEAD)
        known = {"api": url, "people": {"ines": "ines-token"}, "as": "ines"}
        await asyncio.to_thread(local_bot.write, folder, known)
        yield Company(Attacked(house, world), door, url, folder)


async def seen_by_each(
    tmp_path: Path, ways: dict[str, Way], start: Start | None = None
) -> dict[str, tuple[tuple[str, ...], dict[str, Any], int]]:
    """Return for each way what was read, the newest entry, and how many entries there are."""
    seen = {}
    for name, way in ways.items():
        async with company(tmp_path / name) as one:
            if start is not None:
                await start(one.world)
            lines = await way(one)
            kept = one.world.server.lines
            seen[name] = (alike(lines), shape(kept[-1]), len(kept))
    return seen


async def begun(world: World) -> None:
    """Begin RUN-1."""
    await world.bot.runs.start(StartRun(runs.BOOK, "INC-1"), INES, request_id="begin")


async def offered(world: World) -> None:
    """Begin RUN-1 as Mara, who offers the lead to Ines."""
    await world.bot.runs.start(StartRun(runs.BOOK, "INC-1"), MARA, request_id="begin")
    await world.bot.runs.lead(LeadRun(RUN, "offer", "ines"), MARA, request_id="offer")


async def killed(world: World) -> None:
    """Begin RUN-1 and do its kill."""
    await begun(world)
    press = RunAction(RUN, "stop-the-harm", 1, confirmed=True)
    await world.bot.runs.do(press, INES, request_id="press")


async def test_a_beginning_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(AT, {"runbook": runs.BOOK, "incident": "INC-1"}),
        "command": lambda one: one.typed(f"/ai-runbook start {runs.BOOK} INC-1"),
        "cli": lambda one: one.cli("runbook", "start", runs.BOOK, "INC-1"),
    }

    seen = await seen_by_each(tmp_path, ways)

    assert same(seen)
    assert seen["http"][0][0].startswith("RUN-1 for INC-1: Wrong or harmful answers")
    assert seen["http"][1]["verb"] == "run_start"


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("take step:keep-the-evidence", {"act": "take"}),
        ("tick 2 step:keep-the-evidence", {"act": "box", "box": "b2"}),
        ("done step:keep-the-evidence", {"act": "done"}),
        ("failed step:keep-the-evidence no access", {"act": "failed", "words": "no access"}),
        ("note step:keep-the-evidence it was cold", {"act": "note", "words": "it was cold"}),
        (
            "block step:keep-the-evidence for:30m on legal",
            {"act": "block", "words": "legal", "for-s": 1800},
        ),
        ("assign @mara step:keep-the-evidence", {"act": "assign", "who": "mara"}),
    ],
)
async def test_a_mark_says_and_writes_the_same_from_every_surface(
    tmp_path: Path, text: str, body: dict[str, Any]
) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(KEEP, body),
        "command": lambda one: one.typed(f"/ai-runbook {text.replace('@mara', '<@U0ONCALL>')}"),
        "cli": lambda one: one.cli("runbook", *text.split()),
    }

    seen = await seen_by_each(tmp_path, ways, begun)

    assert same(seen)
    assert seen["http"][1]["verb"].startswith("run_")


async def test_an_action_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{STOP}/actions/1", {"confirm": True}),
        "command": lambda one: one.typed("/ai-runbook do step:stop-the-harm yes"),
        "cli": lambda one: one.cli("runbook", "do", "step:stop-the-harm", "yes"),
    }

    seen = await seen_by_each(tmp_path, ways, begun)

    assert same(seen)
    assert "Model calls blocked for `support-copilot`" in "\n".join(seen["http"][0])


async def test_the_way_back_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{STOP}/actions/1", {"act": "undo", "confirm": True}),
        "command": lambda one: one.typed("/ai-runbook undo action step:stop-the-harm yes"),
        "cli": lambda one: one.cli("runbook", "undo", "action", "step:stop-the-harm", "yes"),
    }

    seen = await seen_by_each(tmp_path, ways, killed)

    assert same(seen)


async def test_the_lead_is_accepted_with_the_same_words_and_entry_from_every_surface(
    tmp_path: Path,
) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{ONE}/lead", {"act": "accept"}),
        "command": lambda one: one.typed("/ai-runbook handover accept"),
        "cli": lambda one: one.cli("runbook", "handover", "accept"),
    }

    seen = await seen_by_each(tmp_path, ways, offered)

    assert same(seen)
    assert "Led by Ines." in seen["http"][0]


async def test_an_end_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{ONE}/end", {"act": "abandon", "words": "a false alarm"}),
        "command": lambda one: one.typed("/ai-runbook abandon a false alarm"),
        "cli": lambda one: one.cli("runbook", "abandon", "a", "false", "alarm"),
    }

    seen = await seen_by_each(tmp_path, ways, begun)

    assert same(seen)
    assert "Abandoned: a false alarm" in "\n".join(seen["http"][0])


@pytest.mark.parametrize(
    ("text", "path", "body"),
    [
        ("done step:nothing", f"{ONE}/steps/nothing", {"act": "done"}),
        ("do step:stop-the-harm 2 yes", f"{STOP}/actions/2", {"confirm": True}),
        ("handover @nobody", f"{ONE}/lead", {"act": "offer", "who": "nobody"}),
        ("done RUN-9", f"{AT}/RUN-9/steps/current", {"act": "done"}),
        (f"start {runs.BOOK} INC-1", AT, {"runbook": runs.BOOK, "incident": "INC-1"}),
        ("start wrong-answer", AT, {"runbook": "wrong-answer"}),
    ],
)
async def test_a_refusal_is_the_same_sentence_everywhere(
    tmp_path: Path, text: str, path: str, body: dict[str, Any]
) -> None:
    async with company(tmp_path / "one") as one:
        await begun(one.world)
        before = len(one.world.server.lines)

        typed = await one.typed(f"/ai-runbook {text}")
        by_cli = await one.cli("runbook", *text.split())
        by_http = await one.http(path, body)

        assert alike(typed) == alike(by_cli) == alike(by_http)
        assert len(one.world.server.lines) == before


async def test_a_question_is_the_same_everywhere_and_a_terminal_says_how_to_answer_it(
    tmp_path: Path,
) -> None:
    async with company(tmp_path / "one") as one:
        await begun(one.world)
        before = len(one.world.server.lines)

        typed = await one.typed("/ai-runbook do step:stop-the-harm")
        *by_cli, how = await one.cli("runbook", "do", "step:stop-the-harm")
        by_http = await one.http(f"{STOP}/actions/1", {})

        assert alike(typed) == alike(tuple(by_cli)) == alike(by_http)
        assert how == "To do it: `opsbot runbook do step:stop-the-harm yes`."
        assert len(one.world.server.lines) == before


async def test_one_run_is_walked_from_all_of_them_in_turn(tmp_path: Path) -> None:
    async with company(tmp_path / "one") as one:
        await one.typed(f"/ai-runbook start {runs.BOOK} INC-1")
        await one.cli("runbook", "tick", "1", "step:keep-the-evidence")
        await one.http(KEEP, {"act": "note", "words": "the cache was cold"})
        await one.typed("/ai-runbook done step:keep-the-evidence")
        await one.cli("runbook", "do", "step:stop-the-harm", "yes")
        await one.http(STOP, {"act": "done"})

        run = one.world.store.state.run("RUN-1")
        assert run.mark("keep-the-evidence").boxes == ("b1",)
        assert run.mark("stop-the-harm").state == "done"
        assert run.focus["ops"] == "does-it-go-on"
        assert [one.id for one in one.world.store.state.active_kills()] == ["K-1"]
        mark = MarkStep(RUN, "decide", "does-it-go-on", option=2)
        await one.world.bot.runs.mark(mark, INES, request_id="answer")
        shown = await one.cli("runbook", "show")
        assert "Find the change" in "\n".join(shown)
