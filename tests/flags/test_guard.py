"""A guarded stream ends when a kill comes, within 100 ms, also while the provider is silent."""

import asyncio
import contextvars
import gc
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from opsflags.decision import WorkflowKilled
from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.support.wait import eventually, eventually_sync

SOON_S = 0.1
SLACK_S = 20.0  # two slow cores shared with others; who is not released waits for ever


@pytest.fixture(name="flags")
def _flags() -> FakeFlags:
    return FakeFlags()


@pytest.fixture(name="copilot")
def _copilot(flags: FakeFlags) -> Workflow:
    return flags.workflow("copilot", modes={"read_only"})


class Silent:
    """An asynchronous provider that says one word and then nothing."""

    def __init__(self, *, hangs_on_close: bool = False, fails_on_close: bool = False) -> None:
        self.closed = False
        self.interrupted = False
        self._said = False
        self._hangs = hangs_on_close
        self._fails = fails_on_close

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        if not self._said:
            self._said = True
            return "hello"
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.interrupted = True
            raise
        raise AssertionError("never set")

    async def aclose(self) -> None:
        self.closed = True
        if self._hangs:
            await asyncio.Event().wait()
        if self._fails:
            raise OSError("reset by peer")


class Words:
    """A synchronous provider; it blocks before each word until it is told to go on."""

    def __init__(self, *words: str) -> None:
        self.go = threading.Semaphore(0)
        self.closed = threading.Event()
        self.asked = 0
        self._words = iter(words)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.asked += 1
        self.go.acquire()
        return next(self._words)

    def close(self) -> None:
        self.closed.set()


async def _numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number
        await asyncio.get_running_loop().run_in_executor(None, int)


async def test_an_untouched_stream_passes_whole(copilot: Workflow) -> None:
    assert [n async for n in copilot.guard(_numbers(5))] == [0, 1, 2, 3, 4]
    assert list(copilot.guard([1, 2, 3])) == [1, 2, 3]
    assert not copilot._cuttable()


async def test_a_silent_asynchronous_provider_is_cut_at_once(
    copilot: Workflow, flags: FakeFlags
) -> None:
    source, heard = Silent(), list[str]()
    killer = threading.Timer(0.03, flags.kill, ["copilot"])
    began = time.monotonic()

    async for word in copilot.guard(source):
        heard.append(word)
        killer.start()

    assert time.monotonic() - began < SOON_S + SLACK_S
    assert heard == ["hello"]
    assert source.interrupted
    assert source.closed
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    killer.join()
    assert copilot._report()["counts"]["cut"] == 1


async def test_on_kill_raise_raises_the_decision(copilot: Workflow, flags: FakeFlags) -> None:
    stream = copilot.guard(Silent(), on_kill="raise")
    await anext(stream)
    killer = threading.Timer(0.03, flags.kill, ["copilot"], {"mode": "human"})
    killer.start()

    with pytest.raises(WorkflowKilled) as refusal:
        await anext(stream)

    killer.join()
    assert refusal.value.decision.mode == "human"
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_provider_that_hangs_on_close_does_not_hold_the_caller(
    copilot: Workflow, flags: FakeFlags, caplog: pytest.LogCaptureFixture
) -> None:
    stream = copilot.guard(Silent(hangs_on_close=True))
    await anext(stream)
    flags.kill("copilot")
    began = time.monotonic()

    with caplog.at_level(logging.WARNING, "opsflags"), pytest.raises(StopAsyncIteration):
        await anext(stream)

    assert time.monotonic() - began < SOON_S + SLACK_S
    assert "did not close: not within" in caplog.text


async def test_a_provider_that_fails_on_close_still_ends(
    copilot: Workflow, flags: FakeFlags, caplog: pytest.LogCaptureFixture
) -> None:
    stream = copilot.guard(Silent(fails_on_close=True))
    await anext(stream)
    flags.kill("copilot")

    with caplog.at_level(logging.WARNING, "opsflags"), pytest.raises(StopAsyncIteration):
        await anext(stream)

    assert "did not close: OSError" in caplog.text


async def test_a_stream_of_a_killed_workflow_asks_the_provider_nothing(
    copilot: Workflow, flags: FakeFlags
) -> None:
    flags.kill("copilot")
    source, words = Silent(), Words("hello")

    assert [word async for word in copilot.guard(source)] == []
    assert list(copilot.guard(words)) == []

    assert not source._said
    assert source.closed
    assert words.closed.wait(2)
    assert words.asked == 0


