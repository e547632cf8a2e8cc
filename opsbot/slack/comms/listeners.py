"""Listeners of messages to people: `/ai-comms`, and the buttons of their cards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.ask import ask
from opsbot.app.comms.requests import (
    EVERY,
    CommsLook,
    HoldUsers,
    NewMessage,
    PublishMessage,
    RetryTarget,
    SetCanned,
)
from opsbot.app.comms.shown.press import PressedMessage, pressed_message
from opsbot.app.comms_verbs import CommsVerbs
from opsbot.app.error_words import of_error
from opsbot.app.incident.requests import Which
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsConfirmation, StaleButton
from opsbot.domain.incident.incident import number_of
from opsbot.domain.said import Button, Said
from opsbot.slack.comms.forms import CommsForms
from opsbot.slack.deps import Deps
from opsbot.slack.entry import Run
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.ids import Press
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply
from opsbot.slack.typed.comms import bare, parse_comms
from opsbot.slack.typed.parse import wants_help

SURE: Final = (PublishMessage, HoldUsers, SetCanned)
"""What people outside read at once: who says it is asked of Slack anew."""


@dataclass(frozen=True, slots=True)
class CommsListeners:
    """What people type and press about messages to people."""

    deps: Deps

    @property
    def forms(self) -> CommsForms:
        """Return what opens and takes forms."""
        return CommsForms(self.deps)

    def buttons(self) -> Mapping[Press, Run]:
        """Return what each button does."""
        return {
            Press.COMMS_NOW: self.now,
            Press.COMMS_PUBLISH: self.publish,
            Press.COMMS_RETRY: self.retry,
            Press.COMMS_PREVIEW: self.preview,
            **self.forms.buttons(),
        }

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-comms`; a beginning without a template opens the form."""
        if wants_help(act.text) or not act.text.strip():
            return help_said(verb("comms"), command=self._command)
        opens = bare(act.text)
        if opens is not None:
            return await self.forms.opened(opens, act, actor)
        words = parse_comms(
            act.text,
            now_ms=self.deps.clock.now_ms(),
            channel=act.channel,
            command=self._command,
        )
        if isinstance(words, NewMessage) and not words.values:
            return await self.forms.asked(words, act, actor)
        if isinstance(words, CommsLook):
            return await ask(self.deps.verbs, words, actor, request_id=act.request_id)
        if isinstance(words, SURE):
            actor = await self.deps.people.actor(act, sure=True)
        if isinstance(words, PublishMessage):
            return await self._published(words, act, actor)
        return await ask(self.deps.verbs, words, actor, request_id=act.request_id)

    async def now(self, act: Invocation, actor: Actor) -> Reply:
        """Tell users at once, in the words that were approved in advance."""
        incident = number_of(act.value)
        if incident is None:
            raise stale()
        actor = await self.deps.people.actor(act, sure=True)
        request = HoldUsers(Which(incident, act.channel))
        return await self._comms.hold(request, actor, request_id=act.request_id)

    async def publish(self, act: Invocation, actor: Actor) -> Reply:
        """Publish what stood on the screen, or ask for the approvals that it takes."""
        ref = ref_of(act.value)
        actor = await self.deps.people.actor(act, sure=True)
        anyway = (EVERY,) if ref.anyway else ()
        request = PublishMessage(ref.message, seen=ref.seen, anyway=anyway)
        return await self._published(request, act, actor)

    async def _published(self, request: PublishMessage, act: Invocation, actor: Actor) -> Said:
        """Publish; what the wording check warns of is asked about by a button."""
        try:
            return await self._comms.publish(request, actor, request_id=act.request_id)
        except NeedsConfirmation as error:
            view = await self._comms.view(request.message, actor)
            said = of_error(error)
            key = f"{request.message}:{view.message.version}"
            kept = Button("comms_publish", "Publish it as it is", f"{key}:anyway", "danger")
            edit = Button("comms_edit", "Edit\u2026", key)
            return replace(said, buttons=(edit, kept))

    async def retry(self, act: Invocation, actor: Actor) -> Reply:
        """Try one target again."""
        ref = ref_of(act.value)
        view = await self._comms.view(ref.message, actor)
        targets = view.message.targets
        if ref.target is None or ref.target >= len(targets):
            raise stale()
        request = RetryTarget(ref.message, targets[ref.target])
        return await self._comms.retry(request, actor, request_id=act.request_id)

    async def preview(self, act: Invocation, actor: Actor) -> Reply:
        """Show a message as people read it."""
        look = CommsLook("preview", message=ref_of(act.value).message)
        return await self._comms.look(look, actor)

    @property
    def _comms(self) -> CommsVerbs:
        return self.deps.verbs.comms

    @property
    def _command(self) -> str:
        return command_of(verb("comms"), self.deps.prefix)


def ref_of(word: str) -> PressedMessage:
    """
    Return what a button carries.

    Raises:
        StaleButton: no button of ours was ever made with that.
    """
    ref = pressed_message(word)
    if ref is None:
        raise stale()
    return ref


def stale() -> StaleButton:
    """Return the answer to a button that no version of ours made."""
    return StaleButton("That button names nothing any more; nothing was changed.")
