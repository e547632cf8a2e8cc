"""The first word to users: one tap, no second person, words that were approved in advance; once."""

from dataclasses import replace

import pytest

from opsbot.app.comms.requests import HoldUsers
from opsbot.app.incident.requests import OpenIncident, RoleOrder, Which
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, NotAllowed, Unpublishable
from tests.support.comms import EXPOSED, FIRST, HOLDING, LEA, PIA, off, telling, template
from tests.support.incident_life import COPILOT
from tests.support.world import INES, MARA, NOOR, SAM, workflow


@pytest.mark.parametrize("by", [MARA, SAM, INES, PIA])
async def test_whoever_is_at_work_gives_the_first_word_alone(by: object) -> None:
    one = await telling()
    before = len(one.world.server.lines)

    said = await one.hold(by)  # type: ignore[arg-type]  # an actor

    assert len(one.world.server.lines) == before + 1
    assert said.body["outcome"] == "published"
    assert one.message().standing == "published"
    assert not one.message().approvals
    await one.settle()
    (post,) = one.places["status-page"].posts
    assert post.texts["en"].startswith("We switched the assistant off while we look.")


async def test_one_tap_twice_is_one_word() -> None:
    one = await telling()
    tap = HoldUsers(Which("INC-1"))
    await one.world.bot.comms.hold(tap, MARA, request_id="tap")

    said = await one.world.bot.comms.hold(tap, MARA, request_id="tap")

    assert said.body["outcome"] == "already"
    assert len(one.state.messages()) == 1


async def test_two_people_at_once_are_one_word_and_the_second_reads_which() -> None:
    one = await telling()
    await one.hold(MARA)

    with pytest.raises(IllegalMove, match=r"Users were told of INC-1 already \(MSG-1\)"):
        await one.hold(INES)


async def test_strangers_give_no_first_word() -> None:
    one = await telling()

    with pytest.raises(NotAllowed) as refused:
        await one.hold(NOOR)

    assert refused.value.rule == "comms-holding"
    assert refused.value.hint.startswith("Who can help: ")
    for who in ("Mara", "Ines", "Pia"):  # on call and responding, commanding, writing
        assert who in refused.value.hint


async def test_who_leads_the_incident_gives_it_whatever_their_role() -> None:
    one = await telling()
    await one.world.bot.incidents.role(
        RoleOrder(Which("INC-1"), "commander", "offer", who="U0LEGAL"), MARA, request_id="o"
    )
    await one.world.bot.incidents.role(
        RoleOrder(Which("INC-1"), "commander", "accept"), LEA, request_id="a"
    )

    await one.hold(LEA)

    assert one.message().standing == "published"


async def test_words_that_changed_since_they_were_approved_take_two_people() -> None:
    one = await telling()
    changed = off()
    one.shelf.put(template(HOLDING, "Other words. {next_at}", fields=(), approved=changed.approved,
                           slots=changed.slots))  # fmt: skip

    with pytest.raises(NeedsMoreWords, match="No message is approved in advance"):
        await one.hold()


async def test_a_template_with_a_field_is_no_holding_message() -> None:
    one = await telling()

    with pytest.raises(NeedsMoreWords, match="is not approved in advance as it stands"):
        await one.world.bot.comms.hold(HoldUsers(Which("INC-1"), FIRST), MARA, request_id="x")


async def test_where_several_could_be_meant_none_is_guessed() -> None:
    one = await telling()
    one.shelf.put(off("Answers may be late. More by {next_at}."))
    other = off("Answers may be late. More by {next_at}.")
    name = "users-busy-investigating"
    one.shelf.put(template(name, "Answers may be late. More by {next_at}.", fields=(),
                           approved=other.approved, slots=other.slots))  # fmt: skip

    with pytest.raises(NeedsMoreWords, match="None was guessed"):
        await one.hold()
    await one.world.bot.comms.hold(HoldUsers(Which("INC-1"), name), MARA, request_id="named")

    assert one.message().template == name


async def test_it_promises_the_next_update_as_an_absolute_time() -> None:
    one = await telling()

    await one.hold()

    promised = one.message().next_ms
    assert promised is not None
    assert one.state.comms("INC-1").rhythm("users").due_ms == promised


async def test_where_data_was_exposed_nothing_goes_out_in_one_tap() -> None:
    one = await telling(OpenIncident("seen by others", workflow="support-copilot", type=EXPOSED))

    with pytest.raises(NotAllowed) as refused:
        await one.hold(MARA)

    assert refused.value.rule == "comms-exposure"
    assert not one.state.messages()


async def test_a_holding_message_as_a_later_word_takes_two_people() -> None:
    one = await telling()
    await one.told(FIRST)

    await one.new(HOLDING, values={})
    await one.publish("MSG-2")

    assert one.message("MSG-2").standing == "waiting"


async def test_a_name_that_users_must_not_read_gets_out_by_no_tap() -> None:
    one = await telling(settings={"public": {}})
    await one.world.declare(workflow(COPILOT, tier=1, title="GPT-5.2 answers"))
    one.shelf.every = {HOLDING: off("We switched off {feature}. Next update by {next_at}.")}

    with pytest.raises(Unpublishable, match="W-MODEL") as refused:
        await one.hold()

    assert "`public`" in refused.value.hint
    assert one.state.messages() == ()


async def test_a_draft_of_words_whose_approval_was_taken_back_takes_two_people() -> None:
    one = await telling()
    await one.new(HOLDING, values={})
    one.shelf.put(replace(off(), approved=""))

    await one.publish()

    assert one.message().standing == "waiting"
    assert not one.message().holding


async def test_what_only_our_own_people_use_is_told_to_nobody_outside_in_one_tap() -> None:
    one = await telling(settings={"public": {"another-workflow": "the assistant"}})

    with pytest.raises(IllegalMove, match="Users do not know `support-copilot`"):
        await one.hold()

    assert not one.state.messages()
