"""Rolling back: at once, as a new revision that points back, and never on bad evidence unasked."""

import pytest

from opsbot.app.requests import KillRequest, RollbackRequest, StageRequest, Target
from opsbot.domain.errors import NeedsBreakGlass, RouteRefused
from opsbot.domain.route import Number
from opsbot.domain.typed import command
from tests.app.routes.test_routes import serve_mini
from tests.support.ramps import COPILOT, GATE, measure, served, set_mini
from tests.support.world import INES, MARA, World, workflow


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await world.declare(workflow(COPILOT, extra={"gates": [GATE]}))
    return world


async def left(world: World) -> None:
    """Let r2 have served everybody, and a rollback have gone back to r1's content, as r3."""
    await serve_mini(world)
    await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="left")


async def test_a_rollback_is_a_new_revision_that_points_back(world: World) -> None:
    await serve_mini(world)
    instance = world.instance("pod-1")
    instance.follow()

    said = await world.bot.rollback(RollbackRequest(COPILOT, reason="worse"), MARA, request_id="2")

    made = world.store.state.revision(COPILOT, Number(3))
    assert said.title.startswith(
        "Rolled back: `support-copilot` in prod is served by r1 again, as r3"
    )
    assert "model: openai/gpt-5-mini \u2192 openai/gpt-5.2" in said.lines
    assert (made.back_to, made.hash) == (1, world.store.state.revision(COPILOT, Number(1)).hash)
    assert (served(world)["revision"], served(world)["salt"]) == ("r3", "1")
    assert [one.number for one in world.store.state.revisions(COPILOT)] == [3, 2, 1]
    assert world.store.state.routing(COPILOT).last_good == 3


async def test_a_rollback_is_confirmed_by_the_fleet_and_never_rounded_up(world: World) -> None:
    await serve_mini(world)
    instance = world.instance("pod-1")
    instance.follow()

    early = await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="1")
    instance.follow()
    await world.work("route_follow")
    later = world.store.state.routing(COPILOT)

    assert early.title.endswith("not confirmed by all yet")
    assert "0/1 instances confirmed" in early.lines
    assert early.exit_code == 3
    assert later.confirmed_ms is not None


async def test_a_rollback_without_passing_evidence_asks_for_the_glass(world: World) -> None:
    await left(world)
    await measure(world, "r2", 0.5)

    with pytest.raises(NeedsBreakGlass) as refusal:
        await world.bot.rollback(RollbackRequest(COPILOT, Number(2)), MARA, request_id="1")
    said = await world.bot.rollback(
        RollbackRequest(COPILOT, Number(2), break_glass=True), MARA, request_id="2"
    )
    await world.work("tell")

    assert "r2 has no passing evidence" in refusal.value.message
    assert "the DRI is told" in refusal.value.hint
    assert said.tone == "amber"
    assert any("without passing evidence" in text for _, text in world.slack.told)


async def test_there_is_no_way_back_to_what_never_served(world: World) -> None:
    await world.declare(workflow(COPILOT, extra={}))
    await set_mini(world)

    for glass in (False, True):
        to = RollbackRequest(COPILOT, Number(2), break_glass=glass)
        with pytest.raises(RouteRefused) as refusal:
            await world.bot.rollback(to, MARA, request_id=f"{glass}")
        assert "r2 has never served everybody" in refusal.value.message
        assert command("route support-copilot stage r2") in refusal.value.hint

    assert served(world)["revision"] == "r1"


async def test_content_that_is_not_the_last_good_is_watched_and_taken_back_when_bad(
    world: World,
) -> None:
    await left(world)
    await world.bot.rollback(
        RollbackRequest(COPILOT, Number(2), break_glass=True), MARA, request_id="2"
    )
    watched = world.store.state.routing(COPILOT).watch_ms
    await measure(world, "r2", 0.5)
    world.clock.later(25 * 3600)
    await world.outbox.fire_timers()
    await world.work("ramp")

    assert watched is not None
    assert world.store.state.revision(COPILOT, Number(5)).back_to == 3
    assert served(world)["revision"] == "r5"


async def test_the_last_good_revision_needs_no_evidence_of_today(world: World) -> None:
    await serve_mini(world)

    said = await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="2")

    assert said.body["outcome"] == "rolled_back"


async def test_a_rollback_to_a_killed_model_is_refused_with_the_kill(world: World) -> None:
    await serve_mini(world)
    kill = KillRequest(Target("model", "openai/gpt-5.2"), confirmed=True)
    await world.bot.kill(kill, MARA, request_id="k")

    with pytest.raises(RouteRefused) as refusal:
        await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="2")

    assert "which is under K-1" in refusal.value.message


