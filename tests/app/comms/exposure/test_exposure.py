"""Where data was exposed: a yes of every function, nobody else's words, nobody outside knows of it."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from opsbot.app.comms.requests import CommsLook, NewMessage
from opsbot.app.incident.requests import OpenIncident, RoleOrder, Which
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json
from opsbot.domain.errors import NotAllowed, UnknownApproval, UnknownIncident, UnknownMessage
from tests.support.comms import (
    EXPOSED,
    FIRST,
    HOLDING,
    LEA,
    PIA,
    SEC,
    WHAT,
    WRONG,
    Telling,
    declare_comms,
    telling,
    template,
)
from tests.support.world import INES, MARA, NOOR, OLA, SAM

LEAK = OpenIncident("seen by others", workflow="support-copilot", type=EXPOSED, private=True)

SEEN = "users-data-exposure-investigating"


async def leaked(settings: Mapping[str, Json] | None = None) -> Telling:
    """Return a world in which data was exposed; its incident is private."""
    return await telling(LEAK, settings=settings)


async def asked() -> Telling:
    """Return it with a message that its commander's circle wrote."""
    one = await leaked()
    await _command(one)
    await one.new(by=INES)
    await one.publish(by=INES)
    return one


async def _command(one: Telling) -> None:
    order = RoleOrder(Which("INC-1"), "commander", "take")
    await one.world.bot.incidents.role(order, INES, request_id="command")


async def test_every_function_says_yes_before_users_read_anything() -> None:
    one = await asked()
    assert [one.state.approval(a).action["seat"] for a in ("A-1", "A-2")] == ["legal", "security"]

    await one.approve("A-2", by=SEC)
    assert one.message().standing == "waiting"
    await one.approve("A-1", by=LEA)

    assert one.message().standing == "published"
    assert one.message().approved_by == ("sec", "lea")


@pytest.mark.parametrize("by", [OLA, SEC])
async def test_nobody_stands_in_for_a_function(by: Actor) -> None:
    one = await asked()

    with pytest.raises(NotAllowed) as refused:
        await one.approve("A-1", by=by)

    assert refused.value.rule == "comms-exposure"
    assert "legal" in refused.value.message


async def test_the_power_comms_alone_writes_nothing_to_users_there() -> None:
    one = await leaked()

    with pytest.raises(NotAllowed) as refused:
        await one.new(by=OLA)

    assert refused.value.rule == "comms-exposure"


async def test_a_severity_at_which_one_person_is_enough_changes_nothing() -> None:
    one = await telling(
        OpenIncident("seen", workflow="support-copilot", type=EXPOSED, severity="SEV4")
    )
    await _command(one)
    await one.new(by=INES, next_s=1800)

    await one.publish(by=INES)

    assert one.message().standing == "waiting"
    assert len(one.message().approvals) == 2


async def test_a_function_of_whom_nobody_but_the_writer_is_left_cannot_be_asked() -> None:
    one = await leaked({"exposure_approvers": {"security": ["ines"], "legal": ["lea"]}})
    await _command(one)
    await one.new(by=INES)

    with pytest.raises(NotAllowed, match="Nobody of `security` could say yes but who wrote it"):
        await one.publish(by=INES)

    assert one.message().standing == "draft"


async def test_where_no_function_is_declared_nothing_goes_to_users() -> None:
    one = await leaked({"exposure_approvers": {}})
    await _command(one)
    await one.new(by=INES)

    with pytest.raises(NotAllowed) as refused:
        await one.publish(by=INES)

    assert refused.value.rule == "comms-exposure"
    assert one.message().standing == "draft"


async def test_only_who_is_part_of_it_or_is_asked_knows_of_a_private_message() -> None:
    one = await asked()
    comms = one.world.bot.comms

    for outside in (PIA, SAM, NOOR):
        with pytest.raises(UnknownMessage) as unknown:
            await comms.look(CommsLook("preview", message="MSG-1"), outside)
        assert unknown.value.message == "There is no message `MSG-1`; nothing was changed."
        assert (await comms.look(CommsLook("list", every=True), outside)).body["messages"] == []
    for inside in (MARA, INES, SEC, LEA):
        said = await comms.look(CommsLook("preview", message="MSG-1"), inside)
        assert said.body["message"] == "MSG-1"


async def test_an_approval_of_a_private_message_does_not_exist_for_others() -> None:
    one = await asked()

    with pytest.raises(UnknownApproval, match="There is no approval `A-1`"):
        await one.approve("A-1", by=SAM)


