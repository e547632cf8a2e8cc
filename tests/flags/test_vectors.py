"""The golden decisions hold in the Python client."""

import json
from pathlib import Path
from typing import Any

import pytest

from opsflags.decision import Decision
from opsflags.evaluate import compile_view
from opsflags.records import kill_from_json, workflow_from_json
from opsflags.workflow import Workflow

VECTORS = Path(__file__).parents[2] / "flags" / "vectors"
FILES = sorted(VECTORS.glob("*.json"))
CASES: list[dict[str, Any]] = [
    {**case, "file": path.stem} for path in FILES for case in json.loads(path.read_text())
]
WORKFLOW = "support-copilot"


def _handle(given: dict[str, Any]) -> Workflow:
    record = given["workflow"]
    handle = Workflow(WORKFLOW, given["modes"], given["on_unknown"])
    view = compile_view(
        WORKFLOW,
        None if record is None else workflow_from_json(WORKFLOW, record),
        [kill_from_json(kill) for kill in given["kills"]],
        modes=handle.modes,
        knowledge=given["knowledge"],
        on_unknown=given["on_unknown"],
        position=(given["position"]["epoch"], given["position"]["revision"]),
    )
    handle._swap(view, deadline=None)
    return handle


def _ids(case: dict[str, Any]) -> str:
    return f"{case['file']}: {case['name']}"


@pytest.mark.parametrize("case", CASES, ids=_ids)
def test_the_golden_decision_holds(case: dict[str, Any]) -> None:
    handle = _handle(case["given"])

    decision: Decision = handle.decide(**case["ask"])

    assert decision.as_json() == case["expect"]


@pytest.mark.parametrize("case", CASES, ids=_ids)
def test_the_order_of_kills_is_irrelevant(case: dict[str, Any]) -> None:
    given = case["given"]
    handle = _handle({**given, "kills": given["kills"][::-1]})

    decision = handle.decide(**case["ask"])

    assert decision.as_json() == case["expect"]


@pytest.mark.parametrize("case", [one for one in CASES if "says" in one], ids=_ids)
def test_the_golden_words_are_said_in_every_language(case: dict[str, Any]) -> None:
    decision = _handle(case["given"]).decide(**case["ask"])

    assert {locale: decision.message_for(locale) for locale in case["says"]} == case["says"]
    assert decision.message_for(None) == decision.message


def test_the_vectors_cover_every_file_mode_and_reason() -> None:
    decisions = [case["expect"] for case in CASES]
    names = [(case["file"], case["name"]) for case in CASES]

    assert len(CASES) >= 60
    assert len(set(names)) == len(names)
    assert {decision["mode"] for decision in decisions} == {
        "live", "fallback", "read_only", "no_tools", "drafts_only", "human", "canned", "stop",
    }  # fmt: skip
    assert {decision["state"] for decision in decisions} == {"LIVE", "KILLED", "STALE", "UNKNOWN"}
    assert {decision["reason"] for decision in decisions} == {
        "live", "killed", "stale", "unknown", "tools_restricted", "tool_not_allowed",
        "no_fallback", "mode_not_implemented", "client_too_old", "store_lost",
    }  # fmt: skip
