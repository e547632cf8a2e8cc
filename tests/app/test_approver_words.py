"""Who may be the second person: named now, named for later with the time, or said to be nobody."""

from dataclasses import replace

import pytest

from opsbot.app.approver_words import NOBODY, asks_of, may_approve
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.approval import Approval
from opsbot.domain.policy.model import Grant, Policy, Power, Request
from tests.support.world import MARA, World, policy, workflow

COPILOT = Target("workflow", "support-copilot")
ASKS = Request("approve", SCHEDULER, workflows=(workflow("support-copilot", tier=1),))
MINUTE_MS = 60_000
BY_TIER = {
    "approve": Power(
        {
            1: frozenset({"approver"}),
            2: frozenset({"approver"}),
            3: frozenset({"approver", "commander"}),
        }
    )
}
"""In tier 3 a commander approves as well."""


def waiting(requester: str = "mara", *, for_min: int = 30) -> Approval:
    """Return an approval asked for at midnight."""
    return Approval("A-1", {}, "", requester, 0, for_min * MINUTE_MS)


def without_secondary() -> Policy:
    """Return the company's policy where nobody is asked later."""
    return replace(policy(), secondary=())


def test_those_who_may_now_come_first_and_who_counts_later_with_the_time() -> None:
    said = may_approve(policy(), waiting(), ("ines", "sam"), ASKS)

    assert said == "May approve: Ines, Sam; Ola, as secondary, from 00:05:00 UTC."


def test_where_nobody_may_now_it_says_who_will() -> None:
    said = may_approve(policy(), waiting(), (), ASKS)

    assert said == "May approve: nobody yet; Ola, as secondary, from 00:05:00 UTC."


def test_who_asked_is_never_named() -> None:
    assert (
        may_approve(without_secondary(), waiting("ines"), ("ines", "sam"), ASKS)
        == "May approve: Sam."
    )
    assert "Ola" not in may_approve(policy(), waiting("ola"), ("sam",), ASKS)


@pytest.mark.parametrize("for_min", [1, 5])
def test_a_secondary_who_would_count_too_late_is_not_promised(for_min: int) -> None:
    assert may_approve(policy(), waiting(for_min=for_min), ("sam",), ASKS) == "May approve: Sam."


def test_a_policy_that_names_nobody_is_said_to() -> None:
    said = may_approve(without_secondary(), waiting(), (), ASKS)

    assert said == NOBODY
    assert "an admin has to add one" in said


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        (Grant("approver", groups=frozenset({"S0LEADS"})), "the group S0LEADS"),
        (Grant("approver", on_call=frozenset({"PESC"})), "whoever is on call for PESC"),
        (
            Grant("approver", groups=frozenset({"S0LEADS"}), teams=frozenset({"support-ai"})),
            "the group S0LEADS",
        ),
    ],
)
def test_who_may_without_being_named_is_named_by_group_or_duty(grant: Grant, said: str) -> None:
    by_group = replace(without_secondary(), grants=(grant,))

    assert may_approve(by_group, waiting(), (), ASKS) == f"May approve: {said}."
    assert may_approve(by_group, waiting(), ("sam",), ASKS) == f"May approve: Sam, {said}."


def test_a_group_that_may_not_approve_is_not_named() -> None:
    responders = (Grant("responder", groups=frozenset({"S0ONCALL"})),)

    assert (
        may_approve(replace(without_secondary(), grants=responders), waiting(), (), ASKS) == NOBODY
    )


@pytest.mark.parametrize(
    "grant",
    [
        Grant("approver", groups=frozenset({"S0LEADS"}), teams=frozenset({"data"})),
        Grant("commander", groups=frozenset({"S0LEADS"})),
    ],
)
def test_a_group_that_may_not_approve_this_workflow_in_its_tier_is_not_named(grant: Grant) -> None:
    one = replace(without_secondary(), grants=(grant,), powers=BY_TIER)

    assert may_approve(one, waiting(), ("sam",), ASKS) == "May approve: Sam."


def test_a_role_that_approves_in_one_tier_is_named_for_that_tier_alone() -> None:
    group = Grant("commander", groups=frozenset({"S0LEADS"}))
    one = replace(without_secondary(), grants=(group,), powers=BY_TIER)
    third = replace(ASKS, workflows=(workflow("summariser", tier=3),))

    assert may_approve(one, waiting(), (), third) == "May approve: the group S0LEADS."
    assert may_approve(one, waiting(), (), ASKS) == NOBODY


async def test_what_waits_is_judged_by_what_it_touches() -> None:
    world = World()
    await world.declare(workflow("support-copilot", tier=1))
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="k")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")
    state = world.store.state

    asks = asks_of(state, state.approval("A-1"))

    assert [one.name for one in asks.workflows] == ["support-copilot"]
    assert (asks.verb, asks.wide) == ("approve", False)


async def test_an_approval_that_nobody_can_give_says_so_when_it_is_asked_for() -> None:
    world = World()
    nobody = tuple(one for one in policy().grants if one.role != "approver")
    alone = replace(without_secondary(), grants=nobody)
    await world.declare(workflow("support-copilot", tier=1), with_policy=alone)
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="k")

    said = await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")

    assert NOBODY in said.lines
