"""Adopt: emergency records into the journal as claimed kills, and break-glass kills by a responder."""

import hashlib
import json
from dataclasses import dataclass, replace

from opsbot.app.environment import Environment, policy_of, who
from opsbot.app.incident.links import with_kill
from opsbot.app.kill.decision import REVIEW_MS
from opsbot.app.numbers import next_number, numbered
from opsbot.app.target import struck_by
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Position, Sealed, Timer, Write
from opsbot.domain.errors import NotAllowed, StaleButton
from opsbot.domain.journal import canonical
from opsbot.domain.kill import Kill, as_record
from opsbot.domain.policy.rules import Request, identity_of, judge, shown
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsflags import keys
from opsflags.model import FALLBACK_OR_SAFE, MODES, SAFE_STATE, Rejected
from opsflags.records import Kill as ReadKill
from opsflags.records import emergency_from_json

LONGEST = 200
"""Characters of a name or a uid in an emergency record; a longer one is nobody's."""

ADOPTED = "emergency"
"""The singleton that tells clients how many emergency records the journal speaks for."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The use cases of adopting."""

    env: Environment

    async def emergencies(self) -> int:
        """
        Commit a kill for each emergency record not yet adopted; return how many were new.

        A record that cannot be read is passed over, and the journal says what was wrong with it.

        Raises:
            StoreLost: to be tried again at the next tick.
        """
        done = adopted(self.env.store.state)
        waiting = await self.env.fleets.emergencies(done)
        for number, raw in enumerate(waiting, start=done + 1):
            uid = self.env.entropy.token()
            sealed = self.env.sealed(inert(_claimed(raw), limit=80))[1]

            def decide(
                state: State,
                now_ms: int,
                number: int = number,
                raw: str = raw,
                uid: str = uid,
                sealed: tuple[Sealed, ...] = sealed,
            ) -> tuple[Change | None, None]:
                return _adopt_emergency(state, now_ms, number, raw, uid, sealed), None

            await self.env.store.commit(f"emergency:{number}:{_digest(raw)}", decide)
        return len(waiting)

    async def glass(self, kill_id: str, actor: Actor, *, question: bool, request_id: str) -> Said:
        """
        Stand by a break-glass kill, or say that it is questioned; it holds either way.

        Raises:
            StaleButton: it is over, or somebody else was first. NotAllowed: policy.
        """

        def decide(state: State, now_ms: int) -> tuple[Change | None, Kill]:
            return _take(state, now_ms, kill_id, actor, question=question)

        _, kill = await self.env.store.commit(request_id, decide)
        name = who(self.env.store.state, actor)
        word = "questioned" if question else "adopted"
        return Said(
            "plain",
            f"{kill.id} {word} by {name}; it holds in {self.env.name}",
            (f"Restore: {command(f'restore {kill.id}')}",),
            body={"kill": kill.id, word: True},
        )


def adopted(state: State) -> int:
    """Return how many emergency records the journal already speaks for."""
    count = state.kind(keys.SWITCHBOARD).get(ADOPTED, {}).get("adopted", 0)
    return count if isinstance(count, int) else 0


