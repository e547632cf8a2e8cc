"""Messages in Slack by who may: a no takes a reason that its writer reads, and no form opens for who lacks the power."""

import pytest

from tests.slack.comms_hands import ADMIN, PM, Desk, _desk, _one, buttons
from tests.slack.forged import LEAD, NEW, ONCALL, _no_crash

__all__ = ["_desk", "_no_crash", "_one"]

WHY = "Orders were hit as well, <!channel>; say so."


async def asked(one: Desk) -> None:
    """Write MSG-1, and ask for its approval."""
    await one.drafted()
    await one.press(PM, "Ask for approval", one.card())


async def test_a_no_takes_a_reason_which_its_writer_and_the_card_say(desk: Desk) -> None:
    await asked(desk)
    question = desk.direct(ADMIN)[-1]

    await desk.press(ADMIN, "Refuse\u2026", question)
    silent = await desk.fill(ADMIN, reason="  ")
    await desk.fill(ADMIN, reason=WHY)

    assert silent.errors
    assert desk.message().standing == "refused"
    said = "said no: \u201cOrders were hit as well, &lt;!channel&gt;; say so.\u201d"
    assert said in desk.card().text
    told = desk.direct(PM)[-1]
    assert told.text.startswith("\U0001f7e0 MSG-1 of INC-1 in prod was refused")
    assert said in told.text
    assert set(buttons(told.blocks)) == {"Edit\u2026", "Give up\u2026"}
    assert buttons(question.blocks) == {}
    assert not desk.places["status-page"].posts


async def test_a_no_of_the_card_is_the_same_question(one: Desk) -> None:
    await asked(one)

    await one.press(LEAD, "Refuse A-1\u2026", one.card())
    await one.fill(LEAD, reason=WHY)

    assert one.message().standing == "refused"


async def test_its_own_writer_takes_it_back_without_a_question(one: Desk) -> None:
    await asked(one)
    before = len(one.direct(PM))

    shown = await one.press(PM, "Refuse A-1\u2026", one.card())

    assert shown.view is None
    assert one.message().standing == "draft"
    assert len(one.direct(PM)) == before


async def test_a_no_that_came_too_late_asks_nothing(one: Desk) -> None:
    await asked(one)
    question = one.direct(ADMIN)[-1]
    stale = list(question.blocks)
    await one.press(LEAD, "Approve A-1", one.card())
    question.blocks[:] = stale

    shown = await one.press(ADMIN, "Refuse\u2026", question)

    assert shown.view is None
    assert one.message().standing == "published"


@pytest.mark.parametrize("word", ["K-1", "A-0", "A-1;x", ""])
async def test_a_forged_no_changes_nothing(one: Desk, word: str) -> None:
    await asked(one)
    await one.press(ADMIN, "Refuse\u2026", one.direct(ADMIN)[-1])
    view = await one.form(ADMIN)
    view.body["private_metadata"] = word

    await one.fill(ADMIN, view, reason=WHY)

    assert one.message().standing == "waiting"


async def test_who_may_tell_nobody_hears_who_may_before_a_form_opens(one: Desk) -> None:
    card = next(m for m in one.tops() if "INC-1 \u00b7" in m.text)

    shown = await one.press(NEW, "Tell people\u2026", card)

    assert shown.view is None
    assert "Nothing was changed" in one.heard(NEW)
    assert "Who can help: Ines, Ola or Pia." in one.heard(NEW)
    assert "makes you its comms lead: `/ai-incident role comms @name`" in one.heard(NEW)


async def test_who_may_not_give_up_or_put_off_is_asked_for_no_reason(one: Desk) -> None:
    await one.drafted()
    one.world.clock.later(6 * 60 + 30)
    await one.settle()
    ping = next(m for m in one.direct(LEAD) + one.direct(ONCALL) if "the first word" in m.text)
    here = one.card()
    moved = list(ping.blocks)
    drop = await one.press(NEW, "Give up\u2026", here)
    here.blocks[:] = moved

    later = await one.press(NEW, "Put it off\u2026", here)

    assert (drop.view, later.view) == (None, None)
    assert one.message().standing == "draft"


async def test_who_may_not_refuse_hears_who_may(one: Desk) -> None:
    await asked(one)

    shown = await one.press(NEW, "Refuse A-1\u2026", one.card())

    assert shown.view is None
    assert one.message().standing == "waiting"
    assert "it cannot approve" in one.heard(NEW)
    assert "Who can help: " in one.heard(NEW)
