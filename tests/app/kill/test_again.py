"""Killing what is killed already: nothing is called stricter that is not, and no reason is lost."""

import json
from dataclasses import replace

import pytest

from opsbot.app.kill.verb import KillVerb
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain.kill import MOST_FURTHER, Kill, as_record, from_record
from opsflags import keys
from opsflags.records import kill_from_json
from tests.support.restores import approved, rules, seen, stepped
from tests.support.world import MARA, NOOR, SAM, World

COPILOT = Target("workflow", "support-copilot")
AT = "03:14:07 UTC"


async def stop(world: World, reason: str, actor: object = MARA, *, id_: str) -> str:
    said = await world.bot.kill(KillRequest(COPILOT, "stop", reason=reason), actor, request_id=id_)  # type: ignore[arg-type]  # an actor
    return said.as_text()


def only(world: World) -> Kill:
    (kill,) = world.store.state.active_kills()
    return kill


async def test_a_new_reason_for_what_is_stopped_stands_beside_the_first(world: World) -> None:
    await stop(world, "wrong refunds", id_="1")

    text = await stop(world, "it leaks names", SAM, id_="2")

    assert "stricter" not in text
    assert (
        "Already so: K-1 holds it; you are noted as having joined,"
        " and your reason is noted beside the first." in text
    )
    assert "by Mara via slack · wrong refunds" in text
    assert f"Also, by Sam at {AT}: it leaks names" in text


async def test_ones_own_second_reason_changes_nothing_else_and_is_in_the_journal(
    world: World,
) -> None:
    await stop(world, "wrong refunds", id_="1")
    before = only(world)

    text = await stop(world, "it leaks names", id_="2")

    after, entry = only(world), json.loads(world.server.lines[-1].partition(" ")[2])
    assert "your reason is noted beside the first. Nothing else was changed." in text
    assert (after.at, after.mode, after.joined) == (before.at, before.mode, before.joined)
    assert [(one.by, one.at_ms) for one in after.further] == [("mara", entry["at_ms"])]
    assert (entry["verb"], entry["writes"][0][2]["further"][0]["by"]) == ("give_reason", "mara")
    assert (await world.env.unsealed(after.further[0].reason)) == ("it leaks names",)


async def test_nobody_is_told_again_and_the_fleet_is_not_followed_again(world: World) -> None:
    await stop(world, "wrong refunds", id_="1")
    await world.work()
    told = list(world.slack.told)

    await stop(world, "it leaks names", SAM, id_="2")
    done = await world.work()

    assert set(done) <= {"card"}
    assert world.slack.told == told
    assert len(world.slack.posted) == 1
    assert "Also, by Sam at 03:14:32 UTC: it leaks names" in world.slack.updated[-1]


async def test_the_same_words_again_add_nothing(world: World) -> None:
    await stop(world, "wrong refunds", id_="1")
    await stop(world, "it leaks names", id_="2")
    revision = world.store.state.position.revision

    for number, words in enumerate(("wrong refunds", "it leaks names")):
        text = await stop(world, words, id_=f"again:{number}")
        assert "Already so: K-1 holds it. Nothing was changed." in text

    assert world.store.state.position.revision == revision


async def test_a_repeated_request_adds_its_reason_once(world: World) -> None:
    await stop(world, "wrong refunds", id_="1")
    await stop(world, "it leaks names", id_="2")

    text = await stop(world, "it leaks names", id_="2")

    assert "This request was done before; nothing was done twice." in text
    assert len(only(world).further) == 1


async def test_what_is_made_stricter_says_so_and_keeps_both_reasons(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, "canned", reason="odd"), MARA, request_id="1")

    text = await stop(world, "it leaks names", id_="2")

    assert "K-1 was made stricter by Mara." in text
    assert f"Also, by Mara at {AT}: it leaks names" in text


async def test_what_was_being_restored_holds_for_everybody_and_is_no_stricter(
    world: World,
) -> None:
    await world.declare(stepped(), with_policy=rules())
    pod = world.instance("pod-1")
    pod.follow()
    await stop(world, "wrong refunds", id_="1")
    await seen(world, pod)
    await approved(world)
    eased = only(world).ramp

    text = await stop(world, "it leaks names", id_="2")

    assert "K-1 holds for everybody again, by Mara; it is no stricter than it was." in text
    assert "Also, by Mara at 03:14:0" in text
    assert (eased is None, only(world).ramp) == (False, None)


async def test_a_card_shows_the_newest_reasons_and_counts_the_others(world: World) -> None:
    await stop(world, "first", id_="0")
    for number in range(1, 6):
        await stop(world, f"reason {number}", id_=str(number))

    (head, *_), text = await world.bot.home(MARA), await stop(world, "", id_="look")

    assert head.title.startswith("1 active kill")
    assert "reason 2" not in text
    assert all(f": reason {number}" in text for number in (3, 4, 5))
    assert "and 2 more given before" in text


async def test_a_record_holds_so_many_reasons_and_the_journal_all(world: World) -> None:
    for number in range(MOST_FURTHER + 3):
        await stop(world, f"reason {number}", id_=str(number))

    assert len(only(world).further) == MOST_FURTHER
    given = [line for line in world.server.lines if '"verb":"give_reason"' in line]
    assert len(given) == MOST_FURTHER + 2
    assert (await world.bot.audit_verify(MARA)).tone == "green"


async def test_a_record_with_reasons_is_read_as_it_was_written_and_by_every_client(
    world: World,
) -> None:
    await stop(world, "wrong refunds", id_="1")
    await stop(world, "it leaks names", id_="2")
    record = world.store.state.kind(keys.KILLS)["K-1"]

    read, at_a_client = from_record(record), kill_from_json(dict(record))

    assert as_record(read) == record
    assert (len(read.further), at_a_client.mode) == (1, "stop")


async def test_breaking_the_glass_again_with_a_reason_tells_nobody_again(world: World) -> None:
    glass = KillRequest(COPILOT, "stop", reason="odd", break_glass=True)
    await world.bot.kill(glass, NOOR, request_id="1")
    await world.work("tell")
    told = list(world.slack.told)

    said = await world.bot.kill(replace(glass, reason="worse"), NOOR, request_id="2")
    await world.work("tell")

    assert "your reason is noted beside the first" in said.as_text()
    assert (len(told) > 0, world.slack.told) == (True, told)


async def test_an_ended_card_keeps_every_reason(world: World) -> None:
    await stop(world, "wrong refunds", id_="1")
    await stop(world, "it leaks names", id_="2")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="3")

    await world.work("card")

    assert "wrong refunds" in world.slack.posted[0][1]
    assert f"Also, by Mara at {AT}: it leaks names" in world.slack.posted[0][1]


@pytest.mark.parametrize("target", [COPILOT, Target("model", "gpt-5.2")])
async def test_words_of_another_target_are_not_its_own(world: World, target: Target) -> None:
    provider = Target("provider", "openai")
    await world.bot.kill(
        KillRequest(provider, "stop", reason="down", confirmed=True), MARA, request_id="1"
    )
    request = KillRequest(target, "stop", reason="down", confirmed=True)

    order = await KillVerb(world.env).order(request, MARA)

    assert order.known == frozenset()
