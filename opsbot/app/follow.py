"""Follow a committed kill or restore: commit *confirmed* when every instance says so, then prove it."""

from dataclasses import dataclass, replace

from opsbot.app.environment import Environment
from opsbot.app.fleet.prove import Proof, prove
from opsbot.app.fleet.sight import Sight, watched_kill
from opsbot.app.incident.effects import with_cards
from opsbot.app.incident.links import with_confirmation
from opsbot.app.ports import Delivery, Prober, RetryLater
from opsbot.app.ramp.steps import look
from opsbot.domain.actor import FLEET_WATCH
from opsbot.domain.change import Change, Position, Record, Write
from opsbot.domain.containment import Containment
from opsbot.domain.errors import UnknownKill
from opsbot.domain.kill import Kill, as_record
from opsbot.domain.state import State
from opsflags import keys

WATCH_S = 10.0
"""How long one delivery watches before it is put back, in seconds."""

AGAIN_S = 1.0
CALM_MS = 60_000
CALM_AGAIN_S = 10.0
"""After the first minute a missing instance is looked for now and then, not all the time."""

PATIENCE_MS = 24 * 3_600_000
"""An unconfirmed kill is followed this long; then only status and card still show it."""

PROOF_AGAIN_S = 5.0
PROOF_FOR_MS = 60_000
"""
Points that did not answer are asked again this long after the confirmation.

A machine that starts everything at once is busy for longer than one probe waits, and what is
written would say for good that the kill is not proved.
"""


@dataclass(frozen=True, slots=True)
class Follow:
    """The effect handler `follow`."""

    env: Environment
    prober: Prober

    async def __call__(self, delivery: Delivery) -> None:
        """
        Watch until complete; both steps are commits, each at most once, on whatever replica.

        Raises:
            RetryLater: not every instance has acknowledged yet, or not every point answered its probe.
        """
        state = await self.env.store.refresh()
        try:
            kill = state.kill(str(delivery.effect.body["kill"]))
        except UnknownKill:
            return
        if not kill.active:
            return
        begun_ms = int(str(delivery.effect.body.get("begun_ms", kill.committed_ms)))
        calm = self.env.clock.now_ms() - begun_ms > CALM_MS
        seen = await Sight(self.env.fleets, self.env.clock).until_complete(
            watched_kill(kill), state.workflows(), timeout_s=0 if calm else WATCH_S
        )
        if seen is None or not seen.complete:
            if seen is None or seen.now_ms - begun_ms < PATIENCE_MS:
                after = CALM_AGAIN_S if calm else AGAIN_S
                raise RetryLater("not every instance has confirmed", after_s=after)
            return
        await self._confirm(kill, seen, begun_ms)
        silent = await self._prove(kill)
        if (
            silent
            and seen.now_ms - _confirmed_ms(self.env.store.state, kill, begun_ms) < PROOF_FOR_MS
        ):
            raise RetryLater("not every point answered its probe", after_s=PROOF_AGAIN_S)

    async def _confirm(self, kill: Kill, seen: Containment, begun_ms: int) -> None:
        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = state.kill(kill.id)
            if now.at != kill.at or not now.active or now.confirmed_ms is not None:
                return None, None
            # The watch of a step is counted from when it was committed and confirmed.
            since_ms = begun_ms if now.ramp is None else now.committed_ms
            took = float(max(seen.now_ms - since_ms, 0))
            confirmed = replace(now, confirmed_ms=took)
            effects = (look(confirmed, "confirmed"),) if confirmed.ramp is not None else ()
            change = _noted("confirmed", confirmed, _evidence(seen))
            change = replace(change, effects=effects)
            change = with_confirmation(state, now_ms, change, confirmed, FLEET_WATCH)
            return with_cards(state, change, (kill.id,)), None

        await self.env.store.commit(f"confirmed:{kill.uid}:{_place(kill.at)}", decide)

    async def _prove(self, kill: Kill) -> int:
        """Commit what the probes saw, where it is more than before; return how many did not answer."""
        state = self.env.store.state
        proof = await prove(kill, state, await self.env.fleets.look(), self.prober)

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = state.kill(kill.id)
            if now.at != kill.at or not now.active or not _is_news(now, proof):
                return None, None
            proved = replace(
                now,
                probes=proof.probes,
                passed=proof.passed,
                not_probed=proof.named(),
                stopped=proof.stopped,
            )
            change = _noted("proved", proved, proof.as_json())
            return with_cards(state, change, (kill.id,)), None

        saw = f"{proof.passed}/{proof.probes}"
        await self.env.store.commit(f"proved:{kill.uid}:{_place(kill.at)}:{saw}", decide)
        return proof.silent


def _evidence(seen: Containment) -> Record:
    """Return who confirmed, and what was let through and refused from the command until then."""
    since = seen.since
    if since is None:
        return {**seen.as_json(), "since": None}
    counts = {"let_through": since.let, "refused": since.refused, "cut": since.cut}
    return {**seen.as_json(), "since": counts}


def _is_news(kill: Kill, proof: Proof) -> bool:
    """Return whether a proof is the first of a kill, or says more than the one before."""
    return (
        kill.probes is None
        or proof.passed > (kill.passed or 0)
        or kill.probes > proof.passed == proof.probes > 0
    )


def _confirmed_ms(state: State, kill: Kill, begun_ms: int) -> int:
    """Return when every instance had confirmed it."""
    now = state.kill(kill.id)
    since_ms = begun_ms if now.ramp is None else now.committed_ms
    return since_ms + int(now.confirmed_ms or 0)


def _noted(verb: str, kill: Kill, facts: object) -> Change:
    return Change(
        verb=verb,
        actor=FLEET_WATCH,
        writes=(Write(keys.KILLS, kill.id, as_record(kill)),),
        rule="system",
        facts={"kill": kill.id, "seen": facts},  # type: ignore[dict-item]  # JSON by construction
    )


def _place(at: Position) -> str:
    return f"{at.epoch}:{at.revision}"
