"""What a kill request comes to on one state: policy, the kill, its evidence, work and timers. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from opsbot.app.approvals import overtaken
from opsbot.app.environment import policy_of
from opsbot.app.human_queue import mode_now, queue_timer
from opsbot.app.incident.effects import with_cards
from opsbot.app.incident.links import with_kill
from opsbot.app.kill import names as kill_names
from opsbot.app.kill.alarm import alarm, alarmed, too_many
from opsbot.app.kill.freeze_frame import freeze_frame
from opsbot.app.kill.names import led
from opsbot.app.kill.question import must_confirm
from opsbot.app.numbers import next_number, numbered
from opsbot.app.requests import KillRequest
from opsbot.app.target import Aim, aim, struck_by
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Position, Record, Sealed, Timer, Write
from opsbot.domain.errors import NotAllowed, Refused, StaleButton
from opsbot.domain.fleet import Fleet
from opsbot.domain.hours import next_morning_ms
from opsbot.domain.kill import Further, Kill, as_record, reasoned, remode, strictness, whole
from opsbot.domain.policy.rules import Request, Verdict, identity_of, judge, shown
from opsbot.domain.state import SETTINGS, State
from opsbot.domain.workflow import Workflow
from opsflags import keys

REVIEW_MS = 4 * 3_600_000
"""When opsbot asks for the first time whether a kill should stay; then every morning."""

Outcome = Literal["new", "stricter", "already", "joined", "reasoned", "moved"]
"""
*reasoned*: who acted on it before gave a reason, its first or one more. *moved*: nothing but the time of its
review, because `for:` named another.
"""


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
    """
    What the decision left: the kill as it now stands and how it came to that.

    *closes_ms* is when the human queue closes. *broke*: the actor broke the glass for this change.
    *led* are the kills of the model's other names that are written with it. *freed*: it came with
    another kill and stands for itself from now on, because somebody named it. *was* is the mode that
    it had, empty where it is new.
    """

    kill: Kill
    outcome: Outcome
    aim: Aim
    verdict: Verdict
    closes_ms: int | None = None
    broke: bool = False
    led: tuple[Kill, ...] = ()
    freed: bool = False
    was: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """
    One request with everything chosen by chance or read beforehand, so that deciding is pure.

    *only* is the id of the one kill that may be made stricter, empty where a new one may come.
    *name* is the commitment to the name of somebody whom the policy does not know. *seen* are the
    model names that the fleet asked for in the last 24 hours. *known* are commitments to the very
    words of *reason* that a kill of the same holds already.
    """

    request: KillRequest
    actor: Actor
    uid: str
    reason: str
    sealed: tuple[Sealed, ...]
    fleet: Fleet | None = None
    only: str = ""
    name: str = ""
    seen: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()


def decide_kill(state: State, now_ms: int, order: Order) -> tuple[Change | None, Struck]:
    """
    Decide one kill on one state; pure.

    Raises:
        Refused: unknown words, policy, a missing confirmation, or a milder mode.
    """
    aimed = _aim_at(state, order.only) if order.only else aim(order.request, state, order.seen)
    verdict = allow(state, now_ms, order, aimed)
    must_confirm(state, order.request, aimed, order.seen)
    mode, closes = mode_now(aimed.mode, None if aimed.wide else aimed.workflows, now_ms)
    old = _old(state, replace(aimed, mode=mode), order.only)
    actor = identity_of(policy_of(state), order.actor)
    if old is None:
        kill, outcome = _new_kill(state, now_ms, order, replace(aimed, mode=mode)), _NEW
    else:
        kill, outcome = _again(state, old, mode, actor, order, now_ms)
    freed = old is not None and old.under != kill.under
    struck = Struck(
        kill, outcome, aimed, verdict, closes, _breaks(verdict, old, actor), freed=freed
    )
    struck = replace(struck, was="" if old is None else old.mode)
    struck = replace(
        struck, kill=_stood_by(struck, actor), led=_beside(state, now_ms, struck, actor)
    )
    if outcome == "already" and struck.kill == old and not struck.led:
        return None, struck
    change = _change(state, now_ms, order, struck)
    if outcome == "new":
        change = with_kill(state, now_ms, change, struck.kill, order.actor)
    if outcome == "stricter" or struck.led:
        names = (struck.kill.id, *(one.id for one in struck.led))
        change = with_cards(state, change, names)
    return change, struck


_NEW: Outcome = "new"


def _beside(state: State, now_ms: int, struck: Struck, actor: str) -> tuple[Kill, ...]:
    """
    Return what is written with a kill: those of the model's other names, numbered after its own.

    And, held for everybody again, whatever of the same scope was being restored in steps.
    """
    number = next_number(state, "kill") + (struck.outcome == "new")
    names = kill_names.beside(state, now_ms, struck.kill, struck.aim.also, number=number)
    if struck.freed:
        number += sum(one.id not in state.kind(keys.KILLS) for one in names)
        names += kill_names.instead(state, now_ms, state.kill(struck.kill.id), number=number)
    same = (kill for kill in state.active_kills() if kill.scope == struck.kill.scope)
    eased = (kill for kill in same if kill.ramp is not None and kill.id != struck.kill.id)
    why, at = _again_by(state, actor), _next(state)
    return (*names, *(whole(kill, why, at=at, now_ms=now_ms) for kill in eased))


def _aim_at(state: State, kill_id: str) -> Aim:
    """Aim at exactly one kill, whatever its scope: the button on its card."""
    kill = state.kill(kill_id)
    if not kill.active:
        raise StaleButton(f"{kill.id} was restored already; nothing was changed.")
    named = kill.scope.workflow is not None
    also = tuple(one.scope for one in led(state, kill))
    struck = struck_by(kill.scope, state.workflows())
    return Aim(kill.scope, "stop", struck, wide=not named, also=also)


def _old(state: State, aimed: Aim, only: str) -> Kill | None:
    """
    Return the kill of the same scope that speaks for this one: the strictest that can.

    One that restricts other things stays as it is, and the new kill stands beside it.
    """
    if only:
        return state.kill(only)
    same = [k for k in state.active_kills() if k.scope == aimed.scope]
    how = {kill.id: strictness(kill.mode, aimed.mode) for kill in same}
    for wanted in ("same", "milder", "stricter"):
        for kill in same:
            if how[kill.id] == wanted:
                return kill
    return None


def _breaks(verdict: Verdict, old: Kill | None, actor: str) -> bool:
    """Return whether the glass is broken now; repeating one's own break-glass kill breaks none."""
    again = old is not None and old.break_glass and old.actor == actor
    return verdict.outcome == "break_glass" and not again


