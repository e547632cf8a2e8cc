"""`check --live`: the files, and what would stop somebody who walks a runbook now."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from opsbot.adapters import local_bot
from opsbot.app.runs.nightly import Preflight
from tests.app.runs.test_nightly import COMMS, FINE, needs, none
from tests.cli.conftest import Terminal, serving
from tests.support.replica import ROOT
from tests.support.runs import shelved
from tests.support.walked import walked_today

SAYS = "Nobody has the role comms for `support-ai`"


@pytest.fixture(name="one")
async def _one(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncGenerator[Terminal]:
    """Give a terminal with good files, of a bot that has a runbook whose step nobody could do."""
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(ROOT / "flags"))
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(walked_today(tmp_path)))
    door = terminal.door
    shelf = shelved(door.world, needs(COMMS))
    door.preflight = Preflight(door.world.env, shelf, none).said
    async with serving(door) as url:
        local_bot.write(
            terminal.state_dir, {"api": url, "people": {"mara": "mara-token"}, "as": "mara"}
        )
        yield Terminal(door, url, terminal.state_dir, terminal.captured)


async def test_what_would_stop_somebody_is_said_after_the_files_and_ends_with_one(
    one: Terminal,
) -> None:
    ran = await one.run("check", "--live")

    files, title, *lines = ran.out.splitlines()
    assert ran.code == 1
    assert "all good" in files
    assert title == "1 thing would stop somebody who walks a runbook now in prod"
    assert lines[0].strip().startswith(SAYS)


async def test_without_the_word_no_bot_is_asked(one: Terminal) -> None:
    ran = await one.run("check")

    assert ran.code == 0
    assert SAYS not in ran.out


async def test_for_machines_it_stands_beside_the_findings_of_the_files(one: Terminal) -> None:
    as_json = await one.run("check", "--live", "--format", "json")
    as_github = await one.run("check", "--live", "--format", "github")

    (finding,) = as_json.json["findings"]
    assert (as_json.code, as_github.code) == (1, 1)
    assert (finding["rule"], finding["file"], finding["line"]) == (
        "live",
        "runbooks/wrong-answers.md",
        1,
    )
    assert as_github.out.startswith("::warning file=runbooks/wrong-answers.md,line=1,")


async def test_where_everything_could_be_done_it_ends_with_zero(one: Terminal) -> None:
    shelved(one.door.world, needs(FINE))
    shelf = one.door.world.bot.procedures
    one.door.preflight = Preflight(one.door.world.env, shelf, none).said
    async with serving(one.door) as url:
        local_bot.write(one.state_dir, {"api": url, "people": {"mara": "mara-token"}, "as": "mara"})
        ran = await one.run("check", "--live")

    assert ran.code == 0
    assert "Every step of 1 runbook could be done now in prod" in ran.out


async def test_without_a_bot_it_says_so_and_ends_with_one(
    one: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSBOT_STATE_DIR", str(one.state_dir / "nowhere"))

    ran = await one.run("check", "--live")

    assert (ran.code, "No bot is known" in ran.err) == (1, True)


async def test_over_http_it_is_for_those_who_may_look(one: Terminal) -> None:
    async with httpx.AsyncClient(base_url=one.url, trust_env=False) as client:
        nobody = await client.get("/v1/preflight")
        mara = await client.get("/v1/preflight", headers={"authorization": "Bearer mara-token"})

    assert (nobody.status_code, mara.status_code) == (401, 200)
    assert json.loads(mara.text)["ok"] is False
