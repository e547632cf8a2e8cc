"""
Payloads that somebody edited or replayed, through real bolt to the real use cases.

Each is acknowledged, answered kindly, and changes nothing that policy would not let the clicker do.
"""

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest

from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.slack.ids import VALUE, Field, Modal
from opsbot.workbench.slack.model import Json
from tests.slack.conftest import known
from tests.slack.forged import COPILOT, HERE, LEAD, NEW, ONCALL, Attacked, _attacked, _no_crash
from tests.support.wait import eventually
from tests.support.world import INES, MARA

__all__ = ["_attacked", "_no_crash"]

ELSEWHERE = "G0CLOSED"
SUMMARISER = Target("workflow", "summariser")
HOSTILE: tuple[Any, ...] = (
    "",
    "K-2",
    "A-99",
    "ask:slack:0",
    "all",
    "live",
    "__proto__",
    "../../etc/passwd",
    "<!channel> <@U0ADMIN>",
    "\u202e\x00\r\n",
    '{"verb": "restore", "confirmed": true}',
    "K-" + "9" * 400,
    "\u0660-1",
    "x" * 3_000,
    7,
    None,
    ["K-1"],
    {"value": "K-1"},
)


async def press_each(attacked: Attacked, user: str, acts: tuple[str, ...]) -> None:
    """Press each button once with every hostile value; all are acknowledged and none fails inside."""
    card = await attacked.card(*((f"{act}:{n}", "K-1") for n, act in enumerate(acts)))
    problems = {}
    for index, act in enumerate(acts):
        for value in HOSTILE:
            payload = attacked.click(user, card, index)
            payload["actions"][0]["value"] = value
            problems[act, repr(value)] = (await attacked.forge(payload)).problem
    assert {what: problem for what, problem in problems.items() if problem} == {}
    assert "Something failed inside" not in attacked.heard(user)


async def test_edited_values_of_buttons_change_nothing_for_an_outsider(
    attacked: Attacked,
) -> None:
    before = attacked.records

    await press_each(
        attacked,
        NEW,
        ("restore", "approve", "refuse", "stop_completely", "adopt", "question", "retry"),
    )

    assert attacked.records == before


async def test_edited_values_of_buttons_never_lift_what_needs_two(attacked: Attacked) -> None:
    await attacked.world.bot.stop_completely("K-1", MARA, request_id="stop")

    await press_each(attacked, ONCALL, ("restore", "approve", "confirm_kill", "status"))

    assert attacked.standing == {"K-1": "stop"}


async def test_an_approval_of_ones_own_is_refused_however_the_button_came(
    attacked: Attacked,
) -> None:
    await attacked.world.bot.stop_completely("K-1", MARA, request_id="stop")
    await attacked.world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="ask")
    payload = attacked.click(ONCALL, await attacked.card(("approve:0", "A-1")))
    payload["user"] |= {"name": "ines", "username": "ines"}

    await attacked.forge(payload)

    assert attacked.standing == {"K-1": "stop"}
    assert "Who asked cannot approve" in attacked.heard(ONCALL)


async def test_edited_metadata_reaches_no_other_kill(attacked: Attacked) -> None:
    await attacked.world.bot.kill(KillRequest(SUMMARISER), INES, request_id="second")
    await attacked.forge(attacked.click(NEW, await attacked.card(("give_reason:0", "K-1"))))
    view = await eventually(lambda: attacked.house.slack.workspace.top(NEW))
    assert view is not None
    before = attacked.records
    answers = []
    for number, metadata in enumerate(HOSTILE):
        payload = attacked.submission(NEW, view, {Field.REASON: {VALUE: {"value": "mine now"}}})
        payload["view"] |= {"private_metadata": metadata, "hash": f"{number}.x"}
        answers.append(await attacked.forge(payload))

    assert {answer.problem for answer in answers} == {""}
    assert {answer.body["response_action"] for answer in answers} == {"update"}
    assert "Something failed inside" not in str([answer.body for answer in answers])
    assert attacked.records == before


async def test_somebody_elses_question_is_answered_as_whoever_presses(attacked: Attacked) -> None:
    asked = await attacked.house.slack.slash(LEAD, HERE, "/ai-kill all mode:stop leak")
    key = str(asked.blocks[-1]["elements"][0]["value"])
    before = attacked.records
    card = await attacked.card(("confirm_kill:0", key))

    answer = await attacked.forge(attacked.click(NEW, card))

    assert answer.problem == ""
    assert "Without a role" in attacked.heard(NEW)
    assert attacked.records == before


