"""Ids, initial values and chosen values of Block Kit elements, as Slack reports them. Pure."""

from collections.abc import Iterator
from typing import Any

from opsbot.workbench.slack.model import Blocks, CannotDo, Json

Values = dict[str, dict[str, Any]]
ONE_OPTION = frozenset({"static_select", "external_select", "radio_buttons", "overflow"})
MANY_OPTIONS = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
KEYS = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
}
CLICKS = frozenset({"button", "icon_button", "feedback_buttons", "image"})


def with_ids(blocks: Blocks, fresh: Iterator[str]) -> Blocks:
    """Copy *blocks* with every missing block id and action id filled in, as Slack does."""
    filled = []
    for block in blocks:
        copy = {**block, "block_id": block.get("block_id") or next(fresh)}
        for name in ("accessory", "element"):
            if name in copy:
                copy[name] = _with_action_id(copy[name], fresh)
        if copy["type"] in ("actions", "context_actions"):
            copy["elements"] = [_with_action_id(one, fresh) for one in copy["elements"]]
        filled.append(copy)
    return filled


def keeping_ids(blocks: Blocks, before: Blocks) -> Blocks:
    """
    Return an edit's *blocks* with the block ids of *before* where a block says the very same.

    Somebody presses what stands there while something else of the message is edited: a press on a
    button that is still there unchanged counts. One that changed has another id, and none that was seen.
    """
    old = [(block["block_id"], _bare(block)) for block in before]
    kept = []
    for block in blocks:
        same = next((one for one in old if one[1] == _bare(block)), None)
        if same is not None:
            old.remove(same)
        kept.append(block if same is None else {**block, "block_id": same[0]})
    return kept


def _bare(block: Json) -> Json:
    return {name: value for name, value in block.items() if name != "block_id"}


def _with_action_id(element: Json, fresh: Iterator[str]) -> Json:
    if element["type"] == "image":
        return element
    return {**element, "action_id": element.get("action_id") or next(fresh)}


def actionable(blocks: Blocks) -> Iterator[tuple[Json, Json]]:
    """Walk the pairs of block and element that a person can act on."""
    for block in blocks:
        elements = [block[name] for name in ("accessory", "element") if name in block]
        if block["type"] in ("actions", "context_actions"):
            elements += block["elements"]
        yield from ((block, element) for element in elements if "action_id" in element)


def find(blocks: Blocks, action_id: str, block_id: str | None = None) -> tuple[Json, Json]:
    """
    Find the element with that *action_id* and its block.

    Raises:
        CannotDo: there is none, so nobody could have clicked it.
    """
    for block, element in actionable(blocks):
        if element["action_id"] == action_id and block_id in (None, block["block_id"]):
            return block, element
    raise CannotDo("no_such_element", f"nothing with action_id {action_id} is shown there")


def chosen(element: Json, value: Any) -> Json:
    """
    Describe *value* as that element's state.

    Raises:
        CannotDo: the element does not offer that value.
    """
    kind = element["type"]
    if kind in ONE_OPTION:
        picked = None if value is None else _option(element, value)
        return {"type": kind, "selected_option": picked}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": [_option(element, one) for one in value or []]}
    if kind in CLICKS:
        return {"type": kind, **({"value": element["value"]} if "value" in element else {})}
    return {"type": kind, KEYS.get(kind, "value"): value}


def _option(element: Json, value: Any) -> Json:
    if isinstance(value, dict):
        return value
    groups = element.get("option_groups", [])
    offered = [*element.get("options", []), *(o for g in groups for o in g["options"])]
    for option in offered:
        if option["value"] == value:
            return dict(option)
    if "external" in element["type"]:
        return {"text": {"type": "plain_text", "text": str(value)}, "value": str(value)}
    raise CannotDo("no_such_option", f"{value!r} is not offered by {element['action_id']}")


def initial(element: Json) -> Any:
    """Return the value an untouched element has."""
    if "initial_option" in element:
        return element["initial_option"]
    for key, value in element.items():
        if key.startswith("initial_"):
            return value
    return None


def state(blocks: Blocks, values: Values) -> Json:
    """
    Describe the state of all stateful elements: chosen *values*, else initial ones.

    Raises:
        CannotDo: a value names nothing that is shown, or is not offered.
    """
    described: dict[str, Json] = {}
    known = set()
    for block, element in actionable(blocks):
        known.add((block["block_id"], element["action_id"]))
        if element["type"] in CLICKS or element["type"] == "overflow":
            continue
        mine = values.get(block["block_id"], {})
        value = mine.get(element["action_id"], initial(element))
        described.setdefault(block["block_id"], {})[element["action_id"]] = chosen(element, value)
    strangers = {(b, a) for b, inner in values.items() for a in inner} - known
    if strangers:
        raise CannotDo("no_such_input", f"not shown there: {sorted(strangers)}")
    return {"values": described}


def unfilled(blocks: Blocks, described: Json) -> dict[str, str]:
    """Name the inputs that Slack's own client would refuse to submit, with what it says."""
    errors = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        row = described["values"][block["block_id"]][element["action_id"]]
        value = next((v for key, v in row.items() if key != "type"), None)
        if value in (None, "", []):
            if not block.get("optional"):
                errors[block["block_id"]] = "Please complete this required field."
        elif isinstance(value, str) and (said := _length(element, value)):
            errors[block["block_id"]] = said
    return errors


def _length(element: Json, value: str) -> str:
    if len(value) > element.get("max_length", 3000):
        return f"Please use at most {element.get('max_length', 3000)} characters."
    if len(value) < element.get("min_length", 0):
        return f"Please use at least {element['min_length']} characters."
    return ""
