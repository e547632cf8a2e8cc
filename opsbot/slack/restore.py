"""Listeners of the way back: restore, approve, refuse, and adopting a break-glass kill."""

import re
from dataclasses import dataclass

from opsbot.app.requests import ApproveRequest, RestoreRequest, Target
from opsbot.domain.actor import Actor
from opsbot.domain.errors import StaleButton
from opsbot.slack.deps import Deps
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply
from opsbot.slack.parse import parse_restore, wants_help

_KILL = re.compile(r"K-\d{1,9}")


@dataclass(frozen=True, slots=True)
class RestoreListeners:
    """What people may do to let something run again."""

    deps: Deps

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-restore`."""
        command = command_of(verb("restore"), self.deps.prefix)
        if wants_help(act.text) or not act.text.strip():
            return help_said(verb("restore"), command=command)
        request = parse_restore(act.text, command=command)
        return await self.deps.verbs.restore(request, actor, request_id=act.request_id)

    async def pressed(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Restore] on a card."""
        name = _named(act)
        target = Target("kill" if _KILL.fullmatch(name) else "workflow", name)
        return await self.deps.verbs.restore(
            RestoreRequest(target), actor, request_id=act.request_id
        )

    async def approve(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Approve]; who approves is who clicked."""
        return await self.deps.verbs.approve(
            ApproveRequest(_named(act)), actor, request_id=act.request_id
        )

    async def refuse(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Refuse]."""
        return await self.deps.verbs.approve(
            ApproveRequest(_named(act), grant=False), actor, request_id=act.request_id
        )

    async def adopt(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Adopt] on a break-glass kill."""
        return await self.deps.verbs.adopt(
            _named(act), actor, question=False, request_id=act.request_id
        )

    async def question(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Question] on a break-glass kill."""
        return await self.deps.verbs.adopt(
            _named(act), actor, question=True, request_id=act.request_id
        )


def _named(act: Invocation) -> str:
    """
    Return the id in a button.

    Raises:
        StaleButton: there is none, which no button of ours was ever made with.
    """
    if not act.value:
        raise StaleButton("That button names nothing any more; nothing was changed.")
    return act.value
