"""The golden decisions hold on the way that a call takes through the handler."""

from typing import Any

import pytest

from opsflags.litellm_gate import Gate
from opsflags.litellm_models import Models
from opsflags.litellm_settings import Caller
from opsflags.model import NO_MODEL
from tests.flags.test_vectors import CASES, WORKFLOW, _handle, _ids

MODEL_CALLS = [case for case in CASES if not case["ask"].get("tool")]
TOOL_CALLS = [case for case in CASES if case["ask"].get("tool")]


def attempt(case: dict[str, Any]) -> Any:
    """Ask the gate for one attempt as the vector does; one group stands for every model."""
    given, ask = case["given"], case["ask"]
    handle = _handle(given)
    modes = handle.modes
    models = Models({}, lambda: [("*", "*")])
    gate = Gate(handle, models, route=True, hold_drafts=False, is_wired=lambda: True)
    handle.modes = modes
    caller = Caller(WORKFLOW, tenant=ask.get("tenant"), key=ask.get("key"), declared=True)
    place = (ask.get("provider"), ask.get("model"))
    target = case["expect"]["route"]
    group = "" if target is None else f"{target['provider']}/{target['model']}"
    return gate, gate.attempt(caller, [place], (group,), counted=True)


@pytest.mark.parametrize("case", MODEL_CALLS, ids=_ids)
def test_the_golden_decision_holds_at_an_attempt(case: dict[str, Any]) -> None:
    _, (refusal, _, decision) = attempt(case)

    assert decision.as_json() == case["expect"]
    assert (refusal is not None) is (case["expect"]["mode"] in NO_MODEL)


@pytest.mark.parametrize("case", TOOL_CALLS, ids=_ids)
def test_a_tool_that_a_golden_decision_forbids_does_not_go_along(case: dict[str, Any]) -> None:
    gate, (refusal, _, decision) = attempt(case)
    offered = {"tools": [{"type": "function", "function": {"name": case["ask"]["tool"]}}]}

    passes = refusal is None and "tools" in gate.stripped(offered, decision.tools)

    assert not passes or case["expect"]["allowed"]


def test_no_vector_is_left_out() -> None:
    assert len(MODEL_CALLS) + len(TOOL_CALLS) == len(CASES)
    assert len(MODEL_CALLS) > 40
