"""The sticky snapshot as laws: order by position, lift by proof only, reject records alone."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from opsflags.board import APPLIED, GAP, IGNORED, REMEMBERED, Board

Record = dict[str, Any]
E = 1000


def kill(
    revision: int,
    *,
    uid: str = "u1",
    id: str = "K-1",  # noqa: A002  the record's own word
    mode: str = "stop",
    epoch: int = E,
    **scope: str,
) -> Record:
    at = {"epoch": epoch, "revision": revision}
    return {"s": 1, "id": id, "uid": uid, "scope": scope, "mode": mode, "at": at, "emergency": None}


def ended(record: Record, revision: int, *, epoch: int = E) -> object:
    return {**record, "ended": {"epoch": epoch, "revision": revision}}


def delta(revision: int, *, epoch: int = E, **parts: Any) -> Record:
    return {"s": 1, "e": epoch, "r": revision, **parts}


def board_at(revision: int, *records: Record) -> Board:
    board = Board()
    board.read((E, revision), {record["id"]: record for record in records}, {})
    board.take_touched()
    return board


def held(board: Board, workflow: str = "w") -> list[str]:
    return sorted(kill.uid for kill in board.kills_for(workflow))


def test_the_next_delta_is_applied_a_known_one_ignored_and_any_other_is_a_gap() -> None:
    board = board_at(5)

    outcomes = [
        board.apply(delta(7)),
        board.apply(delta(6, kills={"K-1": kill(6)})),
        board.apply(delta(6)),
        board.apply(delta(7, epoch=E + 1)),
        board.apply(delta(7, epoch=E - 1)),
    ]

    assert outcomes == [GAP, APPLIED, IGNORED, GAP, IGNORED]
    assert board.position == (E, 6)
    assert held(board) == ["u1"]


def test_absence_proves_nothing_and_is_reported() -> None:
    board = board_at(5, kill(5))

    missing = board.read((E, 9), {}, {})

    assert missing == ["K-1"]
    assert held(board) == ["u1"]
    assert board.ahead


def test_only_a_later_ended_record_of_the_same_uid_lifts() -> None:
    board = board_at(5, kill(5))

    board.take_ended({"K-1": ended(kill(5, uid="another"), 9)})
    board.take_ended({"K-1": ended(kill(5), 5)})
    still = held(board)
    board.take_ended({"K-1": ended(kill(5), 6)})

    assert still == ["u1"]
    assert held(board) == []
    assert not board.ahead


def test_an_older_store_neither_lifts_nor_kills_again() -> None:
    board = board_at(5, kill(3), kill(5, uid="u2", id="K-2"))
    board.apply(delta(6, ended={"K-1": ended(kill(3), 6)}))

    board.read((E, 4), {"K-1": kill(3)}, {})

    assert held(board) == ["u2"]
    assert board.ahead


def test_a_later_store_that_says_it_is_active_is_believed() -> None:
    """A fail-over lost the restore: the kill is in force again."""
    board = board_at(5, kill(3))
    board.apply(delta(6, ended={"K-1": ended(kill(3), 6)}))

    board.read((E + 1, 6), {"K-1": kill(3)}, {})

    assert held(board) == ["u1"]


def test_an_older_version_of_a_kill_does_not_replace_a_newer() -> None:
    board = board_at(5, kill(5, mode="stop"))

    board.read((E + 1, 5), {"K-1": kill(4, mode="canned")}, {})

    assert [k.mode for k in board.kills_for("w")] == ["stop"]
    assert board.ahead


def test_a_store_that_is_behind_is_read_again_and_its_deltas_too() -> None:
    board = board_at(9)

    assert board.note_store((E, 7))
    assert board.apply(delta(8, kills={"K-1": kill(8)})) == GAP
    board.read((E, 8), {"K-1": kill(8)}, {})

    assert held(board) == ["u1"]
    board.read((E, 9), {"K-1": kill(8)}, {})
    assert not board.ahead
    assert not board.note_store((E, 9))


def test_an_unreadable_record_is_rejected_alone() -> None:
    board = board_at(5, kill(5), kill(5, uid="u2", id="K-2"))

    board.apply(
        delta(6, kills={"K-1": {"s": 1}, "K-3": kill(6, uid="u3", id="K-3")}, workflows={"w": 7})
    )

    assert held(board) == ["u1", "u2", "u3"]
    assert board.rejected == ["K-1", "w"]
    board.apply(delta(7, kills={"K-1": kill(7)}, workflows={"w": {"s": 1}}))
    assert board.rejected == []


def test_a_record_of_a_newer_program_stops_and_a_newer_message_says_too_old() -> None:
    board = board_at(5)

    outcome = board.apply({**delta(6), "s": 2})

    assert outcome == GAP
    assert board.too_old
    assert board.take_touched() is None


def test_a_kill_touches_those_it_names_and_one_without_a_workflow_everybody() -> None:
    board = board_at(5)

    board.apply(delta(6, kills={"K-1": kill(6, workflow="w")}))
    named = board.take_touched()
    board.apply(delta(7, kills={"K-2": kill(7, uid="u2", id="K-2", provider="openai")}))
    everybody = board.take_touched()
    board.apply(delta(8))
    nobody = board.take_touched()

    assert (named, everybody, nobody) == ({"w"}, None, set())
    assert held(board, "other") == ["u2"]


def test_a_workflow_missing_from_a_read_stays_and_null_removes_it() -> None:
    board = board_at(5)
    board.apply(delta(6, workflows={"w": {"s": 1, "canned": "text"}}))

    board.read((E, 7), {}, {"w": None})
    kept = board.workflows["w"].canned
    board.apply(delta(8, workflows={"w": None}))

    assert kept == "text"
    assert board.workflows == {}


def emergency(uid: str, **scope: str) -> Record:
    return {"s": 1, "scope": scope, "mode": "stop", "claimed": "on-call", "uid": uid}


def test_an_emergency_counts_until_it_is_adopted() -> None:
    board = board_at(5)
    board.take_emergencies([emergency("e1")], 0)
    before = held(board)

    board.apply(delta(6, kills={"K-1": kill(6)}, adopted=1))

    assert (before, held(board)) == (["e1"], ["u1"])
    board.take_emergencies([emergency("e1"), emergency("e2")], 1)
    assert held(board) == ["e2", "u1"]


def test_an_adoption_whose_kill_is_unreadable_drops_nothing() -> None:
    board = board_at(5)
    board.take_emergencies([emergency("e1")], 0)

    board.apply(delta(6, kills={"K-1": {"s": 1}}, adopted=1))
    unreadable = held(board)
    board.apply(delta(7, kills={"K-1": kill(7)}, adopted=1))

    assert (unreadable, held(board)) == (["e1"], ["u1"])


def test_an_emergency_outlives_a_flush_and_another_ones_adoption() -> None:
    board = board_at(5)
    board.take_emergencies([emergency("e1")], 0)

    board.take_emergencies([], 0)
    flushed = (held(board), board.ahead)
    board.take_emergencies([emergency("e9")], 0)
    board.take_emergencies([emergency("e9")], 1)

    assert flushed == (["e1"], True)
    assert held(board) == ["e1"]


def test_a_kill_or_a_restore_with_its_uid_speaks_for_an_emergency() -> None:
    board = board_at(5)
    board.take_emergencies([emergency("e1"), emergency("e2")], 0)

    board.apply(delta(6, kills={"K-1": kill(6, uid="e1")}))
    board.apply(delta(7, ended={"K-2": ended(kill(6, uid="e2", id="K-2"), 7)}))
    board.take_emergencies([emergency("e1"), emergency("e2")], 0)

    assert held(board) == ["e1"]
    assert len(board.kills_for("w")) == 1


def test_an_unreadable_emergency_is_rejected_alone() -> None:
    board = board_at(5)

    board.take_emergencies(["broken", emergency("e2")], 0)

    assert (board.rejected, held(board)) == (["E-1"], ["e2"])


def test_the_memory_of_ended_kills_is_bounded() -> None:
    board = board_at(1)
    past: dict[str, object] = {
        f"K-{n}": ended(kill(1, uid=f"u{n}"), 2) for n in range(REMEMBERED + 5)
    }

    board.take_ended(past)

    assert len(board.ended) == REMEMBERED


POSITIONS = st.tuples(st.sampled_from([0, E - 1, E, E + 1]), st.integers(0, 12))
UIDS = st.sampled_from(["u1", "u2", "u3"])
IDS = st.sampled_from(["K-1", "K-2", "K-3"])
SCOPES = st.sampled_from([{}, {"workflow": "w"}, {"workflow": "v"}])
MODES = st.sampled_from(["stop", "canned", "safe_state", "of-the-future"])


@st.composite
def kill_records(draw: st.DrawFn) -> Any:
    epoch, revision = draw(POSITIONS)
    record = kill(revision, epoch=epoch, uid=draw(UIDS), id=draw(IDS), mode=draw(MODES))
    record["scope"] = draw(SCOPES)
    return draw(st.one_of(st.just(record), st.just(record), st.none(), st.just({"s": 1})))


STEPS: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("read"), POSITIONS, st.dictionaries(IDS, kill_records(), max_size=3)),
    st.tuples(st.just("delta"), POSITIONS, st.dictionaries(IDS, kill_records(), max_size=3)),
    st.tuples(st.just("emergencies"), POSITIONS, st.just({})),
    st.tuples(st.just("store"), POSITIONS, st.just({})),
)


def step(board: Board, what: str, at: tuple[int, int], records: Any) -> None:
    match what:
        case "read":
            board.read(at, records, {})
        case "delta":
            board.apply(delta(at[1], epoch=at[0], kills=records))
        case "emergencies":
            board.take_emergencies([], at[1])
        case _:
            board.note_store(at)


@given(st.lists(STEPS, max_size=12))
def test_nothing_but_an_ended_record_ever_lifts_a_kill(steps: list[Any]) -> None:
    board = board_at(5, kill(5, uid="first", id="K-1"))
    seen: set[str] = {"first"}

    for what, at, records in steps:
        step(board, what, at, records)
        now = set(board.kills)

        assert seen <= now
        seen |= now


@given(st.lists(STEPS, max_size=12))
def test_the_index_always_holds_what_the_board_holds(steps: list[Any]) -> None:
    board = board_at(5, kill(5, uid="first", id="K-1"))

    for what, at, records in steps:
        step(board, what, at, records)
        board.take_ended({"K-2": ended(kill(1, uid="u2", id="K-2"), 99)})
        expected = {
            h.kill.uid for h in board.kills.values() if h.kill.scope.workflow in (None, "w")
        }

        assert set(held(board)) == expected
        assert board.position >= (E, 5)


@given(st.lists(kill_records(), max_size=6), st.randoms())
def test_records_in_any_order_give_the_same_kills(records: list[Any], random: Any) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)
    boards = [Board(), Board()]

    for board, order in zip(boards, (records, shuffled), strict=True):
        for record in order:
            board.read((E + 1, 99), {"K": record}, {})

    newest = [{uid: h.at for uid, h in board.kills.items()} for board in boards]
    assert newest[0] == newest[1]
