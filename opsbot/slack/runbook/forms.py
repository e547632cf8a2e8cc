"""Listeners of the forms of runs: what opens each, what takes it, and what keeps every word where it is not taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.error_words import of_error
from opsbot.app.room.run_card_words import current_said, lane_end_said
from opsbot.app.room.run_room import card_key
from opsbot.app.run_verbs import RunVerbs
from opsbot.app.runs.press import Pressed, pressed
from opsbot.app.runs.requests import EndRun, MarkStep, RunAction, RunLook, StartRun, WhichRun
from opsbot.app.runs.view import RunView
from opsbot.domain.actor import Actor
from opsbot.domain.errors import (
    NeedsMoreWords,
    OpsbotError,
    StaleButton,
    StoreLost,
    UnknownWorkflow,
)
from opsbot.domain.incident.incident import number_of
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.runbook import Runbook
from opsbot.domain.said import Said, inert
from opsbot.slack.answers import names_in_time
from opsbot.slack.deps import Deps
from opsbot.slack.entry import Run
from opsbot.slack.grammar import command_of, verb
from opsbot.slack.ids import Field, Modal, Press
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply, Show, Wrong
from opsbot.slack.runbook.form import (
    Choosing,
    assign_modal,
    block_modal,
    carried,
    finish_modal,
    mode_of,
    note_modal,
    params_modal,
    reason_of,
    seconds_of,
    skip_modal,
    start_modal,
    take_back_modal,
    with_params,
)
from opsbot.slack.typed.tokens import shortened
from opsbot.slack.views import View

_LINKS: Final = ("https://", "http://")
Again = Callable[[Said | None], View]


@dataclass(frozen=True, slots=True)
class RunbookForms:
    """What people fill in about runs."""

    deps: Deps

    def buttons(self) -> Mapping[Press, Run]:
        """Return what each button that opens a form does."""
        return {
            Press.RUN_START: self.start,
            Press.RUN_SKIP: self.skipping,
            Press.RUN_BLOCK: self.blocking,
            Press.RUN_NOTE: self.noting,
            Press.RUN_ASSIGN: self.assigning,
            Press.RUN_TAKE_BACK: self.taking_back,
            Press.RUN_FINISH: self.finishing,
        }

    def taken(self) -> Mapping[Modal, Run]:
        """Return what takes each form."""
        return {
            Modal.RUN_START: self.chosen,
            Modal.RUN_PARAMS: self.filled,
            Modal.RUN_SKIP: self.skipped,
            Modal.RUN_BLOCK: self.blocked,
            Modal.RUN_NOTE: self.noted,
            Modal.RUN_ASSIGN: self.assigned,
            Modal.RUN_TAKE_BACK: self.taken_back,
            Modal.RUN_FINISH: self.finished,
        }

    async def start(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form of a beginning; a button names the runbook, or the incident and what fits it."""
        value = act.value if act.kind == "action" else ""
        incident = number_of(value.partition(":")[0])
        chosen = value if incident is None else value.partition(":")[2]
        request = StartRun(chosen, incident or "", act.channel)
        choosing = Choosing(await self._books(actor), request)
        view = start_modal(choosing, prefix=self.deps.prefix)
        return Show(view, self._typed("start wrong-answers workflow=support-copilot"))

    async def chosen(self, act: Invocation, actor: Actor) -> Reply:
        """Take a beginning; what the runbook asks for is asked next."""
        kept = carried(act.metadata)
        if kept is None:
            raise stale()
        name = act.fields.get(Field.RUNBOOK, "").strip()
        request = replace(kept, runbook=name, mode=mode_of(act.fields.get(Field.RUN_MODE, "")))
        try:
            book = await self._runs.book(name, actor)
        except OpsbotError as error:
            choosing = Choosing(await self._books(actor), request)
            return self._again(
                error, lambda top: start_modal(choosing, prefix=self.deps.prefix, top=top)
            )
        if _asks(book) and not request.incident:  # an incident knows most of it
            names = await names_in_time(self.deps)
            return Show(params_modal(book, request, names), self._typed(f"start {name}"))
        return await self._begun(request, book, act, actor)

    async def filled(self, act: Invocation, actor: Actor) -> Reply:
        """Take what the runbook asked for."""
        request = with_params(act.metadata, act.fields)
        if request is None:
            raise stale()
        book = await self._runs.book(request.runbook, actor)
        return await self._begun(request, book, act, actor)

    async def _begun(
        self, request: StartRun, book: Runbook, act: Invocation, actor: Actor
    ) -> Reply:
        try:
            return await self._runs.start(request, actor, request_id=act.request_id)
        except (NeedsMoreWords, UnknownWorkflow) as error:
            if not book.params:
                raise
            names = await names_in_time(self.deps)
            return self._again(error, lambda top: params_modal(book, request, names, top=top))

    async def skipping(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form that asks why."""
        ref_of(act.value)
        return self._shown(skip_modal(act.value, {}), "skip done outside opsbot")

    async def skipped(self, act: Invocation, actor: Actor) -> Reply:
        """Take a skip with its reason."""
        why = shortened(reason_of(act.fields))
        if not inert(why):
            return Wrong({Field.REASON: "Say why in a few words; it goes to the review."})
        words = MarkStep(WhichRun(), "skip", words=why)
        return await self._marked(
            words, act, actor, lambda top: skip_modal(act.metadata, act.fields, top=top)
        )

    async def blocking(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form that asks on what it waits."""
        ref_of(act.value)
        return self._shown(block_modal(act.value, {}), "block for:30m on the legal team")

    async def blocked(self, act: Invocation, actor: Actor) -> Reply:
        """Set a step aside."""
        on = shortened(act.fields.get(Field.REASON, "").strip())
        if not inert(on):
            return Wrong({Field.REASON: "Say on whom or what it waits."})
        words = MarkStep(WhichRun(), "block", words=on, for_s=seconds_of(act.fields))
        return await self._marked(
            words, act, actor, lambda top: block_modal(act.metadata, act.fields, top=top)
        )

    async def noting(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form of a note."""
        ref_of(act.value)
        return self._shown(note_modal(act.value, {}), "note the cache was cold")

    async def noted(self, act: Invocation, actor: Actor) -> Reply:
        """Keep a note or a piece of evidence."""
        text = shortened(act.fields.get(Field.REASON, "").strip())
        link = act.fields.get(Field.LINK, "").strip()
        if not inert(text) and not link:
            return Wrong({Field.REASON: "Write something, or give a link."})
        if link and not link.startswith(_LINKS):
            return Wrong({Field.LINK: "A link begins with https://"})
        evidence = act.fields.get(Field.KIND) == "evidence"
        words = MarkStep(
            WhichRun(), "evidence" if evidence else "note", words=text or link, url=link
        )
        return await self._marked(
            words, act, actor, lambda top: note_modal(act.metadata, act.fields, top=top)
        )

    async def assigning(self, act: Invocation, actor: Actor) -> Reply:
        """Open the form that asks who does it."""
        ref_of(act.value)
        return self._shown(assign_modal(act.value, ""), "assign @sam")

    async def assigned(self, act: Invocation, actor: Actor) -> Reply:
        """Ask somebody to take a step."""
        who = act.fields.get(Field.WHO, "")
        if not who:
            return Wrong({Field.WHO: "Choose somebody."})
        words = MarkStep(WhichRun(), "assign", who=who)
        return await self._marked(
            words, act, actor, lambda top: assign_modal(act.metadata, who, top=top)
        )

    async def taking_back(self, act: Invocation, actor: Actor) -> Reply:
        """Ask before an action is taken back."""
        ref = ref_of(act.value)
        view = await self._runs.view(WhichRun(ref.run, act.channel), actor)
        one = view.step(ref.means(view.book))
        found = None if one is None else next((a for a in one.acts if a.number == ref.number), None)
        if found is None or not found.undo:
            raise StaleButton("There is nothing to take back any more; nothing was changed.")
        lines = (
            f"{found.label} came to {found.result}, in {view.env}.",
            "It goes the way of every restore: policy decides, and may ask a second person.",
        )
        said = Said("amber", f"Take back: {found.label}?", lines)
        return self._shown(take_back_modal(act.value, said), "undo action")

    async def taken_back(self, act: Invocation, actor: Actor) -> Reply:
        """Take an action back, after the yes."""
        ref = ref_of(act.metadata)
        view = await self._runs.view(WhichRun(ref.run), actor)
        actor = await self.deps.people.actor(act, sure=True)
        words = RunAction(
            WhichRun(ref.run), ref.means(view.book), ref.number, "undo", ref.seen, confirmed=True
        )
        said = await self._runs.do(words, actor, request_id=act.request_id)
        note = str(said.body.get("note") or "")
        return Said(said.tone, note, body=said.body) if note else said

    async def finishing(self, act: Invocation, actor: Actor) -> Reply:
        """Finish a run; where steps are left it is asked why, as whoever finishes it then answers for them."""
        which = WhichRun(ref_of(act.value).run, act.channel)
        try:
            finish = EndRun(which, "finish")
            return await self._runs.end(finish, actor, request_id=act.request_id)
        except NeedsMoreWords as left:
            top = of_error(left)
            view = finish_modal(act.value, {}, top=top.spelled(self.deps.spell))
            return Show(view, top)

    async def finished(self, act: Invocation, actor: Actor) -> Reply:
        """Finish a run with steps left, for a reason."""
        why = shortened(act.fields.get(Field.REASON, "").strip())
        if not inert(why):
            return Wrong({Field.REASON: "Say why in a few words; it goes to the review."})
        words = EndRun(WhichRun(ref_of(act.metadata).run), "finish", words=why)
        try:
            return await self._runs.end(words, actor, request_id=act.request_id)
        except OpsbotError as error:
            return self._again(error, lambda top: finish_modal(act.metadata, act.fields, top=top))

    async def _marked(self, words: MarkStep, act: Invocation, actor: Actor, again: Again) -> Reply:
        """Mark a step; where that is not taken, the form comes back with every word in it."""
        ref = ref_of(act.metadata)
        view = await self._runs.view(WhichRun(ref.run), actor)
        words = replace(words, which=WhichRun(ref.run), step=ref.means(view.book), seen=ref.seen)
        try:
            said = await self._runs.mark(words, actor, request_id=act.request_id)
        except OpsbotError as error:
            return self._again(error, again)
        return await quietly(self.deps, view, said, act, actor)

    def _again(self, error: OpsbotError, view: Again) -> Show:
        top = of_error(error)
        return Show(view(top.spelled(self.deps.spell)), top)

    async def _books(self, actor: Actor) -> list[tuple[str, str]]:
        """Return the runbooks that can be walked, as (name, title)."""
        listed = (await self._runs.look(RunLook("catalogue"), actor)).body.get("runbooks")
        known = listed if isinstance(listed, (list, tuple)) else ()
        return [
            (str(one["runbook"]), str(one["title"]) or str(one["runbook"]))
            for one in known
            if isinstance(one, Mapping) and not one.get("readable")
        ]

    def _shown(self, view: View, words: str) -> Show:
        return Show(view, self._typed(words))

    def _typed(self, words: str) -> Said:
        command = command_of(verb("runbook"), self.deps.prefix)
        hint = f"Press it again, or type it: `{command} {words}`."
        return Said("amber", "The form could not be opened", (hint,))

    @property
    def _runs(self) -> RunVerbs:
        return self.deps.verbs.runs


async def quietly(deps: Deps, view: RunView, said: Said, act: Invocation, actor: Actor) -> Reply:
    """
    Return nothing where the run's own messages show what happened: an answer would stand below them.

    Elsewhere (in a direct message, say) the answer is what was done; a run without any messages
    answers with its current step.
    """
    try:
        left = await deps.memory.left(card_key(view.run))
        if left is not None:
            here = act.channel in ("", left["channel"])
            return await _lane_end(deps, view, said, actor) if here else said
        now = await deps.verbs.runs.view(WhichRun(view.run.id), actor)
        shown = current_said(now, by=identity_of(now.policy, actor))
    except StoreLost:
        return said
    note = str(said.body.get("note") or "")
    return replace(shown, lines=(note, *shown.lines)) if note else shown


async def _lane_end(deps: Deps, before: RunView, said: Said, actor: Actor) -> Said | None:
    """Return that a lane came to its end by this, None where a newer message shows what is next."""
    lanes = said.body.get("lanes")
    ended = {
        one["lane"]
        for one in (lanes if isinstance(lanes, (list, tuple)) else ())
        if isinstance(one, Mapping) and one["step"] is None and not one["holds"]
    }
    lane = next((one.name for one in before.lanes if one.step and one.name in ended), None)
    if lane is None or said.body.get("status") != "open":
        return None
    return lane_end_said(await deps.verbs.runs.view(WhichRun(before.run.id), actor), lane)


def ref_of(word: str) -> Pressed:
    """
    Return what a button carries.

    Raises:
        StaleButton: no button of ours was ever made with that.
    """
    ref = pressed(word)
    if ref is None:
        raise stale()
    return ref


def stale() -> StaleButton:
    """Return the answer to a button that no version of ours made."""
    return StaleButton("That button names nothing any more; nothing was changed.")


def _asks(book: Runbook) -> bool:
    """Return whether a runbook asks for something that its incident cannot say."""
    return any(one.required or one.type != "workflow" for one in book.params)
