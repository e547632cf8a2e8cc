"""Rules that compare a runbook with everything else that is declared; names in braces wait for the run."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.adapters.runbooks.rules import Known, Look, Rule
from opsbot.app.runs.argument_forms import Problem
from opsbot.app.runs.arguments import EVERY_GATE, STEP_ROLES, BadArguments, arguments_of
from opsbot.domain import durations
from opsbot.domain.change import Json
from opsbot.domain.declaration import Finding
from opsbot.domain.incident.types import TYPES, known
from opsbot.domain.nearest import nearest
from opsbot.domain.policy.model import ROLES, Policy
from opsbot.domain.runbook import Action, Runbook, Verb
from opsbot.domain.workflow import Workflow

WAIT_MOST_S: Final = 4 * 3600
_OF_WORKFLOW: Final[frozenset[Verb]] = frozenset(
    {"kill", "restore", "rollback", "route", "verify", "capture"}
)
_ELSEWHERE: Final = ("workflow", "provider", "model", "all", "of")


def owners(look: Look) -> Iterator[Finding]:
    """E04: an owner that nobody is, and roles that do not exist."""
    book, policy = look.runbook, look.known.policy
    teams = _teams(look.known)
    if look.known.whole and policy is not None and book.owner and book.owner not in teams:
        guess = nearest(book.owner, teams)
        fix = f"Did you mean `{guess}`?" if guess else "Write a team of a workflow, or a group."
        yield look.find("E04", _at(book, "owner"), f"nobody knows the team `{book.owner}`", fix)
    for step in book.steps:
        if not step.who:
            continue
        if step.who not in STEP_ROLES:
            fix = f"One of: {', '.join(STEP_ROLES)}."
            yield look.find("E04", step.line, f"`Who:` is `{step.who[:40]}`, which is no role", fix)


def _teams(known: Known) -> set[str]:
    grants = known.policy.grants if known.policy is not None else ()
    return {one.team for one in known.workflows.values()} | {
        name for grant in grants for name in (*grant.groups, *grant.teams)
    }


def arguments(look: Look) -> Iterator[Finding]:
    """E26, E28: arguments that the verb does not take."""
    runs_on = any(one.type == "workflow" for one in look.runbook.params)
    for action in _actions(look.runbook):
        try:
            arguments_of(action.verb, action.arguments, of_run=False)
        except BadArguments as bad:
            yield from (_problem(look, action, one) for one in bad.problems)
        given = [one for one in _ELSEWHERE if one in action.arguments]
        if action.verb in _OF_WORKFLOW and not given and not runs_on:
            fix = "Add `workflow:`, or declare a parameter of that type."
            yield look.find("E26", action.line, f"`{action.verb}` names no workflow", fix)
        yield from _of_a_kill(look, action)


def _of_a_kill(look: Look, action: Action) -> Iterator[Finding]:
    """Yield what is wrong with the step whose kill an action lifts."""
    of = action.arguments.get("of")
    killing = [s.id for s in look.runbook.steps if any(one.verb == "kill" for one in s.actions)]
    if action.verb == "restore" and isinstance(of, str) and of not in killing:
        guess = nearest(of, killing)
        fix = f"Did you mean `{guess}`?" if guess else f"Name one that kills: {', '.join(killing)}."
        line = action.lines.get("of", action.line)
        yield look.find("E26", line, f"no step `{of[:60]}` kills anything", fix)


def _problem(look: Look, action: Action, problem: Problem) -> Finding:
    line = action.lines.get(problem.argument, action.line)
    return look.find(problem.rule, line, f"`{action.verb}`: {problem.message}", problem.fix)


def declared(look: Look) -> Iterator[Finding]:
    """E27: names that nobody declares."""
    for kind in look.runbook.incident_types:
        if not known(kind):
            guess = nearest(kind, [one.name for one in TYPES])
            fix = f"Did you mean `{guess}`?" if guess else "See docs/incidents.md for the kinds."
            line = _at(look.runbook, "incident_types")
            yield look.find("E27", line, f"there is no kind of incident `{kind}`", fix)
    if not look.known.whole:
        return
    names = _Names.of(look.known)
    for action in _actions(look.runbook):
        for argument, value, among in names.aimed(action):
            if value not in among:
                guess = nearest(value, among)
                fix = f"Did you mean `{guess}`?" if guess else "Declare it, or name another."
                line = action.lines.get(argument, action.line)
                yield look.find("E27", line, f"no {_NOUN[argument]} `{value}` is declared", fix)


_NOUN: Final = {
    "workflow": "workflow",
    "provider": "provider",
    "model": "model",
    "tool": "tool",
    "suite": "suite",
    "metric": "metric",
    "mode": "mode",
    "expect": "mode",
    "who": "person, role or escalation policy",
}


@dataclass(frozen=True, slots=True)
class _Names:
    """Everything that an action may name."""

    workflows: Mapping[str, Workflow]
    models: frozenset[str]
    people: frozenset[str]

    @classmethod
    def of(cls, known: Known) -> "_Names":
        models = {name for one in known.book.models.values() for name in one.names}
        for workflow in known.workflows.values():
            models |= {str(one) for one in _listed(workflow.extra.get("approved"))}
            models |= {
                f"{one.get('provider')}/{one.get('model')}"
                for kind in ("targets", "fallbacks")
                for one in _listed(workflow.route.get(kind))
                if isinstance(one, Mapping)
            }
        return cls(known.workflows, frozenset(models), _people(known))

    def aimed(self, action: Action) -> Iterator[tuple[str, str, Collection[str]]]:
        """Yield (argument, name, what may be named) for each plain name of an action."""
        written = {
            name: value
            for name, value in action.arguments.items()
            if isinstance(value, str) and "{{" not in value
        }
        touched = self._touched(written.get("workflow", ""))
        among: Mapping[str, Collection[str]] = {
            "workflow": self.workflows,
            "provider": {one.partition("/")[0] for one in self.models},
            "model": self.models | {one.partition("/")[2] for one in self.models},
            "tool": {tool for one in touched for tool in one.tools},
            "suite": {gate for one in touched for gate in _gates(one, "suite")} | {EVERY_GATE},
            "metric": {gate for one in touched for gate in _gates(one, "metric")},
            "mode": {mode for one in touched for mode in one.modes} | {"stop"},
            "who": self.people,
        }
        for argument, names in among.items():
            if argument in written and not (argument == "who" and action.verb != "page"):
                yield argument, written[argument], names

    def _touched(self, workflow: str) -> Collection[Workflow]:
        named = self.workflows.get(workflow)
        return (named,) if named is not None else tuple(self.workflows.values())


def _people(known: Known) -> frozenset[str]:
    policy = known.policy or Policy()
    found: set[str] = {*STEP_ROLES, *policy.people}
    for person in policy.people.values():
        found |= {*person.slack, *person.email, *person.pagerduty}
    for grant in policy.grants:
        found |= grant.on_call
    for workflow in known.workflows.values():
        pager = workflow.extra.get("pagerduty")
        if isinstance(pager, Mapping):
            found |= {str(one) for one in pager.values()}
    return frozenset(found)


def _gates(workflow: Workflow, key: str) -> Iterator[str]:
    for gate in _listed(workflow.extra.get("gates")):
        if isinstance(gate, Mapping) and key in gate:
            yield str(gate[key])


def _listed(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()


def staffed(look: Look) -> Iterator[Finding]:
    """E30: roles that nobody has, and waits that are longer than anybody's watch."""
    if look.known.whole and look.known.policy is not None:
        held = {one.role for one in look.known.policy.grants if _somebody(one)}
        for who, line in _roles(look.runbook):
            if who in ROLES and who not in held:
                fix = f"Give the role `{who}` to somebody in flags/policy.yaml."
                yield look.find("E30", line, f"nobody has the role `{who}`", fix)
    for action in _actions(look.runbook):
        said = action.arguments.get("for")
        seconds = durations.duration_s(said) if isinstance(said, str) else None
        if action.verb == "wait" and seconds is not None and seconds > WAIT_MOST_S:
            line = action.lines.get("for", action.line)
            fix = "Wait for at most 4h, or make it a reminder of the incident."
            yield look.find("E30", line, "a wait is over 4 hours", fix)


