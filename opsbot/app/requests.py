"""What a person asks for, whatever the surface; parsers build these and use cases take them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opsbot.domain.change import Json
from opsbot.domain.route import Number, Strategy
from opsbot.domain.route import Target as ServingTarget

TargetKind = Literal["workflow", "all", "provider", "model", "kill"]


@dataclass(frozen=True, slots=True)
class Target:
    """What the first word names; *name* is empty for `all`, `K-1` for a kill."""

    kind: TargetKind
    name: str = ""

    def __post_init__(self) -> None:
        if (self.kind == "all") != (self.name == ""):
            raise ValueError("`all` has no name and everything else has one")


@dataclass(frozen=True, slots=True)
class KillRequest:
    """
    `/ai-kill <target> [mode:] [tenant:] [tool:] [for:] [break-glass] [reason]`.

    *mode* None means the safe state. *review_in_s* (seconds, from `for:2h`) is when opsbot asks
    whether the kill should stay; it never ends by itself. *confirmed* answers the question that
    `all`, a provider and a model raise. *said_mode* is a mode's name that the reason begins with
    and that is asked about after stopping. *arrived_s* (seconds, monotonic) is when the command
    came in, for surfaces that do something before the kill: the answer's time counts from there.
    """

    target: Target
    mode: str | None = None
    tenant: str | None = None
    tool: str | None = None
    review_in_s: int | None = None
    break_glass: bool = False
    reason: str = ""
    confirmed: bool = False
    said_mode: str | None = None
    arrived_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """`/ai-restore <workflow|K-12> [reason]`; *arrived_s* as for a kill."""

    target: Target
    reason: str = ""
    arrived_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """`/ai-restore K-12 <hold|go-on> [reason]`: hold a restore in steps, or let it go on."""

    kill: str
    hold: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ApproveRequest:
    """A press of [Approve] or [Refuse], or the same from a terminal; *arrived_s* as for a kill."""

    approval: str
    grant: bool = True
    reason: str = ""
    arrived_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RouteEdit:
    """
    `/ai-route <workflow> set [model:] [fallback:] [prompt:] [tools:] [param:] [strategy:] [note]`.

    What is None stays as it is in the revision it is made from: *base*, or the active one.
    *params* are added to those; a value of None takes one away. *seen* is the newest revision
    that the author had before them, where a surface knows it: a newer one is shown instead.
    """

    workflow: str
    targets: tuple[ServingTarget, ...] | None = None
    fallbacks: tuple[ServingTarget, ...] | None = None
    prompt: str | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    tools: str | None = None
    strategy: Strategy | None = None
    base: Number | None = None
    seen: Number | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class EvalResult:
    """One result as it was sent; nothing of it is checked yet."""

    suite: str
    metric: str
    value: float
    n: int


@dataclass(frozen=True, slots=True)
class EvalRequest:
    """
    `opsbot eval record`, and a signal of kind `eval`.

    *subject* is a route revision (`r4`) or an approved model (`openai/gpt-5-mini`). *commit* is
    the code that was evaluated. *at* is the sender's own time: kept in the journal, never used.
    """

    workflow: str
    subject: str
    results: tuple[EvalResult, ...]
    commit: str = ""
    at: str = ""


StageAct = Literal["begin", "hold", "go_on", "cancel"]


@dataclass(frozen=True, slots=True)
class StageRequest:
    """
    `/ai-route <workflow> stage <r4|hold|go-on|cancel> [reason]`.

    *number* is the revision to begin with, None for the newest. With the other acts it is the one
    that was seen on its way: another is left alone.
    """

    workflow: str
    act: StageAct
    number: Number | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """
    `/ai-rollback <workflow> [to r3] [break-glass] [reason]`; *to* None is the last good revision.

    *break_glass* takes responsibility for a revision whose evidence does not pass. *leaving* is the
    revision that was seen serving, where a surface knows it: another is left alone. *good* is the
    last good one that was seen: where another is that by now, nothing goes back.
    """

    workflow: str
    to: Number | None = None
    break_glass: bool = False
    reason: str = ""
    leaving: Number | None = None
    good: Number | None = None
