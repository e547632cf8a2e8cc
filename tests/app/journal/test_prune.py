"""Pruning: what nothing can use any more leaves the state, the journal keeps it, and nothing else goes."""

import json
from dataclasses import replace

import pytest

from opsbot.adapters.pulse import Pulse
from opsbot.app.approvals import waiting
from opsbot.app.journal.prune import DAY_MS, MOST, Prune, decide_prune
from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.bootstrap.work import duties
from opsbot.domain.approval import Approval, Standing, as_record
from opsbot.domain.change import Record
from opsbot.domain.gates import HOUR_MS, Measurement, measurement_key
from opsbot.domain.gates import as_record as evidence_record
from opsbot.domain.route import Number
from opsbot.domain.route import as_record as revision_record
from opsbot.domain.state import APPROVALS, BUDGETS, EVIDENCE, REVISIONS, ROUTES
from opsflags import keys
from tests.support.changes import put
from tests.support.evals import GROUNDED, gated, seed
from tests.support.world import INES, MARA, SAM, World, workflow

NAME = "support-copilot"
COPILOT = Target("workflow", NAME)


def approval(number: int, ended_ms: int, standing: Standing = "approved") -> Approval:
    """Return one that ended then."""
    asked = ended_ms - 60_000
    one = Approval(f"A-{number}", {"verb": "restore"}, "h", "mara", asked, ended_ms)
    if standing in ("pending", "expired"):
        return replace(one, standing=standing)
    return one.settle(standing, by="sam", at_ms=ended_ms)


async def keep(world: World, *approvals: Approval) -> None:
    """Store approvals as they are."""
    writes = [(APPROVALS, one.id, as_record(one)) for one in approvals]
    await world.store.commit(f"keep:{len(world.server.lines)}", put(*writes))


def measured(
    subject: str, age_days: float, *, value: float = 0.95, suite: str = GROUNDED, now_ms: int
) -> Measurement:
    """Return a measurement of the copilot."""
    metric = "pass_rate" if suite == GROUNDED else "flag_rate"
    return Measurement(
        NAME, subject, suite, metric, value, 500, now_ms - int(age_days * DAY_MS), "ci"
    )


async def known(world: World, *found: Measurement) -> None:
    """Store measurements as they are."""
    writes = [(EVIDENCE, measurement_key(one), evidence_record(one)) for one in found]
    await world.store.commit(f"known:{len(world.server.lines)}", put(*writes))


def left(world: World) -> set[str]:
    """Return the subjects whose measurements are still there."""
    return {str(one["subject"]) for one in world.store.state.kind(EVIDENCE).values()}


async def a_day(world: World, day: int) -> None:
    """Kill, ask for the restore, and let another approve it, refuse it, or let it be."""
    await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id=f"kill:{day}")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id=f"ask:{day}")
    if day % 3 != 2:  # a third is left to expire
        grant = ApproveRequest(f"A-{day + 1}", grant=day % 3 == 0)
        await world.bot.approve(grant, SAM, request_id=f"say:{day}")
    world.clock.later(24 * 3600)
    await world.outbox.fire_timers()
    await world.work("expire")


@pytest.mark.no_cover  # the same, thousands of times
async def test_a_year_of_approvals_is_pruned_to_a_quarter_and_the_journal_verifies(
    world: World,
) -> None:
    for day in range(365):
        await a_day(world, day)
    before = world.store.state
    revision = before.position.revision

    taken = await Prune(world.env)()

    state = world.store.state
    assert (len(before.kind(APPROVALS)), taken) == (365, 275)
    assert {f"A-{number}" for number in range(276, 366)} == set(state.kind(APPROVALS))
    assert state.position.revision == revision + 2
    assert all(
        len(json.loads(line.partition(" ")[2])["writes"]) <= MOST for line in world.server.lines
    )
    assert (await world.bot.audit_verify(MARA)).tone == "green"
    assert any('"id":"A-1"' in line for line in world.server.lines)


