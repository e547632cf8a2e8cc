"""The stand-in, the plug-in and the real LiteLLM agree on every signature. Opt-in where it needs the real one."""

import importlib.util
import inspect
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opsflags.litellm_hooks import HOOKS, Hooks
from tests.flags.litellm.real import interpreter

PYTHON = interpreter()
STANDIN = Path(__file__).parent / "standin"
USED = {
    "litellm.integrations.custom_logger:CustomLogger": [*HOOKS],
    "litellm.exceptions:ModifyResponseException": ["__init__"],
    "litellm.proxy._types:ProxyException": ["__init__", "to_dict"],
}
ASK = """
import importlib, inspect, json, sys
from importlib.metadata import version
told = {}
for place, names in json.loads(sys.argv[1]).items():
    module, _, cls = place.partition(":")
    found = getattr(importlib.import_module(module), cls)
    told[place] = {name: list(inspect.signature(getattr(found, name)).parameters) for name in names}
server = importlib.import_module("litellm.proxy.proxy_server")
import litellm
told["names"] = [hasattr(server, "llm_router"), isinstance(litellm.callbacks, list)]
told["version"] = version("litellm")
print("TOLD" + json.dumps(told))
"""


def test_the_plugin_overrides_with_the_stand_ins_signatures(litellm: SimpleNamespace) -> None:
    base = importlib.import_module("litellm.integrations.custom_logger").CustomLogger

    differing = {
        name: (_parameters(getattr(base, name)), _parameters(getattr(Hooks, name)))
        for name in HOOKS
        if _parameters(getattr(base, name)) != _parameters(getattr(Hooks, name))
    }

    assert differing == {}


@pytest.mark.litellm
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(
    PYTHON is None,
    reason="LiteLLM is not installed: name a Python that has it in OPSFLAGS_LITELLM_PYTHON",
)
def test_the_stand_in_has_the_signatures_of_the_real_one(
    litellm: SimpleNamespace, record_property: Any
) -> None:
    assert PYTHON is not None
    asked = [PYTHON, "-c", ASK, json.dumps(USED)]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    real = json.loads(said.partition("TOLD")[2])
    record_property("litellm", real["version"])

    here = {place: _signatures(place, names) for place, names in USED.items()}

    assert {place: real[place] for place in USED} == here
    assert real["names"] == [True, True]


def _signatures(place: str, names: list[str]) -> dict[str, list[str]]:
    module, _, cls = place.partition(":")
    found = getattr(importlib.import_module(module), cls)
    return {name: _parameters(getattr(found, name)) for name in names}


def _parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)
