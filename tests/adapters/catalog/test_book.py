"""`flags/models.yaml`: each rule once broken and once kept, with file, line and fix."""

import shutil
from pathlib import Path

import pytest

from opsbot.adapters.catalog.read import load
from opsbot.app.check import Check, render
from opsbot.domain.declaration import Finding, Loaded
from opsbot.domain.model_book import Price

ROOT = Path(__file__).parents[3]


class Files:
    """A copy of the shipped files that a test may spoil."""

    def __init__(self, base: Path) -> None:
        self.flags = base / "flags"
        shutil.copytree(ROOT / "flags" / "workflows", self.flags / "workflows")
        for name in ("policy.yaml", "models.yaml"):
            shutil.copy(ROOT / "flags" / name, self.flags)
        self.models = self.flags / "models.yaml"

    def edit(self, old: str, new: str, *, file: str = "models.yaml") -> int:
        """Replace *old* once and return the line it stood on."""
        path = self.flags / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return text[: text.index(old)].count("\n") + 1

    def load(self) -> Loaded:
        return load(self.flags, ROOT / "runbooks")

    def only(self, level: str) -> Finding:
        found = [one for one in self.load().findings if one.level == level]
        assert len(found) == 1, found
        return found[0]


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_the_shipped_models_are_known_by_all_their_names(files: Files) -> None:
    loaded = files.load()

    assert loaded.findings == ()
    assert loaded.catalogue is not None
    book = loaded.catalogue.book
    assert book.canonical("azure/gpt-5-2-prod") == "openai/gpt-5.2"
    assert book.canonical("openai/gpt-5.2-2026-03-01") == "openai/gpt-5.2"
    assert book.price("claude-haiku-5-20260203") == Price(1, 5)
    for workflow in loaded.catalogue.workflows.values():
        approved = workflow.extra["approved"]
        assert isinstance(approved, list)
        assert all(book.price(name) for name in approved)


MISTAKES = [
    ("aliases: [gpt-5.2-", "alias: [gpt-5.2-", "unknown key `alias`", "Did you mean `aliases`?"),
    ("input: 1.75", "input: -1", "greater than or equal to 0", "schema"),
    ("input: 1.75", "input: cheap", "valid number", "schema"),
    ("{input: 1.75, output: 14}", "{input: 1.75}", "`output` is missing", "Add `output:`"),
    ("  openai/gpt-5.2:", "  gpt-5.2:", "is not of the right form", "schema"),
    ("azure/gpt-5-2-prod", "openai/gpt-5-mini", "is another model's name", "take it away"),
    ("azure/gpt-5-2-prod", "gpt-5.2", "is its own model's name", "take it away"),
    ("azure/gpt-5-2-prod", "gpt-5-mini-2025-08-07", "belongs to `openai/gpt-5.2`", "at one"),
    ('approved_at: "2026-03-09"', "context_: 1", "unknown key", "`context`?"),
    ('approved_at: "2026-03-09"', "", "lacks `approved_at`", "Add `approved_at:`"),
    ('"2026-03-09"', '"2026-13-09"', "is no date", "2026-03-01"),
]


@pytest.mark.parametrize(("old", "new", "message", "fix"), MISTAKES)
def test_each_mistake_is_named_with_its_line_and_fix(
    files: Files, old: str, new: str, message: str, fix: str
) -> None:
    line = files.edit(old, new)

    found = files.load()

    assert found.catalogue is None
    error = found.errors[0]
    assert error.file == str(files.models)
    assert message in error.message
    assert fix in error.fix
    assert abs(error.line - line) <= 8


def test_without_the_file_older_installs_go_on_with_a_warning(files: Files) -> None:
    files.models.unlink()

    loaded = files.load()

    assert loaded.catalogue is not None
    assert loaded.catalogue.book.models == {}
    assert [(one.level, one.message) for one in loaded.findings] == [
        ("warning", "there are no models")
    ]
    assert "Write one" in render(Check(files.load)(), "text")


def test_an_approved_model_that_the_book_does_not_know_is_warned_of_where_it_is_approved(
    files: Files,
) -> None:
    line = files.edit("  anthropic/claude-haiku-5:", "  anthropic/claude-haiku-6:")

    found = files.only("warning")

    assert line
    assert found.file.endswith("internal-search.yaml")
    assert "`anthropic/claude-haiku-5` is not in models.yaml" in found.message
    assert "Did you mean `anthropic/claude-haiku-6`?" in found.fix


def test_approving_an_alias_is_warned_of(files: Files) -> None:
    files.edit("openai/gpt-5-mini, a", "azure/gpt-5-mini-prod, openai/gpt-5-mini, a",
               file="workflows/internal-search.yaml")  # fmt: skip

    found = files.only("warning")

    assert "another name of `openai/gpt-5-mini`" in found.message
    assert "Approve `openai/gpt-5-mini`" in found.fix


def _cheapest(files: Files) -> int:
    return files.edit(
        "    prompt: internal-search@7",
        "    strategy: cheapest_passing_eval\n    prompt: internal-search@7",
        file="workflows/internal-search.yaml",
    )


def test_the_strategy_with_gates_and_prices_is_fine(files: Files) -> None:
    _cheapest(files)

    assert files.load().findings == ()


def test_the_strategy_without_a_gate_could_never_pass(files: Files) -> None:
    line = _cheapest(files)
    files.edit("gates:\n  - {suite: search", "#gates:\n#  - {suite: search",
               file="workflows/internal-search.yaml")  # fmt: skip

    found = files.only("error")

    assert "has no gate that could pass" in found.message
    assert found.line == line


def test_the_strategy_without_a_price_is_warned_of(files: Files) -> None:
    _cheapest(files)
    files.edit("    usd_per_million_tokens: {input: 0.25, output: 2}\n", "")
    files.edit("    usd_per_million_tokens: {input: 1, output: 5}\n", "")

    assert "knows no price" in files.only("warning").message


def test_the_hash_covers_the_models(files: Files) -> None:
    before = files.load().catalogue
    files.edit("input: 1.75", "input: 1.80")

    after = files.load().catalogue

    assert before is not None
    assert after is not None
    assert before.hash != after.hash


def test_a_workflow_carries_the_other_names_of_its_models(files: Files) -> None:
    catalogue = files.load().catalogue

    assert catalogue is not None
    names = catalogue.workflows["internal-search"].extra["names"]
    assert "azure/gpt-5-mini-prod" in str(names)
    assert "openai/gpt-5.2-2026-03-01" not in str(names)