async def test_a_rollback_cancels_a_ramp_and_deals_the_shares_anew(world: World) -> None:
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="1")

    said = await world.bot.rollback(
        RollbackRequest(COPILOT, reason="odd answers"), MARA, request_id="2"
    )

    assert said.title.startswith(
        "Rolled back: ends the ramp to r2 (1 %); r1 serves all calls of `support-copilot`"
        " in prod again, as r3"
    )
    assert said.as_text().splitlines()[-2:] == [
        "To mend it: `opsbot route support-copilot set from:r2 \u2026`, which serves nobody yet.",
        "Begin its ramp anew as it was: `opsbot route support-copilot stage r2`",
    ]
    routing = world.store.state.routing(COPILOT)
    assert (routing.candidate, routing.salt) == (None, 1)
    assert "candidate" not in served(world)


async def test_the_same_request_twice_is_one_rollback(world: World) -> None:
    await left(world)
    to = RollbackRequest(COPILOT, Number(2), break_glass=True)
    await world.bot.rollback(to, MARA, request_id="same")
    newest = world.store.state.routing(COPILOT).newest

    said = await world.bot.rollback(to, MARA, request_id="same")

    assert said.body["outcome"] == "already"
    assert world.store.state.routing(COPILOT).newest == newest


async def test_who_comes_second_reads_who_rolled_back_first(world: World) -> None:
    await left(world)
    world.clock.later(90)

    theirs = await world.bot.rollback(RollbackRequest(COPILOT), INES, request_id="second")
    own = await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="again")

    assert theirs.title == (
        "Already so: Mara rolled it back 1 min 30 s ago; r3 serves everybody of `support-copilot`"
        " in prod. Nothing was changed"
    )
    assert theirs.body["first"] == "Mara"
    assert own.title.startswith("Already so: you rolled it back 1 min 30 s ago; r3")


async def test_who_comes_second_reads_the_first_reason_and_that_theirs_was_not_recorded(
    world: World,
) -> None:
    await serve_mini(world)
    first = RollbackRequest(COPILOT, reason="wrong refunds")
    await world.bot.rollback(first, MARA, request_id="first")
    entries = len(world.server.lines)

    other = RollbackRequest(COPILOT, reason="slow answers")
    theirs = await world.bot.rollback(other, INES, request_id="second")
    same = await world.bot.rollback(first, MARA, request_id="first")

    assert "Reason then: wrong refunds" in theirs.lines
    assert "Asked by Ines; the new reason was not recorded." in theirs.lines
    assert "slow answers" not in theirs.as_text()
    assert "By Mara: wrong refunds" in same.lines
    assert "not recorded" not in same.as_text()
    assert len(world.server.lines) == entries


async def test_the_same_words_asked_again_are_not_said_to_be_lost(world: World) -> None:
    await serve_mini(world)
    request = RollbackRequest(COPILOT, reason="wrong refunds")
    await world.bot.rollback(request, MARA, request_id="first")

    said = await world.bot.rollback(request, MARA, request_id="again")

    assert {"Reason then: wrong refunds", "By Mara."} <= set(said.lines)


async def test_a_rollback_to_other_content_ends_a_ramp_as_well(
    world: World,
) -> None:
    await left(world)
    await world.bot.rollback(
        RollbackRequest(COPILOT, Number(2), break_glass=True), MARA, request_id="2"
    )
    await set_mini(world, prompt="p@7")
    await measure(world, "r5", 0.95)
    await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="stage")

    said = await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="3")

    assert "Rolled back: `support-copilot` in prod is served by r3 again" in said.title
    assert "The ramp to r5 (1 %) is ended." in said.lines


async def test_what_nobody_rolled_back_is_so_without_anybody_having_been_first(
    world: World,
) -> None:
    said = await world.bot.rollback(RollbackRequest(COPILOT), INES, request_id="none")

    assert said.title.startswith("Already so: r1 serves everybody")
    assert said.body["first"] is None


async def test_a_rollback_brings_the_evidence_of_its_content_back(world: World) -> None:
    await measure(world, "r1", 0.97)
    await serve_mini(world)

    said = await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="2")
    shown = await world.bot.route(COPILOT, MARA)

    assert said.body["revision"] == "r3"
    assert "Gate green for r3: ground pass_rate: 0.97 of 200 cases, 0 min old" in shown.lines


async def test_what_a_rollback_does_to_the_price_is_said_or_said_to_be_unknown(
    world: World,
) -> None:
    await left(world)

    said = await world.bot.rollback(
        RollbackRequest(COPILOT, Number(2), break_glass=True), MARA, request_id="1"
    )

    assert "Price: not known for `openai/gpt-5.2`, `openai/gpt-5-mini`." in said.lines
