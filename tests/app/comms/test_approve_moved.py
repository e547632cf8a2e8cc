"""What is declared moves between the asking and the yes: people, names, targets; and what is shown to be approved."""

from dataclasses import replace

import pytest

from opsbot.app.comms.requests import CommsLook
from opsbot.app.incident.requests import EditIncident, Which
from opsbot.domain.change import Json
from opsbot.domain.errors import (
    NotAllowed,
    Unpublishable,
)
from opsbot.domain.policy.rules import Grant
from tests.support.comms import (
    FIRST,
    PIA,
    comms_policy,
    declare_comms,
    telling,
    template,
)
from tests.support.world import INES, MARA, slack


async def test_who_is_asked_reads_each_languages_own_headline() -> None:
    one = await telling()
    one.shelf.put(template(FIRST, headlines={"de": "Der Assistent ruht"}))
    await one.new()
    await one.publish()

    await one.settle()

    told = [text for _, text in one.world.slack.told if "A-1" in text]
    assert "Der Assistent ruht" in told[0]
    said = await one.world.bot.comms.look(CommsLook("preview", message="MSG-1"), PIA)
    assert "Der Assistent ruht" in said.as_text()


async def test_nobody_is_asked_where_who_changed_it_may_be_the_second_person() -> None:
    one = await telling()
    policy = comms_policy()
    grant = Grant("comms", groups=frozenset({"S0WRITERS"}))
    await one.world.declare(with_policy=replace(policy, grants=(*policy.grants, grant)))
    await one.new()
    unknown = replace(slack("U0OTHER"), groups=frozenset({"S0WRITERS"}))
    await one.edit("Answers about orders may be wrong.", by=unknown)

    with pytest.raises(NotAllowed) as refused:
        await one.publish()

    assert refused.value.rule == "requester-not-joined"
    assert one.message().standing == "draft"


async def test_a_target_that_nobody_declares_any_more_keeps_a_yes_from_counting() -> None:
    one = await telling()
    await one.new(targets=("mail", "status-page"))
    await one.publish()
    await declare_comms(one.world, targets={})

    with pytest.raises(Unpublishable, match="Nobody declares the target `mail`"):
        await one.approve()

    assert one.message().standing == "waiting"


@pytest.mark.parametrize(
    "mail",
    [
        {"kind": "email", "where": {"to": ["everybody@example.com"]}},
        {"kind": "webhook", "where": {"url": "https://elsewhere.example/hook"}},
    ],
)
async def test_a_yes_does_not_count_once_a_targets_name_stands_for_another_place(
    mail: dict[str, Json],
) -> None:
    one = await telling()
    await one.new(targets=("mail", "status-page"))
    await one.publish()
    await declare_comms(one.world, targets={"mail": mail})

    said = await one.approve()

    assert "Where its targets lead is declared otherwise now" in said.as_text()
    assert one.message().standing == "draft"
    await one.settle()
    assert not one.places.every


async def test_a_target_that_the_message_does_not_go_to_may_move() -> None:
    one = await telling()
    await one.new()
    await one.publish()
    await declare_comms(one.world, targets={})

    await one.approve()

    assert one.message().standing == "published"


async def test_a_yes_does_not_count_once_the_incident_is_about_more() -> None:
    one = await telling()
    await one.new()
    await one.publish()
    both = EditIncident(Which("INC-1"), workflow="coding-agent")

    await one.world.bot.incidents.edit(both, MARA, request_id="more")

    assert one.message().standing == "draft"
    assert one.state.approval("A-1").cause.startswith("INC-1 is about `")
    assert "`coding-agent`" in one.state.approval("A-1").cause


async def test_who_is_called_otherwise_by_now_does_not_approve_their_own_words() -> None:
    one = await telling()
    policy = comms_policy()
    more = Grant("comms", people=frozenset({"ines"}))
    await one.world.declare(with_policy=replace(policy, grants=(*policy.grants, more)))
    await one.new()
    await one.edit("Answers about orders may be wrong.", by=INES)
    await one.publish()
    again = replace(policy.people["ines"], name="ines-duarte")
    people = {name: who for name, who in policy.people.items() if name != "ines"}
    grant = Grant("admin", people=frozenset({"ines-duarte"}))
    renamed = replace(
        policy, people={**people, "ines-duarte": again}, grants=(*policy.grants, grant)
    )
    await one.world.declare(with_policy=renamed)

    with pytest.raises(NotAllowed) as refused:
        await one.approve()

    assert refused.value.rule == "requester-not-joined"
    assert one.message().standing == "waiting"


async def test_the_same_words_that_two_people_wrote_go_out_once() -> None:
    one = await telling()
    await one.told(FIRST)
    for _ in range(2):
        await one.new(values={"what": "Answers about orders may be wrong as well."})
    await one.publish("MSG-2")
    await one.publish("MSG-3")
    second, third = (one.message(name).approvals[0] for name in ("MSG-2", "MSG-3"))
    await one.approve(second)

    with pytest.raises(Unpublishable, match="MSG-2 says exactly this"):
        await one.approve(third)

    await one.settle()
    assert one.places["status-page"].said == ["MSG-1", "MSG-2"]
