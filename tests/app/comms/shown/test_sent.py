"""How far a message is: where it is read, what it waits for and until when, and what somebody can do meanwhile."""

from dataclasses import replace

import pytest

from opsbot.app.comms.port import Post
from opsbot.app.comms.requests import CommsLook
from opsbot.app.comms.shown.words import Around, message_said
from opsbot.app.ports import RetryLater
from opsbot.app.requests import ApproveRequest
from opsbot.domain.comms.message import Sent
from opsbot.domain.said import Said
from opsbot.slack.blocks import render
from tests.support.comms import FIRST, LATER, NEXT, PIA, Telling, comms_policy, telling, template
from tests.support.world import SAM, SATURDAY_NIGHT_MS

PAGE = "status-page"


def lost(_: Post) -> None:
    """Answer nothing."""
    raise RetryLater("it did not answer")


async def preview(one: Telling, message: str = "MSG-1") -> Said:
    """Return a message as its card shows it."""
    return await one.world.bot.comms.look(CommsLook("preview", message=message), PIA)


async def test_what_is_in_doubt_says_until_when_it_is_tried_and_how_to_try_at_once() -> None:
    one = await telling()
    one.places[PAGE].before += [lost] * 50

    await one.told(FIRST)

    said = (await preview(one)).as_text()
    assert (
        "`status-page`: not known whether it came there: it did not answer; it is tried again by itself"
        " until 04:14:" in said
    )
    assert (
        "It is looked for at `status-page` before it is sent again. At once:"
        " `opsbot comms retry MSG-1 status-page`." in said
    )


async def test_what_waits_for_another_message_names_it() -> None:
    one = await telling()
    one.places[PAGE].before += [lost] * 50
    await one.told(FIRST)

    await one.told(NEXT)

    said = (await preview(one, "MSG-2")).as_text()
    assert (
        "`status-page`: waits until MSG-1 came there, so that nobody reads them the other way round:"
        " `opsbot comms preview MSG-1`" in said
    )


async def test_what_is_slow_says_until_when_it_is_tried() -> None:
    one = await telling()
    await one.new()
    await one.publish()
    await one.approve()

    at_once = (await preview(one)).as_text()
    one.world.clock.later(120)
    later = (await preview(one)).as_text()

    assert "`status-page`: on its way\n" in at_once
    assert "`status-page`: on its way; tried until 04:14:" in later
    assert "`in-app`: on its way; tried until 03:24:" in later


async def test_where_it_is_read_is_a_link_in_slack_and_an_address_elsewhere() -> None:
    one = await telling()

    await one.told(FIRST)

    said = await preview(one)
    blocks, text = render(said)
    url = one.message().sent[PAGE].url
    assert f"read it there: {url}" in said.as_text()
    assert f"<{url}|read it there>" in str(blocks)
    assert f"<{url}|read it there>" in text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://x.example/>|<!channel>",
        "https://x.example/|press here",
        "https://x.example/\u202e",
        "https://x.example/ <@U0ONCALL>",
        "https://x.example/\x10@U0ONCALL\x10",
        "HTTPS://x.example/",
        "https://x.example/" + "x" * 2_000,
    ],
)
async def test_an_address_that_is_none_leads_nowhere(url: str) -> None:
    one = await telling()
    await one.told(FIRST)
    view = await one.world.bot.comms.view("MSG-1", PIA)
    there = replace(view.message, sent={PAGE: Sent("done", at_ms=1, url=url)})

    around = Around("prod", comms_policy(), SATURDAY_NIGHT_MS, "UTC")
    blocks, text = render(message_said(replace(view, message=there), around))

    assert "<" not in str(blocks)
    assert "<" not in text


async def test_a_list_says_what_waits_for_what_and_until_when() -> None:
    one = await telling()
    one.places[PAGE].before += [lost] * 50
    await one.told(FIRST)
    await one.told(NEXT)
    await one.new(LATER)
    await one.publish("MSG-3")

    said = (await one.world.bot.comms.look(CommsLook("list"), PIA)).as_text()

    assert "MSG-3` INC-1 to users, monitoring: waits for approval (A-3, until 03:2" in said
    assert "; `status-page` waits for MSG-1" in said
    assert "; `status-page` not known whether it is there, tried again" in said
    assert ", written by Pia: The assistant is paused" in said


async def test_why_somebody_said_no_is_no_reason_of_what_was_written_since() -> None:
    one = await telling()
    await one.new()
    await one.publish()
    no = ApproveRequest("A-1", grant=False, reason="too vague")
    await one.world.bot.approve(no, SAM, request_id="no")
    refused = (await preview(one)).as_text()

    await one.edit("Answers about refunds may be wrong; check them with us.")

    assert "Sam said no: \u201ctoo vague\u201d" in refused
    assert "too vague" not in (await preview(one)).as_text()


async def test_in_the_clients_only_who_has_it_is_in_doubt() -> None:
    one = await telling()
    one.places["in-app"].before += [lost] * 50

    await one.told(FIRST)

    said = (await preview(one)).as_text()
    assert (
        "`in-app`: on its way: it did not answer; every instance is waited for until 03:24:" in said
    )
    assert "retry MSG-1 in-app" not in said


async def test_each_language_stands_under_its_own_headline() -> None:
    one = await telling()
    bodies = {"en": "{what} More by {next_at}.", "de": "{what} Nächste Meldung bis {next_at}."}
    own = {"de": "Der Assistent ist pausiert"}
    one.shelf.put(template(FIRST, bodies=bodies, headlines=own))
    await one.new()

    lines = (await preview(one)).lines

    english = lines.index("[en] \u201cThe assistant is paused\u201d")
    german = lines.index("[de] \u201cDer Assistent ist pausiert\u201d")
    assert lines[english + 1].startswith("> Answers about refunds may be wrong. More by")
    assert lines[german + 1].startswith("> Answers about refunds may be wrong. Nächste")
