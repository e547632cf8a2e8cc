"""
The other names of a killed model: one kill for each, in one commit, ended with the first. Pure.

A kill's scope holds exactly one model string, as every client reads it, old ones too. A client
that had to look aliases up itself would let them through until it is updated.
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace

from opsbot.domain.change import Effect, Position, Write
from opsbot.domain.kill import Kill, as_record, remode, strictness, whole
from opsbot.domain.state import State
from opsflags import keys
from opsflags.model import Scope


def led(state: State, kill: Kill) -> tuple[Kill, ...]:
    """Return the active kills that came with *kill*, for other names of the same model."""
    return tuple(one for one in state.active_kills() if one.under == kill.id)


def with_led(state: State, kills: Collection[Kill]) -> tuple[Kill, ...]:
    """Return *kills* and what came with them, once each: they are lifted together."""
    every = [one for kill in kills for one in (kill, *led(state, kill))]
    return tuple({one.id: one for one in every}.values())


def beside(
    state: State, now_ms: int, lead: Kill, scopes: Collection[Scope], *, number: int
) -> tuple[Kill, ...]:
    """
    Return the kills of the other names that have to be written so that each is held as *lead* is.

    Every name has a kill that ends with *lead*, also where another holds it already: that one may
    be restored first. What came with it and is at least as strict stays as it is. New ones are
    numbered from *number*.
    """
    at = Position(state.position.epoch, state.position.revision + 1)
    active = state.active_kills()
    made: list[Kill] = []
    fresh = 0
    for scope in scopes:
        same = [kill for kill in active if kill.scope == scope and kill.id != lead.id]
        # a kill never widens: what is being restored holds again
        eased = [kill for kill in same if kill.ramp is not None]
        made += [whole(one, f"killed again with {lead.id}", at=at, now_ms=now_ms) for one in eased]
        how = {strictness(kill.mode, lead.mode): kill for kill in same if kill.under == lead.id}
        if how.keys() & {"same", "milder"}:
            continue
        if "stricter" in how:
            strict = remode(how["stricter"], mode=lead.mode, at=at, now_ms=now_ms)
            made = [one for one in made if one.id != strict.id] + [strict]
            continue
        made.append(_new(lead, scope, at=at, now_ms=now_ms, id_=f"K-{number + fresh}"))
        fresh += 1
    return tuple(made)


def instead(state: State, now_ms: int, freed: Kill, *, number: int) -> tuple[Kill, ...]:
    """Return what the first kill needs in the place of one that stands for itself from now on."""
    lead = state.kill(freed.under)
    at = Position(state.position.epoch, state.position.revision + 1)
    return (
        (_new(lead, freed.scope, at=at, now_ms=now_ms, id_=f"K-{number}"),) if lead.active else ()
    )


def _new(lead: Kill, scope: Scope, *, at: Position, now_ms: int, id_: str) -> Kill:
    told = f"{lead.uid}:{at.epoch}:{at.revision}:{scope.model}"
    return replace(
        lead,
        id=id_,
        uid=hashlib.sha256(told.encode()).hexdigest()[:32],
        scope=scope,
        at=at,
        since_ms=now_ms,
        changed_ms=0,
        break_glass=False,
        emergency=None,
        joined=(),
        further=(),
        taken="",
        confirmed_ms=None,
        probes=None,
        passed=None,
        not_probed=(),
        stopped=0,
        under=lead.id,
        ramp=None,
        taken_back="",
    )


def writes(kills: Collection[Kill]) -> tuple[Write, ...]:
    """Return what stores them."""
    return tuple(Write(keys.KILLS, kill.id, as_record(kill)) for kill in kills)


def follows(kills: Collection[Kill]) -> tuple[Effect, ...]:
    """Return the effects that watch the fleet for each; they have no card of their own."""
    return tuple(
        Effect(
            "follow",
            f"follow:{kill.uid}:{kill.at.epoch}:{kill.at.revision}",
            {"kill": kill.id},
            lane="kill",
        )
        for kill in kills
    )
