"""Laws of a kill that is lifted for a share: nobody gets a write tool back, and only keys get through."""

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsflags import lastknown, streams
from opsflags.board import Board
from opsflags.decision import WorkflowKilled
from opsflags.evaluate import View, compile_view
from opsflags.model import MODES, Rejected
from opsflags.records import Kill, emergency_from_json, kill_from_json, workflow_from_json
from opsflags.shares import Ramp
from opsflags.snapshot import restore, snapshot
from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.flags.test_evaluate import NAME, RECORD, _asks, _implemented, _kills, _usable

READ = {tool for tool, access in RECORD["tools"].items() if access == "read"}
_ramps = st.builds(Ramp, st.sampled_from([0, 0.5, 5, 25, 50]), st.sampled_from(["", "a", "b"]))
_keys = st.sampled_from([f"k{number}" for number in range(40)])


def _view(kills: list[Kill], modes: set[str] | tuple[str, ...] = MODES) -> View:
    known = workflow_from_json(NAME, RECORD)
    return compile_view(NAME, known, kills, modes=modes, knowledge="live")


def _with(kill: Kill, ramp: Ramp | None) -> Kill:
    fields = {name: getattr(kill, name) for name in Kill.__slots__}
    return Kill(**{**fields, "ramp": ramp})


def _ramped(kills: list[Kill], ramps: list[Ramp]) -> list[Kill]:
    return [_with(kill, ramp) for kill, ramp in zip(kills, ramps, strict=False)]


@settings(max_examples=500)
@given(_kills, st.lists(_ramps, min_size=5, max_size=5), _asks, _keys, _implemented)
def test_a_ramp_never_lets_a_write_tool_through(
    kills: list[Kill], ramps: list[Ramp], ask: Any, key: str, modes: set[str]
) -> None:
    ask = {**ask, "key": key}

    whole = _view(kills, modes).decide(**ask)
    eased = _view(_ramped(kills, ramps), modes).decide(**ask)

    assert _usable(eased) - READ <= _usable(whole) - READ
    if ask.get("tool") not in {*READ, None}:
        assert whole.allowed or not eased.allowed


@settings(max_examples=300)
@given(_kills, st.lists(_ramps, min_size=5, max_size=5), _asks, _implemented)
def test_a_ramp_changes_nothing_for_a_call_without_a_key(
    kills: list[Kill], ramps: list[Ramp], ask: Any, modes: set[str]
) -> None:
    ask = {**ask, "key": None}

    assert _view(_ramped(kills, ramps), modes).decide(**ask) == _view(kills, modes).decide(**ask)


@settings(max_examples=300)
@given(_kills, st.lists(_ramps, min_size=5, max_size=5), _asks, _keys)
def test_a_call_acts_as_under_read_only_where_it_is_let_through(
    kills: list[Kill], ramps: list[Ramp], ask: Any, key: str
) -> None:
    ask = {**ask, "key": key}
    known = {*MODES, "safe_state", "fallback_or_safe_state"} - {"live"}
    read_only = [
        Kill(
            id=kill.id, uid=kill.uid, scope=kill.scope, mode="read_only",
            epoch=kill.epoch, revision=kill.revision,
        )
        if kill.mode in known and ramp.lets(kill.uid, key)
        else kill
        for kill, ramp in zip(kills, ramps, strict=False)
    ]  # fmt: skip

    assert _view(_ramped(kills, ramps)).decide(**ask) == _view(read_only).decide(**ask)


@given(_kills, st.lists(_ramps, min_size=5, max_size=5), _asks)
def test_live_promises_nothing_that_a_ramp_takes(
    kills: list[Kill], ramps: list[Ramp], ask: Any
) -> None:
    eased = _view(_ramped(kills, ramps))

    assert eased.live == _view(kills).live
    assert not eased.live or eased.decide(**ask).mode == "live"


def _record(ramp: object = None, **also: object) -> dict[str, Any]:
    record = {
        "s": 1, "id": "K-1", "uid": "u", "scope": {"workflow": NAME}, "mode": "stop",
        "at": {"epoch": 1, "revision": 2}, "emergency": "E-1", **also,
    }  # fmt: skip
    return record if ramp is None else {**record, "ramp": ramp}


