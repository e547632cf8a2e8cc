"""Broken templates fail a check of files, and stop no bot from taking its declarations."""

import json
import shutil
from pathlib import Path

import pytest

from opsbot.adapters.catalog import read as catalog
from opsbot.adapters.catalog import words as catalog_words
from opsbot.adapters.comms.files import load
from opsbot.adapters.comms.templates import FileTemplates
from opsbot.app.check import exit_code, render
from opsbot.bootstrap.declarations import Learning
from opsbot.domain.declaration import Loaded

ROOT = Path(__file__).parents[3]
HOLDING = "users-feature-off-investigating.md.j2"


@pytest.fixture(name="runbooks")
def _runbooks(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "runbooks", tmp_path / "runbooks"))


def loaded(runbooks: Path) -> Loaded:
    return catalog.load(ROOT / "flags", runbooks)


def spoil(runbooks: Path, old: str, new: str) -> None:
    path = runbooks / "comms" / HOLDING
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_what_is_shipped_passes_with_everything_else(runbooks: Path) -> None:
    assert catalog_words.checked(loaded(runbooks), runbooks).findings == ()


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_words_that_were_changed_after_their_approval_fail_the_check_with_the_hash_to_write(
    runbooks: Path, form: str
) -> None:
    spoil(runbooks, "while we look into a problem", "while we look")
    hash_ = load(runbooks / "comms").templates[HOLDING.removesuffix(".md.j2")].body_hash

    checked = catalog_words.checked(loaded(runbooks), runbooks)
    said = render(checked, form)  # type: ignore[arg-type]  # the three that there are

    assert exit_code(checked) == 1
    assert f"approved: {hash_}" in said
    assert "T09" in said
    if form == "json":
        assert json.loads(said)["findings"][0]["rule"] == "T09"
    if form == "github":
        assert said.startswith("::error file=")


def test_a_bot_takes_its_declarations_and_keeps_the_template_as_it_was(runbooks: Path) -> None:
    templates = FileTemplates()
    learning = Learning(templates=templates)
    learning.learned(loaded(runbooks), runbooks)
    before = dict(templates.known())
    spoil(runbooks, "{{ next_at }}", "{{ next_at.x }}")

    again = learning.learned(loaded(runbooks), runbooks)

    assert again.catalogue is not None
    assert [(one.rule, one.level) for one in again.findings] == [("T07", "error")]
    assert dict(templates.known()) == before
    assert before[HOLDING.removesuffix(".md.j2")].holding


def test_a_template_that_is_missing_for_what_can_happen_is_named(runbooks: Path) -> None:
    (runbooks / "comms" / "users-data-exposure-monitoring.md.j2").unlink()

    (found,) = catalog_words.checked(loaded(runbooks), runbooks).findings

    assert found.rule == "T14"
    assert "`users-data-exposure-monitoring`" in found.message


def test_the_names_of_models_that_are_declared_are_known_to_the_rules(runbooks: Path) -> None:
    spoil(
        runbooks, "We are still finding out", "We left azure/gpt-5-2-prod and are still finding out"
    )

    found = catalog_words.checked(loaded(runbooks), runbooks).findings

    assert {one.rule for one in found} >= {"T09", "T11"}


def test_without_a_folder_of_templates_nothing_is_said_of_them(runbooks: Path) -> None:
    shutil.rmtree(runbooks / "comms")

    checked = catalog_words.checked(loaded(runbooks), runbooks)

    assert {one.rule for one in checked.findings} == {"W25"}
    assert checked.catalogue is not None
