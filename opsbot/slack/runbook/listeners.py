"""Listeners of runs: `/ai-runbook`, and the buttons and menus of a run's messages."""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from opsbot.app.ask import ask
from opsbot.app.error_words import of_error
from opsbot.app.room.run_card_words import current_said
from opsbot.app.run_verbs import RunVerbs
from opsbot.app.runs.fresh import StepMoved
from opsbot.app.runs.marks import step_meant
from opsbot.app.runs.press import Pressed, pressed, value
from opsbot.app.runs.requests import (
    EndRun,
    LeadRun,
    MarkStep,
    RunAction,
    RunLook,
    RunWords,
    StartRun,
    WhichRun,
)
from opsbot.app.runs.spelled import spelled_book, spelled_step
from opsbot.app.runs.view import RunView, StepView
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsConfirmation, NeedsMoreWords, StoreLost
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.run import Mark
from opsbot.domain.runbook import Action
from opsbot.domain.said import Act, Button, Said
from opsbot.slack.comms.forms import CommsForms
from opsbot.slack.deps import Deps
from opsbot.slack.entry import Run
from opsbot.slack.grammar import command_of, help_said, verb
from opsbot.slack.ids import Press
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply, Show
from opsbot.slack.runbook.forms import RunbookForms, quietly, ref_of, stale
from opsbot.slack.runbook.pages import book_modal, step_modal, steps_modal
from opsbot.slack.typed.parse import wants_help
from opsbot.slack.typed.runbook import parse_runbook, starts_bare

_MENU: Final = re.compile(r"(run_[a-z_]{1,30}) (\S{1,140})", re.ASCII)
_TURN: Final = re.compile(r"(\d{1,4}) (\S{1,200})", re.ASCII)
_BOOK: Final = re.compile(r"[a-z0-9/_.-]{1,120}", re.ASCII)
STOPS: Final = frozenset({"kill", "page", "incident", "capture", "verify", "wait"})
"""
Verbs of actions that go ahead when Slack does not say who somebody is; all others wait for it.

So does a rollback to the last good revision, as its command does: a chosen one may be any.
"""

Marks = Literal["done", "failed", "take", "accept", "decline", "unblock", "back", "undo"]


