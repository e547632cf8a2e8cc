"""Put an incident's review together: from its record, its timeline, and what its kills left as evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.sight import Sight, watched_kill
from opsbot.app.incident.sight import unnamed
from opsbot.app.incident.words import ROLE_WORD
from opsbot.app.review.blank import blanks
from opsbot.app.review.comms import told_people
from opsbot.app.review.evidence import Named, kill_evidence
from opsbot.app.review.runs import walked
from opsbot.app.review.served import served_in
from opsbot.app.timeline.read import Dated, Timeline, kills_of
from opsbot.domain.containment import contain
from opsbot.domain.fleet import Counts, Fleet
from opsbot.domain.incident.incident import ROLES, Action, Incident
from opsbot.domain.incident.times import measures
from opsbot.domain.incident.types import type_of
from opsbot.domain.kill import Kill
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import shown
from opsbot.domain.review import Decided, Exposure, Held, KillEvidence, Review, ToDo
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.timeline import Line

DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_NO_DECISION: Final = frozenset({"note", "reminder"})


@dataclass(frozen=True, slots=True)
class Reviews:
    """The look; whether somebody may see the incident is asked before (`incident_sight.found`)."""

    env: Environment

    async def of(self, incident: Incident) -> Review:
        """
        Return everything that is known of an incident, and what is not.

        Raises:
            StoreLost: no answer within the deadline.
        """
        policy = policy_of(self.env.store.state)
        told, entries = await Timeline(self.env).whole(incident)
        title, summary, why = await self.env.unsealed(
            incident.title, incident.summary, incident.why
        )
        kills = await self._kills(incident, entries)
        todo = await self._todo(policy, incident.actions)
        exposure = await self.exposure(incident)
        comms = await told_people(self.env, incident)
        return Review(
            incident=incident.id,
            env=self.env.name,
            made_ms=self.env.clock.now_ms(),
            title=title,
            summary=summary,
            why=why,
            severity=incident.severity,
            type=type_of(incident.type).title,
            status=incident.status,
            drill=incident.drill,
            private=incident.private,
            retroactive=incident.retroactive,
            duplicate_of=_original(self.env.store.state, incident),
            workflows=incident.workflows,
            people=_people(policy, incident),
            times=incident.times,
            measures=measures(incident.times),
            exposure=exposure,
            kills=kills,
            routes=tuple(one for one in told.lines if one.kind == "route"),
            decided=_decided(told.lines),
            todo=todo,
            lines=told.lines,
            earlier=told.earlier,
            cut=told.cut,
            blank=blanks(incident, kills, todo, exposure.served, comms),
            runs=await walked(self.env, incident),
            comms=comms,
        )

    async def exposure(self, incident: Incident) -> Exposure:
        """Return how long users were exposed, and how many responses they were served meanwhile."""
        bare, now_ms = _exposure(incident), self.env.clock.now_ms()
        kills = kills_of(self.env.store.state, incident)
        return replace(bare, served=await served_in(self.env.served, incident, bare, kills, now_ms))

    async def _kills(
        self, incident: Incident, entries: Sequence[Dated]
    ) -> tuple[KillEvidence, ...]:
        state = self.env.store.state
        kills = kills_of(state, incident)
        reasons = await self.env.unsealed(*(one.reason for one in kills))
        fleet = await Sight(self.env.fleets, self.env.clock).fleet()
        found = []
        for kill, reason in zip(kills, reasons, strict=True):
            by = await self.env.named(kill)
            ended_by = inert(shown(policy_of(state), kill.ended_by)) if kill.ended_by else ""
            one = Named(kill, inert(by, limit=80), ended_by, reason, self._now(kill, fleet))
            found.append(kill_evidence(one, entries, incident.workflows))
        return tuple(found)

    def _now(self, kill: Kill, fleet: Fleet | None) -> Counts | None:
        """Return what is counted of a kill that holds for everybody; None where nothing says so."""
        if fleet is None or not kill.active or kill.ramp is not None:
            return None
        return contain(watched_kill(kill), fleet, self.env.store.state.workflows()).since

    async def _todo(self, policy: Policy, actions: Sequence[Action]) -> tuple[ToDo, ...]:
        texts = await self.env.unsealed(*(one.text for one in actions))
        today = self.env.clock.now_ms() // DAY_MS
        return tuple(
            ToDo(
                id=one.id,
                text=text,
                owner=inert(shown(policy, one.owner), limit=80) if one.owner else "",
                due=one.due,
                done_ms=one.done_ms,
                late=one.done_ms is None and _day(one.due, today) < today,
            )
            for one, text in zip(actions, texts, strict=True)
        )


async def with_exposure(env: Environment, incident: Incident, said: Said) -> Said:
    """Return an answer about an incident with its exposure in the machine's form."""
    exposure = await Reviews(env).exposure(incident)
    return replace(said, body={**said.body, "exposure": exposure.as_json()})


def _original(state: State, incident: Incident) -> str:
    """Return what it is a duplicate of, empty where that may not be named."""
    return "" if incident.duplicate_of in unnamed(state, incident) else incident.duplicate_of


def _day(due: str, today: int) -> int:
    """Return the day of a date since 1970; *today* for none."""
    return date.fromisoformat(due).toordinal() - _EPOCH if due else today


def _people(policy: Policy, incident: Incident) -> tuple[Held, ...]:
    def name(identity: str) -> str:
        return inert(shown(policy, identity), limit=80)

    held = [
        Held(ROLE_WORD[role], name(incident.roles[role]))
        for role in ROLES
        if role in incident.roles
    ]
    declared = Held("Declared it", name(incident.declared_by))
    return (*held, declared, *(Held("Responder", name(one)) for one in incident.responders))


def _exposure(incident: Incident) -> Exposure:
    times = incident.times
    onset_ms = times.started if times.started is not None else times.detected
    onset = "started" if times.started is not None else "detected" if onset_ms is not None else ""
    return Exposure(onset, onset_ms, times.contained, incident.exposed)  # type: ignore[arg-type]  # one of the three


def _decided(lines: Sequence[Line]) -> tuple[Decided, ...]:
    """Return what the journal says of each person, whoever decided first coming first."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        if line.by and line.entry and line.kind not in _NO_DECISION:
            found.setdefault(line.by, []).append(line)
    return tuple(Decided(some[0].who, tuple(some)) for some in found.values())
