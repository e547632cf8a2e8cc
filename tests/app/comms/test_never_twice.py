"""Whatever people and targets do, in whatever order: nothing twice, nothing half, nothing after its approval died."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from opsbot.app.comms.exact import exact
from opsbot.app.comms.port import Post
from opsbot.app.comms.requests import RetryTarget
from opsbot.app.incident.requests import EditIncident, Which
from opsbot.domain.comms.templates import Rendered
from opsbot.domain.errors import Refused
from opsbot.domain.state import APPROVALS as APPROVALS_KIND
from tests.support.comms import FIRST, LATER, NEXT, PIA, Telling, lost, never, telling
from tests.support.world import INES, MARA, OLA, SAM

PEOPLE = st.sampled_from([PIA, INES, SAM, OLA, MARA])
TARGETS = st.sampled_from(["status-page", "in-app"])
NAMES = st.sampled_from([FIRST, NEXT, LATER])
MESSAGES = st.integers(1, 4)
APPROVALS = st.integers(0, 2)


class Life(RuleBasedStateMachine):
    """Messages of one incident in the hands of five people, on two targets that fail as they like."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.one: Telling = self.loop.run_until_complete(telling())
        self.words = 0

    def teardown(self) -> None:
        """Close the loop."""
        self.loop.close()

    def _does(self, step: Awaitable[Any]) -> None:
        async def safely() -> None:
            try:
                await step
            except Refused:
                return

        self.loop.run_until_complete(safely())

    def _fresh(self) -> str:
        self.words += 1
        return f"Sentence {self.words} is about orders number {self.words * 7919}."

    @rule(name=NAMES, by=PEOPLE)
    def writes(self, name: str, by: Any) -> None:
        """Write a draft."""
        if len(self.one.state.messages()) < 4:
            back = "it came back"
            self._does(self.one.new(name, by, values={"what": self._fresh()}, back=back))

    @rule(number=MESSAGES, by=PEOPLE)
    def edits(self, number: int, by: Any) -> None:
        """Change one."""
        self._does(self.one.edit(self._fresh(), by, f"MSG-{number}"))

    @rule(number=MESSAGES, by=PEOPLE)
    def publishes(self, number: int, by: Any) -> None:
        """Publish one, or ask."""
        self._does(self.one.publish(f"MSG-{number}", by))

    @rule(number=APPROVALS, by=PEOPLE, grant=st.sampled_from([True, True, True, False]))
    def approves(self, number: int, by: Any, grant: bool) -> None:  # noqa: FBT001  drawn by hypothesis
        """Say yes, or no, to one of the newest questions."""
        known = sorted(self.one.state.kind(APPROVALS_KIND), key=lambda one: -int(one[2:]))
        if known:
            self._does(self.one.approve(known[number % len(known)], by, grant=grant))

    @rule(name=NAMES, yes=st.booleans())
    def tells(self, name: str, yes: bool) -> None:  # noqa: FBT001  drawn by hypothesis
        """Write, ask, and mostly say yes, as people mostly do."""
        self.writes(name, PIA)
        newest = self.one.state.messages()[0].id
        self._does(self.one.publish(newest, PIA))
        for approval in self.one.message(newest).approvals if yes else ():
            self._does(self.one.approve(approval, INES))

    @rule(severity=st.sampled_from(["SEV1", "SEV2", "SEV3"]))
    def regrades(self, severity: Any) -> None:
        """Find it worse, or less bad."""
        edit = EditIncident(Which("INC-1"), severity=severity)
        incidents = self.one.world.bot.incidents
        self._does(incidents.edit(edit, MARA, request_id=self.one.request()))

    @rule(where=TARGETS, how=st.sampled_from(["before", "after", "never"]))
    def breaks(self, where: str, how: str) -> None:
        """Let a target fail once: before it takes a message, after that, or for good."""
        place = self.one.places[where]
        (place.after if how == "after" else place.before).append(never if how == "never" else lost)

    @rule(number=MESSAGES, where=TARGETS)
    def retries(self, number: int, where: str) -> None:
        """Press [Retry]."""
        request = RetryTarget(f"MSG-{number}", where)
        self._does(self.one.world.bot.comms.retry(request, PIA, request_id=self.one.request()))

    @rule(seconds=st.sampled_from([1, 35, 1000]))
    def works(self, seconds: int) -> None:
        """Let time pass, and do the work that is due."""
        self.one.world.clock.later(seconds)
        self.loop.run_until_complete(self.one.settle(rounds=2))

    @invariant()
    def nothing_twice(self) -> None:
        """Every target took every message at most once, and only what was published."""
        for place in self.one.places.every.values():
            assert len(place.said) == len(set(place.said)), place
            for post in place.posts:
                self._was_approved(post)

    def _was_approved(self, post: Post) -> None:
        message = self.one.message(post.message)
        assert message.standing == "published"
        assert exact(message, Rendered(post.headline, post.texts)) == message.sha
        if message.severity in ("SEV1", "SEV2"):
            assert message.approved_by, post
            assert not message.writers & set(message.approved_by)
            given = [self.one.state.approval(one) for one in message.approvals]
            assert given
            for one in given:
                assert one.standing == "approved"
                assert one.action["sha"] == message.sha
                assert message.published_ms is not None
                assert message.published_ms < one.expires_ms

    @invariant()
    def nothing_half(self) -> None:
        """What is published has a way to every target; what is not has none."""
        for message in self.one.state.messages():
            done = message.standing == "published"
            assert bool(message.sent) == done
            assert not done or set(message.sent) == set(message.targets)

    @invariant()
    def said_is_there(self) -> None:
        """What a target is said to show, it shows."""
        for message in self.one.state.messages():
            for target, sent in message.sent.items():
                if sent.state == "done":
                    assert message.id in self.one.places[target].said

    @invariant()
    def in_order(self) -> None:
        """Everything came in the order in which it was let go, however often it was tried."""
        for target, place in self.one.places.every.items():
            came = [self.one.message(one).order for one in place.said]
            assert came == sorted(came), target

    @invariant()
    def nothing_undelivered(self) -> None:
        """Nothing became a dead letter: it is shown at the message."""
        assert not self.one.world.server.dead


Life.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestLife = Life.TestCase
