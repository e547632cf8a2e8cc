"""kill -9 after any step of what else is done with messages: each is one entry of the journal, and is said once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from opsbot.app.comms.requests import (
    DropMessage,
    HoldEvidence,
    NewMessage,
    PublishMessage,
    RetryTarget,
    RunClock,
    SetCanned,
    SnoozeUpdate,
    StateFact,
)
from opsbot.app.incident.requests import Which
from opsbot.app.requests import ApproveRequest
from opsbot.domain import journal
from tests.app.comms.exposure.test_clocks import GDPR, exposed
from tests.app.comms.test_crashes import company, mortal, refusable
from tests.app.test_crashes import Killed
from tests.support.comms import (
    ANYWAY,
    FIRST,
    PIA,
    WHAT,
    WRONG,
    Telling,
    never,
)
from tests.support.incident_life import settle
from tests.support.world import INES, MARA

HERE = Which("INC-1")
PLACES = ("status-page", "in-app")
Act = Callable[[Telling], Awaitable[None]]


@dataclass(frozen=True)
class Verb:
    """What is so before, what is pressed, its one entry, and what stood at each of our places after it."""

    before: Act
    press: Act
    entry: str
    said: tuple[str, ...] = ()
    exposed: bool = False


async def worked(one: Telling) -> None:
    """Do all the work that is due."""
    for _ in range(4):
        await settle(one.world, rounds=1)
        one.world.clock.later(40)
        await one.world.outbox.fire_timers()


async def nothing(_one: Telling) -> None:
    """Leave it as it is."""


async def told(one: Telling) -> None:
    """Let users know."""
    one.places["status-page"].after.clear()
    await one.told(FIRST)


async def drafted(one: Telling) -> None:
    """Write a draft."""
    await one.new()


async def failed(one: Telling) -> None:
    """Let users know where they can be reached; one page refused it."""
    one.places["status-page"].after.clear()
    one.places["status-page"].before.append(never)
    await one.told(FIRST)


async def correct(one: Telling) -> None:
    """Correct what users were told, with another person's word."""
    comms = one.world.bot.comms
    request = NewMessage(WRONG, HERE, {"what": WHAT[WRONG]}, corrects="MSG-1")
    await refusable(comms.new(request, PIA, request_id="correct"))
    await refusable(comms.publish(PublishMessage("MSG-2", anyway=ANYWAY), PIA, request_id="let go"))
    yes = ApproveRequest("A-2", grant=True)
    await refusable(one.world.bot.approve(yes, INES, request_id="yes 2"))


async def drop(one: Telling) -> None:
    """Give it up."""
    await refusable(one.world.bot.comms.drop(DropMessage("MSG-1", "no"), PIA, request_id="drop"))


async def retry(one: Telling) -> None:
    """Try the page again."""
    request = RetryTarget("MSG-1", "status-page")
    await refusable(one.world.bot.comms.retry(request, PIA, request_id="retry"))


async def snooze(one: Telling) -> None:
    """Move the promise."""
    request = SnoozeUpdate(HERE, "users", 900, "legal reads it")
    await refusable(one.world.bot.comms.snooze(request, PIA, request_id="snooze"))


async def fact(one: Telling) -> None:
    """Put a line on the sheet."""
    request = StateFact(HERE, "topic", "refunds")
    await refusable(one.world.bot.comms.fact(request, PIA, request_id="fact"))


async def canned(one: Telling) -> None:
    """Change what users of a paused workflow read."""
    request = SetCanned("coding-agent", {"en": "A person answers you."})
    await refusable(one.world.bot.comms.canned(request, PIA, request_id="canned"))


async def evidence(one: Telling) -> None:
    """Say where the evidence is."""
    request = HoldEvidence(HERE, "bucket 7")
    await refusable(one.world.bot.comms.evidence(request, MARA, request_id="evidence"))


async def clock(one: Telling) -> None:
    """Start a clock of the law."""
    request = RunClock(HERE, "gdpr-33")
    await refusable(one.world.bot.comms.clock(request, MARA, request_id="clock"))


VERBS = {
    "correct": Verb(told, correct, "comms_publish", ("MSG-1", "MSG-2")),
    "drop": Verb(drafted, drop, "comms_drop"),
    "retry": Verb(failed, retry, "comms_retry", ("MSG-1",)),
    "snooze": Verb(told, snooze, "comms_snooze", ("MSG-1",)),
    "fact": Verb(nothing, fact, "comms_fact"),
    "canned": Verb(nothing, canned, "user_text"),
    "evidence": Verb(nothing, evidence, "comms_evidence", exposed=True),
    "clock": Verb(nothing, clock, "comms_clock", exposed=True),
}


@pytest.mark.no_cover  # the same deed, over and over
@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
async def test_it_is_done_once_whatever_the_moment_of_death(verb: Verb) -> None:
    steps = 1
    while await died(verb, steps):
        steps += 1

    assert steps > 3, "no deed is shorter than that"


async def died(verb: Verb, steps: int) -> bool:
    """Do it, die after *steps*, be reborn and press again; return whether it died."""
    one = await exposed(GDPR) if verb.exposed else await company()
    await verb.before(one)
    reborn, begun = one.world.bot, len(one.world.server.lines)
    fuse = mortal(one, steps)
    try:
        await verb.press(one)
        await worked(one)
    except Killed:
        one.world.bot = reborn
        one.world.clock.later(30)
        await verb.press(one)
        await worked(one)

    moment = f"dead after step {steps}"
    lines = list(enumerate(one.world.server.lines))[begun:]
    entries = [journal.read_entry(line, index=n).verb for n, line in lines]
    assert entries.count(verb.entry) == 1, moment
    for place in PLACES if verb.said else ():
        assert tuple(one.places[place].said) == verb.said, moment
    assert not one.world.server.dead, moment
    return fuse.left <= 0
