"""Streams in flight are decided again on every change, cut once, and counted honestly."""

import logging
import threading
import time
from typing import Any

import pytest

from opsflags import streams
from opsflags.decision import Decision
from opsflags.evaluate import View, compile_view
from opsflags.model import MODES, NO_MODEL, Scope
from opsflags.records import Kill, workflow_from_json
from opsflags.workflow import Workflow

NAME = "support-copilot"
RECORD = workflow_from_json(
    NAME,
    {
        "s": 1,
        "on_store_loss": "stop",
        "route": {
            "targets": [{"provider": "openai", "model": "big"}],
            "fallbacks": [{"provider": "anthropic", "model": "other"}],
        },
    },
)
NO_ONE = (None, None, None, None, None)


def _kill(mode: str = "stop", **scope: str) -> Kill:
    return Kill(id="K-1", uid="u", scope=Scope(**scope), mode=mode, epoch=1, revision=1)


def _view(*kills: Kill, knowledge: str = "live") -> View:
    return compile_view(NAME, RECORD, kills, modes=MODES, knowledge=knowledge)


def _handle(*kills: Kill, deadline: float | None = None) -> Workflow:
    handle = Workflow(NAME, MODES)
    handle._swap(_view(*kills), deadline=deadline)
    return handle


def _counts(handle: Workflow) -> tuple[int, int, int]:
    report: Any = handle._report()
    return report["kills"]["u"]["cut"], report["kills"]["u"]["let"], report["counts"]["cut"]


@pytest.mark.parametrize("mode", MODES)
def test_only_modes_without_a_model_cut(mode: str) -> None:
    handle = _handle()
    cuts: list[Decision] = []
    stream = streams.open(handle, NO_ONE, cuts.append)

    handle._swap(_view(_kill(mode)), deadline=None)

    assert [cut.mode for cut in cuts] == ([mode] if mode in NO_MODEL else [])
    assert (stream.ended() is not None) == (mode in NO_MODEL)
    assert handle._cuttable() == (0 if mode in NO_MODEL else 1)


def test_each_stream_is_decided_with_its_own_arguments() -> None:
    handle = _handle()
    cuts: list[str] = []
    streams.open(handle, ("acme", None, None, None, None), lambda _: cuts.append("acme"))
    streams.open(handle, ("globex", None, None, None, None), lambda _: cuts.append("globex"))
    streams.open(handle, NO_ONE, lambda _: cuts.append("nobody"))

    handle._swap(_view(_kill(tenant="acme")), deadline=None)

    assert sorted(cuts) == ["acme", "nobody"]
    assert handle._cuttable() == 1


def test_a_stream_is_cut_once_in_the_thread_that_swaps_and_before_the_swap_returns() -> None:
    handle = _handle()
    cut_in: list[int] = []
    streams.open(handle, NO_ONE, lambda _: cut_in.append(threading.get_ident()))

    handle._swap(_view(_kill("canned")), deadline=None)
    handle._swap(_view(_kill("stop")), deadline=None)

    assert cut_in == [threading.get_ident()]
    assert _counts(handle) == (1, 0, 1)


def test_a_closed_stream_is_not_cut() -> None:
    handle = _handle()
    cuts: list[Decision] = []
    stream = streams.open(handle, NO_ONE, cuts.append)

    stream.close()
    stream.close()
    handle._swap(_view(_kill()), deadline=None)

    assert (cuts, stream.cut, handle._cuttable()) == ([], None, 0)


def test_a_stream_that_may_not_begin_says_so_and_is_not_counted_as_cut() -> None:
    handle = _handle(_kill())
    cuts: list[Decision] = []

    stream = streams.open(handle, NO_ONE, cuts.append)

    assert stream.cut is not None
    assert stream.ended() is stream.cut
    assert (cuts, handle._cuttable(), _counts(handle)) == ([], 0, (0, 0, 0))


def test_what_reaches_the_caller_after_the_cut_is_counted_as_let_through() -> None:
    handle = _handle()
    stream = streams.open(handle, NO_ONE, lambda _: None)

    stream.delivered()
    handle._swap(_view(_kill()), deadline=None)
    stream.delivered()

    assert _counts(handle) == (1, 1, 1)


def test_a_stream_sees_the_end_of_the_lease_without_any_thread() -> None:
    handle = _handle(deadline=time.monotonic() + 3600)
    cuts: list[Decision] = []
    stream = streams.open(handle, NO_ONE, cuts.append)
    assert stream.ended() is None

    handle._renew(time.monotonic() - 0.001)

    ended = stream.ended()
    assert ended is not None
    assert ended.reason == "store_lost"
    assert cuts == [ended]
    assert stream.ended() is ended


def test_a_callback_that_fails_spares_neither_thread_nor_the_other_streams(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handle = _handle()
    cuts: list[Decision] = []

    def fail(_: Decision) -> None:
        raise OSError("broken")

    failing = streams.open(handle, NO_ONE, fail)
    streams.open(handle, NO_ONE, cuts.append)

    with caplog.at_level(logging.ERROR, "opsflags"):
        handle._swap(_view(_kill()), deadline=None)

    assert len(cuts) == 1
    assert failing.cut is not None
    assert "could not be ended" in caplog.text


def test_a_stream_opened_while_the_kill_arrives_is_always_stopped() -> None:
    for _ in range(200):
        handle = _handle()
        cuts: list[Decision] = []
        opened: list[streams.Stream] = []
        thread = threading.Thread(
            target=lambda handle=handle, cuts=cuts, opened=opened: opened.append(
                streams.open(handle, NO_ONE, cuts.append)
            )
        )

        thread.start()
        handle._swap(_view(_kill()), deadline=None)
        thread.join()

        assert opened[0].cut is not None
        assert len(cuts) <= 1
        assert handle._cuttable() == 0
