"""Give the plug-in's tests a stand-in for LiteLLM, a switchboard in memory, and a proxy that calls the hooks."""

import importlib
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opsflags.testing import FakeFlags

STANDIN = Path(__file__).parent / "standin"
RECORD = {
    "safe_state": "canned",
    "canned": "Our assistant is paused.",
    "human_queue": {"text": "A person is taking over."},
    "tools": {"search_kb": "read", "issue_refund": "write"},
    "route": {
        "revision": "r1",
        "targets": [{"provider": "openai", "model": "gpt-5.2", "weight": 100}],
        "fallbacks": [{"provider": "openai", "model": "gpt-5-mini"}],
        "prompt": None,
        "params": {},
    },
}
SERVED = {
    "smart": "openai/gpt-5.2",
    "cheap": "openai/gpt-5-mini",
    "plain": "openai/gpt-4.1",
    "spare": "openai/gpt-4.1-mini",
}
SETTINGS = {"workflows": {"keys": {"support": "support-copilot"}}}


@pytest.fixture(scope="session")
def litellm() -> Iterator[SimpleNamespace]:
    """Put the stand-in where LiteLLM would be imported from; give its parts and the plug-in's."""
    names = (
        "litellm",
        "litellm.proxy.proxy_server",
        "litellm.proxy._types",
        "litellm.exceptions",
        "litellm.integrations.custom_logger",
    )
    sys.path.insert(0, str(STANDIN))
    try:
        parts = [importlib.import_module(name) for name in names]
        plugin = importlib.import_module("opsflags.litellm")
        yield SimpleNamespace(
            root=parts[0], server=parts[1], types=parts[2], errors=parts[3], plugin=plugin
        )
    finally:
        sys.path.remove(str(STANDIN))
        for name in [name for name in sys.modules if name.split(".")[0] == "litellm"]:
            del sys.modules[name]
        for made in ("Handler", "handler"):
            vars(plugin).pop(made, None)


@pytest.fixture
def router(litellm: SimpleNamespace) -> Iterator[list[dict[str, Any]]]:
    """Give the model list of the proxy, to be changed at will."""
    served = [
        {"model_name": name, "litellm_params": {"model": model}, "model_info": {"id": f"id-{name}"}}
        for name, model in SERVED.items()
    ]
    litellm.server.llm_router = SimpleNamespace(model_list=served)
    yield served
    litellm.server.llm_router = None
    litellm.root.callbacks.clear()


@pytest.fixture
def flags() -> FakeFlags:
    """Return a switchboard that declares `support-copilot`."""
    fake = FakeFlags()
    fake.declare("support-copilot", RECORD)
    return fake


class Proxy:
    """
    Calls a handler's hooks as LiteLLM does; *headers* came with the request.

    """

    def __init__(self, handler: Any, router: list[dict[str, Any]]) -> None:
        self.handler = handler
        self.router = router

    async def enter(
        self, *, key: str | None = "support", team: str | None = None, **body: Any
    ) -> dict[str, Any]:
        """Pass the door with one request; return what LiteLLM goes on with."""
        call_type = body.pop("call_type", "acompletion")
        headers = body.pop("headers", {})
        auth = SimpleNamespace(
            key_alias=key,
            team_alias=team,
            metadata=body.pop("key_metadata", {}),
            team_metadata=body.pop("team_metadata", {}),
            end_user_id=body.pop("end_user_id", None),
        )
        self.auth = auth
        data = {
            "model": "smart",
            "messages": [{"role": "user", "content": "hello"}],
            "proxy_server_request": {"headers": headers},
            "metadata": {},
            **body,
        }
        came: dict[str, Any] = await self.handler.async_pre_call_hook(auth, None, data, call_type)
        return came

    async def attempt(self, data: Mapping[str, Any], group: str = "") -> dict[str, Any]:
        """Choose a deployment of *group* (the request's own by default) and try it."""
        group = group or data["model"]
        healthy = [entry for entry in self.router if entry["model_name"] == group]
        left = await self.handler.async_filter_deployments(group, healthy, data["messages"], {})
        kwargs = {
            **data,
            "model": left[0]["litellm_params"]["model"],
            "model_info": left[0]["model_info"],
            "metadata": {"model_group": group, "deployment_model_name": group},
        }
        tried: dict[str, Any] = await self.handler.async_pre_call_deployment_hook(kwargs, None)
        return tried

    def stream(self, pieces: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Hand a stream to the handler."""
        streamed: AsyncIterator[Any] = self.handler.async_post_call_streaming_iterator_hook(
            user_api_key_dict=self.auth, response=pieces, request_data={"model": "smart"}
        )
        return streamed


@pytest.fixture
def proxy(litellm: SimpleNamespace, flags: FakeFlags, router: list[dict[str, Any]]) -> Proxy:
    """Give a proxy whose handler asks the switchboard in memory."""
    handler = litellm.plugin.Handler(flags=flags, settings=SETTINGS)
    litellm.root.callbacks.append(handler)
    return Proxy(handler, router)
