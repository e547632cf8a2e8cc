"""What each verb of a runbook takes: arguments as written become values with a meaning, or say why not. Pure."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from opsbot.app.requests import Target
from opsbot.app.runs.argument_forms import (
    Given,
    Problem,
    duration_s,
    flag,
    kill_mode,
    line,
    moment,
    name,
    one_of,
    percents,
    revision,
    served,
    several,
    share,
    whole,
)
from opsbot.app.runs.meant import (
    ApproveArguments,
    Arguments,
    CaptureArguments,
    CommsArguments,
    IncidentArguments,
    KillArguments,
    PageArguments,
    RestoreArguments,
    RollbackArguments,
    RouteArguments,
    VerifyArguments,
    WaitArguments,
)
from opsbot.domain.incident.flow import STATUSES
from opsbot.domain.incident.types import TYPES, Severity, severity
from opsbot.domain.policy.model import ROLES
from opsbot.domain.route import STRATEGIES
from opsbot.domain.runbook import Value, Verb
from opsflags.model import MODES

STEP_ROLES: Final = (*ROLES, "scribe")
"""Who a step, an approval or a page may name by what they do rather than by who they are."""

AUDIENCES: Final = ("users", "support", "stakeholders", "executives", "regulators")

CAPTURES: Final = (
    "route",
    "fleet",
    "kills",
    "signals",
    "evals",
    "journal",
    "traces",
    "cost",
    "data",
)
"""
What `capture` can keep: what opsbot knows itself, and as links that the workflow declares under
`evidence:` its traces (`observability`), `cost` and `data` (`data_access`). Always pointers.
"""

PROBES: Final = ("httpx", "litellm", "ofrep", "ext_authz", "http")


CONFIRMED: Final = "confirmed"
"""What `expect` says beside modes: whatever is switched now, every instance has confirmed it."""

EVERY_GATE: Final = "all"
"""What `suite` says beside names: every gate of the workflow, by its own threshold."""


class BadArguments(ValueError):
    """They do not fit the verb; *problems* says why, one sentence and one fix for each."""

    def __init__(self, verb: Verb, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(one.message for one in problems))
        self.verb = verb
        self.problems = problems


def arguments_of(
    verb: Verb, values: Mapping[str, Value], *, workflow: str = "", of_run: bool = True
) -> Arguments:
    """
    Return what the arguments mean; *values* have their names filled in, *workflow* is the run's own.

    *of_run* False reads them as an author wrote them: names are not filled in, and pass as anything.

    Raises:
        BadArguments: unknown, missing, or of another form.
    """
    given = Given(values, workflow, opaque=not of_run)
    read, known = _VERBS[verb]
    for unknown in sorted(values.keys() - set(known)):
        given.unknown(unknown, known)
    found = read(given)
    if given.problems:
        raise BadArguments(verb, tuple(given.problems))
    return found


def known_arguments(verb: Verb) -> tuple[str, ...]:
    """Return the names that a verb takes."""
    return _VERBS[verb][1]


def _kill(given: Given) -> KillArguments:
    return KillArguments(
        target=_target(given),
        mode=given.read("mode", kill_mode) or None,
        tenant=given.read("tenant", name) or None,
        tool=given.read("tool", name) or None,
        review_in_s=given.read("for", duration_s),
        reason=given.read("reason", line) or "",
    )


def _target(given: Given) -> Target:
    named = [one for one in ("workflow", "provider", "model", "all") if given.has(one)]
    if len(named) > 1:
        fix = "Keep one of them."
        given.wrong(named[1], f"`{named[0]}` and `{named[1]}` are both named", fix)
    if given.has("provider"):
        return Target("provider", given.read("provider", name) or "-")
    if given.has("model"):
        return Target("model", given.read("model", name) or "-")
    if given.has("all"):
        if given.read("all", flag) is False:
            given.wrong("all", "`all` is said and denied", "Leave it out.")
        return Target("all")
    return Target("workflow", given.workflow() or "-")


def _restore(given: Given) -> RestoreArguments:
    stages = given.listed("stages", percents) or ()
    hold = given.read("hold", duration_s)
    if any(later <= before for before, later in pairwise(stages)):
        given.wrong("stages", "`stages` do not rise", "Write `stages: [5, 25, 100]`.", "E28")
    if given.has("stages") and not given.has("hold"):
        given.wrong("stages", "`hold` is missing beside `stages`", "Add `hold: 10m`.", "E28")
    of = given.read("of", name) or ""
    if given.has("of") and given.has("workflow"):
        given.wrong("workflow", "`of` and `workflow` are both named", "Keep one of them.")
    workflow = "" if given.has("of") else given.workflow()
    return RestoreArguments(workflow, stages, hold, given.read("reason", line) or "", of)


def _rollback(given: Given) -> RollbackArguments:
    return RollbackArguments(
        given.workflow(), given.read("to", revision), given.read("reason", line) or ""
    )


def _route(given: Given) -> RouteArguments:
    ways = [one for one in ("to", "model", "strategy") if given.has(one)]
    if len(ways) != 1:
        fix = "Write one of `to: r4`, `model: provider/model`, `strategy: cheapest_passing_eval`."
        told = f"`{ways[0]}` and `{ways[1]}` are both there" if ways else "where to is missing"
        given.wrong(ways[1] if ways else "to", told, fix)
    return RouteArguments(
        workflow=given.workflow(),
        to=given.read("to", revision),
        model=given.read("model", served) or "",
        strategy=given.read("strategy", one_of(STRATEGIES)),
        reason=given.read("reason", line) or "",
    )


def _page(given: Given) -> PageArguments:
    reason = given.needed("reason", line) or ""
    return PageArguments(
        given.read("who", name) or "", given.workflow(needed=not given.has("who")), reason
    )


def _incident(given: Given) -> IncidentArguments:
    acts = ("title", "severity", "type", "status", "update")
    if not any(given.has(one) for one in acts):
        fix = "Add one of `title`, `severity`, `type`, `status`, `update`."
        given.wrong("", "nothing is said of the incident", fix)
    return IncidentArguments(
        title=given.read("title", line) or "",
        workflow=given.workflow(needed=False),
        severity=given.read("severity", _severity),
        type=given.read("type", one_of(tuple(one.name for one in TYPES))) or "",
        status=given.read("status", one_of(STATUSES)),
        update=given.read("update", line) or "",
        next_update_s=given.read("next", duration_s),
        reason=given.read("reason", line) or "",
    )


def _severity(text: str) -> Severity:
    found = severity(text)
    if found is None:
        raise ValueError("is no severity; one of sev1, sev2, sev3, sev4")
    return found


def _comms(given: Given) -> CommsArguments:
    return CommsArguments(
        template=given.needed("template", name) or "",
        audience=given.read("audience", one_of(AUDIENCES)) or "",
        next_update_s=given.read("next", duration_s),
    )


def _approve(given: Given) -> ApproveArguments:
    return ApproveArguments(
        what=given.needed("what", line) or "",
        who=given.read("who", one_of(STEP_ROLES)) or "approver",
        ttl_s=given.read("ttl", duration_s) or 30 * 60,
    )


def _wait(given: Given) -> WaitArguments:
    if given.has("for") == given.has("until"):
        fix = "Write `for: 10m`, or `until: 09:00` (UTC)."
        given.wrong("until" if given.has("for") else "", "not one of `for` and `until`", fix)
    return WaitArguments(given.read("for", duration_s), given.read("until", moment) or "")


def _verify(given: Given) -> VerifyArguments:
    checks = ("expect", "suite", "probe")
    if not any(given.has(one) for one in checks):
        fix = "Add `expect: live`, or `suite:` with `min:`, or `probe:`."
        given.wrong("", "nothing is verified", fix)
    suite = given.read("suite", name) or ""
    if suite == EVERY_GATE:
        for extra in ("min", "metric", "samples", "max_age"):
            if given.has(extra):
                fix = "Leave it out: each gate says its own."
                given.wrong(extra, f"`{extra}` beside `suite: {EVERY_GATE}`", fix)
    elif given.has("suite") and not given.has("min"):
        given.wrong("suite", "`min` is missing beside `suite`", "Add `min: 0.95`.")
    return VerifyArguments(
        workflow=given.workflow(),
        expect=given.read("expect", one_of((*MODES, CONFIRMED))) or "",
        suite=suite,
        metric=given.read("metric", name) or "",
        minimum=given.read("min", share),
        samples=given.read("samples", whole),
        max_age_s=given.read("max_age", duration_s),
        probe=given.read("probe", one_of(PROBES)) or "",
        for_s=given.read("for", duration_s),
    )


def _capture(given: Given) -> CaptureArguments:
    return CaptureArguments(given.workflow(), given.items("what", several(CAPTURES)) or ())


_VERBS: Final[Mapping[Verb, tuple[Callable[[Given], Arguments], tuple[str, ...]]]] = {
    "kill": (
        _kill,
        ("workflow", "provider", "model", "all", "mode", "tenant", "tool", "for", "reason"),
    ),
    "restore": (_restore, ("workflow", "of", "stages", "hold", "reason")),
    "rollback": (_rollback, ("workflow", "to", "reason")),
    "route": (_route, ("workflow", "to", "model", "strategy", "reason")),
    "page": (_page, ("who", "workflow", "reason")),
    "incident": (
        _incident,
        ("title", "workflow", "severity", "type", "status", "update", "next", "reason"),
    ),
    "comms": (_comms, ("template", "audience", "next")),
    "approve": (_approve, ("what", "who", "ttl")),
    "wait": (_wait, ("for", "until")),
    "verify": (
        _verify,
        (
            *("workflow", "expect", "suite", "metric", "min", "samples", "max_age"),
            *("probe", "for"),
        ),
    ),
    "capture": (_capture, ("workflow", "what")),
}