STATES: tuple[tuple[str, Any], ...] = (
    ("no state", None),
    ("a list", []),
    ("a live mode", {Field.OTHER: {VALUE: {"value": "summariser"}}, Field.MODE: {VALUE: {"selected_option": {"value": "live"}}}}),
    ("no such mode", {Field.OTHER: {VALUE: {"value": "summariser"}}, Field.MODE: {VALUE: {"selected_option": {"value": "<!channel>"}}}}),
    ("a mode of the wrong type", {Field.OTHER: {VALUE: {"value": "nothing-declared"}}, Field.MODE: {VALUE: {"selected_option": [1]}}}),
    ("a target that was not offered", {Field.TARGET: {VALUE: {"selected_option": {"value": "K-1"}}}}),
    ("a target with options in it", {Field.TARGET: {VALUE: {"selected_option": {"value": "summariser mode:stop reason: x"}}}}),
    ("a target of the wrong type", {Field.TARGET: {VALUE: ["summariser"]}}),
    ("a number for a block", {Field.TARGET: 3, Field.OTHER: None}),
    ("two targets", {Field.TARGET: {VALUE: {"selected_option": {"value": "all"}}}, Field.OTHER: {VALUE: {"value": "summariser"}}}),
    ("a very long target", {Field.OTHER: {VALUE: {"value": "x" * 9_000}}}),
    ("hidden characters", {Field.OTHER: {VALUE: {"value": "\u202e\x00\ud800"}}}),
    ("options of the wrong type", {Field.GLASS: {VALUE: {"selected_options": [None, 7, {"value": []}]}}}),
)  # fmt: skip


async def test_edited_inputs_are_refused_in_words(attacked: Attacked) -> None:
    view = await attacked.form()
    before = attacked.records
    answers = {}
    for name, values in STATES:
        payload = attacked.submission(ONCALL, view, {})
        payload["view"] |= {"hash": name, "state": values and {"values": values}}
        answers[name] = await attacked.forge(payload)

    assert {answer.problem for answer in answers.values()} == {""}
    said = {name: answer.body.get("response_action") for name, answer in answers.items()}
    assert {
        name: action for name, action in said.items() if action not in ("errors", "update")
    } == {}
    assert "Something failed inside" not in str([answer.body for answer in answers.values()])
    assert attacked.records == before


async def test_a_wide_target_slipped_into_the_form_still_asks_first(attacked: Attacked) -> None:
    view = await attacked.form()
    typed: Json = {Field.OTHER: {VALUE: {"value": "provider:openai"}}}

    answer = await attacked.forge(attacked.submission(ONCALL, view, typed))

    assert answer.body["view"]["callback_id"] == Modal.CONFIRM_KILL
    assert attacked.standing == {"K-1": "no_tools"}


def _foreign_user(payload: Json) -> None:
    payload["user"]["team_id"] = "T0EVIL"


def _foreign_team(payload: Json) -> None:
    payload["team"] = {"id": "T0EVIL", "domain": "evil"}
    del payload["user"]["team_id"]


def _no_team(payload: Json) -> None:
    del payload["team"], payload["user"]["team_id"]


def _odd_team(payload: Json) -> None:
    payload["user"]["team_id"] = ["T0HOME"]
    payload["team"] = "T0HOME"


@pytest.mark.parametrize("edit", [_foreign_user, _foreign_team, _no_team, _odd_team])
async def test_a_foreign_or_missing_team_is_refused(
    attacked: Attacked, edit: Callable[[Json], None]
) -> None:
    before = attacked.records
    payload = attacked.click(ONCALL, await attacked.card(("restore:0", "K-1")))
    edit(payload)

    answer = await attacked.forge(payload)

    assert answer.problem == ""
    assert "another workspace" in attacked.heard(ONCALL)
    assert attacked.records == before


async def test_a_foreigner_with_the_home_team_written_in_is_found_out(attacked: Attacked) -> None:
    before = attacked.records
    attacked.house.slack.workspace.channels[HERE].members.add("U0FOREIGN")
    await known(attacked.house, "U0FOREIGN")
    payload = attacked.click("U0FOREIGN", await attacked.card(("stop_completely:0", "K-1")))
    payload["user"]["team_id"] = "T0HOME"

    await attacked.forge(payload)

    assert "another workspace" in attacked.heard("U0FOREIGN")
    assert attacked.records == before


@pytest.mark.parametrize("user", ["U0NOBODY", "", None, 7, ["U0ONCALL"]])
async def test_a_user_whom_slack_does_not_know_changes_nothing(
    attacked: Attacked, user: object
) -> None:
    before = attacked.records
    payload = attacked.click(ONCALL, await attacked.card(("restore:0", "K-1")))
    payload["user"]["id"] = user

    answer = await attacked.forge(payload)

    assert answer.problem == ""
    assert attacked.records == before


