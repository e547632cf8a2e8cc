"""Words to one person about a run: a step to take, the lead to take, and what is late; said once each, while true."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.words import lasted
from opsbot.app.ports import Chat, Delivery, Render
from opsbot.app.reach import slack_ids, tell_each
from opsbot.app.runs.effects import LOOK_ENDS, LOOK_MS, due_now
from opsbot.app.runs.ends import look_over
from opsbot.app.runs.first import titled
from opsbot.app.runs.held import kills_of
from opsbot.app.runs.press import value
from opsbot.app.runs.read import Reader
from opsbot.app.runs.sight import aware
from opsbot.app.runs.view import RunView, StepView
from opsbot.app.runs.words import catchup_said
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Record
from opsbot.domain.errors import UnknownRun, UnreadableRunbook
from opsbot.domain.run import Run
from opsbot.domain.said import Button, Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

Words = tuple[str, tuple[str, ...], tuple[str, ...], tuple[Button, ...]]
"""What is the matter, more lines, whom to tell, and what they can press."""


@dataclass(frozen=True, slots=True)
class RunTold:
    """The effect handlers `run_told` and `run_remind`; what is over by the time it runs is not told."""

    env: Environment
    reader: Reader
    chat: Chat
    render: Render

    async def told(self, delivery: Delivery) -> None:
        """
        Tell one person what was asked of them.

        Raises:
            RetryLater, GiveUp: from the port; people already told are found by their key.
        """
        body = delivery.effect.body
        view = await self._view(str(body["run"]))
        kills = () if view is None else kills_of(self.env.store.state, view.run)
        if view is not None and (words := _asked(view, body, kills)) is not None:
            await self._say(view, words, key=delivery.effect.key)

    async def remind(self, delivery: Delivery) -> None:
        """Say one thing that is late, where it still is; a look with which nobody goes on is ended. Raises as `told`."""
        body = delivery.effect.body
        run_id, what, about = (str(body[one]) for one in ("run", "what", "about"))
        if f"{what}:{about}" == LOOK_ENDS:
            await self._look_over(run_id, delivery.effect.key)
            return
        view = await self._view(run_id)
        if view is None or f"{what}:{about}" not in due_now(view.run, view.book):
            return
        step_id, _, nth = about.rpartition(":")
        if step_id and view.step(step_id) is None:
            return  # a newer revision has no such step any more
        words = _LATE[what](view, view.step(step_id), int(nth))
        rid = f"remind:{delivery.effect.key}"

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            return _noted(state, view.run, what, step_id, int(nth)), None

        await self.env.store.commit(rid, decide)
        await self._say(view, words, key=delivery.effect.key)

    async def _look_over(self, run_id: str, key: str) -> None:
        text, sealed = self.env.sealed(f"nobody went on with it for {LOOK_MS // 3_600_000} h")

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            return look_over(state, now_ms, run_id, text, sealed), None

        await self.env.store.commit(f"look:{key}", decide)

    async def _view(self, run_id: str) -> RunView | None:
        """Return a run that is walked, None where there is none any more."""
        try:
            run = (await self.env.store.refresh()).run(run_id)
            return await self.reader.view(run) if run.open else None
        except (UnknownRun, UnreadableRunbook):
            return None

    async def _say(self, view: RunView, words: Words, *, key: str) -> None:
        what, lines, whom, buttons = words
        state = self.env.store.state
        known = aware(state, view.run, dict.fromkeys(one for one in whom if one))
        people = slack_ids(policy_of(state), known)
        if not people:
            return
        private = " \u00b7 private" if view.private else ""
        of = f" \u00b7 {view.run.incident}" if view.run.incident else ""
        title = f"{view.run.id}{of}{private}: {what} in {self.env.name}"
        said = Said("amber", title, lines, buttons, channel=view.channel)
        await tell_each(self.chat, people, self.render(said), key=key)


def _asked(view: RunView, body: Record, kills: tuple[str, ...]) -> Words | None:
    run, to = view.run, str(body["to"])
    if body["what"] == "lead":
        if run.offer != to:
            return None
        lines = (
            *catchup_said(view, kills).lines,
            f"Until you accept, {view.commander or 'nobody'} leads it.",
            f"Accept or decline: {command(f'runbook handover accept {run.id}')}.",
        )
        return f"{view.commander} hands the lead to you", lines, (to,), _lead_buttons(run)
    step = view.step(str(body["step"]))
    if step is not None and body["what"] == "blocked":
        return _waits(view, step, to)
    if step is None or step.mark.offered != to:
        return None
    return _offer(view, step, (to,))


def _waits(view: RunView, step: StepView, to: str) -> Words | None:
    if step.state != "blocked" or to not in step.mark.waits:
        return None
    run = view.run
    lines = (
        f"{step.by} says: {inert(step.on)}." if step.on else f"{step.by} says so.",
        "Until it is taken up again, its step stays undone.",
        f"When it is there: {command(f'runbook unblock {run.id} {step.step.id}')}.",
    )
    return f"{titled(step.step)} waits for you", lines, (to,), (_show(run),)


def _offer(view: RunView, step: StepView, whom: tuple[str, ...]) -> Words:
    lines = (
        f"Expect: {inert(step.step.title, limit=80)}."
        if step.planned_ms is None
        else f"It should take {lasted(step.planned_ms)}.",
        "It is yours once you accept.",
    )
    return f"take {titled(step.step)}?", lines, whom, _step_buttons(view.run, step)


def _offer_late(view: RunView, step: StepView | None, nth: int) -> Words:
    assert step is not None
    if nth == 1:
        return _offer(view, step, (step.mark.offered,))
    words = f"{step.offered} has not accepted {titled(step.step)}"
    lines = ("Ask somebody else, or take it yourself.",)
    return words, lines, tuple(view.commanders), (_show(view.run),)


def _slow(view: RunView, step: StepView | None, nth: int) -> Words:
    assert step is not None
    took = lasted(step.elapsed_ms or 0)
    planned = lasted(step.planned_ms or 0)
    words = f"{titled(step.step)} takes {took}, planned were {planned}"
    lines = ("Done, blocked, or in need of help? Say it on the step.",)
    holder = step.mark.assignee
    whom = (holder,) if nth == _FIRST and holder else tuple(view.commanders)
    return words, lines, whom, (_show(view.run),)


def _recheck(view: RunView, step: StepView | None, nth: int) -> Words:
    assert step is not None
    words = f"{titled(step.step)} is blocked: look again"
    on = f"It waits for: {inert(step.on)}." if step.on else "Nobody said what it waits for."
    lines = (on, f"Take it up: {command(f'runbook unblock {view.run.id} {step.step.id}')}.")
    whom = (step.mark.assignee,) if step.mark.assignee else tuple(view.commanders)
    return words, lines, whom, (_show(view.run),)


def _lead_late(view: RunView, step: StepView | None, nth: int) -> Words:
    led = lasted(view.now_ms - (view.run.lead_ms or view.run.begun_ms))
    if nth == 1:
        words = f"you have led it for {led}; hand it over?"
        lines = ("Tired people miss things. Who takes it has to accept.",)
    else:
        words = f"you have led it for {led}; hand it over now"
        lines = ("Three hours are the most that one person should lead. Name somebody.",)
    more = f"To hand over: {command(f'runbook handover {view.run.id} @somebody')}."
    return words, (*lines, more), (view.run.commander,), (_show(view.run),)


_FIRST: Final = 2
"""At twice its time who has a step is asked, then the commander."""

_LATE: Final[Mapping[str, Callable[[RunView, StepView | None, int], Words]]] = {
    "offer": _offer_late,
    "slow": _slow,
    "recheck": _recheck,
    "lead": _lead_late,
}


def _noted(state: State, run: Run, what: str, step: str, nth: int) -> Change | None:
    facts: dict[str, str | int] = {"run": run.id, "what": what, "step": step, "nth": nth}
    if run.incident:
        facts["incident"] = run.incident
    return Change("run_reminded", SCHEDULER, rule="system", facts=facts)


def _step_buttons(run: Run, step: StepView) -> tuple[Button, ...]:
    at = value(run, step.step.id)
    return (
        Button("run_accept", "I take it", at, "primary"),
        Button("run_decline", "I cannot", at),
    )


def _lead_buttons(run: Run) -> tuple[Button, ...]:
    return (
        Button("run_lead_accept", "I have command", value(run), "primary"),
        Button("run_lead_decline", "I cannot", value(run)),
    )


def _show(run: Run) -> Button:
    return Button("run_catchup", "Catch me up", value(run))
