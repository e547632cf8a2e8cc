"""A runbook with the commands in its text as one surface types them. Pure."""

from dataclasses import replace

from opsbot.domain.runbook import Runbook, Step
from opsbot.domain.typed import Spell
from opsbot.domain.typed_prose import spelled_blocks, spelled_prose


def spelled_book(book: Runbook, spell: Spell) -> Runbook:
    """Return a runbook to show on the surface whose *spell* it is; what is walked stays as written."""
    phases = (
        replace(
            phase,
            intro=spelled_blocks(phase.intro, spell),
            steps=tuple(spelled_step(one, spell) for one in phase.steps),
        )
        for phase in book.phases
    )
    return replace(book, intro=spelled_blocks(book.intro, spell), phases=tuple(phases))


def spelled_step(step: Step, spell: Spell) -> Step:
    """Return a step to show."""
    decide = step.decide
    if decide is not None:
        decide = replace(decide, question=spelled_prose(decide.question, spell))
    return replace(
        step,
        body=spelled_blocks(step.body, spell),
        boxes=tuple(replace(one, prose=spelled_prose(one.prose, spell)) for one in step.boxes),
        expect=spelled_prose(step.expect, spell),
        undo_words=spelled_prose(step.undo_words, spell),
        skip_when=spelled_prose(step.skip_when, spell),
        decide=decide,
    )
