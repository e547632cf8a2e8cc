"""The page about runbooks says what the program does: its example parses, its tables are those of the code."""

import re
from datetime import date
from pathlib import Path

import pytest

from opsbot.adapters.catalog.read import load
from opsbot.adapters.runbooks.files import load as load_runbooks
from opsbot.adapters.runbooks.front import KEYS
from opsbot.adapters.runbooks.imported import MOST_STEPS
from opsbot.adapters.runbooks.labels import LABELS
from opsbot.adapters.runbooks.lint import lint
from opsbot.adapters.runbooks.rules import RULES, Known
from opsbot.app.runs.arguments import CAPTURES, STEP_ROLES, arguments_of, known_arguments
from opsbot.domain.incident.types import TYPES
from opsbot.domain.placeholders import BUILT_IN
from opsbot.domain.runbook import VERBS, Runbook, Verb
from opsbot.slack.typed.runbook import ACTS, parse_runbook
from opsbot.web import app as web
from tests.support.web import opened

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "runbooks.md").read_text("utf-8")
EXAMPLE = PAGE.partition("````markdown\n")[2].partition("````")[0]
REST = PAGE.replace(EXAMPLE, "")
TERMS = set(re.findall(r"`([^`\n]+)`", REST.replace("```", "")))
SYNONYMS = {"begin", "catch-up", "ls", "catalog"}


def rows(heading: str) -> dict[str, list[str]]:
    """Return the rows of the tables under a heading, by their first cell."""
    part = re.split(r"\n##+ ", REST.partition(f" {heading}\n")[2])[0]
    lines = [line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}


@pytest.fixture(name="example")
def _example(tmp_path: Path) -> Runbook:
    """Return the page's example, which no rule finds fault with."""
    (tmp_path / "stale-index.md").write_text(EXAMPLE, "utf-8")
    catalogue = load(ROOT / "flags", ROOT / "runbooks").catalogue
    assert catalogue is not None
    library = load_runbooks(tmp_path)
    known = Known(catalogue.workflows, catalogue.policy, catalogue.book, today=date(2026, 11, 2))
    assert lint(library, known) == ()
    return library.runbooks["stale-index"]


def test_the_example_shows_every_part_of_a_runbook(example: Runbook) -> None:
    steps = example.steps

    assert len(steps) == 5
    assert {one.verb for step in steps for one in step.actions} == {
        *("capture", "kill", "restore", "verify"),
    }
    assert example.lane("comms")
    assert any(step.boxes for step in steps)
    assert any(step.decide for step in steps)
    assert any(step.skip_when for step in steps)


def test_every_shipped_runbook_is_on_the_page() -> None:
    linked = set(re.findall(r"\]\(\.\./runbooks/(?:imported/)?([a-z-]+)\.md\)", PAGE))
    shipped = {path.stem for path in (ROOT / "runbooks").rglob("*.md")}

    assert linked == shipped
    assert {one.runbook for one in TYPES if one.runbook} <= linked


def test_the_keys_labels_and_names_are_those_that_are_read() -> None:
    said = rows("Write one")
    keys = {word for cell in said for word in re.findall(r"`([a-z_]+)`", cell)}
    labels = {word for cell in said for word in re.findall(r"`\*\*([^:]+):\*\*`", cell)}

    assert keys == set(KEYS)
    assert labels == set(LABELS)
    assert {f"{{{{ {one} }}}}" for one in BUILT_IN} <= TERMS
    assert set(STEP_ROLES) <= TERMS


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_takes_what_the_page_says(verb: Verb) -> None:
    arguments, _ = rows("Actions")[f"`{verb}`"]

    assert set(re.findall(r"`(\w+)`", arguments)) == set(known_arguments(verb))


def test_what_can_be_captured_is_on_the_page() -> None:
    _, does = rows("Actions")["`capture`"]

    assert set(re.findall(r"`(\w+)`", does)) == set(CAPTURES)


def test_every_rule_is_on_the_page() -> None:
    said = {rule for cell in rows("What the check asks") for rule in cell.split(", ")}

    assert said - {"rule", "---"} == set(RULES)


def test_a_handbook_begins_where_the_page_says() -> None:
    assert f"More than {MOST_STEPS} steps" in PAGE


def test_the_lines_to_type_are_understood() -> None:
    block = PAGE.partition("## Walk one\n")[2].partition("```\n")[2].partition("```")[0]

    lines = [line for line in block.splitlines() if line]
    assert len(lines) > 4
    for line in lines:
        parse_runbook(line.removeprefix("/ai-runbook "))


def test_every_word_of_a_run_is_on_the_page() -> None:
    first = {one.split()[0] for one in TERMS} | {
        line.split()[1] for line in PAGE.splitlines() if line.startswith("/ai-runbook ")
    }

    assert set(ACTS) - SYNONYMS <= first


async def test_every_path_on_the_page_is_served() -> None:
    served = {entry.path for entry in web.table((await opened()).around())}
    said = {one for one in TERMS if one.startswith(("GET ", "POST "))}
    ends = {f"/v1/runs/{one.partition('…/')[2]}" for one in TERMS if one.startswith("…/")}

    for one in said:
        assert one.partition(" ")[2] in served, one
    for end in ends - {"/v1/runs/{name}"}:
        assert end in served or end.replace("/v1/runs/", "/v1/runs/{id}/") in served, end


def test_the_arguments_of_the_example_mean_something(example: Runbook) -> None:
    for step in example.steps:
        for action in step.actions:
            arguments_of(action.verb, action.arguments, of_run=False)
