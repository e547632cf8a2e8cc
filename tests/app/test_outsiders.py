"""People whom the policy does not know: named on cards, never by a bare id; and what breaking glass tells."""

from dataclasses import replace

from opsbot.app.requests import KillRequest, Target
from opsbot.slack.blocks import render
from tests.support.world import MARA, NOOR, World, workflow

COPILOT = Target("workflow", "support-copilot")
NORA = replace(NOOR, name="Nora New\u202e <@U0ADMIN>\n`x`")
GLASS = KillRequest(COPILOT, break_glass=True)


async def test_a_card_names_an_outsider_as_slack_does_and_harmlessly(world: World) -> None:
    said = await world.bot.kill(GLASS, NORA, request_id="1")
    await world.work("card", "tell")

    (_, card) = world.slack.posted[0]
    assert "by Nora New <@U0ADMIN> \u02bcx\u02bc, outside the policy (U0NEW) via slack" in card
    assert "\u202e" not in card + said.as_text()
    assert "By Nora New" in world.slack.told[0][1]


async def test_an_outsider_is_a_mention_in_slack_and_an_id_elsewhere(world: World) -> None:
    said = await world.bot.kill(GLASS, NORA, request_id="1")

    _, text = render(said)
    assert "outside the policy (<@U0NEW>)" in text
    assert "outside the policy (U0NEW)" in said.as_text()
    assert "\x10" not in said.as_text()


async def test_the_name_stands_beside_the_chain_and_can_be_erased(world: World) -> None:
    await world.bot.kill(GLASS, NORA, request_id="1")
    kill = world.store.state.kill("K-1")
    in_the_chain = "Nora" in "".join(world.server.lines)

    await world.store.erase([kill.actor_name])
    status = await world.bot.kills(MARA)

    assert not in_the_chain
    assert await world.env.named(kill) == "someone outside the policy (U0NEW)"
    assert "by someone outside the policy (U0NEW)" in status.lines[0]


async def test_somebody_in_the_policy_goes_by_its_name_and_no_text_is_kept(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), replace(MARA, name="The Boss"), request_id="1")

    kill = world.store.state.kill("K-1")
    assert (await world.env.named(kill), kill.actor_name) == ("Mara", "")


async def test_the_tail_of_the_journal_says_who(world: World) -> None:
    await world.bot.kill(GLASS, NOOR, request_id="1")
    await world.bot.adopt("K-1", MARA, question=False, request_id="2")

    said = await world.bot.audit_tail(2, MARA)

    assert " kill by someone outside the policy (U0NEW) " in said.lines[0]
    assert " adopt by Mara " in said.lines[1]


async def test_a_dri_whom_the_policy_does_not_know_is_no_bare_id(world: World) -> None:
    await world.declare(workflow("coding-agent", dri="U0GONE"))

    said = await world.bot.oncall("coding-agent", MARA)

    assert said.lines[0].startswith("`coding-agent`: DRI someone outside the policy (U0GONE)")


async def test_breaking_the_glass_says_who_hears_of_it_and_until_when(world: World) -> None:
    said = await world.bot.kill(GLASS, NOOR, request_id="1")
    again = await world.bot.kill(GLASS, NOOR, request_id="2")

    assert (
        "Broken glass: it goes to Sam, Ola; a responder adopts or questions it within 15 minutes."
        " It holds either way."
    ) in said.lines
    assert "Broken glass" not in again.as_text()
    await world.work("tell")
    assert [person for person, _ in world.slack.told] == ["U0SUPPORT", "U0ADMIN"]
