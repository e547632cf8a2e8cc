"""Laws of walking a runbook, whatever people press in whatever order: checked on the memory twin."""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from opsbot.app.requests import ApproveRequest
from opsbot.app.runs.requests import LeadRun, MarkStep, RunAction
from opsbot.domain import journal
from opsbot.domain.actor import Actor
from opsbot.domain.errors import Refused
from opsbot.domain.journal import Entry
from opsbot.domain.prose import words
from opsbot.domain.run import Run
from opsbot.domain.runbook import LANES, Box, Decision, LaneName, Option, Phase
from opsbot.domain.state import State
from tests.support.runs import RUN, action, book, started, step, walked_company
from tests.support.world import GUS, INES, MARA, NOOR, SAM

PEOPLE = (MARA, SAM, INES, INES, MARA, SAM, NOOR, GUS)
QUESTION = Decision(
    words("Which way?"), (Option("On", "three"), Option("Over", "four"), Option("Again", "one"))
)
STEPS = (
    step("One", boxes=(Box("b1", words("x")), Box("b2", words("y")))),
    step("Two", action("kill"), undo="four", decide=QUESTION),
    step("Three", action("capture", what=("kills",))),
    step("Four", action("restore")),
    step("Five", action("wait", **{"for": "10m"})),
    step("Six", action("approve", what="going on"), who="comms"),
    step("Seven", who="comms", time_s=None),
)
BOOK = book(Phase("all", "All", 1, steps=STEPS))
NAMES = st.sampled_from(["", *(one.id for one in STEPS)])
ACTS = ("take", "assign", "accept", "decline", "done", "failed", "skip", "block", "unblock",
        "box", "decide", "back", "undo", "note", "evidence")  # fmt: skip
OPENS = frozenset({"undo", "decide"})
TICKS = frozenset({"done", "skipped", "failed"})


