"""The demo's hands on real processes: started again, frozen, thawed, and a journal edited and mended."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import yaml
from redis.asyncio import Redis
from redis.exceptions import TimeoutError as RedisTimeout
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from opsbot.workbench.acts import RED, Acts
from opsbot.workbench.crew import Bot, BotEnded, Services, last_words, opened
from opsbot.workbench.stage import Stage
from opsflags.keys import Keys
from tests.support.slack import loopback, serving
from tests.support.store import Server, Store, own_server, server, store
from tests.support.wait import eventually

__all__ = ["own_server", "server", "store"]

FLAGS = Path(__file__).parents[2] / "flags"
SERVICE = """
import json, os, signal, sys, time
print(json.dumps({"from": sys.argv[1], "what": "started", "pid": os.getpid()}), flush=True)
for number in range(100_000):
    print(json.dumps({"from": sys.argv[1], "what": "word", "text": f"{number} "}), flush=True)
    time.sleep(0.01)
"""


def stands(pid: int) -> str:
    """Return the state letter of a process, as `ps` knows it."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False)
    return shown.stdout.decode().strip()


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", "it said nothing"),
        (
            "OPSBOT_PORT: wrong\n  docs/configuration.md lists every setting.\n",
            "OPSBOT_PORT: wrong",
        ),
        ("Traceback:\n  File x\nOSError: full\n\n", "OSError: full"),
    ],
)
def test_the_last_words_of_a_log_are_its_error_not_the_line_under_it(
    tmp_path: Path, log: str, words: str
) -> None:
    (tmp_path / "bot.log").write_text(log)

    assert last_words(tmp_path / "bot.log") == words


async def test_a_bot_that_ended_does_not_look_alive_even_when_it_is_started_again(
    tmp_path: Path,
) -> None:
    bot = Bot({**os.environ, "OPSBOT_LOG_LEVEL": "LOUD"}, tmp_path / "bot.log", restart_s=0.0)
    bot.look_alive()
    keeping = asyncio.create_task(bot.run(lambda: None))
    try:
        await eventually(lambda: bot.restarts > 0, timeout_s=20)

        with pytest.raises(BotEnded, match="The bot ended at its start: OPSBOT_LOG_LEVEL"):
            bot.look_alive()
    finally:
        keeping.cancel()
        await bot.leave()


def test_a_log_is_read_by_its_owner_alone_also_an_old_one(tmp_path: Path) -> None:
    old = tmp_path / "bot.log"
    old.write_bytes(b"before\n")
    old.chmod(0o644)

    for path in (old, tmp_path / "new.log"):
        with opened(path) as log:
            log.write(b"after\n")

    assert old.read_bytes() == b"before\nafter\n"
    assert [path.stat().st_mode & 0o777 for path in sorted(tmp_path.iterdir())] == [0o600, 0o600]


@asynccontextmanager
async def crew(folder: Path, stage: Stage, name: str = "a") -> AsyncGenerator[Services]:
    """Run one real process that talks."""
    command = [sys.executable, "-c", SERVICE, name]
    services = Services(command, os.environ, folder / "log", stage.heard)
    running = asyncio.ensure_future(services.run())
    await eventually(lambda: services.pids)
    try:
        yield services
    finally:
        await services.leave()
        await running


def acts(stage: Stage, folder: Path, **more: object) -> Acts:
    """The buttons, with a bot that was never started."""
    made = Acts(stage, Bot({}, folder / "bot.log"), folder)
    for name, value in more.items():
        setattr(made, name, value)
    return made


async def test_a_frozen_process_is_stopped_and_a_thawed_one_goes_on(tmp_path: Path) -> None:
    stage = Stage()
    async with crew(tmp_path, stage) as services:
        pid = services.pids["a"]
        buttons = acts(stage, tmp_path, services=services)

        done = await buttons.do({"do": "freeze", "service": "a"})
        await eventually(lambda: stands(pid).startswith("T"))
        frozen = dict(stage.services["a"])
        await buttons.do({"do": "thaw", "service": "a"})
        said = stage.chats["a"].answer
        await eventually(lambda: len(stage.chats["a"].answer) > len(said))

    assert "SIGSTOP" in done["done"]
    assert (frozen["frozen"], stage.services["a"]["frozen"]) == (True, False)
    assert stands(pid) == ""


async def test_who_hangs_on_and_off_is_not_woken_between_enter_and_the_kill(tmp_path: Path) -> None:
    stage, name = Stage(), "support-api-7"
    async with crew(tmp_path, stage, name) as services:
        buttons = acts(stage, tmp_path, services=services, frozen_s=0.05)
        hanging = asyncio.create_task(buttons.worst_moment(1))
        try:
            await eventually(lambda: name in services.frozen)
            await eventually(lambda: name not in services.frozen)
            await buttons.do({"do": "enter"})

            with pytest.raises(AssertionError, match="did not hold"):
                await eventually(lambda: name not in services.frozen, timeout_s=0.3)
            assert stands(services.pids[name]).startswith("T")
        finally:
            hanging.cancel()


async def test_leaving_wakes_and_ends_a_frozen_process(tmp_path: Path) -> None:
    stage = Stage()
    async with crew(tmp_path, stage) as services:
        pid = services.pids["a"]
        services.freeze("a")
        await eventually(lambda: stands(pid).startswith("T"))

    assert stands(pid) == ""


