"""The store on bad days: cut connections, killed servers, flushes, replicas that lag."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.redis.store import Tuning, open_store
from opsbot.domain import journal
from opsbot.domain.errors import StoreLost
from tests.support.changes import add_one, kill, kill_record, put
from tests.support.proxy import Way
from tests.support.store import CutProxy, Server, Store, own_server, proxy, server, store
from tests.support.wait import eventually

__all__ = ["own_server", "proxy", "server", "store"]
QUICK = Tuning(deadline_s=1.0)


@asynccontextmanager
async def replica_of_the_bot(
    url: str,
    env: str,
    state_dir: Path | None = None,
    *,
    min_replicas: int = 0,
    tuning: Tuning | None = None,
) -> AsyncIterator[StoreBundle]:
    """Give one running replica of the bot."""
    profile = "managed" if min_replicas else "strict"
    async with open_store(
        url,
        env=env,
        state_dir=state_dir,
        profile=profile,  # type: ignore[arg-type]  # one of its literals
        min_replicas=min_replicas,
        tuning=tuning or Tuning(),
    ) as bundle:
        yield bundle


async def verified(bundle: StoreBundle) -> None:
    """Check that chain, replay and live records say the same."""
    state = await bundle.store.refresh()
    lines = await bundle.store.journal()
    replayed = journal.verify(lines, count=state.position.revision, head=state.head)
    assert journal.differences(replayed, await bundle.store.live()) == ()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("commands", [1, 2, 3, 4, 5])
async def test_a_connection_cut_at_any_command_makes_one_effect(
    store: Store, proxy: CutProxy, commands: int, *, before: bool
) -> None:
    async with replica_of_the_bot(proxy.url, store.env) as bundle:
        await bundle.store.commit("r0", kill(9))
        proxy.cut_after(commands, before=before)

        committed, answer = await bundle.store.commit("r1", kill(1))
        again, _ = await bundle.store.commit("r1", kill(1))

        assert committed is not None
        assert again is not None
        assert answer == "killed"
        assert again.position == committed.position
        await verified(bundle)
    assert store.redis.llen(store.keys.journal) == 2
    assert store.redis.xlen(store.keys.lane("rest")) == 2


async def test_a_store_that_is_gone_is_said_to_be_unknown_and_the_same_request_converges(
    store: Store, proxy: CutProxy
) -> None:
    async with replica_of_the_bot(proxy.url, store.env, tuning=QUICK) as bundle:
        proxy.cut(refuse=True)
        with pytest.raises(StoreLost, match="not known") as caught:
            await bundle.store.commit("r1", add_one)
        assert caught.value.hint
        proxy.heal()

        committed, _ = await bundle.store.commit("r1", add_one)

        assert committed is not None
        assert bundle.store.state.setting("counter") == {"n": 1}
        await verified(bundle)


@pytest.mark.parametrize("ways", [("there", "back"), ("there",), ("back",)])
async def test_a_black_hole_is_left_within_the_deadline(
    store: Store, proxy: CutProxy, ways: tuple[Way, ...]
) -> None:
    async with replica_of_the_bot(proxy.url, store.env, tuning=QUICK) as bundle:
        proxy.black_hole(*ways)
        loop = asyncio.get_running_loop()
        began = loop.time()

        with pytest.raises(StoreLost):
            await bundle.store.commit("r1", kill(1))

        assert loop.time() - began < 1.5
        proxy.heal()
        await bundle.store.commit("r1", kill(1))
        assert len(await bundle.store.journal()) == len(bundle.store.state.kind("kills")) == 1


async def test_a_refusal_on_an_old_state_is_not_given_while_the_store_is_gone(
    store: Store, proxy: CutProxy
) -> None:
    async with replica_of_the_bot(proxy.url, store.env, tuning=QUICK) as bundle:
        await bundle.store.commit("r1", kill(1))
        proxy.cut(refuse=True)

        with pytest.raises(StoreLost):
            await bundle.store.commit("r2", kill(1))


async def test_a_lost_message_is_repaired_within_the_poll(store: Store, proxy: CutProxy) -> None:
    async with (
        replica_of_the_bot(proxy.url, store.env) as deaf,
        replica_of_the_bot(store.url, store.env) as other,
    ):
        proxy.drop_messages(store.keys.channel.encode())

        await other.store.commit("r1", kill(1))

        state = await deaf.store.wait_past(0, timeout_s=3)
        assert "K-1" in state.kind("kills")


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_when_the_server_is_killed(own_server: Server) -> None:
    acked: list[str] = []
    stop = asyncio.Event()

    async def more_than(number: int) -> None:
        await eventually(lambda: len(acked) > number, timeout_s=20)

    async def write(bundle: StoreBundle, name: str) -> None:
        number = 0
        while not stop.is_set():
            request = f"{name}-{number}"
            committed, _ = await bundle.store.commit(request, add_one)
            assert committed is not None
            acked.append(request)
            number += 1

    async with (
        replica_of_the_bot(own_server.unix_url, "crash") as one,
        replica_of_the_bot(own_server.unix_url, "crash") as two,
    ):
        async with asyncio.TaskGroup() as group:
            for name, bundle in (("a", one), ("b", one), ("c", two)):
                group.create_task(write(bundle, name))
            for target in (500, 1000, 1500):
                await more_than(target)
                own_server.kill()
                await asyncio.to_thread(own_server.start)
            await more_than(2000)
            stop.set()

        lines = await one.store.journal()
        stored = [journal.read_entry(line).request for line in lines]
        assert len(stored) == len(set(stored))
        assert set(acked) == set(stored)
        state = await two.store.refresh()
        assert state.setting("counter") == {"n": len(acked)}
        await verified(one)
        assert state.position.epoch > journal.read_entry(lines[0]).position.epoch


async def test_a_flush_is_put_back_by_one_commit_whoever_is_first(own_server: Server) -> None:
    async with (
        replica_of_the_bot(own_server.unix_url, "prod") as one,
        replica_of_the_bot(own_server.unix_url, "prod") as two,
    ):
        await one.store.commit("r1", kill(1))
        await one.store.commit("r2", put(("workflows", "w1", {"s": 1, "workflow": "w1"})))
        await two.store.wait_past(1, timeout_s=2)
        lost = one.store.state
        with own_server.client() as client:
            client.flushall()

            await asyncio.gather(one.store.refresh(), two.store.refresh())

        await eventually(lambda: one.store.state == two.store.state)
        entries = [journal.read_entry(line) for line in await one.store.journal()]
        assert [entry.verb for entry in entries] == ["recover"]
        state = one.store.state
        assert state.position > lost.position
        assert state.kind("workflows") == lost.kind("workflows")
        assert state.kind("kills")["K-1"] == kill_record(1, at=state.position.as_json())
        assert entries[0].body["facts"] == {
            "lost": {"position": lost.position.as_json(), "head": lost.head},
            "kills": ["K-1"],
        }
        await verified(two)


async def test_a_flush_while_no_bot_ran_is_put_back_from_the_file(
    own_server: Server, tmp_path: Path
) -> None:
    async with replica_of_the_bot(own_server.unix_url, "prod", tmp_path) as before:
        await before.store.commit("r1", kill(1))
    with own_server.client() as client:
        client.flushall()
        client.function_flush()

    async with replica_of_the_bot(own_server.unix_url, "prod", tmp_path) as after:
        assert list(after.store.state.kind("kills")) == ["K-1"]
        await verified(after)
    assert len(files(tmp_path, "*.lost")) == 1


def files(directory: Path, pattern: str) -> list[Path]:
    """Return the files of a state directory."""
    return sorted(directory.glob(pattern))


async def test_a_copy_whose_last_line_was_torn_is_completed_from_the_store(
    store: Store, tmp_path: Path
) -> None:
    async with replica_of_the_bot(store.unix_url, store.env, tmp_path) as before:
        for number in range(4):
            await before.store.commit(f"r{number}", add_one)
    (file,) = files(tmp_path, "*.copy")
    file.write_bytes(file.read_bytes()[:-20])

    async with replica_of_the_bot(store.unix_url, store.env, tmp_path) as after:
        assert after.store.state.setting("counter") == {"n": 4}
    assert file.read_text().splitlines() == store.redis.lrange(store.keys.journal, 0, -1)


async def test_a_state_written_behind_the_journal_is_found(store: Store) -> None:
    async with replica_of_the_bot(store.unix_url, store.env) as bundle:
        await bundle.store.commit("r1", kill(1))
        store.redis.hset(store.keys.state_of("kills"), "K-1", '{"s":1,"mode":"live"}')
        store.redis.hset(store.keys.state_of("settings"), "policy", "not json")

        replayed = journal.replay(await bundle.store.journal())
        found = journal.differences(replayed, await bundle.store.live())

        assert [(d.kind, d.id) for d in found] == [("kills", "K-1"), ("settings", "policy")]


async def test_a_line_pushed_into_the_journal_is_named_and_kills_go_on(store: Store) -> None:
    async with replica_of_the_bot(store.unix_url, store.env) as bundle:
        await bundle.store.commit("r1", kill(1))
        store.redis.rpush(store.keys.journal, "forged")

        await bundle.store.commit("r2", kill(2))

        assert sorted((await bundle.store.refresh()).kind("kills")) == ["K-1", "K-2"]
        with pytest.raises(journal.Broken) as caught:
            journal.verify(await bundle.store.journal(), count=2)
        assert caught.value.seq == 2


async def test_a_wrong_clock_is_corrected_before_anything_is_stored(store: Store) -> None:
    async with replica_of_the_bot(store.unix_url, store.env) as bundle:
        bundle.store._clock.set(5)  # type: ignore[attr-defined]  # the replica's idea of the time

        committed, _ = await bundle.store.commit("r1", kill(1))

        seconds, _ = store.redis.time()
        assert committed is not None
        assert abs(committed.at_ms // 1000 - seconds) <= 2


async def test_a_repeated_request_never_confirms_what_the_replica_has_not_got() -> None:
    with (
        Server("--repl-diskless-sync-delay", "0") as primary,
        Server("--replicaof", "127.0.0.1", str(primary.port)) as second,
        second.client() as looking,
    ):
        await eventually(lambda: looking.info("replication")["master_link_status"] == "up")
        async with replica_of_the_bot(
            primary.url, "wait", min_replicas=1, tuning=Tuning(deadline_s=2.5)
        ) as bundle:
            first, _ = await bundle.store.commit("r0", kill(1))
            second.freeze()
            unsure, _ = await bundle.store.commit("r1", kill(2))
            again, _ = await bundle.store.commit("r1", kill(2))
            second.thaw()

            held, _ = await bundle.store.commit("r1", kill(2))

            assert first is not None
            assert unsure is not None
            assert again is not None
            assert held is not None
            assert (first.durable, first.nodes) == (True, 2)
            assert (unsure.stored, unsure.durable, unsure.nodes) == (True, False, 1)
            assert (again.durable, again.repeated) == (False, True)
            assert (held.durable, held.nodes, held.repeated) == (True, 2, True)
            assert bundle.promise == "on 2 nodes, not on disk"
            assert len(await bundle.store.journal()) == 2


async def test_a_cut_tail_is_put_back_and_nothing_else_is_touched(store: Store) -> None:
    async with replica_of_the_bot(store.unix_url, store.env) as bundle:
        for number in (1, 2, 3):
            await bundle.store.commit(f"r{number}", kill(number))
        second = journal.read_entry((await bundle.store.journal())[1])
        store.redis.ltrim(store.keys.journal, 0, 1)
        store.redis.hset(store.keys.head, mapping={"revision": 2, "hash": second.hash})
        store.redis.hdel(store.keys.state_of("kills"), "K-3")

        state = await bundle.store.refresh()

        assert sorted(state.kind("kills")) == ["K-1", "K-2", "K-3"]
        last = journal.read_entry((await bundle.store.journal())[-1])
        assert (last.verb, len(last.writes)) == ("recover", 1)
        assert state.kind("kills")["K-3"]["at"] == state.position.as_json()
        assert state.position.epoch > second.position.epoch
        await verified(bundle)


async def test_lost_functions_are_loaded_again(own_server: Server) -> None:
    async with replica_of_the_bot(own_server.unix_url, "prod") as bundle:
        with own_server.client() as client:
            client.function_flush()

        await bundle.store.commit("r1", kill(1))

        assert list(bundle.store.state.kind("kills")) == ["K-1"]


async def test_every_commit_publishes_what_concerns_clients(store: Store) -> None:
    with store.redis.pubsub() as heard:
        heard.subscribe(store.keys.channel)
        heard.get_message(timeout=1)
        async with replica_of_the_bot(store.unix_url, store.env) as bundle:
            await bundle.store.commit("r1", kill(1))
            await bundle.store.commit("r2", put(("settings", "a", {"n": 1})))
        first, second = (json.loads(heard.get_message(timeout=1)["data"]) for _ in range(2))

    at = bundle.store.state.position
    assert first["kills"]["K-1"]["uid"] == "u1"
    assert (first["e"], first["r"]) == (at.epoch, 1)
    assert second == {"s": 1, "e": at.epoch, "r": 2}


async def test_a_full_disk_beside_the_bot_does_not_fail_a_kill(
    store: Store, tmp_path: Path
) -> None:
    async with replica_of_the_bot(store.unix_url, store.env, tmp_path) as bundle:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, bundle.store._copy._file.fileno())  # type: ignore[attr-defined]  # its own file
        os.close(full)

        committed, _ = await bundle.store.commit("r1", kill(1))

        assert committed is not None
        assert list(bundle.store.state.kind("kills")) == ["K-1"]


async def test_a_primary_that_lost_its_fitness_is_not_called_durable(own_server: Server) -> None:
    async with replica_of_the_bot(own_server.unix_url, "prod") as bundle:
        with own_server.client() as client:
            client.config_set("appendfsync", "everysec")
            client.client_kill_filter(_type="normal", skipme=True)

        committed, _ = await bundle.store.commit("r1", kill(1))

        assert committed is not None
        assert (committed.stored, committed.durable) == (True, False)


async def test_a_silent_network_neither_starves_the_loop_nor_leaves_it_deaf(
    store: Store, proxy: CutProxy
) -> None:
    loop = asyncio.get_running_loop()
    stalls: list[float] = []

    def tick(due: float) -> None:
        stalls.append(loop.time() - due)
        soon = loop.time() + 0.01
        loop.call_at(soon, tick, soon)

    tick(loop.time())
    tuning = Tuning(deadline_s=0.5)
    async with (
        replica_of_the_bot(proxy.url, store.env, tuning=tuning) as cut,
        replica_of_the_bot(store.url, store.env) as other,
    ):
        proxy.black_hole()
        for number in range(1, 6):
            await other.store.commit(f"r{number}", kill(number))
        await eventually(lambda: len(stalls) > 150, timeout_s=5)
        assert cut.store.state.position.revision == 0

        proxy.heal()

        assert (await cut.store.wait_past(4, timeout_s=3)).position == other.store.state.position
        assert max(stalls) < 0.3
