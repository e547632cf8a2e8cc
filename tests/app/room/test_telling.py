"""What the card of an incident offers for telling people, and when one tap is enough."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from opsbot.app.incident.requests import MoveIncident, OpenIncident, Which
from opsbot.app.room.telling import telling_buttons, with_telling
from opsbot.domain.comms.templates import Template
from opsbot.domain.said import Button, Said
from tests.support.comms import EXPOSED, HOLDING, Telling, declare_comms, off, telling
from tests.support.world import MARA


def offered(one: Telling, known: Mapping[str, Template] | None = None) -> dict[str, str]:
    """Return the words of the buttons, by act."""
    shelf = one.shelf.known() if known is None else known
    now_ms = one.world.clock.now_ms()
    return {b.act: b.label for b in telling_buttons(one.state, one.incident, shelf, now_ms)}


async def test_users_can_be_told_with_one_tap_by_a_time() -> None:
    one = await telling()

    assert offered(one) == {
        "comms_now": "Tell users now (by 03:25:00 UTC)",
        "comms_new": "Tell people\u2026",
    }


async def test_what_is_overdue_says_so() -> None:
    one = await telling()
    one.world.clock.later(20 * 60)

    assert offered(one)["comms_now"] == "Tell users now (overdue)"


async def test_once_users_were_told_the_next_word_takes_a_form() -> None:
    one = await telling()
    await one.hold()

    assert set(offered(one)) == {"comms_new"}


@pytest.mark.parametrize(
    "request_",
    [
        OpenIncident("small", severity="SEV4"),
        OpenIncident("hidden", severity="SEV2", private=True),
        OpenIncident("a leak", type=EXPOSED, severity="SEV2"),
    ],
    ids=["sev4", "private", "exposed"],
)
async def test_some_incidents_are_told_with_more_words_only(request_: OpenIncident) -> None:
    one = await telling(request_)

    assert set(offered(one)) == {"comms_new"}


async def test_of_two_first_words_none_is_guessed() -> None:
    one = await telling()
    two = {name: replace(off(), name=name, situation="x") for name in (HOLDING, f"{HOLDING}-b")}

    assert set(offered(one, two)) == {"comms_new"}


async def test_a_drill_is_told_too_and_promises_nothing() -> None:
    one = await telling(OpenIncident("wrong", severity="SEV2", drill=True))

    assert offered(one)["comms_now"] == "Tell users now"


async def test_nothing_is_offered_without_templates_or_after_the_end() -> None:
    one = await telling()
    nothing = offered(one, {})
    move = MoveIncident(Which("INC-1"), "cancelled", "a false alarm")
    await one.world.bot.incidents.move(move, MARA, request_id="end")

    assert nothing == {}
    assert offered(one) == {}


async def test_it_stands_behind_what_has_to_be_done_first() -> None:
    one = await telling()
    card = Said(
        "red",
        "INC-1",
        buttons=(
            Button("incident_command", "Take command", "INC-1"),
            Button("incident_update", "Update\u2026", "INC-1"),
        ),
    )

    told = with_telling(card, one.state, one.incident, one.shelf.known(), one.world.clock.now_ms())

    acts = [button.act for button in told.buttons]
    assert acts == ["incident_command", "comms_now", "comms_new", "incident_update"]


async def test_one_tap_is_not_offered_for_what_nobody_outside_uses() -> None:
    one = await telling()
    await declare_comms(one.world, public={"another": "another assistant"})

    assert set(offered(one)) == {"comms_new"}

    await declare_comms(one.world, public={})

    assert "comms_now" in offered(one)
