"""Routes in Slack, through real bolt to the real use cases: commands, the form, ramps, the way back."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from opsbot.app.requests import StageRequest
from opsbot.domain.route import Number
from opsbot.slack.ids import VALUE, Field, Modal
from opsbot.workbench.slack.model import View
from tests.slack.forged import HERE, LEAD, NEW, ONCALL, SUPPORT, Attacked, _no_crash, home_of_route
from tests.support.routes import (
    COPILOT,
    GATE,
    MINI,
    SUMMARISER,
    WHOLE,
    begun,
    once_served,
    staged,
    stored,
)
from tests.support.wait import eventually
from tests.support.world import INES, SAM

__all__ = ["_no_crash"]


@pytest.fixture(name="routed", params=["http", "socket"])
async def _routed(request: pytest.FixtureRequest) -> AsyncGenerator[Attacked]:
    """A copilot of tier 1, and a summariser whose ramp has two steps, over each transport."""
    async with home_of_route(request.param) as attacked:
        yield attacked


async def typed(routed: Attacked, user: str, text: str) -> Any:
    """Type a command."""
    return await routed.house.slack.slash(user, HERE, text)


async def opened(routed: Attacked, user: str = LEAD, workflow: str = SUMMARISER) -> View:
    """Open the form."""
    shown = await typed(routed, user, f"/ai-route {workflow} set")
    assert shown.view is not None, shown.text
    return shown.view  # type: ignore[no-any-return]  # a view, by the stand-in


def initial(view: View) -> dict[str, str]:
    """Return what stands in a form's fields."""
    found = {}
    for block in view.blocks:
        if block["type"] == "input":
            element = block["element"]
            chosen = element.get("initial_option", {}).get("value", "")
            found[block["block_id"]] = element.get("initial_value", chosen)
    return found


async def sent(routed: Attacked, user: str, view: View, **changes: str) -> Any:
    """Send the form with what stands in it, save *changes*."""
    words = {**initial(view), **changes}
    return await routed.house.slack.submit(
        user, view.id, {name: {VALUE: text} for name, text in words.items() if text}
    )


async def pressed(routed: Attacked, user: str, act: str, value: str) -> str:
    """Press a button with this value on some message, and return what the person was told."""
    card = await routed.card((f"{act}:0", value))
    before = routed.heard(user)
    answer = await routed.forge(routed.click(user, card))
    assert answer.problem == ""
    return routed.heard(user).removeprefix(before)


async def test_a_bare_route_shows_what_serves_in_the_acknowledgement(routed: Attacked) -> None:
    shown = await typed(routed, NEW, f"/ai-route {SUMMARISER}")

    assert shown.ephemeral
    assert "`summariser` in prod is served by r1" in shown.text
    assert "openai/gpt-5.2" in shown.text


async def test_set_stage_history_and_diff_are_answered_in_the_acknowledgement(
    routed: Attacked,
) -> None:
    words = f"/ai-route {SUMMARISER} set model:openai/gpt-5-mini param:temperature=0.1 cheaper"

    made = await typed(routed, LEAD, words)
    diff = await typed(routed, NEW, f"/ai-route {SUMMARISER} diff r1 r2")
    staged_ = await typed(routed, LEAD, f"/ai-route {SUMMARISER} stage r2 go")
    history = await typed(routed, NEW, f"/ai-route {SUMMARISER} history")

    assert "Stored as r2 for `summariser` in prod; it serves nobody yet" in made.text
    assert "openai/gpt-5.2 \u2192 openai/gpt-5-mini" in diff.text
    assert "r2 serves 5 % of `summariser` in prod" in staged_.text
    assert "2 revisions of `summariser` in prod" in history.text
    assert routed.world.store.state.revision(SUMMARISER, Number(2)).author == "ines"


