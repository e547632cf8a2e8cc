"""What becomes due in a run: said once, to who can do something about it, and not when it is moot."""

import re

import pytest

from opsbot.app.ports import Delivery
from opsbot.app.runs.requests import EndRun, LeadRun
from opsbot.domain.change import Effect
from opsbot.slack.typed.runbook import parse_runbook
from tests.support.incident_life import settle
from tests.support.runs import RUN, marked, pressed, reached, run, started, walked_company
from tests.support.world import INES, SAM, World


@pytest.fixture(name="house")
async def _house() -> World:
    house = await walked_company()
    await started(house)
    await settle(house)
    house.slack.told.clear()
    return house


async def later(house: World, seconds: float) -> list[tuple[str, str]]:
    """Let time pass, do what is due, and return who was told what about runs since."""
    house.slack.told.clear()
    house.clock.later(seconds)
    await settle(house)
    return [(who, text.split("\n")[0]) for who, text in house.slack.told if "RUN-1" in text]


async def test_who_has_a_step_is_asked_at_twice_its_time_and_the_commander_at_three_times(
    house: World,
) -> None:
    await reached(house, "stop-the-harm")
    await marked(house, "take", "stop-the-harm", by=SAM)
    await marked(house, "done", "tell-the-users")
    await marked(house, "done", "tell-them-it-is-over")

    twice = await later(house, 361)
    thrice = await later(house, 181)
    never_again = await later(house, 600)

    assert [who for who, _ in twice] == ["U0SUPPORT"]
    assert "\u201cStop the harm\u201d takes 6 min" in twice[0][1]
    assert [who for who, _ in thrice] == ["U0LEAD"]
    assert never_again == []


async def test_a_step_that_is_done_in_time_reminds_nobody(house: World) -> None:
    await reached(house, "stop-the-harm")
    await marked(house, "done", "stop-the-harm")
    await marked(house, "done", "tell-the-users")
    await marked(house, "done", "tell-them-it-is-over")
    await marked(house, "decide", "does-it-go-on", option=2)

    told = await later(house, 361)

    assert told == []


async def test_a_step_that_nobody_accepts_is_asked_about_and_then_told_to_the_commander(
    house: World,
) -> None:
    await marked(house, "assign", "find-the-change", who="sam", by=INES)

    at_once = await later(house, 0)
    after_two = await later(house, 121)
    after_four = await later(house, 121)

    assert [who for who, _ in at_once] == ["U0SUPPORT"]
    assert "take \u201cFind the change\u201d?" in at_once[0][1]
    assert [who for who, _ in after_two] == ["U0SUPPORT"]
    assert [who for who, _ in after_four] == ["U0LEAD"]
    assert "Sam has not accepted" in after_four[0][1]


async def test_who_accepts_is_not_asked_again(house: World) -> None:
    await marked(house, "assign", "find-the-change", who="sam", by=INES)
    await settle(house)
    await marked(house, "accept", "find-the-change", by=SAM)

    told = await later(house, 300)

    assert not any("accepted" in text or "take \u201c" in text for _, text in told)


async def test_what_is_blocked_is_looked_at_again(house: World) -> None:
    await marked(house, "block", "keep-the-evidence", words="the trace store", for_s=300, by=SAM)

    told = await later(house, 301)

    assert (
        "U0SUPPORT",
        "RUN-1 \u00b7 INC-1: \u201cKeep the evidence\u201d is blocked: look again in prod",
    ) in told


async def test_a_hand_over_is_offered_at_an_hour_and_insisted_on_at_three(house: World) -> None:
    hour = await later(house, 3601)
    three = await later(house, 7200)

    assert any(who == "U0LEAD" and "hand it over?" in text for who, text in hour)
    assert any(who == "U0LEAD" and "hand it over now" in text for who, text in three)


async def test_who_is_handed_the_lead_is_told_and_the_hour_begins_anew(house: World) -> None:
    await house.bot.runs.lead(LeadRun(RUN, "offer", "sam"), INES, request_id="o")
    asked = await later(house, 0)
    typed = re.search(r"`opsbot runbook ([^`]+)`\.?$", house.slack.told[-1][1], re.MULTILINE)
    await house.bot.runs.lead(LeadRun(RUN, "accept"), SAM, request_id="a")

    hour = await later(house, 3601)

    assert asked == [("U0SUPPORT", "RUN-1 \u00b7 INC-1: Ines hands the lead to you in prod")]
    assert not any(who == "U0LEAD" and "hand it over" in text for who, text in hour)
    assert any(who == "U0SUPPORT" and "hand it over" in text for who, text in hour)
    assert typed is not None
    assert parse_runbook(typed[1]) == LeadRun(RUN, "accept")


async def test_a_run_that_is_over_reminds_nobody(house: World) -> None:
    end = EndRun(RUN, "abandon", words="wrong one")
    await house.bot.runs.end(end, INES, request_id="end")

    told = await later(house, 4000)

    assert told == []
    assert not [name for name in house.server.timers if name.startswith("run:")]


async def test_after_a_loss_of_data_what_was_due_is_due_again(house: World) -> None:
    await reached(house, "wait-for-traffic")
    await pressed(house, "wait-for-traffic")
    lost = [name for name in house.server.timers if name.startswith("run:")]
    for name in lost:
        del house.server.timers[name]

    recovered = Delivery("1", "kill", Effect("recovered", "recovered:1:1", {"kills": []}), 1)
    await house.bot.handlers()["recovered"](recovered)
    house.clock.later(601)
    await settle(house)

    assert len(lost) >= 3
    assert run(house).mark("wait-for-traffic").state == "done"
