"""Give the reason of a kill afterwards: stopping comes first, words come when there is time."""

from dataclasses import dataclass, replace

from opsbot.app.environment import Environment, policy_of, who
from opsbot.app.target import touched
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Write
from opsbot.domain.errors import NeedsMoreWords, NotAllowed, StaleButton
from opsbot.domain.kill import Kill, as_record
from opsbot.domain.policy.rules import Request, identity_of, judge
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsflags import keys


@dataclass(frozen=True, slots=True)
class GiveReason:
    """The use case."""

    env: Environment

    async def __call__(self, kill_id: str, reason: str, actor: Actor, *, request_id: str) -> Said:
        """
        Put a reason on a kill that has none.

        Raises:
            StaleButton: it has one, or is over. NotAllowed: neither the killer nor a responder.
        """
        if not reason.strip():
            raise NeedsMoreWords("The reason is empty; nothing was changed.")
        commitment, sealed = self.env.sealed(reason)

        def decide(state: State, now_ms: int) -> tuple[Change | None, Kill]:
            kill = state.kill(kill_id)
            if not kill.active or kill.reason:
                how = "has a reason already" if kill.reason else "was restored already"
                raise StaleButton(f"{kill.id} {how}; nothing was changed.")
            rule = _may(state, kill, actor, now_ms)
            given = replace(kill, reason=commitment)
            change = Change(
                verb="give_reason",
                actor=actor,
                writes=(Write(keys.KILLS, kill.id, as_record(given)),),
                rule=rule,
                sealed=sealed,
                effects=(Effect("card", f"card:{kill.uid}", {"kill": kill.id}),),
            )
            return change, given

        _, kill = await self.env.store.commit(request_id, decide)
        by = who(self.env.store.state, actor)
        return Said(
            "plain",
            f"Reason noted on {kill.id} in {self.env.name} by {by}",
            (inert(reason),),
            body={"kill": kill.id, "reason": True},
        )


def _may(state: State, kill: Kill, actor: Actor, now_ms: int) -> str:
    policy = policy_of(state)
    if identity_of(policy, actor) == kill.actor:
        return "own-kill"
    verdict = judge(
        policy,
        Request(
            verb="kill",
            actor=actor,
            workflows=touched(state, (kill,)),
            wide=kill.scope.workflow is None,
            after=kill.mode,
            now_ms=now_ms,
        ),
    )
    if not verdict.allowed:
        raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)
    return verdict.rule
