"""`check`, `new workflow` and `slack manifest`: about files, without a running bot."""

import io
import json
import shutil
from pathlib import Path

import pytest

from opsbot.adapters.catalog import read as catalog
from opsbot.cli import main
from tests.app.new_workflow.test_walk import ANSWERS
from tests.support.replica import ROOT
from tests.support.terminal import at_a_terminal, opsbot
from tests.support.walked import walked_today

TYPED = "\n".join(ANSWERS.values()) + "\n" * 9
"""The answers, and Enter for whatever may stay empty."""

NEW = "workflows/invoice-reader.yaml"


@pytest.fixture(name="flags")
def _flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give declarations that a test may break."""
    flags = tmp_path / "flags"
    shutil.copytree(ROOT / "flags" / "workflows", flags / "workflows")
    shutil.copy(ROOT / "flags" / "policy.yaml", flags / "policy.yaml")
    shutil.copy(ROOT / "flags" / "models.yaml", flags / "models.yaml")
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(flags))
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(walked_today(tmp_path)))
    return flags


def broken(flags: Path) -> Path:
    """Break one file in its fourth line."""
    path = flags / "workflows" / "internal-search.yaml"
    path.write_text(path.read_text().replace("tier: 3", "tier: 9"))
    return path


def line_of(path: Path, word: str) -> int:
    """Return the line that *word* begins."""
    return next(
        n for n, line in enumerate(path.read_text().splitlines(), 1) if line.startswith(word)
    )


def test_good_files_end_with_zero(flags: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check"])

    assert code == 0
    assert capsys.readouterr().out.startswith("4 workflows")


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_broken_files_end_with_one_in_every_format(
    flags: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    path = broken(flags)
    line = line_of(path, "tier:")

    code = main(["check", "--format", form])

    said = capsys.readouterr().out
    assert code == 1
    if form == "json":
        found = json.loads(said)
        assert (found["ok"], found["findings"][0]["line"]) == (False, line)
    elif form == "github":
        assert said.startswith(f"::error file={path},line={line},title=opsbot check::")
    else:
        assert said.startswith(f"{path}:{line}: error: ")
        assert "not usable" in said


def test_good_files_are_silent_for_github_and_whole_for_machines(
    flags: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [main(["check", "--format=github"]), main(["check", "--format=json"])]

    assert codes == [0, 0]
    assert json.loads(capsys.readouterr().out)["ok"] is True


@pytest.mark.parametrize("words", [("--format", "xml"), ("--format",), ("extra",)])
def test_an_unknown_way_to_check_is_a_usage_error(
    flags: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *words]) == 2
    assert "format" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(tmp_path / "none"))

    assert main(["check"]) == 1
    assert "none" in capsys.readouterr().out


def test_an_owner_declares_a_workflow_at_a_terminal(flags: Path) -> None:
    ran = at_a_terminal(
        "new", "workflow",
        typed=TYPED,
        OPSBOT_FLAGS_DIR=str(flags), OPSBOT_RUNBOOKS_DIR=str(ROOT / "runbooks"),
    )  # fmt: skip

    assert ran.code == 0, ran.out
    assert f"Wrote {flags / NEW}." in ran.out
    assert "5 workflows" in ran.out
    checked = opsbot(
        "check", OPSBOT_FLAGS_DIR=str(flags), OPSBOT_RUNBOOKS_DIR=str(ROOT / "runbooks")
    )
    assert checked.code == 0
    loaded = catalog.load(flags, ROOT / "runbooks").catalogue
    assert loaded is not None
    assert loaded.workflows["invoice-reader"].safe_state == "human"


def test_a_wrong_answer_is_explained_and_asked_again(
    flags: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = TYPED.replace("U0ADMIN", "nobody\nU0ADMIN")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"support-copilot\nNo Name\n{said}"))

    code = main(["new", "workflow"])

    printed = capsys.readouterr()
    assert code == 0
    assert "`nobody` is nobody's id. Write a Slack user id" in printed.err
    assert (flags / NEW).exists()


def test_answers_that_end_early_write_nothing(
    flags: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Invoice reader\n"))

    code = main(["new", "workflow", "invoice-reader"])

    assert code == 2
    assert "nothing was written" in capsys.readouterr().err
    assert not (flags / NEW).exists()


def test_a_name_that_is_taken_is_refused_before_any_question(
    flags: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "workflow", "support-copilot"]) == 2
    assert "support-copilot" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "flags").write_text("a file, not a folder")
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(tmp_path / "flags"))
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(ROOT / "runbooks"))
    monkeypatch.setattr("sys.stdin", io.StringIO(TYPED))

    assert main(["new", "workflow"]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("words", [(), ("runbook",), ("workflow", "a", "b")])
def test_something_else_that_is_new_is_a_usage_error(words: tuple[str, ...], flags: Path) -> None:
    assert main(["new", *words]) == 2


def test_the_manifest_for_sockets_and_for_http(capsys: pytest.CaptureFixture[str]) -> None:
    codes = [main(["slack", "manifest", "--socket"])]
    socket = json.loads(capsys.readouterr().out)
    codes += [main(["slack", "manifest", "--http", "https://ops.example.com"])]
    by_http = json.loads(capsys.readouterr().out)

    assert codes == [0, 0]
    assert socket["settings"]["socket_mode_enabled"] is True
    assert by_http["settings"]["socket_mode_enabled"] is False
    commands = by_http["features"]["slash_commands"]
    assert {one["url"] for one in commands} == {"https://ops.example.com/slack/events"}
    assert "/ai-kill" in {one["command"] for one in commands}


def test_the_manifest_of_a_profile_asks_for_what_it_needs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = {}
    for profile in ("kill-only", "incident", "capture"):
        assert main(["slack", "manifest", "--socket", "--profile", profile]) == 0
        asked[profile] = json.loads(capsys.readouterr().out)["oauth_config"]["scopes"]["bot"]

    assert "channels:manage" not in asked["kill-only"]
    assert "channels:manage" in asked["incident"]
    assert "reactions:read" not in asked["incident"]
    assert "reactions:read" in asked["capture"]


def test_the_manifest_takes_the_prefix(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_COMMAND_PREFIX", "ai-stg")

    assert main(["slack", "manifest", "--socket"]) == 0
    assert "/ai-stg-kill" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("manifest",), 2),
        (("manifest", "--socket", "--http", "https://x.example"), 2),
        (("manifest", "--socket", "--profile", "everything"), 2),
        ((), 2),
        (("manifest", "--http", "banana"), 1),
    ],
)
def test_a_manifest_of_neither_or_both_is_refused(words: tuple[str, ...], code: int) -> None:
    assert main(["slack", *words]) == code
