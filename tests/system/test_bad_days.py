"""Bad days: the store hangs or dies in the middle, the bot is dead, and nothing is lost or rounded up."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from opsflags import FlagClient
from tests.support.replica import ROOT, Replica
from tests.support.store import Server
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
ENV = "bad"


@pytest.fixture(name="bot")
def _bot(own_server: Server, tmp_path: Path) -> Iterator[Replica]:
    bot = Replica(tmp_path / "bot", redis_url=own_server.url, env=ENV).start()
    yield bot
    own_server.thaw()
    bot.close()


@pytest.fixture(name="service")
def _service(own_server: Server, bot: Replica) -> Iterator[FlagClient]:
    with FlagClient.connect(own_server.url, service="support-api", env=ENV) as client:
        client.workflow("support-copilot")
        yield client


def opsbot(*words: str, **environ: str) -> tuple[int, str]:
    """Run the command line; return its exit code and everything it printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPSBOT_")}
    done = subprocess.run(
        [sys.executable, "-m", "opsbot", *words],
        cwd=ROOT, env={**clean, **environ}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_store_that_hangs_leaves_the_kill_unknown_and_the_retry_makes_it_one(
    own_server: Server, bot: Replica, service: FlagClient
) -> None:
    words: dict[str, Any] = {
        "json": {"workflow": "support-copilot"},
        "headers": {"idempotency-key": "k"},
    }
    own_server.freeze()
    with ThreadPoolExecutor() as beside:
        typed = beside.submit(
            opsbot, "kill", "internal-search", "--json", OPSBOT_STATE_DIR=str(bot.folder)
        )
        hung, unknown = bot.ask("POST", "/v1/kills", **words)
        code, said = typed.result()
    own_server.thaw()

    status, body = bot.ask("POST", "/v1/kills", **words)

    assert (hung, unknown["stored"]) == (503, None)
    assert (code, json.loads(said.splitlines()[0])["stored"]) == (1, None)
    assert "not known" in json.dumps(unknown)
    assert (status, body["workflow"]) == (201, "support-copilot")
    assert [one["workflow"] for one in bot.ask("GET", "/v1/kills")[1]["kills"]].count(
        "support-copilot"
    ) == 1


def test_a_stored_kill_survives_kill_nine_of_server_and_bot(
    own_server: Server, bot: Replica, service: FlagClient
) -> None:
    bot.kill("support-copilot", mode="stop")
    bot.kill_nine()
    own_server.kill()
    own_server.start()

    bot.start()

    assert [one["kill"] for one in bot.ask("GET", "/v1/kills")[1]["kills"]] == ["K-1"]
    assert not service.workflow("support-copilot").decide().allowed


def test_with_the_bot_dead_an_emergency_kill_stops_and_is_adopted_later(
    own_server: Server, bot: Replica, service: FlagClient
) -> None:
    bot.kill_nine()
    code, said = opsbot(
        "kill", "support-copilot", "mode:stop", "--redis", own_server.url, "--json", OPSBOT_ENV=ENV
    )
    copilot = service.workflow("support-copilot")
    eventually_sync(lambda: not copilot.decide().allowed, timeout_s=5)

    bot.start()
    (adopted,) = eventually_sync(lambda: bot.ask("GET", "/v1/kills")[1]["kills"], timeout_s=10)

    assert code in (0, 3)
    answer = json.loads(said.splitlines()[0])
    assert (answer["kill"], answer["emergency"]) == (None, "E-1")
    assert adopted["kill"] == "K-1"
    assert copilot.decide().kill in ("K-1", "E-1")


def test_a_flushed_store_is_filled_again_and_lifts_nothing(
    own_server: Server, bot: Replica, service: FlagClient
) -> None:
    bot.kill("support-copilot", mode="stop")
    copilot = service.workflow("support-copilot")
    with own_server.client() as raw:
        raw.flushall()

    seen = [
        eventually_sync(
            lambda: (bot.ask("GET", "/v1/kills")[1]["kills"], copilot.decide().allowed),
            until=lambda now: bool(now[0]),
            timeout_s=10,
        )
    ]

    assert seen[0][0][0]["kill"] == "K-1"
    assert not seen[0][1]
    # Entry by entry it comes back: until the last one the anchors rightly call the journal cut.
    eventually_sync(
        lambda: opsbot("audit", "verify", OPSBOT_STATE_DIR=str(bot.folder)),
        until=lambda ran: ran[0] == 0,
        timeout_s=20,
    )


def test_the_restarted_bot_finds_its_embedded_data_again(tmp_path: Path) -> None:
    bot = Replica(tmp_path / "one", redis_url="", env=ENV).start()
    bot.kill("contract-summariser")
    bot.close()

    bot.start()
    kills = bot.ask("GET", "/v1/kills")[1]["kills"]
    bot.close()

    assert [one["workflow"] for one in kills] == ["contract-summariser"]
