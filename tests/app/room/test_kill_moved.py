"""The card of an incident says what its kills came to, without anybody touching the incident."""

from opsbot.app.incident.asked_words import with_asked
from opsbot.app.incident.effects import CARD
from opsbot.app.incident.requests import MoveIncident, Which
from opsbot.app.incident.words import incident_said
from opsbot.app.ports import ProbeAnswer
from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.change import Effect
from opsbot.domain.said import Said
from tests.support.incident_life import OPEN, company, incident, opened, settle, tops
from tests.support.world import INES, MARA, World

COPILOT = Target("workflow", "support-copilot")
LIFTED = "Its kill is lifted, and it is still contained: type"


async def told() -> World:
    """Return a company with one kill and its incident, everything said; nobody serves, so nothing confirms."""
    world = await company()
    await world.bot.kill(KillRequest(COPILOT, "canned"), MARA, request_id="k")
    await opened(world, OPEN)
    world.slack.updated.clear()
    return world


def card(world: World) -> str:
    """Return what the incident's card says since it was edited last; its announcement says less."""
    said = (one for one in world.slack.updated if one.startswith("INC-1"))
    return [one for one in said if "K-1" in one][-1]


def due(world: World) -> list[Effect]:
    """Return the work on incidents' cards that waits in the outbox."""
    return [item.effect for item in world.server.items.values() if item.effect.kind == CARD]


async def shown(world: World) -> Said:
    """Return the card with its buttons."""
    state = world.store.state
    said = incident_said(await world.bot.incidents.view(state.incident("INC-1")))
    return with_asked(said, state, state.incident("INC-1"), world.clock.now_ms())


async def lifted(world: World) -> None:
    """Restore the copilot, with a second person's word."""
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="r")
    await world.bot.approve(ApproveRequest("A-1"), INES, request_id="a")


async def test_a_restore_shows_on_the_card_of_its_incident() -> None:
    world = await told()
    assert any("K-1 holds" in one for one in tops(world, incident(world).room.channel))

    await lifted(world)
    await settle(world)

    assert "K-1 restored" in card(world)
    assert "K-1 holds" not in card(world)


async def test_confirmation_and_proof_show_on_the_card_of_its_incident() -> None:
    world = await told()
    pod = world.instance("pod-1")
    pod.follow()

    await settle(world)

    assert "K-1 holds (`canned`), confirmed" in card(world)


async def test_the_proof_shows_on_the_card_of_its_incident() -> None:
    world = await told()
    world.instance("pod-1", probe="http://pod-1/probe").follow()
    world.probes.says["http://pod-1/probe"] = ProbeAnswer(mode="canned", allowed=False, status=200)

    await settle(world)

    assert "K-1 holds (`canned`), confirmed, proved" in card(world)


async def test_the_very_commit_that_lifts_a_kill_brings_the_card_once() -> None:
    world = await told()
    await settle(world)
    before = {effect.key for effect in due(world)}

    await lifted(world)

    assert before == set()
    assert [one.body for one in due(world) if one.key.startswith("incident-card")] == [
        {"incident": "INC-1"},  # the approval that was asked for stands on the kill's card
        {"incident": "INC-1"},
    ]


async def test_a_stricter_kill_shows_on_the_card_of_its_incident() -> None:
    world = await told()

    await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id="stricter")
    await settle(world)

    assert "K-1 holds (`stop`)" in card(world)


async def test_a_kill_of_no_incident_brings_no_card() -> None:
    world = await told()
    await settle(world)

    await world.bot.kill(KillRequest(Target("workflow", "coding-agent")), MARA, request_id="o")

    assert due(world) == []


async def test_a_resolved_incident_says_as_well_that_its_kill_was_lifted() -> None:
    world = await told()
    over = MoveIncident(Which("INC-1"), "resolved", stays_off=True)
    await world.bot.incidents.move(over, MARA, request_id="over")
    await settle(world)

    await lifted(world)
    await settle(world)

    assert "K-1 restored" in card(world)


async def test_a_contained_incident_says_that_nothing_holds_it_any_more_and_what_to_type() -> None:
    world = await told()
    pod = world.instance("pod-1")
    pod.follow()
    await settle(world)
    assert incident(world).status == "contained"
    assert LIFTED not in card(world)

    await lifted(world)
    await settle(world)

    assert incident(world).status == "contained"
    assert LIFTED in card(world)
    assert "incident monitor INC-1" in card(world)
    assert "incident resolve INC-1" in card(world)


async def test_one_that_is_watched_is_not_asked_for_its_status() -> None:
    world = await told()
    world.instance("pod-1").follow()
    await settle(world)
    await lifted(world)

    watched = MoveIncident(Which("INC-1"), "monitoring")
    await world.bot.incidents.move(watched, MARA, request_id="m")
    await settle(world)

    assert LIFTED not in card(world)


async def test_a_restore_that_waits_for_a_second_person_can_be_approved_on_the_card() -> None:
    world = await told()

    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="r")
    await settle(world)

    assert "Restore of K-1 (A-1), asked by Mara, waits for a second person until" in card(world)
    buttons = (await shown(world)).buttons
    assert [(one.act, one.value) for one in buttons[:2]] == [("approve", "A-1"), ("refuse", "A-1")]

    await world.bot.approve(ApproveRequest("A-1", grant=False), INES, request_id="no")
    await settle(world)

    assert "A-1" not in card(world)


async def test_an_approval_of_another_kill_is_not_on_the_card() -> None:
    world = await told()
    agent = Target("workflow", "coding-agent")
    await world.bot.kill(KillRequest(agent, "stop"), MARA, request_id="other")

    await world.bot.restore(RestoreRequest(agent), MARA, request_id="r")
    await settle(world)

    assert "approve" not in [one.act for one in (await shown(world)).buttons]
