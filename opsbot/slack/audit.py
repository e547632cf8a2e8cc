"""The listener that reads and verifies the journal."""

from dataclasses import dataclass

from opsbot.domain.actor import Actor
from opsbot.domain.said import Said
from opsbot.slack.deps import Deps
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply
from opsbot.slack.typed.audit import parse_audit
from opsbot.slack.typed.parse import wants_help


@dataclass(frozen=True, slots=True)
class AuditListeners:
    """What people may ask of the journal."""

    deps: Deps

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-audit`."""
        command = command_of(verb("audit"), self.deps.prefix)
        if wants_help(act.text) or not act.text.strip():
            return help_said(verb("audit"), command=command)
        request = parse_audit(act.text, command=command)
        if request.what == "tail":
            return await self.deps.verbs.audit_tail(request.count, actor)
        if request.what == "verify":
            return await self.deps.verbs.audit_verify(actor)
        hint = "`opsbot audit export > journal.jsonl`, then `opsbot audit verify --file journal.jsonl`."
        return Said("plain", "An export is a file: it is made in a terminal", (hint,))
