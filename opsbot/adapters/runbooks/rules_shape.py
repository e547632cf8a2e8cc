"""Rules of how a runbook is built: outcomes, decisions, ways back, evidence first."""

from collections.abc import Iterator
from typing import Final

from opsbot.adapters.runbooks.rules import Look, Rule
from opsbot.adapters.runbooks.walk import next_steps
from opsbot.domain.declaration import Finding
from opsbot.domain.runbook import CHANGING, LANES, Action, Runbook, Verb

PHASE_MOST, TITLE_MOST, ANSWERS_LEAST = 9, 60, 2
_GRAVE: Final = {"SEV1", "SEV2"}
_TAKEN_BACK: Final[frozenset[Verb]] = CHANGING - {"restore"}


def outcomes(look: Look) -> Iterator[Finding]:
    """E15: steps of which nobody can tell when they are done."""
    for step in look.runbook.steps:
        if not step.expect and step.decide is None:
            fix = "Add `**Expect:**` with what is then so, or `**Decide:**`."
            yield look.find("E15", step.line, f"the step `{step.title}` has no outcome", fix)


def sizes(look: Look) -> Iterator[Finding]:
    """W16: phases and titles that are too long to be taken in at night."""
    for phase in look.runbook.phases:
        if len(phase.steps) > PHASE_MOST:
            what = f"the phase `{phase.title}` has {len(phase.steps)} steps"
            yield look.find("W16", phase.line, what, "Split it: long lists get skipped.")
    headings = [(one.title, one.line) for one in look.runbook.phases]
    headings += [(one.title, one.line) for one in look.runbook.steps]
    for title, line in headings:
        if len(title) > TITLE_MOST:
            what = f"the title has {len(title)} characters"
            yield look.find("W16", line, what, f"Shorten it to {TITLE_MOST}.")


def decisions(look: Look) -> Iterator[Finding]:
    """E17, E18: decisions without a choice, or that can go round for ever."""
    order = {step.id: at for at, step in enumerate(look.runbook.steps)}
    for at, step in enumerate(look.runbook.steps):
        decide = step.decide
        if decide is None:
            continue
        if len(decide.options) < ANSWERS_LEAST:
            fix = "Add the other answer, as in `- No: [Find the change](#find-the-change)`."
            yield look.find("E17", decide.line, "a decision has fewer than two answers", fix)
        back = sum(order.get(one.step, len(order)) <= at for one in decide.options)
        if back > 1 or (back and back == len(decide.options)):
            fix = "Lead on with all answers but one."
            what = f"{back} answers of the decision lead back, which may never end"
            yield look.find("E18", decide.line, what, fix)


def reach(look: Look) -> Iterator[Finding]:
    """W19: steps to which no way leads."""
    book = look.runbook
    seen = {lane[0].id for name in LANES if (lane := book.lane(name))}
    todo = [step for one in seen if (step := book.step(one)) is not None]
    while todo:
        for after in next_steps(book, todo.pop()):
            step = book.step(after)
            if step is not None and after not in seen:
                seen.add(after)
                todo.append(step)
    for step in book.steps:
        if step.id not in seen:
            fix = "Let an answer of a decision lead to it, or take it away."
            yield look.find("W19", step.line, f"no way leads to the step `{step.title}`", fix)


def changes(look: Look) -> Iterator[Finding]:
    """E20, E21, E22: changes without a way back, too many at once, or that nobody verifies."""
    for step in look.runbook.steps:
        verbs = [one.verb for one in step.actions]
        changing = [one for one in step.actions if one.verb in CHANGING]
        for one in changing:
            if one.verb in _TAKEN_BACK and not step.undo and not step.undo_words:
                fix = "Add `**Undo:** [Restore](#restore)`, or say why there is no way back."
                yield look.find("E20", one.line, f"`{one.verb}` has no way back", fix)
            if one.verb in {"rollback", "restore"} and "verify" not in verbs:
                fix = "Add a fence ```yaml verify to the step."
                yield look.find("E22", one.line, f"nobody verifies the {one.verb}", fix)
        for extra in changing[1:]:
            what = f"`{extra.verb}` is the second change in one step"
            fix = "Make it a step of its own, so that each can be judged and taken back."
            yield look.find("E21", extra.line, what, fix)


def kills(look: Look) -> Iterator[Finding]:
    """E23, W24: kills without a restore, or without evidence."""
    actions = tuple(_actions(look.runbook))
    first = next((one for one in actions if one.verb == "kill"), None)
    if first is None:
        return
    if not any(one.verb == "restore" for one in actions):
        fix = "Add a step that restores, and verifies it."
        yield look.find("E23", first.line, "kills, and never restores", fix)
    before = actions[: actions.index(first)]
    if not any(one.verb == "capture" for one in before):
        fix = "Add a fence ```yaml capture before it: some evidence is gone after a kill."
        yield look.find("W24", first.line, "kills before any evidence is captured", fix)


def grave(look: Look) -> Iterator[Finding]:
    """E25: grave incidents of which nobody is told."""
    book = look.runbook
    told = book.lane("comms") or any(one.verb == "comms" for one in _actions(book))
    if book.severity in _GRAVE and not told:
        fix = "Add a step with `**Who:** comms`."
        yield look.find("E25", 1, f"is for {book.severity} and tells nobody", fix)


def _actions(book: Runbook) -> Iterator[Action]:
    return (action for step in book.steps for action in step.actions)


SHAPE_RULES: Final[tuple[Rule, ...]] = (
    *(outcomes, sizes, decisions, reach),
    *(changes, kills, grave),
)