def _adopt_emergency(
    state: State, now_ms: int, number: int, raw: str, uid: str, sealed: tuple[Sealed, ...]
) -> Change | None:
    if adopted(state) >= number:
        return None
    noted = Write(keys.SWITCHBOARD, ADOPTED, {"s": 1, "adopted": number})
    claimed = Actor(kind="claimed", id="kill-only credential", via="emergency")
    try:
        read = _read(number, raw)
    except (ValueError, Rejected) as bad:
        return Change(
            verb="emergency_unreadable",
            actor=claimed,
            writes=(noted,),
            rule="system",
            facts={"emergency": f"E-{number}", "why": inert(str(bad))},
        )
    commitment = sealed[0].commitment if sealed else ""
    kill = Kill(
        id=f"K-{next_number(state, 'kill')}",
        uid=read.uid if _fit(read.uid) and _unused(state, read.uid) else uid,
        scope=read.scope,
        # A word that clients do not know is decided as a stop by every one of them.
        mode=read.mode if read.mode in (*MODES, SAFE_STATE, FALLBACK_OR_SAFE) else "stop",
        at=Position(state.position.epoch, state.position.revision + 1),
        actor="claimed:kill-only credential",
        via="emergency",
        since_ms=now_ms,
        review_ms=now_ms + REVIEW_MS,
        actor_name=commitment,
        emergency=f"E-{number}",
    )
    change = Change(
        verb="adopt_emergency",
        actor=claimed,
        writes=(Write(keys.KILLS, kill.id, as_record(kill)), numbered(state, "kill"), noted),
        rule="system",
        facts={"emergency": f"E-{number}"},
        sealed=sealed,
        effects=(
            Effect(
                "follow",
                f"follow:{kill.uid}:{kill.at.epoch}:{kill.at.revision}",
                {"kill": kill.id},
                lane="kill",
            ),
            Effect("card", f"card:{kill.uid}", {"kill": kill.id}),
        ),
        timers=(
            Timer(
                f"review:{kill.uid}",
                REVIEW_MS,
                Effect("review", f"review:{kill.uid}:1", {"kill": kill.id, "nth": 1}),
            ),
        ),
    )
    return with_kill(state, now_ms, change, kill, claimed)


def _unused(state: State, uid: str) -> bool:
    """Return whether no kill has this uid: a client drops an emergency for a kill of its own uid."""
    everything = (*state.kind(keys.KILLS).values(), *state.kind(keys.ENDED).values())
    return bool(uid) and all(record.get("uid") != uid for record in everything)


def _take(
    state: State, now_ms: int, kill_id: str, actor: Actor, *, question: bool
) -> tuple[Change | None, Kill]:
    kill = state.kill(kill_id)
    policy = policy_of(state)
    me = identity_of(policy, actor)
    if not kill.active:
        raise StaleButton(f"{kill.id} was restored already; nothing was changed.")
    if not kill.break_glass:
        raise StaleButton(f"{kill.id} broke no glass: it needs nobody to take it up.")
    if kill.taken:
        raise StaleButton(f"{kill.id} was taken up by {shown(policy, kill.taken)} already.")
    verdict = judge(
        policy,
        Request(
            verb="kill",
            actor=actor,
            workflows=struck_by(kill.scope, state.workflows()),
            wide=kill.scope.workflow is None,
            after=kill.mode,
            now_ms=now_ms,
        ),
    )
    broke = me == kill.actor and me in state.setting("break_glass")
    if verdict.outcome != "alone" or broke:
        raise NotAllowed(
            "Only a responder other than the one who broke the glass can take it up.",
            rule=verdict.rule,
            hint=verdict.hint,
        )
    joins = me != kill.actor and me not in kill.joined
    taken = replace(kill, taken=me, joined=(*kill.joined, me) if joins else kill.joined)
    change = Change(
        verb="question" if question else "adopt",
        actor=actor,
        writes=(Write(keys.KILLS, kill.id, as_record(taken)),),
        rule=verdict.rule,
        effects=(Effect("card", f"card:{kill.uid}", {"kill": kill.id}),),
        cancels=(f"adopt:{kill.uid}",),
    )
    return change, taken


def _read(number: int, raw: str) -> ReadKill:
    """
    Read a record that anybody with a kill-only credential may have written.

    Raises:
        ValueError, Rejected: it cannot be read, or could not be written down; it must not stand
            in the way of the records after it.
    """
    try:
        read = emergency_from_json(number, json.loads(raw))
        canonical(read.scope.as_json())
    except RecursionError as deep:
        raise Rejected("nested too deeply") from deep
    if read.mode == "live":
        raise Rejected("`live` restricts nothing")
    if any(len(value) > LONGEST for value in read.scope.as_json().values()):
        raise Rejected(f"a name in its scope is longer than {LONGEST} characters")
    return read


def _fit(uid: str) -> bool:
    return len(uid) <= LONGEST and uid.isascii() and uid.replace("-", "").isalnum()


def _claimed(raw: str) -> str:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    return str(value.get("claimed", "")) if isinstance(value, dict) else ""


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()[:16]
