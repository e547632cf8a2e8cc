"""On the way to a target: in order, once, looked for where nobody knows, and honest about what did not arrive."""

import pytest

from opsbot.app.comms.port import Post
from opsbot.app.comms.requests import CommsLook, RetryTarget
from opsbot.app.deliver import UNEXPECTED
from opsbot.app.incident.requests import OpenIncident
from opsbot.domain.errors import NeedsMoreWords, NotAllowed, StaleButton
from tests.support.comms import (
    FIRST,
    NEXT,
    PIA,
    WRONG,
    busy,
    lost,
    never,
    telling,
    template,
)
from tests.support.world import NOOR

HOUR_S = 3600
PAGE = "status-page"


async def test_a_target_that_took_it_and_did_not_say_so_is_looked_at_before_it_is_sent_again() -> (
    None
):
    one = await telling()
    one.places[PAGE].after.append(lost)

    await one.told(FIRST)

    assert one.places[PAGE].said == ["MSG-1"]
    assert one.places[PAGE].looks == 1
    assert one.message().sent[PAGE].state == "done"


async def test_a_target_in_doubt_is_shown_as_in_doubt() -> None:
    one = await telling()
    one.places[PAGE].before += [lost] * 50

    await one.told(FIRST)

    sent = one.message().sent
    assert sent[PAGE].state == "unsure"
    assert sent["in-app"].state == "done"
    said = await one.world.bot.comms.look(CommsLook("preview", message="MSG-1"), PIA)
    assert "`status-page`: not known whether it came there: it did not answer" in said.as_text()
    assert said.tone == "amber"


async def test_a_target_that_is_busy_is_left_alone_as_long_as_it_asks() -> None:
    one = await telling()
    one.places[PAGE].before.append(busy)
    await one.new()
    await one.publish()
    await one.approve()

    await one.world.work("comms_publish")
    await one.world.work("comms_publish")
    assert not one.places[PAGE].posts

    one.world.clock.later(7.1)
    await one.settle()
    assert one.places[PAGE].said == ["MSG-1"]


async def test_a_target_that_refuses_for_ever_fails_alone_and_says_why() -> None:
    one = await telling()
    one.places[PAGE].before.append(never)

    await one.told(FIRST)

    failed = one.message().sent[PAGE]
    assert (failed.state, failed.detail) == ("failed", "it answered 400: the page is not there")
    assert one.message().sent["in-app"].state == "done"
    assert not one.world.server.dead
    card = one.world.slack.updated[-1]
    assert card


async def test_a_failed_target_is_tried_again_once_by_retry() -> None:
    one = await telling()
    one.places[PAGE].before.append(never)
    await one.told(FIRST)

    said = await one.world.bot.comms.retry(RetryTarget("MSG-1", PAGE), PIA, request_id="again")
    await one.settle()

    assert said.body["outcome"] == "retried"
    assert one.places[PAGE].said == ["MSG-1"]
    assert one.message().sent[PAGE].tries == 1
    with pytest.raises(StaleButton, match="is there already"):
        await one.world.bot.comms.retry(RetryTarget("MSG-1", PAGE), PIA, request_id="more")


async def test_retry_looks_first_because_nobody_knows_what_the_last_attempt_left() -> None:
    one = await telling()
    one.places[PAGE].after.append(never)
    await one.told(FIRST)
    assert one.message().sent[PAGE].state == "failed"

    await one.world.bot.comms.retry(RetryTarget("MSG-1", PAGE), PIA, request_id="again")
    await one.settle()

    assert one.places[PAGE].said == ["MSG-1"]
    assert one.message().sent[PAGE].state == "done"


async def test_retry_names_the_targets_and_is_for_those_who_write_or_work_on_it() -> None:
    one = await telling()
    await one.told(FIRST)

    with pytest.raises(NeedsMoreWords, match="does not go to `mail`"):
        await one.world.bot.comms.retry(RetryTarget("MSG-1", "mail"), PIA, request_id="1")
    with pytest.raises(NotAllowed):
        await one.world.bot.comms.retry(RetryTarget("MSG-1", PAGE), NOOR, request_id="2")


