"""One hand on one step: what was asked of it, and everything by which that is decided. Pure."""

from dataclasses import dataclass, replace

from opsbot.app.runs.first import ago, name
from opsbot.app.runs.power import leads, must_lead
from opsbot.app.runs.requests import MarkStep
from opsbot.app.runs.sight import incident_of
from opsbot.domain.errors import NeedsMoreWords, StaleButton
from opsbot.domain.run import Mark, Run
from opsbot.domain.runbook import Runbook, Step
from opsbot.domain.state import State


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote: the *text* itself, to see whether there is any, and its *commitment*."""

    text: str = ""
    commitment: str = ""


@dataclass(frozen=True, slots=True)
class Touch:
    """A request about one step of one run, on one state."""

    state: State
    now_ms: int
    run: Run
    book: Runbook
    step: Step
    by: str
    words: Words
    request: MarkStep

    @property
    def mark(self) -> Mark:
        """Return how far the step is."""
        return self.run.mark(self.step.id)

    @property
    def leads(self) -> bool:
        """Return whether who asks commands the run."""
        return leads(self.state, self.run, self.by)

    @property
    def severity(self) -> str:
        """Return the severity of the run's incident, empty without one."""
        incident = incident_of(self.state, self.run)
        return "" if incident is None else incident.severity

    def marked(self, **changes: object) -> Run:
        """Return the run with the step marked by who asks, in its next version."""
        mark = replace(
            self.mark,
            **{  # type: ignore[arg-type]  # fields of a mark, by their callers
                "by": self.by,
                "at_ms": self.now_ms,
                "version": self.run.version + 1,
                **changes,
            },
        )
        return replace(self.run, marks={**self.run.marks, self.step.id: mark})

    def must_lead(self, what: str) -> None:
        """Go on for the commander. Raises NotAllowed."""
        must_lead(self.state, self.run, self.by, what)


def refuse(what: str, hint: str = "") -> NeedsMoreWords:
    """Return a refusal that says that nothing was changed."""
    return NeedsMoreWords(f"{what}; nothing was changed.", hint=hint)


def over(state: State, run: Run, now_ms: int) -> StaleButton:
    """Return the answer to somebody who acts on a run that is over."""
    at = ago(now_ms, run.ended_ms) if run.ended_ms is not None else "before"
    after = next((one.id for one in state.runs() if one.follows == run.id), "")
    return StaleButton(
        f"{run.id} was {run.status} {at}. Nothing was changed.",
        hint=f"It goes on as {after}." if after else "",
    )


def who(touch: Touch, identity: str) -> str:
    """Return how people call somebody."""
    return name(touch.state, identity)
