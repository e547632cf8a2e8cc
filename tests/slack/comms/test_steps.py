"""Steps of runbooks that tell people, in Slack: a form where words are missing, one press where none are."""

from collections.abc import AsyncGenerator

import pytest

from opsbot.domain.run import Act
from opsbot.domain.runbook import Phase
from opsbot.slack.ids import Modal
from tests.slack.comms_hands import FILLED, WRONG_FOUND, Desk, desk_over
from tests.slack.forged import LEAD, ONCALL, _no_crash
from tests.slack.runbook_hands import labels
from tests.support.runs import action, book, step

__all__ = ["_no_crash"]

OFF = "users-feature-off-investigating"


@pytest.fixture(name="one")
async def _one() -> AsyncGenerator[Desk]:
    steps = (
        step("Tell users first", action("comms", template=OFF, audience="users")),
        step("Say what is known", action("comms", template=WRONG_FOUND, next="30m")),
    )
    async with desk_over("http", book(Phase("assess", "Assess", 1, steps=steps))) as company:
        await company.types(LEAD, "/ai-runbook start wrong-answers INC-1")
        yield company


def act(one: Desk, name: str) -> Act:
    found = one.run().act(name, 1)
    assert found is not None
    return found


def current(one: Desk, label: str = "Write to users") -> str:
    return next(m.ts for m in reversed(one.tops()) if label in labels(m.blocks))


async def press(one: Desk, user: str = LEAD) -> None:
    at = current(one)
    await one.press(user, "Write to users", next(m for m in one.tops() if m.ts == at))


async def test_the_first_words_go_out_with_one_press(one: Desk) -> None:
    await press(one)

    assert (act(one, "tell-users-first").state, one.message().standing) == ("done", "published")
    assert one.places["status-page"].said == ["MSG-1"]


async def test_words_that_are_missing_open_the_form_and_the_step_waits_for_them(one: Desk) -> None:
    await press(one)
    await one.types(LEAD, "/ai-runbook done")
    await press(one)
    view = await one.form(LEAD)
    callback = view.body["callback_id"]
    next_ = next(b for b in view.blocks if b["block_id"] == "next_update")

    await one.fill(LEAD, view, **FILLED)
    waits = act(one, "say-what-is-known")
    await one.press(LEAD, "Ask for approval", one.card("MSG-2"))
    await one.press("U0ADMIN", "Approve A-1", one.direct("U0ADMIN")[-1])
    await one.settle()

    assert callback == Modal.COMMS_FIELDS
    assert next_["element"]["initial_option"]["value"] == "1800"
    assert (waits.state, waits.result) == ("waiting", "MSG-2")
    assert (one.message("MSG-2").run, one.message("MSG-2").step) == ("RUN-1", "say-what-is-known")
    assert (act(one, "say-what-is-known").state, one.run().status) == ("done", "open")


async def test_a_form_that_is_sent_twice_leaves_one_step_that_waits(one: Desk) -> None:
    await press(one)
    await one.types(LEAD, "/ai-runbook done")
    await press(one)
    view = await one.form(LEAD)
    await one.fill(LEAD, view, **FILLED)

    again = await one.types(LEAD, "/ai-runbook do step:say-what-is-known yes")

    assert "waits" in again.text or "first" in again.text or "pressed" in again.text
    assert act(one, "say-what-is-known").attempt == 1
    assert len(one.world.store.state.messages()) == 2


async def test_what_the_card_told_already_is_taken_up(one: Desk) -> None:
    card = next(
        m for m in one.tops() if "INC-1 \u00b7" in m.text and "Tell people" in str(m.blocks)
    )
    tap = next(name for name in labels(card.blocks) if name.startswith("Tell users now"))
    await one.press(ONCALL, tap, card)

    await press(one)

    assert (act(one, "tell-users-first").state, act(one, "tell-users-first").result) == (
        "done",
        "MSG-1",
    )
    assert len(one.world.store.state.messages()) == 1
