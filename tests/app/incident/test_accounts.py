"""Who has a part in an incident: a full member of the workspace, as Slack says, whoever names them."""

import pytest

from opsbot.app.incident.accounts import Account
from opsbot.app.incident.requests import OpenIncident, RoleOrder, Which
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed, StaleButton
from opsbot.domain.incident.incident import Incident
from opsbot.slack.blocks import render
from tests.support.world import INES, MARA, SAM, World, slack, workflow

IT = Which("INC-1")
GIL = slack("U0GILGIL")
OFFER = RoleOrder(IT, "comms", "offer", f"<@{GIL.id}>")
RESPONDER = RoleOrder(IT, "responder", "offer", f"<@{GIL.id}>")
SILENT = RetryLater("Slack did not answer")
OUTSIDE = [
    (Account(GIL.id, "Gil", "T0HOME", guest=True), "a guest in Slack"),
    (Account(GIL.id, "Gil", "T0HOME", gone=True), "deactivated in Slack"),
    (Account(GIL.id, "Gil", "T0HOME", bot=True), "a bot"),
    (Account(GIL.id, "Gil", "T0HOME", stranger=True), "of another workspace"),
    (Account(GIL.id, "Gil", "T9OUT"), "of another workspace"),
]


@pytest.fixture
async def world() -> World:
    made = World()
    await made.declare(workflow("support-copilot", tier=1))
    request = OpenIncident("wrong refunds", workflow="support-copilot", severity="SEV1")
    await made.bot.incidents.open(request, MARA, request_id="open")
    return made


async def do(world: World, order: RoleOrder, actor: Actor = MARA) -> Incident:
    """Give the order."""
    key = f"do{world.store.state.position.revision}"
    await world.bot.incidents.role(order, actor, request_id=key)
    return world.store.state.incident("INC-1")


async def refused(world: World, order: RoleOrder, actor: Actor = MARA) -> NotAllowed:
    """Return the refusal, which changed nothing."""
    before = world.store.state.position
    with pytest.raises(NotAllowed) as no:
        await do(world, order, actor)
    assert world.store.state.position == before
    return no.value


@pytest.mark.parametrize("order", [OFFER, RESPONDER], ids=["role", "responder"])
@pytest.mark.parametrize(("account", "why"), OUTSIDE, ids=[why for _, why in OUTSIDE[:-1]] + ["t"])
async def test_who_is_outside_is_offered_nothing(
    world: World, order: RoleOrder, account: Account, why: str
) -> None:
    world.rooms.accounts[GIL.id] = account

    no = await refused(world, order)

    assert no.message == f"Gil (`{GIL.id}`) is {why}; nothing was changed."
    assert no.hint == "A part in an incident is for full members of this workspace."


@pytest.mark.parametrize(("account", "why"), OUTSIDE, ids=[why for _, why in OUTSIDE[:-1]] + ["t"])
@pytest.mark.parametrize("act", ["accept", "take"])
async def test_who_became_one_since_does_not_accept(
    world: World, account: Account, why: str, act: str
) -> None:
    await do(world, OFFER)
    world.rooms.accounts[GIL.id] = account

    no = await refused(world, RoleOrder(IT, "comms", act), GIL)  # type: ignore[arg-type]  # accept or take

    assert no.message == f"You are {why}; nothing was changed."


async def test_a_silent_slack_lets_offer_and_not_accept(world: World) -> None:
    world.rooms.break_("account", SILENT, times=2)

    one = await do(world, OFFER)
    no = await refused(world, RoleOrder(IT, "comms", "accept"), GIL)

    assert one.offers == {"comms": f"slack:{GIL.id}"}
    assert no.message == "Slack did not say in time who you are; nothing was changed."
    accepted = await do(world, RoleOrder(IT, "comms", "accept"), GIL)
    assert accepted.roles == {"comms": f"slack:{GIL.id}"}


async def test_a_silent_slack_makes_nobody_a_responder(world: World) -> None:
    world.rooms.break_("account", SILENT)

    no = await refused(world, RESPONDER)

    assert no.message == f"Slack did not say in time who `{GIL.id}` is; nothing was changed."


async def test_whom_slack_does_not_know_is_nobody(world: World) -> None:
    world.rooms.break_("account", GiveUp("Slack knows no such person"))

    no = await refused(world, OFFER)

    assert no.message == (
        f"`{GIL.id}` is nobody here: Slack knows no such person; nothing was changed."
    )


async def test_whom_the_policy_names_is_not_asked_about(world: World) -> None:
    world.rooms.break_("account", SILENT, times=9)

    await do(world, RoleOrder(IT, "comms", "offer", "ines"))
    one = await do(world, RoleOrder(IT, "comms", "accept"), INES)
    one = await do(world, RoleOrder(IT, "responder", "offer", "sam"))

    assert (one.roles, one.responders) == ({"comms": "ines"}, ("sam",))


async def test_declining_and_leaving_ask_nobody(world: World) -> None:
    await do(world, OFFER)
    world.rooms.break_("account", SILENT, times=9)

    one = await do(world, RoleOrder(IT, "comms", "decline"), GIL)

    assert one.offers == {}


async def test_an_order_that_is_refused_anyway_asks_slack_nothing(world: World) -> None:
    world.rooms.break_("account", SILENT, times=9)

    with pytest.raises(StaleButton):
        await do(world, RoleOrder(IT, "comms", "accept"), INES)

    assert len(world.rooms.broken["account"]) == 9


@pytest.mark.parametrize("vacant", [True, False], ids=["button", "words"])
async def test_who_takes_what_is_offered_to_them_accepts_it(world: World, *, vacant: bool) -> None:
    await do(world, RoleOrder(IT, "commander", "take"), SAM)
    await do(world, RoleOrder(IT, "commander", "offer", f"<@{GIL.id}>"), SAM)

    one = await do(world, RoleOrder(IT, "commander", "take", vacant=vacant), GIL)

    assert (one.roles, one.offers) == ({"commander": f"slack:{GIL.id}"}, {})


async def test_an_offer_of_one_role_lets_nobody_take_another(world: World) -> None:
    await do(world, OFFER)

    await refused(world, RoleOrder(IT, "commander", "take"), GIL)


async def test_who_has_a_part_is_a_mention_in_slack_and_an_id_elsewhere(world: World) -> None:
    await do(world, RESPONDER)
    await do(world, OFFER)
    offered = await world.bot.incidents.show(IT, MARA)
    await do(world, RoleOrder(IT, "comms", "accept"), GIL)

    said = await world.bot.incidents.show(IT, MARA)

    _, text = render(said)
    assert f"Comms lead: someone outside the policy (<@{GIL.id}>)" in text
    assert f"responders: someone outside the policy (<@{GIL.id}>)" in text
    assert f"responders: someone outside the policy ({GIL.id})" in said.as_text()
    waits = f"(offered to someone outside the policy ({GIL.id}), not accepted yet)"
    assert waits in render(offered)[1], "nobody looked them up for sure yet"
