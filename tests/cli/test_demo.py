"""`opsbot demo` where it cannot work says so at once, instead of playing with nobody in it."""

from pathlib import Path

import pytest

from opsbot.cli import main


def test_a_demo_outside_of_the_project_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    code = main(["demo", "--headless"])

    told = capsys.readouterr()
    assert code == 1
    assert "there is no flags/policy.yaml here" in told.err + told.out
    assert "Start it in the folder of the project." in told.err + told.out
