"""Legal clocks: off by default, shown with the words they are taken from, a reminder and never advice."""

from datetime import UTC, datetime

import pytest

from opsbot.app.comms.requests import RunClock
from opsbot.app.incident.legal_clocks import ADVICE
from opsbot.app.incident.promises import DUE
from opsbot.app.incident.requests import OpenIncident, Which
from opsbot.domain.change import Json
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, NotAllowed, UnknownIncident
from tests.support.comms import EXPOSED, SEC, Telling, telling
from tests.support.incident_life import COPILOT
from tests.support.world import INES, MARA, NOOR

INC = Which("INC-1")
HOUR_S = 3600
GDPR: dict[str, Json] = {
    "name": "gdpr-33",
    "title": "Tell the authority",
    "hours": 72,
    "quote": "not later than 72 hours after having become aware of it",
    "source": "Regulation (EU) 2016/679, Article 33(1)",
    "read": "2026-11-21",
}


async def exposed(*clocks: dict[str, Json], zone: str = "UTC") -> Telling:
    request = OpenIncident("names were seen", workflow=COPILOT, type=EXPOSED, severity="SEV1")
    return await telling(request, settings={"clocks": list(clocks), "zone": zone})


async def passes(one: Telling, seconds: float) -> list[str]:
    one.world.clock.later(seconds)
    before = len(one.world.slack.told)
    await one.world.outbox.fire_timers()
    await one.world.work(DUE)
    return [text for _, text in one.world.slack.told[before:] if "Tell the authority" in text]


async def run(one: Telling, act: str = "start", **changes: object) -> tuple[str, ...]:
    request = RunClock(INC, "gdpr-33", act, **changes)  # type: ignore[arg-type]  # its own fields
    said = await one.world.bot.comms.clock(request, MARA, request_id=one.request())
    return (said.title, *said.lines)


async def test_none_is_on_by_default() -> None:
    one = await exposed()

    with pytest.raises(NeedsMoreWords, match="switched on") as no:
        await run(one)
    assert "lawyer" in no.value.hint


async def test_it_says_what_is_left_with_its_words_and_that_it_is_no_advice() -> None:
    one = await exposed(GDPR)

    said = "\n".join(await run(one))

    assert "72 h 0 min" in said or "3 d 0 h" in said
    assert "not later than 72 hours" in said
    assert "Article 33(1), read 2026-11-21" in said
    assert ADVICE in said


async def test_it_is_said_at_parts_of_its_time_to_who_leads_and_to_the_lawyers() -> None:
    one = await exposed(GDPR)
    await run(one)

    heard = [len(await passes(one, 6 * HOUR_S)) for _ in range(13)]

    assert [index for index, some in enumerate(heard) if some] == [5, 8, 10, 11]
    people = {who for who, text in one.world.slack.told if "Tell the authority" in text}
    assert "U0LEGAL" in people


async def test_an_answer_ends_it() -> None:
    one = await exposed(GDPR)
    await run(one)
    one.world.clock.later(2 * HOUR_S)

    said = await run(one, "answered")

    assert "answered" in said[0]
    assert await passes(one, 80 * HOUR_S) == []
    assert await run(one, "answered") == await run(one, "answered")


async def test_a_beginning_that_was_wrong_is_corrected_and_its_old_reminders_say_nothing() -> None:
    one = await exposed(GDPR)
    await run(one)
    now = one.world.clock.now_ms()

    said = await run(one, from_ms=now - 30 * HOUR_S * 1000)

    assert "1 d 18 h" in said[0]
    assert len(await passes(one, 6 * HOUR_S + 1)) > 0
    with pytest.raises(IllegalMove):
        await run(one, from_ms=now + HOUR_S * 10_000)


async def test_a_time_that_is_typed_is_of_the_zone_that_every_other_one_is_of() -> None:
    one = await exposed(GDPR, zone="Europe/Berlin")

    said = await run(one, began="03:10")

    began = one.state.comms("INC-1").clocks["gdpr-33"].from_ms
    assert datetime.fromtimestamp(began / 1000, UTC).strftime("%d %H:%M") == "21 02:10"
    assert "It began 03:10 CET, 21 Nov (02:10 UTC)." in said
    assert (await run(one, began="03:10 UTC"))[1] == "It began 04:10 CET, 21 Nov (03:10 UTC)."


async def test_how_long_ago_it_began_is_typed_as_anywhere() -> None:
    one = await exposed(GDPR)

    said = await run(one, began="10m")

    now = one.world.clock.now_ms()
    assert now - one.state.comms("INC-1").clocks["gdpr-33"].from_ms >= 600_000
    assert said[1].startswith("It began 03:0")
    assert said[1].endswith(" UTC, 21 Nov.")


@pytest.mark.parametrize(
    ("began", "says"),
    [
        ("soon", "is a time; write it as 14:05"),
        ("soon", "without a zone it is the time in Europe/Berlin"),
        ("11/12 03:10", "could be 11 Dec or 12 Nov"),
        ("25 Oct 02:30", "came twice that night"),
    ],
)
async def test_what_could_be_two_beginnings_starts_no_clock(began: str, says: str) -> None:
    one = await exposed(GDPR, zone="Europe/Berlin")

    with pytest.raises(NeedsMoreWords) as no:
        await run(one, began=began)

    assert says in no.value.message
    assert no.value.hint == f"It was `{began}`."
    assert not one.state.comms("INC-1").clocks


async def test_a_beginning_to_come_is_refused_with_how_it_was_read() -> None:
    one = await exposed(GDPR, zone="Europe/Berlin")

    with pytest.raises(IllegalMove, match=r"not in the future \(04:25 CET, 21 Nov \(03:25 UTC\)\)"):
        await run(one, began="04:25")


async def test_it_is_shown_on_the_card_of_its_incident() -> None:
    one = await exposed(GDPR)
    await run(one)

    said = await one.world.bot.incidents.show(INC, MARA)

    assert any("Tell the authority" in line for line in said.lines)
    assert ADVICE in said.lines


async def test_starting_twice_changes_nothing() -> None:
    one = await exposed(GDPR)
    await run(one)
    before = one.state.position

    await run(one)

    assert one.state.position == before


async def test_a_clock_that_does_not_run_is_not_answered() -> None:
    with pytest.raises(IllegalMove):
        await run(await exposed(GDPR), "answered")


async def test_strangers_start_none_and_learn_nothing() -> None:
    one = await exposed(GDPR)
    request = RunClock(INC, "gdpr-33")

    for who in (NOOR, SEC):
        with pytest.raises((UnknownIncident, NotAllowed)):
            await one.world.bot.comms.clock(request, who, request_id=one.request())
    assert one.state.comms("INC-1").clocks == {}
    await one.world.bot.comms.clock(request, INES, request_id="ok")
