"""
The `pagerduty` package's clients with their own waiting taken out.

Imported late and off the loop: the import takes half a second.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, TypedDict

import httpx2
import pagerduty

from opsbot.adapters.pagerduty.answer import Answer, NoAnswer
from opsbot.domain.addresses import on_loopback, unfit_for_secrets

TIMEOUT: Final = httpx2.Timeout(5.0, connect=2.0)
_LIMITS: Final = httpx2.Limits(max_connections=8, max_keepalive_connections=4)


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    What the body of an answer may be at most.

    *whole_s* is in seconds: the timeout above begins anew with every byte. *largest* is in bytes.
    """

    whole_s: float = 8.0
    largest: int = 16_000_000


BOUNDS: Final = Bounds()


class _OnlySafe(pagerduty.ApiClient):
    """The base address: https anywhere, plain http to this machine only."""

    @property  # type: ignore[explicit-override]  # typing.override came with 3.12
    def url(self) -> str:
        """Return the base address, without a slash at its end."""
        return self._base

    @url.setter
    def url(self, new_base_url: str) -> None:
        if why := unfit_for_secrets(new_base_url):
            raise pagerduty.UrlError(f"the address {why}")
        self._base = new_base_url.rstrip("/")


class Rest(_OnlySafe, pagerduty.RestApiV2Client):
    """
    The REST client.

    Its own bookkeeping is left out: it would be shared by threads without a lock, and would log
    addresses with ids.
    """

    def postprocess(self, response: httpx2.Response, suffix: str | None = None) -> None:  # type: ignore[explicit-override]  # typing.override came with 3.12
        """Keep no counts."""


class Events(_OnlySafe, pagerduty.EventsApiV2Client):
    """The Events client."""


@dataclass(frozen=True, slots=True)
class Door:
    """One client, asked in one way."""

    client: pagerduty.ApiClient

    def ask(self, method: str, path: str, **given: object) -> Answer:
        """
        Send one request and return what came back, whatever its status.

        *given* is what httpx2 takes (`params`, `json`, `headers`); headers in a plain dict, because
        the package drops any other mapping in silence.

        Raises:
            NoAnswer: none came, or none that ends.
        """
        try:
            response: httpx2.Response = self.client.request(method, path, **given)
        except pagerduty.HttpError as refused:
            if refused.response is None:
                raise NoAnswer(_kind_of(refused)) from refused
            response = refused.response
        except (pagerduty.Error, httpx2.HTTPError) as error:
            raise NoAnswer(_kind_of(error)) from error
        return Answer(
            status=response.status_code,
            said=_json(response),
            reset=response.headers.get("ratelimit-reset", ""),
            retry_after=response.headers.get("retry-after", ""),
            date=response.headers.get("date", ""),
        )

    def close(self) -> None:
        """Let its connections go."""
        self.client.close()


def rest(
    key: str,
    *,
    sender: str,
    url: str,
    transport: httpx2.BaseTransport | None = None,
    bounds: Bounds = BOUNDS,
) -> Door:
    """
    Return a REST client that says at once what happened; *sender* is the default `From`.

    Raises:
        pagerduty.UrlError: a key may not be sent to *url*.
    """
    client = Rest(key, default_from=sender or None, base_url=url, **_http(url, transport, bounds))
    _at_once(client)
    return Door(client)


def events(
    routing_key: str,
    *,
    url: str,
    transport: httpx2.BaseTransport | None = None,
    bounds: Bounds = BOUNDS,
) -> Door:
    """Return an Events client that says at once what happened. Raises as `rest`."""
    client = Events(routing_key, base_url=url, **_http(url, transport, bounds))
    _at_once(client)
    return Door(client)


class _Http(TypedDict):
    limits: httpx2.Limits
    trust_env: bool
    transport: httpx2.BaseTransport | None
    event_hooks: dict[str, list[Callable[[httpx2.Response], None]]]


def _kind_of(error: Exception) -> str:
    """Return what happened in a word or two: the error's own text has the address in it."""
    cause = error.__cause__ or error
    return _KINDS.get(type(cause), "no answer")


_KINDS: Final[dict[type[BaseException], str]] = {
    httpx2.ConnectError: "no connection",
    httpx2.ConnectTimeout: "no connection in time",
    httpx2.ReadTimeout: "no answer in time",
    httpx2.RemoteProtocolError: "the answer was cut off",
    httpx2.ReadError: "the answer was cut off",
}


def _json(response: httpx2.Response) -> object:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _http(url: str, transport: httpx2.BaseTransport | None, bounds: Bounds) -> _Http:
    return {
        "limits": _LIMITS,
        "trust_env": not on_loopback(url),
        "transport": transport,
        "event_hooks": {"response": [partial(_bound, bounds=bounds)]},
    }


def _at_once(client: pagerduty.ApiClient) -> None:
    """
    Let the first answer, or the first failure, be the last.

    The package sleeps in its thread: without end on 429, 3 minutes of 503 for events, and it sends
    a POST again that timed out. When to try again is the outbox's business. Set here because its
    constructors reset all of it; -1 means that not even a first repetition is within the limit.
    """
    client.retry.clear()
    client.retry[429] = 1
    client.max_http_attempts = -1
    client.max_network_attempts = 0
    client.timeout = TIMEOUT  # type: ignore[assignment]  # an int by its default only: it is given to httpx2
    client.log = logging.getLogger("pagerduty.unheard")
    client.log.disabled = True


def _bound(response: httpx2.Response, *, bounds: Bounds) -> None:
    """Give the answer's body an end; called before it is read."""
    assert isinstance(response.stream, httpx2.SyncByteStream)
    response.stream = _Bounded(response.stream, bounds)


class _Bounded(httpx2.SyncByteStream):
    """A body that arrives in time and in a size that can be read, or is given up."""

    def __init__(self, stream: httpx2.SyncByteStream, bounds: Bounds) -> None:
        self._stream = stream
        self._until = time.monotonic() + bounds.whole_s
        self._left = bounds.largest

    def __iter__(self) -> Iterator[bytes]:  # type: ignore[explicit-override]  # typing.override came with 3.12
        for piece in self._stream:
            self._left -= len(piece)
            if self._left < 0:
                raise httpx2.ReadError("the answer is too large")
            if time.monotonic() > self._until:
                raise httpx2.ReadTimeout("the answer takes too long")
            yield piece

    def close(self) -> None:  # type: ignore[explicit-override]  # typing.override came with 3.12
        """Let the connection go."""
        self._stream.close()
