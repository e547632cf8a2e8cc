"""kill -9 of a service: it stays on the list without a goodbye, and its restart lifts nothing."""

import os
import sys
from pathlib import Path

from tests.flags.switchboard import Switchboard
from tests.flags.test_client import FLAGS, connect
from tests.flags.test_lastknown import DEAD, kept
from tests.support.child import running
from tests.support.store import Store
from tests.support.wait import eventually_sync

SERVES = """
import sys, threading
from opsflags import FlagClient
url, env, state_dir = sys.argv[1:]
flags = FlagClient.connect(url, service="support-api", env=env, state_dir=state_dir)
flags.workflow("support-copilot")
threading.Event().wait(30)
"""


def test_a_service_killed_while_killed_is_missed_and_comes_back_killed(
    store: Store, tmp_path: Path
) -> None:
    board = Switchboard(store)
    board.declare("support-copilot")
    command = [sys.executable, "-W", "error", "-c", SERVES, store.url, store.env, str(tmp_path)]
    with running(*command, env={**os.environ, "PYTHONPATH": FLAGS[0]}):
        eventually_sync(lambda: bool(store.redis.hlen(board.fleet.instances)), timeout_s=10)
        board.kill("K-1", workflow="support-copilot")
        eventually_sync(lambda: kept(tmp_path, kills=1), timeout_s=10)

    with connect(store, DEAD, state_dir=str(tmp_path)) as again:
        decision = again.workflow("support-copilot").decide()

    assert (decision.allowed, decision.kill) == (False, "K-1")
    assert store.redis.hlen(board.fleet.instances) == 1
