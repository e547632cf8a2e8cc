"""What is verified: by the fleet, by evaluations, by probes; and what is captured is pointers."""

from dataclasses import replace
from typing import Any

from opsbot.app.fleet.sight import Sight
from opsbot.app.ports import ProbeAnswer
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.app.runs.capture import pointers
from opsbot.app.runs.meant import VerifyArguments
from opsbot.app.runs.outcome import Outcome
from opsbot.app.runs.verify import Verifying, checked, held
from opsbot.domain.change import Position
from opsbot.domain.run import Act
from opsbot.domain.runbook import Phase, Step
from opsbot.domain.workflow import Probe
from tests.support.incident_life import settle
from tests.support.models import declare, using
from tests.support.routes import measured
from tests.support.runs import action, book, pressed, run, started, step, view, walked_company
from tests.support.world import MARA, Probes, World, workflow

NAME = "contract-summariser"
AIM = Target("workflow", NAME)
ACT = Act("executing")


async def company(**changes: object) -> World:
    """Return a company of one workflow."""
    world = World()
    await world.declare(workflow(NAME, **changes))
    return world


async def looked(world: World, act: Act = ACT, **given: object) -> Outcome:
    """Look whether it is so."""
    probes: Probes = world.probes
    return await Verifying(world.env, probes)(VerifyArguments(NAME, **given), act)  # type: ignore[arg-type]  # fields by name, as each test words them


async def test_a_kill_is_verified_by_every_instance_and_not_by_the_flag() -> None:
    world = await company()
    pod = world.instance("pod-1", serves=(NAME,))
    await world.bot.kill(KillRequest(AIM, mode="stop"), MARA, request_id="1")
    before = await looked(world, expect="stop")

    pod.follow()
    after = await looked(world, expect="stop")

    assert (before.state, before.detail) == ("failed", "0 of 1 instances confirm K-1")
    assert (after.state, after.detail) == ("done", "1 of 1 instances confirm K-1")


async def test_what_is_killed_is_not_live_and_what_is_restored_is_when_all_say_so() -> None:
    world = await company()
    pod = world.instance("pod-1", serves=(NAME,))
    never = await looked(world, expect="live")
    await world.bot.kill(KillRequest(AIM, mode="stop"), MARA, request_id="1")
    killed = await looked(world, expect="live")
    pod.follow()
    await world.bot.restore(RestoreRequest(AIM), MARA, request_id="2")
    behind = await looked(world, expect="live")
    pod.follow()

    live = await looked(world, expect="live")

    assert never.state == "done"
    assert (killed.state, killed.detail.split(":")[0]) == (
        "failed",
        "contract-summariser is not live",
    )
    assert (behind.state, behind.detail) == ("failed", "0 of 1 instances confirm the end of K-1")
    assert (live.state, live.detail) == ("done", "1 of 1 instances confirm the end of K-1")


async def test_a_bare_kill_of_a_provider_is_verified_as_what_it_comes_to_here() -> None:
    world = World()
    modes = ("stop", "canned", "fallback")
    await declare(world, using(NAME, modes=modes, safe_state="canned"))
    pod = world.instance("pod-1", serves=(NAME,))
    everything = KillRequest(Target("provider", "openai"), confirmed=True)
    await world.bot.kill(everything, MARA, request_id="1")
    pod.follow()

    there = await looked(world, expect="fallback")
    other = await looked(world, expect="canned")

    assert world.store.state.kill("K-1").mode != "fallback", "each workflow resolves it"
    assert (there.state, there.detail) == ("done", "1 of 1 instances confirm K-1")
    assert other.state == "failed"


async def test_another_mode_than_the_one_that_holds_is_not_verified() -> None:
    world = await company()
    await world.bot.kill(KillRequest(AIM, mode="stop"), MARA, request_id="1")

    assert (await looked(world, expect="read_only")).state == "failed"


async def test_an_evaluation_must_be_good_enough_large_enough_and_young_enough() -> None:
    world = await company()
    asked: dict[str, Any] = {
        "suite": "groundedness",
        "minimum": 0.9,
        "samples": 100,
        "max_age_s": 7200,
    }
    missing = await looked(world, **asked)
    await measured(world, NAME, "r1", 0.8)
    low = await looked(world, **asked)
    await measured(world, NAME, "r1", 0.95, n=20)
    few = await looked(world, **asked)
    await measured(world, NAME, "r1", 0.95, ago_h=3)
    old = await looked(world, **asked)
    await measured(world, NAME, "r1", 0.95)

    good = await looked(world, **asked)

    assert [one.state for one in (missing, low, few, old)] == ["failed"] * 4
    assert "has none or several metrics" in missing.detail
    assert old.detail.endswith("too old")
    assert good.state == "done"
    assert good.detail.startswith("r1 groundedness pass_rate: 0.95 of 200 cases")


