"""What Slack allows in each block and element: one table of shapes and limits. Pure."""

from typing import Final

from opsbot.domain.block_kit.elements import (
    ACCESSORY,
    ACTION_ELEMENT,
    BUTTON,
    CELL,
    CHOICES,
    CONTEXT_ACTION,
    CONTEXT_ELEMENT,
    ID,
    IMAGE_ELEMENT,
    IMAGE_FIELDS,
    INPUT_ELEMENT,
    PICKERS,
    RICH_TEXT,
    RICH_TEXT_INPUT,
    SELECTS,
    TEXT_INPUTS,
    TYPE,
    URL,
)
from opsbot.domain.block_kit.shapes import (
    Checker,
    anything,
    boolean,
    both,
    by_type,
    choice,
    integer,
    items,
    shape,
    string,
    text,
)

MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
MESSAGE_BLOCKS_CHARS: Final = 13_200
MESSAGE_TEXT: Final = 40_000
MARKDOWN_CHARS: Final = 12_000
VIEW_BYTES: Final = 250_000
TABLES: Final = 1
DATA_VISUALIZATIONS: Final = 2


def block(
    fields: dict[str, Checker], *, needs: tuple[str, ...] = (), one_of: tuple[str, ...] = ()
) -> Checker:
    """Accept a block: its own *fields* beside type and block id."""
    return shape({**TYPE, "block_id": ID, **fields}, needs=needs, one_of=one_of)


SECTION = both(
    block(
        {
            "text": text(3000),
            "fields": items(text(2000), most=10),
            "accessory": ACCESSORY,
            "expand": boolean,
        }
    ),
)
COMMON: dict[str, Checker] = {
    "section": SECTION,
    "divider": block({}),
    "header": block({"text": text(150, plain=True)}, needs=("text",)),
    "context": block({"elements": items(CONTEXT_ELEMENT, most=10)}, needs=("elements",)),
    "actions": block({"elements": items(ACTION_ELEMENT, most=25)}, needs=("elements",)),
    "image": block(
        {**IMAGE_FIELDS, "title": text(2000, plain=True)},
        needs=("alt_text",),
        one_of=("image_url", "slack_file"),
    ),
    "input": block(
        {
            "label": text(2000, plain=True),
            "element": INPUT_ELEMENT,
            "hint": text(2000, plain=True),
            "optional": boolean,
            "dispatch_action": boolean,
        },
        needs=("label", "element"),
    ),
    "rich_text": RICH_TEXT,
    "video": block(
        {
            "alt_text": string(2000),
            "title": text(200, plain=True),
            "title_url": URL,
            "thumbnail_url": URL,
            "video_url": URL,
            "author_name": string(50),
            "description": text(200, plain=True),
            "provider_name": string(255),
            "provider_icon_url": URL,
        },
        needs=("alt_text", "title", "thumbnail_url", "video_url"),
    ),
}
ALERT = block(
    {
        "text": text(200),
        "level": choice("default", "info", "warning", "error", "success"),
    },
    needs=("text",),
)
CARD = block(
    {
        "icon": IMAGE_ELEMENT,
        "title": text(150),
        "subtitle": text(150),
        "hero_image": IMAGE_ELEMENT,
        "body": text(200),
        "subtext": text(200),
        "actions": items(by_type({"button": BUTTON}, what="card action"), most=3),
    },
    one_of=(),
)
TABLE = block(
    {
        "rows": items(items(CELL, most=20), most=100),
        "column_settings": items(
            shape({"align": choice("left", "center", "right"), "is_wrapped": boolean}), most=20
        ),
    },
    needs=("rows",),
)
MESSAGE_ONLY: dict[str, Checker] = {
    "markdown": block({"text": string(MARKDOWN_CHARS)}, needs=("text",)),
    "table": TABLE,
    "data_table": block(
        {
            "rows": items(items(CELL, most=20), least=2, most=101),
            "caption": string(2000),
            "page_size": integer(1, 100),
            "row_header_column_index": integer(0, 19),
        },
        needs=("rows", "caption"),
    ),
    "data_visualization": block({"title": string(50), "chart": anything}, needs=("title", "chart")),
    "alert": ALERT,
    "card": CARD,
    "carousel": block(
        {"elements": items(by_type({"card": CARD}, what="carousel element"), most=10)},
        needs=("elements",),
    ),
    "context_actions": block({"elements": items(CONTEXT_ACTION, most=5)}, needs=("elements",)),
    "task_card": block(
        {
            "task_id": ID,
            "title": string(150),
            "details": RICH_TEXT,
            "output": RICH_TEXT,
            "sources": anything,
            "status": choice("pending", "in_progress", "complete", "error"),
        },
        needs=("task_id", "title"),
    ),
    "file": block({"external_id": ID, "source": choice("remote")}, needs=("external_id", "source")),
}
MESSAGE_ONLY["plan"] = block(
    {
        "title": string(150),
        "tasks": items(by_type({"task_card": MESSAGE_ONLY["task_card"]}, what="task"), most=50),
    },
    needs=("title",),
)
FILELESS_INPUT = by_type(
    {**SELECTS, **CHOICES, **PICKERS, **TEXT_INPUTS, **RICH_TEXT_INPUT}, what="input element"
)
SURFACE_BLOCKS: Final[dict[str, dict[str, Checker]]] = {
    "message": {**COMMON, **MESSAGE_ONLY},
    "modal": {**COMMON, "alert": ALERT},
    "home": {**COMMON},
}
VIEW_FIELDS: dict[str, Checker] = {
    **TYPE,
    "blocks": anything,
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
VIEW_SHAPES: Final[dict[str, Checker]] = {
    "modal": shape(
        {
            **VIEW_FIELDS,
            "title": text(24, plain=True),
            "submit": text(24, plain=True),
            "close": text(24, plain=True),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
        needs=("type", "title", "blocks"),
    ),
    "home": shape(VIEW_FIELDS, needs=("type", "blocks")),
}
