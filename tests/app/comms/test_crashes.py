"""kill -9 after any step of a message's life: whoever comes next finishes it, and nobody reads it twice."""

from dataclasses import dataclass, replace

import pytest

from opsbot.app.comms.port import Post, Posted, Publisher
from opsbot.app.comms.requests import HoldUsers, NewMessage, PublishMessage
from opsbot.app.incident.requests import Which
from opsbot.app.requests import ApproveRequest
from opsbot.domain import journal
from opsbot.domain.errors import Refused
from tests.app.test_crashes import Careful, Fuse, Killed, Mortal
from tests.support.comms import ANYWAY, FIRST, PIA, WHAT, Places, Telling, lost, telling
from tests.support.incident_life import settle
from tests.support.world import INES, MARA

PARTS = 4


@dataclass
class MortalPlaces:
    """Targets behind a fuse: what they took is there, and then the process may be gone."""

    places: Places
    fuse: Fuse

    def to(self, target: str) -> Publisher:
        """Return a target behind the fuse."""
        return _MortalPlace(self.places.to(target), self.fuse)


@dataclass
class _MortalPlace:
    place: Publisher
    fuse: Fuse

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """Publish, and burn."""
        posted = await self.place.publish(post, attempt=attempt)
        self.fuse.burn()
        return posted


def mortal(one: Telling, steps: int) -> Fuse:
    """Put every port of the bot behind one fuse."""
    fuse, world = Fuse(steps), one.world
    env = replace(world.env, store=Mortal(world.store, fuse), fleets=Mortal(world.fleets, fuse))
    world.bot = replace(
        world.bot,
        env=env,
        outbox=Mortal(world.outbox, fuse),
        chat=Mortal(world.slack, fuse),
        rooms=Mortal(world.rooms, fuse),
        publishers=MortalPlaces(one.places, fuse),
    )
    return fuse


async def life(one: Telling) -> None:
    """Write, ask, approve, and do the work; people press again, as people do."""
    comms = one.world.bot.comms
    request = NewMessage(FIRST, Which("INC-1"), {"what": WHAT[FIRST]})
    await refusable(comms.new(request, PIA, request_id="new"))
    publish = PublishMessage("MSG-1", anyway=ANYWAY)
    await refusable(comms.publish(publish, PIA, request_id="publish"))
    await settle(one.world, rounds=2)
    yes = ApproveRequest("A-1", grant=True)
    await refusable(one.world.bot.approve(yes, INES, request_id="yes"))
    for _ in range(4):
        await settle(one.world, rounds=1)
        one.world.clock.later(40)
        await one.world.outbox.fire_timers()


async def refusable(step: object) -> None:
    """Do a step that may have been done."""
    try:
        await step  # type: ignore[misc]  # a coroutine
    except Refused:
        return


async def company() -> Telling:
    """Return a world whose chat never says a thing twice, and where a target answers after it accepted."""
    one = await telling()
    careful = Careful()
    one.world.slack = careful
    one.world.bot = replace(one.world.bot, chat=careful)
    one.places["status-page"].after.append(lost)
    return one


@pytest.mark.no_cover  # the same life, over and over
@pytest.mark.parametrize("part", range(PARTS))
async def test_one_publication_whatever_the_moment_of_death(part: int) -> None:
    steps = part + 1
    while await died_at(steps):
        steps += PARTS

    assert steps > 60, "a whole life is longer than that"


@pytest.mark.no_cover  # the same life, over and over
async def test_one_first_word_whatever_the_moment_of_death() -> None:
    steps = 1
    while await died_holding(steps):
        steps += 1

    assert steps > 20, "a whole life is longer than that"


async def died_holding(steps: int) -> bool:
    """Give the first word, die after *steps*, be reborn and press again; return whether it died."""
    one = await company()
    reborn = one.world.bot
    fuse = mortal(one, steps)
    try:
        await one_tap(one)
    except Killed:
        one.world.bot = reborn
        one.world.clock.later(30)
        await one_tap(one)

    moment = f"dead after step {steps}"
    for target in ("status-page", "in-app"):
        assert one.places[target].said == ["MSG-1"], moment
    assert [message.standing for message in one.state.messages()] == ["published"], moment
    assert not one.world.server.dead, moment
    return fuse.left <= 0


async def one_tap(one: Telling) -> None:
    """Press, and do the work."""
    tap = HoldUsers(Which("INC-1"))
    await refusable(one.world.bot.comms.hold(tap, MARA, request_id="tap"))
    for _ in range(4):
        await settle(one.world, rounds=1)
        one.world.clock.later(40)
        await one.world.outbox.fire_timers()


async def died_at(steps: int) -> bool:
    """Live, die after *steps*, be reborn; return false where life was over before that."""
    one = await company()
    reborn = one.world.bot
    fuse = mortal(one, steps)
    try:
        await life(one)
    except Killed:
        one.world.bot = reborn
        one.world.clock.later(30)  # what it held is given back by then
        await life(one)

    once_each(one, f"dead after step {steps}")
    return fuse.left <= 0


def once_each(one: Telling, moment: str) -> None:
    """Everything is there, and nothing twice."""
    for target in ("status-page", "in-app"):
        assert one.places[target].said == ["MSG-1"], moment
    assert {sent.state for sent in one.message().sent.values()} == {"done"}, moment
    verbs = [
        journal.read_entry(line, index=n).verb for n, line in enumerate(one.world.server.lines)
    ]
    said = [verb for verb in verbs if verb.startswith("comms") and verb != "comms_sent"]
    assert said == ["comms_new", "comms_ask", "comms_publish"], moment
    assert 2 <= verbs.count("comms_sent") <= 3, moment
    cards = [text for _, text in one.world.slack.posted if text.startswith("MSG-1")]
    assert len(cards) == 1, moment
    assert not one.world.server.dead, moment
