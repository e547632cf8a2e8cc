"""A runbook as plain text: for a terminal, a pager, a printer without pictures. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from opsbot.app.prose_text import WIDTH, line, lines, seen, wrapped
from opsbot.app.runs.about import DOT, facts, minutes
from opsbot.app.runs.by_hand import OWN, Typing, by_hand, on_terminal
from opsbot.app.runs.spelled import spelled_book
from opsbot.domain.runbook import Action, Decision, Option, Runbook, Step
from opsbot.domain.typed import terminal

BOX: Final = "[ ] "
_IN: Final = "    "
_WIDTH: Final = WIDTH - len(_IN)


def sheet(
    runbook: Runbook, values: Mapping[str, str] | None = None, *, typing: Typing = on_terminal
) -> str:
    """Return the whole runbook, with boxes to tick; *values* were filled in before (`filled`)."""
    nth = {step.id: nth for nth, step in enumerate(runbook.steps, 1)}
    drawn = _Drawn(spelled_book(runbook, terminal), values or {}, typing, nth)
    return "\n".join((*drawn.head(), *drawn.phases())).rstrip() + "\n"


def catalogue(runbooks: Mapping[str, Runbook]) -> tuple[str, ...]:
    """Return one line for each runbook, those of other houses last."""
    ordered = sorted(runbooks.items(), key=lambda one: (one[1].imported, one[0]))
    width = max((len(name) for name, _ in ordered), default=0)
    return tuple(f"{seen(name):<{width}}  {seen(one.title)}  {_size(one)}" for name, one in ordered)


def _size(runbook: Runbook) -> str:
    steps = len(runbook.steps)
    counted = f"{steps} step{'' if steps == 1 else 's'}" if steps else "to read"
    told = (counted, runbook.severity or "", "imported" if runbook.imported else "")
    return f"({', '.join(one for one in told if one)})"


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One runbook being written out."""

    runbook: Runbook
    values: Mapping[str, str]
    typing: Typing
    nth: Mapping[str, int]

    def head(self) -> Iterator[str]:
        """Yield title, facts, what is to be filled in, and what it says before its phases."""
        title = seen(self.runbook.title)
        yield title
        yield "=" * min(len(title), WIDTH)
        yield from wrapped(DOT.join(facts(self.runbook)))
        yield f"{seen(self.runbook.name)}, version {seen(self.runbook.digest[:12])}"
        for param in self.runbook.params:
            value = self.values.get(param.name, "") or param.default
            yield f"{seen(param.name)}: {seen(value) or '________________'}"
        if self.runbook.intro:
            yield ""
            yield from lines(self.runbook.intro)

    def phases(self) -> Iterator[str]:
        """Yield every phase with its steps."""
        for phase in self.runbook.phases:
            yield from ("", "", seen(phase.title).upper())
            if phase.intro:
                yield ""
                yield from lines(phase.intro)
            for step in phase.steps:
                yield ""
                yield from self._step(step)

    def _step(self, step: Step) -> Iterator[str]:
        about = ", ".join(one for one in (step.who, minutes(step.time_s)) if one)
        told = f"  ({seen(about)})" if about else ""
        yield f"{BOX}{self.nth[step.id]}. {seen(step.title)}{told}"
        if step.body:
            yield from (f"{_IN}{one}".rstrip() for one in lines(step.body, width=_WIDTH))
        for action in step.actions:
            yield from self._action(action)
        for box in step.boxes:
            yield from _hung(BOX, line(box.prose))
        yield from self._labels(step)

    def _action(self, action: Action) -> Iterator[str]:
        found = by_hand(action, workflow=self.values.get("workflow", OWN))
        yield from _hung(f"{action.verb}: ", found.does.replace("`", ""))
        yield from (f"{_IN}    $ {seen(self.typing(words))}" for words in found.commands)

    def _labels(self, step: Step) -> Iterator[str]:
        yield from _hung("Expect: ", line(step.expect))
        if step.decide is not None:
            yield from self._decide(step.decide)
        undo = line(step.undo_words)
        if step.undo and not undo:
            undo = self._goes(step.undo)
        yield from _hung("Undo: ", undo)
        yield from _hung("Skip when: ", line(step.skip_when))
        yield from _hung("Continue in: ", f"the runbook {step.onward}" if step.onward else "")

    def _decide(self, decision: Decision) -> Iterator[str]:
        yield from _hung("Decide: ", line(decision.question))
        for option in decision.options:
            yield from _hung(f"  {BOX}", f"{option.label}: {self._option(option)}")

    def _option(self, option: Option) -> str:
        return f"the runbook {option.runbook}" if option.runbook else self._goes(option.step)

    def _goes(self, step_id: str) -> str:
        step = self.runbook.step(step_id)
        return step_id if step is None else f"step {self.nth[step_id]}, {step.title}"


def _hung(mark: str, words: str) -> Sequence[str]:
    """Return words behind a mark, further lines below the first; nothing where there are none."""
    if not words:
        return ()
    first = f"{_IN}{mark}"
    shown = "\n".join(seen(one) for one in words.split("\n"))
    return tuple(wrapped(shown, first=first, rest=" " * len(first)))
