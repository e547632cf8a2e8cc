"""Run the real LiteLLM proxy, where there is one, with opsflags in it: a store, a model stub and a config.yaml of its own."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from tests.flags.switchboard import Switchboard
from tests.support.child import running
from tests.support.model_stub import RunningStub, running_stub
from tests.support.store import Server, Store, free_port
from tests.support.wait import eventually_sync

ROOT = Path(__file__).parents[3]
START_S = 120
"""How long the proxy may take to start on a slow machine, in seconds."""

AUTH = '''
from litellm.proxy._types import UserAPIKeyAuth

async def check(request, api_key):
    """Stand in for a database of virtual keys: an alias per key."""
    alias, _, team = api_key.removeprefix("sk-").partition("--")
    return UserAPIKeyAuth(api_key=api_key, key_alias=alias, team_alias=team or None)
'''


def interpreter() -> str | None:
    """Return a Python that has LiteLLM's proxy: `OPSFLAGS_LITELLM_PYTHON`, or this one."""
    named = os.environ.get("OPSFLAGS_LITELLM_PYTHON")
    if named:
        return named if shutil.which(named) else None
    return sys.executable if find_spec("litellm") and find_spec("fastapi") else None


class RealProxy:
    """A proxy that runs: *board* moves its switchboard, *model* is what it calls."""

    def __init__(self, board: Switchboard, model: RunningStub, url: str, log: Path) -> None:
        self.board = board
        self.model = model
        self.url = url
        self.log = log
        self.client = httpx.Client(base_url=url, timeout=30)

    def post(self, path: str, body: dict[str, Any], *, key: str = "support", **headers: str) -> Any:
        """Make one call with the virtual key of that alias."""
        said = {"authorization": f"Bearer sk-{key}", **headers}
        return self.client.post(path, json=body, headers=said)

    def chat(self, model: str = "smart", *, key: str = "support", **more: Any) -> Any:
        """Make one chat call."""
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}], **more}
        return self.post("/v1/chat/completions", body, key=key)

    def fleet(self) -> list[dict[str, Any]]:
        """Return what the proxy's instances registered."""
        found = self.board.store.redis.hgetall(self.board.fleet.instances)
        return [json.loads(one) for one in found.values()]

    def ack(self) -> dict[str, Any]:
        """Return the acknowledgement of the proxy's one instance."""
        found = list(self.board.store.redis.hgetall(self.board.fleet.acks).values())
        return json.loads(found[0]) if found else {}

    def tally(self, kill: dict[str, Any]) -> dict[str, Any]:
        """Return what the proxy counted for a kill, nothing until it acknowledged that."""
        found: dict[str, Any] = self.ack().get("kills", {}).get(kill["uid"], {})
        return found

    def settle(self) -> None:
        """Wait until the proxy has enforced what the switchboard says now."""
        at = self.board.revision
        eventually_sync(lambda: int(self.ack().get("x", -1)), until=lambda x: x >= at, timeout_s=10)


@contextmanager
def running_proxy(python: str, config: dict[str, Any]) -> Iterator[RealProxy]:
    """Start the proxy with *config* (JSON is YAML) and wait until it answers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(Server())
        store = Store(server)
        stack.callback(store.close)
        model = stack.enter_context(running_stub())
        board = Switchboard(store)
        board.fleet = store.keys.fleet_of("llm-gateway")
        (folder / "keys.py").write_text(AUTH)
        filled = json.dumps(config).replace("MODEL_URL", model.url)
        (folder / "config.yaml").write_text(filled)
        port = free_port()
        command = [python, "-m", "litellm.proxy.proxy_cli", "--config", str(folder / "config.yaml")]
        command += ["--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
        log = folder / "log"
        shell = ["/bin/sh", "-c", f'exec "$@" > {log} 2>&1', "sh", *command]
        stack.enter_context(running(*shell, env=_environment(store)))
        proxy = RealProxy(board, model, f"http://127.0.0.1:{port}", log)
        stack.callback(proxy.client.close)
        eventually_sync(lambda: _ready(proxy), timeout_s=START_S)
        yield proxy


def _environment(store: Store) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT / "flags"),
        "OPSBOT_REDIS_URL": store.url,
        "OPSBOT_ENV": store.env,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MASTER_KEY": "sk-master",
        "LITELLM_LOG": "ERROR",
        "NO_PROXY": "*",
    }


def _ready(proxy: RealProxy) -> bool:
    try:
        return proxy.client.get("/health/liveliness").status_code == 200
    except httpx.TransportError:
        return False


def deployment(name: str, model: str) -> dict[str, Any]:
    """Return an entry of the model list that leads to the stub."""
    base = "MODEL_URL" if model.startswith("anthropic/") else "MODEL_URL/v1"
    return {
        "model_name": name,
        "litellm_params": {"model": model, "api_base": base, "api_key": "x"},
        "model_info": {"id": f"id-of-{name}"},
    }


CONFIG: dict[str, Any] = {
    "model_list": [
        deployment("smart", "openai/gpt-5.2"),
        deployment("cheap", "openai/gpt-5-mini"),
        deployment("other", "anthropic/claude-sonnet-5"),
        deployment("plain", "openai/gpt-4.1"),
        deployment("spare", "openai/gpt-4.1-mini"),
        {
            "model_name": "broken",
            "litellm_params": {
                "model": "openai/gpt-4",
                "api_base": "http://127.0.0.1:9/v1",
                "api_key": "x",
            },
        },
    ],
    "litellm_settings": {
        "callbacks": ["opsflags.litellm.handler"],
        "opsflags": {
            "service": "llm-gateway",
            "probe": "127.0.0.1:0",
            "workflows": {"keys": {"support": "support-copilot"}},
            "models": {"openai/gpt-5-mini": "cheap"},
        },
    },
    "router_settings": {"fallbacks": [{"broken": ["spare"]}]},
    "general_settings": {"custom_auth": "keys.check"},
}
