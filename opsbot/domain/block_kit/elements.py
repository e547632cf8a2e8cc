"""What Slack allows in each Block Kit element: buttons, selects, inputs, texts. Pure."""

from opsbot.domain.block_kit.shapes import (
    Checker,
    anything,
    boolean,
    by_type,
    choice,
    integer,
    items,
    shape,
    string,
    text,
)

ID = string(255)
URL = string(3000)
TYPE: dict[str, Checker] = {"type": anything}
ACTION: dict[str, Checker] = {"type": anything, "action_id": ID}
FOCUS: dict[str, Checker] = {"focus_on_load": boolean}
PLACEHOLDER = text(150, plain=True)

CONFIRM = shape(
    {
        "title": text(100, plain=True),
        "text": text(300),
        "confirm": text(30, plain=True),
        "deny": text(30, plain=True),
        "style": choice("primary", "danger"),
    },
    needs=("title", "text", "confirm", "deny"),
)


def option(*, plain: bool) -> Checker:
    """Accept an option; only radio buttons and checkboxes may use mrkdwn."""
    said = text(75, plain=plain)
    return shape(
        {"text": said, "value": string(150), "description": text(75, plain=plain), "url": URL},
        needs=("text", "value"),
    )


PLAIN_OPTION = option(plain=True)
RICH_OPTION = option(plain=False)
OPTION_GROUP = shape(
    {"label": text(75, plain=True), "options": items(PLAIN_OPTION, most=100)},
    needs=("label", "options"),
)
FILTER = shape(
    {
        "include": items(choice("im", "mpim", "private", "public"), most=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)
DISPATCH = shape(
    {"trigger_actions_on": items(choice("on_enter_pressed", "on_character_entered"), most=2)}
)


def element(
    fields: dict[str, Checker], *, needs: tuple[str, ...] = (), one_of: tuple[str, ...] = ()
) -> Checker:
    """Accept an interactive element: its own *fields* beside action id, confirm and focus."""
    return shape({**ACTION, "confirm": CONFIRM, **FOCUS, **fields}, needs=needs, one_of=one_of)


def select(fields: dict[str, Checker], *, one_of: tuple[str, ...] = ()) -> Checker:
    """Accept a select menu with its own *fields* beside the placeholder."""
    return element({"placeholder": PLACEHOLDER, **fields}, one_of=one_of)


STATIC: dict[str, Checker] = {
    "options": items(PLAIN_OPTION, most=100),
    "option_groups": items(OPTION_GROUP, most=100),
}
ONE_SOURCE = ("options", "option_groups")
MULTI: dict[str, Checker] = {"max_selected_items": integer(1, 100)}
IDS = items(string(255), most=100)

BUTTON = shape(
    {
        **ACTION,
        "text": text(75, plain=True),
        "value": string(2000),
        "url": URL,
        "style": choice("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
    needs=("text",),
)
IMAGE_FIELDS: dict[str, Checker] = {
    **TYPE,
    "image_url": URL,
    "slack_file": anything,
    "alt_text": string(2000),
}
IMAGE_ELEMENT = shape(IMAGE_FIELDS, needs=("alt_text",), one_of=("image_url", "slack_file"))
SELECTS: dict[str, Checker] = {
    "static_select": select({**STATIC, "initial_option": PLAIN_OPTION}, one_of=ONE_SOURCE),
    "external_select": select(
        {"initial_option": PLAIN_OPTION, "min_query_length": integer(0, 300)}
    ),
    "users_select": select({"initial_user": ID}),
    "conversations_select": select(
        {
            "initial_conversation": ID,
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": FILTER,
        }
    ),
    "channels_select": select({"initial_channel": ID, "response_url_enabled": boolean}),
    "multi_static_select": select(
        {**STATIC, **MULTI, "initial_options": items(PLAIN_OPTION, most=100)}, one_of=ONE_SOURCE
    ),
    "multi_external_select": select(
        {
            **MULTI,
            "initial_options": items(PLAIN_OPTION, most=100),
            "min_query_length": integer(0, 300),
        }
    ),
    "multi_users_select": select({**MULTI, "initial_users": IDS}),
    "multi_conversations_select": select(
        {
            **MULTI,
            "initial_conversations": IDS,
            "default_to_current_conversation": boolean,
            "filter": FILTER,
        }
    ),
    "multi_channels_select": select({**MULTI, "initial_channels": IDS}),
}
CHOICES: dict[str, Checker] = {
    "radio_buttons": element(
        {"options": items(RICH_OPTION, most=10), "initial_option": RICH_OPTION}, needs=("options",)
    ),
    "checkboxes": element(
        {"options": items(RICH_OPTION, most=10), "initial_options": items(RICH_OPTION, most=10)},
        needs=("options",),
    ),
}
PICKERS: dict[str, Checker] = {
    "datepicker": element({"placeholder": PLACEHOLDER, "initial_date": string(10)}),
    "timepicker": element(
        {"placeholder": PLACEHOLDER, "initial_time": string(5), "timezone": string(255)}
    ),
    "datetimepicker": element({"initial_date_time": integer(0, 9_999_999_999)}),
}
OVERFLOW = shape(
    {**ACTION, "options": items(PLAIN_OPTION, most=5), "confirm": CONFIRM}, needs=("options",)
)
LENGTHS: dict[str, Checker] = {
    "placeholder": PLACEHOLDER,
    "dispatch_action_config": DISPATCH,
    **FOCUS,
}
TEXT_INPUTS: dict[str, Checker] = {
    "plain_text_input": shape(
        {
            **ACTION,
            **LENGTHS,
            "initial_value": string(3000, least=0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        }
    ),
    "email_text_input": shape({**ACTION, **LENGTHS, "initial_value": string(3000)}),
    "url_text_input": shape({**ACTION, **LENGTHS, "initial_value": string(3000)}),
    "number_input": shape(
        {
            **ACTION,
            **LENGTHS,
            "is_decimal_allowed": boolean,
            "initial_value": string(255),
            "min_value": string(255),
            "max_value": string(255),
        },
        needs=("is_decimal_allowed",),
    ),
}
RICH_TEXT_INPUT: dict[str, Checker] = {
    "rich_text_input": shape({**ACTION, **LENGTHS, "initial_value": anything}),
}
FILE_INPUT: dict[str, Checker] = {
    "file_input": shape(
        {**ACTION, "filetypes": items(string(20), most=100), "max_files": integer(1, 10)}
    ),
}
CLICKS: dict[str, Checker] = {"button": BUTTON, "overflow": OVERFLOW}
ACTION_ELEMENT = by_type({**CLICKS, **SELECTS, **CHOICES, **PICKERS}, what="actions element")
ACCESSORY = by_type(
    {**CLICKS, **SELECTS, **CHOICES, **PICKERS, "image": IMAGE_ELEMENT}, what="accessory"
)
INPUT_ELEMENT = by_type(
    {**SELECTS, **CHOICES, **PICKERS, **TEXT_INPUTS, **RICH_TEXT_INPUT, **FILE_INPUT},
    what="input element",
)
CONTEXT_ELEMENT = by_type(
    {
        "image": IMAGE_ELEMENT,
        "plain_text": text(3000, plain=True),
        "mrkdwn": text(3000),
    },
    what="context element",
)
FEEDBACK_BUTTON = shape(
    {
        "text": text(75, plain=True),
        "value": string(2000),
        "accessibility_label": string(75),
    },
    needs=("text", "value"),
)
CONTEXT_ACTION = by_type(
    {
        "feedback_buttons": shape(
            {**ACTION, "positive_button": FEEDBACK_BUTTON, "negative_button": FEEDBACK_BUTTON},
            needs=("positive_button", "negative_button"),
        ),
        "icon_button": shape(
            {
                **ACTION,
                "icon": choice("trash"),
                "text": text(75, plain=True),
                "value": string(2000),
                "confirm": CONFIRM,
                "accessibility_label": string(75),
                "visible_to_user_ids": IDS,
            },
            needs=("icon", "text"),
        ),
    },
    what="context action",
)
RICH_TEXT_ELEMENT = by_type(
    {
        kind: shape(
            {
                "type": anything,
                "elements": anything,
                "style": anything,
                "indent": integer(0, 8),
                "border": integer(0, 1),
                "offset": integer(0, 10_000),
                "language": string(100),
            },
            needs=("elements",),
        )
        for kind in (
            "rich_text_section",
            "rich_text_list",
            "rich_text_preformatted",
            "rich_text_quote",
        )
    },
    what="rich text element",
)
RICH_TEXT = shape(
    {**TYPE, "block_id": ID, "elements": items(RICH_TEXT_ELEMENT, most=100)}, needs=("elements",)
)
CELL = by_type(
    {
        "raw_text": shape({**TYPE, "text": string(3000, least=0)}, needs=("text",)),
        "raw_number": shape({**TYPE, "value": anything, "text": string(3000)}),
        "rich_text": RICH_TEXT,
    },
    what="table cell",
)
