"""Listeners of routes: `/ai-route`, `/ai-rollback`, the form, and the buttons of ramps and ways back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app.error_words import of_error
from opsbot.app.requests import RollbackRequest, RouteEdit, StageAct, StageRequest
from opsbot.domain.actor import Actor
from opsbot.domain.errors import (
    NeedsBreakGlass,
    OpsbotError,
    RouteMoved,
    RouteRefused,
    StaleButton,
    StoreLost,
)
from opsbot.domain.route import Number, Route, number_of, route_from
from opsbot.domain.said import Button, Said
from opsbot.slack.deps import Deps
from opsbot.slack.entry import Need
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.ids import Field
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply, Show, Wrong
from opsbot.slack.route.form import ABOUT, Draft, draft_of, edit_of, route_modal, words_of
from opsbot.slack.typed.parse import wants_help
from opsbot.slack.typed.route import RouteDiff, RouteLook, parse_rollback, parse_route

_RAMP = re.compile(r"([^:\s]{1,100}):(r[1-9]\d{0,14})", re.ASCII)
_BACK = re.compile(
    r"([^:\s]{1,100}):(r[1-9]\d{0,14}):(r[1-9]\d{0,14})(?::([0-9a-z:]{1,80}))?", re.ASCII
)
WORDS_FOR_S: Final = 15 * 60.0
"""How long the reason is kept that was typed with a rollback that raised a question, in seconds."""


def need_of_route(act: Invocation) -> Need:
    """Return how sure it must be who typed it: to look and to hold needs less than to let users get more."""
    try:
        words = parse_route(act.text)
    except OpsbotError:
        return Need.LOOK  # it is refused in words, whoever it is
    if isinstance(words, StageRequest):
        return Need.STOP if words.act in ("hold", "cancel") else Need.GUARD
    return Need.GUARD if isinstance(words, RouteEdit) else Need.LOOK


def need_of_rollback(act: Invocation) -> Need:
    """Return the same: the one way back that asks nothing asks nothing of Slack either."""
    try:
        words = parse_rollback(act.text)
    except OpsbotError:
        return Need.LOOK  # as above
    return Need.STOP if words.to is None and not words.break_glass else Need.GUARD


@dataclass(frozen=True, slots=True)
class RouteListeners:
    """What people may do about what serves a workflow."""

    deps: Deps

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-route`; `set` alone opens the form."""
        command = self._command("route")
        if wants_help(act.text) or not act.text.strip():
            return help_said(verb("route"), command=command)
        words = parse_route(act.text, command=command)
        verbs, request_id = self.deps.verbs, act.request_id
        if isinstance(words, RouteEdit):
            return await verbs.set_route(words, actor, request_id=request_id)
        if isinstance(words, StageRequest):
            return await verbs.stage(words, actor, request_id=request_id)
        if isinstance(words, RouteDiff):
            return await verbs.route_diff(words.workflow, words.old, words.new, actor)
        return await self._look(words, actor)

    async def _look(self, words: RouteLook, actor: Actor) -> Reply:
        if words.what == "history":
            return await self.deps.verbs.route_history(words.workflow, actor)
        if words.what == "show":
            return await self.deps.verbs.route(words.workflow, actor)
        draft, route = await self._begun(words.workflow, actor)
        problem = "The form could not be opened; type it instead"
        otherwise = help_said(verb("route"), command=self._command("route"), problem=problem)
        return Show(route_modal(draft, words_of(route), prefix=self.deps.prefix), otherwise)

    async def submitted(self, act: Invocation, actor: Actor) -> Reply:
        """Take the form; where it is not taken, every word in it stays."""
        draft = draft_of(act.metadata)
        if draft is None:
            raise StaleButton(
                "That form belongs to nothing; nothing was changed.",
                hint=f"Open it anew: `{self._command('route')} support-copilot set`.",
            )
        try:
            return await self._stored(draft, act, actor)
        except RouteRefused as error:
            field = ABOUT.get(error.about, Field.MODELS)
            if field in act.fields:
                return Wrong({field: f"{error.message} {error.hint}"[:1000]})
            return self._again(draft, act, of_error(error))
        except RouteMoved as error:
            return await self._moved(draft, act, actor, error)
        except OpsbotError as error:
            return self._again(draft, act, of_error(error))

    async def _stored(self, draft: Draft, act: Invocation, actor: Actor) -> Reply:
        base = await self._based(draft, actor)
        edit = edit_of(draft, act.fields, base)
        if isinstance(edit, Wrong):
            return edit
        return await self.deps.verbs.set_route(edit, actor, request_id=act.request_id)

    async def _moved(self, draft: Draft, act: Invocation, actor: Actor, error: RouteMoved) -> Reply:
        """Show what the first did over the second's own words; sent again, they come after it."""
        said = of_error(error)
        now, _ = await self._begun(draft.workflow, actor)
        theirs = await self.deps.verbs.route_diff(draft.workflow, draft.base, now.seen, actor)
        again = "Your words are below: store them again to make the next revision of them."
        top = Said("amber", said.title, (*said.lines, theirs.title, *theirs.lines, again))
        return self._again(Draft(draft.workflow, draft.base, now.seen), act, top)

    def _again(self, draft: Draft, act: Invocation, top: Said) -> Show:
        shown = top.spelled(self.deps.spell)
        view = route_modal(draft, act.fields, prefix=self.deps.prefix, top=shown)
        return Show(view, top)

    async def _begun(self, workflow: str, actor: Actor) -> tuple[Draft, Route]:
        body = (await self.deps.verbs.route_form(workflow, actor)).body
        route = body["route"]
        assert isinstance(route, Mapping)
        return Draft(workflow, _number(body["active"]), _number(body["newest"])), route_from(route)

    async def _based(self, draft: Draft, actor: Actor) -> Route:
        """Return the content that the form began from, to know which parameters were taken out."""
        body = (await self.deps.verbs.route_history(draft.workflow, actor)).body
        listed = body["revisions"]
        assert isinstance(listed, list)
        for one in listed:
            if one["revision"] == f"r{draft.base}":
                return route_from(one["route"])
        raise StaleButton(f"There is no r{draft.base} any more; nothing was changed.")

    async def rollback(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-rollback`."""
        command = self._command("rollback")
        if wants_help(act.text) or not act.text.strip():
            return help_said(verb("rollback"), command=command)
        request = parse_rollback(act.text, command=command)
        try:
            return await self.deps.verbs.rollback(request, actor, request_id=act.request_id)
        except NeedsBreakGlass as error:
            said = of_error(error)
            value = f"{request.workflow}:r{error.leaving}:r{error.to}"
            value += await self._kept(request, act)
            question = f"{error.message} Serve everybody with r{error.to} on your word?"
            yes = Button("route_serve", "Serve it anyway", value, "danger", question)
            return Said("amber", said.title, said.lines, (yes,), said.body, said.exit_code)

    async def _kept(self, request: RollbackRequest, act: Invocation) -> str:
        """Keep the reason for the press that may follow; a button carries no words of anybody."""
        if not request.reason:
            return ""
        try:
            kept = {"reason": request.reason, "user": act.user}
            await self.deps.memory.leave(_under(act.request_id), kept, ttl_s=WORDS_FOR_S)
        except StoreLost:
            return ""
        return f":{act.request_id}"

    async def roll_back(self, act: Invocation, actor: Actor) -> Reply:
        """
        Take [Roll back]; it goes to the last good revision that its question named, or nowhere.

        It is the way back that asks nothing, so it does not wait for Slack to say who pressed.
        """
        workflow, leaving, good, _ = self._back(act)
        request = RollbackRequest(workflow, leaving=leaving, good=good)
        return await self.deps.verbs.rollback(request, actor, request_id=act.request_id)

    async def serve(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Serve it anyway]: the glass is broken by who presses."""
        workflow, leaving, to, key = self._back(act)
        left = await self.deps.memory.left(_under(key)) if key else None
        own = left is not None and left.get("user") == act.user
        reason = str(left["reason"]) if left is not None and own else ""
        request = RollbackRequest(workflow, to, break_glass=True, reason=reason, leaving=leaving)
        return await self.deps.verbs.rollback(request, actor, request_id=act.request_id)

    async def hold(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Hold]."""
        return await self._word("hold", act, actor)

    async def go_on(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Go on]."""
        return await self._word("go_on", act, actor)

    async def cancel(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Take it back]."""
        return await self._word("cancel", act, actor)

    async def _word(self, word: StageAct, act: Invocation, actor: Actor) -> Reply:
        found = _RAMP.fullmatch(act.value)
        if found is None:
            raise self._stale()
        request = StageRequest(found[1], word, _number(found[2]))
        return await self.deps.verbs.stage(request, actor, request_id=act.request_id)

    async def show(self, act: Invocation, actor: Actor) -> Reply:
        """Take [Show]."""
        if not act.value:
            raise self._stale()
        return await self.deps.verbs.route(act.value, actor)

    def _back(self, act: Invocation) -> tuple[str, Number, Number, str]:
        found = _BACK.fullmatch(act.value)
        if found is None:
            raise self._stale()
        return found[1], _number(found[2]), _number(found[3]), found[4] or ""

    def _stale(self) -> StaleButton:
        return StaleButton(
            "That button names nothing any more; nothing was changed.",
            hint=f"Look first: `{self._command('route')}`.",
        )

    def _command(self, name: str) -> str:
        return command_of(verb(name), self.deps.prefix)


def _number(word: object) -> Number:
    number = number_of(str(word))
    assert number is not None
    return number


def _under(request_id: str) -> str:
    return f"glass:{request_id}"