async def test_a_rollback_is_answered_in_the_acknowledgement(routed: Attacked) -> None:
    await begun(routed.world)

    shown = await typed(routed, ONCALL, f"/ai-rollback {SUMMARISER} wrong answers")

    assert "Rolled back: ends the ramp to r2 (5 %); r1 serves all calls of" in shown.text
    assert routed.world.store.state.routing(SUMMARISER).candidate is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/ai-route", "Usage: `/ai-route"),
        ("/ai-route help", "Usage: `/ai-route"),
        ("/ai-rollback", "Usage: `/ai-rollback"),
        ("/ai-route sumariser", "Did you mean `summariser`?"),
        ("/ai-route summariser histroy", "Did you mean `history`?"),
        ("/ai-route summariser diff r1 r99999999999", "no revision r99999999999"),
        ("/ai-route summariser set model:openai/gpt-6", "not approved"),
        ("/ai-route summariser set model:openai/gpt-5.2=50,openai/gpt-5-mini=20", "make 70"),
        ("/ai-route summariser stage hold", "No ramp runs"),
        ("/ai-route summariser stage r7", "no revision r7"),
        ("/ai-rollback summariser to r0", "is not a revision"),
        ("/ai-rollback summariser to r9", "no revision r9"),
        ("/ai-rollback summariser to \u202er1\u202c", "Already so"),
        (f"/ai-route summariser set prompt:{'x' * 10_000}", "at most 100 characters"),
    ],
)
async def test_bad_words_change_nothing_and_say_what_would_be_right(
    routed: Attacked, text: str, word: str
) -> None:
    before = routed.records

    shown = await typed(routed, LEAD, text)

    assert word in shown.text
    assert "\u202e" not in shown.text + str(shown.blocks)
    assert routed.records == before


async def test_the_form_is_filled_from_what_serves_and_stores_what_was_changed(
    routed: Attacked,
) -> None:
    view = await opened(routed)
    assert view.body["callback_id"] == Modal.ROUTE
    assert view.body["private_metadata"] == "summariser:r1:r1"
    assert initial(view)[Field.MODELS] == "openai/gpt-5.2"
    prompt = initial(view)[Field.PROMPT]

    done = await sent(
        routed, LEAD, view, models="openai/gpt-5-mini", params="temperature=0.1", note="cheaper"
    )

    made = routed.world.store.state.revision(SUMMARISER, Number(2))
    assert "Stored as r2" in str(done.view.blocks)
    assert made.route.targets == MINI
    assert made.route.params == {"temperature": 0.1}
    assert made.route.prompt == prompt


async def test_nobody_fills_in_a_form_that_will_be_refused(routed: Attacked) -> None:
    shown = await typed(routed, ONCALL, f"/ai-route {SUMMARISER} set")

    assert shown.view is None
    assert "Your role does not allow `route` here" in shown.text


async def test_a_refused_field_says_so_under_itself_and_the_form_stays(routed: Attacked) -> None:
    view, before = await opened(routed), routed.records

    typo = await sent(routed, LEAD, view, models="gpt-5-mini", params="temperature")
    stray = await sent(routed, LEAD, view, models="openai/gpt-6")
    fallback = await sent(routed, LEAD, view, fallbacks="openai/gpt-6")
    pinned = await sent(
        routed, LEAD, view, models="openai/gpt-5.2=50\nopenai/gpt-5-mini=50", strategy="pinned"
    )

    assert set(typo.errors) == {Field.MODELS, Field.PARAMS}
    assert "not approved" in stray.errors[Field.MODELS]
    assert "not approved" in fallback.errors[Field.FALLBACKS]
    assert "A pinned route has one model" in pinned.errors[Field.STRATEGY]
    assert routed.records == before


async def test_the_second_of_two_sees_what_the_first_did_and_keeps_every_word(
    routed: Attacked,
) -> None:
    view = await opened(routed)
    await stored(routed.world, SUMMARISER, targets=MINI)

    moved = await sent(routed, LEAD, view, prompt="p@2", note="my own words")

    said = str(moved.view.blocks)
    assert "Ines made r2 while you were writing" in said
    assert "openai/gpt-5.2 \u2192 openai/gpt-5-mini" in said
    assert initial(moved.view)[Field.PROMPT] == "p@2"
    assert initial(moved.view)[Field.NOTE] == "my own words"
    assert routed.world.store.state.routing(SUMMARISER).newest == 2

    again = await sent(routed, LEAD, moved.view)

    assert "Stored as r3" in str(again.view.blocks)
    assert routed.world.store.state.revision(SUMMARISER, Number(3)).route.prompt == "p@2"
    assert routed.world.store.state.revision(SUMMARISER, Number(2)).route.targets == MINI


