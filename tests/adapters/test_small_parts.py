"""Signing, redaction, duties, draining, the local bot's file, and the emergency line."""

import asyncio
import logging
from pathlib import Path

import pytest

from opsbot.adapters import local_bot
from opsbot.adapters.drain import Drain
from opsbot.adapters.logs import redact
from opsbot.adapters.probe_http import http_prober
from opsbot.adapters.redis.emergency import emergency_line
from opsbot.adapters.scheduler import Duty, running
from opsbot.adapters.signing import KeyFile, verify
from opsbot.app.ports import Delivery, RetryLater
from opsbot.domain.change import Effect, Json
from opsbot.domain.errors import Misconfigured
from tests.support.store import Store, free_port, server, store
from tests.support.wait import eventually

__all__ = ["server", "store"]
DELIVERY = Delivery("1-0", "rest", Effect("slow", "k"), 1)


def test_a_signature_holds_for_its_data_and_key_only(tmp_path: Path) -> None:
    key = KeyFile.open(tmp_path / "keys" / "k")
    again = KeyFile.open(tmp_path / "keys" / "k")

    signature = key.sign(b"head")

    assert verify(again.public, b"head", signature)
    assert not verify(key.public, b"tail", signature)
    assert not verify("00" * 32, b"head", signature)
    assert not verify("nonsense", b"head", signature)
    assert (tmp_path / "keys" / "k").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    KeyFile.open(tmp_path / "k")
    (tmp_path / "k").chmod(0o644)

    with pytest.raises(Misconfigured, match="read by others"):
        KeyFile.open(tmp_path / "k")


def test_logs_hide_secrets_and_drop_payloads() -> None:
    event = redact(
        None,
        "",
        {
            "event": "sent xoxb-1-a to redis://u:hush@h with Bearer abc.def",
            "slack_token": "x",
            "payload": "secret text",
            "nested": {"reason": "why", "password": "p", "kill": "K-1"},
        },
    )

    assert event == {
        "event": "sent *** to redis://***@h with Bearer ***",
        "slack_token": "***",
        "nested": {"password": "***", "kill": "K-1"},
    }


async def test_a_duty_runs_again_after_it_failed() -> None:
    runs: list[int] = []

    async def work() -> None:
        runs.append(1)
        raise ValueError("once more")

    async with running([Duty("fails", work, every_s=0.02)]):
        await eventually(lambda: len(runs) >= 2)

    assert len(runs) >= 2


async def test_a_duty_in_hand_at_the_end_is_waited_for_and_has_not_failed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    began, over = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    async with running([Duty("slow", slow, every_s=0.02)]):
        await began.wait()

    assert over.is_set()
    assert [one.message for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_a_duty_has_one_rhythm() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Duty("both", asyncio.Event().wait, every_s=1, cron="* * * * *")


async def test_a_leaving_replica_puts_long_work_back() -> None:
    drain, began = Drain(), asyncio.Event()

    async def slow(delivery: Delivery) -> None:
        began.set()
        await asyncio.Event().wait()

    work = drain.guard({"slow": slow})["slow"]
    task = asyncio.ensure_future(work(DELIVERY))
    await began.wait()

    drained = await drain.close(within_s=5)

    assert drained
    with pytest.raises(RetryLater):
        await task
    with pytest.raises(RetryLater):
        await work(DELIVERY)


def test_the_local_bots_file_keeps_what_others_wrote(tmp_path: Path) -> None:
    local_bot.write(tmp_path, {"people": {"mara": "t"}, "as": "mara"})
    path = local_bot.write(tmp_path, {"api": "http://127.0.0.1:1"})

    found = local_bot.read(tmp_path)

    assert found == local_bot.Local("http://127.0.0.1:1", {"mara": "t"}, "mara")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(Misconfigured, match="others can read"):
        local_bot.read(tmp_path)


async def test_an_emergency_kill_is_pushed_and_named(store: Store) -> None:
    record: dict[str, Json] = {"s": 1, "scope": {}, "mode": "stop", "claimed": "me", "uid": "u"}

    async with emergency_line(store.url, env=store.env) as line:
        first, second = await line.push(record), await line.push(record)

    assert (first.name, second.name, first.hinted) == ("E-1", "E-2", True)
    assert store.redis.llen(store.keys.emergency) == 2


async def test_a_probe_that_nobody_answers_is_an_answer() -> None:
    async with http_prober() as prober:
        answer = await prober.ask(
            f"http://127.0.0.1:{free_port()}/probe",
            kind="httpx",
            workflow="w",
            tenant=None,
            tool=None,
        )

    assert answer.error
    assert answer.allowed is None
