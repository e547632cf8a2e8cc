"""What the card says of a restore in steps, and that no look, timer or request counts twice."""

from dataclasses import replace

from opsbot.adapters.memory.server import MemoryServer
from opsbot.adapters.memory.store import MemoryFleets
from opsbot.app.ports import Delivery
from opsbot.app.requests import (
    ApproveRequest,
    KillRequest,
    RestoreRequest,
    Target,
)
from opsbot.domain.change import Effect
from opsbot.domain.errors import StoreLost
from opsbot.domain.fleet import Fleet
from opsbot.domain.kill import Kill, as_record, from_record
from opsbot.domain.kill_ramp import KillRamp
from opsbot.domain.state import State
from opsflags.model import Scope
from tests.support.restores import (
    COPILOT,
    K1,
    NAME,
    approved,
    card_of,
    killed,
    later,
    percent,
    pod,
    ramping,
    report,
    seen,
    world,
)
from tests.support.world import (
    INES,
    MARA,
    SAM,
    HandMoved,
    World,
)

__all__ = ["pod", "ramping", "world"]


async def test_calls_let_through_by_the_restore_are_said_and_never_look_like_a_leak(
    ramping: World, pod: HandMoved
) -> None:
    uid = ramping.store.state.kill("K-1").uid
    pod.follow(**{uid: {"eased": 41, "refused": 800}})
    await ramping.work("follow")
    await ramping.work("card")
    amber = ramping.slack.updated[-1]

    await report(ramping, 0.5)
    await ramping.work("restore_ramp")
    await seen(ramping, pod)
    await ramping.work("card")
    after = ramping.slack.updated[-1]
    pod.follow(**{uid: {"eased": 41, "let": 2, "refused": 900}})
    leak = (await card_of(ramping)).title

    assert "41 let through by the restore · 800 refused" in amber
    assert amber.startswith(
        "Model calls blocked for `support-copilot` in prod, except 5 % of sticky keys"
    )
    assert "but" not in amber.splitlines()[0]
    assert "41 let through by the restore · 800 refused" in after
    assert "but" not in after.splitlines()[0]
    assert leak.endswith("but 2 let through")


async def test_a_leak_from_before_a_restore_stays_a_leak(world: World, pod: HandMoved) -> None:
    await killed(world, pod)
    uid = world.store.state.kill("K-1").uid
    pod.follow(**{uid: {"let": 7, "refused": 100}})

    await approved(world)
    await seen(world, pod)
    pod.follow(**{uid: {"let": 7, "eased": 3, "refused": 100}})
    card = await card_of(world)

    assert card.title.endswith("but 7 let through")
    assert any("3 let through by the restore, 7 against it" in line for line in card.lines)


async def test_who_lags_behind_a_step_holds_the_whole_kill_and_is_not_called_a_leak(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod)
    await approved(world)
    world.clock.later(20)
    pod.check_in()

    await world.work("card")
    text = world.slack.updated[-1] if world.slack.updated else world.slack.posted[-1][1]

    assert "`pod-1` not at this step yet: the whole kill holds there" in text
    assert "not contained" not in text
    assert "Last resort" not in text


async def test_the_card_offers_hold_and_a_full_stop(ramping: World) -> None:
    said = await ramping.bot.kills(MARA)
    card = await card_of(ramping)

    assert said.tone == "amber"
    assert [one.act for one in card.buttons][:2] == ["stop_completely", "restore_hold"]
    assert card.body["ramp"] == {
        "percent": 5,
        "then": 25,
        "watched_until_ms": card.body["ramp"]["watched_until_ms"],  # type: ignore[index,call-overload]  # JSON
        "held": None,
        "lone": False,
    }


class NoFleet(MemoryFleets):
    """A fleet whose store does not answer."""

    def __init__(self) -> None:
        super().__init__(MemoryServer())

    async def look(self) -> Fleet:
        """Fail as the store does."""
        raise StoreLost("no answer")


async def test_whoever_has_not_confirmed_is_said_in_a_sentence_of_its_own(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod)
    await approved(world)

    said = await world.bot.restore(request(), MARA, request_id="look")
    unseen = replace(world.bot, env=replace(world.bot.env, fleets=NoFleet()))
    blind = await unseen.restore(request(), MARA, request_id="blind")

    assert "0/1 instances confirmed. Whoever has not confirmed still holds all of it." in said.lines
    assert (
        "Confirmed: unknown. The fleet's acknowledgements could not be read."
        " Whoever has not confirmed still holds all of it."
    ) in blind.lines


def test_a_kill_with_and_without_a_ramp_reads_as_it_was_written() -> None:
    ramp = KillRamp("uid", (5, 25), 600, 1, 2, "sam", "A-1", 1, held="held by Sam", whole_at=(1, 7))
    at = State().position
    plain = Kill("K-1", "u", Scope(NAME), "stop", at, "mara", "slack", 1, 2)
    eased = replace(plain, ramp=ramp, taken_back="red")
    old = {k: v for k, v in as_record(plain).items() if k not in ("ramp", "taken_back")}

    assert from_record(as_record(plain)) == plain
    assert from_record(as_record(eased)) == eased
    assert from_record(old) == plain


async def test_a_look_that_is_delivered_twice_takes_one_step(
    ramping: World, pod: HandMoved
) -> None:
    ramping.clock.later(601)
    pod.follow()
    await ramping.outbox.fire_timers()
    (name,) = [
        name
        for name, one in ramping.server.items.items()
        if one.effect.kind == "restore_ramp" and not one.effect.body["once"]
    ]
    look = ramping.bot.handlers()["restore_ramp"]
    twice = [ramping.delivery(name), ramping.delivery(name)]

    for delivery in twice:
        await look(delivery)

    assert percent(ramping) == 25


async def test_a_timer_of_an_earlier_attempt_finds_nothing_to_do(
    ramping: World, pod: HandMoved
) -> None:
    ramping.clock.later(601)
    pod.follow()
    await ramping.outbox.fire_timers()
    await ramping.bot.kill(KillRequest(COPILOT, "stop"), INES, request_id="again")
    await seen(ramping, pod)
    await approved(ramping)

    await ramping.work("restore_ramp")

    assert percent(ramping) == 5


async def test_what_a_recovered_store_has_lost_is_taken_up_again(
    ramping: World, pod: HandMoved
) -> None:
    ramping.server.timers.clear()
    ramping.server.items.clear()
    await ramping.bot.handlers()["recovered"](
        Delivery("x", "rest", Effect("recovered", "recovered:1"), 1)
    )
    ramping.clock.later(601)

    await later(ramping, pod, 1)

    assert percent(ramping) == 25


async def test_the_same_request_again_says_the_same_and_does_nothing_twice(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod)
    await world.bot.restore(request(), MARA, request_id="ask")
    first = await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")
    before = world.store.state.position

    second = await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")

    assert world.store.state.position == before
    assert second.title == first.title
    assert "nothing was done twice" in second.as_text()


def request(target: Target = K1) -> RestoreRequest:
    return RestoreRequest(target)
