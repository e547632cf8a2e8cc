"""Drafts: filled from the fact sheet, sent only where they belong, kept as they were written."""

import pytest

from opsbot.app.comms.requests import CommsLook, DropMessage, EditMessage, NewMessage
from opsbot.app.incident.requests import Which
from opsbot.domain.comms.templates import Field
from opsbot.domain.errors import (
    NeedsMoreWords,
    StaleButton,
    UnknownMessage,
    UnknownTemplate,
    Unpublishable,
)
from tests.support.comms import FIRST, LEADS, NEXT, PIA, WHAT, telling, template
from tests.support.world import GUS, INES


async def test_a_draft_is_read_by_nobody_outside() -> None:
    one = await telling()

    said = await one.new()
    await one.settle()

    assert one.message().standing == "draft"
    assert not one.places.every
    assert "nobody outside reads it yet" in said.as_text()


async def test_the_same_request_twice_is_one_draft() -> None:
    one = await telling()
    request = NewMessage(FIRST, Which("INC-1"), {"what": WHAT[FIRST]})
    await one.world.bot.comms.new(request, PIA, request_id="same")

    said = await one.world.bot.comms.new(request, PIA, request_id="same")

    assert said.body["outcome"] == "already"
    assert [message.id for message in one.state.messages()] == ["MSG-1"]


async def test_no_word_of_it_stands_in_the_journal() -> None:
    one = await telling()

    await one.new(values={"what": "A very particular sentence."})

    assert not [line for line in one.world.server.lines if "particular" in line]
    view = await one.world.bot.comms.view("MSG-1", PIA)
    assert view.values == {"what": "A very particular sentence."}
    assert view.rendered.texts["en"].startswith("A very particular sentence.")


async def test_what_was_left_out_is_taken_from_the_fact_sheet_where_it_is_confirmed() -> None:
    one = await telling()
    fields = (Field("what", "What users see"), Field("name", "Its name", fact="feature"))
    one.shelf.put(template(FIRST, "{name}: {what} More by {next_at}.", fields=fields))

    await one.new()

    view = await one.world.bot.comms.view("MSG-1", PIA)
    assert view.values["name"] == "the assistant"
    assert view.rendered.texts["en"].startswith("the assistant: ")


@pytest.mark.parametrize(
    ("values", "words"), [({}, "`what`"), ({"what": "x", "why": "y"}, "no field `why`")]
)
async def test_a_field_that_is_missing_or_unknown_writes_nothing(
    values: dict[str, str], words: str
) -> None:
    one = await telling()

    with pytest.raises(NeedsMoreWords, match=words):
        await one.new(values=values)

    assert not one.state.messages()


async def test_an_unknown_template_names_the_nearest() -> None:
    one = await telling()

    with pytest.raises(UnknownTemplate) as unknown:
        await one.world.bot.comms.new(
            NewMessage("users-feature-of-investigating", Which("INC-1")), PIA, request_id="x"
        )

    assert f"`{FIRST}`" in unknown.value.hint


async def test_words_for_the_company_never_go_where_everybody_reads_them() -> None:
    one = await telling()

    for place in ("status-page", "in-app", "statuspage"):
        with pytest.raises(Unpublishable, match="is read by everybody"):
            await one.new(LEADS, targets=(place,))
    await one.new(LEADS, targets=("mail",))

    assert one.message().targets == ("mail",)


async def test_a_place_that_nobody_declared_is_refused_with_the_nearest_name() -> None:
    one = await telling()

    with pytest.raises(NeedsMoreWords) as unknown:
        await one.new(targets=("statuspag",))

    assert "`statuspage`" in unknown.value.hint


async def test_where_nothing_is_declared_for_an_audience_somebody_says_where() -> None:
    one = await telling()

    with pytest.raises(NeedsMoreWords, match="Say where it goes"):
        await one.new(LEADS)


async def test_a_promise_may_be_given_and_is_not_moved_by_an_edit() -> None:
    one = await telling()
    await one.new(next_s=3600)
    promised = one.message().next_ms

    one.world.clock.later(600)
    await one.edit("Answers about orders may be wrong.")

    assert promised is not None
    assert one.message().next_ms == promised
    assert one.message().version == 2


@pytest.mark.parametrize("seconds", [0, 59, 8 * 86_400])
async def test_a_promise_too_soon_or_too_late_is_none(seconds: int) -> None:
    one = await telling()

    with pytest.raises(NeedsMoreWords, match="in a minute at the soonest"):
        await one.new(next_s=seconds)


async def test_everybody_who_changed_it_is_kept() -> None:
    one = await telling()
    await one.new()
    await one.edit("Answers about orders may be wrong.", by=INES)
    await one.edit("Answers about invoices may be wrong.", by=PIA)

    assert (one.message().author, one.message().editors) == ("pia", ("ines",))


async def test_a_draft_whose_template_is_gone_is_published_but_not_filled_anew() -> None:
    one = await telling()
    await one.new()
    del one.shelf.every[FIRST]

    with pytest.raises(Exception, match="is not there any more"):
        await one.edit("Other words.")
    await one.publish()
    await one.approve()

    assert one.message().standing == "published"


async def test_a_form_is_prefilled_and_names_every_place_that_fits() -> None:
    one = await telling()
    await one.new(values={"what": "Answers about refunds may be wrong."})

    fresh = await one.world.bot.comms.form(NEXT, Which("INC-1"), PIA)
    again = await one.world.bot.comms.form("", Which(), PIA, message="MSG-1")

    assert fresh.chosen == ("status-page", "in-app")
    assert set(fresh.targets) >= {"status-page", "in-app", "statuspage", "mail"}
    assert again.values == {"what": "Answers about refunds may be wrong."}
    assert (again.message, again.version) == ("MSG-1", 1)


async def test_lists_show_what_is_open_and_templates_which_go_in_one_tap() -> None:
    one = await telling()
    await one.new()

    listed = await one.world.bot.comms.look(CommsLook("list"), PIA)
    shelf = await one.world.bot.comms.look(CommsLook("templates"), PIA)
    facts = await one.world.bot.comms.look(CommsLook("facts", Which("INC-1")), PIA)

    assert "`MSG-1` INC-1 to users, investigating: draft" in listed.as_text()
    assert "approved in advance: one tap" in shelf.as_text()
    assert facts.body["incident"] == "INC-1"


async def test_guests_see_nothing_and_unknown_messages_are_unknown() -> None:
    one = await telling()
    await one.new()

    with pytest.raises(Exception, match="Guests"):
        await one.world.bot.comms.look(CommsLook("list"), GUS)
    with pytest.raises(UnknownMessage, match="is no message"):
        await one.world.bot.comms.view("INC-1", PIA)


async def test_a_draft_that_was_dropped_stays_dropped() -> None:

    one = await telling()
    await one.new()
    await one.world.bot.comms.drop(DropMessage("MSG-1"), PIA, request_id="drop")

    with pytest.raises(StaleButton, match="MSG-1 was dropped"):
        await one.publish()
    with pytest.raises(StaleButton, match="MSG-1 was dropped"):
        await one.world.bot.comms.edit(EditMessage("MSG-1", {"what": "x"}), PIA, request_id="e")
