"""What a kill request comes to on one state: policy, the kill, its evidence, work and timers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from opsbot.app.environment import policy_of
from opsbot.app.requests import KillRequest
from opsbot.app.target import Aim, aim
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Json, Position, Record, Sealed, Timer, Write
from opsbot.domain.errors import NeedsConfirmation, NotAllowed, Refused
from opsbot.domain.fleet import Fleet
from opsbot.domain.hours import next_morning_ms, parse_hours
from opsbot.domain.kill import Kill, as_record, remode, strictness
from opsbot.domain.policy import Request, Verdict, alarming, identity_of, judge
from opsbot.domain.state import SETTINGS, State
from opsbot.domain.workflow import Workflow
from opsflags import keys

REVIEW_MS = 4 * 3_600_000
"""When opsbot asks for the first time whether a kill should stay; then every morning."""

Outcome = Literal["new", "stricter", "already", "joined"]


class WouldWiden(Refused):
    """The same scope is killed more strictly; a milder mode is a restore and follows its policy."""

    code = "would_widen"

    def __init__(self, kill: Kill, mode: str) -> None:
        super().__init__(
            f"{kill.id} holds this at `{kill.mode}`; `{mode}` would allow more.",
            hint="A milder mode follows the policy for restoring.",
        )
        self.kill = kill
        self.mode = mode


@dataclass(frozen=True, slots=True)
class Struck:
    """What the decision left: the kill as it now stands and how it came to that."""

    kill: Kill
    outcome: Outcome
    aim: Aim
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Order:
    """One request with everything chosen by chance or read beforehand, so that deciding is pure."""

    request: KillRequest
    actor: Actor
    uid: str
    reason: str
    sealed: tuple[Sealed, ...]
    fleet: Record = field(default_factory=dict)
    emergency: str | None = None


def decide_kill(state: State, now_ms: int, order: Order) -> tuple[Change | None, Struck]:
    """
    Decide one kill on one state; pure.

    Raises:
        Refused: unknown words, policy, a missing confirmation, or a milder mode.
    """
    aimed = aim(order.request, state)
    verdict = allow(state, now_ms, order, aimed)
    _must_confirm(order.request, aimed)
    mode, closes = _mode_now(aimed, now_ms)
    old = next((k for k in state.active_kills() if k.scope == aimed.scope), None)
    at = Position(state.position.epoch, state.position.revision + 1)
    actor = identity_of(policy_of(state), order.actor)
    if old is None:
        kill = _new_kill(state, now_ms, order, replace(aimed, mode=mode), at)
        kill = replace(kill, actor=actor, break_glass=verdict.outcome == "break_glass")
        outcome: Outcome = "new"
    else:
        kill, outcome = _again(old, mode, at, actor, order, now_ms)
    struck = Struck(kill, outcome, aimed, verdict)
    if outcome == "already":
        return None, struck
    return _change(state, now_ms, order, struck, closes), struck


def allow(state: State, now_ms: int, order: Order, aimed: Aim) -> Verdict:
    """
    Ask policy.

    Raises:
        NotAllowed: with the rule and who can help.
    """
    policy = policy_of(state)
    uses = state.setting("break_glass")
    last = uses.get(identity_of(policy, order.actor))
    verdict = judge(
        policy,
        Request(
            verb="kill",
            actor=order.actor,
            workflows=aimed.workflows,
            wide=aimed.wide,
            after=aimed.mode,
            break_glass=order.request.break_glass,
            now_ms=now_ms,
            last_break_glass_ms=last if isinstance(last, int) else None,
        ),
    )
    if not verdict.allowed:
        raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)
    return verdict


def undo_hint(workflows: tuple[Workflow, ...], mode: str) -> str:
    """Return what a restore will need, in a few words."""
    if any(workflow.tier == 1 for workflow in workflows) and mode not in (
        "fallback",
        "read_only",
        "no_tools",
    ):
        return "a second person approves"
    return ""


def freeze(fleet: Fleet) -> Record:
    """Return the fleet's part of the freeze-frame: who ran, how far each was, what it counted."""
    return {
        "at_ms": fleet.now_ms,
        "instances": [
            {
                "id": one.id,
                "service": one.service,
                "seen_ms": one.seen_ms,
                "applied": one.ack.applied.as_json() if one.ack else None,
                "counts": {k: dict(v) for k, v in one.ack.counts.items()} if one.ack else {},
            }
            for one in fleet.instances
        ],
    }


def _must_confirm(request: KillRequest, aimed: Aim) -> None:
    if not aimed.wide or request.confirmed:
        return
    names = tuple(workflow.name for workflow in aimed.workflows)
    what = "everything" if request.target.kind == "all" else f"`{request.target.name}`"
    dead_ends = [w.name for w in aimed.workflows if not w.fallbacks]
    hint = f"Without a fallback: {', '.join(dead_ends)}." if dead_ends else ""
    raise NeedsConfirmation(
        f"Killing {what} stops {len(names)} workflow(s); nothing was changed yet.",
        stops=names,
        hint=f"{hint} Confirm to go on: the button here, `--yes` in a terminal.".strip(),
    )


def _mode_now(aimed: Aim, now_ms: int) -> tuple[str, int | None]:
    """Turn `human` outside its queue's hours into what its end would; return when it closes."""
    if aimed.mode != "human" or aimed.wide:
        return aimed.mode, None
    workflow = aimed.workflows[0]
    if workflow.human_queue is None:
        return after_hours(workflow), None
    hours = parse_hours(workflow.human_queue.hours)
    if not hours.open_at(now_ms):
        return after_hours(workflow), None
    return "human", hours.closing_ms(now_ms)


