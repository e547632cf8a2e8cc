"""What stands in the way of a message: its stage, its slots, and what is so outside. Pure."""

from collections.abc import Iterator
from typing import Final

from opsbot.app import route_state
from opsbot.app.comms.sheet.now import SAID, moved, standing
from opsbot.app.fleet.words import clock, moment
from opsbot.domain.comms.cadence import FINAL
from opsbot.domain.comms.facts import slots_needed
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.templates import STAGES, Stage, Template
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, Unpublishable
from opsbot.domain.incident.flow import NOT_COUNTED
from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.route import Number, Revision
from opsbot.domain.routing import Routing
from opsbot.domain.state import ROUTES, State
from opsbot.domain.typed import command

_RED: Final = frozenset({"red", "hard_red"})


def must_answer(template: Template) -> None:
    """
    Go on where a template's words answer what users ask at its stage.

    Raises:
        Unpublishable: names what they leave open.
    """
    if template.audience != "users":
        return
    missing = slots_needed(template.stage, holding=template.holding) - template.slots
    if missing:
        listed = ", ".join(f"`{one}`" for one in sorted(missing))
        raise Unpublishable(
            f"`{template.name}` does not say {listed}, and users ask for that at `{template.stage}`;"
            " nothing was written.",
            hint="Take another template, or have these words added to it.",
        )


def must_step(before: Stage | None, after: Stage, *, why: str, audience: str) -> None:
    """
    Go on where a message of stage *after* may follow what an audience was told; back takes a reason.

    Raises:
        NeedsMoreWords: it steps back without one.
    """
    if before is None or after == "correction" or why:
        return
    if STAGES.index(after) < STAGES.index(before):
        raise NeedsMoreWords(
            f"{audience.capitalize()} were told `{before}` already; `{after}` steps back. Nothing was"
            " changed.",
            hint="Say why: `back:the fix did not hold`.",
        )


def must_be_real(incident: Incident) -> None:
    """
    Go on for an incident of which anybody is told.

    Raises:
        IllegalMove: nobody accepted it, or it was none.
    """
    if incident.status == "triage":
        raise IllegalMove(
            f"{incident.id} waits to be accepted, so nobody is told of it yet; nothing was changed.",
            hint=f"Accept it: {command(f'incident accept {incident.id}')}.",
        )
    if incident.status in NOT_COUNTED:
        raise IllegalMove(
            f"{incident.id} is {incident.status}: nobody is told of it. Nothing was changed.",
            hint=f"Write it for {incident.duplicate_of}." if incident.duplicate_of else "",
        )


def obstacles(state: State, now_ms: int, message: Message) -> tuple[str, ...]:
    """Return what keeps a message from going out now, beside approvals and words; whole sentences."""
    return tuple(_obstacles(state, now_ms, message))


def _obstacles(state: State, now_ms: int, message: Message) -> Iterator[str]:
    incident = state.incident(message.incident)
    if message.next_ms is not None and message.next_ms <= now_ms:
        yield (
            f"It promises the next update by {clock(message.next_ms)}, and that is over: edit it, and"
            " it promises a new one."
        )
    rhythm = state.comms(incident.id).rhythm(message.audience)
    if rhythm.newest not in ("", message.id) and state.message(rhythm.newest).sha == message.sha:
        yield f"{rhythm.newest} says exactly this, and {message.audience} read it already."
    try:
        must_step(rhythm.stage, message.stage, why=message.why, audience=message.audience)
    except NeedsMoreWords as back:
        yield f"{back.message.replace(' Nothing was changed.', '')} {back.hint}"
    yield from _outrun(state, incident, message)
    if message.stage == "resolved" and not message.stays_off:
        yield from not_over(state, now_ms, incident)


def _outrun(state: State, incident: Incident, message: Message) -> Iterator[str]:
    """Yield what a message says that was so when it was written, and is not so any more."""
    now = standing(state, incident).word
    if message.claims and moved(message.claims, now):
        said = SAID["" if message.claims == "on" else message.claims]
        yield f"It says {said}, and by now it is so {SAID[now]}: edit it, and it says how it is."
    rhythm = state.comms(incident.id).rhythm(message.audience)
    if message.stage == "correction" and message.next_ms is not None and rhythm.stage in FINAL:
        last = state.message(rhythm.newest)
        if (last.published_ms or 0) > message.made_ms:
            yield (
                f"It says when the next update comes, and {last.id} was the last word since: edit it,"
                " and it says nothing of it."
            )


