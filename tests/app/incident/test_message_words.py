"""The incident's card about its messages: what each audience read last, where, and what did not arrive."""

from opsbot.app.incident.message_words import message_lines
from tests.support.comms import FIRST, LEADS, NEXT, Telling, lost, never, telling


def lines(one: Telling) -> list[str]:
    """Return the card's lines."""
    return list(message_lines(one.state, one.incident, one.world.clock.now_ms()))


async def test_an_incident_of_which_nobody_was_told_says_nothing() -> None:
    assert lines(await telling()) == []


async def test_drafts_and_what_waits_are_named() -> None:
    one = await telling()
    await one.new()
    await one.publish()
    await one.new(LEADS, targets=("mail",))

    assert lines(one) == [
        "Waits for approval: MSG-1 to users.",
        "Written, not published: MSG-2 to stakeholders.",
    ]


async def test_each_target_is_said_to_be_as_far_as_it_is() -> None:
    one = await telling()
    one.places["status-page"].before += [lost] * 50
    one.places["in-app"].before.append(never)

    await one.told(FIRST)

    (told,) = lines(one)
    assert told.startswith("Users were told `investigating` 03:14:13 UTC (MSG-1): ")
    assert "`status-page` not known whether it is there; `in-app` failed." in told


async def test_what_never_came_there_is_said_beside_newer_words() -> None:
    one = await telling()
    one.places["status-page"].before.append(never)
    await one.told(FIRST)

    await one.told(NEXT)

    newest, left = lines(one)
    assert "(MSG-2)" in newest
    assert left.startswith("MSG-1 did not surely come to `status-page`:")