async def test_what_is_left_works_as_before(world: World) -> None:
    for day in range(3):
        await a_day(world, day)
    world.clock.later(100 * 24 * 3600)
    await Prune(world.env)()

    asked = await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="again")
    await world.bot.approve(ApproveRequest("A-4"), INES, request_id="yes")

    assert asked.body["approval"] == "A-4"
    assert world.store.state.active_kills() == ()


async def test_it_says_what_it_took_away_and_a_second_run_finds_nothing(world: World) -> None:
    now = world.clock.now_ms()
    await keep(world, approval(1, now - 91 * DAY_MS), approval(2, now - 89 * DAY_MS))

    taken = await Prune(world.env)()
    entries = len(world.server.lines)
    again = await Prune(world.env)()

    entry = json.loads(world.server.lines[-1].partition(" ")[2])
    assert (taken, again, len(world.server.lines)) == (1, 0, entries)
    assert (entry["verb"], entry["rule"], entry["actor"]["id"]) == ("prune", "system", "scheduler")
    assert entry["writes"] == [[APPROVALS, "A-1", None]]
    assert entry["facts"]["taken_away"] == {APPROVALS: 1, EVIDENCE: 0, BUDGETS: 0}


async def test_the_days_that_are_kept_can_be_set(world: World) -> None:
    await keep(world, approval(1, world.clock.now_ms() - 8 * DAY_MS))

    assert await Prune(world.env, 9 * DAY_MS)() == 0
    assert await Prune(world.env, 7 * DAY_MS)() == 1


async def test_every_replica_does_it_daily_and_keeps_what_is_set(world: World) -> None:
    await keep(world, approval(1, world.clock.now_ms() - 8 * DAY_MS))
    pulse = Pulse(world.store, world.clock)
    daily = [one for one in duties(world.bot, pulse, keep_days=7) if one.name == "prune"]

    for duty in daily:
        await duty.run()

    assert [one.cron for one in daily] == ["23 3 * * *"]
    assert world.store.state.kind(APPROVALS) == {}


@pytest.mark.parametrize("standing", ["approved", "refused", "expired", "void"])
async def test_every_end_counts_and_what_waits_never_goes(world: World, standing: Standing) -> None:
    old = world.clock.now_ms() - 200 * DAY_MS
    await keep(world, approval(1, old, standing), approval(2, old, "pending"))

    await Prune(world.env)()

    assert [one.id for one in waiting(world.store.state)] == ["A-2"]
    assert set(world.store.state.kind(APPROVALS)) == {"A-2"}


async def test_an_approval_on_which_a_restore_rests_stays(world: World) -> None:
    await world.declare(
        workflow(NAME, tier=1, extra={"restore": {"steps": [5, 50], "watch_s": 600}})
    )
    await a_day(world, 0)
    resting = world.store.state.kill("K-1").ramp
    world.clock.later(200 * 24 * 3600)

    await Prune(world.env)()

    assert resting is not None
    assert resting.approval in world.store.state.kind(APPROVALS)


async def test_ended_kills_and_revisions_stay(world: World) -> None:
    await seed(world.store)
    for day in range(2):
        await a_day(world, day)
    before = world.store.state
    world.clock.later(400 * 24 * 3600)

    await Prune(world.env)()

    for kind in (keys.KILLS, keys.ENDED, REVISIONS):
        assert world.store.state.kind(kind) == before.kind(kind)


async def test_old_good_news_of_what_serves_nobody_goes_and_bad_news_stays(world: World) -> None:
    await many(world, 20)
    now = world.clock.now_ms()
    await known(
        world,
        measured("r4", 91, now_ms=now),
        measured("r5", 91, value=0.5, now_ms=now),
        measured("r6", 89, now_ms=now),
        measured("r1", 300, now_ms=now),
        measured("r20", 300, now_ms=now),
    )

    await Prune(world.env)()

    assert left(world) == {"r1", "r5", "r6", "r20"}


