"""Over a fork: the child has a thread and an id of its own at once, the parent notices nothing."""

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from opsflags.client import FlagClient
from opsflags.workflow import Workflow
from tests.flags.switchboard import Switchboard, wait_killed, wait_live
from tests.flags.test_client import FLAGS, connect
from tests.support.child import running
from tests.support.store import Store
from tests.support.wait import eventually_sync

CONTEXT = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def _none_outlives_its_test() -> Iterator[None]:
    yield
    # Python joins children at its end: one that hangs would keep the whole run from ending.
    for child in multiprocessing.active_children():
        child.kill()
        child.join(5)


Work = Callable[[FlagClient, Workflow, Connection], None]


class Child:
    """A forked process that runs *work* and is told what to do over a pipe."""

    def __init__(self, work: Work, flags: FlagClient, handle: Workflow) -> None:
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=work, args=(flags, handle, theirs))
        self.process.start()
        theirs.close()

    def hear(self) -> Any:
        assert self.pipe.poll(8)
        return self.pipe.recv()

    def end(self) -> None:
        self.pipe.send("end")
        self.process.join(5)
        assert self.process.exitcode == 0


def serve(flags: FlagClient, handle: Workflow, pipe: Connection) -> None:
    pipe.send((flags.instance, flags._link.thread.is_alive(), handle._report()["counts"]["asked"]))
    eventually_sync(lambda: handle.decide().allowed, until=lambda allowed: not allowed)
    pipe.send(handle.decide().kill)
    pipe.recv()
    flags.close()


def test_a_child_has_its_own_id_and_sees_kills_and_the_parent_goes_on(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    with connect(store) as flags:
        handle = flags.workflow("w")
        handle.decide()
        mine, connects = flags.instance, flags.statistics()["reads"]
        child = Child(serve, flags, handle)
        instance, alive, asked = child.hear()
        eventually_sync(lambda: {mine, instance} <= set(store.redis.hkeys(board.fleet.instances)))

        kill = board.kill("K-1", workflow="w")
        seen = child.hear()
        wait_killed(handle)
        both = eventually_sync(
            lambda: _acked(board, board.revision), until=lambda acks: len(acks) == 2
        )
        child.end()
        board.restore(kill)
        wait_live(handle)

        assert instance != mine
        assert (alive, asked, seen) == (True, 0, "K-1")
        assert both == {mine, instance}
        assert flags.instance == mine
        assert flags.statistics()["reads"] == connects
        assert store.redis.hkeys(board.fleet.instances) == [mine]


def _acked(board: Switchboard, revision: int) -> set[str]:
    acks = board.store.redis.hgetall(board.fleet.acks)
    return {name for name, ack in acks.items() if json.loads(ack)["x"] == revision}


def report(flags: FlagClient, handle: Workflow, pipe: Connection) -> None:
    pipe.send(handle.decide().kill)
    pipe.recv()


def test_a_child_forked_while_killed_is_killed_from_its_first_call(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    with connect(store) as flags:
        handle = flags.workflow("w")
        board.kill("K-1", workflow="w")
        wait_killed(handle)

        child = Child(report, flags, handle)

        assert child.hear() == "K-1"
        child.end()


def nest(flags: FlagClient, handle: Workflow, pipe: Connection) -> None:
    child = Child(serve, flags, handle)
    pipe.send((flags.instance, child.hear()))
    pipe.send(child.hear())
    child.end()
    pipe.recv()
    flags.close()


def test_a_grandchild_is_served_too(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    with connect(store) as flags:
        handle = flags.workflow("w")
        child = Child(nest, flags, handle)
        instance, (grand, alive, _) = child.hear()

        board.kill("K-1", workflow="w")

        assert child.hear() == "K-1"
        assert len({flags.instance, instance, grand}) == 3
        assert alive
        child.end()


def test_a_child_of_a_closed_client_starts_nothing(store: Store) -> None:
    Switchboard(store)
    flags = connect(store)
    handle = flags.workflow("w")
    flags.close()

    child = Child(report, flags, handle)
    child.hear()

    assert store.redis.hgetall(store.keys.fleet_of("support-api").instances) == {}
    child.end()


PREFORK = """
import os, sys, threading
from opsflags import FlagClient
flags = FlagClient.connect(sys.argv[1], service="web", env=sys.argv[2], probe="127.0.0.1:0")
copilot = flags.workflow("w")
workers = []
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        os.write(1, f"{flags.instance} {flags.probe_port}\\n".encode())
        while copilot.decide().allowed:
            threading.Event().wait(0.005)
        os._exit(0)
    workers.append(pid)
for pid in workers:
    os.waitpid(pid, 0)
print("all stopped", flush=True)
"""


def test_a_preforking_server_stops_in_every_worker(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    command = [sys.executable, "-c", PREFORK, store.url, store.env]
    env = {**os.environ, "PYTHONPATH": FLAGS[0]}
    with running(*command, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        workers = [process.stdout.readline().split() for _ in range(3)]
        eventually_sync(lambda: store.redis.hlen(board.keys.fleet_of("web").instances) == 4)

        board.kill("K-1", workflow="w")

        assert process.stdout.readline() == "all stopped\n"
    assert len({tuple(worker) for worker in workers}) == 3
    assert len({port for _, port in workers}) == 3
