"""One call to Slack's Web API: its errors become plans, and its codes words for people."""

from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackRequestError

from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.errors import Gone

log = structlog.get_logger(__name__)
T = TypeVar("T")

_LIMITED: Final = frozenset({"ratelimited", "rate_limited"})
LATER: Final = _LIMITED | {
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
    "accesslimited",
}
DELETED: Final = frozenset({"message_not_found"})

PLAIN: Final = {
    "channel_not_found": "Slack knows no such channel, or the bot may not see it",
    "not_in_channel": "the bot is not in that channel, invite it",
    "is_archived": "that channel is archived",
    "is_inactive": "that channel is archived",
    "user_not_found": "Slack knows no such person",
    "users_not_found": "Slack knows no person of that address",
    "missing_scope": "the Slack app lacks a permission",
    "invalid_auth": "Slack does not take the bot's token",
    "token_revoked": "Slack does not take the bot's token any more",
    "account_inactive": "Slack does not take the bot's token any more",
    "restricted_action": "this workspace does not let the bot do that",
    "too_many_pins": "that channel has as many pins as Slack allows",
    "too_many_bookmarks": "that channel has as many bookmarks as Slack allows",
    "too_many_members": "that channel has as many members as Slack allows",
    "name_taken": "another channel has that name",
    "cant_invite": "Slack does not let the bot invite them",
    "cant_invite_self": "the bot does not invite itself",
    "ura_max_channels": "a guest cannot be in more channels",
    "user_is_restricted": "the workspace restricts that account",
}
"""Slack's codes for what a person can put right, in words."""


class SlackRefused(GiveUp):
    """Slack said no, with its own code."""

    def __init__(self, code: str) -> None:
        plain = PLAIN.get(code)
        super().__init__(f"{plain} ({code})" if plain else f"Slack refused: {code}")
        self.code = code


async def asked(call: Awaitable[T]) -> T:
    """
    Await a call.

    Raises:
        RetryLater: no answer, or one that says later.
        Gone: the message was deleted.
        SlackRefused: Slack said no.
    """
    try:
        return await call
    except SlackApiError as error:
        raise _translated(error) from error
    except (TimeoutError, aiohttp.ClientError, OSError, SlackRequestError) as error:
        log.warning("slack_no_answer", error=repr(error))
        raise RetryLater("Slack did not answer") from error


def gone() -> Gone:
    """Return that a message of ours was deleted."""
    return Gone("Somebody deleted that message in Slack.", hint="It can be posted anew.")


def plainly(code: str) -> str:
    """Return what a code of Slack's says, in words; the code itself where nobody wrote any."""
    return PLAIN.get(code, code)


def _translated(error: SlackApiError) -> RetryLater | GiveUp | Gone:
    response = error.response
    status = int(getattr(response, "status_code", 0) or 0)
    code = _code(response)
    if status == 429 or code in _LIMITED:  # noqa: PLR2004 - HTTP's own number
        return RetryLater("Slack asks the bot to wait", after_s=_after_s(response))
    if code in LATER or status >= 500:  # noqa: PLR2004 - HTTP's own number
        return RetryLater(f"Slack is in trouble ({code or status})", after_s=_after_s(response))
    if code in DELETED:
        return gone()
    return SlackRefused(code or str(status))


def _code(response: Any) -> str:
    data = getattr(response, "data", response)
    return str(data.get("error", "")) if isinstance(data, Mapping) else ""


def _after_s(response: Any) -> float | None:
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    for name, value in headers.items():
        if name.lower() == "retry-after" and str(value).isdigit():
            return float(value)
    return None