class Laws(RuleBasedStateMachine):
    """Random people mark, press, hand over, approve and wait."""

    @initialize()
    def open(self) -> None:
        """Open the company and begin a run."""
        self.loop = asyncio.new_event_loop()
        self.world = self.loop.run_until_complete(walked_company(BOOK))
        object.__setattr__(self.world.bot.env, "answer_within_s", 0.0)
        self.loop.run_until_complete(started(self.world))
        self.count, self.checked = 0, 0
        self.state = State()
        self.claims: set[tuple[str, int]] = set()
        self.requests: set[str] = set()

    def teardown(self) -> None:
        """Close the loop."""
        if hasattr(self, "loop"):
            self.loop.close()

    def run(self, one: Coroutine[Any, Any, object]) -> None:
        """Do one thing; a refusal is an answer."""
        with contextlib.suppress(Refused):
            self.loop.run_until_complete(one)

    def request(self) -> str:
        """Return a request id that was not used."""
        self.count += 1
        return f"r{self.count}"

    @rule(
        act=st.sampled_from(ACTS),
        name=NAMES,
        by=st.sampled_from(PEOPLE),
        late=st.none() | st.integers(0, 2),
        number=st.integers(1, 3),
    )
    def mark(self, act: Any, name: str, by: Actor, late: int | None, number: int) -> None:
        """Mark a step."""
        request = MarkStep(
            RUN, act, name, seen=self.seen(late), who=("mara", "sam", "ines")[number - 1], words="why",
            box=f"b{number}", option=number,
        )  # fmt: skip
        self.run(self.world.bot.runs.mark(request, by, request_id=self.request()))

    @rule(
        name=NAMES,
        by=st.sampled_from(PEOPLE),
        late=st.none() | st.integers(0, 2),
        act=st.sampled_from(("do", "do", "undo", "read_back")),
    )
    def press(self, name: str, by: Actor, late: int | None, act: Any) -> None:
        """Press an action."""
        request = RunAction(RUN, name, 1, act, self.seen(late), confirmed=True)
        self.run(self.world.bot.runs.do(request, by, request_id=self.request()))

    @rule(
        lane=st.sampled_from(LANES),
        act=st.sampled_from(
            ("done", "decide", "done", "decide", "failed", "skip", "block", "take")
        ),
        by=st.sampled_from((MARA, SAM, INES)),
        late=st.none() | st.integers(0, 1),
        number=st.integers(1, 3),
    )
    def walk(self, lane: LaneName, act: Any, by: Actor, late: int | None, number: int) -> None:
        """Do something about the current step of a lane, as people do most of the time."""
        now = self.world.store.state.run("RUN-1").focus.get(lane, "")
        request = MarkStep(RUN, act, now, seen=self.seen(late), words="why", option=number)
        self.run(self.world.bot.runs.mark(request, by, request_id=self.request()))

    @rule(lane=st.sampled_from(LANES), by=st.sampled_from((MARA, SAM, INES)))
    def act(self, lane: LaneName, by: Actor) -> None:
        """Press the action of the current step of a lane."""
        now = self.world.store.state.run("RUN-1").focus.get(lane, "")
        request = RunAction(RUN, now, 1, confirmed=True)
        self.run(self.world.bot.runs.do(request, by, request_id=self.request()))

    def seen(self, late: int | None) -> int | None:
        """Return the version on somebody's screen: so many behind what is so."""
        version = self.world.store.state.run("RUN-1").version
        return None if late is None else max(version - late, 0)

    @rule(by=st.sampled_from(PEOPLE), act=st.sampled_from(("offer", "accept", "decline", "take")))
    def lead(self, by: Actor, act: Any) -> None:
        """Hand the lead over."""
        request = LeadRun(RUN, act, "sam")
        self.run(self.world.bot.runs.lead(request, by, request_id=self.request()))

    @rule(by=st.sampled_from(PEOPLE), number=st.integers(1, 4), grant=st.booleans())
    def approve(self, by: Actor, number: int, *, grant: bool) -> None:
        """Approve or refuse."""
        asked = ApproveRequest(f"A-{number}", grant=grant)
        self.run(self.world.bot.approve(asked, by, request_id=self.request()))

    @rule(seconds=st.sampled_from((1, 31, 130, 700, 2000)))
    def wait(self, seconds: int) -> None:
        """Let time pass and do what became due."""
        self.world.clock.later(seconds)
        self.run(self.world.outbox.fire_timers())
        self.run(self.world.work("run_act", "run_remind", "run_told", "expire"))

    @invariant()
    def every_entry_keeps_the_laws(self) -> None:
        """
        Versions grow by one, ticks are only taken off by hand, attempts are claimed once.

        No action is done twice: its request id stands in the journal once.
        """
        if not hasattr(self, "claims"):
            return
        for number, line in enumerate(self.world.server.lines[self.checked :], self.checked):
            entry = journal.read_entry(line, index=number)
            after = journal.follow(self.state, entry)
            self.look(self.state, after, entry)
            assert entry.request not in self.requests
            self.requests.add(entry.request)
            self.state, self.checked = after, number + 1

    def look(self, before: State, after: State, entry: Entry) -> None:
        """Check one entry."""
        runs = {one.id: one for one in before.runs()}
        for run in after.runs():
            old = runs.get(run.id)
            if old is None or old == run:
                continue
            assert run.version == old.version + 1, entry.verb
            self.ticks_stay(old, run, entry)
            self.attempts_are_claimed_once(old, run)
            one_focus(run)

    def ticks_stay(self, old: Run, run: Run, entry: Entry) -> None:
        """A tick goes by `undo`, or by an answer that leads back; boxes change one by one."""
        facts: Any = entry.body["facts"]
        for name, mark in old.marks.items():
            now = run.mark(name)
            if mark.state in TICKS and now.state == "open":
                assert facts.get("act") in OPENS, entry.body
            changed = set(mark.boxes) ^ set(now.boxes)
            assert len(changed) <= 1 or facts.get("act") in OPENS, entry.body
        assert run.attached[: len(old.attached)] == _as_before(old, run)

    def attempts_are_claimed_once(self, old: Run, run: Run) -> None:
        """Each attempt begins once, and one after the other."""
        for key, act in run.acts.items():
            was = old.acts.get(key)
            if was is None or was.attempt != act.attempt:
                assert act.attempt == (0 if was is None else was.attempt) + 1
                assert was is None or was.state in ("failed", "done", "undone")
                assert (key, act.attempt) not in self.claims
                self.claims.add((key, act.attempt))


def one_focus(run: Run) -> None:
    """Each lane has one current step of its own, or none at its end."""
    lanes: Mapping[str, set[str]] = {lane: {s.id for s in BOOK.lane(lane)} for lane in LANES}
    assert set(run.focus) <= set(LANES)
    for lane, now in run.focus.items():
        assert now == "" or now in lanes[lane]


def _as_before(old: Run, run: Run) -> tuple[object, ...]:
    """Return the notes as they were, but for those that became evidence."""
    return tuple(
        one if one.kind == now.kind else now
        for one, now in zip(old.attached, run.attached, strict=False)
    )


TestLaws = Laws.TestCase
TestLaws.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
