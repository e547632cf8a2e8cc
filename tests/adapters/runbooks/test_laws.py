"""Laws over generated markdown: nothing raises, ids are unique, lines are in range, no fence is lost."""

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from opsbot.adapters.runbooks.engine import tokens
from opsbot.adapters.runbooks.files import Library, Page, read_page
from opsbot.adapters.runbooks.lint import lint
from opsbot.adapters.runbooks.markdown import blanked
from opsbot.adapters.runbooks.parsed import Parsed
from opsbot.adapters.runbooks.prose import tree
from opsbot.adapters.runbooks.walk import blocks_of
from opsbot.domain.prose import Code
from opsbot.domain.runbook import VERBS
from tests.support.runbook_texts import GOOD, NAME, edited, known

WORDS = st.text("ab ÄÖ*_`[]()<>#-!{}&\\|~:.1\u200b", max_size=20)
TITLES = st.sampled_from(["Stop", "Stop", "Restore", "*Bold* one", "Impact", "", "1. One", "`x`"])
INFOS = st.sampled_from(
    [*(f"yaml {verb}" for verb in VERBS), "yaml", "bash", "", "yaml kil", "kill", "text kill"]
)
LABELS = st.sampled_from(["Who", "Time", "Expect", "Decide", "Undo", "Skip when", "Continue in"])
VALUES = st.sampled_from(["ops", "responder", "3m", "[x](#stop)", "[y](#gone)", "", "{{ a }} b"])
BODIES = st.sampled_from(["workflow: a", "a: {{ b }}", "a: [", "", "what: [route]", "# x", "a: *b"])
LINES = st.one_of(
    st.builds(lambda level, title: f"{'#' * level} {title}", st.integers(1, 6), TITLES),
    st.builds(lambda info, body: f"```{info}\n{body}\n```", INFOS, BODIES),
    st.builds(lambda label, value: f"**{label}:** {value}", LABELS, VALUES),
    st.builds(lambda label, value: f"- {label}: {value}", LABELS, VALUES),
    st.sampled_from(["- [ ] box", "1. one", "2. two", "> # q", "---", "===", "|a|b|\n|-|-|\n|c|"]),
    st.sampled_from(
        ["<!-- id: x -->", "<!-- open", "<div>", "</div>", "```", "~~~~ yaml kill", ""]
    ),
    st.sampled_from(["  - nested", "    code", "- ```yaml kill\n  ```", "\t", "[a]: b", "\ufeff"]),
    WORDS,
)
MARKDOWN = st.lists(LINES, max_size=25).flatmap(
    lambda parts: st.sampled_from(["\n", "\n\n"]).map(lambda gap: gap.join(parts))
)
PAGES = st.one_of(MARKDOWN, MARKDOWN.map(lambda text: GOOD + text))


def judged(parsed: Parsed) -> None:
    page = Page(NAME, Path(f"/none/{NAME}.md"), "", parsed)
    found = lint(Library(Path("/none"), (page,), names=frozenset({NAME})), known())
    last = parsed.draft.source.count("\n") + 2 if parsed.draft is not None else 1
    assert all(1 <= one.line <= last for one in found), found
    assert all(one.rule and one.message and one.fix for one in found)


@settings(max_examples=150, deadline=None)
@given(PAGES)
def test_no_page_raises_and_every_finding_has_rule_line_and_fix(text: str) -> None:
    for name in (NAME, f"imported/{NAME}"):
        judged(read_page(text, name=name, file="x.md"))


@settings(max_examples=150, deadline=None)
@given(PAGES)
def test_ids_are_unique_and_steps_follow_each_other_by_their_lines(text: str) -> None:
    for name in (NAME, f"imported/{NAME}"):
        book = read_page(text, name=name, file="x.md").runbook
        steps = book.steps if book is not None else ()
        assert len({one.id for one in steps}) == len(steps)
        assert all(one.line <= one.end for one in steps)
        assert [one.line for one in steps] == sorted(one.line for one in steps)


@settings(max_examples=150, deadline=None)
@given(MARKDOWN)
def test_every_fence_becomes_an_action_code_to_read_or_a_finding(text: str) -> None:
    parsed = read_page(GOOD + text, name=NAME, file="x.md")
    if parsed.draft is None:
        return
    book, end = parsed.draft, GOOD.split("---\n")[1].count("\n") + 2
    fences = [
        token.map[0] + 1
        for token in tokens(blanked(book.source, end))
        if token.type == "fence" and token.level == 0 and token.map is not None
    ]
    actions = {action.line for step in book.steps for action in step.actions}
    code = {one.line for one in blocks_of(book) if isinstance(one, Code)}
    told = {one.line for one in parsed.findings}

    for line in fences:
        assert line in actions | code or told & {line, line + 1, line + 2}, (line, parsed.findings)


@settings(max_examples=200, deadline=None)
@given(st.one_of(MARKDOWN, st.text('ab _*|{}#:.@~<&\\!`\n"', max_size=40)))
def test_the_short_way_for_plain_words_reads_what_the_library_reads(text: str) -> None:
    library = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

    assert tree(tokens(text)) == tree(library.parse(text))


@settings(max_examples=100, deadline=None)
@given(MARKDOWN)
def test_a_foreign_page_never_acts(text: str) -> None:
    book = read_page(text, name=f"imported/{NAME}", file="x.md").runbook

    assert book is None or all(not one.actions and not one.undo for one in book.steps)
    assert book is None or book.imported


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_words_in_a_step_are_never_lost(words: str) -> None:
    plainly = "".join(one for one in words if one.isalnum() and one.isprintable())
    text = edited(("a first and a last time.", f"x{plainly}x."))

    parsed = read_page(text, name=NAME, file="x.md")

    assert parsed.draft is not None
    assert f"x{plainly}x." in repr(parsed.draft.steps) or not plainly.isascii()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_or_refused(raw: bytes) -> None:
    for name in (NAME, f"imported/{NAME}"):
        parsed = read_page(raw, name=name, file="x.md")
        assert parsed.draft is not None or parsed.findings


@settings(max_examples=60, deadline=None)
@given(PAGES)
def test_line_ends_change_nothing(text: str) -> None:
    unix = read_page(text, name=NAME, file="x.md")

    assert read_page(re.sub("\n", "\r\n", text), name=NAME, file="x.md") == unix
