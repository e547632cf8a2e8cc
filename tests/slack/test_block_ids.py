"""A press counts as long as a button that does the very same still stands in the message."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.said import Button, Said
from opsbot.slack.block_ids import named
from opsbot.slack.blocks import said_blocks

KILL = Button("kill", "Kill support-copilot", "RUN-1:4", "danger", "It reached 11 instances.")


def card(*buttons: Button, title: str = "Stop it", more: tuple[Button, ...] = ()) -> dict[str, str]:
    """Return the id of the block below which each press stands."""
    blocks = named(said_blocks(Said("plain", title, ("one line",), buttons=buttons, more=more)))
    return {
        element["action_id"]: str(block["block_id"])
        for block in blocks
        for element in pressed(block)
    }


def pressed(block: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the elements of a block that can be pressed."""
    found = [block.get("accessory"), *(block["elements"] if block["type"] == "actions" else ())]
    return [one for one in found if one and "action_id" in one]


def test_other_words_around_a_button_leave_its_id() -> None:
    said_since = Button("kill", "Kill it", "RUN-1:4", "", "It reached 12 instances.")

    assert card(said_since, title="Stop it now") == card(KILL)


def test_a_button_that_does_something_else_has_another_id() -> None:
    one = card(KILL)

    assert card(Button("kill", KILL.label, "RUN-1:5")) != one
    assert card(KILL, Button("skip", "Skip", "RUN-1")) != one
    assert card(KILL, more=(Button("note", "Note", "RUN-1"),)) != one
    assert card(KILL, more=(Button("note", "Note", "RUN-1"),)) != card(
        KILL, more=(Button("note", "Note", "RUN-2"),)
    )


def test_text_has_no_id_and_an_id_that_a_form_needs_stays() -> None:
    text = {"type": "section", "text": {"type": "mrkdwn", "text": "words"}}
    field = {"type": "input", "block_id": "why", "element": {"action_id": "why"}}

    assert named([text, field]) == [text, field]


@given(st.lists(st.sampled_from(("a", "b")), max_size=8))
def test_an_id_is_there_once_in_a_message(values: list[str]) -> None:
    rows = [
        {"type": "actions", "elements": [{"type": "button", "action_id": "x", "value": value}]}
        for value in values
    ]

    ids = [block["block_id"] for block in named(rows)]

    assert len(set(ids)) == len(rows)
