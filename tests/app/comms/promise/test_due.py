"""Promises of the next word: due by severity, said before and at their time, counted once, ended with the incident."""

from dataclasses import replace

import pytest

from opsbot.app.comms.requests import SnoozeUpdate
from opsbot.app.incident.promises import DUE
from opsbot.app.incident.requests import EditIncident, MoveIncident, OpenIncident, RoleOrder, Which
from opsbot.domain.comms.told import Rhythm
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, NotAllowed
from tests.support.comms import FIRST, LEADS, NEXT, OVER, PIA, Telling, telling
from tests.support.incident_life import COPILOT
from tests.support.world import INES, MARA, NOOR

MIN_S = 60
SEV1 = OpenIncident("wrong refunds", workflow=COPILOT, severity="SEV1")


def rhythm(one: Telling, audience: str = "users") -> Rhythm:
    return one.state.comms("INC-1").rhythms.get(audience, Rhythm())  # type: ignore[call-overload, no-any-return]  # an audience, by name


def left_s(one: Telling, audience: str = "users") -> float:
    """Return in how many seconds the next word is due."""
    due = rhythm(one, audience).due_ms
    assert due is not None
    return (due - one.world.clock.now_ms()) / 1000


async def passes(one: Telling, seconds: float) -> list[tuple[str, str]]:
    """Let time pass, do what becomes due, and return whom was told what."""
    one.world.clock.later(seconds)
    before = len(one.world.slack.told)
    await one.world.outbox.fire_timers()
    await one.world.work(DUE)
    return [(who, text.splitlines()[0]) for who, text in one.world.slack.told[before:]]


async def test_the_first_word_is_due_by_severity_and_audience() -> None:
    one = await telling(SEV1)

    assert 4 * MIN_S < left_s(one) <= 6 * MIN_S
    assert 9 * MIN_S < left_s(one, "stakeholders") <= 11 * MIN_S
    assert 14 * MIN_S < left_s(one, "executives") <= 16 * MIN_S
    assert "support" not in one.state.comms("INC-1").rhythms


async def test_nobody_outside_hears_of_a_sev4() -> None:
    one = await telling(OpenIncident("a typo", workflow=COPILOT, severity="SEV4"))

    assert one.state.comms("INC-1").rhythms == {}


@pytest.mark.parametrize("drill", [True, False])
async def test_a_drill_promises_nothing(*, drill: bool) -> None:
    one = await telling(replace(SEV1, drill=drill))

    assert bool(one.state.comms("INC-1").rhythms) is not drill


async def test_of_a_private_one_users_are_promised_nothing_before_somebody_tells_them() -> None:
    one = await telling(replace(SEV1, private=True))

    assert rhythm(one).due_ms is None
    assert rhythm(one, "executives").due_ms is not None


async def test_what_nobody_accepted_yet_promises_nothing_until_somebody_does() -> None:
    one = await telling()
    world = one.world
    await world.bot.incidents.open(
        OpenIncident("it answers oddly", workflow="coding-agent", severity="SEV1"),
        NOOR,
        request_id="triage",
    )
    assert one.state.comms("INC-2").rhythms == {}

    await world.bot.incidents.move(
        MoveIncident(Which("INC-2"), "active"), INES, request_id="accept"
    )

    assert one.state.comms("INC-2").rhythms["users"].due_ms is not None


async def test_it_is_said_before_it_is_due_and_at_it() -> None:
    one = await telling()
    await one.world.bot.incidents.role(
        RoleOrder(Which("INC-1"), "commander", "take"), INES, request_id="ic"
    )
    await one.told(FIRST)
    due = rhythm(one).due_ms

    early = await passes(one, left_s(one) - 5 * MIN_S)
    late = await passes(one, 5 * MIN_S + 1)

    assert "U0LEAD" in {who for who, _ in early}
    assert due is not None
    assert any("the next update to users is due by" in text for _, text in early)
    assert any("the next update to users is overdue" in text for _, text in late)
    assert (rhythm(one).kept, rhythm(one).broken) == (1, 1)


async def test_at_it_the_incidents_own_channel_hears_of_it_too() -> None:
    one = await telling()
    channel = one.incident.room.channel
    assert one.incident.room.live

    await passes(one, left_s(one) + 1)

    here = [text for where, text in one.world.slack.posted if where == channel]
    assert any("the first word to users is overdue" in text for text in here)


async def test_a_word_in_time_is_a_promise_kept_and_nobody_is_called() -> None:
    one = await telling()
    await one.told(FIRST)
    assert (rhythm(one).kept, rhythm(one).broken) == (1, 0)
    assert rhythm(one).stage == "investigating"

    told = await passes(one, 10 * MIN_S + 1)

    assert not any("the first word to users" in text for _, text in told)
    assert rhythm(one).broken == 0


async def test_a_broken_promise_is_counted_once_by_however_many_replicas() -> None:
    one = await telling()
    one.world.clock.later(left_s(one) + 1)
    await one.world.outbox.fire_timers()
    names = [
        name
        for name, item in one.world.server.items.items()
        if item.effect.kind == DUE and item.effect.body["what"] == "due"
    ]
    handle = one.world.bot.handlers()[DUE]
    for name in names:
        for _ in range(3):
            await handle(one.world.delivery(name))

    assert rhythm(one).broken == 1


