"""Actions of a run from claim to end: done once, read back after a crash, looked at again while they wait."""

from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.ports import Delivery, RetryLater
from opsbot.app.runs.arguments import BadArguments, arguments_of
from opsbot.app.runs.came_to import CameTo, of_entry
from opsbot.app.runs.change import Told
from opsbot.app.runs.claim import Claimed, former_id, request_id
from opsbot.app.runs.first import name
from opsbot.app.runs.meant import (
    Arguments,
    CaptureArguments,
    IncidentArguments,
    KillArguments,
    RestoreArguments,
    RollbackArguments,
    RouteArguments,
    VerifyArguments,
    WaitArguments,
)
from opsbot.app.runs.outcome import Attempt, Outcome, decide_outcome, refused_words
from opsbot.app.runs.params import workflow_of
from opsbot.app.runs.perform import Doing, Perform, said_before
from opsbot.app.runs.read import Reader
from opsbot.app.runs.said_params import opened_params, without
from opsbot.app.runs.sight import incident_of
from opsbot.app.runs.tells import is_told, stands_now
from opsbot.domain.actor import SCHEDULER, Actor
from opsbot.domain.change import Change
from opsbot.domain.errors import NotAllowed, Refused, UnknownApproval, UnknownRun
from opsbot.domain.policy.explain import actor_named
from opsbot.domain.run import Act, Run
from opsbot.domain.runbook import Runbook
from opsbot.domain.state import State

WATCH_S: Final = 5.0
"""How often an approval that something waits for is looked at, in seconds."""

SOON_S: Final = 1.0
NOT_DONE: Final = "it was not done: opsbot stopped before it was"
HALF_DONE: Final = (
    "what it says of the incident stands there; that it is {status} does not."
    " Pressed again it does that alone"
)
TOO_LATE: Final = "whether it was done cannot be told any more: look at what is so"
REMEMBERED_MS: Final = 20 * 3_600_000
"""For so long the store surely knows what was committed under a request id (a day)."""

BY_POLICY: Final = (
    "It was tried again after a crash, by what the policy says of who pressed it:"
    " Slack groups are not known then. One press does it again."
)
"""Why somebody who may is refused when nobody presses: their groups come with a press alone."""

FRESH_MS: Final = 10 * 60_000
"""How old a press may be that is still done by itself: nobody expects a kill an hour later."""

_TOLD: Final = (KillArguments, RestoreArguments, RollbackArguments, RouteArguments)
"""What changes something for users: everybody reads who did it, and the reason."""

_AGAIN: Final = (KillArguments, CaptureArguments, VerifyArguments)
"""
What is done again by itself after a crash: under the same request id a kill is one kill, and looking
changes nothing. A page never is: whether it went out is read back.
"""


