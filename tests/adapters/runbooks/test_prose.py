"""Markdown becomes text without its markup, and no word of it is lost."""

import pytest

from opsbot.adapters.runbooks.engine import tokens
from opsbot.adapters.runbooks.prose import blocks, tree
from opsbot.adapters.runbooks.slug import anchors, slug
from opsbot.domain.prose import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Prose,
    Quote,
    Rule,
    Span,
    Table,
)


def read(text: str) -> tuple[Block, ...]:
    return blocks(tree(tokens(text)))


def line(text: str) -> Prose:
    (found,) = read(text)
    assert isinstance(found, Paragraph)
    return found.prose


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("a *b* **c** ~~d~~", [("text", "a "), ("em", "b"), ("text", " "), ("strong", "c")]),
        ("`a  b`", [("code", "a  b")]),
        ("a\nb", [("text", "a b")]),
        ("a  \nb", [("text", "a"), ("break", ""), ("text", "b")]),
        ("a<br>b", [("text", "a"), ("break", ""), ("text", "b")]),
        ("a <b>c</b> <!-- d -->", [("text", "a c ")]),
        ("delete <pod-name> <!channel>", [("text", "delete <pod-name> <!channel>")]),
        (r"\*a\* &amp; &lt;", [("text", "*a* & <")]),
        ("![a `b`](https://x.y/z)", [("image", "a b")]),
    ],
)
def test_a_line_is_its_pieces(text: str, spans: list[tuple[str, str]]) -> None:
    found = [(one.kind, one.text or "".join(i.text for i in one.inner)) for one in line(text)]

    assert found[: len(spans)] == spans


def test_a_link_keeps_its_address_and_what_it_shows() -> None:
    assert line("[a **b**](#c)") == (
        Span(
            "link", url="#c", inner=(Span("text", "a "), Span("strong", inner=(Span("text", "b"),)))
        ),
    )


def test_blocks_keep_their_kind_and_their_line() -> None:
    text = "a\n\n#### b\n\n```sh x\nc\n```\n\n3. d\n4. e\n\n- f\n\n> g\n\n|h|\n|-|\n|i|\n\n***\n"

    assert [(type(one), one.line) for one in read(text)] == [
        *((Paragraph, 1), (Heading, 3), (Code, 5), (Listing, 9), (Listing, 12)),
        *((Quote, 14), (Table, 16), (Rule, 20)),
    ]


def test_a_list_keeps_the_number_it_begins_with() -> None:
    starts = [one.start for one in read("0. a\n\n- b\n\n7. c\n") if isinstance(one, Listing)]

    assert starts == [0, None, 7]


def test_code_in_a_list_item_stays_with_its_item() -> None:
    (found,) = read("1. a\n\n   ```sh\n   b\n   ```\n")

    assert isinstance(found, Listing)
    assert [type(one) for one in found.items[0]] == [Paragraph, Code]


def test_html_is_kept_as_the_words_in_it_and_comments_are_none() -> None:
    text = "<details>\n<summary>More</summary>\n\nhidden *words*\n\n</details>\n\n<!-- no -->\n"

    assert [one.prose[0].text for one in read(text) if isinstance(one, Paragraph)] == [
        "More",
        "hidden ",
    ]


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    (found,) = read("|a|b|\n|-|-|\n|c|\n|d|e|f|\n")

    assert isinstance(found, Table)
    assert [len(row) for row in (found.head, *found.rows)] == [2, 2, 2]


@pytest.mark.parametrize(
    ("title", "anchor"),
    [
        ("Stop the harm", "stop-the-harm"),
        ("What's new?  (5 %)", "whats-new--5-"),
        ("Größe & Maß", "größe--maß"),
        ("a_b-c", "a_b-c"),
    ],
)
def test_anchors_are_as_github_makes_them(title: str, anchor: str) -> None:
    assert slug(title) == anchor


def test_the_second_heading_of_a_title_gets_a_number() -> None:
    assert anchors(["A", "A", "A-1", "A"]) == ("a", "a-1", "a-1-1", "a-2")
