"""`opsbot incident export`: the review as a file, or on the screen."""

import json
from pathlib import Path

import pytest

from opsbot.app.incident.requests import OpenIncident
from tests.cli.conftest import Terminal
from tests.support.world import MARA


@pytest.fixture(autouse=True)
async def _opened(terminal: Terminal) -> None:
    wrong = OpenIncident("wrong refund answers", workflow="support-copilot")
    await terminal.door.world.bot.incidents.open(wrong, MARA, request_id="o")


async def test_it_is_printed_as_markdown(terminal: Terminal) -> None:
    ran = await terminal.run("incident", "export", "inc-1")

    assert ran.code == 0, ran.err
    assert ran.out.startswith("# INC-1: wrong refund answers\n")
    assert "> - Nobody wrote a summary." in ran.out


@pytest.mark.parametrize(
    ("words", "name", "begins"),
    [
        (("--format", "html"), "review", "<!doctype html>"),
        ((), "review.html", "<!doctype html>"),
        ((), "review.md", "# INC-1"),
        (("--format", "json"), "review.txt", "{"),
    ],
)
async def test_it_is_written_into_a_file(
    terminal: Terminal, tmp_path: Path, words: tuple[str, ...], name: str, begins: str
) -> None:
    out = tmp_path / name

    ran = await terminal.run("incident", "export", "INC-1", *words, "--out", str(out))

    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0] == f"Written to {out}: the review of INC-1."
    assert out.read_text(encoding="utf-8").startswith(begins)


async def test_a_machine_gets_the_machines_form(terminal: Terminal) -> None:
    ran = await terminal.run("incident", "export", "INC-1", "--json")

    assert json.loads(ran.out)["incident"] == "INC-1"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("INC-9",), 1, "There is no incident `INC-9`"),
        (("INC-1", "INC-2"), 2, "opsbot incident export INC-1"),
        (("soon",), 2, "opsbot incident export INC-1"),
        (("INC-1", "--format", "docx"), 2, "Forms are md, html and json."),
        (("INC-1", "--out", "{}/no/x.md"), 1, "cannot be written"),
    ],
)
async def test_a_refusal_says_what_to_write(
    terminal: Terminal, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = await terminal.run("incident", "export", *(one.format(tmp_path) for one in words))

    assert (ran.code, said in ran.err) == (code, True), ran.err
