"""The verb `evidence`: say where the evidence of an incident was put aside; it opens the way back."""

from dataclasses import dataclass, replace

from opsbot.app.comms.exposure.track import may_keep
from opsbot.app.comms.requests import HoldEvidence
from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.effects import card
from opsbot.app.incident.sight import found
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Sealed, Write
from opsbot.domain.comms.told import as_record
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.said import Said, inert
from opsbot.domain.state import COMMS, State

LONGEST = 1_000
"""Characters of a place; it is a pointer, never the thing itself."""


@dataclass(frozen=True, slots=True)
class Held:
    """Where it is, as a commitment with its words."""

    request: HoldEvidence
    text: str
    sealed: tuple[Sealed, ...]


@dataclass(frozen=True, slots=True)
class HoldsEvidence:
    """The use case."""

    env: Environment

    async def __call__(self, request: HoldEvidence, actor: Actor, *, request_id: str) -> Said:
        """
        Note where the evidence is; a later place stands instead, and both stay in the journal.

        Raises:
            NeedsMoreWords: it does not say where, or at length. UnknownIncident, NotAllowed: as every
            change. StoreLost: whether it is stored is not known.
        """
        words = request.where.strip()
        if not words:
            raise NeedsMoreWords(
                "Say where the evidence is; nothing was changed.",
                hint="As in `s3 bucket evidence, folder 2026-11-21, locked`.",
            )
        if len(words) > LONGEST:
            raise NeedsMoreWords(f"At most {LONGEST} characters; nothing was changed.")
        text, sealed = self.env.sealed(words)
        await self.env.store.refresh()
        _, incident = await self.env.store.commit(
            request_id,
            lambda state, now_ms: decide_hold(state, now_ms, Held(request, text, sealed), actor),
        )
        return Said(
            "green",
            f"{incident.id}: its evidence is held in {self.env.name}",
            (
                f"\u201c{inert(words)}\u201d",
                "Restores and rollbacks are free again as far as evidence goes; nobody checked what is there.",
            ),
            body={"incident": incident.id, "held": True},
        )


def decide_hold(
    state: State, now_ms: int, held: Held, actor: Actor
) -> tuple[Change | None, Incident]:
    """Return the change that holds the evidence. Raises as `HoldsEvidence`."""
    incident = found(state, actor, held.request.which)
    rule = may_keep(state, incident, actor, now_ms)
    by = identity_of(policy_of(state), actor)
    now = replace(state.comms(incident.id), hold=held.text, hold_by=by, hold_ms=now_ms)
    change = Change(
        "comms_evidence",
        actor,
        rule=rule,
        writes=(Write(COMMS, incident.id, as_record(now)),),
        facts={"incident": incident.id, "text": held.text},
        sealed=held.sealed,
        effects=(card(incident),),
    )
    return change, incident
