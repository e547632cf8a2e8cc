"""Marked-up text in Slack: inert whatever it says, cut where a reader would cut it, within every limit."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsbot.domain.block_kit.check import check_message
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
from opsbot.slack.blocks import section
from opsbot.slack.prose_blocks import PIECE, prose_texts
from opsbot.slack.prose_table import COLUMN, table_lines

HOSTILE = "<!channel> <@U1> & </b> ```x``` *b* _i_ > q \u202etxt\u2066 `c` <https://evil|bank>"
LIVE = re.compile(r"<(?!https?://[^<>|\s]+(?:\|[^<>|]*)?>|mailto:[^<>|\s]+(?:\|[^<>|]*)?>)")

texts = st.text(max_size=60) | st.sampled_from(
    [HOSTILE, HOSTILE * 60, "&" * 4_000, "", "x" * 9_000]
)
urls = st.sampled_from(
    ["https://example.com/a?b=1&c=2", "http://x", "mailto:a@b.example", "#restore", "javascript:x",
     "https://e.example/<!channel>", "https://e.example|bank", "../other.md", "", "https://" + "&" * 1990]
)  # fmt: skip
plain_spans = st.builds(Span, kind=st.sampled_from(["text", "code"]), text=texts) | st.just(
    Span("break")
)
spans = st.recursive(
    plain_spans,
    lambda inner: st.builds(
        Span,
        kind=st.sampled_from(["strong", "em", "strike", "link", "image"]),
        text=texts,
        url=urls,
        inner=st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=6,
)
lines = st.lists(spans, max_size=5).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table whose rows are as wide as its head."""
    width = draw(st.sampled_from([0, 1, 2, 21]))
    row = st.lists(lines, min_size=width, max_size=width).map(tuple)
    return Table(draw(row), tuple(draw(st.lists(row, max_size=4))))


leaves: st.SearchStrategy[Block] = (
    st.builds(Paragraph, lines)
    | st.builds(Heading, st.integers(1, 6), lines)
    | st.builds(Code, texts, st.sampled_from(["", "sh", "mermaid"]))
    | tables()
    | st.builds(Rule)
)
blocks = st.recursive(
    leaves,
    lambda inner: (
        st.builds(
            Listing,
            st.lists(st.lists(inner, max_size=3).map(tuple), max_size=4).map(tuple),
            st.none() | st.integers(0, 99),
        )
        | st.builds(Quote, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(st.lists(blocks, max_size=3))
def test_every_prose_stays_inside_slacks_limits_with_nothing_live_in_it(prose: list[Block]) -> None:
    shown = prose_texts(prose)

    for text in shown:
        assert 0 < len(text) <= PIECE
        assert check_message({"text": "x", "blocks": [section(text)]}) == []
        assert not LIVE.search(text)
        assert "\u202e" not in text
        assert text.count("```") % 2 == 0
        assert re.search(r"&(?!amp;|lt;|gt;)", text) is None


def shown(*prose: Block) -> str:
    """Return prose as Slack gets it."""
    return "\n---\n".join(prose_texts(prose))


def test_markup_becomes_slacks_own() -> None:
    line = (
        Span("text", "Say "),
        Span("strong", inner=words("what")),
        Span("text", " was "),
        Span("em", inner=words("wrong")),
        Span("text", ", "),
        Span("strike", inner=words("later")),
        Span("text", " with "),
        Span("code", "a`b"),
    )

    assert shown(Paragraph(line)) == "Say *what* was _wrong_, ~later~ with `a\u02bcb`"


def test_bold_within_a_word_or_around_a_star_is_left_bare() -> None:
    inside = (Span("text", "un"), Span("strong", inner=words("safe")), Span("text", "ly"))
    star = (Span("strong", inner=words("2 * 3")),)

    assert shown(Paragraph(inside), Paragraph(star)) == "unsafely\n2 * 3"


def test_a_mention_in_a_runbook_is_words() -> None:
    assert shown(Paragraph(words("ask <!channel> & <@U1>"))) == (
        "ask &lt;!channel&gt; &amp; &lt;@U1&gt;"
    )


def test_links_to_the_web_are_links_and_all_others_their_words() -> None:
    def link(url: str, text: str) -> Span:
        return Span("link", url=url, inner=words(text))

    line = (
        link("https://x.example/a|b", "bar"),
        Span("text", " "),
        link("https://x.example/?a=1&b=2", "the | page"),
        Span("text", " "),
        link("#restore", "Restore"),
        Span("text", " "),
        link("javascript:alert(1)", "press"),
        Span("text", " "),
        Span("image", "a chart", "https://x.example/c.png"),
    )

    assert shown(Paragraph(line)) == (
        "bar <https://x.example/?a=1&amp;b=2|the / page> Restore press"
        " <https://x.example/c.png|Picture: a chart>"
    )


def test_code_stands_beside_its_item_and_numbers_go_on() -> None:
    inner = Listing(((Paragraph(words("inside")),),), None)
    listing = Listing(
        (
            (Paragraph(words("look")), Code("kubectl get pods\n", "sh"), inner),
            (Paragraph(words("and again")),),
        ),
        start=3,
    )

    assert shown(listing) == (
        "3. look\n```\nkubectl get pods\n```\n    \u2022 inside\n4. and again"
    )


def test_a_long_fence_is_cut_between_lines_and_each_part_is_a_fence() -> None:
    code = "\n".join(f"line {number} <x>" for number in range(500))

    parts = prose_texts([Code(code, "sh")])

    assert len(parts) > 2
    assert all(part.startswith("```\nline ") and part.endswith("\n```") for part in parts)
    assert "".join(part[4:-3] for part in parts).count("&lt;x&gt;") == 500


def test_a_long_paragraph_is_cut_behind_a_sentence_and_never_in_a_link() -> None:
    sentence = (
        Span("text", "Ask the people who own it. "),
        Span("link", url="https://x.example/abc"),
    )

    parts = prose_texts([Paragraph(sentence * 100)])

    assert len(parts) > 1
    assert all(part.count("<") == part.count(">") for part in parts)
    assert all(part.rstrip().endswith((".", ">")) for part in parts)


def test_a_fence_in_code_does_not_end_the_code() -> None:
    assert shown(Code("a\n```\nb `c`", "md")) == "```\na\n\u02bc\u02bc\u02bc\nb `c`\n```"


def test_a_table_is_monospaced_and_its_columns_are_cut() -> None:
    table = Table((words("what"), words("where")), ((words("x" * 60), words("\u6771\u4eac")),))

    head, rule, row = table_lines(table)

    assert head == "what" + " " * 38 + "where"
    assert rule == "-" * COLUMN + "  -----"
    assert row == "x" * 39 + "\u2026  \u6771\u4eac"


def test_a_table_that_is_too_large_says_what_is_missing() -> None:
    cell = words("x")
    table = Table((cell,) * 22, ((cell,) * 22,) * 104)

    assert table_lines(table)[-1] == "\u2026 and 4 more rows and 2 more columns, in the file"


def test_a_quote_keeps_its_mark_on_every_line_and_words_that_look_like_one_do_not() -> None:
    quoted = Quote((Paragraph((Span("text", "we"), Span("break"), Span("text", "know"))),))

    assert shown(quoted, Paragraph(words("> 3"))) == "&gt; we\n&gt; know\n &gt; 3"


def test_a_drawing_says_where_it_is() -> None:
    assert shown(Code("graph TD", "mermaid")) == "_(a drawing; it is in the file)_"
