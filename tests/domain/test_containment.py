"""What may be said of a kill because of the fleet: never more than every instance said itself."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.fleet.sight import LONGEST_PAUSE_S
from opsbot.domain.change import Position
from opsbot.domain.containment import Containment, Watched, contain
from opsbot.domain.fleet import (
    ALIVE_MS,
    NAMED_WITHIN_MS,
    Ack,
    Counts,
    Fleet,
    Instance,
    Served,
    low_water,
)
from opsbot.domain.kill import strictness
from opsflags.link import CHECKIN_S
from opsflags.model import FALLBACK_OR_SAFE, MODES, SAFE_STATE, Scope
from tests.support.world import workflow

NOW = 1_800_000_000_000
AT = Position(7, 10)
DECLARED = {
    "copilot": workflow("copilot"),
    "search": workflow("search", on_store_loss="last_known"),
}
WATCHED = Watched(Scope(workflow="copilot"), AT, "stop", uid="u", rejects="K-1", since_ms=NOW)
ACKS = st.builds(
    Ack,
    applied=st.just(AT),
    enforced=st.builds(Position, st.integers(6, 8), st.integers(8, 12)),
    rejected=st.sampled_from([(), ("K-1",), ("K-2",)]),
    ahead=st.booleans(),
    emergency=st.integers(0, 2),
    kills=st.sampled_from([{}, {"u": Counts(let=1, refused=2)}]),
)
INSTANCES = st.builds(
    Instance,
    id=st.uuids().map(str),
    service=st.just("s"),
    host=st.just("h"),
    pid=st.just(1),
    client=st.just("c"),
    workflows=st.sets(st.sampled_from(["copilot", "search", "undeclared"])).map(
        lambda names: {name: Served(frozenset({"stop"})) for name in names}
    ),
    seen_ms=st.integers(NOW - 1_300_000, NOW),
    ack=st.none() | ACKS,
)


def one(**changes: object) -> Instance:
    """Return an instance of the copilot that checked in just now and has acknowledged."""
    ack = Ack(applied=AT, enforced=AT)
    served = {"copilot": Served(frozenset({"stop"}))}
    base = Instance("pod-1", "s", "h", 1, "c", served, NOW, ack)
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them


def seen(
    *instances: Instance,
    watched: Watched = WATCHED,
    now_ms: int = NOW,
    head: Position = AT,
) -> Containment:
    """Return the containment of a fleet."""
    return contain(watched, Fleet(now_ms, instances, head, emergencies=1), DECLARED)


@given(st.lists(INSTANCES, max_size=8), st.sampled_from([Scope(), Scope(workflow="copilot")]))
def test_every_concerned_instance_stands_in_exactly_one_heap(
    instances: list[Instance], scope: Scope
) -> None:
    found = seen(*instances, watched=replace(WATCHED, scope=scope))

    missing = (*found.lagging, *found.ahead, *found.silent, *found.expired)
    heaps = [*found.confirmed, *(m.id for m in missing), *found.rejected]
    concerned = {
        i.id
        for i in instances
        if i.seen_ms >= NOW - 600_000 and i.workflows and scope.workflow in (None, *i.workflows)
    }

    assert sorted(heaps) == sorted(concerned)
    assert found.expected == len(concerned)
    assert found.complete == (bool(concerned) and set(found.confirmed) == concerned)


def test_who_was_silent_at_the_kill_is_not_forgotten_ten_minutes_later() -> None:
    frozen = one(id="pod-7", seen_ms=NOW - 1_000, ack=None)
    well = one(seen_ms=NOW + 3_600_000)

    found = seen(well, frozen, now_ms=NOW + 3_600_000)

    assert not found.complete
    assert [m.id for m in found.expired] == ["pod-7"]


def test_a_position_from_before_the_store_lost_data_confirms_nothing() -> None:
    ahead = Ack(applied=Position(7, 99), enforced=Position(7, 99), ahead=True)
    holds = replace(ahead, kills={"u": Counts()})

    assert [m.id for m in seen(one(ack=ahead), head=Position(8, 1)).ahead] == ["pod-1"]
    assert seen(one(ack=holds), head=Position(8, 1)).complete


@given(
    st.lists(INSTANCES, max_size=8),
    st.builds(Position, st.integers(6, 8), st.integers(8, 12)),
    st.sampled_from([WATCHED, replace(WATCHED, emergency=1)]),
)
def test_nobody_beyond_the_stores_head_is_ever_confirmed(
    instances: list[Instance], head: Position, watched: Watched
) -> None:
    found = seen(*instances, head=head, watched=watched)

    acks = {i.id: i.ack for i in instances if i.ack is not None}
    for name in found.confirmed:
        if watched.emergency:
            assert acks[name].emergency == 1
        else:
            assert AT <= acks[name].enforced <= head
    for one in found.ahead:
        assert not watched.emergency or acks[one.id].emergency > 1
    assert not (found.ahead and (found.complete or found.live_complete))


def test_who_was_ahead_is_confirmed_once_the_store_is_past_it() -> None:
    old = Position(7, 99)
    held = one(ack=Ack(applied=old, enforced=old, ahead=True, kills={"u": Counts()}))
    again = Position(9, 11)
    came_back = one(ack=Ack(applied=again, enforced=again, kills={"u": Counts()}))
    put_back = replace(WATCHED, at=again)

    lost = seen(held, head=Position(7, 12))
    behind = seen(held, head=again, watched=put_back)
    after = seen(came_back, head=again, watched=put_back)

    assert [(m.id, m.says) for m in lost.ahead] == [("pod-1", old)]
    assert (lost.expected, lost.complete, lost.live_complete) == (1, False, False)
    assert [m.id for m in behind.lagging] == ["pod-1"]
    assert after.complete


def test_an_emergency_beyond_the_list_confirms_nothing() -> None:
    watched = replace(WATCHED, emergency=1)
    claims, heard = (Ack(applied=AT, enforced=AT, emergency=count) for count in (2, 1))

    assert [m.id for m in seen(one(ack=claims), watched=watched).ahead] == ["pod-1"]
    assert seen(one(ack=heard), watched=watched).complete


def test_a_silent_instance_is_silent_whatever_it_said() -> None:
    far = Ack(applied=Position(9, 9), enforced=Position(9, 9))

    found = seen(one(ack=far, seen_ms=NOW - ALIVE_MS - 1))

    assert [m.id for m in found.silent] == ["pod-1"]


def test_services_that_were_not_read_keep_it_open() -> None:
    found = contain(WATCHED, Fleet(NOW, (one(),), AT, unread=1), DECLARED)

    assert found.confirmed == ("pod-1",)
    assert (found.complete, found.live_complete) == (False, False)


def test_silence_is_said_within_the_promise_and_not_for_one_late_check_in() -> None:
    checkin_ms = CHECKIN_S * 1000
    dead = one(seen_ms=NOW - ALIVE_MS - 1, ack=None)
    late = one(seen_ms=NOW - ALIVE_MS, ack=None)

    assert [m.id for m in seen(dead).silent] == ["pod-1"]
    assert [m.id for m in seen(late).lagging] == ["pod-1"]
    assert ALIVE_MS + LONGEST_PAUSE_S * 1000 < NAMED_WITHIN_MS
    assert 2 * checkin_ms <= ALIVE_MS


@pytest.mark.parametrize("other", ["search", "undeclared"])
def test_an_instance_stops_itself_only_if_everything_it_serves_is_leased(other: str) -> None:
    served = {name: Served(frozenset()) for name in ("copilot", other)}
    frozen = one(workflows=served, seen_ms=NOW - 3_000, ack=None)

    alone = seen(frozen)
    everything = seen(frozen, watched=replace(WATCHED, scope=Scope()))

    assert alone.silent[0].stops_by_ms == NOW + 3_000
    assert everything.silent[0].stops_by_ms is None


def test_fewer_alive_than_declared_or_learned_is_short() -> None:
    declared = {"copilot": workflow("copilot", expected_instances=3)}
    pods = (one(), one(id="pod-2", seen_ms=NOW - 60_000))
    fleet = Fleet(NOW, pods, AT, low={"copilot": 2})

    by_file = contain(WATCHED, fleet, declared)
    learned = contain(WATCHED, fleet, DECLARED)

    assert (by_file.alive, by_file.short, by_file.learned) == (1, 2, False)
    assert (learned.short, learned.learned) == (1, True)
    assert learned.complete


def test_the_running_hour_and_yesterday_do_not_count_for_the_low_water_mark() -> None:
    hour = NOW // 3_600_000

    low = low_water(
        [(hour, "x", 0), (hour - 1, "x", 5), (hour - 24, "x", 4), (hour - 25, "x", 1)], now_ms=NOW
    )

    assert low == {"x": 4}


@pytest.mark.parametrize(
    ("old", "new", "how"),
    [
        ("read_only", "stop", "stricter"),
        ("stop", "read_only", "milder"),
        ("fallback", "read_only", "beside"),
        ("no_tools", "drafts_only", "beside"),
        ("drafts_only", "no_tools", "beside"),
        ("read_only", SAFE_STATE, "stricter"),
        (SAFE_STATE, "read_only", "milder"),
        (SAFE_STATE, "human", "milder"),
        ("human", SAFE_STATE, "stricter"),
        ("canned", SAFE_STATE, "milder"),
        (FALLBACK_OR_SAFE, SAFE_STATE, "stricter"),
        (FALLBACK_OR_SAFE, "fallback", "stricter"),
        (FALLBACK_OR_SAFE, "canned", "milder"),
        ("read_only", FALLBACK_OR_SAFE, "beside"),
        ("a_mode_of_tomorrow", "stop", "stricter"),
    ],
)
def test_a_mode_is_stricter_only_if_it_leaves_nothing_open(old: str, new: str, how: str) -> None:
    assert strictness(old, new) == how


@given(*[st.sampled_from((*MODES[1:], SAFE_STATE, FALLBACK_OR_SAFE))] * 2)
def test_never_are_both_of_two_modes_stricter(old: str, new: str) -> None:
    both = {strictness(old, new), strictness(new, old)}

    assert both != {"stricter"}
    assert ("beside" in both) == (both == {"beside"})
