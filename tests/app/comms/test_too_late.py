"""Words that promise a next update are not sent after its time: whoever reads them then is told what is not so."""

import pytest

from opsbot.app.comms.requests import CommsLook, RetryTarget
from opsbot.app.comms.shown.press import message_buttons
from opsbot.app.fleet.words import clock
from opsbot.domain.errors import Unpublishable
from opsbot.domain.said import Said
from tests.support.comms import FIRST, NEXT, OVER, PIA, Telling, lost, never, telling

HOUR_S, DAY_S = 3600, 24 * 3600
MAIL, OWN = "mail", "status-page"


async def retried(one: Telling, message: str, target: str) -> Said:
    """Press [Retry]."""
    request = RetryTarget(message, target)
    return await one.world.bot.comms.retry(request, PIA, request_id=one.request())


async def failed(name: str = FIRST) -> Telling:
    """Return a company whose mail server refused a message that promises the next one."""
    one = await telling()
    one.places[MAIL].before.append(never)
    await one.told(name, targets=(MAIL,))
    return one


async def test_a_message_whose_promise_has_passed_is_not_tried_again() -> None:
    one = await failed()
    one.world.clock.later(HOUR_S)
    before = one.state.position

    with pytest.raises(Unpublishable) as no:
        await retried(one, "MSG-1", MAIL)

    assert no.value.message.startswith("MSG-1 promises the next update by 03:")
    assert no.value.message.endswith(" UTC, and that has passed; it was not sent to `mail` again.")
    assert no.value.hint.startswith("Write the next message, which says how it is now and when")
    assert "comms new INC-1" in no.value.hint
    assert one.state.position == before
    await one.settle()
    assert one.places[MAIL].said == []


async def test_while_its_promise_can_be_kept_it_is_tried_again() -> None:
    one = await failed()

    await retried(one, "MSG-1", MAIL)
    await one.settle()

    assert one.places[MAIL].said == ["MSG-1"]


async def test_words_without_a_promise_are_tried_again_a_day_later() -> None:
    one = await failed(OVER)
    one.world.clock.later(DAY_S)

    await retried(one, "MSG-1", MAIL)
    await one.settle()

    assert one.places[MAIL].said == ["MSG-1"]


async def test_our_own_page_is_tried_again_as_it_shows_the_message_already() -> None:
    one = await telling()
    one.places[OWN].before.append(never)
    await one.told(FIRST)
    one.world.clock.later(HOUR_S)

    await retried(one, "MSG-1", OWN)
    await one.settle()

    assert one.message().sent[OWN].state == "done"


async def test_a_place_that_answers_after_the_promise_is_not_sent_it_by_itself_either() -> None:
    one = await telling()
    one.places[MAIL].before += [lost] * 50
    await one.told(FIRST, targets=(MAIL,))
    assert one.message().sent[MAIL].state == "unsure"
    one.places[MAIL].before.clear()

    one.world.clock.later(HOUR_S)
    await one.settle()

    gone = one.message().sent[MAIL]
    assert gone.state == "failed"
    assert gone.detail.startswith("not sent any more: it promises the next update by 03:")
    assert gone.detail.endswith(" UTC, and that has passed; it may be there: look")
    assert one.places[MAIL].said == []
    assert not one.world.server.dead


async def test_what_was_never_tried_is_not_said_to_be_there_perhaps() -> None:
    one = await telling()
    await one.new(targets=(MAIL,))
    await one.publish()
    await one.approve()

    one.world.clock.later(HOUR_S)
    await one.settle()

    assert one.message().sent[MAIL].detail.endswith(" UTC, and that has passed")
    assert one.places[MAIL].said == []


async def test_the_next_message_goes_where_the_late_one_did_not() -> None:
    one = await telling()
    one.places[MAIL].before += [lost] * 50
    await one.told(FIRST, targets=(MAIL,))
    one.world.clock.later(HOUR_S)
    await one.settle()
    one.places[MAIL].before.clear()

    await one.told(NEXT, targets=(MAIL,))

    assert one.places[MAIL].said == ["MSG-2"]


async def test_the_card_says_so_in_the_place_of_retry() -> None:
    one = await failed()
    in_time = message_buttons(await one.world.bot.comms.view("MSG-1", PIA))
    one.world.clock.later(HOUR_S)

    later = message_buttons(await one.world.bot.comms.view("MSG-1", PIA))
    said = await one.world.bot.comms.look(CommsLook("preview", message="MSG-1"), PIA)

    assert [one.label for one in in_time] == ["Retry mail", "Next message\u2026", "Correct\u2026"]
    assert [one.label for one in later] == ["Next message\u2026", "Correct\u2026"]
    assert (
        "Not sent to `mail` any more, as its promise has passed. Write the next one:"
        " `opsbot comms new INC-1`." in said.as_text()
    )
    assert "comms retry" not in said.as_text()


async def test_a_card_says_that_it_is_tried_no_longer_than_its_promise_holds() -> None:
    one = await telling()
    one.places[MAIL].before += [lost] * 50
    await one.told(FIRST, targets=(MAIL,))

    said = await one.world.bot.comms.look(CommsLook("preview", message="MSG-1"), PIA)

    promised = clock(one.message().next_ms or 0)
    assert f"it is tried again by itself until {promised}" in said.as_text()
