"""What holds of routes whatever people, evaluations, kills and time do, in whatever order."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from opsbot.app import route_state
from opsbot.app.declare import decide as declare
from opsbot.app.kill.decision import Order, decide_kill
from opsbot.app.requests import (
    KillRequest,
    RollbackRequest,
    RouteEdit,
    StageRequest,
    Target,
)
from opsbot.app.restore.decision import Lift, decide_restore
from opsbot.app.routed import Words, mark_of, uid_of
from opsbot.app.routes.ramp_decision import decide_ramp
from opsbot.app.routes.rollback_decision import decide_rollback
from opsbot.app.routes.set_decision import decide_set
from opsbot.app.routes.stage_decision import decide_stage
from opsbot.domain.change import Change, Record
from opsbot.domain.declaration import Catalogue
from opsbot.domain.errors import Refused
from opsbot.domain.gates import Measurement, as_record, measurement_key, passing
from opsbot.domain.journal import put
from opsbot.domain.kill import as_record as kill_record
from opsbot.domain.ramp import WHOLE
from opsbot.domain.route import Number
from opsbot.domain.route import Target as Serving
from opsbot.domain.routing import Routing, confirmed
from opsbot.domain.routing import as_record as routing_record
from opsbot.domain.state import EVIDENCE, REVISIONS, ROUTES, State
from opsflags import keys
from tests.support.world import INES, MARA, SATURDAY_NIGHT_MS, policy, workflow

COPILOT = "support-copilot"
GATE = {"suite": "ground", "metric": "pass_rate", "op": ">=", "threshold": 0.9, "min_n": 50,
        "max_age_h": 72, "hard": 0.8}  # fmt: skip
MODELS = ("gpt-5.2", "gpt-5-mini")
HOUR_MS = 3_600_000


class Routes(RuleBasedStateMachine):
    """One workflow's route under everything that can happen to it, on the pure decisions."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.now_ms, self.count = State(), SATURDAY_NIGHT_MS, 0
        self.seen: dict[str, Record] = {}

    def commit(self, change: Change | None) -> None:
        """Apply a change as the store does."""
        if change is None:
            return
        before = percent(self.state)
        records = put(self.state.records, [(w.kind, w.id, w.record) for w in change.writes])
        at = replace(self.state.position, revision=self.state.position.revision + 1)
        self.state = replace(self.state, position=at, records=records)
        if percent(self.state) > before:
            assert change.verb in ("begin_ramp", "advance_ramp", "rollback")

    def attempt(self, decide: Any, *words: Any) -> Any:
        """Decide and commit; a refusal changes nothing."""
        try:
            change, left = decide(self.state, self.now_ms, *words)
        except Refused:
            return None
        self.commit(change)
        return left

    def words(self) -> Words:
        """Return words of somebody who may change routes."""
        self.count += 1
        return Words(INES, f"uid{self.count}")

    @property
    def routing(self) -> Routing:
        """Return the pointers."""
        return self.state.routing(COPILOT)

    @initialize()
    def declared(self) -> None:
        """Begin with a declared workflow that has a gate."""
        declared = {COPILOT: workflow(COPILOT, extra={"gates": [GATE]})}
        self.attempt(declare, Catalogue(declared, policy(), "abc"))

    @rule(model=st.sampled_from(MODELS), prompt=st.sampled_from(["p@1", "p@2", "p@3"]))
    def set_route(self, model: str, prompt: str) -> None:
        """Store a revision."""
        edit = RouteEdit(COPILOT, targets=(Serving("openai", model),), prompt=prompt)
        self.attempt(decide_set, edit, self.words())

    @rule(
        older=st.integers(0, 1),
        value=st.sampled_from([0.95, 0.95, 0.95, 0.85, 0.5]),
        n=st.sampled_from([200, 200, 5]),
    )
    def report(self, older: int, value: float, n: int) -> None:
        """Let an evaluation report."""
        self.measure(older=older, value=value, n=n)

    def measure(self, *, older: int, value: float, n: int) -> None:
        """Let an evaluation report on what is tried, or on the newest revisions."""
        tried = self.routing.candidate
        number = tried.number if tried is not None else max(self.routing.newest - older, 1)
        one = Measurement(COPILOT, f"r{number}", "ground", "pass_rate", value, n, self.now_ms, "ci")
        record = (EVIDENCE, measurement_key(one), as_record(one))
        self.state = replace(self.state, records=put(self.state.records, [record]))

    @precondition(lambda self: self.routing.candidate is None and self.routing.newest > 1)
    @rule()
    def try_the_newest(self) -> None:
        """Evaluate the newest revision well, and begin its ramp."""
        self.measure(older=0, value=0.95, n=200)
        self.attempt(decide_stage, StageRequest(COPILOT, "begin"), self.words())

    @rule(data=st.data(), act=st.sampled_from([*["begin"] * 6, "hold", "go_on", "cancel"]))
    def stage(self, data: st.DataObject, act: Any) -> None:
        """Say a word on the ramp."""
        number = data.draw(st.none() | st.integers(1, self.routing.newest))
        request = StageRequest(COPILOT, act, None if number is None else Number(number))
        left = self.attempt(decide_stage, request, self.words())
        if left is not None and left.outcome == "begun":
            assert passing(left.evidence)

    @rule(data=st.data(), glass=st.booleans())
    def rollback(self, *, data: st.DataObject, glass: bool) -> None:
        """Go back to the last good revision or to a chosen one."""
        numbers = st.none() | st.integers(1, self.routing.newest)
        number = data.draw(numbers)
        salt, known = self.routing.salt, self.routing.served
        to = None if number is None else Number(number)
        left = self.attempt(decide_rollback, RollbackRequest(COPILOT, to, glass), self.words())
        if left is not None and left.outcome == "rolled_back":
            assert (self.routing.candidate, self.routing.salt) == (None, salt + 1)
            assert left.revision.back_to == (to or left.revision.back_to)
            hashes = {self.state.revision(COPILOT, one).hash for one in known}
            assert left.revision.hash in hashes

    @precondition(lambda self: not self.state.active_kills())
    @rule(what=st.sampled_from([("workflow", COPILOT), ("model", "openai/gpt-5-mini")]))
    def kill(self, what: tuple[Any, str]) -> None:
        """Kill it or a model; the fleet confirms at once."""
        self.count += 1
        request = KillRequest(Target(*what), "stop", confirmed=True)
        struck = self.attempt(decide_kill, Order(request, MARA, f"kill{self.count}", "", ()))
        if struck is not None:
            kill = replace(struck.kill, confirmed_ms=5.0)
            records = put(self.state.records, [(keys.KILLS, kill.id, kill_record(kill))])
            self.state = replace(self.state, records=records)

    @rule()
    @precondition(lambda self: bool(self.state.active_kills()))
    def restore(self) -> None:
        """Restore the oldest kill: asked for by one person, approved by the other."""
        target = Target("kill", self.state.active_kills()[0].id)
        for person in (MARA, INES):
            if self.state.active_kills():
                self.attempt(decide_restore, Lift(target, person))

    def confirm(self) -> None:
        """Let the fleet say that it serves what was committed."""
        record = routing_record(confirmed(self.routing, 10))
        self.state = replace(
            self.state, records=put(self.state.records, [(ROUTES, COPILOT, record)])
        )

    @rule(
        hours=st.sampled_from([0.1, 1.1, 1.1, 1.1, 25.0]),
        heard=st.sampled_from([True, True, False]),
    )
    def look(self, *, hours: float, heard: bool) -> None:
        """Let time pass, the fleet confirm or not, and the ramp's timer look."""
        self.now_ms += int(hours * HOUR_MS)
        if heard:
            self.confirm()
        routing = self.routing
        try:
            change, ramped = decide_ramp(
                self.state, self.now_ms, COPILOT, uid=uid_of(routing), mark=mark_of(routing)
            )
        except Refused:
            raise AssertionError("a look is never refused") from None
        self.commit(change)
        if ramped.what in ("advanced", "promoted", "good"):
            assert not self.state.active_kills() or self.calm()
        assert change is not None or ramped.now == routing

    @precondition(
        lambda self: self.routing.candidate is not None or self.routing.watch_ms is not None
    )
    @rule(times=st.integers(1, 6))
    def all_goes_well(self, times: int) -> None:
        """Nothing is killed, the fleet follows, every evaluation is good, time passes."""
        while self.state.active_kills():
            self.restore()
        for _ in range(times):
            self.measure(older=0, value=0.95, n=200)
            self.look(hours=1.1 if self.routing.candidate is not None else 25.0, heard=True)

    def calm(self) -> bool:
        """Return whether no active kill can touch the workflow."""
        return not route_state.killing(self.state, self.state.workflows()[COPILOT])

    @invariant()
    def revisions_are_for_ever(self) -> None:
        """No revision is ever changed, lost or numbered twice."""
        now = self.state.kind(REVISIONS)
        assert all(now[key] == record for key, record in self.seen.items())
        self.seen = dict(now)
        if now:
            assert len(now) == self.routing.newest

    @invariant()
    def what_clients_read_is_what_the_pointers_say(self) -> None:
        """The record of the workflow and the pointers never differ."""
        if not self.state.kind(ROUTES):
            return
        route: Any = self.state.kind(keys.WORKFLOWS)[COPILOT]["route"]
        tried = self.routing.candidate
        assert route["revision"] == self.routing.id
        assert ("candidate" in route) == (tried is not None)
        if tried is not None:
            assert route["candidate"]["revision"] == tried.id
            assert tried.number != self.routing.active

    @invariant()
    def there_is_always_a_way_back(self) -> None:
        """The last good revision exists, and a rollback to it is never refused for its evidence."""
        if self.state.kind(ROUTES):
            good = self.state.revision(COPILOT, self.routing.last_good)
            assert good.number == self.routing.last_good


def percent(state: State) -> int:
    """Return which share of the calls something other than the last active revision serves."""
    if not state.kind(ROUTES):
        return 0
    routing = state.routing(COPILOT)
    if routing.candidate is not None:
        route: Any = state.kind(keys.WORKFLOWS)[COPILOT]["route"]
        return int(route["candidate"]["percent"])
    return WHOLE if routing.watch_ms is not None else 0


Routes.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestRoutes = pytest.mark.timeout(200)(Routes.TestCase)
