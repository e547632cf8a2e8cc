"""Payloads that no Slack ever sent for this app: unknown ids, old kinds, broken shapes. None does anything."""

from collections.abc import Callable

import pytest

from opsbot.workbench.slack.model import Json
from tests.slack.forged import HERE, ONCALL, Attacked, _attacked, _no_crash

__all__ = ["_attacked", "_no_crash"]

ACTIONS = (
    "evil",
    "restore:99999999",
    "restore:0;drop",
    "RESTORE:0",
    "confirm_kill_modal",
    "restore:0\n",
    "x" * 255,
)


async def test_unknown_actions_are_answered_and_do_nothing(attacked: Attacked) -> None:
    before = attacked.records
    card = await attacked.card(("restore:0", "K-1"))
    for action in ACTIONS:
        payload = attacked.click(ONCALL, card)
        payload["actions"][0]["action_id"] = action

        answer = await attacked.forge(payload)

        assert (action, answer.problem) == (action, "")

    assert attacked.heard(ONCALL).count("older version of opsbot") == len(ACTIONS)
    assert attacked.records == before


def _no_actions(payload: Json) -> None:
    payload["actions"] = []


def _no_id(payload: Json) -> None:
    del payload["actions"][0]["action_id"]


def _odd_id(payload: Json) -> None:
    payload["actions"][0]["action_id"] = None


def _odd_actions(payload: Json) -> None:
    payload["actions"] = "restore:0"


def _odd_type(payload: Json) -> None:
    payload["type"] = "evil"


def _an_options_request(payload: Json) -> None:
    payload |= {"type": "block_suggestion", "action_id": "restore:0", "value": "x"}
    payload |= {"block_id": "target"}
    del payload["actions"]


def _an_old_dialog(payload: Json) -> None:
    payload |= {"type": "dialog_submission", "callback_id": "kill_modal", "submission": {}}


def _an_old_attachment(payload: Json) -> None:
    payload |= {"type": "interactive_message", "callback_id": "restore:0"}


def _a_workflow_step(payload: Json) -> None:
    payload |= {"type": "workflow_step_edit", "callback_id": "kill_modal"}


def _no_user(payload: Json) -> None:
    del payload["user"]


def _user_of_old(payload: Json) -> None:
    payload["user"] = "U0ONCALL"


def _a_command_of_an_odd_type(payload: Json) -> None:
    payload["command"] = ["/ai-kill"]
    del payload["type"]


def _no_view(payload: Json) -> None:
    payload |= {"type": "view_submission", "view": None}


def _unknown_view(payload: Json) -> None:
    view = {"type": "modal", "id": "V1", "callback_id": "evil", "private_metadata": "K-1"}
    payload |= {"type": "view_submission", "view": view}


def _unknown_shortcut(payload: Json) -> None:
    payload |= {"type": "shortcut", "callback_id": "evil"}


MADE_UP = (
    _no_actions, _no_id, _odd_id, _odd_actions, _odd_type, _an_options_request, _an_old_dialog,
    _an_old_attachment, _a_workflow_step, _no_view, _unknown_view, _unknown_shortcut, _no_user,
    _user_of_old, _a_command_of_an_odd_type,
)  # fmt: skip


@pytest.mark.parametrize("edit", MADE_UP, ids=lambda edit: edit.__name__)
async def test_made_up_payloads_are_acknowledged_and_do_nothing(
    attacked: Attacked, edit: Callable[[Json], None]
) -> None:
    before = attacked.records
    payload = attacked.click(ONCALL, await attacked.card(("restore:0", "K-1")))
    edit(payload)

    answer = await attacked.forge(payload)
    works = await attacked.house.slack.slash(ONCALL, HERE, "/ai-status")

    assert answer.problem == ""
    assert attacked.records == before
    assert "1 active kill" in works.text


UNREADABLE: tuple[Json, ...] = (
    {"user": 7},
    {"team": ["T0HOME"]},
    {"enterprise": 1},
    {"type": "event_callback", "event": [], "event_id": None},
    {"type": "event_callback", "event": {"type": "app_home_opened"}, "authorizations": [7]},
)


@pytest.mark.parametrize("edit", UNREADABLE, ids=str)
async def test_what_bolt_cannot_read_is_turned_away_at_the_door(
    attacked: Attacked, edit: Json
) -> None:
    before = attacked.records
    payload = attacked.click(ONCALL, await attacked.card(("restore:0", "K-1"))) | edit

    answer = await attacked.forge(payload)
    works = await attacked.house.slack.slash(ONCALL, HERE, "/ai-status")

    by_http = attacked.house.slack.deliver_by == "http"
    assert answer.problem == ("http_service_error" if by_http else "")
    assert attacked.records == before
    assert "1 active kill" in works.text
