"""Who is on call: read once for all, honest about its age, and no key to anything when it is old."""

from dataclasses import replace

import pytest

from opsbot.app.paging.oncall import KEPT, OnCall
from opsbot.app.paging.oncall_words import Known, oncall_said
from opsbot.app.paging.port import PagingUnreachable
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed
from opsbot.domain.policy.rules import Grant
from opsbot.domain.roster import AHEAD_MS, FRESH_MS, Roster, as_record, from_record
from tests.support.pages import INES, MARA, OLA, Pages, duty
from tests.support.world import NOOR, World, policy, slack, workflow

COPILOT = "support-copilot"
PAGED = {"pagerduty": {"service": "PABC", "escalation_policy": "PESC"}}
PIA = Actor(kind="email", id="pia@example.com", via="cli")


@pytest.fixture
async def world() -> World:
    made = World()
    granted = policy()
    people = {
        **granted.people,
        "noor": replace(
            granted.people["mara"],
            name="noor",
            title="Noor",
            slack=("U0NEW",),
            email=("noor@example.com",),
            pagerduty=("PNOOR",),
        ),
    }
    on_call = Grant("responder", on_call=frozenset({"PESC"}))
    await made.declare(
        workflow(COPILOT, extra=PAGED),
        with_policy=replace(granted, people=people, grants=(*granted.grants, on_call)),
    )
    return made


def rota(world: World, pages: Pages) -> OnCall:
    return OnCall(world.env, world.outbox, pages)


NOOR_THERE = replace(INES, id="PNOOR", name="Noor", email="noor@example.com")


async def test_who_is_called_first_may_act_by_it(world: World) -> None:
    duties = OnCall(world.env, world.outbox, Pages(duties=(duty(NOOR_THERE),)))
    await duties.refresh()
    bot = replace(world.bot, rota=duties)

    await bot.kill(KillRequest(Target("workflow", COPILOT)), NOOR, request_id="k")

    assert world.store.state.kill("K-1").actor == "noor"
    assert not world.store.state.kill("K-1").break_glass


async def test_the_second_level_does_not_act_by_it(world: World) -> None:
    duties = rota(world, Pages(duties=(duty(NOOR_THERE, 2), duty(INES, 1))))
    await duties.refresh()

    with pytest.raises(NotAllowed):
        await replace(world.bot, rota=duties).kill(
            KillRequest(Target("workflow", COPILOT)), NOOR, request_id="k"
        )


async def test_an_old_roster_lets_nobody_restore_and_a_kill_breaks_the_glass(world: World) -> None:
    duties = rota(world, Pages(duties=(duty(NOOR_THERE),)))
    await duties.refresh()
    bot = replace(world.bot, rota=duties)
    world.clock.later(FRESH_MS / 1000 + 1)

    glass = KillRequest(Target("workflow", COPILOT), break_glass=True, reason="no one else")
    await bot.kill(glass, NOOR, request_id="k")

    assert world.store.state.kill("K-1").break_glass
    with pytest.raises(NotAllowed):
        await bot.restore(RestoreRequest(Target("kill", "K-1")), NOOR, request_id="r")


async def test_a_roster_from_the_future_lets_nobody_act_by_it(world: World) -> None:
    ahead_ms = world.clock.now_ms() + AHEAD_MS + 1
    near, far = Roster(ahead_ms - 1, ()), Roster(ahead_ms, ())

    assert near.fresh(world.clock.now_ms())
    assert not far.fresh(world.clock.now_ms())


async def test_a_roster_from_the_future_is_read_anew_and_keeps_out_no_true_one(
    world: World,
) -> None:
    wrong = Roster(world.clock.now_ms() + 86_400_000, ())
    await world.outbox.leave(KEPT, as_record(wrong))
    pages = Pages(duties=(duty(NOOR_THERE),))
    duties = rota(world, pages)

    await duties.refresh()
    await world.outbox.leave(KEPT, as_record(wrong))  # a replica with a wrong clock, again
    await duties.refresh()

    assert pages.asked == 1
    assert duties.present(NOOR).on_call == {"PESC"}


async def test_a_roster_from_the_future_is_said_to_be_one(world: World) -> None:
    wrong = Roster(world.clock.now_ms() + 86_400_000, ())
    await world.outbox.leave(KEPT, as_record(wrong))
    duties = rota(world, Pages(always=PagingUnreachable("silent")))
    await duties.refresh()
    known = Known(duties.roster, world.clock.now_ms(), connected=True)

    said = oncall_said(world.store.state, "prod", (), known)

    assert said.title == "On call in prod, as of a moment that did not come yet"
    assert said.tone == "amber"
    assert said.body["age_ms"] is None


