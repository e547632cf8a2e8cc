"""The `Store` port: what every implementation must do."""

import asyncio
import json

import pytest

from opsbot.domain import journal
from opsbot.domain.change import Change, Effect, Position, Record, Timer
from opsbot.domain.errors import Refused
from opsbot.domain.state import GENESIS, State
from tests.contract.conftest import World
from tests.support.changes import add_one, kill, put
from tests.support.wait import eventually

SALT = "00" * 16
AWKWARD: Record = {
    "empty": [],
    "none": {},
    "deep": {"x": [1, 2.5, None, True, "ü\u2028\n"]},
    "n": 2**53 - 1,
}


async def test_a_commit_is_in_the_state_and_in_the_journal(world: World) -> None:
    store = world.one.store

    committed, answer = await store.commit("r1", kill(1))

    assert committed is not None
    assert answer == "killed"
    assert (committed.stored, committed.durable, committed.repeated) == (True, True, False)
    assert store.state.kind("kills")["K-1"]["mode"] == "stop"
    assert store.state.position == committed.position
    assert journal.verify(await store.journal(), count=1, head=store.state.head) == store.state


async def test_the_first_commit_has_revision_one_and_an_epoch_in_seconds(world: World) -> None:
    committed, _ = await world.one.store.commit("r1", kill(1))

    assert committed is not None
    assert committed.position.revision == 1
    assert abs(committed.position.epoch - committed.at_ms // 1000) <= 12


async def test_a_decision_sees_the_epoch_that_its_entry_gets(world: World) -> None:
    await world.one.store.commit("r1", kill(1))

    record = world.one.store.state.kind("kills")["K-1"]

    assert record["at"] == world.one.store.state.position.as_json()


async def test_a_repeated_request_answers_what_the_first_answered(world: World) -> None:
    store = world.one.store
    first, _ = await store.commit("r1", put(("settings", "a", {"n": 1})))

    again, seen = await store.commit("r1", put(("settings", "a", {"n": 2})))

    assert first is not None
    assert again is not None
    assert again.repeated
    assert (again.position, again.at_ms) == (first.position, first.at_ms)
    assert seen == 1
    assert store.state.setting("a") == {"n": 1}
    assert len(await store.journal()) == 1


async def test_a_repeated_request_is_known_although_nothing_is_left_to_do(world: World) -> None:
    await world.one.store.commit("r1", kill(1))

    again, answer = await world.two.store.commit("r1", kill(1))

    assert again is not None
    assert again.repeated
    assert answer == "already"


async def test_no_change_is_no_commit(world: World) -> None:
    await world.one.store.commit("r1", kill(1))

    committed, answer = await world.two.store.commit("r2", kill(1))

    assert committed is None
    assert answer == "already"
    assert len(await world.one.store.journal()) == 1


async def test_a_refusal_changes_nothing(world: World) -> None:
    def refuse(state: State, at_ms: int) -> tuple[Change | None, None]:
        raise Refused("no")

    with pytest.raises(Refused):
        await world.one.store.commit("r1", refuse)

    assert await world.one.store.journal() == []


async def test_two_replicas_at_once_make_one_chain_without_a_gap(world: World) -> None:
    stores = (world.one.store, world.two.store)

    await asyncio.gather(
        *(stores[n % 2].commit(f"r{n}", add_one) for n in range(40)),
    )

    state = await world.one.store.refresh()
    assert state.setting("counter") == {"n": 40}
    assert journal.verify(await world.two.store.journal(), count=40, head=state.head) == state


async def test_the_other_replica_hears_of_a_commit(world: World) -> None:
    await world.one.store.commit("r1", kill(1))

    state = await world.two.store.wait_past(0, timeout_s=2)

    assert state == world.one.store.state


async def test_waiting_ends_with_the_time_given(world: World) -> None:
    state = await world.one.store.wait_past(0, timeout_s=0.02)

    assert state.position.revision == 0


async def test_a_record_that_is_taken_away_is_gone_live_and_replayed(world: World) -> None:
    store = world.one.store
    await store.commit("r1", put(("settings", "a", {"n": 1}), ("settings", "b", {"n": 1})))

    await store.commit("r2", put(("settings", "a", None)))

    assert store.state.kind("settings") == {"b": {"n": 1}}
    assert journal.differences(journal.replay(await store.journal()), await store.live()) == ()


async def test_awkward_records_come_back_as_they_went(world: World) -> None:
    await world.one.store.commit("r1", put(("settings", "a", AWKWARD)))

    assert (await world.two.store.refresh()).setting("a") == AWKWARD
    assert (await world.two.store.live()).setting("a") == AWKWARD


async def test_free_text_stands_beside_the_chain_and_can_be_erased(world: World) -> None:
    store = world.one.store
    sealed = journal.seal("<!channel> wrong refunds", salt=SALT)
    await store.commit(
        "r1", put(("settings", "a", {"reason": sealed.commitment}), sealed=(sealed,))
    )
    assert await store.texts([sealed.commitment, "absent"]) == {sealed.commitment: sealed}

    erased = await store.erase([sealed.commitment, "absent"])

    assert erased == 1
    assert await store.texts([sealed.commitment]) == {}
    lines = await store.journal()
    assert "refunds" not in json.dumps(lines)
    journal.verify(lines, count=1, head=store.state.head)


async def test_the_journal_is_read_in_parts(world: World) -> None:
    for number in range(4):
        await world.one.store.commit(f"r{number}", add_one)

    part = await world.one.store.journal(1, 2)

    assert [journal.read_entry(line).position.revision for line in part] == [2, 3]
    assert (await world.one.store.journal(3))[0] == (await world.one.store.journal())[3]


async def test_ready_takes_milliseconds(world: World) -> None:
    assert 0 <= await world.one.store.ready() < 1000


async def test_an_empty_store_is_at_the_beginning(world: World) -> None:
    state = await world.one.store.refresh()

    assert state.position.revision == 0
    assert state.head == GENESIS
    assert Position(1, 0) > Position(0, 5)


async def test_timers_of_a_commit_can_be_cancelled_by_a_later_one(world: World) -> None:
    timer = Timer("review:K-1", 0, Effect(kind="tell", key="t"))
    await world.one.store.commit("r1", put(timers=(timer,)))

    await world.one.store.commit("r2", put(cancels=("review:K-1",)))

    assert await world.one.outbox.fire_timers() == 0


async def test_everybody_converges(world: World) -> None:
    for number in range(1, 6):
        await world.one.store.commit(f"r{number}", kill(number))

    await eventually(lambda: world.two.store.state == world.one.store.state)


async def test_of_many_refreshes_at_once_each_knows_all_from_before_it_was_asked(
    world: World,
) -> None:
    here, there = world.one.store, world.two.store
    asked: list[tuple[int, asyncio.Future[State]]] = []
    for number in range(1, 4):
        committed, _ = await there.commit(f"r{number}", kill(number))
        assert committed is not None
        revision = committed.position.revision
        asked += [(revision, asyncio.ensure_future(here.refresh())) for _ in range(10)]

    heard = [(revision, await state) for revision, state in asked]

    assert all(state.position.revision >= revision for revision, state in heard)
    assert here.state == there.state
