"""The demo's copy of the declarations: as they stand, but for how long a restore is watched."""

from pathlib import Path

import pytest

from opsbot.adapters.catalog import read as catalog
from opsbot.workbench.declared import WATCH_S, Declared, restore_of

FLAGS = Path(__file__).parents[2] / "flags"
RUNBOOKS = FLAGS.parent / "runbooks"
WORKFLOWS = sorted((FLAGS / "workflows").iterdir())


@pytest.fixture(name="copy")
def _copy(tmp_path: Path) -> Declared:
    source = tmp_path / "flags"
    (source / "workflows").mkdir(parents=True)
    (source / "policy.yaml").write_text("home: {}\n")
    (source / "workflows" / "agent.yaml").write_text(AGENT)
    (source / "workflows" / "plain.yaml").write_text("workflow: plain\n")
    return Declared(source, tmp_path / "copy")


AGENT = "workflow: agent\n# Each step for ten minutes.\nrestore: {steps: [5, 50], watch_s: 600}\n"


def kept(copy: Declared) -> dict[str, str]:
    """Return the copy's files."""
    files = (path for path in copy.target.rglob("*") if path.is_file())
    return {str(path.relative_to(copy.target)): path.read_text() for path in files}


def test_only_the_watch_of_a_restore_differs(copy: Declared) -> None:
    restores = copy.refresh()

    assert restores == {"agent": {"steps": [5, 50], "watch_s": WATCH_S, "declared_s": 600}}
    assert kept(copy) == {
        "policy.yaml": "home: {}\n",
        "workflows/agent.yaml": AGENT.replace("600", str(WATCH_S)),
        "workflows/plain.yaml": "workflow: plain\n",
    }


def test_the_example_s_copy_is_as_good_as_the_example(tmp_path: Path) -> None:
    restores = Declared(FLAGS, tmp_path).refresh()

    found = catalog.load(tmp_path, RUNBOOKS)
    assert [one.message for one in found.findings] == [
        one.message for one in catalog.load(FLAGS, RUNBOOKS).findings
    ]
    assert found.catalogue is not None
    assert sorted(found.catalogue.workflows) == [path.stem for path in WORKFLOWS]
    assert restores["coding-agent"]["watch_s"] == WATCH_S


def test_an_edit_comes_along_and_what_is_unchanged_is_not_written_again(copy: Declared) -> None:
    copy.refresh()
    before = {path: path.stat().st_ino for path in copy.target.rglob("*.yaml")}
    (copy.source / "workflows" / "agent.yaml").write_text(AGENT.replace("[5, 50]", "[10]"))
    (copy.source / "workflows" / "plain.yaml").unlink()

    restores = copy.refresh()

    assert restores["agent"]["steps"] == [10]
    assert sorted(kept(copy)) == ["policy.yaml", "workflows/agent.yaml"]
    policy = copy.target / "policy.yaml"
    assert policy.stat().st_ino == before[policy]


@pytest.mark.parametrize(
    "text",
    [
        "workflow: [",
        "- restore",
        "restore: {steps: [5]}",
        "restore: {watch_s: 600}",
        "restore: {steps: [5], watch_s: soon}",
        "restore: 5",
        "",
    ],
)
def test_what_declares_no_watched_steps_stays_word_for_word(copy: Declared, text: str) -> None:
    (copy.source / "workflows" / "agent.yaml").write_text(text)

    assert copy.refresh() == {}
    assert kept(copy)["workflows/agent.yaml"] == text


def test_bytes_that_are_no_text_stay_for_the_bot_to_refuse() -> None:
    assert restore_of(b"\xff\xfe") is None


def test_a_watch_that_is_short_already_stays() -> None:
    found = restore_of(b"restore: {steps: [5], watch_s: 2}")

    assert found == (
        b"restore: {steps: [5], watch_s: 2}",
        {"steps": [5], "watch_s": 2, "declared_s": 2},
    )


def test_steps_written_below_each_other_are_found_as_well() -> None:
    found = restore_of(b"restore:\n  watch_s: 600   # ten minutes\n  steps:\n    - 5\n")

    assert found is not None
    assert found[0] == b"restore:\n  watch_s: 8   # ten minutes\n  steps:\n    - 5\n"
