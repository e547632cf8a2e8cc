"""Clicks on open runs of a whole bot: every tick is looked for, and one that did not come is wrong."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.bench import clicks
from opsbot.bench.clicks import Walks, _Clicked
from opsbot.bench.line import Answer
from opsbot.bench.pressed import Box, Lane, Press, Step, Walk
from opsbot.bench.replica import replica, slack
from opsbot.bench.server import private_server

ACKNOWLEDGED = Answer(200, b"", 1_000_000, 4_000_000)


def walk(run: str, *, ticked: bool) -> Walk:
    """Return a run of one step with one box."""
    step = Step(step="one", state="open", boxes=[Box(box="a", ticked=ticked)])
    return Walk(run=run, version=2, lanes=[Lane(step="one")], steps=[step])


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_click_on_a_few_runs_is_acknowledged_and_ticks(tmp_path: Path) -> None:
    with (
        private_server() as port,
        slack() as standin,
        replica(tmp_path, port=port, slack_url=standin.url) as bot,
        ExitStack() as stack,
    ):
        walks = Walks(bot, standin.url, stack, runs=3)
        alone, crowd = walks.alone(4), walks.at_once(2)
        left, _ = walks._looked()

    assert [one.kind for one in (*alone.acked, *crowd.acked)] == ["whole"] * 10
    assert [one.kind for one in (*alone.floor, *crowd.floor)] == ["whole"] * 10
    assert (len(alone.seen), len(crowd.seen)) == (4, 2)
    assert sorted(left) == ["RUN-1", "RUN-2", "RUN-3"]
    # The first click of all warms up, is not counted, and ticks all the same.
    assert sum(_ticks(one) for one in left.values()) == 11


def _ticks(walk: Walk) -> int:
    boxes = sum(one["ticked"] for step in walk["steps"] for one in step["boxes"])
    return boxes + sum(step["state"] == "done" for step in walk["steps"])


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_click_that_the_bot_refuses_is_acknowledged_and_counted_wrong(tmp_path: Path) -> None:
    with (
        private_server() as port,
        slack() as standin,
        replica(tmp_path, port=port, slack_url=standin.url) as bot,
        ExitStack() as stack,
    ):
        walks = Walks(bot, standin.url, stack, runs=1, seen_s=0.5)
        walks._walkers = [replace(one, person="stranger") for one in walks._walkers]
        found = walks.alone(1)

    assert [one.kind for one in found.acked] == ["wrong"]
    assert found.seen == []
    assert found.acked[0].words.startswith("200 ")


def test_looking_goes_on_until_the_last_tick_is_there() -> None:
    pair = [_Clicked(Press(run, 1, "one", "a"), ACKNOWLEDGED, ticked=False) for run in ("R", "S")]
    looks = iter(
        ({"R": walk("R", ticked=True), "S": walk("S", ticked=ticked)}, at)
        for ticked, at in ((False, 5_000_000), (True, 9_000_000))
    )

    seen = clicks._until_ticked(pair, lambda: next(looks), 60)

    assert seen == [8.0]
    assert [one.ticked for one in pair] == [True, True]


def test_a_tick_that_does_not_come_in_time_has_no_figure() -> None:
    (one,) = [_Clicked(Press("R", 1, "one", "a"), ACKNOWLEDGED, ticked=False)]

    seen = clicks._until_ticked([one], lambda: ({"R": walk("R", ticked=False)}, 5_000_000), 0)

    assert (seen, one.ticked) == ([], False)
