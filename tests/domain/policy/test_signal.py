"""Who may send signals: service accounts that are named for it, and people with the power."""

from dataclasses import replace

import pytest

from opsbot.domain.actor import Actor
from opsbot.domain.policy.rules import Policy, Request, Verdict, judge
from tests.support.evals import CI, DEPLOY, gated, signal_policy
from tests.support.world import GUS, INES, MARA


def ask(policy: Policy, actor: Actor) -> Verdict:
    return judge(policy, Request("signal", actor, (gated(),)))


@pytest.mark.parametrize(
    ("actor", "outcome", "rule"),
    [
        (CI, "alone", "signal-service"),
        (DEPLOY, "refused", "service-limit"),
        (INES, "alone", "signal-role"),
        (MARA, "refused", "signal-role"),
        (GUS, "refused", "guest-refused"),
        (replace(CI, id="ci-unknown"), "refused", "unknown-service-refused"),
    ],
)
def test_who_may_send_signals(actor: Actor, outcome: str, rule: str) -> None:
    verdict = ask(signal_policy(), actor)

    assert (verdict.outcome, verdict.rule) == (outcome, rule)


def test_a_policy_without_the_power_says_what_to_add() -> None:
    verdict = ask(signal_policy(power=False), INES)

    assert (verdict.outcome, verdict.rule) == ("refused", "signal-role")
    assert "`may: [signal]`" in verdict.message


def test_without_a_good_policy_nobody_sends_signals() -> None:
    assert ask(Policy(broken=True), CI).outcome == "refused"


def test_an_account_that_sends_signals_may_do_nothing_else() -> None:
    for verb in ("kill", "restore", "approve", "route", "rollback"):
        assert judge(signal_policy(), Request(verb, CI, (gated(),))).outcome == "refused"
