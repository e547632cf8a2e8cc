"""Commands inside sentences: written once, spelled by each surface, forged by nobody."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import opsbot
from opsbot.domain.errors import UnknownWorkflow
from opsbot.domain.said import Button, Said, inert, visible
from opsbot.domain.typed import (
    MARK,
    command,
    link,
    person,
    spelled,
    spelled_json,
    terminal,
    unmarked,
)

HERE = Path(opsbot.__file__).parent


def test_a_terminal_types_the_verb_after_the_programs_name() -> None:
    line = f"Undo: {command('restore K-1')} (a second person approves)"

    assert spelled(line, terminal) == "Undo: `opsbot restore K-1` (a second person approves)"


def test_every_part_of_an_answer_is_spelled() -> None:
    undo = command("restore K-1")
    button = Button("restore", "Restore", "K-1", confirm=f"As {undo}?")
    said = Said("plain", undo, (undo, undo), (button,), {"hint": undo, "more": [{"it": undo}]})

    shown = said.spelled(terminal)

    assert MARK not in repr(shown)
    assert shown.body == {
        "hint": "`opsbot restore K-1`",
        "more": [{"it": "`opsbot restore K-1`"}],
    }
    assert shown.buttons[0].confirm == "As `opsbot restore K-1`?"


@given(st.text())
def test_nobodys_words_are_ever_spelled_as_a_command(text: str) -> None:
    line = f"by Sam: {inert(f'`{MARK}kill all`{text}', limit=10_000)}"

    assert spelled(line, terminal) == line


@given(st.text(alphabet=f"a`{MARK} "))
def test_unmarked_words_stay_as_they_are_on_every_surface(text: str) -> None:
    words = unmarked(text)

    assert words == text.replace(MARK, "")
    assert spelled(f"{words}{command('status')}", terminal).startswith(words)


def test_a_workflow_that_does_not_exist_cannot_be_named_like_a_command() -> None:
    error = UnknownWorkflow(f"x` `{MARK}kill all")

    assert "opsbot kill" not in spelled(error.message, terminal)


def test_a_command_survives_the_way_of_an_error_to_its_reader() -> None:
    hint = visible(f"Look first: {command('status')}.")

    assert spelled(hint, terminal) == "Look first: `opsbot status`."


def test_a_command_that_was_cut_open_leaves_no_mark() -> None:
    assert spelled(command("restore K-1")[:9], terminal) == "`restore"
    assert spelled_json([1, None, True, 0.5], terminal) == [1, None, True, 0.5]


@pytest.mark.no_cover  # reads the source and runs none of it
@pytest.mark.parametrize("folder", ["app", "domain", "adapters"])
def test_no_sentence_is_written_in_the_words_of_one_surface(folder: str) -> None:
    found = [
        f"{path.name}:{line}: {text.strip()[:60]}"
        for path in sorted((HERE / folder).rglob("*.py"))
        for line, text in _spoken(ast.parse(path.read_text(encoding="utf-8")))
        if "/ai-" in text
    ]

    assert found == []


def _spoken(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the strings of a module that are no docstrings, with their lines."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and id(node) not in silent
            and isinstance(node.value, str)
        ):
            yield node.lineno, node.value


def test_somebody_in_a_sentence_is_an_id_to_a_terminal_and_stays_marked_for_slack() -> None:
    text = f"Ask {person('U0GILGIL')}, or type {command('status')}."

    assert spelled(text, terminal) == "Ask U0GILGIL, or type `opsbot status`."
    slack = spelled(text, lambda words: f"/ai-{words}")
    assert slack == f"Ask {MARK}@U0GILGIL{MARK}, or type `/ai-status`."
    assert spelled(slack, terminal) == "Ask U0GILGIL, or type `/ai-status`."


@pytest.mark.parametrize("word", ["", "ines", "U0 <!channel>", "C0HOME", "U0gil", "U0GIL\n"])
def test_what_is_no_account_is_no_mention(word: str) -> None:
    assert person(word) == word


def test_an_open_mark_of_a_person_is_dropped() -> None:
    assert spelled(f"x {MARK}@U0GIL y", lambda words: words) == "x @U0GIL y"


URL = "https://status.example.com/a?b=1&c=2#msg-1"


def test_an_address_is_written_out_where_nothing_can_be_pressed() -> None:
    line = f"published, {link(URL, 'read it there')}."

    assert spelled(line, terminal) == f"published, read it there: {URL}."
    assert spelled(line, slack) == line


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "https://x/ y", "https://x/|y", "https://x/>", f"https://x/{MARK}", ""],
)
def test_what_is_no_address_of_the_web_is_no_link(url: str) -> None:
    assert MARK not in link(url, "read it there")


@given(st.text())
def test_nobodys_words_are_ever_a_link(text: str) -> None:
    line = inert(f"{MARK}>{URL}{MARK}{text}{MARK}", limit=10_000)

    assert MARK not in spelled(line, slack)


def slack(words: str) -> str:
    """Spell a command as a workspace does."""
    return f"/ai-{words}"
