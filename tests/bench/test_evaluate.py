"""Every question is asked of both stores beside its floors; the smallest run has the whole shape."""

import shutil

import pytest

from opsbot.bench import evaluate, instructions, peers
from opsbot.bench.counted import offline
from opsbot.bench.rows import (
    CALM,
    FLOORS,
    KILLED_TENANT,
    LEASED,
    OURS,
    SCOPED,
    Row,
    loop,
    namespace,
)
from opsbot.bench.server import Connection, private_server, url_of
from opsbot.bench.stores import LARGE, SMALL, Size, fill, kills, workflows
from opsflags import FlagClient


@pytest.fixture
def without_counting(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no valgrind on it


@pytest.mark.usefixtures("without_counting")
def test_the_smallest_run_has_every_row_and_says_what_was_skipped() -> None:
    told = evaluate.report(lambda _line: None, rounds=2, round_ns=1000)

    names = [row[0] for row in told.tables[0].rows]
    asked = [evaluate.over(row.name, size) for row in OURS for size in (SMALL, LARGE)]
    assert [name for name in names if name not in peers.KNOWN.values()] == [
        *(row.name for row in FLOORS),
        *asked,
    ]
    assert any("valgrind is not installed" in note for note in told.notes)
    assert all(p.measured is None for p in told.promises if "instruction" in p.what)
    assert told.exit_code == 0


def test_a_peer_that_is_not_installed_is_named_as_skipped() -> None:
    assert len(peers.missing()) + len(list(peers.peers())) == len(peers.KNOWN)


def test_the_stores_hold_what_they_say() -> None:
    assert [len(list(workflows(size))) for size in (SMALL, LARGE)] == [5, 10_000]
    assert [len(list(kills(size))) for size in (SMALL, LARGE)] == [1, 1_000]


def test_a_client_reads_a_filled_store_as_the_rows_take_it() -> None:
    with private_server() as port, Connection(port) as connection:
        fill(connection, Size("tiny", workflows=5, kills=3))
        with FlagClient.connect(url_of(port), service="t", env="tiny", boot_wait_ms=5000) as flags:
            calm, scoped = flags.workflow(CALM), flags.workflow(SCOPED)

            assert calm.live
            assert calm.decide().state == "LIVE"
            assert not scoped.live
            assert scoped.decide("acme").allowed
            assert not scoped.decide(KILLED_TENANT).allowed
            assert flags.workflow(LEASED).decide().allowed


def test_the_counted_handles_are_as_the_timed_ones() -> None:
    handles = offline(100)

    assert handles[CALM].live
    assert handles[LEASED].decide().allowed
    assert handles[SCOPED].decide("acme").allowed
    assert not handles[SCOPED].decide(KILLED_TENANT).allowed


@pytest.mark.parametrize("row", OURS, ids=lambda row: row.name)
def test_every_row_can_be_asked(row: Row) -> None:
    handle = offline(100)[row.of or ""]

    loop(row.statement, namespace(handle))(3)

    counted = handle._report()["counts"]["asked"]
    assert counted == (0 if row.name == "live" else 3)


def test_a_loop_does_its_statement_as_often_as_it_is_told() -> None:
    seen: list[int] = []

    loop("seen.append(1)", {"seen": seen})(7)

    assert len(seen) == 7


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_a_slot_read_is_counted_free_of_the_interpreters_start() -> None:
    slot = next(row for row in FLOORS if row.counts)

    found = instructions.counted([slot])

    assert list(found) == [slot.name]
    assert 0 < found[slot.name] < 1000
