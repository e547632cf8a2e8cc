"""The policy's own table of examples: who asks for what, and the verdict that its owner expects."""

from collections.abc import Mapping
from dataclasses import dataclass

from opsbot.domain.actor import Actor
from opsbot.domain.policy.explain import actor_named
from opsbot.domain.policy.identity import person_of
from opsbot.domain.policy.model import Outcome, Policy, Request
from opsbot.domain.policy.rules import judge
from opsbot.domain.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Example:
    """
    One row of `tests:`. *line* is where it stands in the file.

    *actor* is a person, service, e-mail or Slack id; *workflow* a name, or `all` for an act that
    names none. Ages are in minutes. *rule* is only compared when it is given. *of* is what an
    approval is for (`comms`), empty for a restore.
    """

    line: int
    actor: str
    verb: str
    workflow: str
    expect: Outcome
    rule: str = ""
    mode: str = "stop"
    team: str = ""
    guest: bool = False
    bot: bool = False
    own_kill_min: float | None = None
    joined: bool = False
    incident: bool = False
    break_glass: bool = False
    last_break_glass_min: float | None = None
    waiting_min: float = 0
    requester: str = ""
    of: str = ""


_NOW_MS = 1_000_000_000


def missed(policy: Policy, workflows: Mapping[str, Workflow], example: Example) -> str:
    """Return in a sentence how the verdict differs from what the example expects; empty if not."""
    if example.workflow != "all" and example.workflow not in workflows:
        return f"there is no workflow `{example.workflow}`"
    verdict = judge(policy, request_of(policy, workflows, example))
    if verdict.outcome == example.expect and example.rule in {"", verdict.rule}:
        return ""
    wanted = f"`{example.expect}`" + (f" by rule `{example.rule}`" if example.rule else "")
    return f"expected {wanted}, the policy says `{verdict.outcome}` by rule `{verdict.rule}`"


def request_of(policy: Policy, workflows: Mapping[str, Workflow], example: Example) -> Request:
    """Return the request that an example stands for."""
    wide = example.workflow == "all"
    touched = tuple(workflows.values()) if wide else (workflows[example.workflow],)
    last = example.last_break_glass_min
    return Request(
        verb=example.verb,
        actor=_actor(policy, example),
        workflows=touched,
        wide=wide,
        before=(example.mode,) if example.verb in {"restore", "approve"} else (),
        after=example.mode if example.verb == "kill" else "live",
        own_kill_age_ms=_ms(example.own_kill_min),
        joined=example.joined,
        incident=example.incident,
        break_glass=example.break_glass,
        now_ms=_NOW_MS,
        waiting_ms=_ms(example.waiting_min) or 0,
        last_break_glass_ms=None if last is None else _NOW_MS - (_ms(last) or 0),
        requester=_requester(policy, example.requester),
        of=example.of,
    )


def _actor(policy: Policy, example: Example) -> Actor:
    actor = actor_named(policy, example.actor)
    if not (example.team or example.guest or example.bot):
        return actor
    team = example.team or actor.team
    return Actor("slack", actor.id, "slack", team=team, guest=example.guest, bot=example.bot)


def _requester(policy: Policy, word: str) -> str:
    return person_of(policy, actor_named(policy, word)) or word if word else ""


def _ms(minutes: float | None) -> int | None:
    return None if minutes is None else int(minutes * 60_000)
