"""Being asked is no power: it comes with the acceptance."""

import pytest

from opsbot.app.runs.requests import EndRun, LeadRun
from opsbot.domain.errors import (
    NotAllowed,
)
from tests.app.runs.test_attacks import NEW, NEW_ID, house_of
from tests.support.runs import (
    COPILOT,
    RUN,
    action,
    marked,
    pressed,
    run,
    step,
)
from tests.support.world import INES, MARA


async def test_being_asked_to_take_a_step_is_no_power_before_it_is_accepted() -> None:
    house = await house_of(step("Look"), step("Stop", action("kill", workflow=COPILOT)))
    await marked(house, "assign", "stop", who="U0NEW1234", by=INES)

    for try_ in (
        marked(house, "done", "look", by=NEW),
        marked(house, "skip", "look", words="no", by=NEW),
        marked(house, "box", "stop", by=NEW, box="b1"),
        marked(house, "take", "look", by=NEW),
        marked(house, "evidence", "look", words="mine", by=NEW),
        pressed(house, "stop", by=NEW),
        house.bot.runs.end(EndRun(RUN, "finish", words="over"), NEW, request_id="ends"),
        house.bot.runs.lead(LeadRun(RUN, "take"), NEW, request_id="takes"),
    ):
        with pytest.raises(NotAllowed, match="have not accepted yet") as no:
            await try_
        assert "runbook accept RUN-1" in no.value.hint

    await marked(house, "note", "stop", words="in five minutes", by=NEW)
    await marked(house, "accept", by=NEW)
    await marked(house, "done", "look", by=NEW)
    assert run(house).mark("stop").assignee == NEW_ID


async def test_being_offered_the_lead_is_no_power_before_it_is_accepted() -> None:
    house = await house_of(step("Look"))
    await house.bot.runs.lead(LeadRun(RUN, "offer", "U0NEW1234"), INES, request_id="offer")

    with pytest.raises(NotAllowed, match="have not accepted yet") as no:
        await marked(house, "done", "look", by=NEW)
    assert "runbook lead accept RUN-1" in no.value.hint

    await house.bot.runs.lead(LeadRun(RUN, "accept"), NEW, request_id="accept")
    assert run(house).commander == NEW_ID


async def test_whom_a_step_waits_for_takes_up_that_step_and_no_other() -> None:
    house = await house_of(step("Look"), step("Ask"), step("End"))
    await marked(house, "block", "look", words="<@U0NEW1234>", by=MARA)
    await marked(house, "block", "ask", words="the index team", by=MARA)

    with pytest.raises(NotAllowed):
        await marked(house, "unblock", "ask", by=NEW)

    await marked(house, "unblock", by=NEW)
    assert run(house).mark("look").state == "open"
