"""The printable page: everything in it, nothing that runs or loads, and the same bytes as before."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from opsbot.app.runs.about import due_again, facts, minutes
from opsbot.app.runs.by_hand import in_chat, on_terminal
from opsbot.app.runs.filled import filled
from opsbot.app.runs.page import Sheet, index, page
from opsbot.domain.prose import Paragraph, Span, words
from opsbot.domain.runbook import Box, Param, Phase, Step
from opsbot.slack.spelling import spelling
from tests.app.test_prose_html import OURS, read
from tests.support.paper import runbook

GOLDEN: Final = Path(__file__).with_name("golden.html")
VALUES: Final = {"workflow": "support-copilot"}
KNOWN: Final = frozenset({"wrong-answers", "provider-outage", "learn"})
TYPING: Final = {"Slack": in_chat(spelling("ai")), "terminal": on_terminal}
TAGS: Final = OURS | {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "h1",
        "h2",
        "h3",
        "nav",
        "section",
    ),
    *("article", "span", "dl", "dt", "dd", "b"),
}


def test_the_page_is_as_it_was() -> None:
    """To write it anew: `python -m tests.app.runs.test_page`."""
    assert drawn() == GOLDEN.read_text("utf-8")


def drawn() -> str:
    """Return the page of the runbook that has one of everything."""
    return page(filled(runbook(), VALUES), Sheet(VALUES, TYPING, KNOWN))


def test_a_page_runs_nothing_and_loads_nothing() -> None:
    shown = drawn()
    found = read(shown)

    assert set(found.tags) <= TAGS
    assert not [one for one in found.attributes if one[1].startswith("on") or one[1] == "src"]
    assert "url(" not in shown
    assert "default-src 'none'" in shown


def test_every_step_stands_on_the_page_with_its_number_and_a_box() -> None:
    shown, book = drawn(), runbook()

    for nth, step in enumerate(book.steps, 1):
        assert f'id="{step.id}">\n<h3>' in shown
        assert f'<span class="nth">{nth}</span> {step.title}' in shown
    assert shown.count('<p class="sign">') == len(book.steps)


def test_an_action_says_what_it_would_do_and_what_to_type() -> None:
    shown = read(drawn()).words

    assert "Puts support-copilot into mode canned." in shown
    assert '/ai-kill support-copilot mode:canned wrong, with "harm"' in shown
    assert "opsbot kill support-copilot mode:canned 'wrong, with \"harm\"'" in shown
    assert "opsbot kill support-copilot mode:stop" in shown  # the run's own workflow


def test_a_chat_is_shown_nothing_that_it_cannot_type() -> None:
    shown = drawn()

    slack = [one.partition("</pre>")[0] for one in shown.split("<pre><span>Slack</span>")[1:]]
    assert slack
    assert not [one for one in slack if "opsbot " in one]
    assert "opsbot instances" in shown


def test_a_link_leads_to_a_step_to_a_runbook_or_to_the_web() -> None:
    found = read(drawn())
    links = {value for tag, name, value in found.attributes if (tag, name) == ("a", "href")}

    assert {"#restore", "/runbooks/provider-outage", "https://example.com/a?b=1&c=2"} <= links
    assert all(one.startswith(("#", "/runbooks", "https://")) for one in links)
    assert {one[1:] for one in links if one.startswith("#")} == {s.id for s in runbook().steps}


def test_a_page_by_itself_leads_to_no_other() -> None:
    found = read(page(runbook()))

    links = {value for tag, name, value in found.attributes if (tag, name) == ("a", "href")}
    assert not [one for one in links if one.startswith("/")]
    assert "the runbook provider-outage" in found.words


def test_what_is_to_be_filled_in_has_a_line_for_a_pen() -> None:
    shown = page(runbook())

    assert '<dt>workflow</dt><dd><span class="blank"></span></dd>' in shown
    assert '<dt>share <span class="dim">if any</span></dt><dd>5</dd>' in shown
    assert "opsbot kill {{ workflow }} mode:stop" in read(shown).words


def test_a_warning_stands_above_everything() -> None:
    shown = page(runbook(), Sheet(warning="The store does not answer; type `opsbot status`."))

    assert 'role="status">The store does not answer; type <code>opsbot status</code>.' in shown
    assert shown.index("The store does not answer") < shown.index("<h1>")


def test_nothing_that_a_runbook_says_becomes_part_of_the_page() -> None:
    evil = '"><script>alert(1)</script>'
    step = Step(
        f"x{evil}",
        evil,
        1,
        2,
        who=evil,
        body=(Paragraph(words(evil)),),
        boxes=(Box("b1", words(evil)),),
    )
    book = replace(
        runbook(),
        title=evil,
        name=evil,
        owner=evil,
        params=(Param(evil),),
        phases=(Phase(evil, evil, 1, steps=(step,)),),
        intro=(Paragraph((Span("link", url=evil, inner=words(evil)),)),),
    )

    found = read(page(book, Sheet({evil: evil}, warning=evil)))

    assert set(found.tags) <= TAGS
    assert not [one for one in found.attributes if one[1].startswith("on")]


def test_the_list_has_our_own_and_those_of_others_apart() -> None:
    foreign = replace(runbook(), name="imported/kube", title="Kube", imported=True, phases=())

    shown = index({"wrong-answers": runbook(), "imported/kube": foreign})

    assert '<a href="/runbooks/wrong-answers">Wrong or harmful answers</a>' in shown
    assert "6 steps \u00b7 SEV2" in shown
    assert shown.index("Imported pages") < shown.index('href="/runbooks/imported/kube"')


def test_a_file_of_any_name_has_a_page_that_a_link_finds() -> None:
    odd = replace(runbook(), name="imported/100% done? #1", imported=True)

    assert 'href="/runbooks/imported/100%25%20done%3F%20%231"' in index({odd.name: odd})


def test_an_empty_list_says_so() -> None:
    assert "No runbook can be used" in index({})


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (0, ""),
        (20, "1 min"),
        (90, "2 min"),
        (3599, "60 min"),
        (5400, "1 h 30 min"),
        (7200, "2 h"),
        (16.9 * 3600, "17 h"),
        (256.9 * 3600, "11 days"),
        (86400, "24 h"),
    ],
)
def test_time_is_said_in_minutes_or_hours(seconds: int | None, said: str) -> None:
    assert minutes(seconds) == said


def test_a_review_holds_until_a_date_where_both_are_known() -> None:
    assert due_again(runbook()) == "2027-01-30"
    assert due_again(replace(runbook(), reviewed="soon")) == ""
    assert due_again(replace(runbook(), review_days=None)) == ""
    assert "next review 2027-01-30" in facts(runbook())


if __name__ == "__main__":
    GOLDEN.write_text(drawn(), "utf-8")
