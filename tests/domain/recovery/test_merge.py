"""Putting back what a store lost: nothing is lifted, nothing newer is overwritten, twice is once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.domain import journal
from opsbot.domain.change import Position, Record
from opsbot.domain.journal import put
from opsbot.domain.recovery.merge import recover
from opsbot.domain.state import State

AT: Record = {"epoch": 10, "revision": 1}
EMPTY = State()


def state(epoch: int, revision: int, **records: dict[str, Record]) -> State:
    """Return a state with *records* by kind."""
    return State(position=Position(epoch, revision), head=f"{epoch}-{revision}", records=records)


def record(uid: str, id_: str = "K-1", **more: int | str) -> Record:
    """Return a kill's record."""
    return {"s": 1, "id": id_, "uid": uid, "mode": "stop", "at": AT, **more}


def after(store: State, base: State, own: State) -> State:
    """Return *store* with what was lost put back."""
    change = recover(base, own, store)
    if change is None:
        return store
    writes = ((w.kind, w.id, w.record) for w in change.writes)
    at = Position(store.position.epoch, store.position.revision + 1)
    return State(position=at, head="new", records=put(store.records, writes))


def test_a_whole_state_comes_back_after_a_flush() -> None:
    own = state(
        10,
        5,
        kills={"K-2": record("b", "K-2")},
        ended={"K-1": record("a")},
        settings={"p": {"v": 1}},
    )

    found = after(state(20, 0), EMPTY, own)

    assert found.kind("kills") == {
        "K-2": {**record("b", "K-2"), "at": {"epoch": 20, "revision": 1}}
    }
    assert found.kind("ended") == own.kind("ended")
    assert found.kind("settings") == own.kind("settings")


def test_the_bot_is_told_which_kills_came_back() -> None:
    change = recover(EMPTY, state(10, 5, kills={"K-1": record("a")}), state(20, 0))

    assert change is not None
    (effect,) = change.effects
    assert (effect.kind, effect.lane, effect.body["kills"]) == ("recovered", "kill", ["K-1"])


def test_a_kill_whose_id_was_given_away_gets_another() -> None:
    own = state(10, 5, kills={"K-1": record("a")})
    store = state(20, 1, kills={"K-1": record("new")}, ended={"K-4": record("old", "K-4")})

    found = after(store, EMPTY, own)

    assert found.kind("kills")["K-1"]["uid"] == "new"
    assert found.kind("kills")["K-5"]["uid"] == "a"
    assert found.kind("kills")["K-5"]["id"] == "K-5"


def test_a_kill_that_the_store_ended_stays_ended() -> None:
    own = state(10, 5, kills={"K-1": record("a")})
    store = state(20, 3, ended={"K-1": record("a")})

    assert recover(EMPTY, own, store) is None


def test_a_lost_restore_leaves_the_kill_and_makes_clients_stop_again() -> None:
    base = state(10, 4, kills={"K-1": record("a")})
    own = state(10, 5, ended={"K-1": record("a", ended="10-5")})

    found = after(state(20, 4, kills=dict(base.kind("kills"))), base, own)

    assert found.kind("kills")["K-1"]["at"] == {"epoch": 20, "revision": 5}
    assert found.kind("ended") == {}


def test_what_the_store_changed_since_is_not_overwritten() -> None:
    base = state(10, 4, workflows={"w": {"v": 1}, "x": {"v": 1}})
    own = state(10, 5, workflows={"w": {"v": 2}, "x": {"v": 2}})
    store = state(20, 5, workflows={"w": {"v": 3}, "x": {"v": 1}})

    found = after(store, base, own)

    assert found.kind("workflows") == {"w": {"v": 3}, "x": {"v": 2}}


def test_numbers_handed_out_on_either_life_stay_taken() -> None:
    own = state(10, 5, settings={"ids": {"K": 7, "A": 1}})
    store = state(20, 5, settings={"ids": {"K": 2, "A": 3, "E": 1}})

    assert after(store, EMPTY, own).setting("ids") == {"K": 7, "A": 3, "E": 1}


UIDS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=4)


def _kills(uids: list[str]) -> dict[str, Record]:
    return {f"K-{n}": record(uid, f"K-{n}") for n, uid in enumerate(uids, 1)}


@settings(deadline=None)
@given(mine=UIDS, theirs=UIDS, ended=UIDS)
def test_no_kill_is_lost_and_twice_is_once(
    mine: list[str], theirs: list[str], ended: list[str]
) -> None:
    own = state(10, 5, kills=_kills(mine))
    theirs = [uid for uid in theirs if uid not in ended]
    over = {f"K-{n}": record(uid, f"K-{n}") for n, uid in enumerate(ended, 10)}
    store = state(20, 5, kills=_kills(theirs), ended=over)

    found = after(store, EMPTY, own)

    active = [r["uid"] for r in found.kind("kills").values()]
    assert sorted(active, key=str) == sorted({*mine, *theirs} - set(ended))
    assert all(r["id"] == id_ for id_, r in found.kind("kills").items())
    assert recover(EMPTY, own, found) is None


def test_the_change_is_a_journal_entry() -> None:
    change = recover(EMPTY, state(10, 5, kills={"K-1": record("a")}), state(20, 0))
    assert change is not None

    line = journal.write_entry(state(20, 0), change, request="recover:1", at_ms=1)

    assert journal.read_entry(line).verb == "recover"


def test_emergencies_are_counted_anew_where_their_list_was_lost() -> None:
    own = state(10, 5, switchboard={"emergency": {"s": 1, "adopted": 2}})

    flushed = recover(EMPTY, own, state(20, 0), emergencies=3)
    shorter = recover(EMPTY, own, state(20, 1), emergencies=1)
    whole = recover(EMPTY, own, state(20, 1), emergencies=2)

    assert flushed is not None
    assert shorter is not None
    assert whole is not None
    assert flushed.writes[0].record == shorter.writes[0].record == {"s": 1, "adopted": 0}
    assert whole.writes[0].record == {"s": 1, "adopted": 2}
