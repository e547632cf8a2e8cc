"""What people were told, in a review: when each message became public beside the technical moments, and its promises."""

import json
import re

from opsbot.app.comms.requests import DropMessage, SnoozeUpdate
from opsbot.app.incident.promises import DUE
from opsbot.app.incident.requests import Which
from opsbot.app.requests import KillRequest, Target
from opsbot.app.review.export import Export
from opsbot.app.review.html import as_html
from opsbot.app.review.markdown import as_markdown
from opsbot.app.review.read import Reviews
from opsbot.app.timeline.read import Timeline
from opsbot.domain.review import Review
from opsbot.domain.timeline import Line
from tests.support.comms import FIRST, NEXT, OVER, PIA, WRONG, Telling, never, telling, template
from tests.support.incident_life import COPILOT
from tests.support.world import MARA

INC = Which("INC-1")
HOSTILE = (
    "Answers <b>may</b> be *wrong* | [x](javascript:alert(1)). More words about refunds and orders."
)


async def review(one: Telling) -> Review:
    return await Reviews(one.world.env).of(one.incident)


async def lines(one: Telling) -> list[Line]:
    return list(await Timeline(one.world.env).of(one.incident))


async def text(one: Telling) -> str:
    return as_markdown(await review(one))


async def told() -> Telling:
    """Return a company that killed, told users twice and moved a promise in between."""
    one = await telling()
    kill = KillRequest(Target("workflow", COPILOT), "stop", reason="wrong refunds")
    await one.world.bot.kill(kill, MARA, request_id="k")
    await one.settle()
    one.world.clock.later(120)
    await one.told(FIRST)
    ask = SnoozeUpdate(INC, "users", 900, "the vendor calls back at four")
    await one.world.bot.comms.snooze(ask, PIA, request_id="z")
    one.world.clock.later(60)
    await one.told(
        NEXT, values={"what": "Orders work; refunds go by mail for now, and answers wait."}
    )
    return one


async def test_users_were_told_when_the_first_message_stood_somewhere() -> None:
    one = await told()

    first = one.message().sent["status-page"].at_ms
    assert one.incident.times.told == first
    found = await review(one)
    assert found.measures.tell == first - (one.incident.times.detected or 0)
    assert found.comms.first_users_ms == min(sent.at_ms for sent in one.message().sent.values())


async def test_a_message_that_came_nowhere_told_nobody() -> None:
    one = await telling()
    for place in ("status-page", "in-app"):
        one.places[place].before.append(never)

    await one.told(FIRST)

    assert one.incident.times.told is None
    found = await text(one)
    assert "Time to tell users: not known." in found
    assert "did not come to `status-page`" in found


async def test_the_review_says_what_they_read_where_and_how_promises_went() -> None:
    one = await told()

    found = await text(one)

    assert "Users were told at 2026-11-21" in found
    assert (
        "Promises kept: 2 of 2 (100 %). Each is a word that was due, or promised, by a time."
        in found
    )
    assert re.search(r"Users were told at .* UTC, \d+ .* after it was noticed\.", found)
    assert "| MSG-1 | investigating | users | Pia | Ines |" in found
    assert "| MSG-1 | status-page | there |" in found
    assert "Answers about refunds may be wrong." in found
    assert "the vendor calls back at four" in found
    assert "To users: 2 of 2 in time." in found


async def test_messages_stand_beside_the_technical_moments_in_their_order() -> None:
    one = await told()

    found = await text(one)

    rows = [row for row in found.splitlines() if row.startswith("| 2026-")]
    at = {
        name: index
        for index, row in enumerate(rows)
        for name in ("K-1 killed", "MSG-1", "MSG-2")
        if name in row
    }
    assert at["K-1 killed"] < at["MSG-1"] < at["MSG-2"]
    assert rows == sorted(rows, key=lambda row: row[:25])


async def test_what_is_missing_is_said() -> None:
    one = await told()
    await one.new(OVER, values={"what": "It is over since 04:00 UTC."})
    await one.new(NEXT, values={"what": "Never sent."})
    await one.world.bot.comms.drop(DropMessage("MSG-4"), PIA, request_id="d")

    blank = (await review(one)).blank

    assert "Users read last that it is `identified`; nobody told them that it is over." in blank
    assert "MSG-3 was written and never published." in blank
    assert not any("MSG-4" in line for line in blank)
    assert not any("When users were told" in line for line in blank)


