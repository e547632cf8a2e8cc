"""Listeners of the forms of messages: what opens each, what takes it, and what keeps every word where it is not taken."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, get_args

from opsbot.app.comms.requests import CommsLook, DropMessage, NewMessage, SnoozeUpdate
from opsbot.app.comms.shown.press import PressedMessage, pressed_message
from opsbot.app.comms.view import MessageForm
from opsbot.app.comms_verbs import CommsVerbs
from opsbot.app.error_words import of_error
from opsbot.app.incident.requests import Which
from opsbot.app.requests import ApproveRequest
from opsbot.app.runs.labels import meant
from opsbot.app.runs.meant import CommsArguments
from opsbot.app.runs.press import Pressed, pressed
from opsbot.app.runs.requests import RunAction, WhichRun
from opsbot.app.runs.tells import THERE, lacking, taken
from opsbot.app.runs.view import RunView
from opsbot.domain.actor import Actor
from opsbot.domain.comms.templates import Audience
from opsbot.domain.errors import NeedsMoreWords, OpsbotError, Refused, StaleButton
from opsbot.domain.incident.incident import number_of
from opsbot.domain.said import Said, inert
from opsbot.slack.comms.form import (
    LATER,
    Kept,
    Offered,
    carried,
    drop_modal,
    edit_of,
    fields_modal,
    misfits,
    new_of,
    pick_modal,
    refuse_modal,
    snooze_modal,
    targets_of,
)
from opsbot.slack.deps import Deps
from opsbot.slack.entry import Run
from opsbot.slack.grammar import command_of, verb
from opsbot.slack.ids import Field, Modal, Press
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply, Show, Wrong
from opsbot.slack.typed.comms import Bare
from opsbot.slack.typed.tokens import shortened
from opsbot.slack.views import View

AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)
Again = Callable[[Said | None], View]
_APPROVAL: Final = re.compile(r"A-[1-9]\d{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CommsForms:
    """What people fill in about messages to people."""

    deps: Deps

    def buttons(self) -> Mapping[Press, Run]:
        """Return what each button that opens a form does."""
        return {
            Press.COMMS_NEW: self.pick,
            Press.COMMS_EDIT: self.edit,
            Press.COMMS_CORRECT: self.correct,
            Press.COMMS_DROP: self.dropping,
            Press.COMMS_SNOOZE: self.snoozing,
            Press.COMMS_REFUSE: self.refusing,
        }

    def taken(self) -> Mapping[Modal, Run]:
        """Return what takes each form."""
        return {
            Modal.COMMS_PICK: self.picked,
            Modal.COMMS_FIELDS: self.filled,
            Modal.COMMS_DROP: self.dropped,
            Modal.COMMS_SNOOZE: self.snoozed,
            Modal.COMMS_REFUSE: self.refused,
        }

    async def opened(self, words: Bare, act: Invocation, actor: Actor) -> Reply:
        """Open the form that words without any values mean."""
        ways = {"new": self._pick, "edit": self._edit, "drop": self._dropping}
        return await ways[words.act](words.about, act, actor)

    async def pick(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form in which a template is picked; the button names the incident."""
        return await self._pick(number_of(act.value) or "", act, actor)

    async def _pick(self, incident: str, act: Invocation, actor: Actor) -> Reply:
        kept = Kept(incident, act.channel)
        await self._comms.ready(kept.which, actor)
        view = await self._picking(kept, actor)
        return Show(view, self._typed("new users-feature-off-identified"))

    async def _picking(self, kept: Kept, actor: Actor, top: Said | None = None) -> View:
        listed = (await self._comms.look(CommsLook("templates"), actor)).body.get("templates")
        known = listed if isinstance(listed, (list, tuple)) else ()
        offered = [
            Offered(
                str(one["template"]),
                str(one["title"]),
                str(one["audience"]),
                one.get("holding") is True,
                str(one.get("stage", "")),
            )
            for one in known
            if isinstance(one, Mapping)
        ]
        return pick_modal(offered, kept, prefix=self.deps.prefix, top=top)

    async def picked(self, act: Invocation, actor: Actor) -> Reply:
        """Take the template; what it asks for is asked next."""
        kept = _kept(act.metadata)
        kept = replace(kept, template=act.fields.get(Field.TEMPLATE, "").strip())
        try:
            form = await self._comms.form(kept.template, kept.which, actor)
        except OpsbotError as error:
            top = of_error(error).spelled(self.deps.spell)
            return Show(await self._picking(kept, actor, top), top)
        return Show(fields_modal(form, kept, {}), self._typed(f"new {kept.template}"))

    async def asked(self, words: NewMessage, act: Invocation, actor: Actor) -> Reply:
        """Open the form of a template that was typed; one that asks for nothing is written at once."""
        form = await self._comms.form(words.template, words.which, actor, corrects=words.corrects)
        name, incident = form.template.name, form.incident.id
        if not form.template.fields:
            return await self._comms.new(words, actor, request_id=act.request_id)
        kept = Kept(incident, act.channel, name, corrects=words.corrects)
        again = f"correct {words.corrects}" if words.corrects else f"new {name}"
        return Show(fields_modal(form, kept, _typed(words)), self._typed(again))

    async def edit(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form of a message that is not published."""
        return await self._edit(act.value, act, actor)

    async def _edit(self, message: str, act: Invocation, actor: Actor) -> Reply:
        ref = _ref(message)
        form = await self._comms.form("", Which(), actor, message=ref.message)
        seen = ref.seen or form.version
        kept = Kept(form.incident.id, "", form.template.name, ref.message, seen=seen)
        return Show(fields_modal(form, kept, {}), self._typed(f"edit {ref.message} name=value"))

    async def correct(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form of a correction."""
        ref = _ref(act.value)
        form = await self._comms.form("", Which(), actor, corrects=ref.message)
        kept = Kept(form.incident.id, "", form.template.name, corrects=ref.message)
        return Show(fields_modal(form, kept, {}), self._typed(f"correct {ref.message}"))

    async def filled(self, act: Invocation, actor: Actor) -> Reply:
        """Write the draft, or change it; where it is not taken, the form comes back with every word."""
        kept = _kept(act.metadata)
        if targets_of(act.fields) == ():
            return Wrong({Field.TARGETS: "Choose where it goes."})
        try:
            if kept.message:
                change = edit_of(kept, act.fields)
                return await self._comms.edit(change, actor, request_id=act.request_id)
            draft = new_of(kept, act.fields)
            if kept.press:
                return await self._for_step(kept.press, draft, act, actor)
            return await self._comms.new(draft, actor, request_id=act.request_id)
        except OpsbotError as error:
            form = await self._form(kept, actor)
            if wrong := misfits(form, act.fields, self.deps.clock.now_ms()):
                return Wrong(dict(wrong))
            words = dict(act.fields)
            if "back:" in error.hint:
                words.setdefault(Field.BACK, " ")
            return self._again(error, lambda top: fields_modal(form, kept, words, top=top))

    async def of_step(
        self, view: RunView, ref: Pressed, act: Invocation, actor: Actor
    ) -> Reply | None:
        """Open the form that a step of a run needs; None where it needs none, and is pressed as it is."""
        given = _asked_by(view, ref)
        if given is None or view.run.mode != "live" or not view.run.incident:
            return None
        which = Which(view.run.incident)
        try:
            if await self._there(view, ref, given, actor):
                return None
            form = await self._comms.form(given.template, which, actor)
        except Refused:
            return None  # the press itself says why, in the words of every surface
        if not lacking(form):
            return None
        kept = Kept(view.run.incident, "", form.template.name, press=act.value)
        later = str(given.next_update_s)
        words: Mapping[str, str] = (
            {Field.NEXT: later} if later in {value for _, value in LATER} else {}
        )
        return Show(fields_modal(form, kept, words), self._typed(f"new {form.template.name}"))

    async def _there(
        self, view: RunView, ref: Pressed, given: CommsArguments, actor: Actor
    ) -> bool:
        """Return whether a message stands there already, which the step takes up."""
        look = CommsLook("list", Which(view.run.incident))
        listed = (await self._comms.look(look, actor)).body.get("messages")
        gone = set(taken(view.run, f"{ref.means(view.book)}#{ref.number}"))
        return any(
            one.get("template") == given.template
            and one.get("standing") in THERE
            and one.get("message") not in gone
            for one in (listed if isinstance(listed, (list, tuple)) else ())
            if isinstance(one, Mapping)
        )

    async def _for_step(self, press: str, draft: NewMessage, act: Invocation, actor: Actor) -> Said:
        """Write what a step of a run asked for, and press it: it takes the message up, and waits for it."""
        ref, runs = pressed(press), self.deps.verbs.runs
        if ref is None:
            raise _stale()
        view = await runs.view(WhichRun(ref.run, act.channel), actor)
        step = ref.means(view.book)
        draft = replace(draft, run=ref.run, step=step)
        said = await self._comms.new(draft, actor, request_id=act.request_id)
        press_it = RunAction(WhichRun(ref.run), step, ref.number, confirmed=True)
        try:
            await runs.do(press_it, actor, request_id=f"{act.request_id}:step")
        except OpsbotError as error:
            return replace(
                said, lines=(*said.lines, f"Its step does not wait for it: {error.message}")
            )
        return said

    async def _form(self, kept: Kept, actor: Actor) -> MessageForm:
        return await self._comms.form(
            kept.template, kept.which, actor, message=kept.message, corrects=kept.corrects
        )

    async def dropping(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form that asks why."""
        return await self._dropping(act.value, act, actor)

    async def _dropping(self, message: str, act: Invocation, actor: Actor) -> Reply:
        ref = _ref(message)
        await self._comms.ready(DropMessage(ref.message), actor)
        return Show(drop_modal(message, {}), self._typed(f"drop {ref.message} a false alarm"))

    async def dropped(self, act: Invocation, actor: Actor) -> Reply:
        """Give a message up."""
        ref = _ref(act.metadata)
        request = DropMessage(ref.message, shortened(act.fields.get(Field.REASON, "").strip()))
        try:
            return await self._comms.drop(request, actor, request_id=act.request_id)
        except OpsbotError as error:
            return self._again(error, lambda top: drop_modal(act.metadata, act.fields, top=top))

    async def refusing(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form that asks why a message is refused; its own author takes it back at once."""
        no = ApproveRequest(_approval(act.value), grant=False)
        if await self._comms.ready(no, actor) == "refused":
            return Show(refuse_modal(no.approval, {}), self._refuse_typed(no.approval))
        return await self.deps.verbs.approve(no, actor, request_id=act.request_id)

    async def refused(self, act: Invocation, actor: Actor) -> Reply:
        """Refuse a message, with the reason; who does is asked of Slack anew."""
        approval, why = _approval(act.metadata), act.fields.get(Field.REASON, "").strip()
        if not inert(why):
            return Wrong({Field.REASON: "Say why in a few words; whoever wrote it reads them."})
        sure = await self.deps.people.actor(act, sure=True)
        no = ApproveRequest(approval, grant=False, reason=shortened(why))
        try:
            return await self.deps.verbs.approve(no, sure, request_id=act.request_id)
        except NeedsMoreWords as error:
            return self._again(error, lambda top: refuse_modal(approval, act.fields, top=top))

    def _refuse_typed(self, approval: str) -> Said:
        hint = f"Press it again, or in a terminal: `opsbot approve {approval} --refuse because \u2026`."
        return Said("amber", "The form could not be opened; nothing was refused", (hint,))

    async def snoozing(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form that puts a promised update off."""
        incident, audience = _promise(act.value)
        await self._comms.ready(SnoozeUpdate(Which(incident), audience, 0, ""), actor)
        return Show(snooze_modal(act.value, {}), self._typed("snooze users 15m legal reads it"))

    async def snoozed(self, act: Invocation, actor: Actor) -> Reply:
        """Put a promised update off."""
        incident, audience = _promise(act.metadata)
        why = shortened(act.fields.get(Field.REASON, "").strip())
        later = act.fields.get(Field.AGAIN, "")
        if not inert(why):
            return Wrong({Field.REASON: "Say why in a few words; it goes to the review."})
        if later not in {value for _, value in LATER}:
            return Wrong({Field.AGAIN: "Choose by how much."})
        request = SnoozeUpdate(Which(incident), audience, int(later), why)
        try:
            return await self._comms.snooze(request, actor, request_id=act.request_id)
        except NeedsMoreWords as error:
            return self._again(error, lambda top: snooze_modal(act.metadata, act.fields, top=top))

    def _again(self, error: OpsbotError, view: Again) -> Show:
        top = of_error(error).spelled(self.deps.spell)
        return Show(view(top), top)

    def _typed(self, words: str) -> Said:
        command = command_of(verb("comms"), self.deps.prefix)
        hint = f"Press it again, or type it: `{command} {words}`."
        return Said("amber", "The form could not be opened", (hint,))

    @property
    def _comms(self) -> CommsVerbs:
        return self.deps.verbs.comms


def _asked_by(view: RunView, ref: Pressed) -> CommsArguments | None:
    """Return what an action of a step says to people, None where it is another action."""
    step = view.book.step(ref.means(view.book))
    if step is None or not 1 <= ref.number <= len(step.actions):
        return None
    given = meant(step.actions[ref.number - 1], view.workflow)
    return given if isinstance(given, CommsArguments) else None


def _typed(words: NewMessage) -> Mapping[str, str]:
    """Return what was typed beside the template, as the fields of a form."""
    found: dict[str, str] = {}
    if words.targets is not None:
        found[Field.TARGETS] = ",".join(words.targets)
    if words.back:
        found[Field.BACK] = words.back
    if str(words.next_s) in {value for _, value in LATER}:
        found[Field.NEXT] = str(words.next_s)
    return found


def _kept(metadata: str) -> Kept:
    found = carried(metadata)
    if found is None:
        raise _stale()
    return found


def _ref(word: str) -> PressedMessage:
    found = pressed_message(word)
    if found is None:
        raise _stale()
    return found


def _promise(word: str) -> tuple[str, Audience]:
    """Return the incident and the audience that a button names."""
    incident, _, audience = word.partition(":")
    known = next((one for one in AUDIENCES if one == audience), None)
    named = number_of(incident)
    if named is None or known is None:
        raise _stale()
    return named, known


def _approval(word: str) -> str:
    """Return the approval that a button names."""
    if not _APPROVAL.fullmatch(word):
        raise _stale()
    return word


def _stale() -> StaleButton:
    return StaleButton("That form or button is none of this version's; nothing was changed.")
