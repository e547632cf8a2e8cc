"""Listeners of the way back: restore, approve, refuse, and adopting a break-glass kill."""

import re
from dataclasses import dataclass, replace

from opsbot.app.requests import ApproveRequest, RestoreRequest, Target
from opsbot.domain.actor import Actor
from opsbot.domain.errors import OpsbotError, StaleButton
from opsbot.slack.deps import Deps
from opsbot.slack.entry import Need
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply
from opsbot.slack.typed.parse import parse_hold, parse_restore, wants_help

_KILL = re.compile(r"K-\d{1,9}")


def need_of_restore(act: Invocation) -> Need:
    """Return how sure it must be who typed it: to hold needs less than to restore."""
    try:
        held = parse_hold(act.text)
    except OpsbotError:
        return Need.GUARD
    return Need.STOP if held is not None and held.hold else Need.GUARD


@dataclass(frozen=True, slots=True)
class RestoreListeners:
    """What people may do to let something run again."""

    deps: Deps

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-restore`."""
        command = command_of(verb("restore"), self.deps.prefix)
        if wants_help(act.text) or not act.text.strip():
            return help_said(verb("restore"), command=command)
        if (held := parse_hold(act.text)) is not None:
            return await self.deps.verbs.hold_restore(
                held.kill, actor, hold=held.hold, reason=held.reason, request_id=act.request_id
            )
        request = parse_restore(act.text, command=command)
        timed = replace(request, arrived_s=act.arrived_s)
        return await self.deps.verbs.restore(timed, actor, request_id=act.request_id)

    async def pressed(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Restore] on a card."""
        name = _named(act)
        target = Target("kill" if _KILL.fullmatch(name) else "workflow", name)
        return await self.deps.verbs.restore(
            RestoreRequest(target, arrived_s=act.arrived_s), actor, request_id=act.request_id
        )

    async def approve(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Approve]; who approves is who clicked."""
        return await self._decided(act, actor, grant=True)

    async def refuse(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Refuse]."""
        return await self._decided(act, actor, grant=False)

    async def _decided(self, act: Invocation, actor: Actor, *, grant: bool) -> Reply:
        request = ApproveRequest(_named(act), grant=grant, arrived_s=act.arrived_s)
        return await self.deps.verbs.approve(request, actor, request_id=act.request_id)

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

    async def hold(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Hold] on the card of a restore in steps."""
        return await self.deps.verbs.hold_restore(
            _named(act), actor, hold=True, request_id=act.request_id
        )

    async def go_on(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Go on] on the card of a restore in steps."""
        return await self.deps.verbs.hold_restore(
            _named(act), actor, hold=False, request_id=act.request_id
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