def test_a_ramp_is_read_from_its_record() -> None:
    assert kill_from_json(_record({"percent": 5, "salt": "a"})).ramp == Ramp(5, "a")
    assert kill_from_json(_record({"percent": 0.5})).ramp == Ramp(0.5)
    assert kill_from_json(_record({"percent": 5, "salt": None}, emergency=7)).ramp == Ramp(5)


@pytest.mark.parametrize(
    "ramp",
    [
        5, "5", [], {}, {"percent": None}, {"percent": 50.1}, {"percent": float("nan")},
        {"percent": float("inf")}, {"percent": True}, {"percent": 5, "salt": ["a"]},
    ],
    ids=repr,
)  # fmt: skip
def test_a_ramp_that_cannot_be_read_leaves_the_kill_whole(ramp: object) -> None:
    for also in ({}, {"emergency": 7}):
        kill = kill_from_json(_record(ramp, **also))

        assert (kill.ramp, kill.mode) == (None, "stop")


def test_an_emergency_is_never_lifted_by_steps() -> None:
    record = {"s": 1, "scope": {}, "mode": "stop", "ramp": {"percent": 50}}

    assert emergency_from_json(1, record).ramp is None


def test_two_kills_that_differ_in_their_ramp_are_two() -> None:
    one, other = (kill_from_json(_record({"percent": percent})) for percent in (5, 25))

    assert one != other
    assert one == kill_from_json(_record({"percent": 5, "salt": ""}))
    assert len({Ramp(5, "a"), Ramp(5, "a"), Ramp(5)}) == 2
    assert repr(Ramp(5, "a")) == "Ramp(5 %, salt='a')"


def _let(ramp: Ramp, uid: str = "u") -> str:
    return next(f"k{n}" for n in range(1000) if ramp.lets(uid, f"k{n}"))


def _hit(ramp: Ramp, uid: str = "u") -> str:
    return next(f"k{n}" for n in range(1000) if not ramp.lets(uid, f"k{n}"))


def _decide(board: Board, key: str) -> str:
    kills = board.kills_for(NAME)
    return _view(kills).decide(key=key).mode


def test_a_commit_that_only_changes_the_ramp_reaches_the_decision() -> None:
    board = Board()
    ramp = Ramp(5, "a")
    board.read((1, 2), {"K-1": _record()}, {})

    modes = [_decide(board, _let(ramp))]
    for revision, value in ((3, {"percent": 5, "salt": "a"}), (4, {"percent": 0, "salt": "a"})):
        at = {"epoch": 1, "revision": revision}
        delta = {"s": 1, "e": 1, "r": revision, "kills": {"K-1": _record(value, at=at)}}
        assert board.apply(delta) == "applied"
        modes.append(_decide(board, _let(ramp)))

    assert modes == ["stop", "read_only", "stop"]


def test_an_adopted_emergency_is_lifted_as_the_kill_that_speaks_for_it() -> None:
    board = Board()
    ramp = Ramp(5, "a")
    pushed = {"s": 1, "scope": {"workflow": NAME}, "mode": "stop", "uid": "u"}
    board.take_emergencies([pushed], 0)

    before = _decide(board, _let(ramp))
    board.read((1, 2), {"K-1": _record({"percent": 5, "salt": "a"})}, {})

    assert (before, _decide(board, _let(ramp)), _decide(board, _hit(ramp))) == (
        "stop",
        "read_only",
        "stop",
    )


def test_the_last_known_file_keeps_the_ramp(tmp_path: Path) -> None:
    board, ramp = Board(), Ramp(5, "a")
    board.read((1, 2), {"K-1": _record({"percent": 5, "salt": "a"})}, {})
    path = str(tmp_path / "known.json")

    lastknown.save(path, snapshot(board, "dev"))
    again = Board()
    assert restore(again, lastknown.load(path) or {}, "dev")

    assert (_decide(again, _let(ramp)), _decide(again, _hit(ramp))) == ("read_only", "stop")


