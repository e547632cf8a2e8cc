"""The verbs of runs: begin, mark, lead, end, look; each one commit, answered in the same words everywhere."""

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.sight import Sight
from opsbot.app.look import may_look
from opsbot.app.paging.oncall import OnCall
from opsbot.app.ports import Decide, Document, Prober, RetryLater
from opsbot.app.requests import ApproveRequest
from opsbot.app.runs.acts import Acts
from opsbot.app.runs.change import Told
from opsbot.app.runs.claim import Claimed, Pressing, decide_claim, meant
from opsbot.app.runs.commit import committed
from opsbot.app.runs.doors import Doors
from opsbot.app.runs.ends import Ending, decide_end
from opsbot.app.runs.followed import Follow
from opsbot.app.runs.held import kills_of
from opsbot.app.runs.lead import Leading, decide_lead
from opsbot.app.runs.marks import Marking, decide_mark, step_meant
from opsbot.app.runs.perform import Perform
from opsbot.app.runs.port import Procedures
from opsbot.app.runs.power import may_walk
from opsbot.app.runs.question import question
from opsbot.app.runs.reach import reach
from opsbot.app.runs.read import Reader
from opsbot.app.runs.requests import (
    EndRun,
    LeadRun,
    MarkStep,
    RunAction,
    RunLook,
    StartRun,
    WhichRun,
)
from opsbot.app.runs.said_params import GONE, opened_params, sealed_params
from opsbot.app.runs.second import asked_in, decide_second
from opsbot.app.runs.sheet import sheet
from opsbot.app.runs.sight import found, visible
from opsbot.app.runs.start import Starting, book_named, decide_start
from opsbot.app.runs.touch import refuse
from opsbot.app.runs.view import RunView
from opsbot.app.runs.waiting import with_whom
from opsbot.app.runs.words import (
    books_said,
    catchup_said,
    list_said,
    run_said,
    steps_said,
)
from opsbot.app.said_where import looks_where, says_where
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.errors import Unsure
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook
from opsbot.domain.said import Said
from opsbot.domain.state import State

LISTED = 50
TURNS = 5
"""How often a decision is made anew because the run went on with another revision meanwhile."""

AGAIN = "This request was done before; nothing was done twice."


