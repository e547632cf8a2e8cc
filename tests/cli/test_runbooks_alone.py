"""What a terminal says when no bot answers: how a run goes on without it, and what was counted in the files."""

import shutil
from pathlib import Path

import pytest

from opsbot.cli import main
from tests.cli.test_runbooks import PRINTED, _alone

__all__ = ["_alone"]


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (("start", "wrong-answers"), "wrong-answers"),
        (("start", "$(reboot)"), "NAME"),
        (("done", "step:2"), "NAME"),
    ],
)
def test_without_a_bot_a_run_goes_on_by_its_file(
    alone: Path, capsys: PRINTED, words: tuple[str, ...], read: str
) -> None:
    code = main(["runbook", *words])

    assert code == 1
    assert f"To go on by its file: `opsbot runbook show {read}`." in capsys.readouterr().err


def test_where_no_file_is_either_nothing_is_promised(alone: Path, capsys: PRINTED) -> None:
    shutil.rmtree(alone)

    code = main(["runbook", "done"])

    assert code == 1
    assert "by its file" not in capsys.readouterr().err


def test_the_linter_counts_what_the_catalogue_counts(alone: Path, capsys: PRINTED) -> None:
    code = main(["runbook", "lint"])

    assert code == 0
    assert "9 runbooks and 1 imported page: " in capsys.readouterr().out
