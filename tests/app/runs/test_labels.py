"""What a button of an action says: its effect, so that two that differ never read alike."""

import pytest

from opsbot.app.runs.labels import label, meant
from opsbot.domain.runbook import Value, Verb
from tests.support.runs import COPILOT, action, book

SAYS: tuple[tuple[Verb, dict[str, Value], str], ...] = (
    ("kill", {}, "Kill support-copilot"),
    ("kill", {"mode": "stop"}, "Stop support-copilot"),
    ("kill", {"mode": "human"}, "Set support-copilot to human"),
    ("kill", {"provider": "openai"}, "Kill provider openai"),
    ("kill", {"tenant": "acme"}, "Kill support-copilot for tenant acme"),
    ("incident", {"title": "wrong answers", "type": "hallucination_harm"}, "Open an incident"),
    ("incident", {"title": "wrong answers", "severity": "sev1"}, "Open an incident"),
    ("incident", {"severity": "sev1"}, "Incident: SEV1"),
    ("incident", {"update": "we look"}, "Give an incident update"),
    ("wait", {"for": "15m"}, "Wait 15 min"),
    ("wait", {"for": "1h"}, "Wait 1 h"),
    ("wait", {"for": "90m"}, "Wait 1 h 30 min"),
)


@pytest.mark.parametrize(("verb", "given", "says"), SAYS)
def test_a_button_says_its_effect(verb: Verb, given: dict[str, Value], says: str) -> None:
    assert label(meant(action(verb, **given), COPILOT), verb) == says


def test_what_means_nothing_says_that_it_cannot_be_done() -> None:
    assert label(None, "kill") == "Kill (cannot be done)"


def test_a_step_goes_by_its_title_where_its_runbook_is_known() -> None:
    given = meant(action("restore", of="stop-the-harm"), COPILOT)

    assert label(given, "restore", book()) == "Lift the kill of \u201cStop the harm\u201d"
    assert label(given, "restore") == "Lift the kill of stop-the-harm"