async def test_it_is_said_three_times_at_most_and_counted_once() -> None:
    one = await telling()
    await one.told(FIRST)

    said = [await passes(one, left_s(one) + 1)]
    said += [await passes(one, 10 * MIN_S + 1) for _ in range(4)]

    heard = [any("update to users" in text for _, text in some) for some in said]
    assert heard == [True, True, True, False, False]
    assert rhythm(one).broken == 1


async def test_a_word_that_comes_late_takes_the_call_away() -> None:
    one = await telling()
    await passes(one, left_s(one) + 1)
    assert rhythm(one).overdue_ms is not None

    await one.told(FIRST)

    assert rhythm(one).overdue_ms is None
    assert (rhythm(one).kept, rhythm(one).broken) == (0, 1)
    assert not any("to users" in text for _, text in await passes(one, 10 * MIN_S))


async def test_the_card_says_what_is_due_and_by_how_much_it_is_overdue() -> None:
    one = await telling()
    said = await one.world.bot.incidents.show(Which("INC-1"), MARA)
    assert any(line.startswith("Next word to users by 03:") for line in said.lines)

    await passes(one, left_s(one) + 7 * MIN_S)

    said = await one.world.bot.incidents.show(Which("INC-1"), MARA)
    line = next(line for line in said.lines if line.startswith("Comms overdue"))
    assert "the first word to users is overdue by 7 min" in line


async def test_a_higher_severity_brings_the_first_word_forward() -> None:
    one = await telling()
    before = left_s(one)

    await one.world.bot.incidents.edit(
        EditIncident(Which("INC-1"), severity="SEV1"), INES, request_id="s"
    )

    assert left_s(one) < before
    assert 0 < left_s(one) <= 6 * MIN_S


async def test_a_lower_severity_moves_nothing_that_people_read() -> None:
    one = await telling()
    await one.told(FIRST)
    due = rhythm(one).due_ms

    await one.world.bot.incidents.edit(
        EditIncident(Which("INC-1"), severity="SEV3"), INES, request_id="s"
    )

    assert rhythm(one).due_ms == due


async def test_an_end_ends_what_is_due() -> None:
    one = await telling()
    await one.world.bot.incidents.move(
        MoveIncident(Which("INC-1"), "resolved", "over"), INES, request_id="m"
    )

    assert all(each.due_ms is None for each in one.state.comms("INC-1").rhythms.values())
    assert await passes(one, 60 * MIN_S) == []


async def test_a_reopening_begins_anew() -> None:
    one = await telling()
    await one.told(FIRST)
    for to, request in (("resolved", "m"), ("active", "n")):
        await one.world.bot.incidents.move(
            MoveIncident(Which("INC-1"), to, "so"),  # type: ignore[arg-type]  # a status, by name
            INES,
            request_id=request,
        )

    assert rhythm(one).due_ms is not None


async def test_what_users_were_told_to_be_over_promises_nothing_more() -> None:
    one = await telling()
    await one.told(FIRST)
    await one.told(OVER, back="")

    assert (rhythm(one).stage, rhythm(one).due_ms) == ("resolved", None)


async def test_each_audience_keeps_its_own_promises() -> None:
    one = await telling()
    users = rhythm(one)

    await one.told(LEADS, targets=("mail",))

    assert rhythm(one) == users
    assert rhythm(one, "stakeholders").kept == 1


async def test_a_snooze_moves_the_promise_with_a_reason_and_stays_on_record() -> None:
    one = await telling()
    before = left_s(one)
    ask = SnoozeUpdate(Which("INC-1"), "users", 15 * MIN_S, "the vendor calls back")

    said = await one.world.bot.comms.snooze(ask, PIA, request_id="z")

    assert left_s(one) - before >= 15 * MIN_S - 1
    (snooze,) = rhythm(one).snoozes
    assert (snooze.by, rhythm(one).broken) == ("pia", 0)
    assert "the vendor calls back" in said.lines[0]
    assert "vendor" not in str(snooze.why)
    again = await one.world.bot.comms.snooze(ask, PIA, request_id="z")
    assert again.body == said.body
    assert len(rhythm(one).snoozes) == 1


async def test_a_snooze_says_no_in_words() -> None:
    one = await telling()
    ask = SnoozeUpdate(Which("INC-1"), "users", 15 * MIN_S, "")

    for refused, wrong, by in (
        (NeedsMoreWords, ask, PIA),
        (IllegalMove, replace(ask, why="so", for_s=1), PIA),
        (IllegalMove, replace(ask, why="so", audience="regulators"), PIA),
        (NotAllowed, replace(ask, why="so"), NOOR),
    ):
        with pytest.raises(refused):
            await one.world.bot.comms.snooze(wrong, by, request_id=one.request())
    assert rhythm(one).snoozes == ()


async def test_a_new_word_after_a_snooze_is_counted_once() -> None:
    one = await telling()
    await one.told(FIRST)
    await passes(one, left_s(one) + 1)
    ask = SnoozeUpdate(Which("INC-1"), "users", 15 * MIN_S, "so")
    await one.world.bot.comms.snooze(ask, PIA, request_id="z")

    await one.told(NEXT, values={"what": "Orders work; refunds go by mail for now."})

    assert (rhythm(one).kept, rhythm(one).broken) == (2, 1)