async def test_after_an_hour_it_is_said_to_have_failed_and_where_to_look() -> None:
    one = await telling()
    one.places[PAGE].before += [lost] * 500
    await one.told(FIRST)

    one.world.clock.later(HOUR_S)
    await one.settle()

    failed = one.message().sent[PAGE]
    assert failed.state == "failed"
    assert failed.detail == (
        "it did not answer; not tried any more after an hour, and it may be there: look before [Retry]"
    )
    assert not one.world.server.dead
    assert not [
        item for item in one.world.server.items.values() if item.effect.kind == "comms_publish"
    ]


async def test_nobody_reads_the_second_message_before_the_first() -> None:
    one = await telling()
    one.places[PAGE].before += [lost] * 3
    await one.told(FIRST)
    await one.told(NEXT)
    assert one.places[PAGE].said == []

    for _ in range(10):
        one.world.clock.later(31)
        await one.settle(rounds=1)

    assert one.places[PAGE].said == ["MSG-1", "MSG-2"]


async def test_what_failed_for_good_keeps_nobody_waiting() -> None:
    one = await telling()
    one.places[PAGE].before.append(never)
    await one.told(FIRST)

    await one.told(NEXT)

    assert one.places[PAGE].said == ["MSG-2"]


async def test_the_clients_show_a_newer_message_though_one_instance_did_not_confirm_the_older() -> (
    None
):
    one = await telling()
    one.places["in-app"].after += [lost] * 50
    await one.told(FIRST)

    await one.told(NEXT)

    assert one.places["in-app"].said == ["MSG-1", "MSG-2"]


async def test_later_messages_go_on_where_the_first_one_stands() -> None:
    one = await telling()
    await one.told(FIRST)
    first = one.places[PAGE].posts[0]

    await one.told(NEXT)

    second = one.places[PAGE].posts[1]
    assert first.thread == {}
    assert second.thread == {"incident": f"{PAGE}-{first.incident}"}
    assert first.incident == second.incident
    assert "INC-1" not in first.incident


async def test_a_correction_points_to_where_the_wrong_one_stands_and_changes_neither() -> None:
    one = await telling()
    await one.told(FIRST)
    before = one.message()

    await one.told(WRONG, corrects="MSG-1")

    first, second = one.message("MSG-1"), one.message("MSG-2")
    assert (first.corrected, second.corrects) == ("MSG-2", "MSG-1")
    assert (first.texts, first.sha, first.sent) == (before.texts, before.sha, before.sent)
    assert one.places[PAGE].posts[1].corrects == before.sent[PAGE].handle
    assert one.state.comms("INC-1").rhythm("users").stage == "investigating"


async def test_a_drill_reaches_nobody() -> None:
    one = await telling(
        OpenIncident("practice", workflow="support-copilot", severity="SEV3", drill=True)
    )

    await one.new()
    await one.publish()
    await one.settle()

    assert not one.places.every
    assert {(sent.state, sent.detail) for sent in one.message().sent.values()} == {
        ("skipped", "drill: not sent")
    }


async def test_the_incidents_card_says_where_it_is_read() -> None:
    one = await telling()

    await one.told(FIRST)

    card = next(text for text in reversed(one.world.slack.updated) if text.startswith("INC-1"))
    assert f"Users were told `investigating` 03:14:13 UTC (MSG-1): {PAGE}: https://{PAGE}" in card


async def test_a_message_has_one_card_of_its_own_edited_in_place() -> None:
    one = await telling()

    await one.told(FIRST)

    cards = [text for _, text in one.world.slack.posted if text.startswith("MSG-1")]
    assert len(cards) == 1
    newest = next(text for text in reversed(one.world.slack.updated) if text.startswith("MSG-1"))
    assert f"`{PAGE}`: published 03:14:13 UTC, read it there: https://{PAGE}" in newest


