"""The verb `snooze`: move the promise of the next word to an audience, with a reason that stays on record."""

from dataclasses import dataclass
from typing import Final

from opsbot.app.comms.power import may_write
from opsbot.app.comms.requests import SnoozeUpdate
from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.words import clock
from opsbot.app.incident.effects import card
from opsbot.app.incident.promise_words import AUDIENCE_WORD
from opsbot.app.incident.promises import rhythmic, with_rhythms, written
from opsbot.app.incident.sight import found
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Sealed
from opsbot.domain.comms.cadence import snoozed
from opsbot.domain.comms.told import Snooze
from opsbot.domain.errors import IllegalMove, NeedsMoreWords
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.settings import MINUTE_MS
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

LEAST_S: Final = 60
MOST_S: Final = 24 * 3600
MOST: Final = 50
"""Snoozes of one audience in one incident: more is a machine that went wild."""


@dataclass(frozen=True, slots=True)
class Snoozing:
    """What was asked, with the commitment to its reason."""

    request: SnoozeUpdate
    why: str
    sealed: tuple[Sealed, ...]


@dataclass(frozen=True, slots=True)
class Snoozes:
    """The use case."""

    env: Environment

    async def __call__(self, request: SnoozeUpdate, actor: Actor, *, request_id: str) -> Said:
        """
        Move a promise; one whose time has passed stays broken, and a new one is made.

        Raises:
            NeedsMoreWords: no reason. IllegalMove: nothing is due, or for too long.
            UnknownIncident, NotAllowed: as every change. StoreLost: it is not known whether it is stored.
        """
        words = request.why.strip()
        if not words:
            raise NeedsMoreWords(
                "Say why it has to wait; nothing was changed.",
                hint="The reason stands in the review, beside the promise.",
            )
        why, sealed = self.env.sealed(words[:1_000])
        await self.env.store.refresh()
        snoozing = Snoozing(request, why, sealed)
        _, (incident, moved_ms) = await self.env.store.commit(
            request_id, lambda state, now_ms: decide_snooze(state, now_ms, snoozing, actor)
        )
        # A repeated request was decided on what it did itself: what is stored is what it came to.
        rhythm = self.env.store.state.comms(incident.id).rhythm(request.audience)
        until_ms = rhythm.due_ms or moved_ms
        who = AUDIENCE_WORD[request.audience]
        return Said(
            "amber",
            f"{incident.id}: the next word to {who} is now due by {clock(until_ms)}",
            (
                f"\u201c{inert(words)}\u201d",
                "Whoever was told an earlier time still waits for it: say so if they read it.",
            ),
            body={"incident": incident.id, "audience": request.audience, "due_ms": until_ms},
        )


def decide_snooze(
    state: State, now_ms: int, snoozing: Snoozing, actor: Actor
) -> tuple[Change | None, tuple[Incident, int]]:
    """Return the change that moves a promise, and its new time. Raises as `Snoozes`."""
    request = snoozing.request
    incident = found(state, actor, request.which)
    rule = may_write(state, incident, request.audience, actor, now_ms).rule
    was = state.comms(incident.id)
    rhythm = was.rhythm(request.audience)
    if not LEAST_S <= request.for_s <= MOST_S:
        raise IllegalMove(
            "A promise is moved by a minute at least, and a day at most; nothing was changed."
        )
    if rhythm.due_ms is None or not rhythmic(incident):
        raise IllegalMove(
            f"Nothing is due to {AUDIENCE_WORD[request.audience]} in {incident.id}; nothing was changed.",
            hint=f"{command(f'comms list {incident.id}')} says what is.",
        )
    if len(rhythm.snoozes) >= MOST:
        raise IllegalMove(f"It was moved {MOST} times already; nothing was changed.")
    until = -(-(max(rhythm.due_ms, now_ms) + request.for_s * 1000) // MINUTE_MS) * MINUTE_MS
    by = identity_of(policy_of(state), actor)
    now = snoozed(rhythm, Snooze(by, now_ms, until, snoozing.why))
    moved = written(was, with_rhythms(was, {request.audience: now}), incident, now_ms)
    change = Change(
        "comms_snooze",
        actor,
        rule=rule,
        writes=moved.writes,
        facts={
            "incident": incident.id,
            "audience": request.audience,
            "until_ms": until,
            "why": snoozing.why,
        },
        sealed=snoozing.sealed,
        effects=(card(incident),),
        timers=moved.timers,
        cancels=moved.cancels,
    )
    return change, (incident, until)