async def test_erased_words_are_said_to_be_erased_and_the_rest_stays() -> None:
    one = await told()
    for commitment in (one.message().headline, *one.message().texts.values()):
        one.world.server.texts.pop(commitment)

    found = await text(one)

    assert "MSG-1: \u201c(erased)\u201d (erased)" in found
    assert "Orders work" in found


async def test_words_of_a_message_are_only_ever_text() -> None:
    one = await telling()
    await one.new(FIRST, values={"what": HOSTILE})
    found = await review(one)
    assert found.comms.messages == ()
    two = await told()
    seen = await review(two)
    page, marked = as_html(seen, ""), as_markdown(seen)

    assert "<script" not in page
    assert "MSG-1" in page
    assert "MSG-1" in marked


async def test_the_machines_form_has_all_of_it() -> None:
    one = await told()

    document = await Export(one.world.env).document(INC, "json", MARA)

    body = json.loads(document.data)["comms"]
    assert [each["id"] for each in body["messages"]] == ["MSG-1", "MSG-2"]
    assert body["messages"][0]["texts"]["en"].startswith("Answers about refunds")
    assert {each["target"] for each in body["messages"][0]["places"]} == {"status-page", "in-app"}
    assert body["audiences"][0]["moved"][0]["why"] == "the vendor calls back at four"


async def test_the_timeline_says_when_each_became_public() -> None:
    one = await told()

    found = await lines(one)

    public = [line for line in found if line.kind == "comms"]
    assert {line.name for line in public} == {"MSG-1", "MSG-2"}
    assert any(
        "MSG-1 (`investigating`) became public at `status-page`" in line.text for line in public
    )
    words = "\n".join(line.text for line in found)
    assert (
        "Pia wrote MSG-1 (`investigating`, to users): \u201cThe assistant is paused\u201d" in words
    )
    assert "asked for approval of MSG-1" in words
    assert "Ines let MSG-1" in words
    assert "Pia moved the next word to users" in words
    assert "the vendor calls back at four" in words


async def test_a_word_that_did_not_come_is_in_the_timeline_once() -> None:
    one = await telling()
    one.world.clock.later(11 * 60)
    for _ in range(3):
        await one.world.outbox.fire_timers()
        await one.world.work(DUE)
        one.world.clock.later(10 * 60 + 1)

    said = [
        line.text
        for line in await lines(one)
        if line.text.startswith("A word to users") and "did not come" in line.text
    ]

    assert len(said) == 1
    assert said[0].startswith("A word to users was due by ")


async def test_a_failed_target_says_why_in_the_timeline() -> None:
    one = await telling()
    one.places["status-page"].before.append(never)

    await one.told(FIRST)

    found = [line for line in await lines(one) if "did not come to" in line.text]
    (line,) = found
    assert "it answered 400" in line.text
    assert line.kind == "incident"


async def test_the_journal_holds_none_of_it_in_clear_and_verifies() -> None:
    one = await told()

    journal = "\n".join(map(str, one.world.server.lines))
    assert "Answers about refunds" not in journal
    assert "the vendor calls back" not in journal
    said = await one.world.bot.audit_verify(MARA)
    assert said.exit_code == 0


async def test_a_text_that_somebody_changed_beside_the_chain_is_found() -> None:
    one = await told()
    (commitment, *_) = one.message().texts.values()
    kept = one.world.server.texts[commitment]
    one.world.server.texts[commitment] = type(kept)(kept.commitment, kept.salt, "another")

    said = await one.world.bot.audit_verify(MARA)

    assert said.exit_code != 0
    assert any(commitment[:16] in line for line in said.lines)


async def test_each_language_stands_under_its_own_headline_the_first_language_first() -> None:
    one = await telling()
    own = {"de": "Der Assistent ist pausiert"}
    bodies = {"en": "{what} More by {next_at}.", "de": "{what} Nächste Meldung bis {next_at}."}
    one.shelf.put(template(FIRST, bodies=bodies, headlines=own))
    await one.told(FIRST)

    found = await text(one)

    english = found.index("MSG-1 (en): \u201cThe assistant is paused\u201d Answers about refunds")
    german = found.index("MSG-1 (de): \u201cDer Assistent ist pausiert\u201d Answers about refunds")
    assert english < german


async def test_a_message_that_was_corrected_can_still_be_read() -> None:
    one = await told()
    await one.told(WRONG, corrects="MSG-2")

    found = await text(one)

    assert (
        "MSG-2, corrected by MSG-3 since: \u201cThe assistant is paused\u201d Orders work" in found
    )
    assert "~~" not in found