async def test_what_no_gate_asks_for_goes_when_it_is_old(world: World) -> None:
    await many(world, 20)
    now = world.clock.now_ms()
    odd = replace(measured("r4", 91, value=0.1, now_ms=now), suite="odd")
    await known(world, odd, replace(odd, subject="r5", at_ms=now - DAY_MS))

    await Prune(world.env)()

    assert left(world) == {"r5"}


async def test_what_was_measured_again_of_the_same_content_goes(world: World) -> None:
    await many(world, 20, same=(4, 5))
    now = world.clock.now_ms()
    await known(
        world,
        measured("r4", 95, value=0.5, now_ms=now),
        measured("r5", 92, value=0.5, now_ms=now),
    )

    await Prune(world.env)()

    assert left(world) == {"r5"}


async def test_news_of_models_that_are_not_approved_any_more_goes(world: World) -> None:
    await many(world, 20)
    now = world.clock.now_ms()
    await known(
        world,
        measured("openai/gpt-5-mini", 91, value=0.5, now_ms=now),
        measured("openai/gpt-4", 91, value=0.5, now_ms=now),
        measured("openai/gpt-3", 1, value=0.5, now_ms=now),
    )

    await Prune(world.env)()

    assert left(world) == {"openai/gpt-5-mini", "openai/gpt-3"}


async def test_news_of_workflows_that_are_gone_goes(world: World) -> None:
    one = replace(measured("r1", 91, value=0.5, now_ms=world.clock.now_ms()), workflow="gone")
    await known(world, one)

    await Prune(world.env)()

    assert left(world) == set()


async def test_gates_say_the_same_before_and_after_of_what_serves(world: World) -> None:
    await many(world, 20)
    now = world.clock.now_ms()
    await known(world, *(measured(f"r{n}", 100, now_ms=now) for n in range(1, 21)))
    before = (await world.bot.eval_show(NAME, None, MARA)).as_text()

    await Prune(world.env)()

    assert (await world.bot.eval_show(NAME, None, MARA)).as_text() == before
    assert len(left(world)) < 20


async def test_budgets_whose_window_is_past_go(world: World) -> None:
    await seed(world.store)
    hour = world.clock.now_ms() // HOUR_MS
    await world.store.commit(
        "budgets",
        put((BUDGETS, NAME, budget(NAME, hour - 25)), (BUDGETS, "gone", budget("gone", hour))),
    )

    await Prune(world.env)()

    assert set(world.store.state.kind(BUDGETS)) == {"gone"}


async def test_budgets_with_an_hour_in_the_window_stay_as_they_are(world: World) -> None:
    await seed(world.store)
    hour = world.clock.now_ms() // HOUR_MS
    await world.store.commit("budgets", put((BUDGETS, NAME, budget(NAME, hour - 24, hour - 30))))

    assert await Prune(world.env)() == 0


def test_nothing_due_is_no_change() -> None:
    world = World()

    assert decide_prune(world.store.state, world.clock.now_ms(), keep_ms=DAY_MS) == (None, 0)


def budget(name: str, *hours: int) -> Record:
    """Return a failure budget's record."""
    kept = {str(hour): [1.0, 10.0] for hour in hours}
    return {"s": 1, "workflow": name, "hours": kept, "newest": {"hour": max(hours), "worst": {}}}


async def many(world: World, count: int, *, same: tuple[int, ...] = ()) -> None:
    """Declare the copilot with *count* revisions, r1 of which serves; *same* are of one content."""
    await seed(world.store, declared=gated())
    state = world.store.state
    base = state.revision(NAME, Number(3))
    made = []
    for number in range(4, count + 1):
        prompt = f"p@{min(same) if number in same else number}"
        revision = replace(base, number=Number(number), route=replace(base.route, prompt=prompt))
        made.append((REVISIONS, f"{NAME}:r{number}", revision_record(revision)))
    pointers = {**state.kind(ROUTES)[NAME], "newest": count}
    await world.store.commit("many", put(*made, (ROUTES, NAME, pointers)))