def not_over(state: State, now_ms: int, incident: Incident) -> Iterator[str]:
    """
    Yield why an incident is not over, as far as that can be checked, each as a whole sentence.

    Kills are; what the fleet serves is where its workflows have a route, and its evidence where they
    have gates. Everything else is a person's word.
    """
    for kill in holding(state, incident):
        off = "say that the feature stays off, or restore it first"
        yield f"{kill.id} still holds: {off}: {command(f'restore {kill.id}')}."
    for name in incident.workflows:
        if name in state.kind(ROUTES) and name in state.workflows():
            yield from _route(state, now_ms, incident, name)


def holding(state: State, incident: Incident) -> tuple[Kill, ...]:
    """Return the active kills of an incident, and any other that touches one of its workflows."""
    declared = state.workflows()
    own = [one for one in state.active_kills() if one.id in incident.kills]
    more = [
        kill
        for name in incident.workflows
        if name in declared
        for kill in route_state.killing(state, declared[name])
    ]
    return tuple({kill.id: kill for kill in (*own, *more)}.values())


def _route(state: State, now_ms: int, incident: Incident, name: str) -> Iterator[str]:
    routing, look = state.routing(name), command(f"route {name}")
    bad = turned_away(state, routing, incident)
    for number in _serving(routing):
        one = state.revision(name, number)
        if one.hash in bad:
            yield f"`{name}` serves {one.id} again, which was taken back in this incident: {look}."
    if routing.confirmed_ms is None and _moved(state, routing):
        since = moment(routing.committed_ms, now_ms)
        yield (
            f"`{name}`: not every instance has confirmed {routing.id} since {since}, so some may serve"
            f" what was before: {look}."
        )
    yield from _evidence(state, now_ms, routing, look)


def _moved(state: State, routing: Routing) -> bool:
    """Return whether what serves was ever changed: what a workflow began with is waited for by nobody."""
    return routing.committed_ms > state.revision(routing.workflow, Number(1)).at_ms


def _evidence(state: State, now_ms: int, routing: Routing, look: str) -> Iterator[str]:
    workflow = state.workflows()[routing.workflow]
    for number in _serving(routing):
        for one in route_state.evidence(state, workflow, f"r{number}", now_ms):
            if one.colour in _RED:
                yield f"`{routing.workflow}` r{number}: {one.brief}: {look}."


def turned_away(state: State, routing: Routing, incident: Incident) -> frozenset[str]:
    """Return the contents, by their hash, that were taken back since an incident began and are not good."""
    began = incident.times.started or incident.times.declared
    known = sorted(state.revisions(routing.workflow), key=lambda one: one.number)
    good = {state.revision(routing.workflow, routing.last_good).hash}
    backs = [one for one in known if one.back_to is not None and one.at_ms >= began]
    gone = {over.hash for back in backs for over in _over(known, back)}
    return frozenset(gone - good)


def _over(known: list[Revision], back: Revision) -> Iterator[Revision]:
    """Yield what a way back took away: everything between it and what it brought back."""
    first = back.back_to or 0
    for one in known:
        if first < one.number < back.number and one.hash != back.hash:
            yield one


def _serving(routing: Routing) -> tuple[Number, ...]:
    tried = () if routing.candidate is None else (routing.candidate.number,)
    return (routing.active, *tried)


def must_go(state: State, now_ms: int, message: Message) -> None:
    """
    Go on where nothing stands in the way of a message.

    Raises:
        Unpublishable: everything that does. IllegalMove: of its incident nobody is told.
    """
    must_be_real(state.incident(message.incident))
    found = obstacles(state, now_ms, message)
    if found:
        more = f" And {len(found) - 1} more." if len(found) > 1 else ""
        raise Unpublishable(
            f"{message.id} cannot go out: {found[0]}{more} Nothing was published.",
            hint=" ".join(found[1:]) or f"See all of it: {command(f'comms preview {message.id}')}.",
        )
