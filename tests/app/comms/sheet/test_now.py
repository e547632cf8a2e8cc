"""How it is for users right now stands on the sheet, in each language and of each workflow, and moves with nobody's look."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from opsbot.app.comms.requests import SnoozeUpdate, StateFact
from opsbot.app.comms.sheet.facts import sheet, usable
from opsbot.app.comms.sheet.now import moved, standing
from opsbot.app.comms.sheet.words import value_shown
from opsbot.app.comms.view import Fact
from opsbot.app.incident.requests import EditIncident, OpenIncident, Which
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.change import Json
from opsbot.domain.comms.moments import canonical
from opsbot.domain.errors import IllegalMove
from opsbot.domain.incident.incident import Incident, as_record
from opsbot.domain.state import INCIDENTS
from tests.support.changes import put
from tests.support.comms import FIRST, PIA, WRONG, Telling, telling
from tests.support.incident_life import COPILOT, settle
from tests.support.world import MARA

AGENT = "coding-agent"


async def facts(one: Telling) -> dict[str, Fact]:
    return {line.name: line for line in await sheet(one.world.env, one.state, one.incident)}


async def killed(one: Telling, mode: str, name: str = COPILOT) -> None:
    hand = one.world.instance(f"of-{name}", serves=(name,))
    request = KillRequest(Target("workflow", name), mode, reason="wrong refunds")
    await one.world.bot.kill(request, MARA, request_id=f"kill-{name}-{mode}")
    hand.follow()
    await settle(one.world)


async def both(one: Telling) -> None:
    """Let the incident be of two workflows."""
    await changed(one, replace(one.incident, workflows=(COPILOT, AGENT)))


async def changed(one: Telling, incident: Incident) -> None:
    """Put the incident as it is given."""
    await one.world.store.commit(
        f"put-{len(one.world.server.lines)}", put((INCIDENTS, incident.id, as_record(incident)))
    )


@pytest.mark.parametrize(
    ("mode", "word", "off"),
    [("stop", "off", True), ("canned", "off", True), ("read_only", "limited", False)],
)
async def test_it_is_off_where_no_model_answers_and_limited_where_one_does(
    mode: str, word: str, *, off: bool
) -> None:
    one = await telling()
    before = (await facts(one))["state_now"]

    await killed(one, mode)

    now = await facts(one)
    assert (before.value, before.surety) == ("", "unknown")
    assert (now["state_now"].value, now["state_now"].surety) == (word, "confirmed")
    assert bool(now["off_at"].value) is off


async def test_of_two_workflows_one_that_is_off_is_not_both() -> None:
    one = await telling()
    await both(one)
    await killed(one, "stop")
    half = await facts(one)

    await killed(one, "canned", AGENT)

    whole, second = await facts(one), one.state.kill("K-2")
    assert (half["state_now"].value, half["off_at"].value) == ("limited", "")
    assert whole["state_now"].value == "off"
    assert whole["off_at"].value == canonical(second.committed_ms)


async def test_names_are_said_together_in_each_language() -> None:
    settings: Mapping[str, Json] = {
        "locales": ["en", "de"],
        "public": {COPILOT: "the assistant", AGENT: "the agent"},
        "names": {COPILOT: {"en": "the assistant", "de": "Assistent"}},
    }
    one = await telling(settings=settings)
    alone = await facts(one)
    await both(one)

    two = await facts(one)

    assert alone["several"].value == ""
    assert two["several"].value == "yes"
    said = usable(tuple(two.values()), "users")
    assert (said["feature"], said["feature:de"]) == (
        "the assistant and the agent",
        "Assistent und the agent",
    )


async def test_the_next_word_is_one_stored_moment_however_often_one_looks() -> None:
    one = await telling()
    await one.told(FIRST)
    due = one.state.comms("INC-1").rhythm("users").due_ms
    assert due is not None

    first = (await facts(one))["next_at"]
    one.world.clock.later(400)
    later = (await facts(one))["next_at"]

    assert first == later
    assert (first.value, first.surety) == (canonical(due), "confirmed")


async def test_a_promise_that_was_put_off_is_not_what_users_read() -> None:
    one = await telling()
    at_first = (await facts(one))["next_at"].source
    await one.told(FIRST)
    before = (await facts(one))["next_at"]

    ask = SnoozeUpdate(Which("INC-1"), "users", 900, "the vendor calls back")
    await one.world.bot.comms.snooze(ask, PIA, request_id="z")

    assert (at_first, before.source) == ("when the first word is due", "what is promised to users")
    now = (await facts(one))["next_at"]
    assert now.value > before.value
    assert now.source == (
        f"users read {value_shown(before, 'UTC')}; put off by Pia: the vendor calls back"
    )


async def test_a_correction_without_a_time_leaves_the_one_that_users_read() -> None:
    one = await telling()
    await one.told(FIRST)
    before = (await facts(one))["next_at"]
    ask = SnoozeUpdate(Which("INC-1"), "users", 900, "the vendor calls back")
    await one.world.bot.comms.snooze(ask, PIA, request_id="z")

    await one.told(WRONG, corrects="MSG-1")

    assert (await facts(one))["next_at"].source.startswith(
        f"users read {value_shown(before, 'UTC')}; put off by Pia"
    )


async def test_a_first_word_that_was_put_off_says_by_whom_and_why() -> None:
    one = await telling()

    ask = SnoozeUpdate(Which("INC-1"), "users", 900, "the vendor calls back")
    await one.world.bot.comms.snooze(ask, PIA, request_id="z")

    assert (await facts(one))["next_at"].source == "put off by Pia: the vendor calls back"


async def test_a_promise_that_a_higher_severity_drew_nearer_is_not_what_users_read() -> None:
    one = await telling()
    await one.told(FIRST)
    before = (await facts(one))["next_at"]

    await one.world.bot.incidents.edit(
        EditIncident(Which("INC-1"), severity="SEV1"), MARA, request_id="e"
    )

    now = (await facts(one))["next_at"]
    assert now.value < before.value
    assert now.source == f"users read {value_shown(before, 'UTC')}"


async def test_a_promise_whose_time_has_passed_is_no_promise() -> None:
    one = await telling()
    await one.told(FIRST)

    one.world.clock.later(3_600)

    assert ((await facts(one))["next_at"].value, (await facts(one))["next_at"].surety) == (
        "",
        "unknown",
    )


async def test_what_nobody_promised_is_not_on_the_sheet() -> None:
    one = await telling(OpenIncident("slow", workflow=COPILOT, severity="SEV4"))

    assert (await facts(one))["next_at"].value == ""


@pytest.mark.parametrize("name", ["next_at", "state_now"])
async def test_nobody_states_what_is_stored(name: str) -> None:
    one = await telling()

    with pytest.raises(IllegalMove):
        await one.world.bot.comms.fact(
            StateFact(Which("INC-1"), name, "14:05"), PIA, request_id="f"
        )


async def test_a_kill_of_another_incident_is_how_it_is_too() -> None:
    one = await telling()
    await killed(one, "stop")

    await changed(one, replace(one.incident, kills=()))

    assert standing(one.state, one.incident).word == "off"
    assert (await facts(one))["off_at"].value == ""


@pytest.mark.parametrize(
    ("said", "now", "wrong"),
    [
        ("off", "off", False),
        ("off", "", True),
        ("on", "", False),
        ("on", "off", True),
        ("going off", "off", False),
        ("off", "going off", True),
        ("limited", "off", True),
    ],
)
def test_words_hold_while_they_say_no_more_than_is_so(said: str, now: str, *, wrong: bool) -> None:
    assert moved(said, now) is wrong  # type: ignore[arg-type]  # one of its words
