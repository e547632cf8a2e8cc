"""Listeners of the kill: command, form, question, [Stop completely], [Add a reason]."""

from dataclasses import dataclass, replace

from opsbot.app.requests import KillRequest
from opsbot.domain.actor import Actor
from opsbot.domain.errors import Refused
from opsbot.domain.said import Said
from opsbot.slack.answers import confirmed, kill_or_ask, names_in_time
from opsbot.slack.deps import Deps
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.ids import Field
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply, Show, Wrong
from opsbot.slack.typed.parse import parse_kill, wants_help
from opsbot.slack.typed.tokens import shortened
from opsbot.slack.views import SAFE, kill_modal, reason_modal


@dataclass(frozen=True, slots=True)
class KillListeners:
    """What people may do to stop something."""

    deps: Deps

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-kill`: bare it opens the form."""
        if wants_help(act.text):
            return self._help()
        if not act.text.strip():
            return await self.form(act, actor)
        request = parse_kill(act.text, command=self._command)
        return await kill_or_ask(self.deps, request, act, actor)

    async def form(self, act: Invocation, actor: Actor) -> Reply:
        """
        Open the form; where Slack does not open it, say how to type the same.

        Raises:
            NotAllowed: nobody fills in a form that will be refused.
        """
        await self.deps.verbs.admit(actor)
        names = await names_in_time(self.deps)
        problem = "The form could not be opened; type it instead"
        otherwise = help_said(verb("kill"), command=self._command, problem=problem)
        return Show(kill_modal(names, prefix=self.deps.prefix), otherwise)

    async def submitted(self, act: Invocation, actor: Actor) -> Reply:
        """Take the form."""
        request = self._typed(act)
        if isinstance(request, Wrong):
            return request
        return await kill_or_ask(self.deps, request, act, actor)

    async def confirm(self, act: Invocation, actor: Actor) -> Reply:
        """Take the yes, from the button or the form."""
        return await confirmed(self.deps, act.value or act.metadata, actor)

    async def stop_completely(self, act: Invocation, actor: Actor) -> Reply:
        """Tighten a kill to `stop`."""
        return await self.deps.verbs.stop_completely(act.value, actor, request_id=act.request_id)

    async def ask_reason(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form for a missing reason. Raises as `form`."""
        await self.deps.verbs.admit(actor)
        hint = "Press it again, or give the reason in the thread."
        return Show(reason_modal(act.value), Said("amber", "The form could not be opened", (hint,)))

    async def give_reason(self, act: Invocation, actor: Actor) -> Reply:
        """Take the reason."""
        reason = shortened(act.fields.get(Field.REASON, "").strip())
        if not reason:
            return Wrong({Field.REASON: "A reason has at least one word."})
        return await self.deps.verbs.give_reason(
            act.metadata, reason, actor, request_id=act.request_id
        )

    @property
    def _command(self) -> str:
        return command_of(verb("kill"), self.deps.prefix)

    def _help(self) -> Said:
        return help_said(verb("kill"), command=self._command)

    def _typed(self, act: Invocation) -> KillRequest | Wrong:
        picked = act.fields.get(Field.TARGET, "")
        other = act.fields.get(Field.OTHER, "").strip()
        if bool(picked) == bool(other):
            said = "Pick one or type one, not both." if picked else "Pick or type what stops."
            return Wrong({Field.OTHER: said})
        try:
            request = parse_kill(picked or other, command=self._command)
        except Refused as error:
            return Wrong({Field.OTHER: f"{error.message} {error.hint}"[:1000]})
        if request.reason:
            return Wrong({Field.OTHER: "One target here; the reason goes below."})
        mode = act.fields.get(Field.MODE, SAFE)
        return replace(
            request,
            mode=request.mode if mode in ("", SAFE) else mode,
            reason=shortened(act.fields.get(Field.REASON, "").strip()),
            break_glass=request.break_glass or bool(act.fields.get(Field.GLASS)),
        )
