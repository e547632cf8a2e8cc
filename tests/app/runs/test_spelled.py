"""A runbook on a surface: its commands are typed as there, everywhere in it, and what is walked stays as written."""

from dataclasses import replace

import pytest

from opsbot.app.runs.by_hand import in_chat, on_terminal
from opsbot.app.runs.page import Sheet, page
from opsbot.app.runs.requests import RunLook
from opsbot.app.runs.spelled import spelled_book
from opsbot.domain.prose import Paragraph, Prose, Span, words
from opsbot.domain.runbook import Box, Decision, Option, Phase
from opsbot.domain.typed import Spell, spelled_json, terminal
from opsbot.slack.runbook.pages import book_modal
from opsbot.slack.spelling import spelling
from tests.support.runs import RUN, book, started, step, walked_company
from tests.support.world import MARA

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

    acme = spelling("acme")
    modal = str(book_modal(spelled_book(written, acme), acme))

    assert modal.count("/acme-status") == 8
    assert "/ai-" not in modal
    assert written.phases == (phase,)


@pytest.mark.parametrize(
    ("spell", "typed"), [(terminal, "opsbot status"), (spelling("acme"), "/acme-status")]
)
async def test_a_run_in_words_spells_its_commands_as_the_surface_does(
    spell: Spell, typed: str
) -> None:
    phase = Phase("one", "One", 1, steps=(WHOLE,))
    world = await walked_company(book(phase))
    await started(world)

    said = await world.bot.runs.look(RunLook("show", RUN), MARA)

    told = said.spelled(spell).as_text()
    assert told.count(f"`{typed}`") == 4  # its text, its box, what to expect, its question
    body = str(spelled_json(said.body, spell))
    assert f"`{typed}`" in body
    assert "/ai-" not in f"{told}{body}"


async def test_a_command_in_a_long_paragraph_is_not_cut_by_the_end_of_a_line() -> None:
    long: Prose = (*words("word " * 17), Span("code", "/ai-incident note at:03:10 we know of it"))
    phase = Phase("one", "One", 1, steps=(step("Look", body=(Paragraph(long),)),))
    world = await walked_company(book(phase))
    await started(world)

    said = await world.bot.runs.look(RunLook("show", RUN), MARA)

    assert "`opsbot incident note at:03:10 we know of it`" in said.spelled(terminal).as_text()


def test_a_printed_page_without_a_chat_has_only_what_a_terminal_types() -> None:
    written = book(Phase("one", "One", 1, steps=(WHOLE,)))

    alone = page(written, Sheet())
    beside = page(written, Sheet(typing={"Slack": in_chat(spelling("acme")), "t": on_terminal}))

    assert ("/ai-" in alone, alone.count("opsbot status")) == (False, 6)
    assert ("/ai-" in beside, beside.count("/acme-status")) == (False, 6)
