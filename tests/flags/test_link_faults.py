"""What the client does when messages, connections, servers and whole processes fail."""

import json
import socket
import time

import pytest

from opsflags.client import FlagClient
from opsflags.evaluate import View
from opsflags.workflow import Workflow
from tests.flags.switchboard import KILLS, Switchboard, wait_killed, wait_live
from tests.flags.test_client import connect
from tests.support.proxy import Way
from tests.support.store import CutProxy, Server, Store
from tests.support.wait import PATIENCE, eventually_sync


@pytest.fixture
def board(store: Store) -> Switchboard:
    written = Switchboard(store)
    written.declare("support-copilot")
    return written


def number(flags: FlagClient, name: str) -> int:
    value = flags.statistics()[name]
    assert isinstance(value, int)
    return value


def test_a_lost_message_is_repaired_within_a_second(board: Switchboard) -> None:
    with connect(board.store) as flags:
        copilot = flags.workflow("support-copilot")
        began = time.monotonic()

        board.kill("K-1", workflow="support-copilot", silent=True)
        wait_killed(copilot)

        assert time.monotonic() - began <= (1.0 + 0.05) * PATIENCE


def test_a_gap_between_messages_makes_it_read_everything(board: Switchboard) -> None:
    with connect(board.store) as flags:
        copilot = flags.workflow("support-copilot")
        eventually_sync(lambda: board.registration(flags))
        reads = number(flags, "reads")

        board.kill("K-1", workflow="support-copilot", silent=True)
        board.kill("K-2", workflow="another")
        wait_killed(copilot, timeout_s=0.4)

        assert number(flags, "gaps") == 1
        eventually_sync(lambda: number(flags, "reads") == reads + 1)


@pytest.mark.parametrize("ways", [("there", "back"), ("there",), ("back",)])
def test_a_black_hole_is_noticed_within_two_seconds(
    board: Switchboard, proxy: CutProxy, ways: tuple[Way, ...]
) -> None:
    with connect(board.store, proxy.url) as flags:
        copilot = flags.workflow("support-copilot")
        began = time.monotonic()

        proxy.black_hole(*ways)
        eventually_sync(lambda: not flags.statistics()["connected"])
        noticed_s = time.monotonic() - began
        board.kill("K-1", workflow="support-copilot")
        proxy.heal()
        wait_killed(copilot, timeout_s=4)

        assert noticed_s <= 2.0 * PATIENCE


def test_it_comes_back_after_every_cut_and_misses_nothing(
    board: Switchboard, proxy: CutProxy
) -> None:
    with connect(board.store, proxy.url) as flags:
        copilot = flags.workflow("support-copilot")

        for turn in range(5):
            proxy.cut()
            kill = board.kill(f"K-{turn}", workflow="support-copilot")
            wait_killed(copilot, timeout_s=3)
            board.restore(kill)
            wait_live(copilot, timeout_s=3)

        assert proxy.accepted >= 6


@pytest.mark.parametrize("commands", range(1, 10))
def test_a_cut_between_any_two_commands_is_survived(
    board: Switchboard, proxy: CutProxy, commands: int
) -> None:
    proxy.cut_after(commands)

    with connect(board.store, proxy.url) as flags:
        copilot = flags.workflow("support-copilot")
        board.kill("K-1", workflow="support-copilot")

        wait_killed(copilot, timeout_s=5)


