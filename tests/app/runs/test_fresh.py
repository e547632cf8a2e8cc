"""A word without a step's name means the step that was read, not the one that somebody else just went on to."""

from typing import Any

import pytest

from opsbot.app.runs.fresh import FRESH_MS, StepMoved
from opsbot.domain.run import Came, from_record
from opsbot.domain.run import as_record as run_record
from opsbot.domain.runbook import Phase
from tests.support.runs import action as an
from tests.support.runs import book, marked, pressed, run, started, step, view, walked_company
from tests.support.world import INES, MARA, SAM, World


def plain(*titles: str) -> Phase:
    return Phase("all", "All", 1, steps=tuple(step(one) for one in titles))


@pytest.fixture(name="house")
async def _house() -> World:
    house = await walked_company(book(plain("Look", "Ask", "End")))
    await started(house)
    return house


async def test_two_people_who_both_say_done_tick_one_step(house: World) -> None:
    await marked(house, "done", by=SAM)
    house.clock.later(4)

    with pytest.raises(StepMoved) as no:
        await marked(house, "done", by=MARA)

    assert no.value.message.startswith("\u201cAsk\u201d is current only since 4 s ago, by Sam.")
    assert "runbook done step:2" in no.value.hint
    assert (no.value.step, run(house).mark("ask").state) == ("ask", "open")


async def test_who_went_on_is_not_asked(house: World) -> None:
    await marked(house, "done", by=SAM)
    await marked(house, "done", by=SAM)

    assert run(house).focus["ops"] == "end"


async def test_a_step_that_is_named_or_was_on_the_screen_is_not_asked_about(house: World) -> None:
    await marked(house, "done", by=SAM)

    await marked(house, "done", "2", by=MARA)
    await marked(house, "done", "", by=MARA, seen=run(house).version)

    assert run(house).focus["ops"] == ""


async def test_what_has_been_current_for_long_is_known(house: World) -> None:
    await marked(house, "done", by=SAM)
    house.clock.later(FRESH_MS / 1000)

    await marked(house, "done", by=MARA)

    assert run(house).focus["ops"] == "end"


@pytest.mark.parametrize("act", ["take", "assign"])
async def test_who_has_the_step_knows_it(house: World, act: str) -> None:
    await marked(house, "done", by=SAM)
    if act == "take":
        await marked(house, "take", by=MARA)
    else:
        await marked(house, "assign", who="mara", by=INES)
        await marked(house, "accept", by=MARA)

    await marked(house, "done", by=MARA)

    assert run(house).focus["ops"] == "end"


@pytest.mark.parametrize(
    ("act", "more"),
    [
        ("failed", {"words": "no"}),
        ("skip", {"words": "no"}),
        ("block", {"words": "them"}),
        ("box", {"box": "b1"}),
        ("decide", {"option": 1}),
    ],
)
async def test_every_word_about_what_was_read_is_asked_about(
    house: World, act: str, more: dict[str, Any]
) -> None:
    await marked(house, "done", by=SAM)
    before = run(house)

    with pytest.raises(StepMoved):
        await marked(house, act, by=MARA, **more)

    assert run(house) == before
    await marked(house, "note", words="seen", by=MARA)


async def test_an_action_without_a_step_is_asked_about_as_well() -> None:
    keep = step("Keep", an("capture", workflow="{{ workflow }}", what=("kills",)))
    both = Phase("all", "All", 1, steps=(step("Look"), keep))
    house = await walked_company(book(both))
    await started(house)
    await marked(house, "done", by=SAM)

    with pytest.raises(StepMoved, match="Keep") as no:
        await pressed(house, "", by=MARA)

    assert "runbook do step:2" in no.value.hint
    assert not run(house).acts
    await pressed(house, "", by=MARA, seen=run(house).version)
    assert run(house).acts


async def test_the_other_lane_moves_nobody(house: World) -> None:
    words = step("Tell", who="comms")
    house = await walked_company(
        book(Phase("all", "All", 1, steps=(step("Look"), words, step("End"))))
    )
    await started(house)
    await marked(house, "take", "look", by=MARA)
    await marked(house, "done", "tell", by=SAM)

    await marked(house, "done", by=MARA)

    assert run(house).mark("look").state == "done"


async def test_how_a_lane_got_to_its_step_is_kept(house: World) -> None:
    await marked(house, "done", by=SAM)

    assert run(house).came == {"ops": Came("ask", "sam", house.clock.now_ms())}
    assert from_record(run_record(run(house))) == run(house)
    assert (await view(house)).lanes[0].step is not None
