"""The listener that says who answers for a workflow."""

from dataclasses import dataclass

from opsbot.domain.actor import Actor
from opsbot.slack.deps import Deps
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply
from opsbot.slack.typed.parse import parse_one, wants_help


@dataclass(frozen=True, slots=True)
class OncallListeners:
    """Who is on call."""

    deps: Deps

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-oncall`."""
        command = command_of(verb("oncall"), self.deps.prefix)
        if wants_help(act.text):
            return help_said(verb("oncall"), command=command)
        workflow = parse_one(act.text, name="oncall", command=command)
        return await self.deps.verbs.oncall(workflow, actor)
