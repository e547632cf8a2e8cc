"""Enforce the switchboard in a LiteLLM proxy: `callbacks: [opsflags.litellm.handler]` in its config.yaml."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from opsflags.client import FlagClient
from opsflags.litellm_gate import Refusal
from opsflags.litellm_hooks import HOOKS, Data, Flags, Hooks
from opsflags.litellm_models import Deployment
from opsflags.litellm_settings import Settings

__all__ = ["Handler", "handler"]

TYPE_CHECKING = False  # as typing's, which this package does not load

if TYPE_CHECKING:

    class Handler(Hooks):
        """
        The plug-in: LiteLLM's `CustomLogger` with the hooks of `Hooks`.

        *flags* is a client of your own; by default one is made from the environment at the first
        call. *settings* stand for `litellm_settings: opsflags:`. Subclass it freely.
        """

        def __init__(
            self,
            flags: Flags | None = None,
            settings: Mapping[str, object] | None = None,
        ) -> None: ...

    handler: Handler

NO_RETRY = 400
"""
The status that LiteLLM's router sees on a refusal; the caller sees 503.

The router tries a 5xx again on the same model, and takes its deployment out of service for a while.
"""

_lock = allocate_lock()


def __getattr__(name: str) -> object:
    """Make the class or the ready handler on first use, so that importing this needs no LiteLLM."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _lock:
        if "Handler" not in globals():
            made = _handler_class()
            globals().update(Handler=made, handler=made())
    return globals()[name]


def _handler_class() -> Any:  # a class with a base that type checkers cannot see
    """
    Return `Handler`.

    Raises:
        ImportError: LiteLLM is not installed; `opsflags[litellm]` brings it.
    """
    logger = import_module("litellm.integrations.custom_logger").CustomLogger
    return type("Handler", (_Handler, logger), {"__module__": __name__, "__doc__": Hooks.__doc__})


class _Handler(Hooks):
    """`Hooks` with the LiteLLM that is installed."""

    def __init__(
        self, flags: Flags | None = None, settings: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(_LiteLLM(), lambda read: flags or _from_env(read), settings)


class _Answer:
    """
    What is raised to answer a call with a body of our own.

    LiteLLM's `ProxyException` is the only one that reaches the caller with status, headers and body
    as they are; it writes the body with `to_dict`.
    """

    def __init__(self, refusal: Refusal, *, routed: bool) -> None:
        self.status_code = NO_RETRY if routed else refusal.status
        error = refusal.error
        super().__init__(  # type: ignore[call-arg]  # ProxyException's, which is mixed in below
            message=str(error.get("message", "")),
            type=str(error.get("type", "probe")),
            param=None,
            code=refusal.status,
            headers=dict(refusal.headers),
        )
        self._error = error

    def to_dict(self) -> dict[str, object]:
        """Return the error object, under `error` in the answer's body."""
        return self._error


class _LiteLLM:
    """What the hooks need of LiteLLM, looked up when it is needed: it takes seconds to import."""

    def __init__(self) -> None:
        self._answer: Any = None

    def settings(self) -> Mapping[str, object] | None:
        """Return `litellm_settings: opsflags:`, which LiteLLM keeps as an attribute of its own."""
        given: Mapping[str, object] | None = getattr(import_module("litellm"), "opsflags", None)
        return given

    def deployments(self) -> Iterable[Deployment]:
        """Return every deployment of the proxy's router."""
        router = getattr(import_module("litellm.proxy.proxy_server"), "llm_router", None)
        for entry in list(getattr(router, "model_list", None) or ()):
            yield str(entry["model_name"]), str(entry["litellm_params"]["model"])

    def calls(self, handler: object) -> bool:
        """Return whether *handler* is among the callbacks, with its hooks where LiteLLM looks."""
        registered = any(one is handler for one in import_module("litellm").callbacks)
        return registered and all(name in vars(type(handler)) for name in HOOKS)

    def answer(self, refusal: Refusal, *, routed: bool = False) -> Exception:
        """Return a `ProxyException` that is answered as *refusal* says."""
        if self._answer is None:
            base = import_module("litellm.proxy._types").ProxyException
            self._answer = type("WorkflowRefused", (_Answer, base), {})
        made: Exception = self._answer(refusal, routed=routed)
        return made

    def reply(self, text: str, model: str, data: Data) -> Exception:
        """Return a `ModifyResponseException`: LiteLLM answers with *text*, status 200."""
        cls = import_module("litellm.exceptions").ModifyResponseException
        made: Exception = cls(message=text, model=model, request_data=data)
        return made


def _from_env(settings: Settings) -> FlagClient:
    return FlagClient.from_env(service=settings.service, probe=settings.probe)
