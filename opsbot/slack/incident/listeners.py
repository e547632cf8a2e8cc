"""Listeners of incidents: `/ai-incident`, the shortcut on a message, the forms, and the buttons of its card."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.ask import ask
from opsbot.app.error_words import of_error
from opsbot.app.incident.form import Form
from opsbot.app.incident.requests import (
    EditIncident,
    HushReminder,
    IncidentLook,
    IncidentWords,
    MoveIncident,
    OpenIncident,
    RetryStep,
    RoleOrder,
    Which,
)
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json
from opsbot.domain.errors import (
    IllegalMove,
    IncidentOpen,
    OpsbotError,
    StaleButton,
    StoreLost,
    UnknownWorkflow,
)
from opsbot.domain.incident.incident import ROLES, STEPS
from opsbot.domain.said import Said
from opsbot.domain.typed import spelled
from opsbot.slack.answers import NAMES_WITHIN_S
from opsbot.slack.deps import Deps
from opsbot.slack.entry import Run
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.ids import Field, Modal, Press
from opsbot.slack.inbound import Invocation
from opsbot.slack.incident.form import (
    USUAL,
    Draft,
    carried,
    decline_modal,
    open_modal,
    request_of,
    resolve_modal,
    ticked,
    update_modal,
    words_of,
)
from opsbot.slack.incident.message import begun_from
from opsbot.slack.incident.review import put_into_thread
from opsbot.slack.outlet import Reply, Show, Wrong
from opsbot.slack.typed.incident import opens, parse_incident
from opsbot.slack.typed.parse import wants_help
from opsbot.slack.typed.tokens import shortened
from opsbot.slack.views import View

_NAMED: Final = re.compile(r"(INC-[1-9]\d{0,8})(?::([a-z_]{1,40}))?", re.ASCII)
_KILL: Final = re.compile(r"K-[1-9]\d{0,8}", re.ASCII)
_OPTION: Final = re.compile(r"next[:=]\s*\d", re.IGNORECASE | re.ASCII)
_CHOOSE: Final = (
    "`next:` is an option of the command: here the next update is chosen below. If it belongs to"
    " the text, begin with another word."
)
SNOOZE_S: Final = 15 * 60


@dataclass(frozen=True, slots=True)
class IncidentListeners:
    """What people may do about incidents."""

    deps: Deps

    def buttons(self) -> Mapping[Press, Run]:
        """Return what each button does."""
        return {
            Press.INCIDENT_OPEN: self.on_card,
            Press.INCIDENT_ACCEPT: self.accept,
            Press.INCIDENT_DECLINE: self.declining,
            Press.INCIDENT_COMMAND: self.take_command,
            Press.INCIDENT_ROLE_ACCEPT: self.role_accept,
            Press.INCIDENT_ROLE_DECLINE: self.role_decline,
            Press.INCIDENT_UPDATE: self.updating,
            Press.INCIDENT_RESOLVE: self.resolving,
            Press.INCIDENT_TIMELINE: self.timeline,
            Press.INCIDENT_REVIEW: self.review,
            Press.INCIDENT_RETRY: self.retry,
            Press.INCIDENT_SNOOZE: self.snooze,
            Press.INCIDENT_HUSH: self.hush,
        }

    def forms(self) -> Mapping[Modal, Run]:
        """Return what takes each form."""
        return {
            Modal.INCIDENT: self.submitted,
            Modal.INCIDENT_UPDATE: self.updated,
            Modal.INCIDENT_RESOLVE: self.resolved,
            Modal.INCIDENT_DECLINE: self.declined,
        }

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-incident`; an opening without a title opens the form."""
        if wants_help(act.text) or not act.text.strip():
            return self._help()
        words = parse_incident(
            act.text,
            now_ms=self.deps.clock.now_ms(),
            names=await self.deps.verbs.names() if opens(act.text) else (),
            channel=act.channel,
            command=self._command,
        )
        if isinstance(words, OpenIncident) and not words.title:
            return await self._form(words, actor)
        return await self._asked(words, act, actor)

    async def from_message(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form with what a message says and where it stands."""
        return await self._form(await begun_from(self.deps.client, act), actor)

    async def on_card(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form from the card of a kill, or from nothing."""
        if act.value and not _KILL.fullmatch(act.value):
            raise _stale()
        return await self._form(OpenIncident("", kill=act.value), actor)

    async def _form(self, request: OpenIncident, actor: Actor) -> Reply:
        draft = await self._filled(request, actor)
        problem = "The form could not be opened; type it instead"
        otherwise = help_said(verb("incident"), command=self._command, problem=problem)
        view = open_modal(draft, words_of(draft.request), prefix=self.deps.prefix)
        return Show(view, otherwise)

    async def _filled(self, request: OpenIncident, actor: Actor) -> Draft:
        """
        Return the form's content; a store that is slow keeps nobody from typing.

        Raises:
            NotAllowed, UnknownKill, StaleButton: nobody fills in what will be refused.
        """
        incidents = self.deps.verbs.incidents
        try:
            async with asyncio.timeout(NAMES_WITHIN_S):
                said = await incidents.form("open", Which(), actor, kill=request.kill)
        except (StoreLost, TimeoutError):
            return Draft(request)
        body = said.body
        filled = replace(
            request,
            workflow=request.workflow or str(body.get("workflow", "")),
            title=request.title or str(body.get("title", "")),
        )
        return Draft(filled, _listed(body.get("names")), frozenset(_listed(body.get("pages"))))

    async def submitted(self, act: Invocation, actor: Actor) -> Reply:
        """Take the form of a new incident; where it is not taken, every word in it stays."""
        carries = carried(act.metadata)
        if carries is None:
            raise _stale()
        request = request_of(carries, act.fields)
        if isinstance(request, Wrong):
            return request
        try:
            return await self._asked(request, act, actor)
        except UnknownWorkflow as error:
            return Wrong({Field.WORKFLOW: _words(error)})
        except OpsbotError as error:
            return await self._again(request, act, actor, error)

    async def _again(
        self, request: OpenIncident, act: Invocation, actor: Actor, error: OpsbotError
    ) -> Show:
        """Show the form with all of its words, and why it was not taken."""
        try:
            draft = await self._filled(replace(request, kill=""), actor)
        except OpsbotError:
            draft = Draft(request)
        again = isinstance(error, IncidentOpen)
        draft = replace(draft, request=request, again=again)
        top = of_error(ticked(error))
        shown = top.spelled(self.deps.spell)
        return Show(open_modal(draft, act.fields, prefix=self.deps.prefix, top=shown), top)

    async def accept(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Accept] of what waits in triage, and of nothing else."""
        move = MoveIncident(_which(act)[0], "active", expect="triage")
        return await self._asked(move, act, actor)

    async def take_command(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Take command]; nobody is put out of it by a button."""
        order = RoleOrder(_which(act)[0], "commander", "take", vacant=True)
        return await self._asked(order, act, actor)

    async def role_accept(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Accept] of a role that was offered."""
        return await self._answered(act, actor, accept=True)

    async def role_decline(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Decline] of a role that was offered."""
        return await self._answered(act, actor, accept=False)

    async def _answered(self, act: Invocation, actor: Actor, *, accept: bool) -> Reply:
        which, word = _which(act)
        role = next((one for one in ROLES if one == word), None)
        if role is None:
            raise _stale()
        order = RoleOrder(which, role, "accept" if accept else "decline")
        return await self._asked(order, act, actor)

    async def updating(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form of an update."""
        body = await self._about("update", act, actor)
        return self._shown(update_modal(str(body["incident"]), {}))

    async def updated(self, act: Invocation, actor: Actor) -> Reply:
        """Take an update."""
        incident, fields = _incident(act.metadata), act.fields
        text = shortened(fields.get(Field.UPDATE, "").strip())
        if not text:
            return Wrong({Field.UPDATE: "Say what is so now."})
        if _OPTION.match(text):
            return Wrong({Field.UPDATE: _CHOOSE})
        chosen = fields.get(Field.NEXT, USUAL)
        late = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) <= 6 else None  # noqa: PLR2004  digits of a week in seconds
        edit = EditIncident(Which(incident), update=text, next_update_s=late)
        return await self._taken(
            edit, act, actor, lambda top: update_modal(incident, fields, top=top)
        )

    async def resolving(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form of a resolution; it asks about kills that hold, and says what users were not told."""
        body = await self._about("resolved", act, actor)
        untold = tuple(spelled(one, self.deps.spell) for one in _listed(body["untold"]))
        view = resolve_modal(str(body["incident"]), _listed(body["holding"]), {}, untold=untold)
        return self._shown(view)

    async def resolved(self, act: Invocation, actor: Actor) -> Reply:
        """Take a resolution."""
        incident, fields = _incident(act.metadata), act.fields
        why = shortened(fields.get(Field.REASON, "").strip())
        off = bool(fields.get(Field.OFF))
        move = MoveIncident(Which(incident), "resolved", why, stays_off=off)
        try:
            return await self._asked(move, act, actor)
        except IllegalMove as error:
            if Field.OFF in fields and not off:
                return Wrong({Field.OFF: _words(ticked(error))})
            holding = await self._holding(incident, actor)
            return self._refused(
                ticked(error), lambda top: resolve_modal(incident, holding, fields, top=top)
            )
        except OpsbotError as error:
            return self._refused(error, lambda top: resolve_modal(incident, (), fields, top=top))

    async def _holding(self, incident: str, actor: Actor) -> tuple[str, ...]:
        """Return the kills that hold; none where that is not known: the words typed count more."""
        try:
            body = (await self.deps.verbs.incidents.show(Which(incident), actor)).body
        except OpsbotError:
            return ()
        return _listed(body.get("holding"))

    async def declining(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form that asks why."""
        body = await self._about("declined", act, actor)
        return self._shown(decline_modal(str(body["incident"]), {}))

    async def declined(self, act: Invocation, actor: Actor) -> Reply:
        """Take the reason."""
        incident, fields = _incident(act.metadata), act.fields
        why = shortened(fields.get(Field.REASON, "").strip())
        if not why:
            return Wrong({Field.REASON: "A reason has at least one word."})
        move = MoveIncident(Which(incident), "declined", why)
        return await self._taken(
            move, act, actor, lambda top: decline_modal(incident, fields, top=top)
        )

    async def timeline(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Timeline]."""
        return await self._asked(IncidentLook("timeline", _which(act)[0]), act, actor)

    async def review(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Review]."""
        return await self._asked(IncidentLook("export", _which(act)[0]), act, actor)

    async def retry(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Retry …] of a step that failed."""
        which, word = _which(act)
        step = next((one for one in STEPS if one == word), None)
        if step is None:
            raise _stale()
        return await self._asked(RetryStep(which, step), act, actor)

    async def snooze(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Snooze 15 min] of a reminder."""
        which, word = _which(act)
        return await self._asked(HushReminder(which, word, SNOOZE_S), act, actor)

    async def hush(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Stop for this incident] of a reminder."""
        which, word = _which(act)
        return await self._asked(HushReminder(which, word), act, actor)

    async def _asked(self, words: IncidentWords, act: Invocation, actor: Actor) -> Said:
        if isinstance(words, IncidentLook) and words.what == "export":
            return await put_into_thread(self.deps, words.which, act, actor)
        return await ask(self.deps.verbs, words, actor, request_id=act.request_id)

    async def _about(self, what: Form, act: Invocation, actor: Actor) -> Mapping[str, Json]:
        return (await self.deps.verbs.incidents.form(what, _which(act)[0], actor)).body

    async def _taken(
        self, words: IncidentWords, act: Invocation, actor: Actor, view: Callable[[Said], View]
    ) -> Reply:
        try:
            return await self._asked(words, act, actor)
        except OpsbotError as error:
            return self._refused(error, view)

    def _refused(self, error: OpsbotError, view: Callable[[Said], View]) -> Show:
        """Show the form again with every word in it, and why it was not taken."""
        top = of_error(error)
        return Show(view(top.spelled(self.deps.spell)), top)

    def _shown(self, view: View) -> Show:
        hint = f"Press it again, or type it: `{self._command} help`."
        return Show(view, Said("amber", "The form could not be opened", (hint,)))

    @property
    def _command(self) -> str:
        return command_of(verb("incident"), self.deps.prefix)

    def _help(self) -> Said:
        return help_said(verb("incident"), command=self._command)


def _which(act: Invocation) -> tuple[Which, str]:
    """
    Return the incident in a button and the word behind it.

    Raises:
        StaleButton: no button of ours was ever made with that.
    """
    found = _NAMED.fullmatch(act.value)
    if found is None:
        raise _stale()
    return Which(found[1], act.channel), found[2] or ""


def _incident(metadata: str) -> str:
    found = _NAMED.fullmatch(metadata)
    if found is None or found[2]:
        raise _stale()
    return found[1]


def _stale() -> StaleButton:
    return StaleButton("That button names nothing any more; nothing was changed.")


def _words(error: OpsbotError) -> str:
    return f"{error.message} {error.hint}"[:1000]


def _listed(value: Json) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, (list, tuple)) else ()
