"""The kill file: restricts without a store, is acknowledged by its hash, never lifts by accident."""

import hashlib
import json
from pathlib import Path

import pytest

from opsflags.client import FlagClient
from opsflags.killfile import KillFile
from tests.flags.switchboard import Switchboard, wait_killed, wait_live
from tests.flags.test_client import connect
from tests.support.store import Store
from tests.support.wait import eventually_sync

STOP = '[{"scope": {"workflow": "support-copilot"}, "mode": "stop"}]'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kills.json"


def test_no_file_is_no_kill_and_no_problem(file: Path) -> None:
    kills = KillFile(str(file))

    assert not kills.look()
    assert (kills.kills, kills.sha256, kills.problem) == ((), None, None)


def test_a_scope_may_stand_in_its_own_object_or_beside_the_mode(file: Path) -> None:
    file.write_text('[{"scope": {"tenant": "acme"}, "mode": "canned"}, {"workflow": "w"}, {}]')
    kills = KillFile(str(file))

    assert kills.look()

    first, second, third = kills.kills
    assert (first.scope.tenant, first.mode) == ("acme", "canned")
    assert (second.scope.workflow, second.mode) == ("w", "stop")
    assert third.scope.as_json() == {}


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{}",
        "[1]",
        '[{"mode": ""}]',
        '[{"scope": {"workflows": "x"}}]',
        '[{"workflows": "x"}]',
        '[{"workflow": "x", "scope": {}}]',
        "[" * 100_000,
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    ],
)
def test_a_broken_version_changes_nothing_and_is_reported(file: Path, broken: str) -> None:
    file.write_text(STOP)
    kills = KillFile(str(file))
    kills.look()
    good = (kills.kills, kills.sha256)

    file.write_text(broken)

    assert kills.look()
    assert (kills.kills, kills.sha256) == good
    assert kills.problem == "malformed"
    assert not kills.look()


def test_a_file_that_vanishes_keeps_its_kills_and_an_empty_list_ends_them(file: Path) -> None:
    file.write_text(STOP)
    kills = KillFile(str(file))
    kills.look()

    file.unlink()
    kills.look()
    vanished = (len(kills.kills), kills.problem)
    file.write_text("[]")
    kills.look()

    assert vanished == (1, "vanished")
    assert (kills.kills, kills.problem) == ((), None)


def test_the_kill_file_acts_without_any_store_within_half_a_second(file: Path) -> None:
    with FlagClient.connect("redis://127.0.0.1:1", service="x", kill_file=str(file)) as flags:
        copilot = flags.workflow("support-copilot")
        allowed = copilot.decide().allowed

        file.write_text(STOP)

        wait_killed(copilot, timeout_s=0.5)
        assert allowed


def test_the_kill_file_holds_from_the_first_call(file: Path) -> None:
    file.write_text(STOP)

    with FlagClient.connect(
        "redis://127.0.0.1:1", service="x", kill_file=str(file), boot_wait_ms=0
    ) as flags:
        assert not flags.workflow("support-copilot").decide().allowed


def test_the_kill_file_is_acknowledged_by_its_hash(store: Store, file: Path) -> None:
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store, kill_file=str(file)) as flags:
        copilot = flags.workflow("support-copilot")

        file.write_text(STOP)
        ack = board.acked(flags, lambda ack: ack["kill_file"] is not None)
        file.write_text("broken")
        broken = board.acked(flags, lambda ack: ack["rejected"] == ["kill_file"])
        file.write_text("[]")
        wait_live(copilot)

    digest = hashlib.sha256(STOP.encode()).hexdigest()
    assert ack["kill_file"] == broken["kill_file"] == digest
    assert any(uid.startswith("file:") for uid in ack["kills"])


def test_the_kill_file_can_only_restrict(store: Store, file: Path) -> None:
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store, kill_file=str(file)) as flags:
        copilot = flags.workflow("support-copilot")
        board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)

        file.write_text(json.dumps([{"scope": {"workflow": "support-copilot"}, "mode": "live"}]))
        eventually_sync(lambda: board.ack(flags)["kill_file"])

        assert not copilot.decide().allowed
