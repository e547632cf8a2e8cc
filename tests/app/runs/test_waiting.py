"""Whom a blocked step waits for: named in the words, told once by a message, and able to take it up again."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import EditIncident, Which
from opsbot.app.runs.requests import EndRun
from opsbot.domain.errors import NeedsMoreWords, NotAllowed
from tests.support.incident_life import settle
from tests.support.runs import RUN, looked, marked, pressed, run, started, view, walked_company
from tests.support.world import INES, MARA, NOOR, World

STEP = "find-the-change"


@pytest.fixture(name="house")
async def _house() -> World:
    house = await walked_company()
    await started(house)
    await settle(house)
    house.slack.told.clear()
    return house


async def told(house: World) -> list[tuple[str, str]]:
    """Return who was told what about the run since."""
    await settle(house)
    return [(who, text) for who, text in house.slack.told if "waits for you" in text]


async def on(house: World) -> str:
    """Return what the blocked step waits for, as people read it."""
    found = (await view(house)).step(STEP)
    assert found is not None
    return found.on


@pytest.mark.parametrize("mention", ["@sam", "@Sam", "<@U0SUPPORT>", "<@U0SUPPORT|sam>"])
async def test_who_is_mentioned_is_named_in_the_channel_and_told_by_a_message(
    house: World, mention: str
) -> None:
    said = await marked(house, "block", STEP, words=f"{mention}, ticket 4711")

    ((who, text),) = await told(house)

    assert said.lines[0].startswith(
        "\u201cFind the change\u201d is blocked; it is looked at again at "
    )
    assert " A message goes to Sam." in said.lines[0]
    assert await on(house) == "Sam, ticket 4711"
    assert who == "U0SUPPORT"
    assert "\u201cFind the change\u201d waits for you" in text
    assert "Mara says: Sam, ticket 4711." in text
    assert "runbook unblock RUN-1 find-the-change" in text


async def test_a_role_is_who_holds_it_in_the_incident(house: World) -> None:
    await marked(house, "block", STEP, words="the word of @commander")

    ((who, _),) = await told(house)

    assert who == "U0LEAD"
    assert await on(house) == "the word of commander"


async def test_a_surface_with_a_field_of_its_own_names_them_there(house: World) -> None:
    await marked(house, "block", STEP, who="sam")

    assert run(house).mark(STEP).waits == ("sam",)
    assert await on(house) == "Sam"


async def test_who_it_waits_for_takes_it_up_again_whatever_their_power(house: World) -> None:
    with pytest.raises(NotAllowed):
        await marked(house, "take", STEP, by=NOOR)
    await marked(house, "block", STEP, words="<@U0NEW>")

    await marked(house, "unblock", STEP, by=NOOR)

    assert run(house).mark(STEP).state == "open"
    assert run(house).mark(STEP).waits == ()


@pytest.mark.parametrize("act", ["done", "skip", "take", "block"])
async def test_who_is_only_waited_for_walks_nothing_of_it(house: World, act: str) -> None:
    await marked(house, "block", STEP, words="<@U0NEW>")
    before = run(house)

    with pytest.raises(NotAllowed):
        await marked(house, act, "tell-the-users", words="not needed", by=NOOR)
    with pytest.raises(NotAllowed):
        await pressed(house, "ask-a-second-person", by=NOOR)
    with pytest.raises(NotAllowed):
        await house.bot.runs.end(EndRun(RUN, "renew"), NOOR, request_id="renew")

    assert run(house) == before
    await marked(house, "note", STEP, words="on my way", by=NOOR)


async def test_words_that_name_nobody_here_stay_as_they_are_and_tell_nobody(house: World) -> None:
    await marked(house, "block", STEP, words="@vendor-support, mail to ops@vendor.example")

    assert await on(house) == "@vendor-support, mail to ops@vendor.example"
    assert await told(house) == []


async def test_nobody_is_told_of_what_they_said_or_of_what_is_over(house: World) -> None:
    await marked(house, "block", STEP, words="@mara when she is back", by=MARA)
    await marked(house, "unblock", STEP)
    await marked(house, "block", STEP, words="@sam")
    await marked(house, "unblock", STEP)

    assert await told(house) == []


async def test_it_is_said_again_with_other_words_and_a_crowd_is_nobody(house: World) -> None:
    await marked(house, "block", STEP, words="@sam, the key")
    await told(house)
    await marked(house, "unblock", STEP)
    await marked(house, "block", STEP, words="@sam, the other key")
    crowd = " ".join(f"<@U0CROWD{n}>" for n in range(6))

    with pytest.raises(NeedsMoreWords, match="That is 6 people"):
        await marked(house, "block", "stop-the-harm", words=crowd)

    assert len(await told(house)) == 2
    assert "the other key" in (await looked(house, "steps")).as_text()


async def test_of_a_private_incident_nobody_outside_is_told(house: World) -> None:
    await house.bot.incidents.edit(
        replace(EditIncident(Which("INC-1")), private=True), INES, request_id="private"
    )

    with pytest.raises(NotAllowed, match="is private"):
        await marked(house, "block", STEP, words="<@U0NEW>", by=INES)

    assert await told(house) == []