async def test_a_service_that_is_not_ours_is_not_said_to_be_frozen(tmp_path: Path) -> None:
    stage = Stage()
    async with crew(tmp_path, stage) as services:
        answer = await acts(stage, tmp_path, services=services).do(
            {"do": "freeze", "service": "my-service"}
        )

    assert "no service of the demo is called 'my-service'" in answer["error"]
    assert stage.notes == []


async def test_a_button_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    answer = await acts(Stage(), tmp_path).do({"do": "explode"})

    assert "no button 'explode'" in answer["error"]
    assert "kill_bot" in answer["error"]


@asynccontextmanager
async def bot_that_hears(folder: Path, status: int) -> AsyncGenerator[list[tuple[str, object]]]:
    """Serve what the button asks of a bot, which answers signals with *status*."""
    heard: list[tuple[str, object]] = []

    async def route(request: Request) -> Response:
        return JSONResponse({"active": "r3"})

    async def signals(request: Request) -> Response:
        heard.append((request.headers["authorization"], await request.json()))
        return JSONResponse({"detail": "not this person"}, status_code=status)

    app = Starlette(
        routes=[
            Route("/v1/routes/coding-agent", route),
            Route("/v1/signals", signals, methods=["POST"]),
        ]
    )
    listener, url = loopback()
    (folder / "bot.json").write_text(json.dumps({"api": url, "people": {"ola": "token"}}))
    async with serving(app, listener):
        yield heard


async def test_bad_results_are_sent_of_what_serves_and_said_with_who_sent_them(
    tmp_path: Path,
) -> None:
    async with bot_that_hears(tmp_path, 200) as heard:
        answer = await acts(Stage(), tmp_path).do({"do": "bad_evals"})

    assert "coding-agent r3 were sent in as ola" in answer["done"]
    [(who, signal)] = heard
    assert (who, signal) == (
        "Bearer token",
        {"kind": "eval", "workflow": "coding-agent", "revision": "r3", "results": [RED]},
    )


async def test_bad_results_that_nobody_took_are_not_said_to_be_sent(tmp_path: Path) -> None:
    stage = Stage()

    away = await acts(stage, tmp_path).do({"do": "bad_evals"})
    async with bot_that_hears(tmp_path, 403):
        refused = await acts(stage, tmp_path).do({"do": "bad_evals"})

    assert "bad_evals did not work: FileNotFoundError" in away["error"]
    assert "not this person" in refused["error"]
    assert stage.notes == []


def test_the_bad_result_is_red_by_the_gate_that_is_declared() -> None:
    declared = yaml.safe_load((FLAGS / "workflows" / "coding-agent.yaml").read_text())
    [gate] = [one for one in declared["gates"] if one["suite"] == RED["suite"]]

    assert (gate["metric"], gate["op"]) == (RED["metric"], ">=")
    assert RED["value"] < gate["threshold"]
    assert RED["n"] >= gate["min_n"]


async def test_a_bot_that_dies_is_started_again_and_counted(tmp_path: Path) -> None:
    seen: list[bool] = []
    bot = Bot(
        {**os.environ, "OPSBOT_SLACK_TRANSPORT": "http", "OPSBOT_STATE_DIR": str(tmp_path)},
        tmp_path / "log",
        restart_s=0.01,
    )
    running = asyncio.ensure_future(bot.run(lambda: seen.append(bot.alive)))
    await eventually(lambda: bot.process is not None)

    bot.kill()
    await eventually(lambda: bot.restarts >= 1, timeout_s=15)
    await eventually(lambda: bot.alive, timeout_s=15)

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await bot.leave()
    assert not bot.alive
    assert seen[:3] == [True, False, True]


async def test_one_letter_of_the_journal_is_changed_and_put_back(
    tmp_path: Path, store: Store
) -> None:
    stage, key = Stage(), Keys(store.env).journal
    lines = [f"{n} {json.dumps({'entry': n, 'reason': 'wrong refund answers'})}" for n in range(3)]
    buttons = acts(stage, tmp_path, where={"redis": store.url, "env": store.env})
    redis = Redis.from_url(store.url, decode_responses=True)
    await redis.rpush(key, *lines)

    edited = await buttons.do({"do": "edit_journal"})
    changed = await redis.lrange(key, 0, -1)
    marked = stage.about["edited"]
    again = await buttons.do({"do": "edit_journal"})
    await buttons.do({"do": "mend_journal"})
    mended = await redis.lrange(key, 0, -1)

    await redis.aclose()
    differing = [at for at, line in enumerate(changed) if line != lines[at]]
    assert differing == [1]
    assert sum(one != other for one, other in zip(changed[1], lines[1], strict=True)) == 1
    assert "entry 2" in edited["done"]
    assert again["done"] == "It is edited already."
    assert mended == lines
    assert (marked, stage.about["edited"]) == (True, False)


async def test_a_frozen_store_answers_nobody_until_it_is_thawed(
    tmp_path: Path, own_server: Server
) -> None:
    stage = Stage()
    buttons = acts(stage, tmp_path, where={"redis": own_server.url, "env": "demo"})
    redis = Redis.from_url(own_server.url, socket_timeout=0.2, retry=None)

    await buttons.do({"do": "freeze_store"})
    frozen = stage.store["frozen"]
    with pytest.raises((TimeoutError, RedisTimeout)):
        await asyncio.wait_for(redis.ping(), 0.3)
    await buttons.do({"do": "thaw_store"})

    assert frozen
    assert stage.store == {"frozen": False}
    await redis.aclose()
