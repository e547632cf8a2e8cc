"""What an incident does in Slack: a channel, its card, an announcement; one failure keeps nothing from its turn."""

import pytest

from opsbot.app.incident.requests import (
    EditIncident,
    MoveIncident,
    OpenIncident,
    RetryStep,
    RoleOrder,
    Which,
)
from opsbot.app.ports import GiveUp
from opsbot.app.requests import KillRequest, Target
from opsbot.app.room.port import Channel
from opsbot.domain.incident.incident import AT_FIRST, Room, Step
from tests.support.incident_life import (
    COPILOT,
    HOME,
    OPEN,
    company,
    incident,
    opened,
    settle,
    states,
    tops,
)
from tests.support.world import INES, MARA, NOOR, SAM, World


@pytest.fixture(name="world")
async def _world() -> World:
    return await company()


async def test_an_incident_gets_a_channel_with_its_card_and_one_announcement(
    world: World,
) -> None:
    one = await opened(world)

    room = world.rooms.named("inc-1-support-copilot")
    assert (one.room.channel, one.room.own, one.room.name) == (room.id, True, room.name)
    assert states(one) == {**dict.fromkeys(AT_FIRST, "done"), "page": "skipped"}
    assert world.rooms.topics[room.id] == [
        "[SEV1] INC-1 · IC nobody · active · wrong refund answers"
    ]
    assert world.rooms.bookmarks[room.id] == [("Dashboards", "https://traces.example.com")]
    assert world.rooms.members[room.id] == ["U0ONCALL", "U0SUPPORT"]
    assert [text.splitlines()[0] for text in tops(world, room.id)] == [
        "INC-1 · SEV1 · `support-copilot` · active in prod"
    ]
    (announced,) = tops(world, HOME)
    assert announced.splitlines() == [
        "INC-1 · SEV1 · `support-copilot` · active in prod",
        "wrong refund answers",
        "Commander: nobody yet.",
    ]
    assert [pin["channel"] for pin in world.rooms.pins] == [room.id]


async def test_a_change_edits_card_announcement_and_topic_and_says_so_in_the_thread(
    world: World,
) -> None:
    one = await opened(world)
    posted = len(world.slack.posted)

    await world.bot.incidents.role(RoleOrder(Which(), "commander", "take"), INES, request_id="r1")
    await settle(world)

    assert len(world.slack.posted) == posted
    assert any("Commander: Ines." in text for text in world.slack.updated)
    assert world.rooms.topics[one.room.channel][-1].startswith("[SEV1] INC-1 · IC @Ines · active")
    assert world.rooms.thread() == ["Ines: commander nobody → Ines."]
    assert world.rooms.members[one.room.channel] == ["U0ONCALL", "U0SUPPORT", "U0LEAD"]


async def test_what_changes_nothing_that_is_read_costs_no_edit(world: World) -> None:
    await opened(world)
    edits = len(world.slack.updated)

    await world.bot.incidents.edit(EditIncident(Which(), exposed=12), MARA, request_id="r1")
    await settle(world)

    assert len(world.slack.updated) == edits
    assert world.rooms.thread() == ["Mara: 12 bad outcomes counted."]


async def test_a_whole_sev1_stays_within_six_messages_in_shared_channels(world: World) -> None:
    pod = world.instance("pod-1")
    await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="k1")
    await settle(world, rounds=1)
    await opened(world, OpenIncident("wrong refunds", workflow=COPILOT, severity="SEV2"))
    incidents = world.bot.incidents
    await incidents.edit(EditIncident(Which(), severity="SEV1"), MARA, request_id="1")
    await incidents.role(RoleOrder(Which(), "commander", "take"), INES, request_id="2")
    await incidents.role(RoleOrder(Which(), "comms", "offer", "sam"), INES, request_id="3")
    await incidents.role(RoleOrder(Which(), "comms", "accept"), SAM, request_id="4")
    for number in range(5):
        update = EditIncident(Which(), update=f"looking at it, part {number}")
        await incidents.edit(update, INES, request_id=f"u{number}")
        await settle(world, rounds=2)
    for _ in range(8):
        pod.follow()
        await settle(world, rounds=1)
    await incidents.move(MoveIncident(Which(), "monitoring"), INES, request_id="5")
    await incidents.move(MoveIncident(Which(), "resolved", stays_off=True), INES, request_id="6")
    await settle(world)

    one = incident(world)
    assert one.status == "resolved"
    assert one.times.contained is not None
    shared = [text for where, text in world.slack.posted if where != one.room.channel]
    assert len(shared) == 2, "the kill's card and the announcement"
    assert len(tops(world, one.room.channel)) == 1, "the card"
    said = " ".join(world.rooms.thread())
    assert "severity SEV2 → SEV1 (raised)" in said
    assert "comms lead offered to Sam" in said
    assert "“looking at it, part 4”" in said
    assert "K-1 was confirmed by 1 instance" in said
    assert "INC-1 active → contained" in said
    assert "INC-1 monitoring → resolved" in said


async def test_a_workspace_that_restricts_channels_is_no_failure(world: World) -> None:
    world.rooms.restricted = True

    one = await opened(world)

    assert one.steps["channel"] == Step(
        "skipped",
        "this workspace does not let the bot make channels; the workflow's channel is used",
        one.steps["channel"].at_ms,
    )
    assert one.room.channel == HOME
    assert not one.room.own
    assert "failed" not in states(one).values()
    assert len(tops(world, HOME)) == 1
    assert world.rooms.pins == []
    assert world.rooms.topics == {}, "the topic of a channel that is somebody else's is left alone"


