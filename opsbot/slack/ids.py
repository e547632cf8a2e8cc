"""Every action, callback, block and shortcut id that Slack may send back to us. Pure."""

import re
from enum import StrEnum


class Press(StrEnum):
    """Buttons; all but the last are the acts that an answer may offer."""

    STOP_COMPLETELY = "stop_completely"
    RESTORE = "restore"
    APPROVE = "approve"
    REFUSE = "refuse"
    GIVE_REASON = "give_reason"
    STATUS = "status"
    CONFIRM_KILL = "confirm_kill"
    ADOPT = "adopt"
    QUESTION = "question"
    RETRY = "retry"
    RESTORE_HOLD = "restore_hold"
    RESTORE_GO_ON = "restore_go_on"
    ROUTE_HOLD = "route_hold"
    ROUTE_GO_ON = "route_go_on"
    ROUTE_CANCEL = "route_cancel"
    ROUTE_ROLLBACK = "route_rollback"
    ROUTE_SERVE = "route_serve"
    ROUTE_SHOW = "route_show"
    INCIDENT_OPEN = "incident_open"
    INCIDENT_ACCEPT = "incident_accept"
    INCIDENT_DECLINE = "incident_decline"
    INCIDENT_COMMAND = "incident_command"
    INCIDENT_ROLE_ACCEPT = "incident_role_accept"
    INCIDENT_ROLE_DECLINE = "incident_role_decline"
    INCIDENT_UPDATE = "incident_update"
    INCIDENT_RESOLVE = "incident_resolve"
    INCIDENT_TIMELINE = "incident_timeline"
    INCIDENT_REVIEW = "incident_review"
    INCIDENT_RETRY = "incident_retry"
    INCIDENT_SNOOZE = "incident_snooze"
    INCIDENT_HUSH = "incident_hush"
    OPEN_KILL = "open_kill"


class Modal(StrEnum):
    """Callback ids of modals."""

    KILL = "kill_modal"
    CONFIRM_KILL = "confirm_kill_modal"
    REASON = "reason_modal"
    ROUTE = "route_modal"
    INCIDENT = "incident_modal"
    INCIDENT_UPDATE = "incident_update_modal"
    INCIDENT_RESOLVE = "incident_resolve_modal"
    INCIDENT_DECLINE = "incident_decline_modal"
    TIMELINE = "timeline_modal"
    ANSWER = "answer_modal"


class Shortcut(StrEnum):
    """Callback ids of shortcuts."""

    KILL = "kill_global"
    INCIDENT = "incident_from_message"
    TIMELINE = "timeline_from_message"


class Field(StrEnum):
    """Block ids of inputs; the element in each has the action id `value`."""

    TARGET = "target"
    OTHER = "other_target"
    MODE = "mode"
    REASON = "reason"
    GLASS = "break_glass"
    MODELS = "models"
    FALLBACKS = "fallbacks"
    PROMPT = "prompt"
    PARAMS = "params"
    TOOLS = "tools"
    STRATEGY = "strategy"
    NOTE = "note"
    TITLE = "title"
    SEVERITY = "severity"
    WORKFLOW = "workflow"
    TYPE = "incident_type"
    SUMMARY = "summary"
    PRIVATE = "private"
    PAGE = "page"
    ANYWAY = "anyway"
    UPDATE = "update"
    NEXT = "next_update"
    OFF = "stays_off"
    INCIDENT = "incident"


HOME_OPENED = "app_home_opened"
"""The one event that is subscribed to."""

VALUE = "value"
"""The action id of every input element."""


def press_id(act: str, index: int) -> str:
    """Return a button's action id, unique in its message."""
    return f"{act}:{index}"


def pressed(act: Press) -> re.Pattern[str]:
    """Return the whole of a button's action id when it comes back; bolt looks for it anywhere."""
    return re.compile(rf"\A{re.escape(act)}(:\d{{1,4}})?\Z", re.ASCII)
