"""Kills of two lives of a store: each keeps its lead and its number, none comes back milder."""

from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.domain.change import Json, Position, Record
from opsbot.domain.journal import put
from opsbot.domain.recovery.kills import TAKEN_BACK
from opsbot.domain.recovery.merge import recover
from opsbot.domain.state import State

EMPTY = State()
NEW: Record = {"epoch": 20, "revision": 6}


def at(epoch: int, revision: int) -> Record:
    """Return a position as it is stored."""
    return {"epoch": epoch, "revision": revision}


def kill(uid: str, id_: str = "K-1", **more: Json) -> Record:
    """Return a kill's record, stopped at 10:2 where nothing else is said."""
    return {
        "s": 1, "id": id_, "uid": uid, "mode": "stop", "at": at(10, 2), "since_ms": 1,
        "changed_ms": 0, "confirmed_ms": 5.0, "probes": 1, "passed": 1, "not_probed": ["x"], **more,
    }  # fmt: skip


def ramp(percent: int, salt: str = "try") -> Record:
    """Return the lifted part of a kill."""
    return {"percent": percent, "salt": salt}


def life(epoch: int, *kills: Record, ended: tuple[Record, ...] = (), **ids: int) -> State:
    """Return a state at revision 5 of an epoch."""
    records: dict[str, dict[str, Record]] = {
        "kills": {str(one["id"]): one for one in kills},
        "ended": {str(one["id"]): one for one in ended},
        "settings": {"ids": {"s": 1, **ids}} if ids else {},
    }
    return State(Position(epoch, 5), f"{epoch}", {k: v for k, v in records.items() if v})


def after(base: State, own: State, store: State) -> State:
    """Return *store* with what was lost put back, which leaves nothing to do."""
    change = recover(base, own, store)
    if change is None:
        return store
    writes = ((w.kind, w.id, w.record) for w in change.writes)
    found = State(Position(store.position.epoch, 6), "new", put(store.records, writes))
    assert recover(base, own, found) is None
    return found


def by_uid(state: State) -> dict[Json, Record]:
    """Return the active kills."""
    return {one["uid"]: one for one in state.kind("kills").values()}


def merged(own: Record, store: Record, base: Record | None = None) -> Record:
    """Return the one kill that is left of two lives."""
    found = after(life(10, base) if base else EMPTY, life(10, own), life(20, store))
    (one,) = found.kind("kills").values()
    return one


def test_what_came_with_a_kill_follows_it_to_its_new_id() -> None:
    own = life(10, kill("alias", "K-2", under="K-1"), kill("lead"))
    store = life(20, kill("stranger"))

    found = by_uid(after(EMPTY, own, store))

    assert found["lead"]["id"] == found["alias"]["under"] == "K-3"
    assert found["stranger"]["id"] == "K-1"


def test_what_came_with_a_kill_that_the_store_has_under_another_id_follows_it() -> None:
    own = life(10, kill("lead"), kill("alias", "K-2", under="K-1"))
    store = life(20, kill("stranger"), kill("lead", "K-7"))

    assert by_uid(after(EMPTY, own, store))["alias"]["under"] == "K-7"


def test_a_kill_whose_lead_nobody_knows_stands_alone() -> None:
    own = life(10, kill("alias", "K-2", under="K-1"))

    assert by_uid(after(EMPTY, own, life(20, kill("stranger"))))["alias"]["under"] == ""


def test_the_number_of_a_new_id_is_used_up() -> None:
    own, store = life(10, kill("mine"), kill=1), life(20, kill("stranger"), kill=1)

    found = after(EMPTY, own, store)

    assert by_uid(found)["mine"]["id"] == "K-2"
    assert found.setting("ids")["kill"] == 2


def confirmed(record: Record) -> tuple[Json, ...]:
    """Return what the fleet and the probes said of a kill."""
    return record["confirmed_ms"], record["probes"], record["passed"], record["not_probed"]


NOBODY: tuple[Json, ...] = (None, None, None, [])
"""What they said of one that was never confirmed."""


def test_a_kill_that_comes_back_is_confirmed_by_nobody_yet() -> None:
    own = life(10, kill("a", stopped=2))

    found = by_uid(after(EMPTY, own, life(20)))["a"]

    assert (found["at"], confirmed(found)) == (NEW, NOBODY)
    assert "stopped" not in found


def test_a_kill_whose_restore_was_lost_holds_anew_and_unconfirmed() -> None:
    own = life(10, ended=(kill("a"),))

    found = by_uid(after(EMPTY, own, life(20, kill("a"))))["a"]

    assert (found["at"], confirmed(found)) == (NEW, NOBODY)


def test_what_was_restored_keeps_that_it_was_confirmed() -> None:
    own = life(10, ended=(kill("a"),))

    found = after(EMPTY, own, life(20)).kind("ended")["K-1"]

    assert found["confirmed_ms"] == 5.0


