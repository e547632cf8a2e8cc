"""Laws of killing and restoring, whatever people do in whatever order: checked on the memory twin."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from opsbot.app.approvals import waiting
from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain import journal
from opsbot.domain.actor import Actor
from opsbot.domain.errors import Refused
from opsbot.domain.state import APPROVALS, State
from opsflags import keys
from opsflags.evaluate import View, compile_view
from opsflags.records import kill_from_json, workflow_from_json
from tests.support.world import ALL_MODES, FAY, GUS, INES, MARA, NOOR, OLA, SAM, World, workflow

PEOPLE = (MARA, SAM, INES, OLA, NOOR, GUS, FAY)
TARGETS = (
    Target("workflow", "support-copilot"),
    Target("workflow", "contract-summariser"),
    Target("all"),
    Target("provider", "openai"),
    Target("model", "anthropic/claude-sonnet-5"),
)
CALLS = [
    (tenant, model, tool)
    for tenant in ("acme", "other")
    for model in ("openai/gpt-5.2", None)
    for tool in (None, "search_kb", "issue_refund")
]
STEPS = {"steps": [5, 50], "watch_s": 60}
NUMBERS = st.integers(1, 6)
WIDENS = frozenset({"restore", "soften", "ease", "ease_alone", "ease_step"})


class Laws(RuleBasedStateMachine):
    """Random people kill, restore, approve, adopt and wait."""

    @initialize()
    def open(self) -> None:
        """Open the company."""
        self.loop = asyncio.new_event_loop()
        self.world, self.count = World(), 0
        self.world.env = self.world.bot.env
        object.__setattr__(self.world.env, "answer_within_s", 0.0)
        self.run(
            self.world.declare(
                workflow("support-copilot", tier=1, safe_state="canned"),
                workflow("contract-summariser", tier=3, extra={"restore": STEPS}),
            )
        )
        self.before = self.world.store.state
        self.ids: set[str] = set()

    def teardown(self) -> None:
        """Close the loop."""
        if hasattr(self, "loop"):
            self.loop.close()

    def run(self, step: Coroutine[Any, Any, object]) -> None:
        """Do one step; a refusal is an answer."""
        with contextlib.suppress(Refused):
            self.loop.run_until_complete(step)

    def request(self) -> str:
        """Return a request id that was not used."""
        self.count += 1
        return f"r{self.count}"

    @rule(
        actor=st.sampled_from(PEOPLE),
        what=st.sampled_from(TARGETS),
        mode=st.sampled_from((None, *ALL_MODES)),
        tenant=st.sampled_from((None, None, "acme")),
        glass=st.booleans(),
    )
    def kill(
        self, actor: Actor, what: Target, mode: str | None, tenant: str | None, *, glass: bool
    ) -> None:
        """Kill."""
        asked = KillRequest(what, mode, tenant, break_glass=glass, confirmed=True)
        self.run(self.world.bot.kill(asked, actor, request_id=self.request()))

    @rule(actor=st.sampled_from(PEOPLE), what=st.sampled_from(TARGETS))
    def restore(self, actor: Actor, what: Target) -> None:
        """Restore by name."""
        asked = RestoreRequest(what)
        self.run(self.world.bot.restore(asked, actor, request_id=self.request()))

    @rule(actor=st.sampled_from(PEOPLE), number=NUMBERS)
    def restore_one(self, actor: Actor, number: int) -> None:
        """Restore by id."""
        asked = RestoreRequest(Target("kill", f"K-{number}"))
        self.run(self.world.bot.restore(asked, actor, request_id=self.request()))

    @rule(actor=st.sampled_from(PEOPLE), number=NUMBERS, grant=st.booleans())
    def approve(self, actor: Actor, number: int, *, grant: bool) -> None:
        """Approve or refuse."""
        asked = ApproveRequest(f"A-{number}", grant=grant)
        self.run(self.world.bot.approve(asked, actor, request_id=self.request()))

    @rule(actor=st.sampled_from(PEOPLE), number=NUMBERS)
    def stop(self, actor: Actor, number: int) -> None:
        """Press [Stop completely]."""
        stop = self.world.bot.stop_completely(f"K-{number}", actor, request_id=self.request())
        self.run(stop)

    @rule(actor=st.sampled_from(PEOPLE), number=NUMBERS, question=st.booleans())
    def adopt(self, actor: Actor, number: int, *, question: bool) -> None:
        """Take up a broken glass."""
        self.run(
            self.world.bot.adopt(f"K-{number}", actor, question=question, request_id=self.request())
        )

    @rule(minutes=st.sampled_from((1, 6, 16, 31, 600)))
    def wait(self, minutes: int) -> None:
        """Let time pass and do what became due."""
        self.world.clock.later(minutes * 60)
        self.run(self.world.outbox.fire_timers())
        self.run(self.world.work("expire", "queue_closed", "review", "tell", "restore_ramp"))

    @invariant()
    def nothing_widens_without_leave(self) -> None:
        """Only a restore or a softening, each by its rule, allows more than before."""
        if not hasattr(self, "before"):
            return
        lines = self.world.server.lines[self.before.position.revision :]
        state = self.before
        for number, line in enumerate(lines, start=self.before.position.revision):
            entry = journal.read_entry(line, index=number)
            after = journal.follow(state, entry)
            if entry.verb not in WIDENS:
                assert not wider(state, after), entry.verb
            else:
                assert entry.body["rule"] in LEAVES
            state = after
        self.before = state

    @invariant()
    def the_journal_replays_to_the_state(self) -> None:
        """Nothing stands in the state but what the journal says."""
        if hasattr(self, "world"):
            replayed = journal.replay(self.world.server.lines)
            assert replayed.records == self.world.store.state.records

    @invariant()
    def approvals_are_two_people_and_one_at_a_time(self) -> None:
        """No approver is the requester, and every waiting one speaks of kills as they are."""
        if not hasattr(self, "world"):
            return
        state = self.world.store.state
        every = [state.approval(name) for name in state.kind(APPROVALS)]
        assert all(a.approver != a.requester for a in every if a.standing == "approved")
        named = [kill for one in waiting(state) for kill in one.kills]
        assert len(named) == len(set(named))
        assert all(state.kill(kill).active for kill in named)
        timers = self.world.server.timers
        assert {f"expire:{one.id}" for one in waiting(state)} == {
            name for name in timers if name.startswith("expire:")
        }

    @invariant()
    def timers_belong_to_kills_that_hold(self) -> None:
        """What is over has no timer; what holds is reviewed."""
        if not hasattr(self, "world"):
            return
        active = {kill.uid for kill in self.world.store.state.active_kills()}
        timed = {
            (what, uid)
            for name in self.world.server.timers
            for what, _, uid in (name.partition(":"),)
            if what in ("review", "adopt", "queue", "restore-ramp")
        }
        assert {uid for _, uid in timed} <= active
        assert {uid for what, uid in timed if what == "review"} == active

    @invariant()
    def ids_are_used_once(self) -> None:
        """An id stands for one kill for ever."""
        if hasattr(self, "world"):
            state = self.world.store.state
            live, ended = set(state.kind(keys.KILLS)), set(state.kind(keys.ENDED))
            assert not live & ended
            assert self.ids <= live | ended
            self.ids |= live | ended


LEAVES = frozenset(
    {
        "restore-mild-mode",
        "undo-own-kill",
        "approver",
        "restore-lone-5-percent",
        "restore-ramp",
    }
)


def wider(before: State, after: State) -> list[str]:
    """Return the questions that *after* allows more of than *before*."""
    if before.kind(keys.KILLS) == after.kind(keys.KILLS):
        return []
    views = {n: (view(before, n), view(after, n)) for n in before.kind(keys.WORKFLOWS)}
    return [
        f"{name}{call}"
        for name, (old, new) in views.items()
        for call in CALLS
        if not _covers(old.decide(*call), new.decide(*call))
    ]


def view(state: State, name: str) -> View:
    """Return what a client knows that can do everything."""
    return compile_view(
        name,
        workflow_from_json(name, dict(state.kind(keys.WORKFLOWS)[name])),
        [kill_from_json(dict(one)) for one in state.kind(keys.KILLS).values()],
        modes=ALL_MODES,
        knowledge="live",
    )


def _covers(old: Any, new: Any) -> bool:
    """Return whether *new* allows nothing that *old* did not."""
    if not new.allowed:
        return True
    tools = all(
        name in old.tools or name not in new.tools for name in ("search_kb", "issue_refund")
    )
    diverted = old.mode == "live" or old.route is None or _place(old) in (DEFAULT, _place(new))
    return bool(old.allowed and tools and diverted and old.needs_approval <= new.needs_approval)


DEFAULT = ("openai", "gpt-5.2")


def _place(decision: Any) -> tuple[str, str] | None:
    route = decision.route
    return None if route is None else (route.provider, route.model)


TestLaws = Laws.TestCase
TestLaws.settings = settings(
    max_examples=50,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