async def test_a_private_one_is_never_said_in_a_shared_channel(world: World) -> None:
    world.rooms.restricted = True
    leak = OpenIncident("leaked addresses", workflow=COPILOT, type="data_leak_pii")

    one = await opened(world, leak)

    assert world.slack.posted == []
    assert states(one) == {
        "page": "skipped",
        "channel": "failed",
        "topic": "skipped",
        "bookmarks": "skipped",
        "invite": "skipped",
        "announce": "skipped",
        "card": "failed",
    }
    assert one.steps["channel"].detail.endswith("a private incident has no other")

    world.rooms.restricted = False
    await world.bot.incidents.retry(RetryStep(Which("INC-1"), "channel"), MARA, request_id="r")
    await settle(world)

    room = world.rooms.named("inc-1")
    assert room.private, "and its name says nothing"
    assert len(tops(world, room.id)) == 1
    assert world.rooms.members[room.id] == ["U0ONCALL"], "nobody who does not work on it"
    assert states(incident(world))["card"] == "done"


async def test_one_that_becomes_private_takes_back_what_was_announced(world: World) -> None:
    await opened(world)

    await world.bot.incidents.edit(EditIncident(Which(), private=True), MARA, request_id="r1")
    await settle(world)

    one, taken_back = incident(world), "INC-1 is private now\nWhat stood here was taken back."
    assert [text for text in world.slack.updated if text == taken_back] == [taken_back] * 2
    assert one.steps["channel"].detail.startswith("its channel is public, and it is private now")
    assert one.room == Room()
    assert next(iter(world.rooms.topics.values()))[-1] == "INC-1 is private now"
    assert world.rooms.thread() == []

    await world.bot.incidents.retry(RetryStep(Which("INC-1"), "channel"), MARA, request_id="r2")
    await settle(world)

    room = world.rooms.named("inc-1")
    assert room.private
    assert [text.splitlines()[0] for text in tops(world, room.id)] == [
        "INC-1 · SEV1 · `support-copilot` · active · private in prod"
    ]
    assert world.rooms.members[room.id] == ["U0ONCALL"]
    assert "failed" not in states(incident(world)).values()


async def test_a_channel_that_is_there_is_joined_and_its_topic_left_alone(world: World) -> None:
    world.rooms.channels["C0THEIRS"] = Channel("C0THEIRS", "their-incident")

    one = await opened(world, OpenIncident("x", workflow=COPILOT, channel="C0THEIRS"))

    assert world.rooms.channels["C0THEIRS"].member
    assert (one.room.own, one.room.adopted, one.room.name) == (True, True, "their-incident")
    assert world.rooms.topics == {}
    assert len(tops(world, "C0THEIRS")) == 1
    assert len(world.rooms.channels) == 1


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (Channel("C0X", "x", shared=True), "that channel is shared with another organisation"),
        (Channel("C0X", "x", archived=True), "that channel is archived"),
        (Channel("C0Y", "y"), "Slack knows no such channel"),
    ],
)
async def test_a_channel_that_cannot_be_taken_leaves_the_workflows(
    world: World, there: Channel, why: str
) -> None:
    world.rooms.channels[there.id] = there

    one = await opened(world, OpenIncident("x", workflow=COPILOT, channel="C0X"))

    assert one.steps["channel"].state == "failed"
    assert one.steps["channel"].detail.startswith(why)
    assert tops(world, "C0X") == []
    assert len(tops(world, HOME)) == 1

    world.rooms.channels["C0X"] = Channel("C0X", "x", member=True)
    await world.bot.incidents.retry(RetryStep(Which(), "channel"), MARA, request_id="r")
    await settle(world)

    assert incident(world).room == Room("C0X", "x", own=True, adopted=True)
    assert len(tops(world, "C0X")) == 1


async def test_a_call_for_help_can_be_accepted_where_it_is_announced(world: World) -> None:
    await world.bot.incidents.open(OPEN, NOOR, request_id="open")
    await settle(world)

    assert "waits to be accepted" in tops(world, HOME)[0]


@pytest.mark.parametrize(("private", "state"), [(True, "done"), (False, "failed")])
async def test_a_private_incident_takes_over_only_a_private_channel(
    world: World, state: str, *, private: bool
) -> None:
    world.rooms.channels["C0THEIRS"] = Channel(
        "C0THEIRS", "theirs", private=private, member=private
    )
    leak = OpenIncident("leak", workflow=COPILOT, type="data_leak_pii", channel="C0THEIRS")

    one = await opened(world, leak)

    assert one.steps["channel"].state == state
    assert len(tops(world, "C0THEIRS")) == int(private)
    assert tops(world, HOME) == []


async def test_a_channel_that_nobody_can_look_into_any_more_says_nothing_private(
    world: World,
) -> None:
    await opened(world)
    world.rooms.break_("look", GiveUp("Slack knows no such channel"), times=9)
    edits = len(world.slack.updated)

    await world.bot.incidents.edit(EditIncident(Which(), private=True), MARA, request_id="r1")
    await settle(world)

    assert incident(world).steps["channel"].detail == "Slack knows no such channel"
    assert len(world.slack.updated) == edits