async def test_another_users_modal_is_submitted_as_whoever_submits(attacked: Attacked) -> None:
    view = await attacked.form(ONCALL)
    await known(attacked.house, "U0GUEST")
    before = attacked.records
    typed: Json = {Field.OTHER: {VALUE: {"value": "summariser"}}}

    refused = await attacked.forge(attacked.submission(NEW, view, typed))
    guest = await attacked.forge(attacked.submission("U0GUEST", view, typed))

    assert "role does not allow" in str(refused.body)
    assert "Guests cannot use the kill switch" in str(guest.body)
    assert attacked.records == before


async def test_a_replayed_submission_is_one_kill_and_an_edited_one_none(
    attacked: Attacked,
) -> None:
    view = await attacked.form()
    payload = attacked.submission(ONCALL, view, {Field.OTHER: {VALUE: {"value": "summariser"}}})
    edited = copy.deepcopy(payload)
    edited["view"]["state"]["values"][Field.OTHER][VALUE]["value"] = "support-copilot"
    edited["view"]["state"]["values"][Field.MODE] = {VALUE: {"selected_option": {"value": "stop"}}}

    first = await attacked.forge(payload)
    after = attacked.records
    again = await attacked.forge(payload)
    other = await attacked.forge(edited)

    assert "Model calls blocked for `summariser`" in str(first.body)
    assert attacked.standing == {"K-1": "no_tools", "K-2": "stop"}
    assert attacked.records == after
    # Over HTTP a signature of the same second is refused at the door; else the request id says it.
    assert again.problem in ("", "http_service_error")
    assert "done before" in str(other.body)


async def test_a_replayed_press_is_one_effect(attacked: Attacked) -> None:
    payload = attacked.click(ONCALL, await attacked.card(("stop_completely:0", "K-1")))
    later = copy.deepcopy(payload) | {"action_ts": "1.0"}

    await attacked.forge(payload)
    entries = len(attacked.world.server.lines)
    await asyncio.gather(attacked.forge(later), attacked.forge(later))

    assert attacked.standing == {"K-1": "stop"}
    assert len(attacked.world.server.lines) == entries


async def test_odd_surroundings_of_a_press_are_no_matter(attacked: Attacked) -> None:
    before = attacked.records
    payload = attacked.click(NEW, await attacked.card(("restore:0", "K-1")))
    payload |= {"container": "message", "channel": None, "message": [], "trigger_id": 3}

    answer = await attacked.forge(payload)

    assert answer.problem == ""
    assert "role does not allow restoring" in attacked.heard(NEW)
    assert attacked.records == before


async def test_a_press_on_a_message_of_another_channel_is_the_clickers_own(
    attacked: Attacked,
) -> None:
    await attacked.world.bot.stop_completely("K-1", MARA, request_id="stop")
    before = attacked.records
    payload = attacked.click(NEW, await attacked.card(("restore:0", "K-1")))
    payload["container"]["channel_id"] = payload["channel"]["id"] = ELSEWHERE
    payload["container"]["message_ts"] = "1.000001"

    answer = await attacked.forge(payload)

    assert answer.problem == ""
    assert "role does not allow restoring" in attacked.heard(NEW)
    assert attacked.records == before
    assert attacked.house.slack.seen_by(ONCALL, ELSEWHERE) == []


async def test_an_answer_goes_to_no_address_but_slacks(attacked: Attacked) -> None:
    hits: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(await reader.read(10))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        payload = attacked.click(ONCALL, await attacked.card(("status:0", "support-copilot")))
        payload["response_url"] = f"http://127.0.0.1:{port}/response/x"

        answer = await attacked.forge(payload)

    assert answer.problem == ""
    assert hits == []


async def test_a_command_with_edited_fields_is_nobodys(attacked: Attacked) -> None:
    workspace, before = attacked.house.slack.workspace, attacked.records
    payload = attacked.house.slack.payloads.command(
        workspace.person(ONCALL), workspace.channels[HERE], "/ai-restore", "support-copilot"
    )

    foreign = await attacked.forge({**payload, "team_id": "T0EVIL"}, "slash_commands")
    unknown = await attacked.forge({**payload, "command": "/ai-evil"}, "slash_commands")
    nobody = await attacked.forge({**payload, "user_id": "U0NOBODY"}, "slash_commands")

    assert "another workspace" in str(foreign.body)
    assert "does not know that command" in str(unknown.body)
    assert "Slack did not say in time who you are" in str(nobody.body)
    assert attacked.records == before


async def test_what_is_refused_is_not_in_the_way_of_who_may(attacked: Attacked) -> None:
    card = await attacked.card(("stop_completely:0", "K-1"))
    await attacked.forge(attacked.click(NEW, card))

    await attacked.forge(attacked.click(ONCALL, card))

    assert attacked.standing == {"K-1": "stop"}