async def test_words_that_were_erased_on_the_way_are_not_sent() -> None:
    one = await telling()
    await one.new()
    await one.publish()
    await one.approve()
    await one.world.store.erase(tuple(one.message().texts.values()))

    await one.settle()

    assert not one.places[PAGE].posts
    assert one.message().sent[PAGE].detail == (
        "its words were erased, or are not those that were let go"
    )


async def test_two_deliveries_of_one_effect_at_once_send_it_once() -> None:
    one = await telling()
    await one.new()
    await one.publish()
    await one.approve()
    handler = one.world.bot.handlers()["comms_publish"]
    (name,) = (
        name
        for name, item in one.world.server.items.items()
        if item.effect.body.get("target") == PAGE
    )
    delivery = one.world.delivery(name)

    await handler(delivery)
    await handler(delivery)

    assert one.places[PAGE].said == ["MSG-1"]


async def test_an_order_that_waits_is_no_failure() -> None:
    one = await telling()
    one.places[PAGE].before += [lost] * 50

    await one.told(FIRST)
    await one.told(NEXT)

    assert one.message("MSG-1").sent[PAGE].state == "unsure"
    assert one.message("MSG-2").sent[PAGE].state == "due"


async def test_a_fault_of_our_own_is_never_shown_as_arrived_and_ends() -> None:
    one = await telling()

    def broken(_post: Post) -> None:
        raise ZeroDivisionError

    one.places[PAGE].before += [broken] * 50
    await one.new()
    await one.publish()
    await one.approve()
    handler = one.world.bot.handlers()["comms_publish"]
    (name,) = (
        name
        for name, item in one.world.server.items.items()
        if item.effect.body.get("target") == PAGE
    )

    states = []
    for _ in range(8):
        with pytest.raises(ZeroDivisionError):
            await handler(one.world.delivery(name))
        states.append(one.message().sent[PAGE].state)

    assert states == ["unsure"] * 7 + ["failed"]
    assert one.message().sent[PAGE].detail == UNEXPECTED


async def test_the_language_that_is_always_written_comes_first() -> None:
    one = await telling(settings={"locales": ["en", "de", "be"]})
    bodies = {"en": "{what} More by {next_at}.", "be": "B: {what} More by {next_at}.",
              "de": "D: {what} More by {next_at}."}  # fmt: skip
    one.shelf.put(template(FIRST, bodies=bodies))

    await one.told(FIRST)

    (post,) = one.places[PAGE].posts
    assert list(post.texts) == ["en", "de", "be"]
    view = await one.world.bot.comms.view("MSG-1", PIA)
    assert list(view.rendered.texts) == ["en", "de", "be"]


async def test_older_words_never_come_over_newer_ones() -> None:
    one = await telling()
    one.places[PAGE].before.append(never)
    await one.told(FIRST)
    await one.told(NEXT)

    with pytest.raises(StaleButton, match="MSG-2 came to `status-page` since"):
        await one.world.bot.comms.retry(RetryTarget("MSG-1", PAGE), PIA, request_id="again")

    assert one.places[PAGE].said == ["MSG-2"]


async def test_older_words_that_are_still_tried_are_given_up_in_the_clients_for_newer_ones() -> (
    None
):
    one = await telling()
    one.places["in-app"].before.append(lost)
    await one.new()
    await one.publish()
    await one.approve()
    await one.world.work("comms_publish")
    assert one.message().sent["in-app"].state == "unsure"

    await one.told(NEXT)

    assert one.places["in-app"].said == ["MSG-2"]
    older = one.message("MSG-1").sent["in-app"]
    assert (older.state, older.detail) == ("skipped", "MSG-2 stands there in its place")


async def test_a_target_is_told_which_messages_there_are_others() -> None:
    one = await telling()
    await one.told(FIRST)

    await one.told(NEXT)

    first, second = one.places["status-page"].posts
    assert first.others == ()
    assert second.others == (one.message("MSG-1").sent["status-page"].handle,)
