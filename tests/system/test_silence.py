"""Frozen and dead clients are named within the promise, by a real bot over real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from opsbot.domain.fleet import ALIVE_MS, NAMED_WITHIN_MS
from tests.support.replica import ROOT, Replica
from tests.support.store import Store
from tests.support.wait import PATIENCE, eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SERVES = """
import sys, threading
from opsflags import FlagClient
url, env, name = sys.argv[1:]
flags = FlagClient.connect(url, service="support-api", env=env, instance=name)
flags.workflow("support-copilot")
threading.Event().wait()
"""
PODS = ("pod-well", "pod-frozen", "pod-dead")
Processes = dict[str, "subprocess.Popen[bytes]"]


@pytest.fixture(name="bot")
def _bot(store: Store, tmp_path: Path) -> Iterator[Replica]:
    bot = Replica(tmp_path / "bot", redis_url=store.url, env=store.env).start()
    yield bot
    bot.close()


@pytest.fixture(name="pods")
def _pods(store: Store, bot: Replica) -> Iterator[Processes]:
    started: Processes = {}
    with ExitStack() as stack:
        for name in PODS:
            started[name] = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", SERVES, store.url, store.env, name],
                    env={**os.environ, "PYTHONPATH": str(ROOT / "flags")},
                )
            )
            stack.callback(started[name].kill)
        eventually_sync(lambda: alive(bot) == set(PODS), timeout_s=30)
        yield started


def instances(bot: Replica) -> dict[str, dict[str, Any]]:
    """Return what the bot says of each instance."""
    return {one["instance"]: one for one in bot.ask("GET", "/v1/instances")[1]["instances"]}


def alive(bot: Replica) -> set[str]:
    """Return whom the bot calls alive."""
    return {name for name, one in instances(bot).items() if one["alive"]}


def counted(bot: Replica) -> dict[str, Any]:
    """Return what the bot counts for its one kill."""
    (kill,) = bot.ask("GET", "/v1/kills")[1]["kills"]
    found: dict[str, Any] = kill["instances"]
    return found


def test_a_frozen_and_a_dead_client_are_named_within_the_promise(
    bot: Replica, pods: Processes
) -> None:
    ends = time.monotonic()
    os.kill(pods["pod-frozen"].pid, signal.SIGSTOP)
    pods["pod-dead"].kill()

    said = eventually_sync(
        lambda: instances(bot),
        until=lambda now: [name for name in PODS if now[name]["alive"]] == ["pod-well"],
        timeout_s=10,
    )
    took_s = time.monotonic() - ends
    bot.kill("support-copilot", mode="stop")
    killed = eventually_sync(lambda: counted(bot), until=lambda now: now["confirmed"] == 1)
    os.kill(pods["pod-frozen"].pid, signal.SIGCONT)
    eventually_sync(
        lambda: alive(bot), until=lambda now: now == {"pod-well", "pod-frozen"}, timeout_s=10
    )

    assert all(said[name]["seen_ms_ago"] > ALIVE_MS for name in ("pod-frozen", "pod-dead"))
    assert took_s < PATIENCE * NAMED_WITHIN_MS / 1000, (
        "the bound itself is arithmetic, tested as such"
    )
    assert set(killed["silent"]) | set(killed["expired"]) == {"pod-frozen", "pod-dead"}


def test_who_dies_right_before_a_kill_is_named_on_its_answer_in_time(
    bot: Replica, pods: Processes
) -> None:
    pods["pod-dead"].kill()
    died = time.monotonic()
    first = bot.kill("support-copilot", mode="stop")[1]["instances"]

    now = eventually_sync(
        lambda: counted(bot),
        until=lambda seen: "pod-dead" in (*seen["silent"], *seen["expired"]),
        timeout_s=10,
    )
    named_s = time.monotonic() - died
    now = eventually_sync(lambda: counted(bot), until=lambda seen: seen["confirmed"] == 2)

    assert first["expected"] == 3
    assert named_s < PATIENCE * NAMED_WITHIN_MS / 1000
    assert now["lagging"] == []


def test_clients_that_check_in_are_never_called_silent(bot: Replica, pods: Processes) -> None:
    ends = time.monotonic() + 4
    oldest = 0

    def looked() -> bool:
        nonlocal oldest
        oldest = max(oldest, *(one["seen_ms_ago"] for one in instances(bot).values()))
        return time.monotonic() > ends

    eventually_sync(looked, timeout_s=20)

    assert oldest <= ALIVE_MS
