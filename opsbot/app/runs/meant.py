"""What each action of a runbook means, once its arguments are read: values with a type each. Pure."""

from dataclasses import dataclass
from typing import TypeAlias

from opsbot.app.requests import Target
from opsbot.domain.incident.flow import Status
from opsbot.domain.incident.types import Severity
from opsbot.domain.route import Number, Strategy


@dataclass(frozen=True, slots=True)
class KillArguments:
    """
    `kill`: one of *workflow* (the run's own where nothing is said), provider, model or `all: true`.

    *mode* None is the workflow's safe state. *review_in_s* (`for:`, in seconds) as for a command.
    """

    target: Target
    mode: str | None = None
    tenant: str | None = None
    tool: str | None = None
    review_in_s: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RestoreArguments:
    """
    `restore`: the kills that name *workflow*, or the one that the step *of* of the same run made.

    *stages* in percent, rising, with *hold_s* between them; both empty and None for as declared.

    They are what the author expects: the workflow's own declaration decides how a restore goes.
    """

    workflow: str
    stages: tuple[int, ...] = ()
    hold_s: int | None = None
    reason: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class RollbackArguments:
    """`rollback`: *to* None is the last good revision."""

    workflow: str
    to: Number | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RouteArguments:
    """`route`: begin the ramp of revision *to*, or make one that serves with *model*, or by *strategy*."""

    workflow: str
    to: Number | None = None
    model: str = ""
    strategy: Strategy | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PageArguments:
    """`page`: a person, a role or an escalation policy; *who* is empty for the workflow's own on-call."""

    who: str = ""
    workflow: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IncidentArguments:
    """`incident`: move it, or change what is known of it; *title* opens one where the run has none."""

    title: str = ""
    workflow: str = ""
    severity: Severity | None = None
    type: str = ""
    status: Status | None = None
    update: str = ""
    next_update_s: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CommsArguments:
    """`comms`: words by a *template* of `runbooks/comms/`, for an audience; *next_update_s* promises the next."""

    template: str
    audience: str = ""
    next_update_s: int | None = None


@dataclass(frozen=True, slots=True)
class ApproveArguments:
    """`approve`: *what* needs the word of a second person, *who* is a role, within *ttl_s* seconds."""

    what: str
    who: str = "approver"
    ttl_s: int = 30 * 60


@dataclass(frozen=True, slots=True)
class WaitArguments:
    """`wait`: for *for_s* seconds, or until the next *until* (`HH:MM`, UTC); exactly one of them."""

    for_s: int | None = None
    until: str = ""


@dataclass(frozen=True, slots=True)
class VerifyArguments:
    """
    `verify`: every instance confirms mode *expect*; the newest result of *suite* is at least *minimum*.

    *expect* `confirmed` is whatever is switched now, *suite* `all` every gate by its own threshold.
    *metric* is empty for the suite's only one, *samples* how many cases it must rest on at least,
    *max_age_s* how old it may be. *probe* asks the enforcement points of that kind. *for_s*: it has to
    stay so for that long.
    """

    workflow: str
    expect: str = ""
    suite: str = ""
    metric: str = ""
    minimum: float | None = None
    samples: int | None = None
    max_age_s: int | None = None
    probe: str = ""
    for_s: int | None = None


@dataclass(frozen=True, slots=True)
class CaptureArguments:
    """`capture`: *what* of the workflow is kept, as pointers."""

    workflow: str
    what: tuple[str, ...]


Arguments: TypeAlias = (
    KillArguments
    | RestoreArguments
    | RollbackArguments
    | RouteArguments
    | PageArguments
    | IncidentArguments
    | CommsArguments
    | ApproveArguments
    | WaitArguments
    | VerifyArguments
    | CaptureArguments
)