def test_a_stream_of_a_key_that_is_let_through_goes_on() -> None:
    ramp = Ramp(5, "a")
    kill = kill_from_json(_record({"percent": 5, "salt": "a"}))
    handle = Workflow(NAME, MODES)
    handle._swap(_view([]), deadline=None)
    cut: list[str] = []

    def open_for(key: str | None) -> None:
        arguments = (None, None, None, None, key)
        streams.open(handle, arguments, lambda _: cut.append(str(key)))

    for key in (_let(ramp), _hit(ramp), None):
        open_for(key)

    handle._swap(_view([kill]), deadline=None)

    assert cut == [_hit(ramp), "None"]
    assert handle._cuttable() == 1


def test_a_guarded_stream_goes_on_for_its_key_only() -> None:
    flags = FakeFlags()
    copilot = flags.workflow("copilot", modes={"read_only"})
    ramp = Ramp(5)
    let, hit = _let(ramp, "fake-1"), _hit(ramp, "fake-1")
    streams_of = [copilot.guard(iter("abc"), key=key) for key in (let, hit, None)]
    heard = [next(stream) for stream in streams_of]
    kill = flags.kill("copilot", mode="stop")

    assert heard == ["a"] * 3
    assert [list(stream) for stream in streams_of] == [[], [], []]
    flags.ease(kill, 5)
    assert [list(copilot.guard(iter("abc"), key=key)) for key in (let, hit)] == [[*"abc"], []]
    copilot.check(key=let)
    for refused in ({"key": hit}, {}, {"key": let, "tool": "issue_refund"}):
        with pytest.raises(WorkflowKilled):
            copilot.check(**refused)


def test_a_let_through_call_is_counted_as_that_and_neither_as_refused_nor_cut() -> None:
    flags = FakeFlags()
    copilot = flags.workflow("copilot", modes={"read_only"})
    flags.ease(flags.kill("copilot", mode="stop"), 5)
    let, hit = _let(Ramp(5), "fake-1"), _hit(Ramp(5), "fake-1")

    for key in (let, let, hit):
        copilot.decide(key=key)

    report: Any = copilot._report()
    assert report["kills"]["fake-1"] == {
        "let": 0,
        "refused": 1,
        "cut": 0,
        "no_tenant": 0,
        "eased": 2,
    }


def test_a_fake_switchboard_eases_a_kill_within_bounds() -> None:
    flags = FakeFlags()
    kill = flags.kill("copilot")

    with pytest.raises(Rejected, match="0 to 50"):
        flags.ease(kill, 51)
    with pytest.raises(LookupError, match="active: K-1"):
        flags.ease("K-9", 5)


def test_a_ramp_that_shrinks_cuts_whom_it_lets_through_no_more() -> None:
    flags = FakeFlags()
    copilot = flags.workflow("copilot", modes={"read_only"})
    kill = flags.kill("copilot", mode="stop")
    flags.ease(kill, 25)
    later = next(
        key for key in (f"k{n}" for n in range(1000))
        if Ramp(25).lets("fake-1", key) and not Ramp(5).lets("fake-1", key)
    )  # fmt: skip
    over = threading.Event()
    streams.open(copilot, (None, None, None, None, later), lambda _: over.set())

    assert not over.is_set()
    flags.ease(kill, 5)

    assert over.is_set()


def test_what_a_ramp_lets_through_is_counted_and_nothing_else_is() -> None:
    flags = FakeFlags()
    flags.declare(NAME, RECORD)
    handle = flags.workflow(NAME, modes=("read_only",))
    kill = flags.kill(NAME, mode="stop")
    flags.ease(kill, 50)
    keys = [f"conversation-{number}" for number in range(200)]

    let = sum(handle.decide(key=key).allowed for key in keys)
    handle.decide()

    (counts,) = handle._report()["kills"].values()
    assert 60 < let < 140
    assert (counts["eased"], counts["let"], counts["refused"]) == (let, 0, 201 - let)


@pytest.mark.parametrize("mode", ["read_only", "fallback", "no_tools"])
def test_a_kill_that_refuses_nobody_counts_nobody_as_let_through(mode: str) -> None:
    flags = FakeFlags()
    flags.declare(NAME, RECORD)
    handle = flags.workflow(NAME, modes=MODES)
    flags.ease(flags.kill(NAME, mode=mode), 50)

    for number in range(50):
        handle.decide(key=f"conversation-{number}")

    (counts,) = handle._report()["kills"].values()
    assert counts["let"] == 0
    assert "eased" not in counts
