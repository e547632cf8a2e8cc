"""Laws of restoring in steps, whatever people, evaluations, the fleet and time do, in whatever order."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from opsbot.app.approvals import waiting
from opsbot.app.declare import decide as declare
from opsbot.app.kill.decision import Order, decide_kill
from opsbot.app.requests import KillRequest, Target
from opsbot.app.restore.decision import Lift, decide_approval, decide_restore
from opsbot.app.restore.lone import decide_expire
from opsbot.app.restore.ramp_decision import Hold, decide_hold, decide_look
from opsbot.domain.actor import RAMP, Actor
from opsbot.domain.change import Change, Write
from opsbot.domain.declaration import Catalogue
from opsbot.domain.errors import Refused
from opsbot.domain.gates import Measurement, as_record, measurement_key
from opsbot.domain.journal import put
from opsbot.domain.kill import Kill
from opsbot.domain.kill import as_record as kill_record
from opsbot.domain.kill_ramp import LONE, KillRamp
from opsbot.domain.state import EVIDENCE, State
from opsflags import keys
from tests.support.restores import NAME, rules, stepped
from tests.support.world import INES, MARA, NOOR, OLA, SAM, SATURDAY_NIGHT_MS, workflow

PEOPLE = st.sampled_from((MARA, SAM, INES, OLA, NOOR))
TARGETS = st.sampled_from(
    (
        Target("workflow", NAME),
        Target("workflow", "other"),
        Target("all"),
        Target("kill", "K-1"),
        Target("kill", "K-2"),
    )
)
ATTEMPTS = ("ease", "ease_alone", "ease_step", "restore")
WHOLE = 100


class Steps(RuleBasedStateMachine):
    """Two workflows under everything that can happen to them, on the pure decisions."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.now_ms, self.count = State(), SATURDAY_NIGHT_MS, 0
        self.looks: list[tuple[str, str, int]] = []

    def commit(self, change: Change | None) -> None:
        """Apply a change as the store does, and judge what it let through."""
        if change is None:
            return
        before = self.state
        records = put(before.records, [(w.kind, w.id, w.record) for w in change.writes])
        at = replace(before.position, revision=before.position.revision + 1)
        self.state = replace(before, position=at, records=records)
        for kill in before.active_kills():
            self.judge(change, kill, self.state.kill(kill.id))
        for effect in change.effects:
            if effect.kind == "expire":
                self.commit(decide_expire(self.state, self.now_ms, str(effect.body["approval"])))

    def judge(self, change: Change, old: Kill, new: Kill) -> None:
        """Only an approved restore, step by confirmed step, lets more through; and of its own kill."""
        more, had = share(new), share(old)
        if more <= had:
            return
        assert change.verb in ATTEMPTS, change.verb
        if change.actor == RAMP:
            ramp = old.ramp
            assert change.facts["kill"] == old.id
            assert ramp is not None
            assert not ramp.lone
            assert old.confirmed_ms is not None
            assert more == (ramp.following or WHOLE)
        elif change.verb == "ease_alone":
            assert more <= LONE
            assert change.rule == "restore-lone-5-percent"
        else:
            assert change.rule in ("approver", "undo-own-kill", "restore-mild-mode")
        if new.ramp is not None:
            assert new.ramp.percent in (5, 25, 50)
            assert new.at > old.at

    def attempt(self, decide: Any, *words: Any, **more: Any) -> None:
        """Decide and commit; a refusal changes nothing."""
        try:
            change, _ = decide(self.state, self.now_ms, *words, **more)
        except Refused:
            return
        self.commit(change)

    def lift(self, who: Actor, what: Target) -> Lift:
        """Return a request of its own."""
        self.count += 1
        return Lift(what, who, uid=f"try-{self.count}")

    @initialize()
    def declared(self) -> None:
        """Begin with two workflows; the restores of one go in steps."""
        declared = {NAME: stepped(), "other": workflow("other", tier=1)}
        self.attempt(declare, Catalogue(declared, rules(), "abc"))
        self.begin(Target("workflow", NAME), approved=True)

    @rule(
        what=st.sampled_from((Target("workflow", NAME), Target("all"))),
        approved=st.sampled_from((True, False)),
    )
    def begin(self, what: Target, *, approved: bool) -> None:
        """Stop it, and let it run again: by two people, or as far as one may who waits."""
        self.kill(MARA, what, "stop")
        self.confirm()
        self.attempt(decide_restore, self.lift(MARA, what))
        if approved:
            self.attempt(decide_restore, self.lift(INES, what))
        else:
            self.wait(16)
            self.attempt(decide_restore, self.lift(MARA, what))

    @rule(
        who=PEOPLE,
        what=TARGETS,
        mode=st.sampled_from(("stop", "stop", "canned", "read_only", "drafts_only", None)),
    )
    def kill(self, who: Actor, what: Target, mode: str | None) -> None:
        """Kill, or kill again."""
        self.count += 1
        if what.kind != "kill":
            request = KillRequest(what, mode, confirmed=True)
            self.attempt(decide_kill, Order(request, who, f"uid-{self.count}", "", ()))

    @rule(who=PEOPLE, what=TARGETS)
    def restore(self, who: Actor, what: Target) -> None:
        """Ask, approve by asking, or ask how far it is."""
        self.attempt(decide_restore, self.lift(who, what))

    @rule(who=PEOPLE, number=st.integers(1, 4), grant=st.sampled_from((True, True, False)))
    def approve(self, who: Actor, number: int, *, grant: bool) -> None:
        """Approve or refuse."""
        lift = self.lift(who, Target("kill", f"A-{number}"))
        self.attempt(decide_approval, f"A-{number}", lift, grant=grant)

    @rule()
    def expire(self) -> None:
        """Let every approval run out whose time is over."""
        for one in waiting(self.state):
            if one.expires_ms <= self.now_ms:
                self.commit(decide_expire(self.state, self.now_ms, one.id))

    @rule(who=PEOPLE, number=st.integers(1, 3), hold=st.booleans())
    def hold(self, who: Actor, number: int, *, hold: bool) -> None:
        """Hold it, or let it go on."""
        self.attempt(decide_hold, Hold(f"K-{number}", who, hold))

    @rule(value=st.sampled_from((0.95, 0.95, 0.95, 0.85, 0.5)), n=st.sampled_from((200, 3)))
    def measure(self, value: float, n: int) -> None:
        """Let an evaluation of what serves report."""
        one = Measurement(NAME, "r1", "ground", "pass_rate", value, n, self.now_ms, "ci")
        write = Write(EVIDENCE, measurement_key(one), as_record(one))
        self.commit(Change("record_eval", INES, (write,)))

    @rule()
    def confirm(self) -> None:
        """Let the fleet confirm everything."""
        for kill in self.state.active_kills():
            done = replace(kill, confirmed_ms=10.0)
            write = Write(keys.KILLS, kill.id, kill_record(done))
            self.commit(Change("confirmed", RAMP, (write,), facts={"kill": kill.id}))

    @rule(minutes=st.sampled_from((1, 11, 16)))
    def wait(self, minutes: int) -> None:
        """Let time pass."""
        self.now_ms += minutes * 60_000

    @rule(
        old=st.booleans(),
        heard=st.sampled_from((True, True, True, False)),
        minutes=st.sampled_from((11, 11, 11, 1, 0)),
    )
    def look(self, *, old: bool, heard: bool, minutes: int) -> None:
        """Let the fleet confirm or not, time pass, and timers look, also those of attempts that are over."""
        if heard:
            self.confirm()
        self.wait(minutes)
        now = [
            (kill.id, kill.ramp.uid, kill.ramp.step)
            for kill in self.state.active_kills()
            if kill.ramp is not None
        ]
        for kill_id, uid, step in (*(self.looks if old else ()), *now):
            change, looked = decide_look(self.state, self.now_ms, kill_id, uid=uid, step=step)
            self.commit(change)
            if looked.what == "taken_back":
                assert share(self.state.kill(kill_id)) == 0
        self.looks += now

    @invariant()
    def a_ramp_rests_on_people(self) -> None:
        """Whatever is let through was approved, or is the little that one person may."""
        for kill in self.state.active_kills():
            if (ramp := kill.ramp) is None:
                continue
            allowed(self.state, ramp, kill)

    @invariant()
    def what_is_stored_is_read_as_it_was(self) -> None:
        """Every kill reads back, and a client reads its share."""
        for kill_id, record in self.state.kind(keys.KILLS).items():
            assert kill_record(self.state.kill(kill_id)) == record


def allowed(state: State, ramp: KillRamp, kill: Kill) -> None:
    """Check who stands behind a ramp."""
    if ramp.lone:
        assert ramp.percent <= LONE
        assert state.approval(ramp.approval).standing == "pending"
    elif ramp.approval:
        approval = state.approval(ramp.approval)
        assert approval.standing == "approved"
        assert approval.approver != approval.requester
        assert kill.id in approval.kills


def share(kill: Kill) -> int:
    """Return the share that a kill lets through."""
    if not kill.active:
        return WHOLE
    return 0 if kill.ramp is None else kill.ramp.percent


Steps.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestSteps = pytest.mark.timeout(200)(Steps.TestCase)
