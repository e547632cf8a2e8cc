"""The card of an ended kill: it stays what it was at its end, whatever is killed later."""

from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain.change import Effect
from tests.support.changes import put
from tests.support.world import MARA, HandMoved, World

SUMMARISER = Target("workflow", "contract-summariser")
ACME = KillRequest(SUMMARISER, "stop", tenant="acme")
CARD = "Restored: `contract-summariser` in prod"


async def pod(world: World) -> HandMoved:
    """Return an instance that has applied everything."""
    one = world.instance("pod-1", serves=("contract-summariser",))
    one.follow()
    return one


async def kill(world: World, one: HandMoved, request: KillRequest, *, id_: str) -> None:
    await world.bot.kill(request, MARA, request_id=id_)
    one.follow()


async def restored(world: World, one: HandMoved, target: Target = SUMMARISER) -> None:
    await world.bot.restore(RestoreRequest(target), MARA, request_id=f"restore:{target.name}")
    one.follow()


async def card_again(world: World, name: str = "K-1") -> None:
    """Let something ask for the card once more, as an approval that is settled late does."""
    uid = world.store.state.kill(name).uid
    effect = Effect("card", f"card:{uid}", {"kill": name})
    await world.store.commit(f"again:{len(world.server.lines)}", put(effects=(effect,)))
    await world.work("card")


async def test_a_later_kill_does_not_turn_it_amber(world: World) -> None:
    one = await pod(world)
    await kill(world, one, KillRequest(SUMMARISER, "stop"), id_="1")
    await restored(world, one)
    world.clock.later(1)
    await kill(world, one, ACME, id_="2")

    await world.work("card")

    first = next(text for _, text in world.slack.posted if "K-1 ended" in text)
    assert first.startswith(CARD)
    assert "others still hold" not in first
    assert "K-2" not in first


async def test_what_held_it_at_its_end_stays_on_it_when_that_ends_too(world: World) -> None:
    one = await pod(world)
    await kill(world, one, KillRequest(SUMMARISER, "stop"), id_="1")
    await kill(world, one, ACME, id_="2")
    world.clock.later(1)
    await restored(world, one, Target("kill", "K-1"))
    world.clock.later(1)
    await restored(world, one, Target("kill", "K-2"))

    await world.work("card")

    first = next(text for _, text in world.slack.posted if "K-1 ended by" in text)
    second = next(text for _, text in world.slack.posted if "K-2 ended by" in text)
    assert first.startswith("K-1 ended, others still hold")
    assert "Still held by K-2" in first
    assert "hold" not in second.partition("\n")[0]


async def test_a_card_that_said_its_end_is_never_edited_again(world: World) -> None:
    one = await pod(world)
    await kill(world, one, KillRequest(SUMMARISER, "stop"), id_="1")
    await restored(world, one)
    await world.work("card")
    world.instance("pod-new", serves=("contract-summariser",))
    edits = list(world.slack.updated)

    await card_again(world)

    assert len(world.slack.posted) == 1
    assert world.slack.posted[0][1].startswith(CARD)
    assert world.slack.updated == edits


async def test_a_card_that_could_not_say_its_end_yet_goes_on(world: World) -> None:
    one = await pod(world)
    await kill(world, one, KillRequest(SUMMARISER, "stop"), id_="1")
    await world.bot.restore(RestoreRequest(SUMMARISER), MARA, request_id="2")
    await world.work("card")
    one.follow()

    await card_again(world)

    assert "not by all yet" in world.slack.posted[0][1]
    assert world.slack.updated[-1].startswith(CARD)
