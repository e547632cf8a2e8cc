"""Who can help with what was refused: those who may, by name, by group or by duty, never who may not."""

from dataclasses import replace

from opsbot.domain.policy.rules import Grant, Policy, Request, judge
from opsbot.domain.policy.words import helpers, waiting_for
from tests.support import policies as p

NAMED = (
    Grant("approver", people=frozenset({"ines"})),
    Grant("approver", people=frozenset({"sam"}), teams=frozenset({"support-ai"})),
)
UNNAMED = (
    Grant("approver", groups=frozenset({"S0LEADS"})),
    Grant("approver", on_call=frozenset({"PESC"}), teams=frozenset({"support-ai"})),
    Grant("approver", groups=frozenset({"S0DATA"}), teams=frozenset({"data"})),
)


def company(*grants: Grant) -> Policy:
    """Return the company's policy with these entries alone."""
    return replace(p.policy(), grants=grants)


def asked(*, requester: str = "ines", user: str = "U0INES", team: str = "support-ai") -> Request:
    """Return an approval of what *requester* has asked for."""
    return Request(
        verb="approve",
        actor=p.slack(user),
        workflows=(p.workflow(team=team),),
        requester=requester,
    )


def test_who_asked_is_told_who_else_may_approve() -> None:
    policy = company(*NAMED)
    own = asked(user=policy.people["ines"].slack[0])

    verdict = judge(policy, own)

    assert verdict.rule == "approver-is-requester"
    assert verdict.hint == f"Who can help: {policy.people['sam'].shown}."


def test_an_entry_for_another_team_helps_nobody() -> None:
    policy = company(*NAMED)

    assert helpers(policy, asked(team="data")) == "Who can help: an admin of the policy."


def test_groups_and_duties_that_approve_are_named_where_they_reach() -> None:
    policy = company(*UNNAMED)

    said = "the group S0LEADS or whoever is on call for PESC"
    assert helpers(policy, asked()) == f"Who can help: {said}."
    assert waiting_for(policy, asked(), ()).startswith(f"Ask {said}.")


def test_a_team_entry_helps_with_a_refused_kill_of_its_workflow() -> None:
    policy = company(*NAMED)
    kill = Request(verb="kill", actor=p.slack("U0NEW"), workflows=(p.workflow(),))

    assert policy.people["sam"].shown in helpers(policy, kill)
    assert policy.people["sam"].shown not in helpers(policy, replace(kill, wide=True))
