"""Prose on a terminal: every word, nothing that a terminal acts on, and lines that fit."""

from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.prose_text import line, lines, seen, wrapped
from opsbot.domain.prose import Block, Code, Listing, Paragraph, Span, Table, words
from tests.app.test_prose_html import BLOCKS
from tests.support.paper import EVERYTHING


def test_every_kind_of_block_is_said_in_words() -> None:
    shown = "\n".join(lines(EVERYTHING, width=70))

    assert shown == (
        "Say what holds, never ~who erred~; see the guide\n"
        "(https://example.com/a?b=1&c=2), the end, the outage\n"
        "(provider-outage.md) or a trap (javascript:alert(1)).\n"
        "[image: The graph] https://example.com/graph.png and `a < b && c`\n"
        "\n"
        "WHO TO ASK\n"
        "\n"
        "- Legal, before any promise.\n"
        "- Then:\n"
        "\n"
        "  3. support\n"
        "  4. sales\n"
        "\n"
        "    grep -c '{{ workflow }}' traces.log\n"
        '    echo "<done>"\n'
        "\n"
        "| A company answers for its bot.\n"
        "\n"
        "Sign      Do\n"
        "--------  ----------\n"
        "a refund  call legal\n"
        "a dose    `stop`\n"
        "\n"
        "----------------------------------------"
    )


@given(st.lists(BLOCKS, max_size=4), st.integers(10, 120))
def test_nothing_reaches_the_terminal_that_it_would_act_on(blocks: list[Block], width: int) -> None:
    for one in lines(blocks, width=width):
        assert all(char.isprintable() or char in "\t\n\u200c\u200d" for char in one), repr(one)


def test_a_table_that_does_not_fit_is_told_row_by_row() -> None:
    wide = Table((words("Sign"), words("Do")), ((words("a " * 30), words("b " * 30)),))

    shown = list(lines((wide,), width=50))

    assert shown[0].startswith("Sign: a a")
    assert any(one.startswith("Do: b b") for one in shown)
    assert max(map(len, shown)) <= 50


def test_a_command_is_never_cut() -> None:
    long = "opsbot-" * 20

    assert list(wrapped(f"type {long} now", width=40)) == ["type", long, "now"]


def test_a_link_says_where_it_leads_once() -> None:
    assert line((Span("link", url="https://a.example", inner=words("https://a.example")),)) == (
        "https://a.example"
    )
    assert line((Span("link", url="#restore", inner=words("Restore")),)) == "Restore"


def test_letters_that_are_joined_stay_so_and_marks_that_hide_are_named() -> None:
    assert seen("\u0645\u200c\u06cc") == "\u0645\u200c\u06cc"
    assert seen("a\u202eb\x1b[31m") == "a\u27e8U+202E\u27e9b\u27e8U+001B\u27e9[31m"


def test_code_keeps_its_lines_and_a_list_its_depth() -> None:
    deep = Listing(((Paragraph(words("one")), Code("a\n\n  b\n")),), start=9)

    assert list(lines((deep,))) == ["9. one", "", "       a", "", "         b"]