async def test_only_those_asked_are_told_and_no_channel_of_others() -> None:
    one = await asked()

    await one.settle()

    told = {person for person, text in one.world.slack.told if "MSG-1" in text}
    assert told == {"U0SECURITY", "U0LEGAL"}
    room = one.incident.room.channel if one.incident.room.own else ""
    assert {channel for channel, text in one.world.slack.posted if "MSG-1" in text} <= {room}


async def test_who_is_not_part_of_a_private_incident_writes_nothing_for_it() -> None:
    one = await leaked()

    with pytest.raises(UnknownIncident):
        await one.world.bot.comms.new(
            NewMessage(FIRST, Which("INC-1"), {"what": WHAT[FIRST]}), PIA, request_id="new"
        )


async def test_the_journal_hides_a_private_message_from_others() -> None:
    one = await asked()

    said = await one.world.bot.audit_tail(50, SAM)

    assert "MSG-1" not in said.as_text()
    assert "MSG-1" not in str(said.body)


async def test_words_that_were_approved_in_advance_take_every_function_there_too() -> None:
    one = await leaked()
    await _command(one)
    await one.new(HOLDING, by=INES, values={})

    await one.publish(by=INES)

    assert one.message().standing == "waiting"
    assert len(one.message().approvals) == 2


def _seats(one: Telling, name: str = "MSG-1") -> list[object]:
    return [one.state.approval(a).action["seat"] for a in one.message(name).approvals]


async def _said_of_a_fault() -> Telling:
    """Return a world in which what is told is that data was exposed, of an incident of another type."""
    one = await telling()
    one.shelf.put(template(SEEN))
    await _command(one)
    await one.new(SEEN, by=INES, values={"what": "Some orders were seen by others."})
    await one.publish(by=INES)
    return one


async def test_words_about_exposed_data_take_every_function_whatever_the_incidents_type() -> None:
    one = await _said_of_a_fault()

    assert one.incident.type != EXPOSED
    assert _seats(one) == ["legal", "security"]


async def test_who_has_only_the_power_comms_writes_no_such_words() -> None:
    one = await telling()
    one.shelf.put(template(SEEN))

    with pytest.raises(NotAllowed) as refused:
        await one.new(SEEN, by=PIA, values={"what": "Some orders were seen by others."})

    assert refused.value.rule == "comms-exposure"


async def test_another_template_corrects_such_words_by_the_same_rules() -> None:
    one = await _said_of_a_fault()
    await one.approve("A-1", by=LEA)
    await one.approve("A-2", by=SEC)
    await one.settle()

    await one.new(WRONG, by=INES, corrects="MSG-1")
    await one.publish("MSG-2", by=INES)

    assert _seats(one, "MSG-2") == ["legal", "security"]


async def test_no_tap_gives_such_words_whatever_the_incidents_type() -> None:
    one = await telling()
    ready = template(SEEN, "We look. More by {next_at}.", fields=())
    one.shelf.every = {SEEN: replace(ready, approved=ready.body_hash)}

    with pytest.raises(NotAllowed) as refused:
        await one.hold()

    assert refused.value.rule == "comms-exposure"
    assert one.state.messages() == ()


async def test_a_yes_does_not_count_once_another_function_is_declared() -> None:
    one = await asked()
    await one.approve("A-1", by=LEA)
    more = {"security": ["sec"], "legal": ["lea"], "privacy": ["noor"]}
    await declare_comms(one.world, exposure_approvers=more)

    said = await one.approve("A-2", by=SEC)

    assert "declared otherwise" in " ".join(said.lines)
    assert one.message().standing == "draft"


async def test_a_second_persons_yes_does_not_count_once_the_type_is_on_the_track() -> None:
    one = await telling()
    await one.new()
    await one.publish()
    await declare_comms(one.world, exposure=[EXPOSED, one.incident.type])

    await one.approve()

    assert one.message().standing == "draft"
    assert one.places["status-page"].said == []


async def test_a_yes_does_not_count_once_who_gave_it_is_not_of_that_function() -> None:
    one = await asked()
    await one.approve("A-1", by=LEA)
    other = {"security": ["sec"], "legal": ["noor"]}
    await declare_comms(one.world, exposure_approvers=other)

    said = await one.approve("A-2", by=SEC)

    assert "Lea, who gave A-1, does not approve as `legal` any more" in said.as_text()
    assert one.message().standing == "draft"
