"""The verb `clock`: start a legal clock of an incident, correct when it began, or say that it was answered."""

from dataclasses import dataclass, replace

from opsbot.app.comms.exposure.track import may_keep
from opsbot.app.comms.requests import RunClock
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.shown.instants import both
from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.effects import card
from opsbot.app.incident.legal_clocks import (
    ADVICE,
    clock_timers,
    declared_clock,
    left_words,
    quote,
    timer_names,
)
from opsbot.app.incident.sight import found
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Write
from opsbot.domain.comms.moments import Unread, read
from opsbot.domain.comms.settings import LegalClock
from opsbot.domain.comms.told import ClockRun, IncidentComms, as_record
from opsbot.domain.errors import IllegalMove, NeedsMoreWords
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.said import Said, inert
from opsbot.domain.state import COMMS, State
from opsbot.domain.typed import command

AHEAD_MS = 60_000
"""How far ahead of the store's clock another clock may be."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The use case."""

    env: Environment

    async def __call__(self, request: RunClock, actor: Actor, *, request_id: str) -> Said:
        """
        Start or answer a clock; a reminder, never advice.

        Raises:
            UnknownIncident, NotAllowed: as every change. NeedsMoreWords: no clock of that name is
            switched on, or what was typed of its beginning is no time, or could be two. IllegalMove:
            it does not run, or would begin in the future.
            StoreLost: whether it is stored is not known.
        """
        await self.env.store.refresh()
        _, (incident, clock, run) = await self.env.store.commit(
            request_id, lambda state, now_ms: decide_clock(state, now_ms, request, actor)
        )
        now_ms, zone = self.env.clock.now_ms(), settings_of(self.env.store.state).zone
        end = command(f"comms clock {incident.id} {clock.name} answered")
        more = () if run.done_ms is not None else (f"When it was answered: {end}.",)
        return Said(
            "amber" if run.done_ms is None else "plain",
            f"{incident.id}: {left_words(clock, run, now_ms)}",
            (f"It began {both(run.from_ms, zone, now_ms)}.", quote(clock), *more, ADVICE),
            body={
                "incident": incident.id,
                "clock": clock.name,
                "from_ms": run.from_ms,
                "done_ms": run.done_ms,
            },
        )


def decide_clock(
    state: State, now_ms: int, request: RunClock, actor: Actor
) -> tuple[Change | None, tuple[Incident, LegalClock, ClockRun]]:
    """Return the change of one clock; none where it is so already. Raises as `Clocks`."""
    incident = found(state, actor, request.which)
    rule = may_keep(state, incident, actor, now_ms)
    clock = _declared(state, request.name)
    was = state.comms(incident.id)
    run = was.clocks.get(clock.name)
    if request.act == "answered":
        if run is None:
            raise IllegalMove(
                f"That clock does not run in {incident.id}; nothing was changed.",
                hint=f"Start it: {command(f'comms clock {incident.id} {clock.name}')}.",
            )
        after = run if run.done_ms is not None else replace(run, done_ms=now_ms)
    else:
        after = _started(state, now_ms, request, actor, run)
    if after == run:
        return None, (incident, clock, after)
    return _change(was, incident, clock, after, (actor, rule, now_ms)), (incident, clock, after)


def _started(
    state: State, now_ms: int, request: RunClock, actor: Actor, run: ClockRun | None
) -> ClockRun:
    """Return a clock that runs; one that runs already keeps its beginning, unless another is named."""
    from_ms = _begins(state, now_ms, request)
    if from_ms is not None and from_ms > now_ms + AHEAD_MS:
        at = both(from_ms, settings_of(state).zone, now_ms)
        raise IllegalMove(
            f"A clock begins when somebody became aware, not in the future ({at}); nothing was changed."
        )
    by = identity_of(policy_of(state), actor)
    if run is not None and from_ms in (None, run.from_ms):
        return replace(run, done_ms=None) if run.done_ms is not None else run
    return ClockRun(now_ms if from_ms is None else from_ms, by)


def _begins(state: State, now_ms: int, request: RunClock) -> int | None:
    """
    Return the beginning that is named, None for none.

    Raises:
        NeedsMoreWords: it is no time, or could be two.
    """
    if not request.began:
        return request.from_ms
    try:
        return read(request.began, settings_of(state).zone, now_ms)
    except Unread as unread:
        raise NeedsMoreWords(
            f"`from` {unread}; nothing was changed.",
            hint=f"It was `{inert(request.began, limit=60)}`.",
        ) from None


def _change(
    was: IncidentComms,
    incident: Incident,
    clock: LegalClock,
    after: ClockRun,
    by: tuple[Actor, str, int],
) -> Change:
    actor, rule, now_ms = by
    now = replace(was, clocks={**was.clocks, clock.name: after})
    later = () if after.done_ms is not None else clock_timers(incident, clock, after, now_ms)
    kept = {one.id for one in later}
    return Change(
        "comms_clock",
        actor,
        rule=rule,
        writes=(Write(COMMS, incident.id, as_record(now)),),
        facts={
            "incident": incident.id,
            "clock": clock.name,
            "from_ms": after.from_ms,
            "done_ms": after.done_ms,
        },
        effects=(card(incident),),
        timers=later,
        cancels=tuple(one for one in timer_names(incident, clock.name) if one not in kept),
    )


def _declared(state: State, name: str) -> LegalClock:
    clock = declared_clock(state, name.strip().lower())
    if clock is not None:
        return clock
    known = ", ".join(f"`{one.name}`" for one in settings_of(state).clocks)
    raise NeedsMoreWords(
        f"No clock `{inert(name, limit=60)}` is switched on; nothing was changed.",
        hint=f"Switched on are {known}."
        if known
        else "None is: a lawyer chooses them under `clocks:` in flags/comms.yaml.",
    )
