"""What lets a message go: who may alone, what the screen showed, which words stop it."""

import pytest

from opsbot.app.comms.requests import EditMessage, NewMessage, PublishMessage, StateFact
from opsbot.app.incident.requests import EditIncident, OpenIncident, Which
from opsbot.domain.actor import Actor
from opsbot.domain.errors import (
    NeedsConfirmation,
    NotAllowed,
    StaleButton,
    Unpublishable,
)
from tests.support.comms import (
    EXPOSED,
    FIRST,
    OVER,
    PIA,
    WHAT,
    telling,
)
from tests.support.incident_life import COPILOT
from tests.support.world import INES, MARA


async def test_one_person_alone_lets_a_sev3_go() -> None:
    one = await telling()
    await one.world.bot.incidents.edit(
        EditIncident(Which("INC-1"), severity="SEV3"), MARA, request_id="less"
    )
    await one.new()

    await one.publish()

    assert one.message().standing == "published"


async def test_people_who_only_respond_write_nothing_to_users() -> None:
    one = await telling()

    with pytest.raises(NotAllowed) as refused:
        await one.new(by=MARA)

    assert refused.value.rule == "comms-role"
    assert "Who can help: " in refused.value.hint


async def test_what_is_not_what_the_screen_showed_is_not_published() -> None:
    one = await telling()
    await one.new()
    view = await one.world.bot.comms.view("MSG-1", PIA)
    await one.edit("Answers about orders may be wrong.", by=INES)

    with pytest.raises(StaleButton, match="not what you saw"):
        await one.world.bot.comms.publish(
            PublishMessage("MSG-1", sha=view.message.sha), PIA, request_id="late"
        )

    assert one.message().standing == "draft"


async def test_two_edits_of_one_version_keep_the_first() -> None:
    one = await telling()
    await one.new()
    seen = one.message().version
    await one.edit("Answers about orders may be wrong.", by=INES)

    with pytest.raises(StaleButton):
        await one.world.bot.comms.edit(
            EditMessage("MSG-1", {"what": "Nothing works."}, seen=seen), PIA, request_id="late"
        )


async def test_a_draft_goes_out_under_the_severity_of_the_moment() -> None:
    one = await telling()
    await one.new()
    await one.world.bot.incidents.edit(
        EditIncident(Which("INC-1"), severity="SEV1"), MARA, request_id="more"
    )

    await one.publish()
    await one.approve()

    assert one.message().severity == "SEV1"
    await one.settle()
    assert one.places["status-page"].posts[0].impact == "critical"


async def test_words_that_must_never_be_said_stop_it_and_others_ask_once() -> None:
    one = await telling()
    await one.new(values={"what": "The LLM hallucinated answers about refunds."})
    with pytest.raises(Unpublishable, match="cannot go out as it is"):
        await one.publish()

    await one.new(OVER)
    with pytest.raises(NeedsConfirmation, match="MSG-2: 1 finding in its words;") as asks:
        await one.publish("MSG-2", anyway=())
    assert asks.value.more["warnings"] == ["W-SINCE"]
    waits = await one.publish("MSG-2", anyway=("W-SINCE",))

    assert one.message("MSG-2").standing == "waiting"
    assert "In a terminal: `opsbot approve A-1`." in waits.as_text()


async def test_a_request_that_was_made_for_something_else_is_refused_and_writes_nothing() -> None:
    one = await telling()
    comms = one.world.bot.comms
    fact = StateFact(Which("INC-1"), "topic", "refunds")
    await comms.fact(fact, PIA, request_id="once")

    with pytest.raises(StaleButton, match="made before, for something else"):
        await comms.new(
            NewMessage(FIRST, Which("INC-1"), {"what": WHAT[FIRST]}), PIA, request_id="once"
        )

    assert one.state.messages() == ()


@pytest.mark.parametrize(("lowers", "standing"), [(INES, "waiting"), (MARA, "published")])
async def test_who_made_an_incident_lighter_lets_nothing_go_alone(
    lowers: Actor, standing: str
) -> None:
    one = await telling()
    lighter = EditIncident(Which("INC-1"), severity="SEV3")
    await one.world.bot.incidents.edit(lighter, lowers, request_id="lower")
    await one.new(by=INES)

    await one.publish(by=INES)

    assert one.message().standing == standing


async def test_who_took_exposed_data_off_an_incident_is_remembered() -> None:
    begun = OpenIncident("names", workflow=COPILOT, type=EXPOSED, severity="SEV3")
    one = await telling(begun)
    other = EditIncident(Which("INC-1"), type="tool_misuse", private=False)
    await one.world.bot.incidents.edit(other, MARA, request_id="type")

    assert one.state.comms("INC-1").eased == ("mara",)
