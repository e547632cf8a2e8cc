"""`flags/incidents.yaml`: what it says is what counts, what is missing is as usual, mistakes have a line."""

from pathlib import Path

import pytest

from opsbot.adapters.catalog.read import load
from opsbot.domain.incident.settings import IncidentSettings, from_record
from opsbot.domain.state import State

SHIPPED = Path(__file__).parents[3]


@pytest.fixture
def flags(tmp_path: Path) -> Path:
    """Give a folder of good declarations without the file."""
    for path in (SHIPPED / "flags").glob("*.yaml"):
        if path.name != "incidents.yaml":
            (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "workflows").mkdir()
    for path in (SHIPPED / "flags" / "workflows").glob("*.yaml"):
        (tmp_path / "workflows" / path.name).write_text(path.read_text())
    return tmp_path


def read(flags: Path, text: str | None) -> tuple[IncidentSettings | None, list[str]]:
    if text is not None:
        (flags / "incidents.yaml").write_text(text)
    loaded = load(flags, SHIPPED / "runbooks")
    said = [f"{one.line}: {one.message}" for one in loaded.findings if "incidents" in one.file]
    catalogue = loaded.catalogue
    return (None if catalogue is None else from_record(catalogue.incidents)), said


def test_without_a_file_incidents_are_run_as_usual(flags: Path) -> None:
    assert read(flags, None) == (IncidentSettings(), [])
    assert from_record(State().setting("incidents")) == IncidentSettings()


def test_the_shipped_file_is_the_usual_with_quiet_hours(flags: Path) -> None:
    settings, said = read(flags, (SHIPPED / "flags" / "incidents.yaml").read_text())

    assert said == []
    assert settings is not None
    usual = IncidentSettings()
    assert settings.reminders == usual.reminders
    assert (settings.pages, settings.rooms) == (usual.pages, usual.rooms)
    assert settings.archive_after_ms == usual.archive_after_ms == 7 * 86_400_000
    assert settings.quiet.awake == "Mon-Fri 09:00-18:00 Europe/Berlin"


def test_what_is_left_out_of_a_reminder_is_as_usual(flags: Path) -> None:
    text = "incidents: 1\nreminders:\n  stale: {most: 1}\n  no_commander: {after_min: {SEV1: 2}}\n"

    settings, said = read(flags, text)

    assert said == []
    assert settings is not None
    usual = IncidentSettings().reminders
    assert settings.reminders["stale"].after_ms == usual["stale"].after_ms
    assert settings.reminders["stale"].most == 1
    assert settings.reminders["no_commander"].after_ms == {"SEV1": 120_000}
    assert settings.reminders["update_due"] == usual["update_due"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("incidents: 1\npages: [SEV5]\n", "2", "SEV5"),
        ("incidents: 1\npage: true\n", "2", "page"),
        ("incidents: 1\nreminders:\n  coffee: {most: 1}\n", "3", "coffee"),
        ("incidents: 1\nquiet: {awake: 'at night'}\n", "2", "at night"),
        ("incidents: 1\nreminders:\n  stale: {after_min: {SEV1: 0}}\n", "3", ""),
        ("incidents: 2\n", "1", ""),
        ("incidents: 1\nchannel: '#incidents'\n", "2", "channel"),
        ("incidents: 1\narchive_after: 7\n", "2", "archive_after"),
        ("incidents: 1\narchive_after: 0d\n", "2", "archive_after"),
        ("incidents: 1\narchive_after: soon\n", "2", "archive_after"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_nothing_of_it_counts(
    flags: Path, text: str, line: str, words: str
) -> None:
    settings, said = read(flags, text)

    assert settings is None
    assert len(said) == 1, said
    assert said[0].startswith(f"{line}:")
    assert words in said[0]


@pytest.mark.parametrize(
    ("word", "after_ms"), [("12h", 43_200_000), ("30d", 2_592_000_000), ("never", None)]
)
def test_it_says_when_a_channel_is_archived(flags: Path, word: str, after_ms: int | None) -> None:
    settings, said = read(flags, f"incidents: 1\narchive_after: {word}\n")

    assert said == []
    assert settings is not None
    assert settings.archive_after_ms == after_ms


def test_pages_beside_paging_that_is_off_is_warned_of(flags: Path) -> None:
    settings, said = read(flags, "incidents: 1\npaging: false\npages: [SEV1]\n")

    assert settings is not None
    assert not settings.paging
    assert said == ["3: paging is off, and `pages` says who would be paged"]
