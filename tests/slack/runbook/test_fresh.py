"""A typed word and a step that somebody else has just gone on to."""

from opsbot.workbench.slack.model import Message
from tests.slack.forged import ONCALL, SUPPORT, _no_crash
from tests.slack.runbook_hands import (
    START,
    Walk,
    _one_way,
    _walk,
)

__all__ = ["_no_crash", "_one_way", "_walk"]


async def test_done_that_meets_a_step_of_a_moment_ago_asks_and_one_press_answers(
    one_way: Walk,
) -> None:
    await one_way.types(ONCALL, START)
    await one_way.types(ONCALL, "/ai-runbook done step:1")
    await one_way.types(SUPPORT, "/ai-runbook done step:2")

    shown = await one_way.types(ONCALL, "/ai-runbook answer 1")

    assert "\u201cDoes it go on\u201d is current only since" in shown.text
    assert "/ai-runbook answer step:3" in shown.text
    assert one_way.steps().get("does-it-go-on", "open") == "open"
    await one_way.press(ONCALL, "Yes, that step", own(one_way, ONCALL))
    assert one_way.run().mark("does-it-go-on").choice == 0


async def test_a_typed_done_names_its_step_and_can_be_taken_back(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    await one_way.types(ONCALL, "/ai-runbook take step:keep-the-evidence")

    shown = await one_way.types(ONCALL, "/ai-runbook done")

    assert shown.text.startswith("\u201cKeep the evidence\u201d is done.")
    await one_way.press(ONCALL, "Not that step: take the tick off", own(one_way, ONCALL))
    assert one_way.steps()["keep-the-evidence"] == "open"


async def test_who_works_in_a_lane_is_shown_its_step_and_not_the_other_ones(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    await one_way.types(SUPPORT, "/ai-runbook take step:tell-the-users")

    await one_way.types(SUPPORT, "/ai-runbook show")
    await one_way.types(ONCALL, "/ai-runbook show")

    theirs, first = own(one_way, SUPPORT), own(one_way, ONCALL)
    assert theirs.text.startswith("Tell the users")
    assert "Also current, ops: step 1, \u201cKeep the evidence\u201d." in theirs.text
    assert first.text.startswith("Keep the evidence")


def own(walk: Walk, user: str) -> Message:
    """Return the newest of what only this person was told."""
    seen = walk.house.slack.seen_by(user, walk.room)
    return [one for one in seen if one.ephemeral_for == user][-1]
