"""States of Block Kit elements as Slack reports them, and what its client refuses."""

from itertools import count
from typing import Any

import pytest

from opsbot.workbench.slack import CannotDo
from opsbot.workbench.slack.elements import find, keeping_ids, state, unfilled, with_ids

Json = dict[str, Any]
OPTIONS = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("a", "b")]


def asked(element: Json, **more: Any) -> list[Json]:
    label = {"type": "plain_text", "text": "x"}
    block = {"type": "input", "block_id": "b", "label": label, **more}
    return [{**block, "element": {"action_id": "e", **element}}]


def row(element: Json, **chosen: Any) -> Json:
    values = {"b": {"e": chosen["value"]}} if chosen else {}
    return dict(state(asked(element), values)["values"]["b"]["e"])


@pytest.mark.parametrize(
    ("element", "value", "reported"),
    [
        ({"type": "plain_text_input"}, "hi", {"value": "hi"}),
        ({"type": "static_select", "options": OPTIONS}, "b", {"selected_option": OPTIONS[1]}),
        ({"type": "checkboxes", "options": OPTIONS}, ["a"], {"selected_options": [OPTIONS[0]]}),
        ({"type": "multi_static_select", "option_groups": [{"options": OPTIONS}]}, ["a"], {"selected_options": [OPTIONS[0]]}),
        ({"type": "users_select"}, "U1", {"selected_user": "U1"}),
        ({"type": "multi_users_select"}, ["U1"], {"selected_users": ["U1"]}),
        ({"type": "conversations_select"}, "C1", {"selected_conversation": "C1"}),
        ({"type": "datepicker"}, "2026-11-21", {"selected_date": "2026-11-21"}),
        ({"type": "timepicker"}, "14:30", {"selected_time": "14:30"}),
        ({"type": "datetimepicker"}, 1_700_000_000, {"selected_date_time": 1_700_000_000}),
        ({"type": "external_select"}, "z", {"selected_option": {"text": {"type": "plain_text", "text": "z"}, "value": "z"}}),
    ],
)  # fmt: skip
def test_a_choice_is_reported_under_its_elements_key(
    element: Json, value: Any, reported: Json
) -> None:
    assert row(element, value=value) == {"type": element["type"], **reported}


def test_an_untouched_element_reports_its_initial_value() -> None:
    assert row({"type": "plain_text_input", "initial_value": "hi"})["value"] == "hi"
    assert row({"type": "plain_text_input"})["value"] is None
    select = {"type": "static_select", "options": OPTIONS, "initial_option": OPTIONS[0]}
    assert row(select)["selected_option"] == OPTIONS[0]


def test_what_is_not_offered_cannot_be_chosen() -> None:
    with pytest.raises(CannotDo, match="no_such_option"):
        row({"type": "static_select", "options": OPTIONS}, value="z")
    with pytest.raises(CannotDo, match="no_such_input"):
        state(asked({"type": "plain_text_input"}), {"other": {"e": "x"}})


@pytest.mark.parametrize(
    ("element", "value", "said"),
    [
        ({"type": "plain_text_input"}, "", "Please complete this required field."),
        ({"type": "plain_text_input", "max_length": 2}, "abc", "Please use at most 2 characters."),
        ({"type": "plain_text_input", "min_length": 4}, "abc", "Please use at least 4 characters."),
        ({"type": "checkboxes", "options": OPTIONS}, [], "Please complete this required field."),
    ],
)
def test_the_client_refuses_what_slacks_client_refuses(
    element: Json, value: Any, said: str
) -> None:
    blocks = asked(element)

    assert unfilled(blocks, state(blocks, {"b": {"e": value}})) == {"b": said}


def test_an_optional_input_may_stay_empty() -> None:
    blocks = asked({"type": "plain_text_input"}, optional=True)

    assert unfilled(blocks, state(blocks, {})) == {}


def test_missing_ids_are_filled_in_everywhere_but_on_images() -> None:
    fresh = map(str, count())
    button = {"type": "button"}
    blocks: list[Json] = [
        {"type": "actions", "elements": [button, button]},
        {"type": "section", "accessory": {"type": "image"}},
        {"type": "section", "accessory": button},
    ]

    filled = with_ids(blocks, fresh)

    assert filled[0] == {
        "type": "actions",
        "block_id": "0",
        "elements": [{**button, "action_id": "1"}, {**button, "action_id": "2"}],
    }
    assert "action_id" not in filled[1]["accessory"]
    assert find(filled, filled[2]["accessory"]["action_id"])[0] == filled[2]


def test_an_edit_keeps_the_id_of_every_block_that_says_the_same_once() -> None:
    said = [{"type": "section", "text": text} for text in ("a", "b", "b", "c")]
    before = with_ids(said, map(str, count()))
    again = with_ids([said[3], said[1], said[1], said[1], said[0]], map(str, count(10)))

    kept = keeping_ids(again, before)

    assert [one["block_id"] for one in kept] == ["3", "1", "2", "13", "0"]
