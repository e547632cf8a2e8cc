"""Listeners of the switchboard: looking at it, and delivering again what it says is undelivered."""

from dataclasses import dataclass

from opsbot.domain.actor import Actor
from opsbot.slack.deps import Deps
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply
from opsbot.slack.typed.parse import parse_one, wants_help


@dataclass(frozen=True, slots=True)
class StatusListeners:
    """What people may look at."""

    deps: Deps

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-status`."""
        command = command_of(verb("status"), self.deps.prefix)
        if wants_help(act.text):
            return help_said(verb("status"), command=command)
        workflow = parse_one(act.text, name="status", command=command)
        return await self.deps.verbs.status(workflow, actor)

    async def pressed(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Status]."""
        return await self.deps.verbs.status(act.value or None, actor)

    async def retry(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Deliver again]."""
        return await self.deps.verbs.retry(act.value, actor, request_id=act.request_id)