def _stood_by(struck: Struck, actor: str) -> Kill:
    """Note a broken glass, or that a responder who kills the same stands by one that was broken."""
    kill = struck.kill
    if struck.broke and struck.outcome in ("new", "stricter"):
        return replace(kill, break_glass=True, taken="")
    if kill.break_glass and not kill.taken and struck.verdict.outcome == "alone":
        return kill if actor == kill.actor else replace(kill, taken=actor)
    return kill


def allow(state: State, now_ms: int, order: Order, aimed: Aim) -> Verdict:
    """
    Ask policy.

    Raises:
        NotAllowed: with the rule and who can help.
    """
    policy = policy_of(state)
    me = identity_of(policy, order.actor)
    last = state.setting("break_glass").get(me)
    if any(
        k.scope == aimed.scope and k.break_glass and k.actor == me for k in state.active_kills()
    ):
        last = None  # once an hour counts kills, not the same one said again or made stricter
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


def _next(state: State) -> Position:
    return Position(state.position.epoch, state.position.revision + 1)


def _new_kill(state: State, now_ms: int, order: Order, aimed: Aim) -> Kill:
    given = order.request.review_in_s
    return Kill(
        id=f"K-{next_number(state, 'kill')}",
        uid=order.uid,
        scope=aimed.scope,
        mode=aimed.mode,
        at=_next(state),
        actor=identity_of(policy_of(state), order.actor),
        via=order.actor.via,
        since_ms=now_ms,
        review_ms=now_ms + (REVIEW_MS if given is None else given * 1000),
        reason=order.reason,
        actor_name=order.name,
    )


def _again(
    state: State, old: Kill, mode: str, actor: str, order: Order, now_ms: int
) -> tuple[Kill, Outcome]:
    how, given = strictness(old.mode, mode), order.request.review_in_s
    joins = actor != old.actor and actor not in old.joined
    kill = replace(old, joined=(*old.joined, actor)) if joins else old
    told = {old.reason, *(one.reason for one in old.further)}
    if order.reason and told.isdisjoint(order.known):
        kill = reasoned(kill, Further(order.reason, actor, now_ms))
    if not order.only and (joins or how == "stricter"):
        kill = replace(kill, under="")
    if given is not None:
        kill = replace(kill, review_ms=now_ms + given * 1000)
    if old.ramp is not None:
        kill = whole(kill, _again_by(state, actor), at=_next(state), now_ms=now_ms)
        return replace(kill, mode=mode if how == "stricter" else old.mode), "stricter"
    if how == "milder" and order.request.mode is not None:
        raise WouldWiden(old, mode)
    if how == "stricter":
        return remode(kill, mode=mode, at=_next(state), now_ms=now_ms), "stricter"
    if joins or (kill.reason, kill.further) != (old.reason, old.further):
        return kill, "joined" if joins else "reasoned"
    return (kill, "moved") if kill != old else (old, "already")


