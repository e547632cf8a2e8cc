"""What a restore in steps does when its time comes: one step on, held, or taken back; and who holds it. Pure."""

from dataclasses import dataclass, replace

from opsbot.app.approvals import overtaken
from opsbot.app.climb import Looked, Taken, climb
from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import moment
from opsbot.app.ramp.steps import (
    due,
    ended,
    obstacles_of,
    red,
    stored,
    timer_of,
    timers_of_kill,
    watched_until_ms,
)
from opsbot.app.restore.lift import cards
from opsbot.app.target import touched
from opsbot.app.user_texts import freed
from opsbot.domain.actor import RAMP, Actor
from opsbot.domain.change import Change, Effect, Position, Record, Sealed
from opsbot.domain.errors import NotAllowed, StaleButton
from opsbot.domain.kill import Kill, eased, whole
from opsbot.domain.kill_ramp import HUMAN, KillRamp
from opsbot.domain.policy.rules import Policy, Request, Verdict, identity_of, judge, shown
from opsbot.domain.state import State


def decide_look(
    state: State, now_ms: int, kill_id: str, *, uid: str, step: int, mark: int | None = None
) -> Taken[Kill]:
    """
    Look at the attempt *uid* of a kill's restore at its *step*, and take the step that is due.

    One that is over, or another one, is left alone: `gone`. A look that goes on and bears another
    *mark* than the attempt was overtaken by one that was begun since; a single look has none.

    Raises:
        UnknownKill: no such kill.
    """
    kill = state.kill(kill_id)
    ramp = kill.ramp
    if not kill.active or ramp is None or (ramp.uid, ramp.step) != (uid, step):
        return None, Looked(kill, "gone")
    if mark is not None and mark != ramp.mark:
        return None, Looked(kill, "gone")
    return climb(_Easing(state, now_ms, kill, ramp))


@dataclass(frozen=True, slots=True)
class _Easing:
    """One look at a kill that is being lifted in steps."""

    state: State
    now_ms: int
    now: Kill
    ramp: KillRamp

    @property
    def held(self) -> str:
        return self.ramp.held

    def left_ms(self) -> int:
        return watched_until_ms(self.now) - self.now_ms

    def bad(self) -> str:
        found = red(self.state, self.now, self.now_ms)
        return "" if found is None else found.words

    def obstacles(self) -> tuple[str, ...]:
        return () if self.ramp.lone else obstacles_of(self.state, self.now, self.now_ms)

    def hold(self, why: str) -> tuple[Change, Kill]:
        after = replace(self.now, ramp=replace(self.ramp, held=why))
        return _change(self.state, "hold_restore", after, why), after

    def on(self) -> Taken[Kill]:
        ramp, at = self.ramp, _next(self.state)
        if ramp.lone:
            return None, Looked(self.now, "watched")
        facts: Record = {"kill": self.now.id, "approval": ramp.approval, "by": ramp.by}
        if ramp.following is None:
            over = ended(self.now, by=ramp.by, at=at, now_ms=self.now_ms)
            change = replace(
                _change(self.state, "restore", over), facts=facts, cancels=timers_of_kill(over)
            )
            change = replace(change, effects=(*change.effects, *freed(self.state, (over,))))
            return _followed(change, over, at), Looked(over, "lifted")
        onward = replace(ramp, step=ramp.step + 1, since_ms=self.now_ms, held="")
        after = eased(self.now, onward, at=at, now_ms=self.now_ms)
        change = replace(
            _change(self.state, "ease_step", after),
            facts={**facts, "percent": onward.percent},
            timers=(due(after, self.now_ms),),
        )
        return _followed(change, after, at), Looked(after, "advanced")

    def back(self, why: str) -> Taken[Kill]:
        """Hold for everybody again; who undoes one's own kill alone does so no more after this."""
        kill, at = self.now, _next(self.state)
        me = identity_of(policy_of(self.state), RAMP)
        joined = kill.joined if me in kill.joined else (*kill.joined, me)
        after = whole(replace(kill, joined=joined), why, at=at, now_ms=self.now_ms)
        late = overtaken(self.state, self.now_ms, {kill.id}, by=me)
        told: Record = {
            "what": TAKEN_BACK,
            "kill": kill.id,
            "by": self.ramp.by,
            "percent": self.ramp.percent,
        }
        tell = Effect("tell", f"{TAKEN_BACK}:{kill.uid}:{at.epoch}:{at.revision}", told)
        change = _change(self.state, "take_back_restore", after, why)
        change = replace(
            change,
            writes=(*change.writes, *late.writes),
            effects=(*change.effects, tell, *late.effects),
            cancels=(timer_of(kill), *late.timers),
        )
        return _followed(change, after, at), Looked(after, "taken_back", None, why)


def _change(state: State, verb: str, after: Kill, why: str = "") -> Change:
    facts: Record = {"kill": after.id, "why": why}
    shown_anew = cards(state, (after,))
    return Change(
        verb=verb, actor=RAMP, writes=stored(after), rule=RULE, facts=facts, effects=shown_anew
    )


RULE = "restore-ramp"
"""The rule of steps that an approved restore takes by itself."""

