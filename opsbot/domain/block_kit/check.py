"""Check messages, modals and Home views against Slack's Block Kit limits before Slack does. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from opsbot.domain.block_kit import limits
from opsbot.domain.block_kit.shapes import Violation, by_type

__all__ = ["Surface", "Violation", "check_blocks", "check_message", "check_view"]

Surface = Literal["message", "modal", "home"]
Block = Mapping[str, object]


def check_message(message: Mapping[str, object]) -> list[Violation]:
    """
    Name every rule that *message* (`text`, `blocks`) breaks; an empty list means Slack takes it.

    Pointers start at the message, as in `/blocks/0/text/text`.
    """
    found = list(_message_text(message))
    blocks = message.get("blocks")
    if blocks is not None:
        found += check_blocks(blocks, surface="message")
    if not blocks and not message.get("text") and not message.get("attachments"):
        found.append(Violation("/text", "no_text", "a message needs text or blocks"))
    return found


def check_view(view: Mapping[str, object]) -> list[Violation]:
    """
    Name every rule that the modal or Home *view* breaks.

    Pointers start at the view, as in `/title/text`.
    """
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [Violation("/type", "unsupported_type", f"unsupported view type: {kind}")]
    found = list(limits.VIEW_SHAPES[kind](view, ""))
    found += check_blocks(view.get("blocks", []), surface=kind)
    found += _view_totals(view)
    return found


def check_blocks(blocks: object, *, surface: Surface, at: str = "/blocks") -> list[Violation]:
    """Name every rule that this list of *blocks* breaks on that *surface*."""
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        return [Violation(at, "wrong_type", "must be an array")]
    most = limits.MESSAGE_BLOCKS if surface == "message" else limits.VIEW_BLOCKS
    found: list[Violation] = []
    if len(blocks) > most:
        found.append(Violation(at, "too_many", f"no more than {most} items allowed"))
    each = by_type(limits.SURFACE_BLOCKS[surface], what=f"{surface} block")
    for index, block in enumerate(blocks):
        found += each(block, f"{at}/{index}")
    known = [block for block in blocks if isinstance(block, Mapping)]
    if len(known) == len(blocks):
        found += _across(known, surface, at)
    return found


def _message_text(message: Mapping[str, object]) -> Iterator[Violation]:
    text = message.get("text")
    if text is not None and not isinstance(text, str):
        yield Violation("/text", "wrong_type", "must be a string")
    elif isinstance(text, str) and len(text) > limits.MESSAGE_TEXT:
        yield Violation(
            "/text", "msg_too_long", f"must be less than {limits.MESSAGE_TEXT + 1} characters"
        )


def _view_totals(view: Mapping[str, object]) -> Iterator[Violation]:
    blocks = view.get("blocks")
    listed = blocks if isinstance(blocks, Sequence) and not isinstance(blocks, str) else []
    kinds = [block.get("type") for block in listed if isinstance(block, Mapping)]
    if view.get("type") == "modal" and "input" in kinds and "submit" not in view:
        yield Violation("/submit", "missing_field", "a modal with an input needs a submit button")
    if len(json.dumps(view, default=str).encode()) > limits.VIEW_BYTES:
        yield Violation("", "view_too_large", f"must be at most {limits.VIEW_BYTES} bytes")


def _across(blocks: Sequence[Block], surface: Surface, at: str) -> Iterator[Violation]:
    yield from _duplicate_block_ids(blocks, at)
    for index, block in enumerate(blocks):
        yield from _inside(block, f"{at}/{index}")
    if surface == "message":
        yield from _message_totals(blocks, at)


def _duplicate_block_ids(blocks: Sequence[Block], at: str) -> Iterator[Violation]:
    seen: set[object] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            yield Violation(
                f"{at}/{index}/block_id", "duplicate_block_id", f"`{block_id}` already exists"
            )
        seen.add(block_id if isinstance(block_id, str) else index)


def _message_totals(blocks: Sequence[Block], at: str) -> Iterator[Violation]:
    kinds = [block.get("type") for block in blocks]
    tables = kinds.count("table") + kinds.count("data_table")
    if tables > limits.TABLES:
        yield Violation(at, "too_many_tables", "only one table per message")
    if kinds.count("data_visualization") > limits.DATA_VISUALIZATIONS:
        yield Violation(at, "too_many_charts", "no more than two data visualizations per message")
    texts = [b.get("text") for b in blocks if b.get("type") == "markdown"]
    if sum(len(text) for text in texts if isinstance(text, str)) > limits.MARKDOWN_CHARS:
        yield Violation(
            at, "markdown_too_long", f"markdown of one message: {limits.MARKDOWN_CHARS} at most"
        )
    size = len(json.dumps(blocks, separators=(",", ":"), ensure_ascii=False, default=str))
    if size > limits.MESSAGE_BLOCKS_CHARS:
        yield Violation(
            at, "msg_blocks_too_long", f"{size} characters; {limits.MESSAGE_BLOCKS_CHARS} at most"
        )


def _inside(block: Block, at: str) -> Iterator[Violation]:
    if block.get("type") == "section" and not block.get("text") and not block.get("fields"):
        yield Violation(at, "one_of", "a section needs text or fields")
    elements = block.get("elements")
    if isinstance(elements, Sequence) and not isinstance(elements, str):
        yield from _duplicate_action_ids(elements, at)
    for name in ("accessory", "element"):
        yield from _element_rules(block.get(name), f"{at}/{name}")


def _duplicate_action_ids(elements: Sequence[object], at: str) -> Iterator[Violation]:
    seen: set[str] = set()
    for index, element in enumerate(elements):
        below = f"{at}/elements/{index}"
        yield from _element_rules(element, below)
        action_id = element.get("action_id") if isinstance(element, Mapping) else None
        if not isinstance(action_id, str):
            continue
        if action_id in seen:
            yield Violation(
                f"{below}/action_id", "duplicate_action_id", f"`{action_id}` already exists"
            )
        seen.add(action_id)


def _element_rules(element: object, at: str) -> Iterator[Violation]:
    if not isinstance(element, Mapping):
        return
    yield from _initial_option(element, at)
    least, most = element.get("min_length"), element.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield Violation(f"{at}/min_length", "out_of_range", "min_length exceeds max_length")


def _initial_option(element: Mapping[str, object], at: str) -> Iterator[Violation]:
    options = element.get("options")
    if not isinstance(options, Sequence) or isinstance(options, str):
        return
    values = [option.get("value") for option in options if isinstance(option, Mapping)]
    if len(values) != len(set(map(str, values))):
        yield Violation(f"{at}/options", "duplicate_option", "two options with the same value")
    initial = element.get("initial_option")
    chosen = [initial] if initial is not None else element.get("initial_options", [])
    for one in chosen if isinstance(chosen, Sequence) else []:
        if one not in options:
            yield Violation(at, "initial_option", "an initial option must be one of the options")
