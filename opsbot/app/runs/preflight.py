"""
Whether today's people could really do every step of a runbook: found on what is known, before a night asks. Pure.

The linter says whether a runbook is well made. This says whether the world is as it supposes, which
no file can know: who is on call, what was drilled, which channel was archived last week.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from opsbot.app import route_state
from opsbot.app.environment import policy_of
from opsbot.domain.policy.model import ROLES, Policy
from opsbot.domain.roster import Roster
from opsbot.domain.runbook import Action, Runbook, Step
from opsbot.domain.state import ROUTES, State
from opsbot.domain.typed import command
from opsbot.domain.workflow import UNDECLARED, Workflow

SECOND_PERSON_TIER: Final = 1


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """
    One thing that would stop somebody at 3 am: in which *runbook* and *step*, whose it is, what, and what to do.

    *known* is False where it could not be asked, which is no better: nobody knows that it works.
    *line* is that of the step in its *file*.
    """

    owner: str
    runbook: str
    says: str
    fix: str
    step: str = ""
    known: bool = True
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What was asked outside.

    *roster* is who is on call, None where no PagerDuty is. *channels* say why a channel cannot be
    written to, empty where it can; one that is missing was not asked, as there is no chat. *pagers*
    the same by workflow; None where nobody can be paged at all. *templates* are those of the words
    to users, None where there is no folder of them.
    """

    state: State
    now_ms: int
    roster: Roster | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    pagers: Mapping[str, str] | None = None
    templates: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one question is asked. *workflow* is None in a step that is about none."""

    seen: Seen
    book: Runbook
    step: Step
    workflow: Workflow | None

    def gap(self, says: str, fix: str, *, known: bool = True) -> Gap:
        book, step = self.book, self.step
        return Gap(book.owner, book.name, says, fix, step.id, known, book.file, step.line)


def gaps(books: Mapping[str, Runbook], seen: Seen) -> tuple[Gap, ...]:
    """Return everything that would stop somebody, each once for its runbook."""
    found: dict[tuple[str, str], Gap] = {}
    for book in books.values():
        if book.imported:
            continue
        for gap in _of(book, seen):
            found.setdefault((gap.runbook, gap.says), gap)
    return tuple(sorted(found.values()))


def workflows_of(book: Runbook, state: State) -> tuple[Workflow, ...]:
    """Return the workflows that a runbook is there for: that name it, else of its team, else all."""
    declared = [one for one in state.workflows().values() if UNDECLARED not in one.extra]
    for wanted in (
        [one for one in declared if one.runbook == book.name],
        [one for one in declared if one.team == book.owner.removeprefix("@")],
    ):
        if wanted:
            return tuple(wanted)
    return tuple(declared)


def channels_of(books: Mapping[str, Runbook], state: State) -> tuple[str, ...]:
    """Return the channels that somebody would write to."""
    about = (one for book in books.values() for one in workflows_of(book, state))
    return tuple(dict.fromkeys(one.slack_channel for one in about if one.slack_channel))


def paged_by(books: Mapping[str, Runbook], state: State) -> tuple[Workflow, ...]:
    """Return the workflows for which a runbook calls somebody."""
    paging = (
        b for b in books.values() if any(a.verb == "page" for s in b.steps for a in s.actions)
    )
    return tuple({one.name: one for book in paging for one in workflows_of(book, state)}.values())


def _of(book: Runbook, seen: Seen) -> Iterator[Gap]:
    about = workflows_of(book, seen.state)
    for step in book.steps:
        for workflow in about or (None,):
            place = _Place(seen, book, step, workflow)
            yield from _roles(place)
            yield from _channel(place)
        for action in step.actions:
            for aimed in _aimed(action, about, seen.state):
                if isinstance(aimed, str):
                    place = _Place(seen, book, step, None)
                    fix = "Declare it, or take it out of the runbook."
                    yield place.gap(f"The workflow `{aimed}` is not declared.", fix)
                elif action.verb in _ACTIONS:
                    yield from _ACTIONS[action.verb](_Place(seen, book, step, aimed), action)


def _aimed(
    action: Action, about: tuple[Workflow, ...], state: State
) -> tuple[Workflow | str | None, ...]:
    """Return what an action is about: the workflow that it names, or all that the runbook is for."""
    named = action.arguments.get("workflow")
    if not isinstance(named, str) or not named or "{{" in named:
        return about or (None,)
    return (state.workflows().get(named, named),)


def _roles(place: _Place) -> Iterator[Gap]:
    for role in dict.fromkeys(_needed(place.step, place.workflow)):
        if role in ROLES:
            yield from _held(place, role)


def _needed(step: Step, workflow: Workflow | None) -> Iterator[str]:
    yield step.who
    for action in step.actions:
        who = action.arguments.get("who", "")
        if action.verb == "approve":
            yield str(who) or "approver"
        elif action.verb == "page" and isinstance(who, str):
            yield who
        elif action.verb == "restore" and workflow and workflow.tier == SECOND_PERSON_TIER:
            yield "approver"


def _held(place: _Place, role: str) -> Iterator[Gap]:
    """Ask whether anybody has a role now: by name, by a group, or by being on call."""
    seen, team = place.seen, "" if place.workflow is None else place.workflow.team
    policy = policy_of(seen.state)
    named, policies = _holders(policy, role, team)
    if named:
        return
    of = f" for `{team}`" if team else ""
    fix = f"Give it to somebody under `roles.{role}` of the policy."
    if not policies:
        yield place.gap(f"Nobody has the role {role}{of}.", fix)
    elif seen.roster is None or not seen.roster.fresh(seen.now_ms):
        says = f"Who has the role {role}{of} is not known: it is whoever is on call, and PagerDuty does not answer."
        yield place.gap(says, f"{command('oncall')} says since when.", known=False)
    elif not seen.roster.on(tuple(policies), seen.now_ms):
        listed = ", ".join(sorted(policies))
        fix = f"Put somebody on call for {listed}, or name people for the role."
        yield place.gap(f"Nobody has the role {role}{of}: nobody is on call now.", fix)


def _holders(policy: Policy, role: str, team: str) -> tuple[bool, frozenset[str]]:
    """Return whether people or a group have a role, and the escalation policies that give it."""
    grants = [
        one
        for one in policy.grants
        if one.role == role and (not one.teams or not team or team in one.teams)
    ]
    named = any(one.groups or one.people & policy.people.keys() for one in grants)
    return named, frozenset(on_call for one in grants for on_call in one.on_call)


def _channel(place: _Place) -> Iterator[Gap]:
    workflow = place.workflow
    if workflow is None or not workflow.slack_channel:
        return
    why = place.seen.channels.get(workflow.slack_channel, "")
    if why:
        says = f"The channel {workflow.slack_channel} of `{workflow.name}` cannot be written to: {why}."
        yield place.gap(says, "Invite opsbot into it, or declare another `slack_channel:`.")


def _kill(place: _Place, _: Action) -> Iterator[Gap]:
    workflow, seen = place.workflow, place.seen
    if workflow and not route_state.switch_proved(seen.state, workflow.name, seen.now_ms):
        days = route_state.PROVED_WITHIN_MS // 86_400_000
        says = f"The kill switch of `{workflow.name}` was not confirmed in {days} days."
        drill = command(f"runbook start kill-switch-drill workflow={workflow.name}")
        yield place.gap(says, f"Drill it: {drill}.")


def _rollback(place: _Place, action: Action) -> Iterator[Gap]:
    workflow, state = place.workflow, place.seen.state
    if workflow is None or action.arguments.get("to"):
        return
    if workflow.name not in state.kind(ROUTES):
        says = f"`{workflow.name}` has no revision to go back to."
        yield place.gap(says, f"{command(f'route {workflow.name} set …')} makes one.")
        return
    good = state.revision(workflow.name, state.routing(workflow.name).last_good)
    if why := route_state.may_serve(state, workflow, good.route):
        says = f"The last good revision {good.id} of `{workflow.name}` may not serve: {why}."
        yield place.gap(says, f"{command(f'route {workflow.name} history')} shows what may.")


def _page(place: _Place, _: Action) -> Iterator[Gap]:
    workflow, pagers = place.workflow, place.seen.pagers
    if pagers is None:
        fix = "Set OPSBOT_PAGERDUTY_API_KEY, or have the numbers of people at hand."
        yield place.gap("PagerDuty is not connected: nobody is called.", fix)
    elif workflow and (why := pagers.get(workflow.name, "")):
        fix = "`opsbot doctor pagerduty` says more."
        yield place.gap(f"A page for `{workflow.name}` reaches nobody: {why}.", fix)


def _comms(place: _Place, action: Action) -> Iterator[Gap]:
    template, known = str(action.arguments.get("template", "")), place.seen.templates
    if known is None or template not in known:
        says = f"There is no template `{template}` that can be used."
        yield place.gap(says, "Write it under `runbooks/comms/`, correct it, or name another.")
        return
    audience, workflow = template.partition("-")[0], place.workflow
    if workflow is None or audience == "users":
        return  # users read the status page, whatever is declared
    declared = workflow.extra.get("comms")
    if not (isinstance(declared, Mapping) and declared.get(audience)):
        says = f"Nobody declares where {audience} of `{workflow.name}` read messages."
        yield place.gap(says, f"Add `{audience}:` under `comms:` of the workflow's file.")


_ACTIONS: Final[Mapping[str, Callable[[_Place, Action], Iterator[Gap]]]] = {
    "kill": _kill,
    "rollback": _rollback,
    "page": _page,
    "comms": _comms,
}
"""What each verb supposes."""
