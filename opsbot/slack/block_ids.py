"""Name the blocks that can be pressed by what they do, so that a press outlives an edit of the words around them."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from opsbot.domain.change import Record

DOES: Final = ("action_id", "value", "url")
"""What of an element says what pressing it does; its label, colour and question are words."""
NAME: Final = 10
"""Characters of an id: with a whole message's blocks they are 720 of what Slack takes."""


def named(blocks: Sequence[Record]) -> list[dict[str, Any]]:
    """
    Return *blocks*, those with something to press with a `block_id` made of what it does.

    A person reads "Are you sure?" while the message below is edited, by a count that went up or by
    somebody else's act: their "Yes" carries the id of the block that they pressed. With ids that
    are new in every edit it would be lost; with these it counts as long as a button that does the
    very same still stands there. Slack wants an id once in a message (reference of blocks).
    """
    seen: Counter[str] = Counter()
    return [_named(block, seen) for block in blocks]


def _named(block: Record, seen: Counter[str]) -> dict[str, Any]:
    elements = _elements(block)
    if not elements or "block_id" in block:
        return dict(block)
    does = [[*(one.get(name) for name in DOES), _offered(one)] for one in elements]
    name = hashlib.sha256(json.dumps(does).encode()).hexdigest()[:NAME]
    seen[name] += 1
    return {**block, "block_id": name if seen[name] == 1 else f"{name}-{seen[name]}"}


def _offered(element: Mapping[str, Any]) -> list[str]:
    return [option["value"] for option in element.get("options", ())]


def _elements(block: Record) -> list[Mapping[str, Any]]:
    """Return what can be pressed in a section or a row; text has no action."""
    below: Any = block.get("elements", ())
    found = [block.get("accessory"), *(below if block.get("type") == "actions" else ())]
    return [one for one in found if isinstance(one, Mapping) and "action_id" in one]
