"""The two client libraries, `httpx` and `httpx2`, as the guard sees them: one shape, classes of their own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, cast

NAMES = ("httpx2", "httpx")
"""The one that the SDKs of today use first."""


Trace = Callable[[str, dict[str, Any]], None]
"""What the `trace` extension calls with the name of a step and its details."""


class Url(Protocol):
    """Where a request goes."""

    @property
    def host(self) -> str:
        """The host's name."""

    @property
    def path(self) -> str:
        """The path, without the query."""


class Headers(Protocol):
    """Headers in order; names of any case."""

    def get(self, key: str, default: str = ...) -> str:
        """Return the value of *key*."""

    def multi_items(self) -> list[tuple[str, str]]:
        """Return every header, repeated ones too."""


class Request(Protocol):
    """A request of either library."""

    method: str
    url: Url
    headers: Headers
    stream: object
    extensions: Mapping[str, object]

    def read(self) -> bytes:
        """Return the body, reading it first where it is streamed."""

    async def aread(self) -> bytes:
        """Do what `read` does, for asynchronous bodies."""


class Response(Protocol):
    """A response of either library."""

    status_code: int
    headers: Headers
    extensions: Mapping[str, object]

    def read(self) -> bytes:
        """Return the decoded body."""

    async def aread(self) -> bytes:
        """Do what `read` does, for asynchronous bodies."""

    def iter_bytes(self) -> Iterator[bytes]:
        """Yield the decoded body."""

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """Yield the decoded body."""

    def close(self) -> None:
        """Give the connection back."""

    async def aclose(self) -> None:
        """Give the connection back."""


class Transport(Protocol):
    """A synchronous transport of either library."""

    def handle_request(self, request: Request) -> Response:
        """Send one request."""

    def close(self) -> None:
        """Close every connection."""


class AsyncTransport(Protocol):
    """An asynchronous transport of either library."""

    async def handle_async_request(self, request: Request) -> Response:
        """Send one request."""

    async def aclose(self) -> None:
        """Close every connection."""


def load(name: str | None, inner: object = None) -> Any:  # a module of one of two libraries
    """
    Return the library called *name*, else that of *inner*, else the installed one.

    Raises:
        TypeError: *name* is neither, or *inner* is of neither and *name* does not say which.
        ImportError: neither is installed.
    """
    if name is not None:
        if name not in NAMES:
            raise TypeError(f"library is 'httpx' or 'httpx2', not {name!r}")
        return import_module(name)
    if inner is not None:
        return _library_of(inner)
    found = next((known for known in NAMES if find_spec(known) is not None), NAMES[-1])
    return import_module(found)


def subclass(own: type, library: object, base: str) -> type:
    """Return *own* as a subclass of the library's class *base*, which its clients insist on."""
    key = (own, base, library)
    if key not in _MADE:
        _MADE[key] = type(own.__name__, (own, getattr(library, base)), {})
    return _MADE[key]


_MADE: dict[tuple[type, str, object], type] = {}


def without(headers: Headers, *names: str) -> list[tuple[str, str]]:
    """Return every header but those called *names*, in lower case."""
    return [(name, value) for name, value in headers.multi_items() if name.lower() not in names]


def upstream_request(
    library: Any, request: Request, content: bytes | None, trace: Trace | None = None
) -> Request:
    """
    Return the request that goes to the provider: *content* instead of the body where it is given.

    Without `accept-encoding`, as an error frame cannot be written into a compressed stream. *trace*
    hears of the steps of the connection, before a trace of the caller's own. The caller's request
    object stays as it is.
    """
    if content is None:
        headers = without(request.headers, "accept-encoding")
        body: dict[str, object] = {"stream": request.stream}
    else:
        headers = without(request.headers, "accept-encoding", "content-length", "transfer-encoding")
        body = {"content": content}
    extensions = dict(request.extensions)
    if trace is not None:
        extensions["trace"] = _both(trace, extensions.get("trace"))
    made = library.Request(
        request.method, request.url, headers=headers, extensions=extensions, **body
    )
    return cast("Request", made)


def _both(first: Trace, second: object) -> Trace:
    if not callable(second):
        return first

    def trace(event: str, info: dict[str, Any]) -> None:
        first(event, info)
        second(event, info)

    return trace


def _library_of(inner: object) -> object:
    for name in NAMES:
        library = sys.modules.get(name)
        if library is None:
            continue
        if isinstance(inner, (library.BaseTransport, library.AsyncBaseTransport)):
            return library
    raise TypeError(
        f"{type(inner).__name__} is a transport of neither httpx nor httpx2: "
        "pass library='httpx' or library='httpx2'"
    )