async def test_a_probe_that_sees_something_else_fails_the_check() -> None:
    url = "https://api.example.com/probe"
    world = await company(probes=(Probe("httpx", url),))
    await world.bot.kill(KillRequest(AIM, mode="stop"), MARA, request_id="1")
    refused = await looked(world, probe="httpx")
    world.probes.says[url] = ProbeAnswer(mode="live", allowed=True, status=200)

    through = await looked(world, probe="httpx")
    none = await looked(world, probe="ofrep")

    assert (refused.state, refused.detail) == ("done", "1 of 1 probes are as they should be")
    assert through.state == "failed"
    assert "instead of" in through.detail
    assert none.detail.startswith("no ofrep point")


async def test_a_probe_must_see_what_the_client_makes_of_every_kill_together() -> None:
    url = "https://api.example.com/probe"
    world = await company(probes=(Probe("httpx", url),), safe_state="canned")
    tool = KillRequest(AIM, mode="stop", tool="issue_refund")
    await world.bot.kill(tool, MARA, request_id="1")
    world.probes.says[url] = ProbeAnswer(mode="live", allowed=True, status=200)
    of_a_tool = await looked(world, probe="httpx")
    await world.bot.kill(KillRequest(AIM, mode="read_only"), MARA, request_id="2")
    await world.bot.kill(
        KillRequest(Target("provider", "openai"), confirmed=True), MARA, request_id="3"
    )
    world.probes.says[url] = ProbeAnswer(mode="fallback", allowed=True, status=200)
    milder = await looked(world, probe="httpx")
    world.probes.says[url] = ProbeAnswer(mode="read_only", allowed=True, status=200)

    strictest = await looked(world, probe="httpx")

    assert of_a_tool.state == "done", of_a_tool.detail
    assert milder.state == "failed"
    assert "saw fallback instead of read_only" in milder.detail
    assert strictest.state == "done"


async def test_an_answer_from_before_a_rollback_is_no_evidence() -> None:
    url = "https://api.example.com/probe"
    world = await company(probes=(Probe("httpx", url),))
    routing = world.store.state.routing(NAME)
    early = Position(routing.at.epoch, routing.at.revision - 1)
    world.probes.says[url] = ProbeAnswer(mode="live", allowed=True, status=200, at=early)

    old = await looked(world, probe="httpx")

    assert old.state == "failed"
    assert "before the change" in old.detail


async def test_whatever_is_switched_is_confirmed_by_every_instance_or_the_check_fails() -> None:
    world = await company()
    alone = await looked(world, expect="confirmed")
    pod = world.instance("pod-1", serves=(NAME,))
    new = await looked(world, expect="confirmed")
    pod.follow()
    route = await looked(world, expect="confirmed")
    await world.bot.kill(KillRequest(AIM, mode="stop"), MARA, request_id="1")
    behind = await looked(world, expect="confirmed")
    pod.follow()
    killed = await looked(world, expect="confirmed")
    await world.bot.restore(RestoreRequest(AIM), MARA, request_id="2")
    lifted = await looked(world, expect="confirmed")
    pod.follow()

    all_of_it = await looked(world, expect="confirmed")

    assert (alone.state, alone.detail) == ("failed", "0 of 0 instances confirm r1")
    assert (new.state, new.detail) == ("failed", "0 of 1 instances confirm r1")
    assert (route.state, route.detail) == ("done", "1 of 1 instances confirm r1")
    assert (behind.state, behind.detail) == ("failed", "0 of 1 instances confirm K-1")
    assert (killed.state, killed.detail) == ("done", "1 of 1 instances confirm r1 and K-1")
    assert (lifted.state, lifted.detail) == ("failed", "0 of 1 instances confirm the end of K-1")
    assert all_of_it.detail == "1 of 1 instances confirm r1 and the end of K-1"


