"""A runbook: a procedure in phases and steps, as it was read from its file. Pure; nothing here runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from opsbot.domain.incident.types import Severity
from opsbot.domain.prose import Block, Prose

Verb = Literal[
    "kill",
    "restore",
    "rollback",
    "route",
    "page",
    "incident",
    "comms",
    "approve",
    "wait",
    "verify",
    "capture",
]
VERBS: Final[tuple[Verb, ...]] = (
    "kill",
    "restore",
    "rollback",
    "route",
    "page",
    "incident",
    "comms",
    "approve",
    "wait",
    "verify",
    "capture",
)
"""What a fence `yaml <verb>` may ask for; everything else in a runbook is for people."""

CHANGING: Final[frozenset[Verb]] = frozenset({"kill", "restore", "rollback", "route"})
"""Verbs that change what users get: at most one in a step, and it names its way back."""

LaneName = Literal["ops", "comms"]
LANES: Final[tuple[LaneName, ...]] = ("ops", "comms")
"""What goes on side by side: switches and checks in the one, words to people in the other."""

ParamType = Literal["workflow", "provider", "model", "tenant", "tool", "number", "text"]

Value: TypeAlias = "str | tuple[Value, ...] | Mapping[str, Value]"
"""An argument as written: strings only, in lists and mappings; what it means is the verb's matter."""


@dataclass(frozen=True, slots=True)
class Param:
    """Something that is asked for once, when a run begins; `{{ name }}` stands for it everywhere."""

    name: str
    type: ParamType = "text"
    required: bool = False
    default: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """
    What a fence asks for: a verb and its arguments, with the names in them not looked up yet.

    *line* is that of the fence, *lines* where each argument stands.
    """

    verb: Verb
    arguments: Mapping[str, Value] = field(default_factory=dict)
    line: int = 0
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Box:
    """One item of a task list: ticked by itself, a line of evidence. *id* is `b1`, `b2` ... in its step."""

    id: str
    prose: Prose
    line: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a decision: it leads to a step of this runbook, or to another *runbook*."""

    label: str
    step: str = ""
    runbook: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """A question whose answers jump; always forward, or once back."""

    question: Prose
    options: tuple[Option, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing to do.

    *id* is that of its comment, else the slug of its title as GitHub makes it; *line* and *end* are
    the first and the last line. *who* is the role that does it, *time_s* how long it should take,
    None where nobody said. *body* is what it says beside its labels, actions and boxes. *undo* is the
    id of the step that takes it back, *undo_words* what its label says. *onward* is the runbook of
    `Continue in:`.
    """

    id: str
    title: str
    line: int
    end: int
    who: str = ""
    time_s: int | None = None
    body: tuple[Block, ...] = ()
    boxes: tuple[Box, ...] = ()
    actions: tuple[Action, ...] = ()
    expect: Prose = ()
    decide: Decision | None = None
    undo: str = ""
    undo_words: Prose = ()
    skip_when: Prose = ()
    onward: str = ""

    @property
    def lane(self) -> LaneName:
        """Return where it is walked: words to people beside everything else."""
        return "comms" if self.who == "comms" else "ops"


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the procedure. No barrier: the other lane may be ahead or behind."""

    id: str
    title: str
    line: int
    intro: tuple[Block, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Runbook:
    """
    A whole procedure.

    *digest* is the SHA-256 of its bytes, with line ends as `\\n` and without a byte order mark;
    *source* is that text. *reviewed* is a date (`2026-11-01`), *review_days* how long it holds.
    *imported*: a foreign page, walked as a checklist; it has no actions and can never act.
    *readable*: a foreign page that is no procedure (too many steps, or none), to be read whole.
    """

    name: str
    title: str
    digest: str
    source: str
    file: str = ""
    owner: str = ""
    reviewed: str = ""
    review_days: int | None = None
    incident_types: tuple[str, ...] = ()
    severity: Severity | None = None
    params: tuple[Param, ...] = ()
    intro: tuple[Block, ...] = ()
    phases: tuple[Phase, ...] = ()
    imported: bool = False
    readable: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return every step in the order of the file."""
        return tuple(step for phase in self.phases for step in phase.steps)

    def step(self, step_id: str) -> Step | None:
        """Return the step of that id, None where there is none."""
        return next((one for one in self.steps if one.id == step_id), None)

    def phase_of(self, step_id: str) -> Phase | None:
        """Return the phase that holds a step."""
        return next((one for one in self.phases if any(s.id == step_id for s in one.steps)), None)

    def lane(self, name: LaneName) -> tuple[Step, ...]:
        """Return the steps that one lane walks, in their order."""
        return tuple(step for step in self.steps if step.lane == name)

    def param(self, name: str) -> Param | None:
        """Return what is asked for under that name."""
        return next((one for one in self.params if one.name == name), None)
