"""Make guarded transports, and clients whose every transport is guarded."""

from __future__ import annotations

from typing import Any

from opsflags.httpx.aio import GuardedAsyncTransport
from opsflags.httpx.core import Guard
from opsflags.httpx.library import load, subclass
from opsflags.httpx.sync import GuardedTransport
from opsflags.workflow import Workflow

MAX_CONNECTIONS = 1000
MAX_KEEPALIVE = 100
"""What the SDKs of OpenAI and Anthropic set on clients of their own."""


def client(  # noqa: PLR0913  # what an SDK's client is made of, by keyword
    handle: Workflow,
    tenant: str | None = None,
    *,
    key: str | None = None,
    provider: str | None = None,
    route: bool = False,
    locale: str | None = None,
    library: str | None = None,
    **httpx_kwargs: Any,  # the library's own arguments
) -> Any:  # a Client of one of two libraries
    """
    Return a `Client` whose calls ask *handle* first, to be passed to an SDK as `http_client`.

    *tenant* is whose calls these are and *key* their sticky key (a conversation's id, say);
    *locale* is the language of who reads what stands for an answer; `with handle.call(tenant=…, key=…)`
    overrides them for a block. *provider* names who answers,
    where neither host nor route tells. *route* sends each chat, message and response call to the
    model that its route gives; one whose route leads to another provider keeps its own model, and
    `handle.unrouted` counts it. Prompt, parameters and tools stay the service's. *library* is
    `httpx2` (the default where it is installed) or `httpx`; *httpx_kwargs* are its client's
    arguments. Proxies and mounts are guarded too. Without a `timeout` an SDK keeps its own.

    Raises:
        TypeError: *handle* is not the handle of a workflow, or *library* is neither.
    """
    guard = Guard(handle, tenant, provider, key=key, route=route, locale=locale)
    made_by = load(library)
    return _guarded(made_by.Client(**_like_an_sdk(made_by, httpx_kwargs)), made_by, guard)


def async_client(  # noqa: PLR0913  # what an SDK's client is made of, by keyword
    handle: Workflow,
    tenant: str | None = None,
    *,
    key: str | None = None,
    provider: str | None = None,
    route: bool = False,
    locale: str | None = None,
    library: str | None = None,
    **httpx_kwargs: Any,  # the library's own arguments
) -> Any:  # an AsyncClient of one of two libraries
    """
    Do what `client` does, for an `AsyncClient` on asyncio.

    Raises:
        TypeError: *handle* is not the handle of a workflow, or *library* is neither.
    """
    guard = Guard(handle, tenant, provider, key=key, route=route, locale=locale)
    made_by = load(library)
    return _guarded(made_by.AsyncClient(**_like_an_sdk(made_by, httpx_kwargs)), made_by, guard)


def transport(  # noqa: PLR0913  # what an SDK's client is made of, by keyword
    handle: Workflow,
    inner: Any = None,  # a transport of one of two libraries
    *,
    tenant: str | None = None,
    key: str | None = None,
    provider: str | None = None,
    route: bool = False,
    locale: str | None = None,
    library: str | None = None,
) -> Any:  # a transport of the same library
    """
    Return a transport that asks *handle* before each request it hands to *inner*.

    *inner* is closed with it; None is a new `HTTPTransport`. The library is that of *inner*.

    Raises:
        TypeError: *handle* is not the handle of a workflow, or *inner* is of neither library and
            *library* does not say which.
    """
    guard = Guard(handle, tenant, provider, key=key, route=route, locale=locale)
    made_by = load(library, inner)
    wrapped = inner if inner is not None else made_by.HTTPTransport(limits=_limits(made_by))
    return subclass(GuardedTransport, made_by, "BaseTransport")(made_by, guard, wrapped)


def async_transport(  # noqa: PLR0913  # what an SDK's client is made of, by keyword
    handle: Workflow,
    inner: Any = None,  # a transport of one of two libraries
    *,
    tenant: str | None = None,
    key: str | None = None,
    provider: str | None = None,
    route: bool = False,
    locale: str | None = None,
    library: str | None = None,
) -> Any:  # a transport of the same library
    """
    Do what `transport` does, for asynchronous clients on asyncio.

    Raises:
        TypeError: as `transport`.
    """
    guard = Guard(handle, tenant, provider, key=key, route=route, locale=locale)
    made_by = load(library, inner)
    wrapped = inner if inner is not None else made_by.AsyncHTTPTransport(limits=_limits(made_by))
    return subclass(GuardedAsyncTransport, made_by, "AsyncBaseTransport")(made_by, guard, wrapped)


def _like_an_sdk(library: Any, given: dict[str, Any]) -> dict[str, Any]:
    return {"limits": _limits(library), "follow_redirects": True, **given}


def _limits(library: Any) -> object:
    limits: object = library.Limits(
        max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_KEEPALIVE
    )
    return limits


def _guarded(made: Any, library: Any, guard: Guard) -> Any:
    """
    Put the guard round every transport of a finished client.

    Only the finished client knows all of them: the environment's proxies come as mounts, and one
    that was left out would be a way past the guard.
    """
    asynchronous = isinstance(made, library.AsyncClient)
    base = "AsyncBaseTransport" if asynchronous else "BaseTransport"
    own = GuardedAsyncTransport if asynchronous else GuardedTransport
    cover = subclass(own, library, base)
    made._transport = cover(library, guard, made._transport)  # noqa: SLF001  # no public seam has all of them
    made._mounts = {  # noqa: SLF001  # as above
        pattern: None if inner is None else cover(library, guard, inner)
        for pattern, inner in made._mounts.items()  # noqa: SLF001  # as above
    }
    return made
