"""Kill: stop or degrade what a request names, in one commit, and say how far it got."""

from dataclasses import dataclass, replace

from opsbot.app.approvals import pending_on
from opsbot.app.environment import Environment, policy_of, who
from opsbot.app.fleet.sight import Sight, watched_kill
from opsbot.app.incident.links import untied
from opsbot.app.incident.named import beside
from opsbot.app.kill.decision import Order, Struck, decide_kill, undo_hint
from opsbot.app.kill.glass_words import told_line
from opsbot.app.kill.names import led
from opsbot.app.kill.question import names_hit
from opsbot.app.reason_words import further_lines
from opsbot.app.requests import KillRequest, Target, TargetKind
from opsbot.app.target import held_with
from opsbot.app.words import KillView, clock, kill_said
from opsbot.domain.actor import Actor
from opsbot.domain.change import Committed
from opsbot.domain.errors import StaleButton, StoreLost
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import person_of
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsflags.model import Scope

PROOF_S, PROOF_BY_S = 0.15, 0.4
"""
How long the answer to a confirmed kill is kept back for the proof, in seconds, and until when after
the command came in. Of one kill the proof follows within a few hundredths; of many at once it is far.
"""


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
        began = self.env.began(request.arrived_s)
        order = await self.order(request, actor)
        committed, struck = await self.env.store.commit(
            request_id, lambda state, now: decide_kill(state, now, order)
        )
        return await self.answer(struck, committed, order, began)

    async def stop(self, kill_id: str, actor: Actor, *, request_id: str) -> Said:
        """
        Make one kill a full stop; the button on a weaker one.

        Raises:
            StaleButton: it is over. Otherwise as `__call__`.
        """
        began = self.env.clock.monotonic()
        kill = (await self.env.store.refresh()).kill(kill_id)
        kind, name = _target(kill.scope)
        request = KillRequest(Target(kind, name), "stop", confirmed=True)
        order = replace(await self.order(request, actor), only=kill.id)
        committed, struck = await self.env.store.commit(
            request_id, lambda state, now: decide_kill(state, now, order)
        )
        return await self.answer(struck, committed, order, began)

    async def order(self, request: KillRequest, actor: Actor) -> Order:
        """Read what the freeze-frame needs and draw ids, once, whatever the number of retries."""
        reason, sealed = self.env.sealed(request.reason)
        name, named = self.env.sealed(self._outsider(actor))
        sight = Sight(self.env.fleets, self.env.clock)
        seen = await sight.fleet()
        wide = request.target.kind in ("model", "provider")
        models = await sight.models(seen) if seen is not None and wide else ()
        uid, texts = self.env.entropy.token(), (*sealed, *named)
        known = await self._known(request.target, "".join(one.text for one in sealed))
        return Order(request, actor, uid, reason, texts, seen, name=name, seen=models, known=known)

    async def _known(self, target: Target, words: str) -> frozenset[str]:
        """Return commitments to the same words that kills of the same target hold already."""
        same = (target.kind, target.name)
        every = self.env.store.state.active_kills() if words else ()
        kills = [kill for kill in every if _target(kill.scope) == same]
        held = [one for kill in kills for one in (kill.reason, *(f.reason for f in kill.further))]
        held = [one for one in held if one]
        try:
            texts = await self.env.unsealed(*held) if held else ()
        except StoreLost:
            return frozenset()  # the same words twice are better than a kill that waits for them
        told = zip(held, texts, strict=True)
        return frozenset(one for one, text in told if text == words)

    def _outsider(self, actor: Actor) -> str:
        """Return the name that Slack gives an account which the policy does not know, else nothing."""
        known = person_of(policy_of(self.env.store.state), actor)
        return "" if known or actor.kind != "slack" else inert(actor.name, limit=80)

    async def answer(
        self, struck: Struck, committed: Committed | None, order: Order, began: float
    ) -> Said:
        """Wait for the fleet within the limit, counted from *began*, and say what is so."""
        env, state = self.env, self.env.store.state
        if committed is not None and committed.repeated and struck.outcome in ("new", "stricter"):
            raise StaleButton(
                "This request was done before, and what it did was changed since."
                f" Nothing was done again in {env.name}.",
                hint=f"Look first: {command('status')}; then kill again if it must be.",
            )
        workflows = state.workflows()
        sight = Sight(env.fleets, env.clock)
        seen = await sight.until_complete(
            watched_kill(struck.kill, led(state, struck.kill)),
            workflows,
            timeout_s=began + env.answer_within_s - env.clock.monotonic(),
        )
        kill = struck.kill
        if seen is not None and seen.complete:
            by = began + min(PROOF_BY_S, env.answer_within_s)
            kill = await self._proved(kill, within_s=by - env.clock.monotonic())
        (reason,) = await env.unsealed(kill.reason)
        return kill_said(
            KillView(
                kill=kill,
                env=env.name,
                containment=seen,
                workflows=workflows,
                by=await env.named(kill),
                reason=reason,
                committed=committed,
                note=_note(struck, committed, order, who(state, order.actor)),
                pending=pending_on(state, kill.id, env.clock.now_ms()),
                undo=undo_hint(struck.aim.workflows, kill.mode),
                asks=_asks(struck, order, state),
                promise=env.promise,
                held=held_with(state, kill),
                led=led(state, kill),
                names=names_hit(state, order.request, order.seen),
                further=await further_lines(env, kill),
                untied=untied(state, kill.id),
                beside=beside(state, kill.id),
            )
        )

    async def _proved(self, kill: Kill, *, within_s: float) -> Kill:
        """Wait a moment for the follow-up's own commits, *confirmed* and *proved*."""
        end = self.env.clock.monotonic() + min(within_s, PROOF_S)
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


