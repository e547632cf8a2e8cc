"""`flags/comms.yaml`: what it says is what counts, what is missing is as usual, mistakes have a line and a fix."""

from pathlib import Path

import pytest

from opsbot.adapters.catalog.read import load
from opsbot.domain.comms.settings import CommsSettings, from_record
from opsbot.domain.declaration import Finding
from opsbot.domain.state import State

SHIPPED = Path(__file__).parents[3]
HEAD = "comms: 1\n"


@pytest.fixture
def flags(tmp_path: Path) -> Path:
    """Give a folder of good declarations without the file."""
    for path in (SHIPPED / "flags").glob("*.yaml"):
        if path.name != "comms.yaml":
            (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "workflows").mkdir()
    for path in (SHIPPED / "flags" / "workflows").glob("*.yaml"):
        (tmp_path / "workflows" / path.name).write_text(path.read_text())
    return tmp_path


def read(flags: Path, text: str | None) -> tuple[CommsSettings | None, list[Finding]]:
    if text is not None:
        (flags / "comms.yaml").write_text(text)
    loaded = load(flags, SHIPPED / "runbooks")
    said = [one for one in loaded.findings if "comms" in one.file or "clocks" in one.file]
    catalogue = loaded.catalogue
    return (None if catalogue is None else from_record(catalogue.comms)), said


def test_without_a_file_people_are_told_as_usual(flags: Path) -> None:
    assert read(flags, None) == (CommsSettings(), [])
    assert from_record(State().setting("comms")) == CommsSettings()


def test_an_empty_file_is_the_usual(flags: Path) -> None:
    assert read(flags, HEAD)[0] == CommsSettings()


def test_the_shipped_file_fits_the_shipped_workflows() -> None:
    loaded = load(SHIPPED / "flags", SHIPPED / "runbooks")

    assert loaded.findings == ()
    assert loaded.catalogue is not None
    settings, usual = from_record(loaded.catalogue.comms), CommsSettings()
    assert settings.beats == usual.beats
    assert settings.approval_ms == usual.approval_ms
    assert settings.two_person == usual.two_person
    assert settings.exposure == usual.exposure
    assert settings.clocks == ()
    assert {"#support-leads", "#engineering"} <= set(settings.targets)


def test_one_audience_of_ones_own_leaves_the_others_as_usual(flags: Path) -> None:
    settings, said = read(flags, f"{HEAD}beats:\n  users: {{SEV1: {{first_min: 3}}}}\n")

    assert said == []
    assert settings is not None
    assert settings.beat("users", "SEV1").first_ms == 180_000
    assert settings.beat("users", "SEV2").first_ms is None
    assert settings.beats["executives"] == CommsSettings().beats["executives"]


def test_a_clock_is_switched_on_by_its_name_with_its_words(flags: Path) -> None:
    settings, said = read(flags, f"{HEAD}clocks: [gdpr-33]\n")

    assert said == []
    assert settings is not None
    (clock,) = settings.clocks
    assert (clock.name, clock.hours) == ("gdpr-33", 72)
    assert "not later than 72 hours" in clock.quote
    assert clock.read == "2026-11-21"


@pytest.mark.parametrize(
    "name", ["gdpr-33", "ai-act-73", "ai-act-73-death", "ai-act-73-widespread"]
)
def test_every_shipped_clock_says_where_its_words_are_from(flags: Path, name: str) -> None:
    settings, said = read(flags, f"{HEAD}clocks: [{name}]\n")

    assert said == []
    assert settings is not None
    assert all((settings.clocks[0].quote, settings.clocks[0].source, settings.clocks[0].title))


def test_a_target_keeps_what_it_needs(flags: Path) -> None:
    text = (
        f"{HEAD}targets:\n"
        "  leads: {kind: email, to: [leads@example.com]}\n"
        "  page: {kind: statuspage, page: p1, components: {support-copilot: c1}}\n"
    )

    settings, said = read(flags, text)

    assert [one for one in said if one.level == "error"] == []
    assert settings is not None
    assert settings.targets["leads"].where == {"to": ["leads@example.com"]}
    assert settings.targets["page"].where == {"page": "p1", "components": {"support-copilot": "c1"}}