async def test_a_form_that_cannot_be_opened_says_what_to_type(routed: Attacked) -> None:
    await typed(routed, LEAD, f"/ai-route {SUMMARISER}")  # Slack said who Ines is
    routed.house.slack.faults.fail("views.open", "500")

    shown = await typed(routed, LEAD, f"/ai-route {SUMMARISER} set")

    assert "could not be opened" in shown.text
    assert "/ai-route support-copilot set model:" in shown.text


async def test_hold_go_on_and_take_back_are_who_clicks(routed: Attacked) -> None:
    await begun(routed.world)
    value = f"{SUMMARISER}:r2"

    outsider = await pressed(routed, ONCALL, "route_hold", value)
    held = await pressed(routed, LEAD, "route_hold", value)
    on = await pressed(routed, SUPPORT, "route_go_on", value)
    back = await pressed(routed, LEAD, "route_cancel", value)

    assert "does not allow `route`" in outsider
    assert "Held: r2 stays at 5 %" in held
    assert "Still held: r2 stays at 5 %" in on
    assert "not every instance serves the present step yet" in on
    assert "Given up: r1 serves everybody" in back
    assert routed.world.store.state.routing(SUMMARISER).candidate is None


async def test_a_button_of_another_ramp_is_refused(routed: Attacked) -> None:
    await begun(routed.world)
    cancel = StageRequest(SUMMARISER, "cancel")
    await routed.world.bot.stage(cancel, INES, request_id="cancel")
    over = await pressed(routed, LEAD, "route_hold", f"{SUMMARISER}:r2")
    await begun(routed.world, SUMMARISER, prompt="p@3")

    other = await pressed(routed, LEAD, "route_cancel", f"{SUMMARISER}:r2")

    candidate = routed.world.store.state.routing(SUMMARISER).candidate
    assert "No ramp runs any more" in over
    assert "r3 is on its way by now for `summariser`, not r2" in other
    assert candidate is not None
    assert candidate.number == 3


async def test_the_way_back_asks_with_the_difference_and_goes_there(routed: Attacked) -> None:
    await routed.world.declare(staged(extra={"stages": WHOLE}))
    await begun(routed.world, SUMMARISER, targets=MINI, prompt="p@9")

    shown = await typed(routed, ONCALL, f"/ai-route {SUMMARISER}")
    button = next(
        one
        for block in shown.blocks
        for one in block.get("elements", ())
        if str(one.get("action_id")).startswith("route_rollback")
    )
    told = await pressed(routed, ONCALL, "route_rollback", button["value"])
    stale = await pressed(routed, SUPPORT, "route_rollback", button["value"])

    question = button["confirm"]["text"]["text"]
    assert button["value"] == "summariser:r2:r1"
    assert "openai/gpt-5-mini \u2192 openai/gpt-5.2" in question
    assert "prompt: p@9 \u2192 p@1" in question
    assert "Evidence of r1: no gate asks for any" in question
    assert len(question) <= 300
    assert "Rolled back: `summariser` in prod is served by r1 again, as r3" in told
    assert "r3 serves `summariser` by now, not r2" in stale


async def test_going_where_no_evidence_passes_asks_for_a_word_and_keeps_the_reason(
    routed: Attacked,
) -> None:
    await routed.world.declare(staged(extra={"gates": [GATE]}))
    await stored(routed.world)
    await once_served(routed.world)

    asked = await typed(routed, ONCALL, f"/ai-rollback {SUMMARISER} to r2 the old one lies")
    button = asked.blocks[-1]["elements"][0]
    entries = len(routed.world.server.lines)
    assert asked.message is not None
    await routed.house.slack.click(
        ONCALL, action_id=button["action_id"], message_ts=asked.message.ts, channel_id=HERE
    )
    await eventually(lambda: "Rolled back" in routed.heard(ONCALL))

    assert "r2 has no passing evidence" in asked.text
    assert button["text"]["text"] == "Serve it anyway"
    assert button["style"] == "danger"
    assert button["value"].startswith("summariser:r1:r2:slack:")
    assert "the old one lies" not in str(button)
    assert len(routed.world.server.lines) == entries + 1
    assert "the old one lies" in routed.heard(ONCALL)
    assert routed.world.store.state.routing(SUMMARISER).active == 3


