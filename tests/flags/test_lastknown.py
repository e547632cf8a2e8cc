"""The last-known-good file: whole or not at all, and a restart lifts nothing."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsflags import lastknown
from opsflags.board import Board
from opsflags.client import FlagClient
from opsflags.snapshot import restore, snapshot
from tests.flags.switchboard import Switchboard, wait_killed, wait_live
from tests.flags.test_client import connect
from tests.support.store import Server, Store
from tests.support.wait import eventually_sync

DEAD = "redis://127.0.0.1:1"


def kept(path: Path, *, kills: int) -> bool:
    """Return whether some file there holds so many kills."""
    files = [file for file in path.glob("*.json") if (lastknown.load(str(file)) or {}).get("kills")]
    return len(files) == 1 if kills else bool(list(path.glob("*.json"))) and not files


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path = str(tmp_path / "known.json")

    lastknown.save(path, {"position": [1, 2]})

    assert lastknown.load(path) == {"position": [1, 2]}
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["known.json"]


def test_no_file_is_nothing_known(tmp_path: Path) -> None:
    assert lastknown.load(str(tmp_path / "none")) is None


@given(st.data())
def test_any_flipped_or_missing_byte_is_noticed(data: st.DataObject) -> None:
    body = json.dumps({"position": [1, 2], "kills": {}}).encode()
    whole = lastknown._head(body) + b"\n" + body
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]

    for torn in (flipped, whole[:place]):
        with pytest.raises(lastknown.Broken):
            lastknown._open(torn)


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    lastknown.save(str(path), {"position": [1, 2]})
    (tmp_path / f"known.json.{os.getpid()}").mkdir()

    with pytest.raises(OSError, match="directory"):
        lastknown.save(str(path), {"position": [1, 3]})

    assert lastknown.load(str(path)) == {"position": [1, 2]}


def test_services_with_odd_names_get_files_of_their_own() -> None:
    names = {lastknown.path_for("/d", "dev", service) for service in ("a/b", "a_b", "a b", "../a")}

    assert len(names) == 4
    assert all(Path(name).parent == Path("/d") for name in names)


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"s": 2, "env": "dev"},
        {"s": 1, "env": "prod", "position": [1, 1]},
        {"s": 1, "env": "dev"},
    ],
)
def test_a_file_of_another_kind_or_environment_is_not_used(known: dict[str, object]) -> None:
    assert not restore(Board(), known, "dev")


def test_a_board_survives_its_file(store: Store) -> None:
    board = Switchboard(store)
    before = Board()
    kill = board.kill("K-1", tenant="acme")
    before.read((1000, 1), {"K-1": kill}, {})
    before.take_emergencies([{"s": 1, "scope": {}, "mode": "stop", "uid": "u"}], 0)

    after = Board()
    known = json.loads(json.dumps(snapshot(before, "dev")))

    assert restore(after, known, "dev")
    assert after.kills_for("x") == before.kills_for("x")
    assert "reason" not in json.dumps(known)


def test_a_restart_without_a_store_lifts_nothing(store: Store, tmp_path: Path) -> None:
    board = Switchboard(store)
    board.declare("support-copilot", canned="Paused.")
    with connect(store, state_dir=str(tmp_path)) as flags:
        copilot = flags.workflow("support-copilot")
        board.kill("K-1", workflow="support-copilot", mode="canned")
        wait_killed(copilot)
        eventually_sync(lambda: kept(tmp_path, kills=1))

    with connect(store, DEAD, state_dir=str(tmp_path)) as again:
        decision = again.workflow("support-copilot").decide()

    assert (decision.mode, decision.kill, decision.message) == ("canned", "K-1", "Paused.")


def test_a_restart_on_an_empty_store_lifts_nothing(own_server: Server, tmp_path: Path) -> None:
    store = Store(own_server)
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store, state_dir=str(tmp_path)) as flags:
        copilot = flags.workflow("support-copilot")
        kill = board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)
        eventually_sync(lambda: kept(tmp_path, kills=1))
    store.redis.flushall()

    with connect(store, state_dir=str(tmp_path)) as again:
        copilot = again.workflow("support-copilot")
        ack = board.acked(again, lambda ack: ack["ahead"])
        still = copilot.decide().allowed
        board.restore(kill)
        wait_live(copilot)
        eventually_sync(lambda: kept(tmp_path, kills=0))

    assert not still
    assert kill["uid"] in ack["kills"]
    store.redis.close()


def test_a_restore_while_it_was_down_is_found_in_the_ended_records(
    store: Store, tmp_path: Path
) -> None:
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store, state_dir=str(tmp_path)) as flags:
        copilot = flags.workflow("support-copilot")
        kill = board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)
        eventually_sync(lambda: kept(tmp_path, kills=1))
    board.restore(kill)

    with connect(store, state_dir=str(tmp_path)) as again:
        assert again.workflow("support-copilot").decide().state == "LIVE"


def test_an_old_file_is_stale_and_gives_no_lease(store: Store, tmp_path: Path) -> None:
    board = Switchboard(store)
    board.declare("leased", on_store_loss="stop")
    board.declare("lasting")
    with connect(store, state_dir=str(tmp_path)) as flags:
        flags.workflow("leased")
        flags.workflow("lasting")
        eventually_sync(lambda: kept(tmp_path, kills=0))
        path = next(tmp_path.glob("*.json"))
        eventually_sync(lambda: "lasting" in path.read_text())

    with connect(store, DEAD, state_dir=str(tmp_path)) as again:
        leased, lasting = again.workflow("leased"), again.workflow("lasting")

        assert leased.decide().reason == "store_lost"
        assert (lasting.decide().state, lasting.decide().allowed) == ("STALE", True)


def test_a_broken_file_is_reported_and_not_used(tmp_path: Path) -> None:
    path = Path(lastknown.path_for(str(tmp_path), "dev", "x"))
    path.write_text("garbage")

    flags = FlagClient.connect(DEAD, service="x", state_dir=str(tmp_path), boot_wait_ms=0)
    with flags:
        assert flags.workflow("support-copilot").decide().state == "UNKNOWN"
    path.unlink()