def test_a_confirmation_that_was_lost_comes_back_where_the_kill_still_stands_there() -> None:
    unconfirmed = kill("a", confirmed_ms=None, probes=None, passed=None, not_probed=[])

    assert merged(kill("a"), unconfirmed, base=unconfirmed) == kill("a")


def test_a_restore_that_was_taken_back_stays_taken_back() -> None:
    eased = kill("a", ramp=ramp(5))
    own = kill("a", at=at(10, 5), taken_back="ground is red", changed_ms=9)

    found = merged(own, eased, base=eased)

    assert "ramp" not in found
    assert (found["at"], found["taken_back"]) == (NEW, "ground is red")
    assert confirmed(found) == NOBODY


def test_a_step_taken_on_the_new_life_does_not_outlive_what_was_taken_back_before() -> None:
    own = kill("a", at=at(10, 5), taken_back="ground is red", changed_ms=9)
    stepped = kill("a", at=at(20, 3), ramp=ramp(25), changed_ms=99)

    found = merged(own, stepped, base=kill("a", ramp=ramp(5)))

    assert (found.get("ramp"), found["at"]) == (None, NEW)


def test_a_lost_easing_leaves_the_kill_whole_and_tells_the_clients_that_heard_of_it() -> None:
    whole = kill("a")

    found = merged(kill("a", at=at(10, 5), ramp=ramp(5)), whole, base=whole)

    assert (found.get("ramp"), found["at"]) == (None, NEW)


def test_a_lost_step_takes_the_whole_attempt_back() -> None:
    first = kill("a", ramp=ramp(5))

    found = merged(kill("a", at=at(10, 5), ramp=ramp(25)), first, base=first)

    assert (found.get("ramp"), found["taken_back"], found["at"]) == (None, TAKEN_BACK, NEW)


def test_two_attempts_that_let_others_through_end_both() -> None:
    found = merged(
        kill("a", at=at(10, 5), ramp=ramp(5, "one")),
        kill("a", at=at(20, 3), ramp=ramp(5, "other")),
        base=kill("a"),
    )

    assert (found.get("ramp"), found["at"]) == (None, NEW)


def test_a_lost_stricter_mode_comes_back() -> None:
    mild = kill("a", mode="read_only")

    found = merged(kill("a", at=at(10, 5), changed_ms=9), mild, base=mild)

    assert (found["mode"], found["at"]) == ("stop", NEW)


def test_a_lost_milder_mode_does_not_come_back() -> None:
    found = merged(kill("a", at=at(10, 5), mode="read_only"), kill("a"), base=kill("a"))

    assert (found["mode"], found["at"]) == ("stop", NEW)


def test_a_copy_that_another_replica_put_back_too_early_is_made_stricter() -> None:
    stale = kill("a", mode="read_only", at=at(20, 1))

    found = merged(kill("a", at=at(10, 5), changed_ms=9), stale)

    assert (found["mode"], found["at"]) == ("stop", NEW)


def test_a_mode_made_milder_on_the_new_life_stays() -> None:
    decided = kill("a", mode="read_only", at=at(20, 4), changed_ms=99)

    assert merged(kill("a", at=at(10, 5), changed_ms=9), decided) == decided


def test_what_only_the_store_changed_stays() -> None:
    eased = kill("a", at=at(20, 4), ramp=ramp(5))

    assert merged(kill("a"), eased, base=kill("a")) == eased


def test_the_same_kill_put_back_by_another_replica_is_left_alone() -> None:
    there = kill("a", at=at(20, 1), ramp=ramp(5))

    assert merged(kill("a", ramp=ramp(5)), there) == there


def test_what_people_noted_on_the_lost_life_comes_back() -> None:
    noted = kill("a", joined=["mara"])

    assert merged(noted, kill("a"), base=kill("a")) == noted


RAMPS = st.none() | st.builds(ramp, st.sampled_from([5, 25]), st.sampled_from(["one", "other"]))
MODES = st.sampled_from(
    ["stop", "canned", "human", "read_only", "no_tools", "drafts_only", "fallback", "safe_state"]
)


@st.composite
def _kills(draw: st.DrawFn) -> Record:
    place = draw(st.sampled_from([at(10, 2), at(10, 5), at(20, 3)]))
    made = kill("a", mode=draw(MODES), at=place, changed_ms=draw(st.sampled_from([0, 9, 99])))
    eased = draw(RAMPS)
    return made if eased is None else {**made, "ramp": eased}


@settings(deadline=None, max_examples=300)
@given(own=_kills(), store=_kills(), base=st.none() | _kills())
def test_whatever_the_lives_hold_putting_back_ends_and_lets_no_more_through(
    own: Record, store: Record, base: Record | None
) -> None:
    found = merged(own, store, base)  # which asserts that twice is once

    assert found in (own, store) or found["at"] == NEW
    if own != base and "ramp" not in own and own["mode"] == store["mode"]:
        assert "ramp" not in found
