"""What PagerDuty answered, and what an outbox makes of it: done, later, never. Without the package."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from opsbot.app.paging.port import PagingRefused, PagingUnauthorised, PagingUnreachable
from opsbot.app.ports import RetryLater
from opsbot.domain.said import inert

LIMITED_S = 5.0
"""How long to rest after a 429 that does not say it, in seconds."""

LONGEST_REST_S = 300.0
LONGEST_REASON = 300

ALREADY = frozenset({1001, 1002})
"""The incident is resolved already, or acknowledged already."""

NO_SUCH_SENDER = frozenset({1008, 1018})
NOBODY_ON_CALL = 1015
DATA_CHANGED = 1005

_ADDRESS = re.compile(r"https?://\S+")
_UNAUTHORISED, _LIMITED = 401, 429
_AGAIN = frozenset({408, 409, 425})


class NoAnswer(Exception):
    """No answer came; the text is a word or two and holds no address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One answer: *said* is its JSON, None where it is none.

    *reset* is when the rate limit begins anew and *retry_after* how long to rest, both in seconds,
    and *date* the server's own time; all three as they came.
    """

    status: int
    said: object = None
    reset: str = ""
    retry_after: str = ""
    date: str = ""

    @property
    def ok(self) -> bool:
        """Return whether it was done."""
        return 200 <= self.status < 300  # noqa: PLR2004  the class of answers that mean yes

    @property
    def code(self) -> int:
        """Return PagerDuty's own number for an error, 0 where there is none."""
        code = self._error().get("code")
        return code if isinstance(code, int) else 0

    @property
    def words(self) -> str:
        """Return what PagerDuty says about an error; not yet fit to be shown."""
        error = self._error()
        more = error.get("errors")
        listed = more if isinstance(more, Sequence) and not isinstance(more, str) else [more]
        said = [error.get("message"), *listed]
        return ": ".join(dict.fromkeys(one for one in said if isinstance(one, str) and one))

    def _error(self) -> Mapping[str, object]:
        error = self.said.get("error") if isinstance(self.said, Mapping) else None
        if isinstance(error, str):
            return {"message": error}
        if isinstance(error, Mapping):
            return error
        # The Events API says it without an envelope.
        return self.said if isinstance(self.said, Mapping) and not self.ok else {}


def settled(answer: Answer, doing: str, *, secrets: Sequence[str]) -> Answer:
    """
    Return an answer that means yes; *doing* ("opening the incident") begins the reason of any other.

    Raises:
        RetryLater: as the port says it.
        GiveUp: likewise.
    """
    if answer.ok:
        return answer
    words = shown(answer.words, secrets=secrets)
    if answer.status == _UNAUTHORISED:
        raise PagingUnauthorised(f"PagerDuty refuses the key ({doing}).")
    if answer.status == _LIMITED:
        rest_s = _seconds(answer.reset) or _seconds(answer.retry_after) or LIMITED_S
        raise RetryLater(f"PagerDuty asks to wait {rest_s:g} s ({doing}).", after_s=rest_s)
    if answer.status in _AGAIN or answer.code == DATA_CHANGED:
        raise RetryLater(f"PagerDuty could not do it just now ({doing}): {words or answer.status}")
    if answer.status < 400 or answer.status >= 500:  # noqa: PLR2004  a redirect, or its own failure
        reason = f"PagerDuty failed ({doing}): it answered {answer.status}."
        raise PagingUnreachable(reason, after_s=_seconds(answer.retry_after))
    raise refusal(answer, doing, words)


def refusal(answer: Answer, doing: str, words: str) -> PagingRefused:
    """Return a no that will stay one, in words that name what to change."""
    known = {
        402: "the account's plan does not have it",
        403: "the key may not do it",
        404: "it is not there",
    }
    why = known.get(answer.status, "")
    if answer.code == NOBODY_ON_CALL:
        why = "the escalation policy has nobody on call"
    said = ": ".join(one for one in (why, words) if one) or f"it answered {answer.status}"
    return PagingRefused(
        f"PagerDuty refuses ({doing}): {said}", status=answer.status, code=answer.code
    )


def shown(text: str, *, secrets: Sequence[str]) -> str:
    """Return what PagerDuty said as one harmless line without keys and addresses."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "(key)")
    return inert(_ADDRESS.sub("…", text), limit=LONGEST_REASON)


def server_ms(answer: Answer) -> int | None:
    """Return the server's time in milliseconds since 1970 (UTC), None where it does not say."""
    try:
        return int(parsedate_to_datetime(answer.date).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(text: str) -> float | None:
    """Return a time to rest: at least half a second, at most five minutes, None where none is said."""
    try:
        said = float(text)
    except ValueError:
        return None
    return min(max(said, 0.5), LONGEST_REST_S) if said == said else None  # noqa: PLR0124  not a number
