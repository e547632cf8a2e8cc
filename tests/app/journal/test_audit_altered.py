"""The audit against somebody who may write to the store: words, lines and heads that are not ours."""

from opsbot.app.incident.requests import EditIncident, OpenIncident, Which
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.change import Sealed
from tests.support.world import MARA, World

COPILOT = Target("workflow", "support-copilot")


async def test_an_altered_reason_is_named_and_never_shown(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, reason="wrong refunds"), MARA, request_id="1")
    (commitment,) = [c for c, one in world.server.texts.items() if one.text == "wrong refunds"]
    world.server.texts[commitment] = Sealed(commitment, "00" * 16, "all is well")

    said = await world.bot.audit_verify(MARA)
    again = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="2")

    assert said.lines == (f"The text {commitment[:16]}… beside the chain was changed.",)
    assert not any("all is well" in line for line in again.lines)
    assert any("(altered)" in line for line in again.lines)


async def test_altered_words_of_an_incident_are_named_too(world: World) -> None:
    request = OpenIncident("wrong refunds", workflow="support-copilot", summary="three so far")
    await world.bot.incidents.open(request, MARA, request_id="1")
    update = EditIncident(Which("INC-1"), update="rolled back")
    await world.bot.incidents.edit(update, MARA, request_id="2")
    for text in list(world.server.texts):
        world.server.texts[text] = Sealed(text, "00" * 16, "all is well")

    said = await world.bot.audit_verify(MARA)

    assert len(said.lines) == 3
    assert all("beside the chain was changed" in line for line in said.lines)


async def test_an_erased_reason_still_verifies(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, reason="wrong refunds"), MARA, request_id="1")
    await world.store.erase(list(world.server.texts))

    assert (await world.bot.audit_verify(MARA)).tone == "green"


async def test_the_tail_shows_what_can_be_read_beside_what_cannot(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    world.server.lines.append("forged")

    said = await world.bot.audit_tail(2, MARA)

    assert "kill by" in said.lines[0]
    assert "cannot be read" in said.lines[1]


async def test_a_head_that_was_held_before_and_is_gone_is_named(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    world.server.disowned.append((1, "f" * 64))

    said = await world.bot.audit_verify(MARA)

    assert said.lines == (
        "Entry 1 is not the one that this bot held before: the chain was rewritten or cut.",
    )
