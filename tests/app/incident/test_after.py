"""A record made afterwards counts at once: who has not the power makes none."""

import pytest

from opsbot.app.incident.requests import OpenIncident
from opsbot.domain.errors import NotAllowed
from opsbot.domain.incident.times import Moment
from tests.support.incident_life import COPILOT, company, incident
from tests.support.world import MARA, NOOR, SATURDAY_NIGHT_MS, World

HOUR_MS = 3_600_000
TIMES: dict[Moment, int] = {
    "started": SATURDAY_NIGHT_MS - 2 * HOUR_MS,
    "resolved": SATURDAY_NIGHT_MS - HOUR_MS,
}
RECORD = OpenIncident("wrong sums of May", workflow=COPILOT, times=TIMES)


@pytest.fixture
async def world() -> World:
    return await company()


async def test_a_call_for_help_is_never_a_record_that_nobody_accepted(world: World) -> None:
    with pytest.raises(NotAllowed, match="takes the power over incidents") as no:
        await world.bot.incidents.open(RECORD, NOOR, request_id="r")

    assert no.value.hint.startswith("Without `resolved` it is a call for help.")
    assert (await world.bot.incidents.list(MARA, every=True)).body["incidents"] == []


async def test_who_has_the_power_puts_it_on_record(world: World) -> None:
    await world.bot.incidents.open(RECORD, MARA, request_id="r")

    assert (incident(world).status, incident(world).retroactive) == ("resolved", True)
