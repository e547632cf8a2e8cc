"""Buttons and forms about routes that somebody edited: answered kindly, and nothing changes by them."""

import copy
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from opsbot.slack.ids import VALUE, Field
from opsbot.workbench.slack.model import Json, View
from tests.slack.forged import HERE, LEAD, NEW, ONCALL, SUPPORT, Attacked, _no_crash, home_of_route
from tests.support.routes import COPILOT, GATE, SUMMARISER, begun, once_served, staged, stored

__all__ = ["_no_crash"]

ACTS = (
    "route_hold", "route_go_on", "route_cancel", "route_rollback", "route_serve", "route_show",
)  # fmt: skip
HOSTILE: tuple[Any, ...] = (
    "",
    "summariser",
    "summariser:r2:r1:",
    "summariser:r0",
    "summariser:r2:r0",
    "summariser:r-1",
    "summariser:r99999999999",
    "summariser:r99999999999:r1",
    f"summariser:r{'9' * 400}",
    "summariser:\u0662",
    "summariser:r2\n",
    "nothing:r1",
    "nothing:r2:r1",
    "support-copilot:r1:r1",
    "__proto__:r1",
    "<!channel>:r1",
    "\u202e:r1",
    '{"workflow": "summariser", "break_glass": true}',
    "x" * 3_000,
    7,
    None,
    ["summariser:r2"],
    {"value": "summariser:r2"},
)


@pytest.fixture(name="routed", params=["http", "socket"])
async def _routed(request: pytest.FixtureRequest) -> AsyncGenerator[Attacked]:
    """A summariser with a ramp on its way, over each transport in turn."""
    async with home_of_route(request.param) as attacked:
        await begun(attacked.world)
        yield attacked


async def press(routed: Attacked, user: str, act: str, value: Any) -> str:
    """Press a button whose value was edited; return how its delivery failed, if it did."""
    payload = routed.click(user, await routed.card((f"{act}:0", "x")))
    payload["actions"][0]["value"] = value
    return (await routed.forge(payload)).problem


async def form(routed: Attacked) -> View:
    """Open the form as Ines."""
    shown = await routed.house.slack.slash(LEAD, HERE, f"/ai-route {SUMMARISER} set")
    assert shown.view is not None
    return shown.view


def filled(**words: str) -> Json:
    """Return inputs as Slack sends them."""
    return {name: {VALUE: {"value": text}} for name, text in words.items()}


async def test_edited_values_of_route_buttons_change_nothing(routed: Attacked) -> None:
    before = routed.records

    problems = {
        (act, repr(value)): await press(routed, LEAD, act, value)
        for act in ACTS
        for value in HOSTILE
    }

    assert {what: problem for what, problem in problems.items() if problem} == {}
    assert "Something failed inside" not in routed.heard(LEAD)
    assert routed.records == before


async def test_every_press_is_judged_by_who_presses(routed: Attacked) -> None:
    before = routed.records

    for act, value in (
        ("route_hold", "summariser:r2"),
        ("route_cancel", "summariser:r2"),
        ("route_rollback", "summariser:r1:r2"),
        ("route_serve", "summariser:r1:r2"),
    ):
        await press(routed, NEW, act, value)

    assert "does not allow `route`" in routed.heard(NEW)
    assert "does not allow `rollback`" in routed.heard(NEW)
    assert routed.records == before


async def test_a_way_back_edited_to_another_than_the_last_good_one_goes_nowhere(
    routed: Attacked,
) -> None:
    await once_served(routed.world)
    before = routed.records

    await press(routed, ONCALL, "route_rollback", "summariser:r1:r2")

    assert "r1 is the last good revision of `summariser` by now, not r2" in routed.heard(ONCALL)
    assert "Back to r2: `/ai-rollback summariser to r2`" in routed.heard(ONCALL)
    assert routed.records == before


async def test_a_broken_glass_never_serves_what_is_not_approved(routed: Attacked) -> None:
    declared = staged(extra={"approved": ["openai/gpt-5.2", "anthropic/claude-sonnet-5"]})
    await routed.world.declare(declared)
    before = routed.records

    await press(routed, ONCALL, "route_serve", "summariser:r1:r2")

    assert "is not approved any more" in routed.heard(ONCALL)
    assert routed.records == before