@dataclass(frozen=True, slots=True)
class Runs:
    """
    The use cases; implements `opsbot.app.run_verbs.RunVerbs`.

    *doors* are the commands that actions go through. *rota* is None where nobody's duty is known.
    """

    env: Environment
    procedures: Procedures
    doors: Doors
    prober: Prober
    rota: OnCall | None = None

    def present(self, actor: Actor) -> Actor:
        """Return *actor* with what they are on call for now."""
        return actor if self.rota is None else self.rota.present(actor)

    @property
    def reader(self) -> Reader:
        """Return what opens a run: its pinned runbook, its free text."""
        return Reader(self.env, self.procedures)

    @says_where
    async def start(self, request: StartRun, actor: Actor, *, request_id: str) -> Said:
        """
        Begin a run: one commit, with the exact text of the runbook.

        Raises:
            Refused: nothing was begun; why, and what to do. StoreLost: whether it is stored is not known.
        """
        state = await self.env.store.refresh()
        may_look(policy_of(state), actor)
        book = book_named(self.procedures.known(), request.runbook)
        words, sealed = sealed_params(self.env, book, request.params)
        order = Starting(request, actor, _uid(request_id), book, said=words, sealed=sealed)
        done, told = await committed(
            self.env.store, request_id, lambda state, now_ms: decide_start(state, now_ms, order)
        )
        known = visible(self.env.store.state, actor)
        run = next((one for one in known if one.uid == order.uid), None)
        if run is None:
            raise refuse("This request was another one before", "Ask anew.")
        there = done is None or done.repeated or told is None
        said = run_said(await self.reader.view(run, note="" if told is None else told.note))
        return replace(said, body={**said.body, "outcome": "there" if there else "begun"})

    @says_where
    async def mark(self, request: MarkStep, actor: Actor, *, request_id: str) -> Said:
        """Mark one step. Raises as `start`, and StaleButton: who was first, and when."""
        request = with_whom(self.env.store.state, request)
        text, sealed = self.env.sealed(request.words.strip())
        return await self._decided(
            request.which,
            actor,
            request_id,
            lambda book: (
                lambda state, now_ms: decide_mark(
                    state, now_ms, Marking(request, actor, book, text, sealed)
                )
            ),
        )

    @says_where
    async def do(self, request: RunAction, actor: Actor, *, request_id: str) -> Said:
        """
        Do an action of a step, or take it back, through the door of its command.

        Raises:
            NeedsConfirmation: what it would do, to whoever has not said yes. Refused: policy, or who
            was first. Unsure: whether it was done; it is read back by itself.
        """
        if request.act == "read_back":
            return await self._read_back(request, actor)
        if not request.confirmed:
            request = await self._asked(request, actor)
        state = await self.env.store.refresh()
        safe = await self.reader.book(found(state, actor, request.which))
        told = await self.decided(
            request.which,
            actor,
            request_id,
            lambda book: (
                lambda state, now_ms: decide_claim(
                    state, now_ms, Pressing(request, actor, book, safe)
                )
            ),
        )
        if isinstance(told, Claimed) and told.given is not None:
            told = await self.acts.do(told, actor)
        return await self._said(told, request.which, actor)

    @property
    def acts(self) -> Acts:
        """Return what does claimed actions, and settles them."""
        return Acts(self.env, self.reader, Perform(self.env, self.doors, self.prober))

    @says_where
    async def approve(self, request: ApproveRequest, actor: Actor, *, request_id: str) -> Said:
        """Approve or refuse a step that waits for a second person. Raises as `mark`."""
        state = await self.env.store.refresh()
        run = asked_in(state, state.approval(request.approval), actor)

        def decide(book: Runbook) -> Decide[Told]:
            return lambda state, now_ms: decide_second(
                state,
                now_ms,
                state.approval(request.approval),
                actor,
                book,
                grant=request.grant,
            )

        told = await self._turns(lambda _: run.id, request_id, decide)
        now = self.env.store.state.run(run.id)
        return run_said(await self.reader.view(now, note=AGAIN if told is None else told.note))

    @says_where
    async def lead(self, request: LeadRun, actor: Actor, *, request_id: str) -> Said:
        """Hand the lead over, accept, decline or take it. Raises as `mark`."""
        return await self._decided(
            request.which,
            actor,
            request_id,
            lambda book: (
                lambda state, now_ms: decide_lead(state, now_ms, Leading(request, actor, book))
            ),
        )

    @says_where
    async def end(self, request: EndRun, actor: Actor, *, request_id: str) -> Said:
        """Finish, abandon or switch a run, or go on with a newer revision. Raises as `mark`."""
        text, sealed = self.env.sealed(request.words.strip())
        state, known = await self.env.store.refresh(), self.procedures.known()
        run = found(state, actor, request.which)
        nothing = Runbook("", "", "", "")
        ending = Ending(request, actor, nothing, _uid(request_id), text=text, sealed=sealed)
        if request.act == "renew" and run.runbook in known:
            newer = known[run.runbook]
            ending = replace(ending, other=await self.reader.newer(run, newer), raw=newer)
        if request.act == "switch":
            ending = await self._going_on(run, book_named(known, request.runbook), ending)
        return await self._decided(
            request.which,
            actor,
            request_id,
            lambda book: (
                lambda state, now_ms: decide_end(state, now_ms, replace(ending, book=book))
            ),
        )

    async def _going_on(self, run: Run, other: Runbook, ending: Ending) -> Ending:
        """Return what a run goes on with: another runbook, and of what it was begun with what that asks for."""
        texts = await opened_params(self.env, run)
        kept = {
            name: value
            for name, value in {**run.params, **texts}.items()
            if other.param(name) is not None and value not in GONE
        }
        given = {**kept, **ending.request.params}
        said, more = sealed_params(self.env, other, given)
        return replace(ending, other=other, given=given, said=said, kept=more)

    @looks_where
    async def look(self, look: RunLook, actor: Actor) -> Said:
        """Look at runs and runbooks. Raises UnknownRun, UnknownRunbook, NeedsMoreWords, NotAllowed."""
        env = self.env.name
        may_look(policy_of(self.env.store.state), actor)
        if look.what == "catalogue":
            return books_said(self.procedures.known(), env)
        if look.what == "read":
            return self._read(look.runbook)
        state = await self.env.store.refresh()
        may_look(policy_of(state), actor)
        if look.what == "list":
            runs = [one for one in visible(state, actor) if one.open or look.every]
            views = [await self.reader.view(one, listed=True) for one in runs[:LISTED]]
            return list_said(views, env, every=look.every)
        view = await self.view(look.which, actor)
        if look.what == "catchup":
            return catchup_said(view, kills_of(state, view.run))
        return steps_said(view) if look.what == "steps" else run_said(view)

    @looks_where
    async def document(self, which: WhichRun, actor: Actor) -> Document:
        """Return the pinned runbook as a file, its names filled in. Raises as `look`."""
        state = await self.env.store.refresh()
        run = found(state, actor, which)
        return await self.reader.document(run)

    @property
    def follow(self) -> Follow:
        """Return what follows the messages in Slack that are notes of runs."""
        return Follow(self.env, self.reader)

    @looks_where
    async def view(self, which: WhichRun, actor: Actor) -> RunView:
        """Return everything that is shown of the run that is meant. Raises as `look`."""
        return await self.reader.view(found(self.env.store.state, actor, which))

    @says_where
    async def book(self, name: str, actor: Actor) -> Runbook:
        """Return a runbook that can be walked now. Raises UnknownRunbook, NotAllowed."""
        may_look(policy_of(self.env.store.state), actor)
        return book_named(self.procedures.known(), name)

    def _read(self, name: str) -> Said:
        book = book_named(self.procedures.known(), name)
        lines = tuple(sheet(book).splitlines())
        return Said(
            "plain",
            f"`{book.name}` in {self.env.name}",
            lines,
            body={"runbook": book.name, "text": sheet(book), "source": book.source},
        )

    async def _decided(
        self,
        which: WhichRun,
        actor: Actor,
        request_id: str,
        decide: Callable[[Runbook], Decide[Told]],
    ) -> Said:
        told = await self.decided(which, actor, request_id, decide)
        return await self._said(told, which, actor)

    async def _said(self, told: Told | None, which: WhichRun, actor: Actor) -> Said:
        state = self.env.store.state
        run = found(state, actor, which) if told is None else state.run(told.run.id)
        return run_said(await self.reader.view(run, note=AGAIN if told is None else told.note))

    async def _asked(self, request: RunAction, actor: Actor) -> RunAction:
        """
        Raise what has to be confirmed first, NeedsConfirmation; nothing for what changes nothing.

        Return the request for that very step as it is now: another one may be current a moment later.
        """
        state, now_ms = await self.env.store.refresh(), self.env.clock.now_ms()
        run = found(state, actor, request.which)
        book = await self.reader.book(run, titled=True)
        # What would be refused after the yes is refused before the question.
        decide_claim(state, now_ms, Pressing(request, actor, book))
        by = identity_of(policy_of(state), actor)
        step = step_meant(run, book, request.step, by=by)
        action, given = meant(run, book, step, request.number)
        fleet = await Sight(self.env.fleets, self.env.clock).fleet()
        back = request.act == "undo"
        hits = reach(state, given)
        asked = question(run, book, step, action, given, fleet, back=back, hits=hits)
        if asked is not None:
            raise asked
        seen = run.version if request.seen is None else request.seen
        return replace(request, step=step.id, seen=seen)

    async def _read_back(self, request: RunAction, actor: Actor) -> Said:
        state = await self.env.store.refresh()
        run = found(state, actor, request.which)
        may_walk(state, run, actor, self.env.clock.now_ms())
        by = identity_of(policy_of(state), actor)
        step = step_meant(run, await self.reader.book(run, titled=True), request.step, by=by)
        key = f"{step.id}#{request.number}"
        keys = [one for one in (key, f"{key}~") if _doubtful(run, one)]
        if not keys:
            raise refuse("Nothing of it is in doubt")
        for one in keys:
            with contextlib.suppress(RetryLater):
                await self.acts.settle(run.id, one)
        now = self.env.store.state.run(run.id).acts[keys[0]]
        note = f"Read back: {now.state}{f' ({now.result})' if now.result else ''}. {now.detail}"
        return await self._said(Told(run, note.rstrip()), request.which, actor)

    async def decided(
        self,
        which: WhichRun,
        actor: Actor,
        request_id: str,
        decide: Callable[[Runbook], Decide[Told]],
    ) -> Told | None:
        """
        Commit a decision on the run that is meant, with the runbook that it walks at that moment.

        Return None for a request that was done before.

        Raises:
            Refused: nothing was changed. StoreLost: whether it is stored is not known.
        """
        return await self._turns(lambda state: found(state, actor, which).id, request_id, decide)

    async def _turns(
        self,
        which: Callable[[State], str],
        request_id: str,
        decide: Callable[[Runbook], Decide[Told]],
    ) -> Told | None:
        state = await self.env.store.refresh()
        for _ in range(TURNS):
            book = await self.reader.book(state.run(which(state)), titled=True)
            inner = decide(book)

            def guarded(
                state: State, now_ms: int, book: Runbook = book, inner: Decide[Told] = inner
            ) -> tuple[Change | None, Told | None]:
                if state.run(which(state)).digest != book.digest:
                    return None, None
                return inner(state, now_ms)

            done, told = await committed(self.env.store, request_id, guarded)
            if told is not None or done is not None:
                return told
            state = await self.env.store.refresh()
        raise Unsure("The run went on with another revision; nothing was changed.")


def _uid(request_id: str) -> str:
    return hashlib.sha256(f"run:{request_id}".encode()).hexdigest()[:32]


def _doubtful(run: Run, key: str) -> bool:
    act = run.acts.get(key)
    return act is not None and act.state in ("unknown", "executing")
