"""`opsbot serve` as a process: how it starts, says how it is, takes edited files, and leaves."""

import json
import shutil
import signal
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.replica import ROOT, Replica
from tests.support.store import Server, Store
from tests.support.terminal import opsbot
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
ENV = "serve"
BROKEN = "workflow: [not a name\n"


@pytest.fixture(name="flags")
def _flags(tmp_path: Path) -> Path:
    """Give declarations that a test may edit."""
    shutil.copytree(ROOT / "flags" / "workflows", tmp_path / "flags" / "workflows")
    shutil.copy(ROOT / "flags" / "policy.yaml", tmp_path / "flags" / "policy.yaml")
    shutil.copy(ROOT / "flags" / "models.yaml", tmp_path / "flags" / "models.yaml")
    return tmp_path / "flags"


@pytest.fixture(name="bot")
def _bot(store: Store, flags: Path, tmp_path: Path) -> Iterator[Replica]:
    bot = replica(store, flags, tmp_path / "a").start()
    yield bot
    bot.close()


def replica(store: Store, flags: Path, folder: Path) -> Replica:
    """Return one replica on *flags*."""
    return Replica(folder, redis_url=store.url, env=store.env, OPSBOT_FLAGS_DIR=str(flags))


def entries(store: Store) -> list[dict[str, Any]]:
    """Return the journal."""
    lines = store.redis.lrange(store.keys.journal, 0, -1)
    return [json.loads(line.partition(" ")[2]) for line in lines]


def files(bot: Replica) -> Any:
    """Return what `/readyz` says of the declarations."""
    return bot.ask("GET", "/readyz")[1]["declarations"]


def log(bot: Replica, event: str) -> list[dict[str, Any]]:
    """Return the log's records of one event."""
    lines = [line for line in bot.log.read_text().splitlines() if line.startswith("{")]
    return [record for line in lines if (record := json.loads(line))["event"] == event]


def edit(path: Path, old: str, new: str) -> None:
    """Replace text in a file, as an editor does: by a new file under the old name."""
    aside = path.with_suffix(".tmp")
    text = path.read_text()
    assert old in text
    aside.write_text(text.replace(old, new))
    aside.replace(path)


def page(bot: Replica, path: str) -> httpx.Response:
    """Ask as a stranger."""
    return httpx.get(f"{bot.local['api']}{path}", timeout=30, trust_env=False)


def test_a_bot_says_how_it_is_takes_an_edit_and_leaves_in_order(
    bot: Replica, store: Store, flags: Path
) -> None:
    local = bot.folder / "bot.json"
    mode = stat.S_IMODE(local.stat().st_mode)
    lives, ready, measured = (page(bot, path) for path in ("/healthz", "/readyz", "/metrics"))
    bot.kill("internal-search")
    edit(flags / "workflows" / "internal-search.yaml", "tier: 3", "tier: 2")
    eventually_sync(lambda: [e["verb"] for e in entries(store)].count("declare") == 2, timeout_s=10)

    assert bot.process is not None
    bot.process.send_signal(signal.SIGTERM)
    code = bot.process.wait(60)

    assert mode == 0o600
    assert (lives.status_code, lives.json()) == (200, {"ok": True})
    assert (ready.status_code, ready.json()["declarations"]["ok"]) == (200, True)
    assert ready.json()["declarations"]["workflows"] == 4
    for name in ("opsbot_outbox_depth", "opsbot_kills_active", "opsbot_store_age_seconds"):
        assert name in measured.text
    assert code == 0
    assert json.loads(local.read_text())["api"] == ""
    assert "Leaving" in bot.log.read_text()
    assert "support-copilot" not in measured.text
    ran = opsbot("status", OPSBOT_STATE_DIR=str(bot.folder))
    assert (ran.code, "No bot is known" in ran.err) == (1, True)


