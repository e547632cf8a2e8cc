"""The shipped workflows, policy, schema and runbooks are whole, and a copy of them that breaks is found."""

import json
from pathlib import Path

import pytest

from opsbot.adapters.catalog.read import load
from opsbot.adapters.catalog.schema import schema_text
from opsbot.app.check import examined
from opsbot.domain.declaration import Catalogue
from opsbot.domain.policy.rules import as_record, from_record
from opsbot.domain.workflow import as_record as workflow_record
from opsbot.domain.workflow import from_record as workflow_from

ROOT = Path(__file__).parents[2]
NAMES = {"support-copilot", "contract-summariser", "coding-agent", "internal-search"}


@pytest.fixture(name="catalogue", scope="module")
def _catalogue() -> Catalogue:
    loaded = examined(load(ROOT / "flags", ROOT / "runbooks"))
    assert loaded.findings == ()
    assert loaded.catalogue is not None
    return loaded.catalogue


def test_the_shipped_declarations_have_no_findings_at_all(catalogue: Catalogue) -> None:
    assert set(catalogue.workflows) >= NAMES


def test_the_policy_answers_its_own_table_of_examples(catalogue: Catalogue) -> None:
    outcomes = {example.expect for example in catalogue.examples}

    assert len(catalogue.examples) >= 25
    assert outcomes == {"alone", "alone_5_percent", "second_person", "break_glass", "refused"}


def test_the_policy_ships_without_any_token(catalogue: Catalogue) -> None:
    people, services = catalogue.policy.people.values(), catalogue.policy.services.values()

    assert [person.name for person in people if person.tokens] == []
    assert [service.name for service in services if service.tokens] == []


def test_tiers_safe_states_and_tools_differ_as_in_life(catalogue: Catalogue) -> None:
    workflows = catalogue.workflows.values()

    assert {w.tier for w in workflows} == {1, 2, 3}
    assert {w.safe_state for w in workflows} == {"canned", "stop"}
    assert "write" in catalogue.workflows["coding-agent"].tools.values()


def test_the_support_copilot_is_as_the_documents_show_it(catalogue: Catalogue) -> None:
    support = catalogue.workflows["support-copilot"]

    assert (support.tier, support.slack_channel, support.dri) == (1, "C0SUPPORTAI", "U0SUPPORT")
    assert (support.safe_state, support.on_store_loss) == ("canned", "stop")
    assert support.route["revision"] == "r1"
    assert support.fallbacks == ({"provider": "anthropic", "model": "claude-sonnet-5"},)
    assert support.extra["approved"] == [
        "openai/gpt-5.2",
        "openai/gpt-5-mini",
        "anthropic/claude-sonnet-5",
    ]


def test_everything_declared_survives_its_record(catalogue: Catalogue) -> None:
    for workflow in catalogue.workflows.values():
        stored = json.loads(json.dumps(workflow_record(workflow)))
        assert workflow_from(stored) == workflow

    stored = json.loads(json.dumps(as_record(catalogue.policy)))
    assert from_record(stored) == catalogue.policy


def test_the_schema_is_current() -> None:
    assert (ROOT / "flags" / "schema.json").read_text() == schema_text()
