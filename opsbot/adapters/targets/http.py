"""One JSON API over HTTPS: bounded in time and size; what it answers becomes done, later or never."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from opsbot.adapters.pagerduty.answer import shown
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.change import Record

DEADLINE_S: Final = 6.0
"""Seconds of one request. A message takes three at most, and is one replica's for 20 s."""

LARGEST: Final = 1_000_000
LIMITED_S: Final = 10.0
"""How long to rest after a limit that does not say it, in seconds."""

LONGEST_REST_S: Final = 300.0
_UNAUTHORISED, _FORBIDDEN, _MISSING = 401, 403, 404
_LIMITED: Final = frozenset({420, 429})
_AGAIN: Final = frozenset({408, 409, 425})
Client = Callable[[], httpx.AsyncClient]


@dataclass(frozen=True, slots=True)
class Vendor:
    """
    Whose API it is.

    *auth* is the whole `Authorization` header, *key* the secret in it. *setting* and *url_setting* are
    the settings that a reason names.
    """

    name: str
    url: str
    auth: str = field(repr=False)
    key: str = field(repr=False)
    setting: str
    url_setting: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; *said* is its JSON, None where it is none. *rest_s* is how long it asks to rest."""

    status: int
    said: object = None
    rest_s: float | None = None

    @property
    def ok(self) -> bool:
        """Return whether it was done."""
        return 200 <= self.status < 300  # noqa: PLR2004  the class of answers that mean yes


class Pace:
    """At most *most* requests in any *window_s* seconds, as this process counts them."""

    def __init__(self, now: Callable[[], float], *, most: int, window_s: float) -> None:
        self._now = now
        self._most = most
        self._window_s = window_s
        self._sent: deque[float] = deque()

    def take(self) -> float:
        """Return 0 and count a request, or return how many seconds to wait with it."""
        now = self._now()
        while self._sent and self._sent[0] <= now - self._window_s:
            self._sent.popleft()
        if len(self._sent) >= self._most:
            return self._sent[0] + self._window_s - now
        self._sent.append(now)
        return 0.0


class Api:
    """Requests to one vendor. A deadline counts for the whole of a request, not for each byte."""

    def __init__(
        self,
        vendor: Vendor,
        client: Client,
        *,
        pace: Pace | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self.vendor = vendor
        self._client = client
        self._pace = pace
        self._deadline_s = deadline_s

    async def done(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        body: Record | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Mapping[str, object]:
        """
        Send one request and return the object that its answer is; *doing* stands in every reason.

        Raises:
            RetryLater: no answer, or one that says later; a write may have been done.
            GiveUp: it said no; the reason names what to change.
        """
        answer = await self.ask(doing, method, path, body=body, params=params)
        said = settled(self.vendor, answer, doing).said
        if isinstance(said, Mapping):
            return said
        raise RetryLater(f"{self.vendor.name}'s answer is not understood ({doing}).")

    async def listed(
        self, doing: str, path: str, params: Mapping[str, str | int]
    ) -> Sequence[object]:
        """Return the list that an answer is. Raises as `done`."""
        answer = settled(self.vendor, await self.ask(doing, "GET", path, params=params), doing)
        if isinstance(answer.said, list):
            return answer.said
        raise RetryLater(f"{self.vendor.name}'s answer is not understood ({doing}).")

    async def ask(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        body: Record | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Reply:
        """
        Send one request and return the answer whatever its status.

        Raises:
            RetryLater: none came; whether a write took place is not known.
        """
        if self._pace is not None and (rest_s := self._pace.take()):
            name = self.vendor.name
            raise RetryLater(f"{name} takes no more requests for now ({doing}).", after_s=rest_s)
        try:
            async with (
                asyncio.timeout(self._deadline_s),
                self._client().stream(
                    method,
                    f"{self.vendor.url}{path}",
                    json=body,
                    params=params,
                    headers={
                        "authorization": self.vendor.auth,
                        "accept": "application/json",
                        "accept-encoding": "identity",
                    },
                ) as response,
            ):
                return Reply(response.status_code, await _read(response), _rest_s(response.headers))
        except (TimeoutError, httpx.HTTPError) as error:
            name = self.vendor.name
            raise RetryLater(f"{name} was not reached ({doing}): {kind_of(error)}.") from error


def settled(vendor: Vendor, answer: Reply, doing: str) -> Reply:
    """
    Return an answer that means yes.

    Raises:
        RetryLater, GiveUp: as `Api.done`.
    """
    if answer.ok:
        return answer
    name, words = vendor.name, shown(_words(answer.said), secrets=(vendor.key,))
    if answer.status in _LIMITED:
        rest_s = answer.rest_s or LIMITED_S
        raise RetryLater(f"{name} asks to wait {rest_s:g} s ({doing}).", after_s=rest_s)
    if answer.status in _AGAIN or answer.status >= 500:  # noqa: PLR2004  its own failure
        reason = f"{name} failed ({doing}): it answered {answer.status}."
        raise RetryLater(reason, after_s=answer.rest_s)
    known = {
        _UNAUTHORISED: f"it does not take the key: see {vendor.setting}",
        _FORBIDDEN: f"the key may not do it: see what {vendor.setting} may",
        _MISSING: "it is not there: see the target's `page` in flags/comms.yaml",
    }
    why = known.get(answer.status, "")
    if answer.status < 400:  # noqa: PLR2004  a redirect
        why = f"it leads elsewhere, where no key is sent: see {vendor.url_setting}"
    said = "; it says: ".join(one for one in (why, words) if one) or f"it answered {answer.status}"
    raise GiveUp(f"{name} refuses ({doing}): {said}")


def kind_of(error: BaseException) -> str:
    """Return what happened in a word or two: the error's own text may hold an address."""
    if isinstance(error, httpx.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return "no answer in time"
    return "no connection" if isinstance(error, httpx.ConnectError) else "the answer was cut off"


def part(said: object, *names: str) -> object:
    """Return what stands under one name after the other, None where that leads nowhere."""
    for name in names:
        said = said.get(name) if isinstance(said, Mapping) else None
    return said


def text(said: object, *names: str) -> str:
    """Return the text under those names, empty for anything else."""
    found = part(said, *names)
    return found if isinstance(found, str) else ""


async def _read(response: httpx.Response) -> object:
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > LARGEST:
            raise httpx.ReadError("the answer is too large")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _rest_s(headers: httpx.Headers) -> float | None:
    said = headers.get("retry-after", "")
    return min(max(float(said), 0.5), LONGEST_REST_S) if said.isdecimal() else None


def _words(said: object) -> str:
    """Return what an error says, in any of the shapes that are usual."""
    found = [part(said, name) for name in ("error", "message", "detail", "errors")]
    flat = [one for each in found for one in (each if isinstance(each, list) else [each])]
    words = [one if isinstance(one, str) else text(one, "message") for one in flat]
    return ": ".join(dict.fromkeys(one for one in words if one))
