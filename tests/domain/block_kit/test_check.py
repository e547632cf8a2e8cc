"""The Block Kit checker against a corpus of valid and broken messages, modals and Home views."""

from typing import Any

import pytest

from opsbot.domain.block_kit.check import Violation, check_blocks, check_message, check_view

Json = dict[str, Any]


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(), "action_id": "a", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(text: str = "x", value: str = "v", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def options(count: int) -> list[Json]:
    return [option(value=f"v{i}") for i in range(count)]


def static(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", "options": options(2), **more}


def field(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain(), "element": element, **more}


TEXT_INPUT: Json = {"type": "plain_text_input", "action_id": "t"}
CONFIRM = {"title": plain(), "text": plain(), "confirm": plain(), "deny": plain()}
TABLE: Json = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
CARD: Json = {"type": "card", "title": plain(), "body": mrkdwn()}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(), "blocks": list(blocks), **more}


BROKEN: list[tuple[str, list[Json], str, str]] = [
    ("51 blocks", [section()] * 51, "/blocks", "too_many"),
    ("section text", [{"type": "section", "text": mrkdwn("x" * 3001)}], "/blocks/0/text/text", "too_long"),
    ("empty section text", [{"type": "section", "text": mrkdwn("")}], "/blocks/0/text/text", "too_short"),
    ("section of nothing", [{"type": "section"}], "/blocks/0", "one_of"),
    ("11 fields", [section(fields=[mrkdwn()] * 11)], "/blocks/0/fields", "too_many"),
    ("field text", [section(fields=[mrkdwn("x" * 2001)])], "/blocks/0/fields/0/text", "too_long"),
    ("header text", [{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text/text", "too_long"),
    ("header mrkdwn", [{"type": "header", "text": mrkdwn()}], "/blocks/0/text/type", "unsupported_type"),
    ("header without text", [{"type": "header"}], "/blocks/0", "missing_field"),
    ("11 context elements", [{"type": "context", "elements": [mrkdwn()] * 11}], "/blocks/0/elements", "too_many"),
    ("context button", [{"type": "context", "elements": [button()]}], "/blocks/0/elements/0/type", "unsupported_type"),
    ("empty actions", [actions()], "/blocks/0/elements", "too_few"),
    ("26 actions", [actions(*[button(action_id=f"a{i}") for i in range(26)])], "/blocks/0/elements", "too_many"),
    ("button text", [actions(button(text=plain("x" * 76)))], "/blocks/0/elements/0/text/text", "too_long"),
    ("button mrkdwn", [actions(button(text=mrkdwn()))], "/blocks/0/elements/0/text/type", "unsupported_type"),
    ("button value", [actions(button(value="x" * 2001))], "/blocks/0/elements/0/value", "too_long"),
    ("button url", [actions(button(url="x" * 3001))], "/blocks/0/elements/0/url", "too_long"),
    ("button style", [actions(button(style="green"))], "/blocks/0/elements/0/style", "not_allowed"),
    ("accessibility label", [actions(button(accessibility_label="x" * 76))], "/blocks/0/elements/0/accessibility_label", "too_long"),
    ("action id", [actions(button(action_id="x" * 256))], "/blocks/0/elements/0/action_id", "too_long"),
    ("block id", [section(block_id="x" * 256)], "/blocks/0/block_id", "too_long"),
    ("twice an action id", [actions(button(), button())], "/blocks/0/elements/1/action_id", "duplicate_action_id"),
    ("twice a block id", [section(block_id="b"), section(block_id="b")], "/blocks/1/block_id", "duplicate_block_id"),
    ("confirm title", [actions(button(confirm={**CONFIRM, "title": plain("x" * 101)}))], "/blocks/0/elements/0/confirm/title/text", "too_long"),
    ("confirm text", [actions(button(confirm={**CONFIRM, "text": plain("x" * 301)}))], "/blocks/0/elements/0/confirm/text/text", "too_long"),
    ("confirm deny", [actions(button(confirm={**CONFIRM, "deny": plain("x" * 31)}))], "/blocks/0/elements/0/confirm/deny/text", "too_long"),
    ("confirm without text", [actions(button(confirm={"title": plain()}))], "/blocks/0/elements/0/confirm", "missing_field"),
    ("101 options", [actions(static(options=options(101)))], "/blocks/0/elements/0/options", "too_many"),
    ("option text", [actions(static(options=[option("x" * 76)]))], "/blocks/0/elements/0/options/0/text/text", "too_long"),
    ("option value", [actions(static(options=[option(value="x" * 151)]))], "/blocks/0/elements/0/options/0/value", "too_long"),
    ("option description", [actions(static(options=[option(description=plain("x" * 76))]))], "/blocks/0/elements/0/options/0/description/text", "too_long"),
    ("twice an option", [actions(static(options=[option(), option()]))], "/blocks/0/elements/0/options", "duplicate_option"),
    ("options and groups", [actions(static(option_groups=[]))], "/blocks/0/elements/0", "one_of"),
    ("stray initial option", [actions(static(initial_option=option(value="no")))], "/blocks/0/elements/0", "initial_option"),
    ("placeholder", [actions(static(placeholder=plain("x" * 151)))], "/blocks/0/elements/0/placeholder/text", "too_long"),
    ("6 overflow options", [actions({"type": "overflow", "options": options(6)})], "/blocks/0/elements/0/options", "too_many"),
    ("11 radio buttons", [actions({"type": "radio_buttons", "options": options(11)})], "/blocks/0/elements/0/options", "too_many"),
    ("11 checkboxes", [actions({"type": "checkboxes", "options": options(11)})], "/blocks/0/elements/0/options", "too_many"),
    ("text input among actions", [actions(TEXT_INPUT)], "/blocks/0/elements/0/type", "unsupported_type"),
    ("button as input", [field(button())], "/blocks/0/element/type", "unsupported_type"),
    ("input label", [field(TEXT_INPUT, label=plain("x" * 2001))], "/blocks/0/label/text", "too_long"),
    ("input hint", [field(TEXT_INPUT, hint=plain("x" * 2001))], "/blocks/0/hint/text", "too_long"),
    ("max_length", [field({**TEXT_INPUT, "max_length": 3001})], "/blocks/0/element/max_length", "out_of_range"),
    ("min over max", [field({**TEXT_INPUT, "min_length": 9, "max_length": 3})], "/blocks/0/element/min_length", "out_of_range"),
    ("image without alt", [{"type": "image", "image_url": "https://x"}], "/blocks/0", "missing_field"),
    ("image alt", [{"type": "image", "image_url": "https://x", "alt_text": "x" * 2001}], "/blocks/0/alt_text", "too_long"),
    ("image without source", [{"type": "image", "alt_text": "x"}], "/blocks/0", "one_of"),
    ("image title", [{"type": "image", "image_url": "u", "alt_text": "x", "title": plain("x" * 2001)}], "/blocks/0/title/text", "too_long"),
    ("markdown", [{"type": "markdown", "text": "x" * 12_001}], "/blocks/0/text", "too_long"),
    ("markdown in sum", [{"type": "markdown", "text": "x" * 6_001}] * 2, "/blocks", "markdown_too_long"),
    ("two tables", [TABLE, TABLE], "/blocks", "too_many_tables"),
    ("101 table rows", [{**TABLE, "rows": TABLE["rows"] * 101}], "/blocks/0/rows", "too_many"),
    ("21 table columns", [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}], "/blocks/0/rows/0", "too_many"),
    ("13.2 k in sum", [section(text=mrkdwn("x" * 2900)) for _ in range(5)], "/blocks", "msg_blocks_too_long"),
    ("alert text", [{"type": "alert", "text": mrkdwn("x" * 201)}], "/blocks/0/text/text", "too_long"),
    ("card body", [{**CARD, "body": mrkdwn("x" * 201)}], "/blocks/0/body/text", "too_long"),
    ("11 cards", [{"type": "carousel", "elements": [CARD] * 11}], "/blocks/0/elements", "too_many"),
    ("unknown block", [{"type": "banner"}], "/blocks/0/type", "unsupported_type"),
    ("unknown key", [section(colour="red")], "/blocks/0/colour", "unknown_field"),
    ("unknown text key", [{"type": "section", "text": {**plain(), "verbatim": True}}], "/blocks/0/text/verbatim", "unknown_field"),
    ("text as string", [{"type": "section", "text": "hello"}], "/blocks/0/text", "wrong_type"),
    ("emoji as string", [{"type": "header", "text": {**plain(), "emoji": "yes"}}], "/blocks/0/text/emoji", "wrong_type"),
    ("block as string", ["hello"], "/blocks/0", "wrong_type"),  # type: ignore[list-item]  # on purpose
]  # fmt: skip

BROKEN_VIEWS: list[tuple[str, Json, str, str]] = [
    ("101 blocks", modal(*[section()] * 101), "/blocks", "too_many"),
    ("title", modal(title=plain("x" * 25)), "/title/text", "too_long"),
    ("title mrkdwn", modal(title=mrkdwn()), "/title/type", "unsupported_type"),
    ("no title", {"type": "modal", "blocks": []}, "", "missing_field"),
    ("submit", modal(submit=plain("x" * 25)), "/submit/text", "too_long"),
    ("close", modal(close=plain("x" * 25)), "/close/text", "too_long"),
    ("private metadata", modal(private_metadata="x" * 3001), "/private_metadata", "too_long"),
    ("callback id", modal(callback_id="x" * 256), "/callback_id", "too_long"),
    ("input without submit", modal(field(TEXT_INPUT)), "/submit", "missing_field"),
    ("markdown in a modal", modal({"type": "markdown", "text": "x"}), "/blocks/0/type", "unsupported_type"),
    ("table in a modal", modal(TABLE), "/blocks/0/type", "unsupported_type"),
    ("key of a modal", modal(colour="red"), "/colour", "unknown_field"),
    ("title of a Home tab", {"type": "home", "title": plain(), "blocks": []}, "/title", "unknown_field"),
    ("alert on a Home tab", {"type": "home", "blocks": [{"type": "alert", "text": mrkdwn()}]}, "/blocks/0/type", "unsupported_type"),
    ("type of a view", {"type": "window"}, "/type", "unsupported_type"),
    ("250 kB", modal(*[section(text=mrkdwn("x" * 2990)) for _ in range(90)]), "", "view_too_large"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "pointer", "code"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])  # fmt: skip
def test_a_broken_message_is_named_with_pointer_and_code(
    blocks: list[Json], pointer: str, code: str
) -> None:
    found = check_message({"text": "x", "blocks": blocks})

    assert (pointer, code) in {(one.pointer, one.code) for one in found}


@pytest.mark.parametrize(("view", "pointer", "code"), [row[1:] for row in BROKEN_VIEWS], ids=[row[0] for row in BROKEN_VIEWS])  # fmt: skip
def test_a_broken_view_is_named_with_pointer_and_code(view: Json, pointer: str, code: str) -> None:
    found = check_view(view)

    assert (pointer, code) in {(one.pointer, one.code) for one in found}


def test_limits_are_met_to_the_character() -> None:
    blocks = [
        {"type": "header", "text": plain("x" * 150)},
        section(text=mrkdwn("x" * 3000), accessory=static(placeholder=plain("x" * 150))),
        actions(button(text=plain("x" * 75), value="x" * 2000, confirm=CONFIRM)),
        {"type": "context", "elements": [mrkdwn()] * 10},
        field({**TEXT_INPUT, "max_length": 3000}),
        {"type": "divider"},
        TABLE,
        {"type": "alert", "text": mrkdwn(), "level": "warning"},
        {"type": "carousel", "elements": [CARD]},
    ]

    assert check_message({"text": "x" * 40_000, "blocks": blocks}) == []


def test_a_modal_and_a_home_tab_may_hold_a_hundred_blocks() -> None:
    many = [section(block_id=f"b{i}") for i in range(99)]

    assert check_view(modal(*many, field(TEXT_INPUT), submit=plain(), close=plain())) == []
    assert check_view({"type": "home", "blocks": many}) == []


def test_a_message_needs_something_to_say() -> None:
    assert check_message({}) == [Violation("/text", "no_text", "a message needs text or blocks")]
    assert check_message({"blocks": [{"type": "divider"}]}) == []


def test_text_over_the_cut_is_too_long() -> None:
    assert [one.code for one in check_message({"text": "x" * 40_001})] == ["msg_too_long"]
    assert [one.code for one in check_message({"text": 7})] == ["wrong_type"]


def test_blocks_that_are_no_list_are_named() -> None:
    assert [one.code for one in check_blocks({"type": "divider"}, surface="message")] == [
        "wrong_type"
    ]


def test_every_break_in_one_message_is_named_at_once() -> None:
    blocks = [section(colour="red"), {"type": "header", "text": plain("x" * 151)}]

    assert len(check_message({"blocks": blocks})) == 2


def test_pointers_escape_odd_keys() -> None:
    found = check_message({"blocks": [section(**{"a/b~c": 1})]})

    assert found[0].pointer == "/blocks/0/a~1b~0c"