def test_work_in_hand_is_finished_before_it_leaves(bot: Replica, store: Store) -> None:
    status, body = bot.kill("internal-search", mode="stop")

    assert bot.process is not None
    bot.process.send_signal(signal.SIGTERM)

    assert bot.process.wait(60) == 0
    assert (status, body["stored"]) == (201, True)
    assert [one["verb"] for one in entries(store)].count("kill") == 1
    assert store.redis.xpending(store.keys.lane("kill"), "opsbot")["pending"] == 0
    assert not log(bot, "notdrained")


def test_it_is_not_ready_while_the_store_hangs_and_says_why(
    own_server: Server, tmp_path: Path
) -> None:
    bot = Replica(tmp_path / "a", redis_url=own_server.url, env=ENV).start()
    own_server.freeze()

    asked = page(bot, "/readyz")
    lives = page(bot, "/healthz")
    own_server.thaw()
    again = eventually_sync(
        lambda: page(bot, "/readyz"), until=lambda answer: answer.status_code == 200, timeout_s=15
    )
    bot.close()

    assert asked.status_code == 503
    assert asked.json()["ready"] is False
    assert "The store does not answer" in asked.json()["reason"]
    assert lives.status_code == 200
    assert again.json()["store"]["ok"] is True


def test_broken_files_change_nothing_and_an_edit_becomes_one_commit_of_two_replicas(
    bot: Replica, store: Store, flags: Path, tmp_path: Path
) -> None:
    path = flags / "workflows" / "internal-search.yaml"
    good, before = path.read_text(), entries(store)
    path.write_text(BROKEN)
    running = eventually_sync(lambda: files(bot), until=lambda f: f["ok"] is False, timeout_s=10)
    late = replica(store, flags, tmp_path / "b").start()
    started, kept = files(late), entries(store)
    status, _ = late.kill("internal-search", mode="stop")

    path.write_text(good.replace("tier: 3", "tier: 2"))
    for one in (bot, late):
        eventually_sync(partial(files, one), until=lambda f: bool(f["ok"]), timeout_s=10)
    declared = [one for one in entries(store) if one["verb"] == "declare"]
    late.close()

    assert running == started
    assert running["workflows"] == 4
    assert "the last good version is in force" in running["says"]
    assert kept == before
    assert status == 201
    for one in (bot, late):
        assert log(one, "declarations_refused")[0]["kept"] == "the last good ones"
        assert "internal-search.yaml:2" in log(one, "declarations")[0]["finding"]
    assert len(declared) == 2
    assert declared[-1]["facts"]["written"] == ["internal-search"]


def test_files_that_were_never_good_are_called_so(
    store: Store, flags: Path, tmp_path: Path
) -> None:
    (flags / "policy.yaml").write_text(BROKEN)
    first = replica(store, flags, tmp_path / "first").start()

    said = files(first)
    first.close()

    assert (said["ok"], said["workflows"]) == (False, 0)
    assert "never good" in said["says"]
    assert "no good version" in log(first, "declarations_refused")[0]["kept"]


@pytest.mark.parametrize("store_is", ["there", "frozen", "gone"])
def test_a_bot_that_is_told_to_leave_leaves_without_a_trace(
    own_server: Server, tmp_path: Path, store_is: str
) -> None:
    bot = Replica(tmp_path / "a", redis_url=own_server.url, env="leaves").start()
    try:
        if store_is == "frozen":
            own_server.freeze()
        if store_is == "gone":
            own_server.kill()
        wanted = 200 if store_is == "there" else 503
        eventually_sync(lambda: _ready(bot) == wanted, timeout_s=20)
        assert bot.process is not None
        bot.process.send_signal(signal.SIGTERM)

        assert bot.process.wait(60) == 0
    finally:
        bot.close()
    assert "Traceback" not in bot.log.read_text()
    assert "Leaving: no new work is taken" in bot.log.read_text()


def _ready(bot: Replica) -> int:
    return httpx.get(f"{bot.local['api']}/readyz", timeout=30).status_code
