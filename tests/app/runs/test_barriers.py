"""What holds a lane holds every step after it, however that is named; until it is settled, or skipped by who may."""

from typing import Any

import pytest

from opsbot.app.requests import ApproveRequest
from opsbot.app.runs.requests import RunAction
from opsbot.domain.errors import NeedsMoreWords, StaleButton
from opsbot.domain.prose import words
from opsbot.domain.runbook import Box, Phase
from tests.support.runs import (
    COPILOT,
    RUN,
    action,
    book,
    marked,
    pressed,
    run,
    started,
    step,
    walked_company,
)
from tests.support.world import INES, MARA, SAM, World

AFTER = "restore"


@pytest.fixture(name="house")
async def _house() -> World:
    steps = (
        step("Look"),
        step("Check", action("verify", workflow=COPILOT, suite="ground", min="0.9")),
        step("Ask", action("approve", what="restoring it", ttl="20m")),
        step("Restore", action("restore", workflow=COPILOT), boxes=(Box("b1", words("Told")),)),
        step("Widen", action("kill", workflow="coding-agent", reason="wider")),
        step("Tell", who="comms"),
    )
    house = await walked_company(book(Phase("all", "All", 1, steps=steps)))
    await started(house)
    return house


async def held(house: World, act: str, name: str = AFTER, **more: Any) -> str:
    """Try something on a later step, and return why it is refused."""
    tried = pressed(house, name, **more) if act == "do" else marked(house, act, name, **more)
    with pytest.raises(NeedsMoreWords) as no:
        await tried
    return f"{no.value.message} {no.value.hint}"


@pytest.mark.parametrize(
    ("act", "more"), [("do", {}), ("done", {}), ("failed", {"words": "no"}), ("box", {"box": "b1"})]
)
async def test_a_check_that_failed_holds_a_later_step_that_is_named_by_hand(
    house: World, act: str, more: dict[str, Any]
) -> None:
    await pressed(house, "check")
    before = run(house)

    why = await held(house, act, **more)

    assert why == (
        "\u201cCheck\u201d did not verify and holds the ops lane, and \u201cRestore\u201d comes after"
        " it; nothing was changed. Settle that first; or the commander skips it, for a reason."
    )
    assert run(house) == before
    assert not house.store.state.kind("approvals")


async def test_a_check_that_failed_holds_on_after_its_tick_was_taken_off(house: World) -> None:
    await pressed(house, "check")
    await marked(house, "failed", "check", words="not yet", by=SAM)

    await marked(house, "undo", "check", by=SAM)

    assert "\u201cCheck\u201d did not verify" in await held(house, "failed", words="no")
    assert "\u201cCheck\u201d did not verify" in await held(house, "do", "widen")


async def test_a_button_of_an_old_card_is_held_before_anybody_is_asked_to_confirm(
    house: World,
) -> None:
    seen = run(house).version
    await pressed(house, "check")

    with pytest.raises(NeedsMoreWords, match="holds the ops lane"):
        await house.bot.runs.do(RunAction(RUN, AFTER, seen=seen), MARA, request_id="old")


async def test_an_approval_that_is_open_holds_what_comes_after_it(house: World) -> None:
    await marked(house, "skip", "check", words="by hand", by=INES)
    unasked = await held(house, "do")
    await pressed(house, "ask")
    waiting = await held(house, "done")

    assert "\u201cAsk\u201d is not approved and holds the ops lane" in unasked
    assert "\u201cAsk\u201d is not approved" in waiting


async def test_what_is_skipped_by_who_may_holds_nothing(house: World) -> None:
    await pressed(house, "check")
    await marked(house, "skip", "check", words="checked by hand", by=INES)
    await marked(house, "skip", "ask", words="decided on the call", by=SAM)

    await marked(house, "failed", AFTER, words="the index is empty")

    assert run(house).mark(AFTER).state == "failed"


async def test_an_approval_that_is_given_lets_its_lane_go_on(house: World) -> None:
    await marked(house, "skip", "check", words="by hand", by=INES)
    await pressed(house, "ask")

    await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")

    await marked(house, "failed", AFTER, words="the index is empty")
    assert run(house).mark(AFTER).state == "failed"


async def test_a_barrier_of_one_lane_holds_that_lane_alone(house: World) -> None:
    await pressed(house, "check")

    await marked(house, "done", "tell")
    await marked(house, "done", "look")

    assert run(house).mark("tell").state == run(house).mark("look").state == "done"


async def test_what_only_says_something_of_a_held_step_is_not_held(house: World) -> None:
    await pressed(house, "check")

    await marked(house, "take", AFTER)
    await marked(house, "note", AFTER, words="the ramp is ready")
    await marked(house, "block", AFTER, words="the check")

    assert run(house).mark(AFTER).state == "blocked"


async def test_a_kill_that_is_held_names_the_command_that_waits_for_nothing(house: World) -> None:
    await pressed(house, "check")

    why = await held(house, "do", "widen")

    assert "A kill waits for nothing:" in why
    assert "kill coding-agent wider" in why


async def test_a_check_that_is_good_again_holds_nothing_after_a_new_look(house: World) -> None:
    await marked(house, "skip", "check", words="by hand", by=INES)
    await marked(house, "undo", "check", by=INES)

    why = await held(house, "do")

    assert "\u201cAsk\u201d is not approved" in why, "a check that nobody began holds nothing"


async def test_what_is_done_already_says_so_before_anybody_is_asked_to_confirm() -> None:
    house = await walked_company()
    await started(house)
    await pressed(house, "stop-the-harm")
    await marked(house, "done", "stop-the-harm")
    house.clock.later(90)

    with pytest.raises(StaleButton) as no:
        await pressed(house, "stop-the-harm", by=SAM, confirmed=False)

    assert no.value.message == (
        "Mara pressed this 1 min 30 s ago: it is done (K-1). Nothing was done again."
    )
