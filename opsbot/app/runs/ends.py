"""How a run ends: finished, abandoned, superseded by another runbook; or goes on with a newer revision. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from opsbot.app.environment import policy_of
from opsbot.app.runs.change import Told, beside, changed
from opsbot.app.runs.effects import look_ends_ms
from opsbot.app.runs.first import titled
from opsbot.app.runs.lanes import first_steps, left_behind
from opsbot.app.runs.outline import outline
from opsbot.app.runs.power import may_walk, must_end, must_lead
from opsbot.app.runs.requests import EndRun, StartRun
from opsbot.app.runs.second import void
from opsbot.app.runs.sight import found
from opsbot.app.runs.start import NOTHING, Starting, decide_start
from opsbot.app.runs.touch import over, refuse
from opsbot.domain.actor import SCHEDULER, Actor
from opsbot.domain.change import Change, Sealed, Write
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.run import Act, Run
from opsbot.domain.runbook import LANES, LaneName, Runbook, Value
from opsbot.domain.state import TEXTS, State
from opsbot.domain.typed import command

SHOWN = 5
_BREAKS = {"abandon": "abandons a run", "switch": "goes on with another runbook"}
"""What breaks off a procedure that others are at work on."""

OTHER_NOW = "done as it stood before; another action stands here since the newer revision"


@dataclass(frozen=True, slots=True)
class Ending:
    """
    One request with what was read and drawn beforehand.

    *book* is what the run walks, *other* what it goes on with: another runbook, or a newer revision.
    *uid* is for the run that follows, *text* the commitment to the reason. *given* is what the other
    one begins with, *raw* a newer revision as its file is: *said* are commitments to what of it is in people's own words, *kept* stands beside.
    """

    request: EndRun
    actor: Actor
    book: Runbook
    uid: str
    other: Runbook | None = None
    text: str = ""
    raw: Runbook | None = None
    sealed: tuple[Sealed, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[Sealed, ...] = ()


def decide_end(state: State, now_ms: int, ending: Ending) -> tuple[Change | None, Told]:
    """
    Decide the end of a run, or what it goes on with.

    Raises:
        UnknownRun, NeedsMoreWords, NotAllowed, RunOpen: nothing was changed. StaleButton: it is over.
    """
    run, request = found(state, ending.actor, ending.request.which), ending.request
    rule = may_walk(state, run, ending.actor, now_ms)
    if not run.open:
        raise over(state, run, now_ms)
    _must_rest(run, ending.book)
    if request.act in _BREAKS:
        must_end(state, run, ending.actor, now_ms, _BREAKS[request.act])
    if request.act == "renew":
        return _renewed(state, now_ms, run, ending, rule)
    if request.act == "switch":
        return _switched(state, now_ms, run, ending, rule)
    if request.act == "abandon" and not request.words.strip():
        raise refuse(f"Say why {run.id} is abandoned", "It goes to the review.")
    note = f"{run.id} is {'finished' if request.act == 'finish' else 'abandoned'}."
    if request.act == "finish":
        _may_finish(state, run, ending)
    status = "finished" if request.act == "finish" else "abandoned"
    ended = replace(run, status=status, ended_ms=now_ms, why=ending.text)  # type: ignore[arg-type]  # one of two
    change, ended = _changed(state, now_ms, run, ended, ending, rule)
    return beside(change, void(state, now_ms, run, ending.actor)), Told(ended, note)


def look_over(
    state: State, now_ms: int, run_id: str, text: str, sealed: tuple[Sealed, ...]
) -> Change | None:
    """Return the end of a look with which nobody went on for long, None where that is not so any more; *text* says why."""
    run = next((one for one in state.open_runs() if one.id == run_id), None)
    if run is None or run.mode != "show" or now_ms < look_ends_ms(run):
        return None
    ended = replace(run, status="abandoned", ended_ms=now_ms, why=text)
    change, _ = changed(
        state, now_ms, run, ended, NOTHING, SCHEDULER,
        verb="run_end", facts={"act": "abandon"}, sealed=sealed,
    )  # fmt: skip
    return change


def _may_finish(state: State, run: Run, ending: Ending) -> None:
    """Only the commander finishes what has steps left, and says why: nothing ends unnoticed."""
    left = left_behind(run, ending.book)
    if not left or run.mode == "show":
        return
    named = ", ".join(titled(one) for one in left[:SHOWN])
    more = f" and {len(left) - SHOWN} more" if left[SHOWN:] else ""
    if not ending.request.words.strip():
        raise refuse(
            f"{len(left)} steps are not done: {named}{more}",
            "Do or skip them; or the commander finishes it, for a reason.",
        )
    must_lead(
        state, run, identity_of(policy_of(state), ending.actor), "finishes a run with steps left"
    )


def _switched(
    state: State, now_ms: int, run: Run, ending: Ending, rule: str
) -> tuple[Change, Told]:
    """Begin the other one in the same commit; evidence and kills stay where they are: with the incident."""
    if ending.other is None:
        raise refuse("Name the runbook to go on with")
    if ending.other.name == run.runbook:
        raise refuse(
            f"{run.id} walks `{run.runbook}`",
            f"For its newer revision: {command(f'runbook renew {run.id}')}.",
        )
    request = StartRun(ending.other.name, run.incident, run.channel, run.mode, ending.given)
    order = Starting(
        request, ending.actor, ending.uid, ending.other, run.id, run.commander,
        ending.said, ending.kept,
    )  # fmt: skip
    begun, told = decide_start(state, now_ms, order)
    if begun is None:
        return Change("run_end", ending.actor), told
    ended = replace(run, status="superseded", ended_ms=now_ms, why=ending.text)
    change, _ = _changed(state, now_ms, run, ended, ending, rule)
    change = beside(change, void(state, now_ms, run, ending.actor))
    note = f"{run.id} goes on as {told.run.id} with `{told.run.runbook}`."
    return beside(change, begun), Told(told.run, note)


def _renewed(
    state: State, now_ms: int, run: Run, ending: Ending, rule: str
) -> tuple[Change | None, Told]:
    """Go on with the newer revision: marks stay by the ids of steps, and each lane is where it was."""
    book = ending.other
    if book is None or book.digest == run.digest:
        return None, Told(run, "There is no newer revision; nothing was changed.")
    if book.readable or not book.steps:
        raise refuse(
            "The newer revision is a page to read, not a procedure", f"{run.id} goes on as it is."
        )
    ids = {one.id for one in book.steps}
    gone = [one for one in ending.book.steps if one.id not in ids and one.id in run.marks]
    focus: dict[LaneName, str] = {}
    for lane in LANES:
        if book.lane(lane):
            focus[lane] = _current(run, ending.book, book, lane)
    acts = {key: _kept(key, act, ending.book, book) for key, act in run.acts.items()}
    after = replace(
        run, digest=book.digest, newer="", focus=focus, acts=acts, renewed=run.version + 1
    )
    change, after = _changed(state, now_ms, run, after, replace(ending, book=book), rule)
    if book.digest not in state.kind(TEXTS):
        # As its file is: every run that walks it looks up names of its own.
        text = outline(ending.raw or book)
        more = Change("run_end", ending.actor, (Write(TEXTS, book.digest, text),))
        change = beside(change, more)
    lost = (
        f" Steps that are gone keep their marks: {', '.join(titled(one) for one in gone)}."
        if gone
        else ""
    )
    return change, Told(
        after, f"{run.id} walks the newer revision now; what was done stays done.{lost}"
    )


def _kept(key: str, act: Act, old: Runbook, new: Runbook) -> Act:
    """
    Return an action as it is known in a newer revision: what was done stays done, with what it came to.

    Another one at its place was not: it can be pressed. Attempts go on being counted: no request id is
    ever used for two things.
    """
    step, _, number = key.rstrip("~").partition("#")
    asked = _asked(new, step, int(number))
    if _asked(old, step, int(number)) == asked:
        return act
    if act.state in ("executing", "waiting", "unknown"):
        raise refuse(
            f"An action of `{step}` is not over, and is another one in the newer revision",
            "When that is settled, again.",
        )
    if asked is None or act.state != "done":
        return act
    return replace(act, older=True, detail=OTHER_NOW)


def _asked(book: Runbook, step: str, number: int) -> tuple[str, Mapping[str, Value]] | None:
    one = book.step(step)
    if one is None or number > len(one.actions):
        return None
    action = one.actions[number - 1]
    return action.verb, action.arguments


def _current(run: Run, old: Runbook, new: Runbook, lane: LaneName) -> str:
    """Return the current step of a lane in a newer revision: the same, or the next that is left."""
    now = run.focus.get(lane, "")
    steps = new.lane(lane)
    if any(one.id == now for one in steps):
        return now
    if not run.focus and steps:
        return first_steps(new).get(lane, "")
    order = [one.id for one in old.lane(lane)]
    behind = set(order[order.index(now) :]) if now in order else set()
    left = [
        one.id for one in steps if run.mark(one.id).state == "open" and not run.mark(one.id).passed
    ]
    return next((one for one in left if one in behind), left[0] if left else "")


def _must_rest(run: Run, book: Runbook) -> None:
    """Refuse what is under way, a way back and what a newer revision has no more as well."""
    for key, act in run.acts.items():
        if act.state == "executing":
            step = book.step(key.partition("#")[0])
            of = f"`{key.partition('#')[0]}`" if step is None else titled(step)
            raise refuse(f"An action of {of} is under way", "In a moment again.")


def _changed(
    state: State, now_ms: int, run: Run, after: Run, ending: Ending, rule: str
) -> tuple[Change, Run]:
    return changed(
        state, now_ms, run, after, ending.book, ending.actor, verb="run_end", rule=rule,
        facts={"act": ending.request.act}, sealed=ending.sealed,
    )  # fmt: skip