async def test_cancelling_from_outside_is_still_a_cancellation(copilot: Workflow) -> None:
    source = Silent()

    async def listen() -> None:
        async for _ in copilot.guard(source):
            pass

    task = asyncio.ensure_future(listen())
    await eventually(lambda: source._said)
    await eventually(copilot._cuttable)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert not copilot._cuttable()


async def test_cancelled_and_killed_together_is_a_cancellation(
    copilot: Workflow, flags: FakeFlags
) -> None:
    source = Silent()

    async def listen() -> None:
        async for _ in copilot.guard(source):
            pass

    task = asyncio.ensure_future(listen())
    await eventually(copilot._cuttable)
    flags.kill("copilot")
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_around_a_guarded_stream_still_fires(copilot: Workflow) -> None:
    async def listen() -> None:
        async with asyncio.timeout(0.05):
            async for _ in copilot.guard(Silent()):
                pass

    with pytest.raises(TimeoutError):
        await listen()


async def test_a_failing_provider_fails_the_guarded_stream(copilot: Workflow) -> None:
    async def failing() -> AsyncIterator[int]:
        yield 1
        raise OSError("provider")

    def failing_too() -> Iterator[int]:
        yield 1
        raise OSError("provider")

    with pytest.raises(OSError, match="provider"):
        _ = [n async for n in copilot.guard(failing())]
    with pytest.raises(OSError, match="provider"):
        list(copilot.guard(failing_too()))
    assert not copilot._cuttable()


@pytest.mark.parametrize("on_kill", ["end", "raise"])
def test_a_silent_synchronous_provider_releases_the_caller_at_once(
    copilot: Workflow, flags: FakeFlags, on_kill: str
) -> None:
    words = Words("hello", "again")
    stream = copilot.guard(words, on_kill=on_kill)
    words.go.release()
    assert next(stream) == "hello"
    killer = threading.Timer(0.02, flags.kill, ["copilot"])
    began = time.monotonic()
    killer.start()

    with pytest.raises(WorkflowKilled if on_kill == "raise" else StopIteration):
        next(stream)

    assert time.monotonic() - began < SOON_S + SLACK_S
    report: Any = copilot._report()
    assert report["kills"]["fake-1"]["let"] == 0
    words.go.release()
    assert words.closed.wait(2)


def test_a_synchronous_provider_is_not_read_ahead(copilot: Workflow) -> None:
    words = Words("one", "two")
    for _ in range(3):
        words.go.release()
    stream = copilot.guard(words)

    assert words.asked == 0
    assert next(stream) == "one"
    assert words.asked == 1
    assert list(stream) == ["two"]


def test_a_dropped_synchronous_stream_ends_its_thread_and_closes(copilot: Workflow) -> None:
    words = Words("one", "two")
    words.go.release()
    stream = copilot.guard(words)
    next(stream)

    del stream
    gc.collect()

    assert words.closed.wait(2)
    eventually_sync(lambda: not copilot._cuttable())


async def test_a_dropped_or_closed_asynchronous_stream_is_in_flight_no_more(
    copilot: Workflow,
) -> None:
    source = Silent()
    closed, dropped = copilot.guard(source), copilot.guard(Silent())
    await anext(closed)
    await anext(dropped)
    assert copilot._cuttable() == 2

    await closed.aclose()  # type: ignore[attr-defined]  # as an async generator has
    del dropped
    gc.collect()

    assert source.closed
    assert not copilot._cuttable()


def test_the_provider_runs_in_the_callers_context(copilot: Workflow) -> None:
    trace = contextvars.ContextVar("trace", default="none")

    def spans() -> Iterator[str]:
        yield trace.get()

    trace.set("t-1")

    assert list(copilot.guard(spans())) == ["t-1"]


def test_a_kill_on_another_tenant_and_a_milder_mode_leave_the_stream_alone(
    copilot: Workflow, flags: FakeFlags
) -> None:
    stream = copilot.guard(iter("abc"), tenant="acme", model="m")
    heard = [next(stream)]

    flags.kill("copilot", tenant="globex", mode="stop")
    flags.kill("copilot", mode="read_only")
    flags.kill("copilot", model="another", mode="stop")
    heard += stream

    assert heard == ["a", "b", "c"]


def test_what_cannot_be_guarded_is_refused(copilot: Workflow) -> None:
    with pytest.raises(TypeError, match="not int"):
        copilot.guard(7)  # type: ignore[call-overload]  # that is the point
    with pytest.raises(ValueError, match="on_kill"):
        copilot.guard([], on_kill="explode")
