"""Who answers for what and who is called first, in words that everybody may read; with their age."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import clock
from opsbot.app.incident.words import lasted
from opsbot.app.paging.oncall import policy_of_workflow
from opsbot.app.reach import people_named
from opsbot.domain.change import Json
from opsbot.domain.roster import FIRST_LEVEL, OnDuty, Roster, person_on
from opsbot.domain.said import Said, Tone, inert
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

MOST_LEVELS = 3
NEVER = "Who is on call was never read"
AHEAD = "A clock is or was wrong: being on call allows nothing until it is read again."


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known of who is on call at *now_ms*.

    *connected*: whether there is a PagerDuty; *trouble* is why it could not be read the last time.
    """

    roster: Roster | None
    now_ms: int
    connected: bool
    trouble: str = ""


def oncall_said(state: State, env: str, workflows: Sequence[Workflow], known: Known) -> Said:
    """Return who is on call for each workflow and who answers for it."""
    roster, now_ms = known.roster, known.now_ms
    lines = [_line(state, one, roster, now_ms) for one in workflows]
    body: dict[str, Json] = {
        "read_ms": None if roster is None else roster.read_ms,
        "age_ms": None if roster is None or roster.ahead(now_ms) else roster.age_ms(now_ms),
        "workflows": {one.name: _body(state, one, roster, now_ms) for one in workflows},
    }
    tone, title, more = _head(env, known)
    return Said(tone, title, (*lines, *more), body=body)


def _head(env: str, known: Known) -> tuple[Tone, str, tuple[str, ...]]:
    roster, now_ms, trouble = known.roster, known.now_ms, known.trouble
    if not known.connected:
        return "plain", f"Directly responsible in {env} (no on-call schedule connected)", ()
    why = (f"PagerDuty could not be read: {trouble}.",) if trouble else ()
    if roster is None:
        return "amber", f"{NEVER} in {env}", why
    age = roster_age(roster, now_ms)
    if roster.ahead(now_ms):
        return "amber", f"On call in {env}, as of {age}", (*why, AHEAD)
    if roster.fresh(now_ms):
        return "plain", f"On call in {env}, read {age}", why
    old = "This is too old to act by: being on call allows nothing until it is read again."
    return "amber", f"On call in {env}, as it was: read {age}", (*why, old)


def roster_age(roster: Roster, now_ms: int) -> str:
    """Return how long ago it was read; of one from the future nothing is known."""
    if roster.ahead(now_ms):
        return "a moment that did not come yet"
    return f"{lasted(roster.age_ms(now_ms))} ago"


def _line(state: State, workflow: Workflow, roster: Roster | None, now_ms: int) -> str:
    called = [_called(state, one) for one in _duties(state, workflow, roster, now_ms)[:MOST_LEVELS]]
    first = ", then ".join(called) if called else _nobody(state, workflow, roster)
    (dri,) = people_named(policy_of(state), (workflow.dri,))
    who = f"{first} \u00b7 " if first else ""
    return f"`{workflow.name}`: {who}DRI {inert(dri)} ({workflow.team}, tier {workflow.tier})"


def _nobody(state: State, workflow: Workflow, roster: Roster | None) -> str:
    if roster is None:
        return ""
    if not policy_of_workflow(state, workflow.name):
        return "no escalation policy is declared"
    return "nobody is on call"


def _called(state: State, duty: OnDuty) -> str:
    person = person_on(policy_of(state), duty)
    name = inert(person.shown if person is not None else duty.name, limit=60)
    level = "" if duty.level == FIRST_LEVEL else f" (level {duty.level})"
    until = f" until {clock(duty.until_ms)}" if duty.until_ms is not None else ""
    return f"{name}{level}{until}"


def _duties(
    state: State, workflow: Workflow, roster: Roster | None, now_ms: int
) -> tuple[OnDuty, ...]:
    policy = policy_of_workflow(state, workflow.name)
    return roster.on((policy,), now_ms) if roster is not None and policy else ()


def _body(state: State, workflow: Workflow, roster: Roster | None, now_ms: int) -> Json:
    policy = policy_of(state)
    called: list[Json] = []
    for one in _duties(state, workflow, roster, now_ms):
        person = person_on(policy, one)
        called.append(
            {
                "person": person.name if person is not None else None,
                "name": one.name,
                "level": one.level,
                "until_ms": one.until_ms,
            }
        )
    return {"dri": workflow.dri, "team": workflow.team, "on_call": called}