def _again_by(state: State, actor: str) -> str:
    """Return why a restore in steps ended: a kill never widens, it holds for everybody."""
    return f"killed again by {shown(policy_of(state), actor)}"


def _change(state: State, now_ms: int, order: Order, struck: Struck) -> Change:
    kill, fresh = struck.kill, struck.outcome == "new"
    actor = identity_of(policy_of(state), order.actor)
    writes = [Write(keys.KILLS, kill.id, as_record(kill))]
    cancels: tuple[str, ...] = ()
    effects = _effects(struck, actor)
    if struck.outcome in ("new", "stricter") and too_many(state, now_ms, actor):
        writes.append(alarmed(state, now_ms, actor))
        effects += (alarm(kill, actor),)
    writes += kill_names.writes(struck.led)
    effects += kill_names.follows(struck.led)
    new = fresh + sum(one.id not in state.kind(keys.KILLS) for one in struck.led)
    if new:
        writes.append(numbered(state, "kill", new))
    if struck.broke and struck.outcome in ("new", "stricter"):
        used = {**state.setting("break_glass"), "s": 1, actor: now_ms}
        writes.append(Write(SETTINGS, "break_glass", used))
    if kill.taken:
        cancels = (f"adopt:{kill.uid}",)
    if struck.outcome == "stricter" or struck.led:
        ids = {kill.id, *(one.id for one in struck.led)}
        late = overtaken(state, now_ms, ids, by=actor)
        writes += late.writes
        effects += late.effects
        cancels += tuple(f"restore-ramp:{one.uid}" for one in (kill, *struck.led))
        cancels += late.timers if kill.mode == "human" else (*late.timers, f"queue:{kill.uid}")
    return Change(
        verb=_VERBS.get("new" if struck.led else struck.outcome, "join"),
        actor=order.actor,
        writes=tuple(writes),
        rule=struck.verdict.rule,
        facts=freeze_frame(state, struck.aim, order.fleet),
        sealed=order.sealed,
        effects=effects,
        timers=_timers(now_ms, state, struck, moved=order.request.review_in_s is not None),
        cancels=cancels,
    )


_VERBS = {"new": "kill", "stricter": "kill", "reasoned": "give_reason", "moved": "move_review"}


def _effects(struck: Struck, actor: str) -> tuple[Effect, ...]:
    kill, at = struck.kill, f"{struck.kill.at.epoch}:{struck.kill.at.revision}"
    card = Effect("card", f"card:{kill.uid}", {"kill": kill.id})
    if struck.outcome not in ("new", "stricter"):
        return (card,)
    effects = [Effect("follow", f"follow:{kill.uid}:{at}", {"kill": kill.id}, lane="kill"), card]
    if struck.broke:
        about: Record = {"kill": kill.id, "by": actor, "what": "glass"}
        effects.append(Effect("tell", f"glass:{kill.uid}:{at}", about))
    return tuple(effects)


def _timers(now_ms: int, state: State, struck: Struck, *, moved: bool) -> tuple[Timer, ...]:
    timers, kill = [], struck.kill
    if struck.outcome == "new" or moved or struck.freed:
        key = f"review:{kill.uid}:{kill.review_ms}"
        review = Effect("review", key, {"kill": kill.id, "nth": 1})
        timers.append(Timer(f"review:{kill.uid}", max(kill.review_ms - now_ms, 0), review))
    if struck.broke and struck.outcome in ("new", "stricter"):
        wait = policy_of(state).break_glass.adopt_within_ms
        late = Effect("tell", f"unadopted:{kill.uid}", {"what": "unadopted", "kill": kill.id})
        timers.append(Timer(f"adopt:{kill.uid}", wait, late))
    closes = struck.closes_ms if kill.mode == "human" else None
    return (*timers, *queue_timer(kill, now_ms, closes))


def review_delay_ms(now_ms: int) -> int:
    """Return how long until the next morning's review."""
    return next_morning_ms(now_ms) - now_ms
