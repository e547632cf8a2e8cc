"""Prose as HTML: no text becomes a tag, a script or a link that is not safe."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.prose_html import html, inline, safe
from opsbot.domain.prose import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
    words,
)
from tests.support.paper import EVERYTHING

OURS = {
    *("p", "br", "code", "a", "strong", "em", "s", "pre", "ul", "ol", "li", "blockquote", "hr"),
    *("div", "table", "thead", "tbody", "tr", "th", "td", "h4", "h5", "h6"),
}
TRICKS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "//evil.example/a",
    "/v1/kills",
    "https://a.example/\u202egpj.exe",
    'https://a.example/"onmouseover=alert(1)',
    "https://a.example/<b>",
    "https://",
    "file:///etc/passwd",
    "",
)
HOSTILE = st.sampled_from(
    (
        *TRICKS,
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</code></pre><script>",
        "&lt;script&gt;",
        "\"'><svg/onload=alert(1)>",
        "]]><!--",
        "{{ constructor }}",
    )
)
TEXT = HOSTILE | st.text(max_size=30)
URL = HOSTILE | st.sampled_from(("https://example.com/a?b=c&d", "mailto:a@example.com", "#x"))
SPANS = st.recursive(
    st.builds(Span, st.sampled_from(("text", "code", "break", "image")), TEXT, URL, st.just(())),
    lambda inner: st.builds(
        Span,
        st.sampled_from(("strong", "em", "strike", "link")),
        st.just(""),
        URL,
        st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=6,
)
PROSE = st.lists(SPANS, max_size=4).map(tuple)


def _tables(cells: st.SearchStrategy[tuple[Span, ...]]) -> st.SearchStrategy[Block]:
    row = st.tuples(cells, cells)
    return st.builds(Table, row, st.lists(row, max_size=2).map(tuple))


BLOCKS = st.recursive(
    st.builds(Paragraph, PROSE)
    | st.builds(Heading, st.integers(1, 6), PROSE)
    | st.builds(Code, TEXT, TEXT)
    | st.builds(Rule)
    | _tables(PROSE),
    lambda inner: (
        st.builds(
            Listing,
            st.lists(st.lists(inner, max_size=2).map(tuple), max_size=3).map(tuple),
            st.none() | st.integers(0, 99),
        )
        | st.builds(Quote, st.lists(inner, max_size=2).map(tuple))
    ),
    max_leaves=6,
)


class Read(HTMLParser):
    """Reads a page as a browser does: its tags, and its attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self.words += data


def read(page: str) -> Read:
    """Read it all."""
    found = Read()
    found.feed(page)
    found.close()
    return found


@given(st.lists(BLOCKS, max_size=4))
def test_no_text_becomes_a_tag_or_an_unsafe_link(blocks: list[Block]) -> None:
    found = read(html(blocks))

    assert set(found.tags) <= OURS
    for tag, name, value in found.attributes:
        assert (tag, name) in {
            *(("a", "href"), ("a", "rel"), ("ol", "start"), ("th", "scope"), ("div", "class")),
        }
        if name == "href":
            assert re.match(r"https?://|mailto:", value, re.IGNORECASE), value
            assert value.isprintable()


@pytest.mark.parametrize("url", TRICKS)
def test_a_trick_of_a_link_is_shown_as_words(url: str) -> None:
    shown = inline((Span("link", url=url, inner=words("press me")),))

    assert safe(url) == ""
    assert "<a" not in shown
    assert "press me" in shown


@pytest.mark.parametrize(
    "url", ["https://example.com/a?b=1&c=2#d", "HTTP://EXAMPLE.com", "mailto:a@b.example"]
)
def test_a_link_of_the_web_stays_one(url: str) -> None:
    found = read(inline((Span("link", url=url, inner=words("here")),)))

    assert ("a", "href", url) in found.attributes
    assert ("a", "rel", "noreferrer noopener") in found.attributes


def test_an_image_is_a_link_and_nothing_is_fetched() -> None:
    found = read(html(EVERYTHING))

    assert "img" not in found.tags
    assert "[image: The graph]" in found.words


def test_what_hides_is_named_by_its_number() -> None:
    shown = inline(words("kill \u202ellik\u0007"))

    assert "\u202e" not in shown
    assert "\u27e8U+202E\u27e9" in shown
    assert "\u27e8U+0007\u27e9" in shown


def test_every_kind_of_block_is_drawn_with_what_it_says() -> None:
    page = html(EVERYTHING)
    found = read(page)

    assert OURS - {"h5", "h6"} <= set(found.tags)
    assert '<ol start="3"><li>support</li><li>sales</li></ol>' in page
    assert "grep -c '{{ workflow }}' traces.log\necho \"<done>\"" in found.words
    assert "a < b && c" in found.words


def test_a_heading_inside_is_lower_than_the_one_above_it() -> None:
    page = html((Heading(1, words("One")), Heading(6, words("Six"))), under=3)

    assert page == "<h4>One</h4>\n<h6>Six</h6>"