@dataclass(frozen=True, slots=True)
class Acts:
    """Does what was claimed, and settles what nobody knows the end of."""

    env: Environment
    reader: Reader
    perform: Perform

    async def do(self, claimed: Claimed, actor: Actor) -> Told:
        """
        Do what was claimed and note what it came to.

        Raises:
            Refused: policy, or what is so now; noted as failed. Unsure: settled when its claim runs out.
        """
        book = await self.reader.book(claimed.run, titled=True)
        attempt = Attempt(claimed.run.id, claimed.key, claimed.attempt, book, actor)
        act = claimed.run.acts[claimed.key]
        given = _given(claimed.run, book, attempt)
        assert given is not None, "it was read when it was claimed"
        doing = await self._doing(claimed.run, attempt, given, act, actor)
        try:
            outcome = await self._done(claimed.run, attempt, doing)
        except Refused as no:
            await self._noted(attempt, Outcome("failed", "", refused_words(no)))
            raise
        return await self._noted(attempt, outcome)

    async def __call__(self, delivery: Delivery) -> None:
        """
        Settle one action whose claim ran out, or look again at one that waits: the handler `run_act`.

        Raises:
            RetryLater: it is not over. StoreLost: it is delivered again.
        """
        body = delivery.effect.body
        await self.settle(str(body["run"]), str(body["about"]))

    async def settle(self, run_id: str, key: str) -> None:
        """Bring one action to what is really so. Raises as `__call__`."""
        try:
            run = (await self.env.store.refresh()).run(run_id)
        except UnknownRun:
            return
        book = await self.reader.known(run)
        act = run.acts.get(key)
        if act is None:
            return
        attempt = Attempt(run.id, key, act.attempt, book, SCHEDULER)
        if act.state == "executing":
            run = await self._overdue(attempt)
            act = run.acts[key]
        given = _given(run, book, attempt)
        if act.state == "unknown":
            await self._unknown(run, attempt, act, given)
        elif act.state == "waiting":
            await self._waiting(run, attempt, act, given)

    async def _overdue(self, attempt: Attempt) -> Run:
        """Note that nobody knows, once the claim has run out; the store's clock says when."""

        def decide(state: State, now_ms: int) -> tuple[Change | None, tuple[Run, int]]:
            run = state.run(attempt.run)
            act = attempt.of(run)
            if act is None or act.state != "executing":
                return None, (run, 0)
            left_ms = (act.until_ms or 0) - now_ms
            if left_ms > 0:
                return None, (run, left_ms)
            change, told = decide_outcome(
                state,
                now_ms,
                attempt,
                Outcome("unknown", act.result, "nobody knows what came of it"),
            )
            return change, (told.run, 0)

        rid = f"{self._rid(attempt)}:overdue"
        _, (run, left_ms) = await self.env.store.commit(rid, decide)
        if left_ms:
            raise RetryLater("it is being done", after_s=left_ms / 1000)
        return self.env.store.state.run(run.id)

    async def _unknown(self, run: Run, attempt: Attempt, act: Act, given: Arguments | None) -> None:
        """Read back what is so; do again only what is one whatever the number of times, while it is walked."""
        rid = self._rid(attempt)
        came_to = CameTo(self.env)
        former = former_id(run, attempt.key, attempt.attempt)
        entry = await came_to.entry(rid) or await came_to.entry(former)
        if entry is not None and entry.verb != "run_act":
            came = of_entry(entry)
            if not is_told(came.result):  # of a message it says how far that is
                came = replace(came, detail="read back: it was done")
            if isinstance(given, IncidentArguments) and await self._walked(run):
                came = await self._rest(run, attempt, act, given, came)
            await self._noted(attempt, came)
            return
        age_ms = self.env.clock.now_ms() - act.at_ms
        if age_ms > REMEMBERED_MS:
            await self._noted(attempt, Outcome("failed", "", TOO_LATE))
            return
        again = isinstance(given, _AGAIN) and not attempt.back and age_ms <= FRESH_MS
        if given is not None and again and await self._walked(run):
            await self._again(run, attempt, act, given)
            return
        not_done = await self._not_done(run, attempt, given)
        # Under its own request id: whoever is still at work on it finds that it was settled.
        done, _ = await self.env.store.commit(
            rid,
            lambda state, now_ms: decide_outcome(
                state, now_ms, attempt, Outcome("failed", "", not_done)
            ),
        )
        if done is not None and done.repeated:
            raise RetryLater("it was done at the last moment", after_s=SOON_S)

    async def _not_done(self, run: Run, attempt: Attempt, given: Arguments | None) -> str:
        """Return what is said of an action that was not done, or only in part."""
        if isinstance(given, IncidentArguments):
            said = said_before(run, attempt.key, given)
            if said and await CameTo(self.env).entry(said) is not None:
                return HALF_DONE.format(status=given.status)
        return NOT_DONE

    async def _walked(self, run: Run) -> bool:
        """Return whether a run is walked at this moment: for one that is over nothing is done any more."""
        return (await self.env.store.refresh()).run(run.id).open

    async def _rest(
        self, run: Run, attempt: Attempt, act: Act, given: IncidentArguments, came: Outcome
    ) -> Outcome:
        """Say what a step says beside opening an incident, where it was opened and no more than that."""
        if run.incident or not came.result.startswith("INC-"):
            return came
        return await self.perform.rest(await self._as_pressed(run, attempt, act, given), came)

    async def _as_pressed(self, run: Run, attempt: Attempt, act: Act, given: Arguments) -> Doing:
        """Return an attempt as of who pressed it, under policy as it is now."""
        policy = policy_of(self.env.store.state)
        actor = replace(actor_named(policy, act.by.rpartition(":")[2]), via="timer")
        return await self._doing(run, attempt, given, act, actor)

    async def _again(self, run: Run, attempt: Attempt, act: Act, given: Arguments) -> None:
        """Do it under the same request id, for who pressed it and under policy as it is now."""
        doing = await self._as_pressed(run, attempt, act, given)
        try:
            outcome = await self.perform(doing)
        except NotAllowed as no:
            outcome = Outcome("failed", "", f"{refused_words(no, limit=200)} {BY_POLICY}")
        except Refused as no:
            outcome = Outcome("failed", "", refused_words(no))
        await self._noted(attempt, outcome)

    async def _waiting(self, run: Run, attempt: Attempt, act: Act, given: Arguments | None) -> None:
        if isinstance(given, (WaitArguments, VerifyArguments)) and not run.open:
            return  # nobody waits for that any more
        if isinstance(given, WaitArguments):
            await self._time(attempt)
        elif is_told(act.result):
            await self._told(attempt, act)
        elif isinstance(given, VerifyArguments):
            await self._again(run, attempt, act, given)
            left = self.env.store.state.run(run.id).acts[attempt.key]
            if left.state == "waiting" and left.until_ms == act.until_ms:
                raise RetryLater("it has to stay so", after_s=SOON_S)
        else:
            await self._approved(attempt, act)

    async def _time(self, attempt: Attempt) -> None:
        def decide(state: State, now_ms: int) -> tuple[Change | None, int]:
            act = attempt.of(state.run(attempt.run))
            left_ms = 0 if act is None else (act.until_ms or 0) - now_ms
            if act is None or left_ms > 0:
                return None, max(left_ms, 0)
            change, _ = decide_outcome(
                state, now_ms, attempt, Outcome("done", "", "the time is over")
            )
            return change, 0

        _, left_ms = await self.env.store.commit(f"{self._rid(attempt)}:over", decide)
        if left_ms:
            raise RetryLater("its time is not over", after_s=left_ms / 1000)

    async def _told(self, attempt: Attempt, act: Act) -> None:
        """Look how the message stands that an action waits for; whatever changes it has it looked at again."""

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            outcome = stands_now(state, act)
            if outcome.state == "waiting":
                return None, None
            return decide_outcome(state, now_ms, attempt, outcome)[0], None

        await self.env.store.commit(f"{self._rid(attempt)}:told:{act.version}", decide)

    async def _approved(self, attempt: Attempt, act: Act) -> None:
        """Look how the approval stands that an action waits for."""

        def decide(state: State, now_ms: int) -> tuple[Change | None, bool]:
            outcome = _standing(state, act, now_ms)
            if outcome is None:
                return None, True
            change, _ = decide_outcome(state, now_ms, attempt, outcome)
            return change, False

        rid = f"{self._rid(attempt)}:settled"
        _, pending = await self.env.store.commit(rid, decide)
        if pending:
            raise RetryLater("it waits for a second person", after_s=WATCH_S)

    async def _done(self, run: Run, attempt: Attempt, doing: Doing) -> Outcome:
        if not attempt.back:
            return await self.perform(doing)
        forth = run.act(attempt.step, attempt.number)
        assert forth is not None
        return await self.perform.back(doing, forth.result)

    async def _noted(self, attempt: Attempt, outcome: Outcome) -> Told:
        rid = f"{self._rid(attempt)}:{outcome.state}:{outcome.until_ms or 0}"
        texts = await opened_params(self.env, self.env.store.state.run(attempt.run))
        outcome = replace(outcome, detail=without(outcome.detail, texts))
        _, told = await self.env.store.commit(
            rid, lambda state, now_ms: decide_outcome(state, now_ms, attempt, outcome)
        )
        return replace(
            told, run=self.env.store.state.run(attempt.run), note=outcome.note or outcome.detail
        )

    async def _doing(
        self, run: Run, attempt: Attempt, given: Arguments, act: Act, actor: Actor
    ) -> Doing:
        book, rid = attempt.book, self._rid(attempt)
        incident = incident_of(self.env.store.state, run)
        private = incident is not None and incident.private
        if private and isinstance(given, _TOLD):
            book = await self.reader.unnamed(run)
        step = book.step(attempt.step)
        assert step is not None
        if private and isinstance(given, _TOLD):
            said = step.actions[attempt.number - 1].arguments.get("reason", "")
            given = replace(given, reason=" ".join(str(said).split()))
        return Doing(run, step, given, act, actor, rid, private, attempt.key)

    def _rid(self, attempt: Attempt) -> str:
        return request_id(self.env.store.state.run(attempt.run), attempt.key, attempt.attempt)


def _given(run: Run, book: Runbook, attempt: Attempt) -> Arguments | None:
    step = book.step(attempt.step)
    if step is None or attempt.number > len(step.actions):
        return None
    action = step.actions[attempt.number - 1]
    try:
        return arguments_of(action.verb, action.arguments, workflow=workflow_of(run, book))
    except BadArguments:
        return None


def _standing(state: State, act: Act, now_ms: int) -> Outcome | None:
    """Return how something that waits for a second person ended, None while it waits."""
    if not act.result:
        return Outcome("failed", "", "what it waits for cannot be read any more")
    try:
        one = state.approval(act.result)
    except UnknownApproval:
        return Outcome("failed", act.result, f"{act.result} is not known any more")
    if one.standing == "approved":
        return Outcome("done", one.id, f"{one.id} approved by {name(state, one.approver)}")
    if one.standing == "pending" and now_ms < one.expires_ms:
        return None
    how = "expired" if one.standing == "pending" else one.standing
    by = f" by {name(state, one.approver)}" if one.approver and how == "refused" else ""
    return Outcome("failed", one.id, f"{one.id} {how}{by}")