def after_hours(workflow: Workflow) -> str:
    """Return what `human` becomes when nobody takes over: the approved text, else a stop."""
    return "canned" if workflow.canned else "stop"


def _new_kill(state: State, now_ms: int, order: Order, aimed: Aim, at: Position) -> Kill:
    given = order.request.review_in_s
    return Kill(
        id=f"K-{next_number(state, 'kill')}",
        uid=order.uid,
        scope=aimed.scope,
        mode=aimed.mode,
        at=at,
        actor="",
        via=order.actor.via,
        since_ms=now_ms,
        review_ms=now_ms + (REVIEW_MS if given is None else given * 1000),
        reason=order.reason,
        emergency=order.emergency,
    )


def next_number(state: State, what: str) -> int:
    """Return the next free number of an id series; `numbered` records it as used."""
    last = state.setting("ids").get(what, 0)
    return (last if isinstance(last, int) else 0) + 1


def numbered(state: State, what: str) -> Write:
    """Return the write that uses up the next number of a series."""
    return Write(SETTINGS, "ids", {"s": 1, **state.setting("ids"), what: next_number(state, what)})


def _again(
    old: Kill, mode: str, at: Position, actor: str, order: Order, now_ms: int
) -> tuple[Kill, Outcome]:
    how = strictness(old.mode, mode)
    joins = actor != old.actor and actor not in old.joined
    kill = replace(old, joined=(*old.joined, actor)) if joins else old
    if how == "milder" and order.request.mode is not None:
        raise WouldWiden(old, mode)
    if how == "stricter":
        return remode(kill, mode=mode, at=at, now_ms=now_ms), "stricter"
    if joins or (order.reason and not old.reason):
        return replace(kill, reason=old.reason or order.reason), "joined"
    return old, "already"


def _change(
    state: State, now_ms: int, order: Order, struck: Struck, closes_ms: int | None
) -> Change:
    kill, fresh = struck.kill, struck.outcome == "new"
    writes = [Write(keys.KILLS, kill.id, as_record(kill))]
    if fresh:
        writes.append(numbered(state, "kill"))
    if kill.break_glass and fresh:
        used = {**state.setting("break_glass"), "s": 1, kill.actor: now_ms}
        writes.append(Write(SETTINGS, "break_glass", used))
    return Change(
        verb="kill" if struck.outcome != "joined" else "join",
        actor=order.actor,
        writes=tuple(writes),
        rule=struck.verdict.rule,
        facts=_freeze_frame(state, struck.aim, order),
        sealed=order.sealed,
        effects=_effects(state, now_ms, struck),
        timers=_timers(now_ms, kill, state, closes_ms, fresh=fresh),
    )


def _freeze_frame(state: State, aimed: Aim, order: Order) -> Record:
    routes: Mapping[str, Json] = {w.name: dict(w.route) for w in aimed.workflows}
    return {
        "declarations": state.setting("declarations").get("hash"),
        "routes": routes,
        "fleet": order.fleet,
        "signals": [],
    }


def _effects(state: State, now_ms: int, struck: Struck) -> tuple[Effect, ...]:
    kill = struck.kill
    card = Effect("card", f"card:{kill.uid}", {"kill": kill.id})
    if struck.outcome == "joined":
        return (card,)
    effects = [
        Effect("follow", f"follow:{kill.uid}:{kill.mode}", {"kill": kill.id}, lane="kill"),
        card,
    ]
    if kill.break_glass:
        effects.append(Effect("tell", f"glass:{kill.uid}", {"what": "glass", "kill": kill.id}))
    if _too_many(state, now_ms, kill.actor):
        effects.append(Effect("tell", f"alarm:{kill.uid}", {"what": "alarm", "kill": kill.id}))
    return tuple(effects)


def _too_many(state: State, now_ms: int, actor: str) -> bool:
    everything = (*state.kind(keys.KILLS).values(), *state.kind(keys.ENDED).values())
    theirs = [record["since_ms"] for record in everything if record.get("actor") == actor]
    earlier = tuple(at for at in theirs if isinstance(at, int))
    return alarming(policy_of(state), (*earlier, now_ms), now_ms=now_ms)


def _timers(
    now_ms: int, kill: Kill, state: State, closes_ms: int | None, *, fresh: bool
) -> tuple[Timer, ...]:
    timers = []
    if fresh:
        review = Effect("review", f"review:{kill.uid}:1", {"kill": kill.id, "nth": 1})
        timers.append(Timer(f"review:{kill.uid}", kill.review_ms - now_ms, review))
    if fresh and kill.break_glass:
        wait = policy_of(state).break_glass.adopt_within_ms
        late = Effect("tell", f"unadopted:{kill.uid}", {"what": "unadopted", "kill": kill.id})
        timers.append(Timer(f"adopt:{kill.uid}", wait, late))
    if closes_ms is not None:
        close = Effect("queue_closed", f"queue:{kill.uid}", {"kill": kill.id}, lane="kill")
        timers.append(Timer(f"queue:{kill.uid}", max(closes_ms - now_ms, 0), close))
    return tuple(timers)


def review_delay_ms(now_ms: int) -> int:
    """Return how long until the next morning's review."""
    return next_morning_ms(now_ms) - now_ms
