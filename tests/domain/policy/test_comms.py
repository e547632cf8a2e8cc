"""The power `comms`: who lets words go, and who says yes to what others wrote."""

from dataclasses import replace

import pytest

from opsbot.domain.actor import Actor
from opsbot.domain.policy.model import Power, Service
from opsbot.domain.policy.rules import Request, judge
from opsbot.domain.policy.words import approvers
from tests.support.comms import PIA, PIA_BY_MAIL, comms_policy
from tests.support.world import FAY, GUS, INES, MARA, NOOR, OLA, SAM, workflow

ONE = (workflow("support-copilot", tier=1),)


def approving(actor: Actor, requester: str = "ines", of: str = "comms") -> Request:
    """Return the request of somebody who says yes."""
    return Request("approve", actor, ONE, requester=requester, of=of)


@pytest.mark.parametrize("actor", [PIA, PIA_BY_MAIL, INES, OLA])
def test_comms_commanders_and_admins_let_words_go(actor: Actor) -> None:
    assert judge(comms_policy(), Request("comms", actor, ONE)).outcome == "alone"


@pytest.mark.parametrize("actor", [MARA, SAM, NOOR, GUS, FAY])
def test_nobody_else_does(actor: Actor) -> None:
    assert judge(comms_policy(), Request("comms", actor, ONE)).outcome == "refused"


@pytest.mark.parametrize("actor", [PIA, SAM, OLA])
def test_who_writes_or_approves_may_say_yes_to_others(actor: Actor) -> None:
    assert judge(comms_policy(), approving(actor)).rule == "approver"


@pytest.mark.parametrize("actor", [PIA, PIA_BY_MAIL])
def test_nobody_says_yes_to_themselves_in_any_identity(actor: Actor) -> None:
    assert judge(comms_policy(), approving(actor, "pia")).rule == "approver-is-requester"


def test_the_power_over_words_approves_nothing_else() -> None:
    policy = comms_policy()

    assert judge(policy, approving(PIA, of="")).rule == "approver-role"
    assert "pia" not in approvers(policy, approving(OLA, of=""), requester="ines")
    assert "pia" in approvers(policy, approving(OLA), requester="ines")


def test_service_accounts_neither_write_nor_approve() -> None:
    policy = replace(comms_policy(), services={"ci": Service("ci", may=frozenset({"kill"}))})
    account = Actor("service", "ci", "http")

    assert judge(policy, Request("comms", account, ONE)).rule == "service-limit"
    assert judge(policy, approving(account)).rule == "service-never-approves"


def test_a_policy_without_that_power_leaves_it_to_those_who_approve() -> None:
    base = comms_policy()
    old = replace(base, powers={n: p for n, p in base.powers.items() if n != "comms"})

    assert judge(old, Request("comms", PIA, ONE)).outcome == "refused"
    assert judge(old, approving(PIA)).rule == "approver-role"
    assert judge(old, approving(SAM)).rule == "approver"


def test_a_policy_may_ask_for_a_second_person_on_a_tier() -> None:
    base = comms_policy()
    roles = base.powers["comms"].roles
    stricter = replace(base, powers={**base.powers, "comms": Power(roles, frozenset({1}))})

    verdict = judge(stricter, Request("comms", PIA, ONE))

    assert (verdict.outcome, verdict.rule) == ("second_person", "comms-second-person")