async def test_where_the_fleet_cannot_be_read_nothing_is_confirmed() -> None:
    world = await company()
    state = world.store.state

    (check,) = checked(
        state, state.workflows()[NAME], VerifyArguments(NAME, expect="confirmed"), None, 0
    )

    assert (check.good, check.words) == (False, "the fleet could not be read")


async def test_all_gates_are_green_or_the_check_names_those_that_are_not() -> None:
    good, other = (
        {"suite": suite, "metric": "pass_rate", "op": ">=", "threshold": 0.9, "min_n": 100,
         "max_age_h": 72}
        for suite in ("groundedness", "safety")
    )  # fmt: skip
    none = await looked(await company(), suite="all")
    world = await company(extra={"gates": [good, other]})
    await measured(world, NAME, "r1", 0.95)
    one = await looked(world, suite="all")
    await world.declare(workflow(NAME, extra={"gates": [good]}))

    both = await looked(world, suite="all")

    assert (none.state, none.detail) == (
        "failed",
        "contract-summariser declares no gates",
    )
    assert one.state == "failed"
    assert "safety" in one.detail
    assert "groundedness" not in one.detail
    assert (both.state, both.detail) == ("done", "r1 passes 1 of 1 gates")


async def test_what_has_to_stay_so_is_done_after_its_time_and_not_before() -> None:
    given = VerifyArguments(NAME, for_s=60)

    first = held(given, ACT, "good", 1_000_000)
    later = held(given, replace(ACT, since_ms=first.since_ms), "good", 1_060_000)

    assert (first.state, first.until_ms, first.since_ms) == ("waiting", 1_030_000, 1_000_000)
    assert (later.state, later.detail) == ("done", "so for 1 min 0 s: good")


async def test_a_check_that_turns_red_while_it_has_to_stay_so_fails() -> None:
    world = await walked_company(
        book(*_one(step("Check", action("verify", expect="live", **{"for": "1m"}))))
    )
    await started(world)
    await pressed(world, "check")
    green = run(world).act("check", 1)
    await world.bot.kill(
        KillRequest(Target("workflow", "support-copilot")), MARA, request_id="kill"
    )

    world.clock.later(31)
    await settle(world)

    red = run(world).act("check", 1)
    assert green is not None
    assert red is not None
    assert (green.state, red.state) == ("waiting", "failed")
    assert run(world).mark("check").state == "open"


async def test_a_check_that_stays_green_ends_its_step_by_itself() -> None:
    world = await walked_company(
        book(*_one(step("Check", action("verify", expect="live", **{"for": "1m"}))))
    )
    await started(world)
    await pressed(world, "check")
    begun = run(world).act("check", 1)
    shown = (await view(world)).steps[0].acts[0]
    assert begun is not None
    assert shown.until_ms == (begun.since_ms or 0) + 60_000, "not when it is looked at again"

    for _ in range(3):
        world.clock.later(31)
        await settle(world)

    assert run(world).act("check", 1).state == "done"  # type: ignore[union-attr]  # None would fail here
    assert run(world).mark("check").state == "done"


async def test_every_kind_of_evidence_is_a_pointer_and_what_is_missing_is_said() -> None:
    world = await company(evidence={"observability": "https://traces.example.com/c"})
    world.instance("pod-1", serves=(NAME,))
    await world.bot.kill(KillRequest(AIM, mode="stop"), MARA, request_id="1")
    await measured(world, NAME, "r1", 0.95)
    state = world.store.state
    fleet = await Sight(world.env.fleets, world.clock).fleet()
    kinds = ("route", "fleet", "kills", "signals", "evals", "journal", "traces", "cost")

    found = pointers(state, state.workflows()[NAME], fleet, kinds, world.clock.now_ms())

    texts = [one.text for one in found]
    assert any(one.startswith("fleet: 1 of 1 instances alive (pod-1)") for one in texts)
    assert any(one.startswith("kills: K-1") and one.endswith("not confirmed yet") for one in texts)
    assert "signals: no bad outcomes are counted" in texts
    assert any(one.startswith("evals: r1 groundedness pass_rate 0.95 of 200") for one in texts)
    assert any(one.startswith("journal: up to entry ") for one in texts)
    assert {one.url for one in found} == {"", "https://traces.example.com/c"}
    assert f"cost: `{NAME}` declares no link under `evidence`" in texts


def _one(*steps: Step) -> tuple[Phase, ...]:
    return (Phase("one", "One", 1, steps=steps),)
