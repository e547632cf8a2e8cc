"""Made public, made private: what was left out is done at once, and what stood there is taken back."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import EditIncident, MoveIncident, Which
from opsbot.app.incident.steps import PRIVATE_NOWHERE, PUBLIC
from opsbot.app.paging.sync import PagerSync
from opsbot.app.requests import KillRequest, Target
from opsbot.app.room.port import Channel
from opsbot.domain.incident.incident import Incident
from tests.support.incident_life import COPILOT, HOME, OPEN, company, incident, opened, settle, tops
from tests.support.paged_company import Company
from tests.support.world import MARA, World

IT = Which("INC-1")
SECRET = replace(OPEN, private=True)


@pytest.fixture
async def world() -> World:
    return await company()


async def make(world: World, *, private: bool) -> str:
    """Make it private or public; return the answer."""
    key = f"e{world.store.state.position.revision}"
    edit = EditIncident(IT, private=private)
    return (await world.bot.incidents.edit(edit, MARA, request_id=key)).as_text()


async def test_a_private_incident_made_public_is_announced_in_the_same_commit(
    world: World,
) -> None:
    await opened(world, SECRET)
    assert tops(world, HOME) == []

    said = await make(world, private=False)

    assert incident(world).steps["announce"].state == "due"
    await settle(world)
    [announced] = tops(world, HOME)
    assert "INC-1" in announced
    assert incident(world).steps["announce"].state == "done"
    assert "Public from now on: it is being announced." in said


async def test_its_private_channel_stays_and_the_answer_says_so(world: World) -> None:
    one = await opened(world, SECRET)

    said = await make(world, private=False)
    await settle(world)

    assert world.rooms.channels[one.room.channel].private
    assert incident(world).room == one.room
    assert "#inc-1 stays private: a bot cannot publish its history" in said


async def test_those_who_answer_for_it_are_brought_in_once_it_is_public(world: World) -> None:
    one = await opened(world, SECRET)
    assert "U0SUPPORT" not in world.rooms.members[one.room.channel]

    await make(world, private=False)
    await settle(world)

    assert "U0SUPPORT" in world.rooms.members[one.room.channel]


async def test_a_card_that_had_no_place_gets_one(world: World) -> None:
    await opened(world, replace(SECRET, severity="SEV4"))
    assert incident(world).steps["card"].detail == PRIVATE_NOWHERE

    await make(world, private=False)
    await settle(world)

    assert incident(world).steps["card"].state == "done"
    assert len(tops(world, HOME)) == 1


async def test_a_card_that_failed_for_its_privacy_gets_a_place_too(world: World) -> None:
    world.rooms.restricted = True
    await opened(world, SECRET)
    assert incident(world).steps["card"].state == "failed"

    await make(world, private=False)
    await settle(world)

    assert incident(world).steps["card"].state == "done"


async def test_a_severity_changes_nothing_of_what_privacy_left_out(world: World) -> None:
    await opened(world, replace(SECRET, severity="SEV4"))
    before = incident(world).steps

    edit = EditIncident(IT, severity="SEV4", title="wrong refunds of May")
    await world.bot.incidents.edit(edit, MARA, request_id="sev")

    assert incident(world).steps == before


async def test_what_is_over_is_announced_by_no_edit_and_by_its_reopening(world: World) -> None:
    await opened(world, SECRET)
    await world.bot.incidents.move(MoveIncident(IT, "resolved"), MARA, request_id="end")

    said = await make(world, private=False)
    await settle(world)
    assert tops(world, HOME) == []
    assert "being announced" not in said

    await world.bot.incidents.move(MoveIncident(IT, "active"), MARA, request_id="again")
    await settle(world)
    assert len(tops(world, HOME)) == 1


async def test_made_private_it_announces_nothing_more_and_says_what_is_left(world: World) -> None:
    await opened(world)
    posted = tops(world, HOME)

    said = await make(world, private=True)
    await settle(world)

    assert tops(world, HOME) == posted
    assert "Private from now on: nothing more of it is announced." in said
    assert "Its announcement stays where it is, without its words." in said
    assert any("What stood here was taken back." in text for text in world.slack.updated)


async def test_an_announcement_on_its_way_is_not_made_once_it_is_private(world: World) -> None:
    await world.bot.incidents.open(OPEN, MARA, request_id="open")

    said = await make(world, private=True)
    await settle(world)

    assert tops(world, HOME) == []
    assert "Its announcement" not in said
    assert incident(world).steps["announce"].detail == "it is private"


async def test_saying_what_is_so_already_says_nothing_of_announcements(world: World) -> None:
    await opened(world)

    said = await make(world, private=False)

    assert "Already so; nothing was changed." in said
    assert "Public from now on" not in said


async def test_the_cards_of_its_kills_follow(world: World) -> None:
    await opened(world, SECRET)
    await world.bot.kill(KillRequest(Target("workflow", COPILOT), "stop"), MARA, request_id="k")
    await settle(world)
    cards = {name for name, one in world.server.items.items() if one.effect.kind == "card"}

    await make(world, private=False)

    again = {name for name, one in world.server.items.items() if one.effect.kind == "card"}
    assert again - cards


async def test_pagerduty_is_told_as_soon_as_it_may_be() -> None:
    house = await Company().begin()
    await house.open(private=True)
    await house.page()

    async def sentence(revision: int, one: Incident) -> str:
        return f"{one.id} is public"

    await house.verbs.edit(EditIncident(IT, private=False), MARA, request_id="e")
    handler = PagerSync(house.world.env, house.pages, sentence)
    for name, item in list(house.world.server.items.items()):
        if item.effect.kind == "pager_sync":
            await handler(house.world.delivery(name))

    assert [text for _, _, text in house.pages.notes] == ["INC-1 is public"]


async def test_it_goes_back_into_the_channel_that_it_left_for_being_public(world: World) -> None:
    one = await opened(world)
    await make(world, private=True)
    await settle(world)
    assert not incident(world).room.own

    await make(world, private=False)
    await settle(world)

    assert incident(world).room == one.room
    assert incident(world).steps["channel"].state == "done"


async def test_the_topic_of_a_channel_that_was_there_before_is_left_alone(world: World) -> None:
    world.rooms.channels["C0WAR"] = Channel("C0WAR", "war-room", member=True)
    await opened(world, replace(OPEN, channel="C0WAR"))

    await make(world, private=True)
    await settle(world)

    assert "C0WAR" not in world.rooms.topics
    assert incident(world).steps["channel"].detail == PUBLIC


async def test_what_left_its_channel_and_is_lowered_meanwhile_wants_none(world: World) -> None:
    await opened(world)
    await make(world, private=True)
    await settle(world)

    edit = EditIncident(IT, private=False, severity="SEV4")
    await world.bot.incidents.edit(edit, MARA, request_id="both")

    channel = incident(world).steps["channel"]
    assert (channel.state, channel.detail) == ("skipped", "SEV4 has no channel of its own here")
