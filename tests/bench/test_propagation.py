"""A tiny fleet of real processes goes through every kind of round; stamps cross processes."""

from pathlib import Path

import pytest

from opsbot.bench import propagation
from opsbot.bench.fleet import Unheard, fleet
from opsbot.bench.propagation import KINDS, Rounds, measure
from opsbot.bench.stamps import RAW_AT, RAW_COUNT, SEEN_COUNT, Stamps


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_every_kind_of_round_is_measured_on_every_client() -> None:
    rounds = measure(2, most_s=20, most_rounds=2)

    assert {kind: len(rounds.each[kind]) for kind in KINDS} == dict.fromkeys(KINDS, 4)
    assert {kind: len(rounds.last[kind]) for kind in KINDS} == dict.fromkeys(KINDS, 2)
    assert all(took > 0 for kind in KINDS for took in rounds.each[kind])
    assert len(rounds.acked) == 2
    assert all(a >= s for a, s in zip(rounds.acked, rounds.last["acknowledged"], strict=True))


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_report_has_floors_ratios_and_the_promise_of_that_size() -> None:
    said: list[str] = []

    told = propagation.report((1,), said.append, most_s=0)

    names = [row[1] for row in told.tables[0].rows]
    floor = next(
        row for row in told.tables[0].rows if row[1] == "floor: MULTI SET PUBLISH, each client"
    )
    assert said == ["1 client processes ..."]
    assert "kill visible, each client" in names
    assert "all acknowledgements in the store" in names
    assert floor[6] == 1
    assert [(p.limit, p.unit) for p in told.promises] == [(1.6, "x floor")]


@pytest.mark.parametrize(
    ("floors", "verdict"), [([0.4, 0.5, 0.6], "not kept"), ([0.4, 3.9, 4.0], "not measured")]
)
def test_beside_a_busy_disk_no_ratio_is_called_kept(floors: list[float], verdict: str) -> None:
    rounds = Rounds()
    rounds.each["bare"] = [0.2, 0.2, 0.2]
    rounds.each["floor"] = floors
    rounds.each["visible"] = [0.8, 0.9, 1.0]

    assert [promise.verdict for promise in propagation._promises(1, rounds)] == [verdict]


@pytest.mark.timeout(120)
def test_a_fleet_that_does_not_come_up_is_an_error() -> None:
    with (
        pytest.raises(Unheard),
        fleet(1, port=1, env="bench", workflow="support-copilot"),
    ):
        pass


def test_stamps_of_one_process_are_read_by_another(tmp_path: Path) -> None:
    page = tmp_path / "page"
    ours = Stamps(page, 2)
    theirs = Stamps(page, 2)

    theirs.stamp(1, RAW_COUNT, RAW_AT)
    theirs.stamp(1, RAW_COUNT, RAW_AT)

    assert ours.column(RAW_COUNT) == [0, 2]
    assert ours.column(SEEN_COUNT) == [0, 0]
    assert ours.column(RAW_AT)[1] > 0
    assert page.stat().st_size == 2 * 8 * 8
    ours.close()
    theirs.close()
