"""Edits whose words nobody would see, and reminders put off for good: refused, nothing is changed."""

import pytest

from opsbot.app.incident.hush import MOST_S
from opsbot.app.incident.requests import EditIncident, HushReminder, Which
from opsbot.domain.errors import NeedsMoreWords
from tests.support.incident_life import company, opened
from tests.support.world import MARA, World

IT = Which("INC-1")
UNSEEN = "\u200b\u202e\u2060"


@pytest.fixture
async def world() -> World:
    made = await company()
    await opened(made)
    return made


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (EditIncident(IT, title=UNSEEN), "Say the new title of INC-1"),
        (EditIncident(IT, title=""), "Say the new title of INC-1"),
        (EditIncident(IT, summary=UNSEEN), "Say the new summary of INC-1"),
        (EditIncident(IT, update=UNSEEN), "Say what is so now of INC-1"),
    ],
)
async def test_words_that_nobody_sees_are_none(
    world: World, edit: EditIncident, words: str
) -> None:
    before = world.store.state.position

    with pytest.raises(NeedsMoreWords, match=words):
        await world.bot.incidents.edit(edit, MARA, request_id="e")

    assert world.store.state.position == before


async def test_a_reminder_is_not_put_off_for_years(world: World) -> None:
    with pytest.raises(NeedsMoreWords, match="30 days at most"):
        await world.bot.incidents.hush(HushReminder(IT, "stale", MOST_S + 1), MARA, request_id="h")

    said = await world.bot.incidents.hush(HushReminder(IT, "stale", MOST_S), MARA, request_id="i")

    assert "again in 30 d 0 h" in said.as_text()
