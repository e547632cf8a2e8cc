"""A runbook with its names looked up: what a run shows, and what its actions are made from. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from opsbot.domain.placeholders import fill, fill_blocks, fill_prose, fill_value
from opsbot.domain.runbook import Action, Decision, Phase, Runbook, Step


def filled(book: Runbook, names: Mapping[str, str]) -> Runbook:
    """Return a runbook with `{{ name }}` replaced in its words and arguments; ids and links stay."""
    return replace(
        book,
        intro=fill_blocks(book.intro, names),
        phases=tuple(_phase(one, names) for one in book.phases),
    )


def _phase(phase: Phase, names: Mapping[str, str]) -> Phase:
    return replace(
        phase,
        intro=fill_blocks(phase.intro, names),
        steps=tuple(_step(one, names) for one in phase.steps),
    )


def _step(step: Step, names: Mapping[str, str]) -> Step:
    return replace(
        step,
        title=fill(step.title, names),
        body=fill_blocks(step.body, names),
        boxes=tuple(replace(one, prose=fill_prose(one.prose, names)) for one in step.boxes),
        actions=tuple(_action(one, names) for one in step.actions),
        expect=fill_prose(step.expect, names),
        decide=None if step.decide is None else _decision(step.decide, names),
        undo_words=fill_prose(step.undo_words, names),
        skip_when=fill_prose(step.skip_when, names),
    )


def _action(action: Action, names: Mapping[str, str]) -> Action:
    given = {name: fill_value(one, names) for name, one in action.arguments.items()}
    # A name that stands for nothing here (an incident's, in a drill without one) says nothing; but an
    # action without the provider or the tenant that it names would be one on something else.
    if not given.get("reason", "-"):
        del given["reason"]
    return replace(action, arguments=given)


def _decision(decision: Decision, names: Mapping[str, str]) -> Decision:
    options = tuple(replace(one, label=fill(one.label, names)) for one in decision.options)
    return replace(decision, question=fill_prose(decision.question, names), options=options)
