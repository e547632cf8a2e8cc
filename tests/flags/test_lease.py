"""Boot without a store, leases, and processes that were frozen."""

import os
import signal
import subprocess
import sys
import threading
import time

from opsflags.client import FlagClient
from tests.flags.switchboard import Switchboard, wait_killed, wait_live
from tests.flags.test_client import connect
from tests.support.child import running
from tests.support.store import Server, Store
from tests.support.wait import PATIENCE, eventually_sync


def test_boot_waits_a_quarter_of_a_second_in_all_when_the_store_is_dead() -> None:
    began = time.monotonic()
    with FlagClient.connect("redis://127.0.0.1:1", service="x") as flags:
        handles = [flags.workflow(f"w-{n}", on_unknown="stop" if n else "run") for n in range(50)]
        waited_s = time.monotonic() - began

        assert waited_s < 0.4 * PATIENCE
        assert handles[0].decide().allowed
        assert not handles[1].decide().allowed
        assert {handle.decide().state for handle in handles} == {"UNKNOWN", "KILLED"}


def test_boot_waits_no_longer_when_the_store_answers_nothing(own_server: Server) -> None:
    own_server.freeze()
    began = time.monotonic()

    with FlagClient.connect(own_server.url, service="x") as flags:
        flags.workflow("support-copilot")

        assert time.monotonic() - began < 0.4 * PATIENCE
    own_server.thaw()


def test_a_lost_store_stops_leased_workflows_and_ages_the_others(own_server: Server) -> None:
    store = Store(own_server)
    board = Switchboard(store)
    board.declare("leased", on_store_loss="stop", stale_after_s=1.2)
    board.declare("lasting", stale_after_s=1.2)
    with connect(store) as flags:
        leased, lasting = flags.workflow("leased"), flags.workflow("lasting")
        both = {"leased", "lasting"}
        board.acked(flags, lambda ack: ack["lease_ms"] == 1200 and ack["counts"].keys() == both)

        own_server.freeze()
        wait_killed(leased, timeout_s=2)
        eventually_sync(lambda: lasting.decide().state == "STALE", timeout_s=1)

        assert leased.decide().reason == "store_lost"
        assert lasting.decide().allowed
        own_server.thaw()
        wait_live(leased, timeout_s=4)
        wait_live(lasting, timeout_s=1)
    store.redis.close()


FROZEN = """
import sys, time
from opsflags.client import FlagClient
flags = FlagClient.connect(sys.argv[1], service="frozen", env=sys.argv[2])
leased = flags.workflow("leased")
last = time.monotonic()  # before the line that lets the test freeze this process
print("ready", leased.decide().allowed, flush=True)
while True:
    now = time.monotonic()
    allowed = leased.decide().allowed
    if now - last > 1.3:
        print("woke", allowed, flush=True)
        break
    last = now
"""


def test_a_process_frozen_past_its_lease_refuses_its_first_call(store: Store) -> None:
    board = Switchboard(store)
    board.declare("leased", on_store_loss="stop", stale_after_s=1.2)
    command = [sys.executable, "-c", FROZEN, store.url, store.env]
    with running(*command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()

        os.kill(process.pid, signal.SIGSTOP)
        threading.Event().wait(1.6)  # the lease itself must run out
        os.kill(process.pid, signal.SIGCONT)
        woke = process.stdout.readline()

    assert (ready, woke) == ("ready True\n", "woke False\n")
