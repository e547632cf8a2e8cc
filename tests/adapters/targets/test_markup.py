"""Free text in other people's markup: read by real parsers, nothing in it is live and nothing of it is lost."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from opsbot.adapters.targets.markup import for_html, for_html_or_text, for_markdown, mark, shown
from opsbot.domain.said import inert

WORDS = st.text(alphabet=st.sampled_from("abc <>&!/#*_[]()`~|\\-+=.1:\n\"'@{}"), max_size=60)
"""What markup is made of."""


class Reader(HTMLParser):
    """What a browser would make of a text: its tags and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.words += data


def read(html: str) -> Reader:
    """Read a text as a browser does."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@given(WORDS)
def test_html_has_no_tag_but_ours_and_every_word(text: str) -> None:
    made = read(for_html(text))

    assert set(made.tags) <= {"p", "br"}
    assert made.words.split() == text.split() or "".join(made.words.split()) == "".join(
        text.split()
    )


@given(WORDS)
def test_a_place_that_reads_html_finds_no_tag_and_every_word(text: str) -> None:
    made = read(for_html_or_text(text))

    assert made.tags == []
    assert "".join(made.words.split()) == "".join(text.split())


@given(WORDS)
def test_a_place_that_reads_markdown_finds_paragraphs_alone(text: str) -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(for_markdown(text))

    made = read(html)
    assert set(made.tags) <= {"p", "br"}
    assert "".join(made.words.split()) == "".join(text.split())


def test_an_address_stays_whole() -> None:
    assert for_markdown("See https://a.example/b_c*d.") == "See https://a.example/b_c\\*d."


def test_plain_words_stay_as_they_are() -> None:
    assert for_html_or_text("Q&A: a < b, 5 > 3 & so on") == "Q&A: a < b, 5 > 3 & so on"


def test_what_cannot_be_seen_is_gone() -> None:
    assert shown("a\u202eb\u200b\x00c\r\nd\te") == "abc\nd e"


@pytest.mark.parametrize(
    "hidden",
    ["".join(map(chr, range(0xE0100, 0xE0110))), "\ufe01\ufe02", "\u034f", "\u17b4", "\U0001d173"],
)
def test_no_second_text_is_hidden_behind_a_letter(hidden: str) -> None:
    assert shown(f"a{hidden}b") == "ab"
    assert inert(f"a{hidden}b") == "a b"


def test_an_emoji_stays_one() -> None:
    assert shown("\u2764\ufe0f") == inert("\u2764\ufe0f") == "\u2764\ufe0f"


def test_a_mark_is_always_the_same_and_says_nothing() -> None:
    assert mark("comms:u-1") == mark("comms:u-1")
    assert mark("a", "b") != mark("ab")
    assert "comms" not in mark("comms:u-1")
