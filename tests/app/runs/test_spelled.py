"""A runbook on a surface: its commands are typed as there, everywhere in it, and what is walked stays as written."""

from dataclasses import replace

from opsbot.app.runs.spelled import spelled_book
from opsbot.domain.prose import Paragraph, Prose, Span, words
from opsbot.domain.runbook import Box, Decision, Option, Phase
from opsbot.slack.runbook_pages import book_modal
from opsbot.slack.spelling import spelling
from tests.support.runs import book, step

TYPED: Prose = (Span("code", "/ai-status"),)
WHOLE = replace(
    step(
        "Look",
        body=(Paragraph(TYPED),),
        boxes=(Box("b1", TYPED),),
        expect=TYPED,
        undo_words=TYPED,
        skip_when=TYPED,
        decide=Decision((*words("Is it? "), *TYPED), (Option("Yes", "look"), Option("No", "look"))),
    )
)


def test_every_place_of_a_runbook_shows_the_workspaces_own_prefix() -> None:
    phase = Phase("one", "One", 1, intro=(Paragraph(TYPED),), steps=(WHOLE,))
    written = book(phase, intro=(Paragraph(TYPED),))

    shown = spelled_book(written, spelling("acme"))

    assert str(book_modal(shown)).count("/acme-status") == 8
    assert "/ai-" not in str(book_modal(shown))
    assert written.phases == (phase,)
