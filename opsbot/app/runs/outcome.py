"""What an action came to, noted in its run: once, and only for the attempt that it belongs to. Pure."""

from dataclasses import dataclass, replace

from opsbot.app.incident.change import changed as incident_changed
from opsbot.app.runs.attach import MOST, room
from opsbot.app.runs.auto import ticked_by_itself
from opsbot.app.runs.change import Told, beside, changed
from opsbot.app.runs.effects import ACT
from opsbot.app.runs.outline import called
from opsbot.app.runs.sight import incident_of
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Record, Sealed
from opsbot.domain.errors import Refused
from opsbot.domain.run import Act, ActState, Attached, Run
from opsbot.domain.runbook import Runbook
from opsbot.domain.said import CUT, inert
from opsbot.domain.state import State
from opsflags import keys


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    How an attempt stands.

    *until_ms* is when to look again. *since_ms*: from when on what has to stay so was so. *kept* are
    pointers that were captured: commitments with their addresses.
    *note* says what is so at this moment, for the answer: it would be a lie in the record a minute on.
    """

    state: ActState
    result: str = ""
    detail: str = ""
    until_ms: int | None = None
    since_ms: int | None = None
    kept: tuple[tuple[str, str], ...] = ()
    sealed: tuple[Sealed, ...] = ()
    note: str = ""


def refused_words(no: Refused, *, limit: int = CUT) -> str:
    """Return why something was refused, for the record: names stand bare in it, as its reader quotes it."""
    return inert(no.message.replace("`", ""), limit=limit)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one action of a run, with the runbook that is walked and who is behind it."""

    run: str
    key: str
    attempt: int
    book: Runbook
    actor: Actor

    @property
    def step(self) -> str:
        """Return the id of its step."""
        return self.key.partition("#")[0]

    @property
    def number(self) -> int:
        """Return the number of the action in its step."""
        return int(self.key.rpartition("#")[2].rstrip("~"))

    @property
    def back(self) -> bool:
        """Return whether it is the way back of the action."""
        return self.key.endswith("~")

    def of(self, run: Run) -> Act | None:
        """Return how the attempt stands, None where another one was made, or it has ended."""
        act = run.acts.get(self.key)
        open_ = act is not None and act.state in ("executing", "waiting", "unknown")
        return act if act is not None and act.attempt == self.attempt and open_ else None


def decide_outcome(
    state: State, now_ms: int, attempt: Attempt, outcome: Outcome
) -> tuple[Change | None, Told]:
    """Note what an attempt came to; nothing where that is noted, or another attempt was made since."""
    run = state.run(attempt.run)
    act = attempt.of(run)
    if act is None or _same(act, outcome):
        return None, Told(run)
    outcome = _fitting(run, outcome)
    after = _after(run, act, attempt, outcome, now_ms)
    step = attempt.book.step(attempt.step)
    verb = "" if step is None else step.actions[attempt.number - 1].verb
    change, after = changed(
        state, now_ms, run, after, attempt.book, attempt.actor, verb="run_act",
        facts={"step": attempt.step, "called": called(state, run, attempt.step), "action": attempt.number, "state": outcome.state,
               "attempt": attempt.attempt, "back": attempt.back, "does": verb},
        sealed=outcome.sealed,
    )  # fmt: skip
    change = beside(change, _tied(state, now_ms, run, outcome.result, attempt.actor))
    if outcome.state == "waiting" and outcome.result.startswith(("A-", "MSG-")):
        key = f"{ACT}:{run.uid}:{attempt.key}:{attempt.attempt}:{outcome.result}"
        body: Record = {"run": run.id, "what": "act", "about": attempt.key, "at_ms": 0}
        change = beside(change, Change("run_act", attempt.actor, effects=(Effect(ACT, key, body),)))
    return change, Told(after, outcome.note or outcome.detail)


def _fitting(run: Run, outcome: Outcome) -> Outcome:
    """Return an outcome with what a run takes of the pointers that were captured; what it does not is said."""
    left, found = room(run, "evidence"), len(outcome.kept)
    if found <= left:
        return outcome
    detail = f"{left} of {found} pointers kept: {run.id} has {MOST} pieces of evidence"
    kept = outcome.kept[:left]
    names = {text for text, _ in kept}
    sealed = tuple(one for one in outcome.sealed if one.commitment in names)
    return replace(outcome, state="failed", detail=detail, kept=kept, sealed=sealed, note="")


def _tied(state: State, now_ms: int, run: Run, result: str, actor: Actor) -> Change | None:
    """Return the change of the run's incident that has a kill of the run belong to it, where it does not."""
    incident = incident_of(state, run)
    if incident is None or not incident.open or incident.drill or result in incident.kills:
        return None
    if result not in state.kind(keys.KILLS):
        return None
    joined = replace(incident, kills=(*incident.kills, result))
    change, _ = incident_changed(state, now_ms, incident, joined, actor, verb="run_act")
    return change


def _after(run: Run, act: Act, attempt: Attempt, outcome: Outcome, now_ms: int) -> Run:
    ended = replace(
        act,
        state=outcome.state,
        result=outcome.result or act.result,
        detail=outcome.detail,
        until_ms=outcome.until_ms,
        since_ms=outcome.since_ms,
        version=run.version + 1,
    )
    acts = {**run.acts, attempt.key: ended}
    forth = acts.get(attempt.key.rstrip("~"))
    if attempt.back and outcome.state == "done" and forth is not None:
        undone = replace(forth, state="undone", version=run.version + 1)
        acts[attempt.key.rstrip("~")] = undone
    kept = tuple(
        Attached(
            f"a{len(run.attached) + nth}",
            attempt.step,
            text,
            act.by,
            now_ms,
            "evidence",
            url=url,
            captured=True,
        )
        for nth, (text, url) in enumerate(outcome.kept, 1)
    )
    after = replace(run, acts=acts, attached=(*run.attached, *kept))
    if outcome.result.startswith("INC-") and not run.incident:
        after = replace(after, incident=outcome.result)
    step = attempt.book.step(attempt.step)
    if step is None or outcome.state != "done" or attempt.back:
        return after
    return ticked_by_itself(after, attempt.book, step, act.by, now_ms)


def _same(act: Act, outcome: Outcome) -> bool:
    """Return whether nothing would be noted but the time of a look."""
    return (act.state, act.result, act.detail, act.until_ms) == (
        outcome.state,
        outcome.result or act.result,
        outcome.detail,
        outcome.until_ms,
    )
