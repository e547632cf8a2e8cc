"""Practice and looks make way for what is real, and a word never means them by accident."""

import pytest

from opsbot.app.runs.effects import taken_up
from opsbot.app.runs.requests import StartRun, WhichRun
from opsbot.app.runs.sight import found
from opsbot.domain.errors import (
    NeedsMoreWords,
    RunOpen,
    StaleButton,
)
from tests.support.incident_life import settle
from tests.support.runs import (
    BOOK,
    COPILOT,
    book,
    marked,
    run,
    started,
    walked_company,
)
from tests.support.world import MARA, SAM

HOUR_S = 3600


@pytest.mark.parametrize("mode", ["show", "drill"])
async def test_a_real_run_takes_the_place_of_practice_and_of_a_look(mode: str) -> None:
    house = await walked_company()
    await started(house, mode=mode)
    before = len(house.server.lines)

    said = await house.bot.runs.start(StartRun(BOOK, "INC-1"), MARA, request_id="real")

    assert (run(house).status, run(house, "RUN-2").status) == ("superseded", "open")
    assert (run(house, "RUN-2").mode, run(house, "RUN-2").follows) == ("live", "RUN-1")
    assert len(house.server.lines) == before + 1
    assert "RUN-1" in said.lines[0]
    assert "made way and is over" in said.lines[0]
    with pytest.raises(StaleButton, match="superseded"):
        await marked(house, "done", "keep-the-evidence")


async def test_a_look_at_another_runbook_makes_way_as_well_and_practice_of_it_goes_on() -> None:
    house = await walked_company(book(), book(name="other"), book(name="third"))
    await started(house, "other", mode="show")
    await started(house, "third", mode="drill")

    await started(house)

    assert [run(house, f"RUN-{n}").status for n in (1, 2, 3)] == ["abandoned", "open", "open"]


async def test_a_look_does_not_stand_beside_what_is_real() -> None:
    house = await walked_company(book(), book(name="other"))
    await started(house)

    with pytest.raises(RunOpen, match="a look would stand in its way") as refused:
        await started(house, "other", mode="show")

    assert "runbook read other" in refused.value.hint


async def test_somebody_elses_look_is_not_what_a_word_means() -> None:
    house = await walked_company(book(), book(name="other"))
    await started(house)
    await house.bot.runs.start(
        StartRun("other", mode="show", params={"workflow": COPILOT}), SAM, request_id="look"
    )

    assert found(house.store.state, MARA, WhichRun()).id == "RUN-1"
    with pytest.raises(NeedsMoreWords, match="2 runs are open"):
        found(house.store.state, SAM, WhichRun())


async def test_a_look_with_which_nobody_goes_on_is_over_by_itself_and_says_why() -> None:
    house = await walked_company()
    await started(house, mode="show")
    await settle(house)
    house.clock.later(7 * HOUR_S)
    await marked(house, "done", "keep-the-evidence")

    house.clock.later(7 * HOUR_S)
    await settle(house)
    touched = run(house).status
    house.clock.later(HOUR_S + 1)
    await settle(house)

    assert (touched, run(house).status) == ("open", "abandoned")
    card = next(text for text in reversed(house.slack.updated) if "RUN-1 \u00b7" in text)
    assert "Abandoned after 15 h 0 min: nobody went on with it for 8 h." in card


async def test_what_is_real_or_practised_never_ends_by_itself() -> None:
    house = await walked_company(book(), book(name="other"))
    await started(house)
    await started(house, "other", mode="drill")

    house.clock.later(30 * HOUR_S)
    await settle(house)

    assert [run(house, name).status for name in ("RUN-1", "RUN-2")] == ["open", "open"]


async def test_a_look_ends_after_a_loss_of_data_as_well() -> None:
    house = await walked_company()
    await started(house, mode="show")

    (timer,) = taken_up(run(house), house.clock.now_ms() + 3_600_000)

    assert (timer.id, timer.in_ms) == (f"run:{run(house).uid}:look::1", 7 * 3_600_000)
