"""A whole runbook in a modal: its steps with their ticks, or every word of it, page by page. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from opsbot.app.runs.about import minutes
from opsbot.app.runs.by_hand import Words, by_hand, in_chat, on_terminal
from opsbot.app.runs.note_view import NoteView
from opsbot.app.runs.press import value
from opsbot.app.runs.view import RunView, StepView
from opsbot.app.runs.words import STATE_WORD
from opsbot.domain.prose import Block as Prose
from opsbot.domain.prose import Code, Heading, Listing, Paragraph, Span, words
from opsbot.domain.runbook import Action, Runbook, Step
from opsbot.domain.said import Button, inert
from opsbot.domain.typed import Spell, terminal
from opsbot.slack.blocks import Block, button, context, section
from opsbot.slack.ids import Modal
from opsbot.slack.mrkdwn import Mrkdwn, bold, esc, joined
from opsbot.slack.mrkdwn import words as as_words
from opsbot.slack.prose_blocks import prose_texts
from opsbot.slack.views import View, form

PAGE: Final = 80
"""Blocks of one page; a modal holds 100."""

MARK: Final = {
    "todo": "\u25cb",
    "current": "\u25b6",
    "done": "\u2713",
    "skipped": "\u2192",
    "failed": "\u2715",
    "blocked": "\u2016",
    "passed": "\u00b7",
}


def steps_modal(view: RunView, page: int = 0) -> View:
    """Return the whole list with ticks; each step can be read whole."""
    head = section(bold(f"{view.run.id} \u00b7 {inert(view.book.title)}"))
    bar = context(as_words(view.bar, limit=2_900))
    return _paged([head, bar], list(_list(view)), page, value(view.run))


def step_modal(view: RunView, one: StepView, spell: Spell) -> View:
    """Return one step whole, its actions as they are typed here."""
    blocks = [section(bold(f"{one.number}. {inert(one.step.title)}"))]
    blocks += [section(text) for text in prose_texts(step_prose(one.step, spell))]
    notes = [_note_line(note) for note in one.notes]
    blocks += [section(line) for line in notes]
    cut = blocks[: PAGE + 10]
    if len(blocks) > len(cut):
        cut.append(context(esc("\u2026 and more, in the file")))
    return form(Modal.ANSWER, "One step", cut)


def book_modal(book: Runbook, spell: Spell, page: int = 0) -> View:
    """Return every word of a runbook, its actions as they are typed here."""
    head = _headed(book.title or book.name)
    texts = [section(text) for text in prose_texts(book_prose(book, spell))]
    return _paged([head], texts, page, book.name)


def book_prose(book: Runbook, spell: Spell) -> Iterator[Prose]:
    """Yield a runbook as text: phases and steps as headings, actions as what is typed for them."""
    yield from book.intro
    for phase in book.phases:
        yield Heading(2, words(phase.title))
        yield from phase.intro
        for step in phase.steps:
            yield Heading(3, words(step.title))
            yield from step_prose(step, spell)


def step_prose(step: Step, spell: Spell) -> Iterator[Prose]:
    """Yield a step as text."""
    about = " \u00b7 ".join(one for one in (step.who, minutes(step.time_s)) if one)
    if about:
        yield Paragraph((Span("em", inner=words(about)),))
    yield from step.body
    for action in step.actions:
        yield from _action(action, spell)
    if step.boxes:
        yield Listing(tuple((Paragraph((*words("\u2610 "), *box.prose)),) for box in step.boxes))
    for label, prose in (
        ("Expect", step.expect),
        ("Skip when", step.skip_when),
        ("Undo", step.undo_words),
        ("Continue in", words(f"the runbook {step.onward}") if step.onward else ()),
        ("Decide", step.decide.question if step.decide is not None else ()),
    ):
        if prose:
            yield Paragraph((Span("strong", inner=words(f"{label}:")), *words(" "), *prose))
    if step.decide is not None:
        yield Listing(tuple((Paragraph(words(one.label)),) for one in step.decide.options))


def _action(action: Action, spell: Spell) -> Iterator[Prose]:
    found = by_hand(action)
    yield Paragraph((Span("strong", inner=words(f"{action.verb}:")), *words(f" {found.does}")))
    if found.commands:
        yield Code("\n".join(_typed(one, spell) for one in found.commands))


def _typed(words_: Words, spell: Spell) -> str:
    """Return a command as it is typed here; what only a terminal knows is quoted for its shell, and says so."""
    here = in_chat(spell)(words_)
    return here if here != terminal(" ".join(words_)) else f"{on_terminal(words_)}  (in a terminal)"


def _list(view: RunView) -> Iterator[Block]:
    for phase in view.book.phases:
        if not phase.steps:
            continue
        yield _headed(phase.title)
        ids = {step.id for step in phase.steps}
        yield from (_row(view, one) for one in view.steps if one.step.id in ids)


def _row(view: RunView, one: StepView) -> Block:
    who = one.assignee if one.state == "current" else one.by
    so = STATE_WORD[one.state] + (f", {who}" if who and one.state not in ("todo", "passed") else "")
    why = inert(one.why or one.on, limit=120)
    text = f"{MARK[one.state]} {one.number}. {one.step.title} ({so}){f': {why}' if why else ''}"
    read = Button("run_page", "Read", f"{value(view.run, one.step.id)}")
    return {**section(as_words(text, limit=600)), "accessory": button(read, one.number)}


def _headed(title: str) -> Block:
    return section(bold(inert(title)) or Mrkdwn("-"))


def _note_line(note: NoteView) -> Mrkdwn:
    kind = "Evidence" if note.kind == "evidence" else "Note"
    said = as_words(f"{kind} by {note.by}{note.so}: {note.text}", limit=1_500)
    return joined([said, esc(note.url, limit=1_000)], " ") if note.url else said


def _paged(head: list[Block], rows: Sequence[Block], page: int, key: str) -> View:
    """Return one page of a long list, with buttons to the others; *key* is what is shown."""
    pages = max(-(-len(rows) // PAGE), 1)
    page = min(max(page, 0), pages - 1)
    shown = list(rows[page * PAGE : (page + 1) * PAGE])
    turn: list[Button] = []
    if page:
        turn.append(Button("run_page", "Earlier", f"{page - 1} {key}"))
    if page + 1 < pages:
        turn.append(Button("run_page", "Later", f"{page + 1} {key}"))
    if turn:
        made = [button(one, 900 + index) for index, one in enumerate(turn)]
        shown += [
            context(esc(f"Page {page + 1} of {pages}")),
            {"type": "actions", "elements": made},
        ]
    return form(Modal.ANSWER, "Whole runbook", [*head, *shown])