def test_it_subscribes_before_it_reads() -> None:
    """A kill committed between the two is then pushed, so it can't be missed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        with FlagClient.connect(url, service="x", boot_wait_ms=0) as flags:
            flags.workflow("support-copilot")
            visitor, _ = listener.accept()
            with visitor:
                hello = visitor.recv(4096)
                visitor.sendall(b"%1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n")
                asked = visitor.recv(4096)

    assert b"HELLO" in hello
    places = [asked.index(word) for word in (b"SUBSCRIBE", b":head", b":state:kills", b"LRANGE")]
    assert places == sorted(places)


def test_a_kill_pushed_while_the_first_read_is_under_way_is_not_missed(
    board: Switchboard, proxy: CutProxy
) -> None:
    proxy.delay(0.1)
    with connect(board.store, proxy.url, boot_wait_ms=0) as flags:
        copilot = flags.workflow("support-copilot")
        eventually_sync(lambda: board.store.redis.pubsub_numsub(board.keys.channel)[0][1] == 1)

        board.kill("K-1", workflow="support-copilot")

        wait_killed(copilot, timeout_s=0.8)


def test_losing_all_data_lifts_nothing_and_is_reported_as_ahead(own_server: Server) -> None:
    store = Store(own_server)
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store) as flags:
        copilot = flags.workflow("support-copilot")
        board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)

        store.redis.flushall()
        ack = board.acked(flags, lambda ack: ack["ahead"])

        assert not copilot.decide().allowed
        assert ack["r"] == board.revision
    store.redis.close()


def test_after_a_flush_the_bot_applies_again_and_restores_as_ever(own_server: Server) -> None:
    store = Store(own_server)
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store) as flags:
        copilot = flags.workflow("support-copilot")
        lost = board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)
        store.redis.flushall()
        board.epoch, board.revision = board.epoch + 1, 0
        again = board.kill("K-1", workflow="support-copilot", uid=lost["uid"])
        board.acked(flags, lambda ack: not ack["ahead"] and ack["e"] == board.epoch)
        still = copilot.decide().allowed

        board.restore(again)
        wait_live(copilot)

    assert not still
    store.redis.close()


def test_a_kill_of_another_life_with_the_same_number_lifts_nothing(own_server: Server) -> None:
    store = Store(own_server)
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store) as flags:
        copilot = flags.workflow("support-copilot")
        board.kill("K-1", workflow="support-copilot", uid="first-life")
        wait_killed(copilot)
        store.redis.flushall()
        board.epoch, board.revision = board.epoch + 1, 0
        other = board.kill("K-1", workflow="another", uid="second-life")
        board.restore(other)

        ack = board.acked(flags, lambda ack: ack["e"] == board.epoch and ack["r"] == 2)

        assert not copilot.decide().allowed
        assert ack["ahead"]
    store.redis.close()


def test_an_older_replica_lifts_nothing(own_server: Server) -> None:
    """The same connection is answered by a server that stopped at an earlier position."""
    store = Store(own_server)
    board = Switchboard(store)
    board.declare("support-copilot")
    with Server() as older, CutProxy(own_server.port) as proxy:
        behind = Switchboard(Store(older))
        behind.keys, behind.fleet, behind.store.env = board.keys, board.fleet, store.env
        behind.declare("support-copilot")
        with connect(store, proxy.url) as flags:
            copilot = flags.workflow("support-copilot")
            board.kill("K-1", workflow="support-copilot")
            wait_killed(copilot)

            proxy._target = older.port
            proxy.cut()
            ack = behind.acked(flags, lambda ack: ack["ahead"])

            assert not copilot.decide().allowed
            assert ack["r"] == 2
    store.redis.close()


def test_an_unreadable_record_is_rejected_alone(board: Switchboard) -> None:
    with connect(board.store) as flags:
        copilot = flags.workflow("support-copilot")
        kill = board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)

        board.revision += 1
        board.commit(kills={"K-1": {**kill, "scope": {"workflows": "x"}}})
        ack = board.acked(flags, lambda ack: ack["rejected"] == ["K-1"] and ack["r"] == 3)

        assert not copilot.decide().allowed
        assert not ack["ahead"]


def test_garbage_on_the_channel_and_in_the_store_harms_nobody(board: Switchboard) -> None:
    redis, keys = board.store.redis, board.keys
    with connect(board.store) as flags:
        copilot = flags.workflow("support-copilot")
        redis.hset(keys.state_of(KILLS), "K-9", "\x00[[[{")
        redis.hset(keys.state_of(KILLS), "K-8", "[" * 5000)
        redis.hset(keys.state_of(KILLS), "K-7", json.dumps("x" * 70_000))
        for rubbish in (
            b"",
            b"\xff\xfe",
            b"null",
            b"[1]",
            b'{"e":1}',
            b'{"e":"1","r":true}',
            b"[" * 9000,
        ):
            redis.publish(keys.channel, rubbish)
        board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)

        ack = board.acked(flags, lambda ack: len(ack["rejected"]) == 3)

        assert ack["rejected"] == ["K-7", "K-8", "K-9"]
        assert flags._link.thread.is_alive()


@pytest.mark.parametrize(
    "chunk", [b"garbage\r\n", b"*-7\r\n", b"$99999999999\r\n", b"%1\r\n*0\r\n+x\r\n"]
)
def test_a_server_that_speaks_nonsense_is_left_and_asked_again(chunk: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        with FlagClient.connect(url, service="x", boot_wait_ms=0) as flags:
            handle = flags.workflow("support-copilot")
            for _ in range(3):
                visitor, _ = listener.accept()
                with visitor:
                    visitor.sendall(chunk)

            assert handle.decide().state == "UNKNOWN"
            assert flags._link.thread.is_alive()


def test_an_unexpected_fault_is_logged_and_the_link_starts_again(
    board: Switchboard, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(board.store) as flags:
        copilot = flags.workflow("support-copilot")
        healthy = flags._core.keys
        flags._core.keys = None  # type: ignore[assignment]  # a fault nobody thought of
        board.kill("K-1", workflow="support-copilot")
        eventually_sync(lambda: "unexpectedly" in caplog.text)

        flags._core.keys = healthy
        wait_killed(copilot, timeout_s=3)

        assert "Traceback" in caplog.text


class Uncompilable(Workflow):
    """A handle whose view can't be swapped."""

    __slots__ = ()

    def _swap(self, view: View, *, deadline: float | None) -> None:
        raise RuntimeError("a fault of one workflow")


