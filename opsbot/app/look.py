"""Who may look at all: asked before anything is shown, and before a form opens."""

from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed
from opsbot.domain.policy.rules import Policy, Request, judge


def may_look(policy: Policy, actor: Actor) -> None:
    """
    Ask whether somebody may see the switchboard; guests, bots and strangers may not.

    Raises:
        NotAllowed: with the rule, in the words of every other refusal.
    """
    verdict = judge(policy, Request(verb="show", actor=actor))
    if not verdict.allowed:
        raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)
