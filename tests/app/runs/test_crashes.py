"""kill -9 between any two steps of a run: no tick is lost, and no action is done twice."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.app.runs.claim import Claimed, Pressing, decide_claim
from opsbot.app.runs.outcome import Attempt, Outcome, decide_outcome
from opsbot.app.runs.requests import EndRun, MarkStep, RunAction, StartRun
from opsbot.domain import journal
from opsbot.domain.actor import SCHEDULER, Actor
from opsbot.domain.errors import StaleButton
from opsbot.domain.run import Run
from opsbot.domain.runbook import Phase, Runbook
from tests.app.test_crashes import Careful, Killed, mortal, refusable
from tests.support.runs import (
    BOOK,
    COPILOT,
    RUN,
    action,
    book,
    run,
    shelved,
    step,
)
from tests.support.world import INES, MARA, SAM, HandMoved, World, policy, workflow

PARTS = 4
LEASES_S = 31


@pytest.mark.parametrize("part", range(PARTS))
async def test_no_tick_is_lost_and_no_action_repeated_whatever_the_moment_of_death(
    part: int,
) -> None:
    steps = part + 1
    while await died_at(steps):
        steps += PARTS

    assert steps > 100, "a whole life is longer than that"


async def died_at(steps: int) -> bool:
    """Walk, die after *steps*, be reborn; return false where the walk was over before that."""
    world = await company()
    pod = world.instance("pod-1", probe="http://pod-1/probe")
    reborn = world.bot
    fuse = mortal(world, steps)
    try:
        for one in life(world):
            await one()
            await work(world, pod)
    except Killed:
        world.bot = reborn
        await again(world, pod)

    once_each(world, f"dead after step {steps}")
    return fuse.left <= 0


def life(world: World) -> list[Callable[[], Awaitable[object]]]:
    """Return what people do, in order: begin, tick, kill, tick, capture, restore, approve, finish it."""
    runs = world.bot.runs

    def mark(name: str) -> Callable[[], Awaitable[object]]:
        request = MarkStep(RUN, "done", name)
        return lambda: runs.mark(request, MARA, request_id=f"done:{name}")

    def press(name: str) -> Callable[[], Awaitable[object]]:
        request = RunAction(RUN, name, confirmed=True)
        return lambda: runs.do(request, MARA, request_id=f"do:{name}")

    begin = StartRun(BOOK, params={"workflow": COPILOT})
    return [
        lambda: runs.start(begin, MARA, request_id="begin"),
        mark("look"),
        press("stop"),
        mark("stop"),
        press("keep"),
        press("restore"),
        lambda: world.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes"),
        mark("tell"),
    ]


async def again(world: World, pod: HandMoved) -> None:
    """Say everything once more, as Slack and people do; what was done already is refused."""
    for one in life(world):
        await refusable(one())
        await work(world, pod)
        act = run(world).act("restore", 1) if world.store.state.runs() else None
        if act is not None and act.state == "failed":  # it waits for a person to say so again
            request = RunAction(RUN, "restore", confirmed=True)
            await world.bot.runs.do(request, MARA, request_id="do:restore:again")


async def work(world: World, pod: HandMoved) -> None:
    """Work until the outbox rests, past every claim."""
    for wait_s in (1, LEASES_S, 6):
        pod.follow()
        await world.work()
        world.clock.later(wait_s)
        pod.check_in()
        await world.outbox.fire_timers()


async def company() -> World:
    """Return a company with one runbook that is walked outside any incident."""
    world = World()
    await world.declare(workflow(COPILOT, tier=1, safe_state="canned"))
    world.slack = Careful()
    world.bot = replace(world.bot, chat=world.slack)
    steps = (
        step("Look"),
        step("Stop", action("kill"), undo="restore"),
        step("Keep", action("capture", what=("kills",))),
        step("Restore", action("restore")),
        step("Tell", who="comms", time_s=None),
    )
    shelved(world, book(Phase("all", "All", 1, steps=steps)))
    return world


def once_each(world: World, moment: str) -> None:
    """Every tick is there, and every action once."""
    verbs = [journal.read_entry(line, index=n).verb for n, line in enumerate(world.server.lines)]
    counted = {one: verbs.count(one) for one in ("run_start", "kill", "ask_restore", "restore")}
    assert counted == {"run_start": 1, "kill": 1, "ask_restore": 1, "restore": 1}, moment
    now = run(world)
    assert states(now) == {
        "look": "done",
        "stop": "done",
        "keep": "done",
        "restore": "open",
        "tell": "done",
    }, moment
    acts = {name: one.state for name, one in now.acts.items()}
    assert acts == {"stop#1": "done", "keep#1": "done", "restore#1": "done"}, moment
    assert (now.acts["stop#1"].attempt, now.acts["keep#1"].attempt) == (1, 1), moment
    assert len(now.attached) == 1, moment
    assert not world.server.dead, moment


def states(one: Run) -> dict[str, str]:
    """Return the state of each step that was touched."""
    return {name: mark.state for name, mark in one.marks.items()}


async def claimed(world: World, name: str, by: Actor = INES) -> Claimed:
    """Claim an action of a run that was begun, and do nothing about it."""
    await world.bot.runs.start(StartRun(BOOK, params={"workflow": COPILOT}), by, request_id="begin")
    request = RunAction(RUN, name, confirmed=True)
    told = await world.bot.runs.decided(
        RUN,
        by,
        "do",
        lambda book: lambda state, now: decide_claim(state, now, Pressing(request, by, book)),
    )
    assert isinstance(told, Claimed)
    return told


async def test_a_kill_that_was_claimed_is_done_when_the_claim_runs_out() -> None:
    world = await company()
    await claimed(world, "stop")

    await settle(world, seconds=LEASES_S)

    act = run(world).act("stop", 1)
    assert act is not None
    assert (act.state, act.result, act.attempt) == ("done", "K-1", 1)
    assert world.store.state.kill("K-1").actor == "ines"


async def test_a_power_that_came_with_a_slack_group_takes_one_more_press_after_a_crash() -> None:
    world = await company()
    grants = tuple(
        replace(one, people=frozenset(), groups=frozenset({"S0LEADS"}))
        if one.role == "commander"
        else one
        for one in policy().grants
    )
    told = replace(policy(), grants=grants)
    await world.declare(workflow(COPILOT, tier=1, safe_state="canned"), with_policy=told)
    lead = replace(INES, groups=frozenset({"S0LEADS"}))
    await claimed(world, "stop", by=lead)

    await settle(world, seconds=LEASES_S)
    failed = run(world).act("stop", 1)
    await world.bot.runs.do(RunAction(RUN, "stop", confirmed=True), lead, request_id="again")

    assert failed is not None
    assert failed.state == "failed"
    assert failed.detail.startswith("Your role does not allow")
    assert failed.detail.endswith("Slack groups are not known then. One press does it again.")
    assert [one.id for one in world.store.state.active_kills()] == ["K-1"]


async def test_a_restore_that_was_claimed_is_never_asked_for_by_itself() -> None:
    world = await company()
    await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="kill")
    await claimed(world, "restore")

    await settle(world, seconds=LEASES_S)

    act = run(world).act("restore", 1)
    assert act is not None
    assert (act.state, act.detail) == (
        "failed",
        "it was not done: opsbot stopped before it was",
    )
    assert not world.store.state.kind("approvals")


async def test_who_was_only_slow_finds_that_it_was_settled_and_does_nothing() -> None:
    world = await company()
    await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="kill")
    slow = await claimed(world, "restore")
    await settle(world, seconds=LEASES_S)

    with pytest.raises(StaleButton, match="done before"):
        await world.bot.runs.acts.do(slow, INES)

    assert not world.store.state.kind("approvals")
    assert run(world).act("restore", 1).state == "failed"  # type: ignore[union-attr]  # None would fail here


async def test_what_was_done_before_the_bot_died_is_read_back() -> None:
    world = await company()
    await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="kill")
    slow = await claimed(world, "restore")
    request = RestoreRequest(Target("workflow", COPILOT))
    await world.bot.restore(request, INES, request_id=slow.request_id)

    await settle(world, seconds=LEASES_S)

    act = run(world).act("restore", 1)
    assert act is not None
    assert (act.state, act.result, act.detail) == ("waiting", "A-1", "read back: it was done")


async def test_an_action_whose_text_cannot_be_read_any_more_is_settled_and_not_done() -> None:
    world = await company()
    await claimed(world, "stop")
    shelved(world, book(name="another"))

    await settle(world, seconds=LEASES_S)

    assert run(world).act("stop", 1).state == "failed"  # type: ignore[union-attr]  # None would fail here
    assert not world.store.state.active_kills()


async def test_a_kill_that_was_claimed_long_ago_is_not_done_out_of_the_blue() -> None:
    world = await company()
    await claimed(world, "stop")

    await settle(world, seconds=3600)

    act = run(world).act("stop", 1)
    assert act is not None
    assert (act.state, act.detail) == (
        "failed",
        "it was not done: opsbot stopped before it was",
    )
    assert not world.store.state.active_kills()


async def test_for_a_run_that_was_abandoned_nothing_is_done_any_more() -> None:
    world = await company()
    told = await claimed(world, "stop")
    world.clock.later(LEASES_S)
    attempt = Attempt("RUN-1", told.key, told.attempt, await book_of(world), SCHEDULER)
    await world.store.commit(
        "doubt",
        lambda state, now: decide_outcome(state, now, attempt, Outcome("unknown")),
    )
    end = EndRun(RUN, "abandon", words="a false alarm")
    await world.bot.runs.end(end, INES, request_id="end")

    await world.bot.runs.acts.settle("RUN-1", told.key)

    act = run(world).act("stop", 1)
    assert act is not None
    assert (act.state, act.detail) == (
        "failed",
        "it was not done: opsbot stopped before it was",
    )
    assert not world.store.state.active_kills()


async def test_what_was_done_for_a_run_that_was_abandoned_since_is_read_back() -> None:
    world = await company()
    told = await claimed(world, "stop")
    request = KillRequest(Target("workflow", COPILOT))
    await world.bot.kill(request, INES, request_id=told.request_id)
    world.clock.later(LEASES_S)
    attempt = Attempt("RUN-1", told.key, told.attempt, await book_of(world), SCHEDULER)
    await world.store.commit(
        "doubt",
        lambda state, now: decide_outcome(state, now, attempt, Outcome("unknown")),
    )
    end = EndRun(RUN, "abandon", words="a false alarm")
    await world.bot.runs.end(end, INES, request_id="end")

    await world.bot.runs.acts.settle("RUN-1", told.key)

    act = run(world).act("stop", 1)
    assert act is not None
    assert (act.state, act.result) == ("done", "K-1")


async def test_what_a_second_person_gives_after_the_end_of_a_run_is_noted_in_it() -> None:
    world = await company()
    await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="kill")
    told = await claimed(world, "restore")
    await world.bot.runs.acts.do(told, INES)
    end = EndRun(RUN, "abandon", words="a false alarm")
    await world.bot.runs.end(end, INES, request_id="end")
    await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")

    await world.bot.runs.acts.settle("RUN-1", told.key)

    act = run(world).act("restore", 1)
    assert act is not None
    assert (act.state, act.detail) == ("done", "A-1 approved by Sam")


async def test_what_was_done_under_the_former_form_of_its_request_id_is_read_back() -> None:
    world = await company()
    await claimed(world, "stop")
    request = KillRequest(Target("workflow", COPILOT))
    await world.bot.kill(request, INES, request_id="run:RUN-1:stop:1:1")

    await settle(world, seconds=LEASES_S)

    act = run(world).act("stop", 1)
    assert act is not None
    assert (act.state, act.result, act.detail) == ("done", "K-1", "read back: it was done")


async def book_of(world: World) -> Runbook:
    """Return the runbook that RUN-1 walks."""
    return await world.bot.runs.reader.book(run(world))


async def test_after_a_day_nobody_claims_to_know_what_came_of_it() -> None:
    world = await company()
    await claimed(world, "stop")

    await settle(world, seconds=86_400)

    act = run(world).act("stop", 1)
    assert act is not None
    assert act.detail == "whether it was done cannot be told any more: look at what is so"


async def test_before_the_claim_runs_out_nobody_settles_it() -> None:
    world = await company()
    await claimed(world, "stop")

    await settle(world, seconds=10)

    assert run(world).act("stop", 1).state == "executing"  # type: ignore[union-attr]  # None would fail here
    assert not world.store.state.active_kills()


async def settle(world: World, *, seconds: float) -> None:
    """Let time pass, and do what is due then."""
    world.clock.later(seconds)
    await world.outbox.fire_timers()
    await world.work("run_act")
