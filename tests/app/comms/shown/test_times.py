"""Times in a message: offered as people type them, told back as they were understood, and the same tomorrow."""

from opsbot.app.incident.requests import Which
from opsbot.domain.comms.templates import Field
from tests.support.comms import FIRST, PIA, WHAT, Telling, declare_comms, telling, template

SINCE = Field("since", "When it began", "time")
FIELDS = (Field("what", "What users see", "text", max_length=400), SINCE)


async def dated() -> Telling:
    """A company whose first word says since when, told in Berlin."""
    one = await telling()
    await declare_comms(one.world, zone="Europe/Berlin")
    one.shelf.put(template(FIRST, "{what} Since {since}. More by {next_at}.", fields=FIELDS))
    return one


async def test_what_was_typed_is_told_back_as_it_was_understood() -> None:
    one = await dated()

    said = await one.new(values={"what": WHAT[FIRST], "since": "20 min ago"})

    assert "Times in it: When it began: 03:54 CET, 21 Nov (02:54 UTC)." in said.as_text()


async def test_a_time_that_was_typed_is_the_same_after_an_edit_of_something_else() -> None:
    one = await dated()
    await one.new(values={"what": WHAT[FIRST], "since": "20 min ago"})
    before = (await one.world.bot.comms.view("MSG-1", PIA)).values["since"]
    one.world.clock.later(3 * 3600)

    await one.edit("Other words.")

    after = (await one.world.bot.comms.view("MSG-1", PIA)).values["since"]
    assert before == after == "2026-11-21T02:54:13Z"


async def test_a_form_offers_times_as_people_type_them() -> None:
    one = await dated()
    await one.new(values={"what": WHAT[FIRST], "since": "3:40"})

    form = await one.world.bot.comms.form("", Which(), PIA, message="MSG-1")

    assert form.values["since"] == "03:40 CET, 21 Nov"


async def test_what_the_fact_sheet_knows_is_offered_as_people_type_it() -> None:
    one = await dated()
    field = Field("since", "When it was declared", "time", fact="found_at")
    one.shelf.put(template(FIRST, "{what} Since {since}.", fields=(FIELDS[0], field)))

    form = await one.world.bot.comms.form(FIRST, Which("INC-1"), PIA)

    assert form.values["since"] == "04:14 CET, 21 Nov"