async def test_a_ramp_of_tier_1_waits_and_the_same_words_of_a_second_person_begin_it(
    routed: Attacked,
) -> None:
    await stored(routed.world, COPILOT)

    asked = await typed(routed, LEAD, f"/ai-route {COPILOT} stage r2 cheaper")
    again = await typed(routed, LEAD, f"/ai-route {COPILOT} stage r2 cheaper")
    shown = await typed(routed, ONCALL, f"/ai-route {COPILOT}")
    second = await typed(routed, SUPPORT, f"/ai-route {COPILOT} stage r2")

    assert "waits for a second person" in asked.text
    assert "May approve: Sam" in asked.text
    assert "Already asked" in again.text
    assert "A-1 waits for a second person" in shown.text
    assert "Ramp of r2 of `support-copilot`, over r1, asked by Ines" in shown.text
    assert "r2 serves" in second.text
    assert routed.world.store.state.approval("A-1").approver == "sam"


async def test_an_approval_of_a_ramp_is_pressed_like_any_other(routed: Attacked) -> None:
    await stored(routed.world, COPILOT)
    await typed(routed, LEAD, f"/ai-route {COPILOT} stage r2")

    own = await pressed(routed, LEAD, "approve", "A-1")
    done = await pressed(routed, SUPPORT, "approve", "A-1")

    assert "Who asked cannot approve" in own
    assert "r2 serves" in done


async def test_the_home_tab_has_the_routes_with_their_ramps_and_ways_back(routed: Attacked) -> None:
    await routed.world.declare(staged(extra={"stages": WHOLE}))
    await begun(routed.world)
    await routed.world.declare(staged())
    await stored(routed.world, SUMMARISER, prompt="p@7")
    await routed.world.bot.stage(StageRequest(SUMMARISER, "begin"), SAM, request_id="up")
    await routed.world.bot.stage(StageRequest(SUMMARISER, "hold"), SAM, request_id="hold")

    await routed.house.slack.open_home(ONCALL)
    home = await eventually(lambda: routed.house.slack.workspace.homes.get(ONCALL))
    assert home is not None
    said = str(home.blocks)
    show = next(
        one
        for block in home.blocks
        for one in block.get("elements", ())
        if str(one.get("action_id")).startswith("route_show") and one["value"] == SUMMARISER
    )
    await routed.house.slack.click(ONCALL, action_id=show["action_id"], view_id=home.id)
    top = await eventually(lambda: routed.house.slack.workspace.top(ONCALL))

    assert "Routes in prod" in said
    assert "Route of `summariser`: r2 serves" in said
    assert "r3 serves 5 %: \u25a0\u25a1 5 %, step 1 of 2" in said
    assert "Held: held by Sam" in said
    assert "route_rollback" in said
    assert top is not None
    assert "is served by r2" in str(top.blocks)


async def test_three_deliveries_are_one_revision(routed: Attacked) -> None:
    routed.house.slack.faults.deliveries = 3

    shown = await typed(routed, LEAD, f"/ai-route {SUMMARISER} set model:openai/gpt-5-mini")
    await routed.house.app.deps.tasks.drain(timeout_s=5)

    assert "r2" in shown.text
    assert routed.world.store.state.routing(SUMMARISER).newest == 2


async def test_a_form_that_arrives_twice_is_one_revision_and_no_quarrel(routed: Attacked) -> None:
    view = await opened(routed)
    words = {**initial(view), Field.PROMPT: "p@7"}
    values: Any = {name: {VALUE: {"value": text}} for name, text in words.items()}
    del values[Field.STRATEGY]
    payload = routed.submission(LEAD, view, values)

    first = await routed.forge(payload)
    again = await routed.forge(payload)

    assert "Stored as r2" in str(first.body)
    assert again.problem in ("", "http_service_error")
    assert "while you were writing" not in str(again.body)
    assert routed.world.store.state.routing(SUMMARISER).newest == 2
