"""Opens a message: its words, what was filled in, what the check says of them, what stands in the way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from opsbot.app.comms.draft import Wanted, Writer, prefilled
from opsbot.app.comms.exact import exact, in_order, stamped
from opsbot.app.comms.order import first_due, too_late
from opsbot.app.comms.port import Templates
from opsbot.app.comms.second import givers, of, pending, seats
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.sheet import facts as sheets
from opsbot.app.comms.stage import obstacles
from opsbot.app.comms.targets.chosen import possible, refusing, usual
from opsbot.app.comms.view import Finding, MessageForm, MessageView
from opsbot.app.comms.wording.check import check
from opsbot.app.comms.wording.known import known_of
from opsbot.app.environment import Environment, policy_of
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.templates import Audience, Rendered, Template, goes_back
from opsbot.domain.comms.values import Here, offered
from opsbot.domain.errors import NotAllowed
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import Verdict, shown
from opsbot.domain.state import State


async def rendered_of(env: Environment, message: Message) -> Rendered:
    """Return what a message says, in the order of its languages. Raises StoreLost."""
    names = in_order(message, settings_of(env.store.state).locales)
    own = tuple(message.headlines)
    headline, *said = await env.unsealed(
        message.headline,
        *(message.headlines[one] for one in own),
        *(message.texts[one] for one in names),
    )
    heads, texts = said[: len(own)], said[len(own) :]
    return Rendered(
        headline, dict(zip(names, texts, strict=True)), dict(zip(own, heads, strict=True))
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what a message is made of."""

    env: Environment
    templates: Templates

    async def rendered(self, message: Message) -> Rendered:
        """Return what a message says. Raises StoreLost."""
        return await rendered_of(self.env, message)

    async def values(self, message: Message) -> Mapping[str, str]:
        """Return what was filled in; nothing where that was erased. Raises StoreLost."""
        (kept,) = await self.env.unsealed(message.values)
        try:
            read = json.loads(kept)
        except ValueError:
            return {}
        return {str(name): str(one) for name, one in read.items()} if isinstance(read, dict) else {}

    async def findings(
        self, state: State, message: Message, rendered: Rendered
    ) -> tuple[Finding, ...]:
        """Return what the wording check says of a message's words. Raises StoreLost."""
        incident = state.incident(message.incident)
        last = await self._last(state, incident, message.audience)
        facts = await sheets.sheet(self.env, state, incident)
        counted = any(one.name == "counts" and one.surety == "confirmed" for one in facts)
        known = known_of(state, last=last, counted=counted, next_ms=message.next_ms)
        return check(
            rendered,
            audience=message.audience,
            stage=message.stage,
            settings=settings_of(state),
            known=known,
        )

    async def _last(self, state: State, incident: Incident, audience: Audience) -> Rendered | None:
        newest = state.comms(incident.id).rhythm(audience).newest
        return await self.rendered(state.message(newest)) if newest else None

    async def view(self, message: Message) -> MessageView:
        """Return everything that is shown of a message. Raises StoreLost."""
        state = self.env.store.state
        incident, policy = state.incident(message.incident), policy_of(state)
        rendered = await self.rendered(message)
        if message.standing == "draft" and exact(message, rendered) == message.sha:
            message = stamped(message, rendered, incident)
        open_ = message.standing in ("draft", "waiting")
        left = pending(state, message) if message.standing == "waiting" else ()
        asked = (name for one in left for name in givers(state, message, one))
        (why,) = await self.env.unsealed(message.why)
        return MessageView(
            message=message,
            incident=incident,
            rendered=rendered,
            values=await self.values(message),
            findings=await self.findings(state, message, rendered) if open_ else (),
            blocked=self.blocked(state, message, rendered) if open_ else (),
            approvals=left,
            asked=tuple(dict.fromkeys(shown(policy, one) for one in asked)),
            author=shown(policy, message.author),
            template=self.templates.known().get(message.template),
            why=why,
            needs=self._needs(state, message) if message.standing == "draft" else 0,
            refused_by=_refused_by(state, message),
            first=_first(state, message),
            late=_late(message, self.env.clock.now_ms()),
        )

    def _needs(self, state: State, message: Message) -> int:
        """Return how many other people a draft would wait for, whoever lets it go."""
        template = self.templates.known().get(message.template)
        ready = message.holding and template is not None and template.holding
        alone, extra = Verdict("alone", "", ""), 0 if template is None else template.approvals
        incident = state.incident(message.incident)
        try:
            return len(seats(state, incident, replace(message, holding=ready), alone, extra=extra))
        except NotAllowed:
            return 1  # nobody is declared who could give it; asking says so

    def blocked(self, state: State, message: Message, rendered: Rendered) -> tuple[str, ...]:
        """Return what keeps a message from going out beside its words and approvals."""
        now_ms = self.env.clock.now_ms()
        gone = (
            ()
            if exact(message, rendered) == message.sha
            else ("Its words were erased, or are not those that were written.",)
        )
        return (*gone, *obstacles(state, now_ms, message), *refusing(state, message, rendered))

    async def _said(self, message: Message) -> str:
        """Return what people read in a message, in its first language. Raises StoreLost."""
        texts = (await self.rendered(message)).texts
        return next(iter(texts.values()), "")

    def _here(self, state: State) -> Here:
        return Here(settings_of(state).zone, self.env.clock.now_ms())

    async def form(
        self,
        incident: Incident,
        template: Template,
        *,
        message: Message | None = None,
        corrects: Message | None = None,
    ) -> MessageForm:
        """Return what a form is made and prefilled from. Raises StoreLost."""
        state = self.env.store.state
        facts = await sheets.sheet(self.env, state, incident)
        base = message or corrects
        before = {} if base is None else await self.values(base)
        mine = {name: text for name, text in before.items() if template.field(name) is not None}
        writer, wanted = Writer(self.env, self.templates), Wanted(mine, corrects=corrects)
        usable = writer.usable(facts, template, wanted, None)
        chosen = usual(state, incident, template, corrects)
        return MessageForm(
            template=template,
            incident=incident,
            values=_offered(template, prefilled(template, mine, usable), self._here(state)),
            targets=possible(state, incident, template),
            chosen=chosen if message is None else message.targets,
            facts=facts,
            message="" if message is None else message.id,
            corrects="" if corrects is None else corrects.id,
            version=None if message is None else message.version,
            zone=settings_of(state).zone,
            said="" if corrects is None else await self._said(corrects),
            goes_back=goes_back(
                state.comms(incident.id).rhythm(template.audience).stage, template.stage
            ),
        )


def _offered(template: Template, values: Mapping[str, str], here: Here) -> Mapping[str, str]:
    """Return what fields are filled in with, as people would type it."""
    known = {one.name: one.type for one in template.fields}
    return {name: offered(known.get(name, "line"), said, here) for name, said in values.items()}


def _first(state: State, message: Message) -> Mapping[str, str]:
    """Return the message that each target takes before this one, of those that wait for one."""
    due = (name for name, one in message.sent.items() if one.state == "due")
    return {name: first for name in due if (first := first_due(state, message, name))}


def _late(message: Message, now_ms: int) -> frozenset[str]:
    """Return the targets that it did not surely come to, and is not sent to again."""
    open_ = (name for name, one in message.sent.items() if one.state in ("unsure", "failed"))
    return frozenset(name for name in open_ if too_late(message, name, now_ms))


def _refused_by(state: State, message: Message) -> str:
    """Return who said no to a message that is refused, by name."""
    if message.standing != "refused":
        return ""
    no = (one for one in of(state, message) if one.standing == "refused")
    return next((shown(policy_of(state), one.approver) for one in no), "")
