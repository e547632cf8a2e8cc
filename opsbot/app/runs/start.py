"""What beginning a run comes to on one state: which runbook, for what, and who leads. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.incident.power import may_work
from opsbot.app.incident.requests import Which
from opsbot.app.incident.sight import found as incident_found
from opsbot.app.incident.sight import sees
from opsbot.app.look import may_look
from opsbot.app.numbers import next_number, numbered
from opsbot.app.runs.change import Told, at_next, beside, changed
from opsbot.app.runs.lanes import first_steps
from opsbot.app.runs.outline import outline
from opsbot.app.runs.params import params_for
from opsbot.app.runs.power import may_begin, workflows_of
from opsbot.app.runs.requests import StartRun
from opsbot.app.target import nearest
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Json, Sealed, Write
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, RunOpen, UnknownRunbook
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.run import Run, RunMode, RunStatus
from opsbot.domain.runbook import Runbook
from opsbot.domain.said import inert
from opsbot.domain.state import TEXTS, State
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class Starting:
    """
    One request with what was read and drawn beforehand.

    *follows* is the run that it supersedes, *lead* who led that. *said* are commitments to what was
    given in people's own words, by name.
    """

    request: StartRun
    actor: Actor
    uid: str
    book: Runbook
    follows: str = ""
    lead: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    sealed: tuple[Sealed, ...] = ()


def book_named(known: Mapping[str, Runbook], word: str) -> Runbook:
    """
    Return the runbook that a word names; an imported one also without its folder.

    Raises:
        UnknownRunbook: nearest names. NeedsMoreWords: none was named.
    """
    name = word.strip().removesuffix(".md")
    if not name:
        raise NeedsMoreWords(
            "Name a runbook; nothing was begun.",
            hint=f"{command('runbook catalogue')} lists them.",
        )
    for one in (name, name.lower(), f"imported/{name}"):
        if one in known:
            return known[one]
    near = " or ".join(f"`{one}`" for one in nearest(name, known))
    raise UnknownRunbook(
        f"There is no runbook `{inert(name, limit=80)}`; nothing was begun.",
        hint=f"Did you mean {near}?" if near else f"{command('runbook catalogue')} lists them.",
    )


def decide_start(state: State, now_ms: int, order: Starting) -> tuple[Change | None, Told]:
    """
    Decide one beginning; asked again with the same uid, it is what was begun the first time.

    Raises:
        UnknownIncident, UnknownWorkflow, NeedsMoreWords, NotAllowed: nothing was begun.
        IllegalMove: the incident is over, or the page is no procedure. RunOpen: it is walked already.
    """
    may_look(policy_of(state), order.actor)
    made = next((one for one in state.runs() if one.uid == order.uid), None)
    if made is not None:
        return None, Told(made)
    request, book = order.request, order.book
    incident = _incident(state, order)
    _must_be_walkable(book)
    params = params_for(state, book, request.params, incident)
    rule = _rule(state, now_ms, order, incident, params)
    way = _in_the_way(state, order, incident)
    run = _run(state, now_ms, order, incident, params)
    same = (one.id for one in way if one.runbook == book.name)
    run = replace(run, follows=run.follows or next(same, ""))
    facts: dict[str, Json] = {"runbook": book.name, "digest": book.digest, "mode": run.mode}
    change, run = changed(
        state, now_ms, None, run, book, order.actor, verb="run_start", rule=rule,
        facts={**facts, **({"made_way": [one.id for one in way]} if way else {})},
        sealed=order.sealed,
    )  # fmt: skip
    own = Change("run_start", order.actor, (numbered(state, "run"), *_text(state, book)))
    change = beside(beside(change, own), _made_way(state, now_ms, way, run.follows, order.actor))
    return change, Told(run, " ".join(_noted(run, request, way)))


def _noted(run: Run, request: StartRun, way: tuple[Run, ...]) -> Iterator[str]:
    if run.mode != request.mode:
        yield f"{run.incident} is a drill, and so is this run."
    for one in way:
        what = "practised" if one.mode == "drill" else "was only looked through"
        yield f"{one.id}, in which `{one.runbook}` {what}, made way and is over."


def _text(state: State, book: Runbook) -> tuple[Write, ...]:
    known = book.digest in state.kind(TEXTS)
    return () if known else (Write(TEXTS, book.digest, outline(book)),)


def _incident(state: State, order: Starting) -> Incident | None:
    request, actor = order.request, order.actor
    if request.incident:
        incident = incident_found(state, actor, Which(request.incident))
        if not incident.open and request.mode != "show":
            raise IllegalMove(
                f"{incident.id} is {incident.status}; nothing was begun.",
                hint="Reopen it first, or walk it as a `drill` without an incident.",
            )
        return incident
    here = (
        one
        for one in state.open_incidents()
        if request.channel and one.room.own and one.room.channel == request.channel
    )
    return next((one for one in here if sees(state, one, actor)), None)


def _must_be_walkable(book: Runbook) -> None:
    if book.readable or not book.steps:
        raise IllegalMove(
            f"`{book.name}` is a page to read, not a procedure; nothing was begun.",
            hint=f"Read it: {command(f'runbook read {book.name}')}.",
        )


def _rule(
    state: State,
    now_ms: int,
    order: Starting,
    incident: Incident | None,
    params: Mapping[str, str],
) -> str:
    if incident is not None:
        return may_work(state, incident, order.actor, now_ms)
    if order.request.mode == "show":
        return "show"
    return may_begin(state, workflows_of(state, params.values()), order.actor, now_ms)


def _in_the_way(state: State, order: Starting, incident: Incident | None) -> tuple[Run, ...]:
    """
    Return the walks that make way for this one: what is real takes the place of practice and of a look.

    Raises:
        RunOpen: two people at night begin the same one; the second goes on with the first's.
    """
    mode = _mode(order.request, incident)
    beside = tuple(
        one
        for one in state.open_runs()
        if one.id != order.follows and _same_place(one, order, incident)
    )
    for one in beside:
        real = mode == "show" and one.mode != "show"
        if real or (_RANK[one.mode] >= _RANK[mode] and one.runbook == order.book.name):
            raise _taken(one, order, real=real)
    weaker = (one for one in beside if _RANK[one.mode] < _RANK[mode])
    return tuple(one for one in weaker if one.mode == "show" or one.runbook == order.book.name)


_RANK: Final[Mapping[RunMode, int]] = {"show": 0, "drill": 1, "live": 2}
"""Which walk makes way for which: a look for anything, practice for what is real."""


def _taken(one: Run, order: Starting, *, real: bool) -> RunOpen:
    of = f" for {one.incident}" if one.incident else " here"
    if real:
        return RunOpen(
            f"{one.id} walks `{one.runbook}`{of}, and a look would stand in its way; nothing was begun.",
            hint=f"Read it whole: {command(f'runbook read {order.book.name}')}.",
        )
    return RunOpen(
        f"{one.id} walks `{one.runbook}`{of} already; nothing was begun.",
        hint=f"Go on with it: {command(f'runbook show {one.id}')}.",
    )


def _same_place(run: Run, order: Starting, incident: Incident | None) -> bool:
    if incident is not None:
        return run.incident == incident.id
    return not run.incident and bool(run.channel) and run.channel == order.request.channel


def _made_way(
    state: State, now_ms: int, runs: tuple[Run, ...], follows: str, actor: Actor
) -> Change | None:
    """Return the change that ends what made way, in the commit of what took its place."""
    change: Change | None = None
    for one in runs:
        status: RunStatus = "superseded" if one.id == follows else "abandoned"
        ended = replace(one, status=status, ended_ms=now_ms)
        more, _ = changed(state, now_ms, one, ended, NOTHING, actor, verb="run_start")
        change = beside(more, change)
    return change


NOTHING: Final = Runbook("", "", "", "")
"""What a walk that is over is due by: nothing."""


def _mode(request: StartRun, incident: Incident | None) -> RunMode:
    """Return how it is walked: what practises an incident changes nothing in production."""
    practised = incident is not None and incident.drill
    return "drill" if practised and request.mode == "live" else request.mode


def _run(
    state: State,
    now_ms: int,
    order: Starting,
    incident: Incident | None,
    params: Mapping[str, str],
) -> Run:
    by = identity_of(policy_of(state), order.actor)
    lead = "" if incident is None else incident.roles.get("commander", "")
    return Run(
        id=f"RUN-{next_number(state, 'run')}",
        uid=order.uid,
        at=at_next(state),
        begun_at=at_next(state),
        runbook=order.book.name,
        digest=order.book.digest,
        begun_by=by,
        begun_ms=now_ms,
        via=order.actor.via,
        incident="" if incident is None else incident.id,
        channel=order.request.channel,
        mode=_mode(order.request, incident),
        imported=order.book.imported,
        params={name: one for name, one in params.items() if name not in order.said},
        said=dict(order.said),
        focus=first_steps(order.book),
        commander=lead or order.lead or by,
        lead_ms=now_ms,
        follows=order.follows,
    )