@pytest.mark.parametrize(
    ("text", "line", "words", "fix"),
    [
        ("comms: 2\n", 1, "", ""),
        ("comms: 1\nzones: UTC\n", 2, "zones", "zone"),
        ("comms: 1\nzone: Mars/Olympus\n", 2, "Mars/Olympus", "Europe/Berlin"),
        ("comms: 1\nlocales: []\n", 2, "locales", ""),
        ("comms: 1\nlocales: [English]\n", 2, "locales", ""),
        ("comms: 1\ntargets:\n  a: {kind: slak, channel: C0X}\n", 3, "slak", "slack"),
        ("comms: 1\ntargets:\n  a: {kind: slack}\n", 3, "channel", "Add `channel:`"),
        ("comms: 1\ntargets:\n  a: {kind: slack, channel: '#x'}\n", 3, "channel", ""),
        (
            "comms: 1\ntargets:\n  a: {kind: email, to: [a@b.c], page: p}\n",
            3,
            "page",
            "Take it out",
        ),
        ("comms: 1\ntargets:\n  in-app: {kind: email, to: [a@b.c]}\n", 3, "in-app", "another name"),
        ("comms: 1\nbeats:\n  users: {SEV1: {long_min: 60}}\n", 3, "pair", "long_after_min"),
        ("comms: 1\nbeats:\n  everybody: {SEV1: {first_min: 5}}\n", 3, "everybody", "users"),
        ("comms: 1\nbeats:\n  users: {SEV1: {first_min: 0}}\n", 3, "first_min", ""),
        ("comms: 1\nclocks: [gdpr-34]\n", 2, "gdpr-34", "gdpr-33"),
        ("comms: 1\nexposure:\n  types: [leak]\n", 3, "leak", "data_leak_pii"),
        ("comms: 1\nexposure:\n  approvers: {legal: [nobody]}\n", 3, "nobody", "people"),
        ("comms: 1\ntwo_person: [SEV9]\n", 2, "SEV9", "SEV1"),
        ("comms: 1\napproval_min: 0\n", 2, "approval_min", ""),
    ],
)
def test_a_mistake_is_named_with_its_line_and_its_fix(
    flags: Path, text: str, line: int, words: str, fix: str
) -> None:
    settings, said = read(flags, text)

    assert settings is None
    errors = [one for one in said if one.level == "error"]
    assert len(errors) == 1, errors
    assert errors[0].line == line
    assert words in errors[0].message
    assert fix in errors[0].fix


def test_a_target_that_a_workflow_names_and_nobody_declared_is_said_where_it_is_named(
    flags: Path,
) -> None:
    (flags / "comms.yaml").write_text(
        f"{HEAD}targets:\n  '#suport-leads': {{kind: slack, channel: C0A}}\n"
    )

    found = [
        one for one in load(flags, SHIPPED / "runbooks").findings if "#support-leads" in one.message
    ]

    (one,) = found
    assert one.file.endswith("support-copilot.yaml")
    assert one.level == "warning"
    assert "#suport-leads" in one.fix
    lines = (flags / "workflows" / "support-copilot.yaml").read_text().splitlines()
    assert "#support-leads" in lines[one.line - 1]


def test_a_public_name_of_no_workflow_is_warned_of(flags: Path) -> None:
    settings, said = read(flags, f"{HEAD}public:\n  support-copilt: the assistant\n")

    assert settings is not None
    assert [(one.line, one.level) for one in said if "copilt" in one.message] == [(3, "warning")]


def test_a_broken_file_of_clocks_is_named(flags: Path) -> None:
    (flags / "legal-clocks.yaml").write_text("legal_clocks: 1\nknown:\n  a: {title: x, hours: 0}\n")

    settings, said = read(flags, HEAD)

    assert settings is None
    assert {one.line for one in said if one.level == "error"} == {3}


def test_a_name_may_be_one_for_all_languages_or_one_for_each(flags: Path) -> None:
    names = """\
locales: [en, de]
public:
  support-copilot: Copilot
  coding-agent: {en: the coding assistant, de: Programmierassistent}
"""

    settings, found = read(flags, HEAD + names)

    assert settings is not None
    assert [one.message for one in found] == []
    assert dict(settings.public) == {
        "support-copilot": "Copilot",
        "coding-agent": "the coding assistant",
    }
    said = {
        (name, locale): settings.name_in(name, locale)
        for name in settings.public
        for locale in ("en", "de", "de-at", "fr")
    }
    assert {one for (name, _), one in said.items() if name == "support-copilot"} == {"Copilot"}
    assert [said["coding-agent", one] for one in ("en", "de", "de-at", "fr")] == [
        "the coding assistant",
        *("Programmierassistent", "Programmierassistent"),
        "the coding assistant",
    ]
    assert settings.called == {"Copilot", "the coding assistant", "Programmierassistent"}


@pytest.mark.parametrize(
    ("names", "level", "message", "line"),
    [
        ("{de: Programmierassistent}", "error", "`coding-agent` has no name in `en`", 4),
        (
            "{en: it, fr: lui}",
            "warning",
            "nothing is written in `fr`, so nobody reads this name",
            4,
        ),
        ("{}", "error", "", 4),
        ("{en: ''}", "error", "", 4),
        ("{en: 7}", "error", "", 4),
    ],
)
def test_names_that_nobody_would_read_or_that_are_missing_have_a_line(
    names: str, level: str, message: str, line: int, flags: Path
) -> None:
    text = f"{HEAD}locales: [en, de]\npublic:\n  coding-agent: {names}\n"

    _, found = read(flags, text)

    assert {(one.level, one.line) for one in found} == {(level, line)}
    assert message in found[0].message