@dataclass(frozen=True, slots=True)
class RunbookListeners:
    """What people may do about runs."""

    deps: Deps

    @property
    def forms(self) -> RunbookForms:
        """Return what opens and takes forms."""
        return RunbookForms(self.deps)

    def buttons(self) -> Mapping[Press, Run]:
        """Return what each button does."""
        return {
            Press.RUN_DO: self.do,
            Press.RUN_READ_BACK: self.read_back,
            Press.RUN_BOX: self.box,
            Press.RUN_ANSWER: self.answer,
            Press.RUN_DONE: self._marks("done"),
            Press.RUN_FAILED: self._marks("failed"),
            Press.RUN_TAKE: self._marks("take"),
            Press.RUN_ACCEPT: self._marks("accept"),
            Press.RUN_DECLINE: self._marks("decline"),
            Press.RUN_UNBLOCK: self._marks("unblock"),
            Press.RUN_BACK: self._marks("back"),
            Press.RUN_UNDO: self._marks("undo"),
            Press.RUN_STEPS: self.steps,
            Press.RUN_CATCHUP: self.catchup,
            Press.RUN_LEAD: self._leads("take"),
            Press.RUN_LEAD_ACCEPT: self._leads("accept"),
            Press.RUN_LEAD_DECLINE: self._leads("decline"),
            Press.RUN_RENEW: self.renew,
            Press.RUN_READ: self.read,
            Press.RUN_PAGE: self.page,
            Press.RUN_MORE: self.more,
            **self.forms.buttons(),
        }

    async def command(self, act: Invocation, actor: Actor) -> Reply:
        """Answer `/ai-runbook`; a beginning without a name opens the form."""
        if wants_help(act.text) or not act.text.strip():
            return help_said(verb("runbook"), command=self._command)
        if starts_bare(act.text):
            return await self.forms.start(act, actor)
        words = parse_runbook(act.text, channel=act.channel, command=self._command)
        if isinstance(words, RunLook):
            return await self._looked(words, act, actor)
        if isinstance(words, RunAction):
            return await self._acted(words, act, actor)
        return await self._said(words, act, actor)

    async def _said(self, words: RunWords, act: Invocation, actor: Actor) -> Said:
        """Do what was typed; where the step that it means is news, ask."""
        try:
            said = await ask(self.deps.verbs, words, actor, request_id=act.request_id)
        except StepMoved as moved:
            return _asked_again(moved, words)
        if isinstance(words, StartRun) and said.channel == act.channel:
            return replace(
                said,
                lines=(f"Its card and its current steps follow here. {self._again(said)}",),
                channel="",
            )
        return await self._brief(said, act, actor, words)

    def _again(self, said: Said) -> str:
        return f"To see a step again: `{self._command} show {said.body['run']}`."

    async def _looked(self, words: RunLook, act: Invocation, actor: Actor) -> Reply:
        if words.what == "show":
            view = await self._runs.view(words.which, actor)
            return current_said(view, by=identity_of(view.policy, actor))
        if words.what == "read":
            return await self._shown_book(words.runbook, actor)
        said = await ask(self.deps.verbs, words, actor, request_id=act.request_id)
        return self._in_rows(said) if words.what == "catalogue" else said

    def _in_rows(self, said: Said) -> Said:
        """Return the catalogue without columns, which Slack's letters cannot keep, and how one begins."""
        rows = (f"`{name}`: {' '.join(told)}" for name, *told in map(str.split, said.lines))
        begin = (
            f"Begin one: `{self._command} start NAME`. Read it before: `{self._command} read NAME`."
        )
        return replace(said, lines=(*rows, begin))

    async def _brief(
        self, said: Said, act: Invocation, actor: Actor, words: RunWords | None = None
    ) -> Said:
        """Return only what was done where the run's own messages stand beside it: they show the rest."""
        note = str(said.body.get("note") or "")
        if not note or said.exit_code or said.channel != act.channel:
            return said
        try:
            view = await self._runs.view(WhichRun(str(said.body["run"]), act.channel), actor)
        except StoreLost:
            return said  # it is done; only what stands beside it is not known
        shown = await quietly(self.deps, view, said, act, actor)
        off = _off_again(view, words)
        return Said("plain", note, (), off, said.body) if shown is None else said

    async def _acted(self, words: RunAction, act: Invocation, actor: Actor) -> Said:
        """Do an action that was typed; what it will do is asked about by a button."""
        view = await self._runs.view(words.which, actor)
        actor = await self._sure(view, words, act, actor)
        try:
            said = await self._runs.do(words, actor, request_id=act.request_id)
            return await self._brief(said, act, actor)
        except NeedsConfirmation as error:
            said = of_error(error)
            step = str(error.more["step"])  # of two current ones the very one that was asked about
            button: Act = "run_take_back" if words.act == "undo" else "run_do"
            key = value(view.run, step, str(words.number))
            return replace(said, buttons=(Button(button, "Yes, do it", key, "danger"),))

    async def do(self, act: Invocation, actor: Actor) -> Reply:
        """Press an action: its dialog said what happens."""
        ref = ref_of(act.value)
        view = await self._view(ref, act, actor)
        asked = await CommsForms(self.deps).of_step(view, ref, act, actor)
        if asked is not None:
            return asked
        step = ref.means(view.book)
        words = RunAction(_which(ref, act), step, ref.number, "do", ref.seen, confirmed=True)
        actor = await self._sure(view, words, act, actor)
        said = await self._runs.do(words, actor, request_id=act.request_id)
        return said if said.exit_code else await quietly(self.deps, view, said, act, actor)

    async def read_back(self, act: Invocation, actor: Actor) -> Reply:
        """Look at what is really so, where nobody knows what an action came to."""
        ref = ref_of(act.value)
        view = await self._view(ref, act, actor)
        words = RunAction(_which(ref, act), ref.means(view.book), ref.number, "read_back", ref.seen)
        return await self._runs.do(words, actor, request_id=act.request_id)

    async def _sure(self, view: RunView, words: RunAction, act: Invocation, actor: Actor) -> Actor:
        """Return who it is by Slack's fresh word, for whatever lets users get more; it may be dead."""
        action = _action(view, words, actor)
        goes_back = (
            action is not None and action.verb == "rollback" and "to" not in action.arguments
        )
        stops = action is not None and (action.verb in STOPS or goes_back)
        if words.act == "read_back" or (words.act == "do" and stops):
            return actor
        return await self.deps.people.actor(act, sure=True)

    async def box(self, act: Invocation, actor: Actor) -> Reply:
        """Tick or untick one box."""
        ref = ref_of(act.value)
        return await self._marked(ref, act, actor, MarkStep(WhichRun(), "box", box=ref.extra))

    async def answer(self, act: Invocation, actor: Actor) -> Reply:
        """Take one answer of a question."""
        ref = ref_of(act.value)
        words = MarkStep(WhichRun(), "decide", option=ref.number)
        return await self._marked(ref, act, actor, words)

    def _marks(self, what: Marks) -> Run:
        async def mark(act: Invocation, actor: Actor) -> Reply:
            return await self._marked(ref_of(act.value), act, actor, MarkStep(WhichRun(), what))

        return mark

    async def _marked(self, ref: Pressed, act: Invocation, actor: Actor, words: MarkStep) -> Reply:
        view = await self._view(ref, act, actor)
        words = replace(words, which=_which(ref, act), step=ref.means(view.book), seen=ref.seen)
        said = await self._runs.mark(words, actor, request_id=act.request_id)
        return await quietly(self.deps, view, said, act, actor)

    def _leads(self, what: Literal["take", "accept", "decline"]) -> Run:
        async def lead(act: Invocation, actor: Actor) -> Reply:
            words = LeadRun(_which(ref_of(act.value), act), what)
            said = await self._runs.lead(words, actor, request_id=act.request_id)
            return await self._brief(said, act, actor)

        return lead

    async def renew(self, act: Invocation, actor: Actor) -> Reply:
        """Go on with the newer revision."""
        words = EndRun(_which(ref_of(act.value), act), "renew")
        return await self._runs.end(words, actor, request_id=act.request_id)

    async def steps(self, act: Invocation, actor: Actor) -> Reply:
        """Show the whole list."""
        view = await self._view(ref_of(act.value), act, actor)
        return Show(steps_modal(view), self._typed(f"steps {view.run.id}"))

    async def catchup(self, act: Invocation, actor: Actor) -> Reply:
        """Say in five lines where it is, to whoever asks."""
        return await self._runs.look(RunLook("catchup", _which(ref_of(act.value), act)), actor)

    async def read(self, act: Invocation, actor: Actor) -> Reply:
        """Show every word of a runbook of the catalogue."""
        if not _BOOK.fullmatch(act.value):
            raise stale()
        return await self._shown_book(act.value, actor)

    async def _shown_book(self, name: str, actor: Actor) -> Reply:
        spell = self.deps.spell
        book = spelled_book(await self._runs.book(name, actor), spell)
        return Show(book_modal(book, spell), self._typed("catalogue"))

    async def page(self, act: Invocation, actor: Actor) -> Reply:
        """Turn a page of a long list, or show one step of it whole."""
        turned = _TURN.fullmatch(act.value)
        if turned is None:
            ref = ref_of(act.value)
            view = await self._view(ref, act, actor)
            one = _step(view, ref)
            shown = replace(one, step=spelled_step(one.step, self.deps.spell))
            return Show(step_modal(view, shown, self.deps.spell), self._typed(f"show {ref.run}"))
        page, key = int(turned[1]), turned[2]
        run = pressed(key)
        if run is not None:
            view = await self._view(run, act, actor)
            return Show(steps_modal(view, page), self._typed(f"steps {run.run}"), instead=True)
        if not _BOOK.fullmatch(key):
            raise stale()
        spell = self.deps.spell
        book = spelled_book(await self._runs.book(key, actor), spell)
        return Show(book_modal(book, spell, page), self._typed("catalogue"), instead=True)

    async def more(self, act: Invocation, actor: Actor) -> Reply:
        """Take what was chosen in a menu: the act's name and its value."""
        found = _MENU.fullmatch(act.value)
        press = next((one for one in Press if found is not None and one == found[1]), None)
        run = None if press in (None, Press.RUN_MORE) else self.buttons().get(press)
        if found is None or run is None:
            raise stale()
        return await run(replace(act, value=found[2]), actor)

    async def _view(self, ref: Pressed, act: Invocation, actor: Actor) -> RunView:
        return await self._runs.view(_which(ref, act), actor)

    def _typed(self, words: str) -> Said:
        """Return what to type where a modal could not be opened."""
        hint = f"Press it again, or type it: `{self._command} {words}`."
        return Said("amber", "It could not be opened", (hint,))

    @property
    def _runs(self) -> RunVerbs:
        return self.deps.verbs.runs

    @property
    def _command(self) -> str:
        return command_of(verb("runbook"), self.deps.prefix)


