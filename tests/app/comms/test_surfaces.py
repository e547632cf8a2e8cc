"""What surfaces draw of messages: buttons, the form of an edit or a correction, and what the Home tab shows."""

import pytest

from opsbot.app.comms.requests import CommsLook, NewMessage, RetryTarget
from opsbot.app.comms.shown.home import SHOWN, message_parts
from opsbot.app.comms.shown.press import message_buttons
from opsbot.app.incident.requests import EditIncident, OpenIncident, Which
from opsbot.domain.errors import UnknownTemplate
from opsbot.domain.said import Said
from tests.app.comms.test_stage import killed, restored
from tests.support.comms import (
    FIRST,
    HOLDING,
    LATER,
    NEXT,
    OVER,
    PIA,
    WHAT,
    WRONG,
    Telling,
    never,
    telling,
)
from tests.support.world import INES, MARA, OLA, SAM


def acts(said: Said) -> list[str]:
    """Return what an answer offers."""
    return [one.act for one in said.buttons]


async def home(one: Telling, by: object = PIA) -> tuple[Said, ...]:
    """Return the part about messages."""
    return await message_parts(one.world.env, one.state, by)  # type: ignore[arg-type]  # an actor


async def test_an_answer_offers_what_can_be_done_next() -> None:
    one = await telling()

    drafted = await one.new(NEXT)
    asked = await one.publish()
    refused = await one.approve(grant=False)
    edited = await one.edit("Other words.")
    await one.publish()
    out = await one.approve("A-2")

    assert acts(drafted) == ["comms_publish", "comms_edit", "comms_drop"]
    assert acts(asked) == ["approve", "comms_refuse", "comms_edit"]
    assert acts(refused) == ["comms_edit", "comms_drop"]
    assert acts(edited) == ["comms_publish", "comms_edit", "comms_drop"]
    assert acts(out) == ["comms_new", "comms_correct"]
    assert [button.value for button in edited.buttons] == ["MSG-1:2"] * 3


async def test_a_draft_says_whether_it_takes_another_person() -> None:
    one = await telling()

    severe = await one.new(NEXT)
    await one.world.bot.incidents.edit(
        EditIncident(Which("INC-1"), severity="SEV3"), MARA, request_id="milder"
    )
    mild = await one.world.bot.comms.look(CommsLook("preview", message="MSG-1"), PIA)

    assert severe.buttons[0].label == "Ask for approval"
    assert "Ask for 1 approval: `" in severe.as_text()
    assert mild.buttons[0].label == "Publish"


async def test_the_card_of_a_draft_follows_the_kill_that_stood_in_its_way() -> None:
    one = await killed()
    await one.new(OVER)
    await one.settle()
    before = len(one.world.slack.updated)

    await restored(one)
    await one.settle()

    *_, card = (text for text in one.world.slack.updated[before:] if text.startswith("MSG-1"))
    assert "still holds" not in card


async def test_a_target_that_failed_has_a_button_of_its_own() -> None:
    one = await telling()
    one.places["in-app"].before.append(never)
    await one.hold()
    await one.settle()

    view = await one.world.bot.comms.view("MSG-1", PIA)
    offered = [button.label for button in message_buttons(view)]
    said = await one.world.bot.comms.retry(RetryTarget("MSG-1", "in-app"), PIA, request_id="again")

    assert offered == ["Retry in-app", "Next message\u2026", "Correct\u2026"]
    assert "comms_retry" not in acts(said)


async def test_a_correction_takes_the_template_of_its_situation() -> None:
    one = await telling()
    await one.told(FIRST)
    comms = one.world.bot.comms

    form = await comms.form("", Which(), PIA, corrects="MSG-1")
    said = await comms.new(
        NewMessage("", Which(), {"what": WHAT[WRONG]}, corrects="MSG-1"), PIA, request_id="c"
    )

    assert (form.template.name, form.incident.id, form.corrects) == (WRONG, "INC-1", "MSG-1")
    assert (said.body["template"], said.body["corrects"]) == (WRONG, "MSG-1")


async def test_a_correction_without_a_template_of_its_own_names_the_others() -> None:
    one = await telling()
    await one.hold()

    with pytest.raises(UnknownTemplate, match="users-holding-correction") as refused:
        await one.world.bot.comms.form("", Which(), PIA, corrects="MSG-1")

    assert f"`{WRONG}`" in refused.value.hint
    assert one.message().template == HOLDING


async def test_a_form_says_when_its_stage_steps_back() -> None:
    one = await telling()
    await one.told(FIRST)
    await one.told(NEXT)
    comms = one.world.bot.comms

    async def back(name: str) -> bool:
        return (await comms.form(name, Which("INC-1"), PIA)).goes_back

    assert [await back(name) for name in (FIRST, NEXT, LATER, OVER)] == [True, False, False, False]
    assert not (await comms.form("", Which(), PIA, corrects="MSG-2")).goes_back


async def test_the_home_tab_has_nothing_where_nothing_is_due() -> None:
    one = await telling(OpenIncident("x", severity="SEV2", drill=True))

    assert await home(one) == ()


async def test_the_home_tab_shows_what_is_due_first_and_what_waits_for_whom() -> None:
    one = await telling()
    await one.new(NEXT)
    await one.publish()
    one.world.clock.later(1200)

    mine, others = await home(one, INES), await home(one, MARA)

    assert mine[0].title == "Messages to people in prod"
    assert mine[1].title.startswith("Users: the first word of INC-1 (SEV2) is overdue by 9 min")
    assert acts(mine[1]) == ["comms_new", "comms_snooze"]
    assert acts(mine[2]) in (["approve", "comms_refuse", "comms_preview"], ["comms_preview"])
    assert acts(others[2]) == ["comms_preview"]


async def test_the_home_tab_counts_what_it_does_not_list_and_hides_what_is_private() -> None:
    one = await telling()
    for _ in range(SHOWN + 2):
        await one.new(NEXT)
    hidden = OpenIncident("hidden", severity="SEV2", private=True, anyway=True)
    await one.world.bot.incidents.open(hidden, OLA, request_id="hidden")
    draft = NewMessage(NEXT, Which("INC-2"), {"what": "x"}, ("status-page",))
    await one.world.bot.comms.new(draft, OLA, request_id="hidden-too")

    seen = await home(one, SAM)

    assert "And 2 more: `opsbot comms list`." in seen[0].as_text()
    assert "INC-2" not in str(seen)
