"""Messages on two replicas, on the memory twin and on a real server: one winner, every target once, nothing lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.app.bot import Bot
from opsbot.app.comms.requests import EditMessage, HoldUsers, NewMessage, PublishMessage
from opsbot.app.declare import decide as declare
from opsbot.app.deliver import Deliver
from opsbot.app.environment import Environment
from opsbot.app.incident.requests import OpenIncident, Which
from opsbot.app.journal.anchor import Anchor
from opsbot.app.journal.audit import Audit
from opsbot.app.ports import Delivery
from opsbot.app.requests import ApproveRequest
from opsbot.domain.change import LANES
from opsbot.domain.declaration import Catalogue
from opsbot.domain.errors import IllegalMove, Refused, StaleButton
from opsbot.domain.said import Said
from tests.contract.conftest import World
from tests.support.comms import ANYWAY, FIRST, PIA, WHAT, Places, Templates, comms_policy, lost
from tests.support.incident_life import COPILOT
from tests.support.wait import eventually
from tests.support.world import INES, MARA, SAM, Charts, Keyless, Probes, plain, workflow

HERE = Which("INC-1")
WROTE = NewMessage(FIRST, HERE, {"what": WHAT[FIRST]})
PUBLISH = PublishMessage("MSG-1", anyway=ANYWAY)
YES = ApproveRequest("A-1", grant=True)


async def bots(world: World, severity: str = "SEV2") -> tuple[Bot, Bot, Places]:
    """Return the bots of two replicas that publish to the same places, with an incident open."""
    declared = workflow(COPILOT, tier=1, extra={"comms": {"users": ["status-page", "in-app"]}})
    catalogue = Catalogue({COPILOT: declared}, comms_policy(), "abc")
    await world.one.store.commit("d", lambda state, now_ms: declare(state, now_ms, catalogue))
    await world.two.store.refresh()
    shelf, places = Templates(), Places()
    one, two = (
        replace(bot(bundle), templates=shelf, publishers=places)
        for bundle in (world.one, world.two)
    )
    request = OpenIncident("wrong answers", workflow=COPILOT, severity=severity)  # type: ignore[arg-type]  # a severity
    await one.incidents.open(request, MARA, request_id="open")
    await two.env.store.refresh()
    return one, two, places


def bot(bundle: StoreBundle) -> Bot:
    """Return the bot of one replica, without Slack."""
    env = Environment(
        "prod", bundle.store, bundle.fleets, SystemClock(), SystemEntropy(), answer_within_s=0.01
    )
    keeper = Keyless()
    return Bot(
        env=env,
        outbox=bundle.outbox,
        prober=Probes(),
        audit=Audit(env, bundle.store, keeper, keeper),
        anchor=Anchor(env, keeper),
        render=plain,
        pictures=Charts(),
    )


class Quiet:
    """Keeps what failed to itself: it is tried again."""

    def failed(self, delivery: Delivery, reason: str, *, unexpected: bool) -> None:
        """Fail at what nobody expected."""
        assert not unexpected, f"{delivery.effect.kind}: {reason}"


async def at_work(*replicas: Bot) -> list[asyncio.Task[None]]:
    """Let the workers of every replica run."""
    return [
        asyncio.create_task(Deliver(one.outbox, one.handlers(), Quiet(), lane).run())
        for one in replicas
        for lane in LANES
    ]


async def stopped(tasks: list[asyncio.Task[None]]) -> None:
    """Stop them."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def refused(answers: Sequence[Said | BaseException]) -> list[Refused]:
    """Return the refusals among some answers."""
    return [one for one in answers if isinstance(one, Refused)]


async def test_two_approvals_at_once_have_one_winner_and_the_other_reads_who(world: World) -> None:
    one, two, _ = await bots(world)
    await one.comms.new(WROTE, PIA, request_id="new")
    await one.comms.publish(PUBLISH, PIA, request_id="ask")

    answers = await asyncio.gather(
        one.approve(YES, INES, request_id="ines"),
        two.approve(YES, SAM, request_id="sam"),
        return_exceptions=True,
    )

    (no,) = refused(answers)
    assert isinstance(no, StaleButton)
    assert "A-1 is over: approved by " in no.message
    state = await one.env.store.refresh()
    assert len(state.message("MSG-1").approved_by) == 1


async def test_an_edit_and_an_approval_at_once_never_publish_other_words(world: World) -> None:
    one, two, _ = await bots(world)
    await one.comms.new(WROTE, PIA, request_id="new")
    await one.comms.publish(PUBLISH, PIA, request_id="ask")
    asked = one.env.store.state.message("MSG-1").sha

    await asyncio.gather(
        two.comms.edit(EditMessage("MSG-1", {"what": "Other words."}), PIA, request_id="edit"),
        one.approve(YES, INES, request_id="ines"),
        return_exceptions=True,
    )

    message = (await one.env.store.refresh()).message("MSG-1")
    assert (message.standing, message.sha == asked) in (("published", True), ("draft", False))


async def test_two_first_words_at_once_are_one(world: World) -> None:
    one, two, _ = await bots(world)
    hold = HoldUsers(HERE)

    answers = await asyncio.gather(
        one.comms.hold(hold, MARA, request_id="mara"),
        two.comms.hold(hold, INES, request_id="ines"),
        return_exceptions=True,
    )

    (no,) = refused(answers)
    assert isinstance(no, IllegalMove)
    state = await two.env.store.refresh()
    assert [one.standing for one in state.messages()] == ["published"]


async def test_two_workers_bring_a_message_to_each_target_once(world: World) -> None:
    one, two, places = await bots(world, "SEV3")
    for target in ("status-page", "in-app"):
        places[target].before.append(lost)
        places[target].after.append(lost)
    await one.comms.new(WROTE, PIA, request_id="new")
    await one.comms.publish(PUBLISH, PIA, request_id="publish")

    tasks = await at_work(one, two)

    async def arrived() -> bool:
        await one.tick()
        sent = (await one.env.store.refresh()).message("MSG-1").sent
        return {each.state for each in sent.values()} == {"done"}

    try:
        look: Callable[[], bool | Awaitable[bool]] = arrived
        await eventually(look, timeout_s=20)
    finally:
        await stopped(tasks)
    assert places["status-page"].said == places["in-app"].said == ["MSG-1"]
    assert places["status-page"].looks >= 1


async def test_the_other_replica_reads_the_words_and_finishes_the_work(world: World) -> None:
    one, two, places = await bots(world, "SEV3")
    await one.comms.new(WROTE, PIA, request_id="new")
    await one.comms.publish(PUBLISH, PIA, request_id="publish")
    await two.env.store.refresh()

    tasks = await at_work(two)
    try:
        await eventually(lambda: places["in-app"].said == ["MSG-1"], timeout_s=20)
    finally:
        await stopped(tasks)

    view = await two.comms.view("MSG-1", PIA)
    assert view.rendered.texts["en"].startswith(WHAT[FIRST])
    assert places["in-app"].posts[0].texts == view.rendered.texts


async def test_what_was_written_survives_a_read_of_the_whole_journal(world: World) -> None:
    one, _, _ = await bots(world, "SEV3")
    await one.comms.new(WROTE, PIA, request_id="new")
    await one.comms.publish(PUBLISH, PIA, request_id="publish")

    said = await one.audit_verify(INES)

    assert said.tone == "green", said.as_text()