def _somebody(grant: object) -> bool:
    return any(getattr(grant, name) for name in ("people", "groups", "on_call"))


def _roles(book: Runbook) -> Iterator[tuple[str, int]]:
    for step in book.steps:
        yield step.who, step.line
        for action in step.actions:
            who = action.arguments.get("who", "approver" if action.verb == "approve" else "")
            if isinstance(who, str):
                yield who, action.lines.get("who", action.line)


def templates(look: Look) -> Iterator[Finding]:
    """E25, W25: templates of comms that are not there, or cannot be looked up."""
    there = look.known.templates
    for action in _actions(look.runbook):
        said = action.arguments.get("template")
        if action.verb != "comms" or not isinstance(said, str) or "{{" in said:
            continue
        line = action.lines.get("template", action.line)
        if there is None:
            fix = "Put it into runbooks/comms/; until then somebody writes the words by hand."
            yield look.find("W25", line, f"the template `{said}` cannot be looked up", fix)
        elif said not in there:
            guess = nearest(said, there)
            fix = f"Did you mean `{guess}`?" if guess else "Put it into runbooks/comms/."
            yield look.find("E25", line, f"there is no template `{said}`", fix)
        audience = action.arguments.get("audience")
        if (
            isinstance(audience, str)
            and "{{" not in audience
            and not said.startswith(f"{audience}-")
        ):
            fix = f"Write `audience: {said.partition('-')[0]}`, or leave it out: the name says it."
            line = action.lines.get("audience", line)
            yield look.find("E25", line, f"the template `{said}` is not for {audience}", fix)


def _at(book: Runbook, key: str) -> int:
    lines = enumerate(book.source.split("\n"), 1)
    return next((at for at, one in lines if one.startswith(f"{key}:")), 1)


def _actions(book: Runbook) -> Iterator[Action]:
    return (action for step in book.steps for action in step.actions)


KNOWN_RULES: Final[tuple[Rule, ...]] = (owners, arguments, declared, staffed, templates)