def test_a_fault_in_one_workflow_delays_no_kill_of_another(
    board: Switchboard, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(board.store) as flags:
        copilot = flags.workflow("support-copilot")
        flags._core.handles["a-broken-one"] = Uncompilable("a-broken-one", [], "run", flags)

        board.kill("K-1")
        wait_killed(copilot, timeout_s=0.5)
        ack = board.acked(flags, lambda ack: ack["r"] == board.revision)

        assert ack["rejected"] == ["a-broken-one"]
        assert "could not be compiled" in caplog.text


def test_a_dead_thread_is_noticed_by_the_decisions_themselves(board: Switchboard) -> None:
    with connect(board.store) as flags:
        copilot = flags.workflow("support-copilot")
        dead = flags._link
        dead.closing = True
        dead.wake()
        dead.thread.join(2)
        dead.closing = False
        board.kill("K-1", workflow="support-copilot")

        for _ in range(1024):
            copilot.decide()
        wait_killed(copilot)

        assert flags._link is not dead
        assert flags._link.thread.is_alive()


def test_a_wrong_clock_changes_nothing(store: Store) -> None:
    """Only positions order: records dated an hour back or ahead act the same."""
    board = Switchboard(store, epoch=int(time.time()) - 3600)
    board.declare("support-copilot")
    with connect(store) as flags:
        copilot = flags.workflow("support-copilot")
        kill = board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)

        board.epoch += 7200
        board.declare("another")
        board.acked(flags, lambda ack: ack["e"] == board.epoch)

        assert not copilot.decide().allowed
        board.restore(kill)
        wait_live(copilot)


def test_ten_thousand_workflows_cost_a_client_nothing(board: Switchboard, proxy: CutProxy) -> None:
    records = {f"w-{n}": json.dumps({"s": 1, "workflow": f"w-{n}"}) for n in range(10_000)}
    board.store.redis.hset(board.keys.state_of("workflows"), mapping=records)

    with connect(board.store, proxy.url) as flags:
        copilot = flags.workflow("support-copilot")

        assert copilot.decide().state == "LIVE"
        assert set(flags._core.board.workflows) == {"support-copilot"}


def test_only_touched_handles_are_compiled_again(board: Switchboard) -> None:
    with connect(board.store) as flags:
        copilot, other = flags.workflow("support-copilot"), flags.workflow("other")
        before: dict[Workflow, object] = {copilot: copilot._view, other: other._view}

        board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)

        assert copilot._view is not before[copilot]
        assert other._view is before[other]