def _asked_again(moved: StepMoved, words: RunWords) -> Said:
    """Return the question whether that step is meant, with its answer where one press can be one."""
    said = of_error(moved)
    if not isinstance(words, MarkStep) or words.act not in ("done", "decide"):
        return said
    number = "" if words.option is None else str(words.option)
    key = value(moved.run, moved.step, number)
    press: Act = "run_done" if words.act == "done" else "run_answer"
    return replace(said, buttons=(Button(press, "Yes, that step", key),))


def _off_again(view: RunView, words: RunWords | None) -> tuple[Button, ...]:
    """Return the way back from a tick that was typed for no step by its name: the screen may have been older."""
    if not isinstance(words, MarkStep) or words.step or words.act not in _TICKS:
        return ()
    run = view.run
    step, mark = max(run.marks.items(), key=lambda one: one[1].version, default=("", Mark()))
    if not run.open or mark.version != run.version or mark.state not in ("done", "skipped"):
        return ()
    return (Button("run_undo", "Not that step: take the tick off", value(run, step)),)


_TICKS: Final = frozenset({"done", "skip", "decide"})


def _action(view: RunView, words: RunAction, actor: Actor) -> Action | None:
    """
    Return the action that is meant, by whatever way its step is named; None where that is not known.

    So is a yes to whichever step is current: another one may be a moment later.
    """
    if words.confirmed and not words.step:
        return None
    with contextlib.suppress(NeedsMoreWords):
        by = identity_of(view.policy, actor)
        acts = step_meant(view.run, view.book, words.step, by=by).actions
        return acts[words.number - 1] if 0 < words.number <= len(acts) else None
    return None


def _which(ref: Pressed, act: Invocation) -> WhichRun:
    return WhichRun(ref.run, act.channel)


def _step(view: RunView, ref: Pressed) -> StepView:
    one = view.step(ref.means(view.book))
    if one is None:
        raise stale()
    return one
