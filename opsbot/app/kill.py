"""Kill: stop or degrade what a request names, in one commit, and say how far it got."""

from dataclasses import dataclass, replace

from opsbot.app.approvals import pending_on
from opsbot.app.environment import Environment, who
from opsbot.app.kill_decision import Order, Struck, decide_kill, freeze, undo_hint
from opsbot.app.requests import KillRequest, Target, TargetKind
from opsbot.app.sight import Sight, watched_kill
from opsbot.app.target import held_with
from opsbot.app.words import KillView, clock, kill_said
from opsbot.domain.actor import Actor
from opsbot.domain.change import Committed, Record
from opsbot.domain.errors import StaleButton
from opsbot.domain.kill import Kill
from opsbot.domain.said import Said
from opsflags.model import Scope


@dataclass(frozen=True, slots=True)
class KillVerb:
    """The use case."""

    env: Environment

    async def __call__(self, request: KillRequest, actor: Actor, *, request_id: str) -> Said:
        """
        Kill and answer at the earlier of all confirmed and the environment's limit.

        Raises:
            Refused: nothing was changed; why, and who can help.
            StoreLost: whether it is stored is not known.
        """
        order = await self.order(request, actor)
        committed, struck = await self.env.store.commit(
            request_id, lambda state, now: decide_kill(state, now, order)
        )
        return await self.answer(struck, committed, order)

    async def stop(self, kill_id: str, actor: Actor, *, request_id: str) -> Said:
        """
        Make one kill a full stop; the button on a weaker one.

        Raises:
            StaleButton: it is over. Otherwise as `__call__`.
        """
        kill = (await self.env.store.refresh()).kill(kill_id)
        kind, name = _target(kill.scope)
        request = KillRequest(Target(kind, name), "stop", confirmed=True)
        order = replace(await self.order(request, actor), only=kill.id)
        committed, struck = await self.env.store.commit(
            request_id, lambda state, now: decide_kill(state, now, order)
        )
        return await self.answer(struck, committed, order)

    async def order(self, request: KillRequest, actor: Actor) -> Order:
        """Read what the freeze-frame needs and draw ids, once, whatever the number of retries."""
        reason, sealed = self.env.sealed(request.reason)
        frame: Record = {}
        seen = await Sight(self.env.fleets, self.env.clock).fleet()
        if seen is not None:
            frame = freeze(seen)
        return Order(request, actor, self.env.entropy.token(), reason, sealed, frame)

    async def answer(self, struck: Struck, committed: Committed | None, order: Order) -> Said:
        """Wait for the fleet within the limit and say what is so."""
        env, state = self.env, self.env.store.state
        if committed is not None and committed.repeated and struck.outcome in ("new", "stricter"):
            raise StaleButton(
                "This request was done before, and what it did was changed since."
                f" Nothing was done again in {env.name}.",
                hint=f"Look first: `/{env.prefix}-status`; then kill again if it must be.",
            )
        workflows = state.workflows()
        sight = Sight(env.fleets, env.clock)
        began = env.clock.monotonic()
        seen = await sight.until_complete(
            watched_kill(struck.kill), workflows, timeout_s=env.answer_within_s
        )
        left = env.answer_within_s - (env.clock.monotonic() - began)
        kill = struck.kill
        if seen is not None and seen.complete:
            kill = await self._proved(kill, left)
        (reason,) = await env.unsealed(kill.reason)
        return kill_said(
            KillView(
                kill=kill,
                env=env.name,
                containment=seen,
                workflows=workflows,
                by=await env.named(kill),
                reason=reason,
                prefix=env.prefix,
                committed=committed,
                note=_note(struck, committed, who(state, order.actor)),
                pending=pending_on(state, kill.id, env.clock.now_ms()),
                undo=undo_hint(struck.aim.workflows, kill.mode),
                asks=_asks(struck, order, env.prefix),
                promise=env.promise,
                held=held_with(state, kill),
            )
        )

    async def _proved(self, kill: Kill, within_s: float) -> Kill:
        """Wait for the follow-up's own commits, *confirmed* and *proved*, as long as there is time."""
        end = self.env.clock.monotonic() + max(within_s, 0.05)
        state = self.env.store.state
        while True:
            now = state.kill(kill.id)
            left = end - self.env.clock.monotonic()
            if now.probes is not None or left <= 0 or now.at != kill.at:
                return now
            newer = await self.env.store.wait_past(state.position.revision, timeout_s=left)
            if newer.position == state.position:
                return now
            state = newer


def _target(scope: Scope) -> tuple[TargetKind, str]:
    if scope.workflow:
        return "workflow", scope.workflow
    if scope.provider:
        return "provider", scope.provider
    return ("model", scope.model) if scope.model else ("all", "")


def _note(struck: Struck, committed: Committed | None, by: str) -> str:
    kill = struck.kill
    notes = []
    if committed is not None and committed.repeated:
        notes.append("This request was done before; nothing was done twice.")
    elif struck.outcome == "already":
        notes.append(f"Already so: {kill.id} holds it. Nothing was changed.")
    elif struck.outcome == "joined":
        notes.append(f"Already so: {kill.id} holds it; you are noted as having joined.")
    elif struck.outcome == "stricter":
        notes.append(f"{kill.id} was made stricter by {by}.")
    elif struck.outcome == "moved":
        notes.append(f"Already so: {kill.id} holds it; only its review was moved.")
    if struck.aim.mode == "human" and kill.mode != "human":
        notes.append(f"The human queue is closed now: `{kill.mode}` instead.")
    if struck.aim.note:
        notes.append(struck.aim.note)
    return " ".join(notes)


def _asks(struck: Struck, order: Order, prefix: str) -> tuple[str, ...]:
    request, asks = order.request, []
    if request.said_mode is not None and struck.kill.mode != request.said_mode:
        target = request.target
        word = target.name if target.kind == "workflow" else f"{target.kind}:{target.name}"
        asks.append(
            f"Did you mean the mode? `/{prefix}-kill {word.removesuffix(':')}"
            f" mode:{request.said_mode}`; now it is `{struck.kill.mode}`."
        )
    if request.review_in_s is not None:
        at = clock(struck.kill.review_ms)
        asks.append(f"It does not end by itself: opsbot asks at {at} whether it should stay.")
    return tuple(asks)