async def test_a_duty_that_ended_counts_no_more_at_that_very_second(world: World) -> None:
    ends_ms = world.clock.now_ms() + 1000
    pages = Pages(duties=(duty(NOOR_THERE, until_ms=ends_ms),))
    duties = rota(world, pages)
    await duties.refresh()
    assert duties.present(NOOR).on_call == {"PESC"}

    world.clock.later(1)

    assert duties.present(NOOR).on_call == frozenset()
    pages.duties = (duty(INES),)
    await duties.refresh()
    assert pages.asked == 2


async def test_a_replica_that_has_just_started_knows_what_was_last_read(world: World) -> None:
    await rota(world, Pages(duties=(duty(INES),))).refresh()
    silent = Pages(always=PagingUnreachable("silent"))
    fresh = rota(world, silent)

    await fresh.recall()

    assert fresh.roster is not None
    assert [one.pager for one in fresh.roster.duties] == ["PINES"]
    assert silent.asked == 0


async def test_one_replica_reads_for_all(world: World) -> None:
    pages = Pages(duties=(duty(INES),))
    one, two = rota(world, pages), rota(world, pages)

    await one.refresh()
    await two.refresh()
    world.clock.later(30)
    await one.refresh()

    assert pages.asked == 1
    assert two.roster == one.roster


async def test_what_cannot_be_read_stays_and_grows_old(world: World) -> None:
    pages = Pages(duties=(duty(INES),))
    duties = rota(world, pages)
    await duties.refresh()
    first = duties.roster
    pages.always = PagingUnreachable("no answer")
    world.clock.later(120)

    await duties.refresh()

    assert duties.roster == first
    assert duties.trouble == "no answer"
    assert first is not None
    assert first.age_ms(world.clock.now_ms()) == 120_000


async def test_numbers_to_call_are_kept_with_it(world: World) -> None:
    bare = replace(OLA, phones=())
    duties = rota(world, Pages(duties=(duty(bare),)))

    await duties.refresh()

    kept = await world.outbox.left(KEPT)
    assert kept is not None
    assert from_record(kept).duties[0].phones == OLA.phones


async def test_without_pagerduty_nobody_is_on_call(world: World) -> None:
    duties = OnCall(world.env, world.outbox, None)

    await duties.refresh()

    assert duties.roster is None
    assert duties.present(NOOR).on_call == frozenset()


async def test_a_stranger_of_the_same_address_is_not_who_is_on_duty(world: World) -> None:
    duties = rota(world, Pages(duties=(duty(MARA),)))
    await duties.refresh()

    foreign = slack("U0ONCALL", team="T9OTHER")

    assert duties.present(foreign).on_call == frozenset()
    assert duties.present(PIA).on_call == frozenset()


def test_a_roster_is_read_as_it_was_written() -> None:
    assert from_record(as_record(Roster(7))) == Roster(7)


async def test_everybody_reads_who_is_called_first_and_how_old_that_is(world: World) -> None:
    ends_ms = world.clock.now_ms() + 3_600_000
    duties = rota(world, Pages(duties=(duty(INES, until_ms=ends_ms), duty(OLA, 2))))
    await duties.refresh()
    world.clock.later(42)

    said = await replace(world.bot, rota=duties).oncall(None, slack("U0ANYBODY"))

    assert said.title == "On call in prod, read 42 s ago"
    assert said.lines[0].startswith(
        "`support-copilot`: Ines until 04:14:07 UTC, then Ola (level 2)"
    )
    row = said.body["workflows"]["support-copilot"]  # type: ignore[index, call-overload]  # our own JSON
    assert [(one["name"], one["level"]) for one in row["on_call"]] == [("Ines", 1), ("Ola", 2)]


async def test_an_old_roster_says_that_it_allows_nothing(world: World) -> None:
    pages = Pages(duties=(duty(INES),))
    duties = rota(world, pages)
    await duties.refresh()
    pages.always = PagingUnreachable("no answer from PagerDuty")
    world.clock.later(FRESH_MS / 1000 + 60)
    await duties.refresh()

    said = await replace(world.bot, rota=duties).oncall(COPILOT, slack("U0ANYBODY"))

    assert (said.tone, said.title) == ("amber", "On call in prod, as it was: read 16 min 0 s ago")
    assert "PagerDuty could not be read: no answer from PagerDuty." in said.lines
    assert any("too old to act by" in line for line in said.lines)


async def test_nobody_on_call_is_said_and_not_guessed(world: World) -> None:
    duties = rota(world, Pages())
    await duties.refresh()

    said = await replace(world.bot, rota=duties).oncall(COPILOT, slack("U0ANYBODY"))

    assert said.lines[0].startswith("`support-copilot`: nobody is on call · DRI ")


async def test_guests_do_not_read_who_is_on_call(world: World) -> None:
    with pytest.raises(NotAllowed):
        await replace(world.bot, rota=rota(world, Pages())).oncall(None, slack("U0X", guest=True))
