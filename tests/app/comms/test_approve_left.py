"""Who said yes and may not any more before the last yes: their yes is void, and it says whose."""

from dataclasses import replace

import pytest

from opsbot.app.paging.oncall import OnCall
from opsbot.app.paging.port import PagerPerson
from opsbot.domain.policy.rules import Grant, Policy
from tests.support.comms import FIRST, Telling, comms_policy, telling, template
from tests.support.pages import INES as INES_PAGED
from tests.support.pages import Pages, duty
from tests.support.world import INES, OLA, SAM

DUTY = Grant("approver", on_call=frozenset({"PESC"}))


async def half_given(policy: Policy | None = None, *, groups: tuple[str, ...] = ()) -> Telling:
    """Return the world with a message that takes two more people, one of whom has said yes."""
    one = await telling()
    if policy is not None:
        await one.world.declare(with_policy=policy)
    one.shelf.put(template(FIRST, approvals=1))
    await one.new()
    await one.publish()
    await one.approve("A-1", by=replace(INES, groups=frozenset(groups)))
    return one


def only(policy: Policy, *grants: Grant) -> Policy:
    """Return a policy in which nobody but those with *grants*, Sam and the writers has a say."""
    kept = [one for one in policy.grants if one.role not in ("commander", "approver")]
    sam = Grant("approver", people=frozenset({"sam"}))
    return replace(policy, grants=(*kept, sam, *grants))


async def test_a_yes_is_void_once_who_gave_it_lost_the_role() -> None:
    one = await half_given()
    await one.world.declare(with_policy=only(comms_policy()))

    said = await one.approve("A-2", by=SAM)

    assert said.body["outcome"] == "void"
    assert "Ines, who gave A-1, may not approve it any more" in said.as_text()
    assert one.message().standing == "draft"
    await one.settle()
    assert not one.places.every


async def test_a_yes_is_void_once_who_gave_it_left_the_company() -> None:
    one = await half_given()
    policy = comms_policy()
    people = {name: who for name, who in policy.people.items() if name != "ines"}
    await one.world.declare(with_policy=replace(policy, people=people))

    said = await one.approve("A-2", by=SAM)

    assert "who gave A-1, may not approve it any more" in said.as_text()
    assert one.message().standing == "draft"


@pytest.mark.parametrize(("left", "standing"), [("S0APPROVERS", "published"), ("S0X", "draft")])
async def test_a_yes_by_a_group_counts_as_long_as_the_policy_gives_that_group_a_say(
    left: str, standing: str
) -> None:
    group = Grant("approver", groups=frozenset({"S0APPROVERS"}))
    one = await half_given(only(comms_policy(), group), groups=("S0APPROVERS",))
    other = Grant("approver", groups=frozenset({left}))
    await one.world.declare(with_policy=only(comms_policy(), other))

    await one.approve("A-2", by=SAM)

    assert one.message().standing == standing


@pytest.mark.parametrize(("later", "standing"), [((INES_PAGED,), "published"), ((), "draft")])
async def test_a_yes_by_whoever_is_on_call_counts_as_long_as_they_are(
    later: tuple[PagerPerson, ...], standing: str
) -> None:
    one = await telling()
    pages = Pages(duties=(duty(INES_PAGED),))
    rota = OnCall(one.world.env, one.world.outbox, pages)
    one.world.bot = replace(one.world.bot, rota=rota)
    policy = only(comms_policy(), DUTY)
    ines = replace(policy.people["ines"], pagerduty=(INES_PAGED.id,))
    await one.world.declare(with_policy=replace(policy, people={**policy.people, "ines": ines}))
    await rota.refresh()
    one.shelf.put(template(FIRST, approvals=1))
    await one.new()
    await one.publish()
    await one.approve("A-1", by=INES)
    pages.duties = tuple(duty(one) for one in later)
    one.world.clock.later(61)
    await rota.refresh()

    await one.approve("A-2", by=SAM)

    assert one.message().standing == standing


async def test_who_was_paged_for_want_of_anybody_else_still_counts() -> None:
    one = await telling()
    one.shelf.put(template(FIRST, approvals=1))
    await one.world.declare(with_policy=only(replace(comms_policy(), secondary=("ola",))))
    await one.new()
    await one.publish()
    one.world.clock.later(6 * 60)
    await one.approve("A-1", by=OLA)

    await one.approve("A-2", by=SAM)

    assert one.message().standing == "published"