TAKEN_BACK = "restore_taken_back"
"""What people are told of a restore that the watch has taken back."""


def _followed(change: Change, kill: Kill, at: Position) -> Change:
    key = f"follow:{kill.uid}:{at.epoch}:{at.revision}"
    follow = Effect("follow", key, {"kill": kill.id}, lane="kill")
    return replace(change, effects=(follow, *change.effects))


@dataclass(frozen=True, slots=True)
class Hold:
    """One request to hold a restore in steps, or to let it go on; *reason* is a commitment."""

    kill: str
    actor: Actor
    hold: bool
    reason: str = ""
    sealed: tuple[Sealed, ...] = ()


def decide_hold(state: State, now_ms: int, asked: Hold) -> Taken[Kill]:
    """
    Hold a restore in steps where it is, or let it go on.

    Whoever may kill it or restore it may hold it. To let it go on takes the power to restore, and
    somebody else than who asked for the restore: a hold may be another person's doubt.

    Raises:
        UnknownKill: no such kill. StaleButton: no step is to come. NotAllowed: with the rule.
    """
    kill, actor, hold = state.kill(asked.kill), asked.actor, asked.hold
    verdict = _may(state, now_ms, kill, actor, hold=hold)
    ramp = kill.ramp
    if not kill.active or ramp is None or ramp.lone:
        raise _no_steps(policy_of(state), now_ms, kill, asked)
    if hold == ramp.held_by_person:
        return None, Looked(kill, "already", None, ramp.held)
    if not hold:
        _must_be_another(state, kill, ramp, actor, verdict)
    me = identity_of(policy_of(state), actor)
    why = f"{HUMAN}{shown(policy_of(state), me)}" if hold else ""
    note = asked.reason if hold else ""
    after = replace(kill, ramp=replace(ramp, held=why, note=note, mark=ramp.mark + 1))
    change = _change(state, "hold_restore" if hold else "go_on_restore", after, why)
    change = replace(
        change,
        actor=actor,
        rule=verdict.rule,
        facts={**change.facts, "reason": asked.reason},
        sealed=asked.sealed,
        timers=() if hold else (due(after, now_ms),),
        cancels=(timer_of(kill),) if hold else (),
    )
    # Let go on when its watch is over already, its next step is not due later: it is due now.
    left_ms = None if hold else max(watched_until_ms(after) - now_ms, 0)
    return change, Looked(after, "held" if hold else "goes_on", left_ms, why)


def _no_steps(policy: Policy, now_ms: int, kill: Kill, asked: Hold) -> StaleButton:
    """Return the answer where no step is to come: what is so instead, and what can be done."""
    ramp, nothing = kill.ramp, "Nothing was changed."
    if not kill.active:
        at = "" if kill.ended_ms is None else f" at {moment(kill.ended_ms, now_ms)}"
        return StaleButton(f"{kill.id} was lifted{at}. {nothing}")
    if ramp is not None:
        let = f"{shown(policy, ramp.by)} let {ramp.percent} % of {kill.id} through alone"
        refuse = f"refuse {ramp.approval}, or " if ramp.approval else ""
        return StaleButton(
            f"{let}; no step follows by itself. {nothing}",
            hint=f"To end it {refuse}kill again.",
        )
    word = "hold" if asked.hold else "go-on"
    quotes = (
        f"`{word}` after a kill's id was understood as that."
        " A reason that begins so is put in quotes."
    )
    typed = asked.actor.via in ("slack", "cli")
    return StaleButton(
        f"{kill.id} is not being restored in steps; nothing was changed.",
        hint=quotes if typed else "",
    )


def _must_be_another(
    state: State, kill: Kill, ramp: KillRamp, actor: Actor, verdict: Verdict
) -> None:
    """Refuse it to who asked for the restore, or restored it alone."""
    policy = policy_of(state)
    first = state.approval(ramp.approval).requester if ramp.approval else ramp.by
    if identity_of(policy, actor) != first:
        return
    others = [shown(policy, name) for name in verdict.approvers if name != first]
    who = f"May let it go on: {', '.join(others)}" if others else "Anybody else who may restore it"
    raise NotAllowed(
        f"{shown(policy, first)} asked for this restore; a hold of {kill.id} is let go on by"
        " somebody else. Nothing was changed.",
        rule=RULE,
        hint=f"{who}{'' if others else ' may let it go on'}.",
    )


def _may(state: State, now_ms: int, kill: Kill, actor: Actor, *, hold: bool) -> Verdict:
    asked = Request(
        verb="restore",
        actor=actor,
        workflows=touched(state, (kill,)),
        wide=kill.scope.workflow is None,
        before=(kill.mode,),
        now_ms=now_ms,
    )
    verdict = judge(policy_of(state), asked)
    if verdict.outcome == "refused" and hold:
        stop = judge(policy_of(state), replace(asked, verb="kill", before=(), after=kill.mode))
        verdict = stop if stop.outcome == "alone" else verdict
    if verdict.outcome == "refused":
        raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)
    return verdict


def _next(state: State) -> Position:
    return Position(state.position.epoch, state.position.revision + 1)
