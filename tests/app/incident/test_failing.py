"""What fails outside keeps nothing else from its turn, is shown with [Retry], and is tried on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from opsbot.app.incident.effects import PAGER
from opsbot.app.incident.requests import (
    MoveIncident,
    OpenIncident,
    RetryStep,
    RoleOrder,
    Which,
)
from opsbot.app.ports import Delivery, GiveUp, RetryLater
from opsbot.app.room.make import IncidentRoom
from opsbot.app.room.step import TRIED, WAITS, Due, IncidentSteps, Wait
from opsbot.domain.change import Record
from opsbot.domain.incident.incident import AT_FIRST, Step
from tests.support.incident_life import (
    HOME,
    OPEN,
    company,
    incident,
    opened,
    settle,
    states,
    tops,
)
from tests.support.world import INES, MARA, Slack, World, workflow


@pytest.fixture(name="world")
async def _world() -> World:
    return await company()


@dataclass
class Away(Slack):
    """A chat that does not answer for a while."""

    away: bool = True

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Edit, or do not answer."""
        if self.away:
            raise RetryLater("Slack did not answer")
        await super().update(handle, blocks, text)


@dataclass
class Closed(Slack):
    """A chat that nothing can be posted into."""

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Refuse for ever."""
        raise GiveUp("that channel is archived (is_archived)")


async def test_what_cannot_be_posted_fails_and_the_channel_is_made_all_the_same(
    world: World,
) -> None:
    world.bot = replace(world.bot, chat=Closed())

    one = await opened(world)
    await world.bot.incidents.role(RoleOrder(Which(), "commander", "take"), INES, request_id="r1")
    await settle(world)

    failed = {name for name, state in states(one).items() if state == "failed"}
    assert failed == {"announce", "card"}
    assert one.steps["card"].detail == "that channel is archived (is_archived)"
    assert world.rooms.topics[one.room.channel][-1].startswith("[SEV1] INC-1 · IC @Ines")
    assert world.rooms.thread() == [], "there is no card to answer to"
    assert not [n for n in world.server.timers if n.startswith("retry:")]


CALLS = {
    "create": "channel",
    "topic": "topic",
    "bookmark": "bookmarks",
    "invite": "invite",
    "pin": "card",
}


@pytest.mark.parametrize("call", CALLS)
async def test_each_call_that_fails_is_named_on_the_card_and_the_rest_is_done(
    world: World, call: str
) -> None:
    world.rooms.break_(call, GiveUp("the Slack app lacks a permission (missing_scope)"), times=9)

    one = await opened(world)

    name = CALLS[call]
    failed = {step for step, state in states(one).items() if state == "failed"}
    assert failed == {name}
    assert "the Slack app lacks a permission" in one.steps[name].detail  # type: ignore[index]  # a step by name
    card = await world.bot.incidents.show(Which("INC-1"), MARA)
    assert [b.value for b in card.buttons if b.act == "incident_retry"] == [f"INC-1:{name}"]
    assert card.tone == "red"
    expected = {"channel": {"topic", "bookmarks", "invite", "announce"}}.get(name, set())
    left = {step for step, state in states(one).items() if state == "skipped"}
    assert left == {"page", *expected}


@pytest.mark.parametrize("call", CALLS)
async def test_retry_does_what_failed(world: World, call: str) -> None:
    world.rooms.break_(call, GiveUp("no"))
    await opened(world)
    retry = RetryStep(Which("INC-1"), CALLS[call])  # type: ignore[arg-type]  # a step by name

    await world.bot.incidents.retry(retry, MARA, request_id="again")
    await settle(world)

    done = states(incident(world))
    assert {state for step, state in done.items() if step not in ("page", "announce")} == {"done"}
    assert len(world.rooms.channels) == 1


async def test_a_card_that_found_no_channel_moves_to_it_later(world: World) -> None:
    world.rooms.break_("create", GiveUp("no"))
    await opened(world)
    assert len(tops(world, HOME)) == 1, "the card itself is what announces it there"

    await world.bot.incidents.retry(RetryStep(Which(), "channel"), MARA, request_id="again")
    await settle(world)

    room = world.rooms.named("inc-1-support-copilot").id
    assert len(tops(world, room)) == 1
    assert len(tops(world, HOME)) == 1
    assert world.slack.updated[-1].endswith("\nCommander: nobody yet."), (
        "what stood there announces"
    )
    assert [pin["channel"] for pin in world.rooms.pins] == [room]


async def test_people_who_cannot_be_invited_are_named_and_the_others_are_in(world: World) -> None:
    world.rooms.outside = frozenset({"U0SUPPORT"})

    one = await opened(world)

    assert one.steps["invite"].state == "failed"
    assert one.steps["invite"].detail == ("Sam could not be invited: Slack knows no such person")
    assert world.rooms.members[one.room.channel] == ["U0ONCALL"]


async def test_what_fails_for_a_while_is_shown_and_tried_on(world: World) -> None:
    world.rooms.break_("create", RetryLater("Slack did not answer"), times=TRIED + 1)
    await world.bot.incidents.open(OPEN, MARA, request_id="open")

    for _ in range(TRIED - 1):
        await world.work()
        world.clock.later(10)
        await world.outbox.fire_timers()
    assert incident(world).steps["channel"].state == "due"
    await world.work()
    assert incident(world).steps["channel"].state == "failed"
    assert incident(world).steps["channel"].detail == (
        "Slack did not answer; it is tried again by itself"
    )
    for _ in range(4):
        world.clock.later(31)
        await world.outbox.fire_timers()
        await world.work()
    await settle(world)

    done = dict.fromkeys(AT_FIRST, "done")
    assert states(incident(world)) == {**done, "page": "skipped", "announce": "skipped"}
    assert len(tops(world, HOME)) == 1, "what was the card there announces it now"
    assert not world.server.dead


async def test_a_channel_that_takes_long_holds_up_neither_announcement_nor_card(
    world: World,
) -> None:
    world.rooms.break_("create", RetryLater("Slack asks the bot to wait", after_s=60.0), times=1)
    await world.bot.incidents.open(OPEN, MARA, request_id="open")

    await settle(world, rounds=WAITS + 2)

    assert incident(world).steps["channel"].state == "due"
    assert len(tops(world, HOME)) == 2
    world.clock.later(60)
    await world.outbox.fire_timers()
    await settle(world)
    room = world.rooms.named("inc-1-support-copilot").id
    assert len(tops(world, room)) == 1
    assert len(tops(world, HOME)) == 2
    assert "INC-1 goes on in its own channel" in world.slack.updated
    assert states(incident(world)) == {**dict.fromkeys(AT_FIRST, "done"), "page": "skipped"}


async def test_one_that_is_over_before_its_steps_bothers_nobody(world: World) -> None:
    await world.bot.incidents.open(OPEN, MARA, request_id="open")
    cancel = MoveIncident(Which(), "cancelled", reason="a test")
    await world.bot.incidents.move(cancel, MARA, request_id="r1")

    await settle(world)

    assert set(states(incident(world)).values()) == {"skipped"}
    assert world.slack.posted == []
    assert world.rooms.channels == {}


async def test_an_old_step_does_nothing_after_retry_was_pressed(world: World) -> None:
    world.rooms.break_("topic", GiveUp("no"))
    one = await opened(world)
    await world.bot.incidents.retry(RetryStep(Which(), "topic"), MARA, request_id="again")
    stale = next(iter(world.server.items.values())).effect
    await settle(world)
    topics = len(world.rooms.topics[one.room.channel])

    world.server.add(stale)
    await settle(world)

    assert len(world.rooms.topics[one.room.channel]) == topics


async def test_without_slack_its_steps_are_skipped_and_nothing_is_left(world: World) -> None:
    await world.bot.incidents.open(OPEN, MARA, request_id="open")
    world.bot = replace(world.bot, chat=None, rooms=None)

    await settle(world)

    one = incident(world)
    assert one.steps["channel"].detail == "Slack is not connected"
    assert set(states(one).values()) == {"skipped"}
    assert not world.server.dead


async def test_a_step_that_commits_for_itself_gets_every_delivery_of_its_own(
    world: World,
) -> None:
    got: list[str] = []

    async def mine(delivery: Delivery) -> None:
        got.append(str(delivery.effect.body["step"]))

    await world.bot.incidents.open(OPEN, MARA, request_id="open")
    steps = IncidentSteps(world.env, world.outbox, {}, {"announce": mine})
    for name, item in list(world.server.items.items()):
        if item.effect.kind == "incident_step":
            await steps(world.delivery(name))

    assert got == ["announce"]
    assert incident(world).steps["announce"].state == "due", "it commits for itself"


async def test_an_outage_of_slack_ends_in_no_dead_letter(world: World) -> None:
    await opened(world)
    world.slack = Away()
    world.bot = replace(world.bot, chat=world.slack)
    world.rooms.break_("topic", RetryLater("Slack did not answer"), times=20)
    world.rooms.break_("reply", RetryLater("Slack did not answer"), times=20)

    await world.bot.incidents.role(RoleOrder(Which(), "commander", "take"), INES, request_id="r1")
    for _ in range(20):
        await world.work()
        world.clock.later(31)
        await world.outbox.fire_timers()
    assert {item.effect.kind for item, _ in world.server.dead.values()} <= {PAGER}
    world.slack.away = False
    world.rooms.broken.clear()
    await settle(world)

    assert any("Commander: Ines." in text for text in world.slack.updated)
    assert world.rooms.thread() == ["Ines: commander nobody → Ines."]
    assert next(iter(world.rooms.topics.values()))[-1].startswith("[SEV1] INC-1 · IC @Ines")


async def test_a_newcomer_who_cannot_be_invited_is_named(world: World) -> None:
    await opened(world)
    world.rooms.outside = frozenset({"U0LEAD"})

    await world.bot.incidents.role(RoleOrder(Which(), "commander", "take"), INES, request_id="r1")
    await settle(world)

    step = incident(world).steps["invite"]
    assert (step.state, step.detail) == (
        "failed",
        "Ines could not be invited: Slack knows no such person",
    )


async def test_a_topic_that_cannot_be_changed_any_more_is_named(world: World) -> None:
    await opened(world)
    world.rooms.break_("topic", GiveUp("the bot is not in that channel, invite it"), times=9)

    await world.bot.incidents.role(RoleOrder(Which(), "commander", "take"), INES, request_id="r1")
    await settle(world)

    step = incident(world).steps["topic"]
    assert (step.state, step.detail) == ("failed", "the bot is not in that channel, invite it")


@pytest.mark.parametrize(("home", "top"), [("C0HOME", 1), ("", 0)])
async def test_where_no_workflow_names_a_channel_the_one_for_incidents_is_used(
    world: World, home: str, top: int
) -> None:
    await world.declare(workflow("coding-agent", slack_channel=""))
    world.bot, world.rooms.restricted = replace(world.bot, channel=home), True

    one = await opened(world, OpenIncident("x", workflow="coding-agent", severity="SEV1"))

    assert len(tops(world, home)) == top
    assert one.steps["channel"].state == ("skipped" if top else "failed")
    used = "the channel for incidents is used" if top else "none is declared"
    assert one.steps["channel"].detail.endswith(f"; {used}")
    assert one.steps["card"].state == ("done" if top else "failed")


async def test_a_page_is_waited_for_a_while_so_that_its_link_stands_at_the_top(
    world: World,
) -> None:
    one = await opened(world)
    paging = one.stepped("page", Step())
    room = IncidentRoom(world.env, world.rooms, world.outbox)

    with pytest.raises(Wait):
        await room.bookmarks(Due(paging, "bookmarks", WAITS))

    assert (await room.bookmarks(Due(paging, "bookmarks", WAITS + 1))).state == "done"


async def test_a_reply_waits_for_the_card(world: World) -> None:
    await world.bot.incidents.open(OPEN, MARA, request_id="open")
    await world.bot.incidents.role(RoleOrder(Which(), "commander", "take"), INES, request_id="r1")

    await world.work("incident_said")
    assert world.rooms.thread() == []
    await settle(world)

    assert world.rooms.thread() == ["Ines: commander nobody → Ines."]