def _note(struck: Struck, committed: Committed | None, order: Order, by: str) -> str:
    kill = struck.kill
    notes = [_came_to(struck, order, by)] if struck.outcome != "new" else []
    if committed is not None and committed.repeated:
        notes = ["This request was done before; nothing was done twice."]
    if struck.aim.mode == "human" and kill.mode != "human":
        notes.append(f"The human queue is closed now: `{kill.mode}` instead.")
    if struck.aim.note:
        notes.append(struck.aim.note)
    return " ".join(notes)


def _came_to(struck: Struck, order: Order, by: str) -> str:
    """Return what killing the same again came to; stricter is only said of what is."""
    kill = struck.kill
    if struck.outcome == "stricter" and struck.was == kill.mode:
        return f"{kill.id} holds for everybody again, by {by}; it is no stricter than it was."
    if struck.outcome == "stricter":
        return f"{kill.id} was made stricter by {by}."
    more = any(one.reason == order.reason for one in kill.further)
    so = f"Already so: {kill.id} holds it"
    told, joined = "your reason is noted beside the first", "you are noted as having joined"
    return {
        "joined": f"{so}; {joined}{f', and {told}' if more else ''}.",
        "reasoned": f"{so}; {told}. Nothing else was changed."
        if more
        else f"{so}; its reason is noted now.",
        "moved": f"{so}; only its review was moved.",
    }.get(struck.outcome, f"{so}. Nothing was changed.")


def _asks(struck: Struck, order: Order, state: State) -> tuple[str, ...]:
    request, asks = order.request, []
    if struck.broke and struck.outcome in ("new", "stricter"):
        asks.append(told_line(struck.kill, state))
    if request.said_mode is not None and struck.kill.mode != request.said_mode:
        target = request.target
        word = target.name if target.kind == "workflow" else f"{target.kind}:{target.name}"
        meant = f"kill {word.removesuffix(':')} mode:{request.said_mode}"
        asks.append(f"Did you mean the mode? {command(meant)}; now it is `{struck.kill.mode}`.")
    if request.review_in_s is not None:
        at = clock(struck.kill.review_ms)
        asks.append(f"It does not end by itself: opsbot asks at {at} whether it should stay.")
    return tuple(asks)