async def test_a_reason_that_somebody_else_typed_is_not_put_into_ones_mouth(
    routed: Attacked,
) -> None:
    await routed.world.declare(staged(extra={"gates": [GATE]}))
    await once_served(routed.world)
    text = f"/ai-rollback {SUMMARISER} to r2 the words of Mara"
    asked = await routed.house.slack.slash(ONCALL, HERE, text)
    value = asked.blocks[-1]["elements"][0]["value"]

    await press(routed, SUPPORT, "route_serve", value)

    assert "Rolled back" in routed.heard(SUPPORT)
    assert "the words of Mara" not in routed.heard(SUPPORT)


async def test_a_replayed_press_is_one_effect(routed: Attacked) -> None:
    payload = routed.click(LEAD, await routed.card(("route_cancel:0", "summariser:r2")))
    later = copy.deepcopy(payload) | {"action_ts": "1.0"}

    await routed.forge(payload)
    entries = len(routed.world.server.lines)
    await routed.forge(later)

    assert len(routed.world.server.lines) == entries


async def test_edited_metadata_of_the_form_changes_nothing(routed: Attacked) -> None:
    view = await form(routed)
    before = routed.records
    answers = []
    ours = "support-copilot:r1:r1"  # a form that Ines might as well have opened
    edited = [one for one in HOSTILE if one != ours]
    for number, metadata in enumerate((*edited, "summariser:r1:r1", "summariser:r9:r2")):
        payload = routed.submission(LEAD, view, filled(models="openai/gpt-5-mini", prompt="p@7"))
        payload["view"] |= {"private_metadata": metadata, "hash": f"{number}.x"}
        answers.append(await routed.forge(payload))

    assert {answer.problem for answer in answers} == {""}
    assert {answer.body["response_action"] for answer in answers} == {"update"}
    assert "Something failed inside" not in str([answer.body for answer in answers])
    assert routed.records == before


async def test_a_form_moved_to_a_workflow_of_tier_1_still_serves_nobody(routed: Attacked) -> None:
    await stored(routed.world, COPILOT)
    view = await form(routed)
    payload = routed.submission(LEAD, view, filled(models="openai/gpt-5-mini", prompt="p@7"))
    payload["view"]["private_metadata"] = "support-copilot:r1:r2"

    answer = await routed.forge(payload)

    assert "Stored as r3 for `support-copilot`" in str(answer.body)
    assert routed.world.store.state.routing(COPILOT).active == 1
    assert routed.world.store.state.routing(COPILOT).candidate is None


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {Field.MODELS: 3},
        {Field.MODELS: {VALUE: ["openai/gpt-5-mini"]}},
        filled(models=""),
        filled(models="x" * 9_000),
        filled(models="openai/gpt-6\u202e"),
        filled(models="openai/gpt-5.2", params="a=" + "9" * 500),
        {Field.STRATEGY: {VALUE: {"selected_option": {"value": "<!channel>"}}}},
        {Field.STRATEGY: {VALUE: {"selected_option": [1]}}},
    ],
    ids=str,
)
async def test_edited_inputs_are_refused_in_words(routed: Attacked, values: Any) -> None:
    view = await form(routed)
    before = routed.records
    payload = routed.submission(LEAD, view, {})
    payload["view"]["state"] = values if values is None else {"values": values}

    answer = await routed.forge(payload)

    assert answer.problem == ""
    assert answer.body.get("response_action") in ("errors", "update")
    assert "Something failed inside" not in str(answer.body)
    assert routed.records == before


async def test_somebody_elses_form_is_sent_as_whoever_sends_it(routed: Attacked) -> None:
    view = await form(routed)
    before = routed.records
    payload = routed.submission(ONCALL, view, filled(models="openai/gpt-5-mini", prompt="p@7"))

    answer = await routed.forge(payload)

    assert "does not allow `route`" in str(answer.body)
    assert routed.records == before
