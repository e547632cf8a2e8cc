"""The rules of the policy that are not in the table: scopes, approvals, broken glass, no policy."""

from dataclasses import replace

import pytest

from opsbot.domain.actor import Actor
from opsbot.domain.policy.explain import actor_named, explain
from opsbot.domain.policy.rules import (
    BreakGlass,
    Fallback,
    Person,
    Power,
    Request,
    actor_of_token,
    alarming,
    as_record,
    from_record,
    identity_of,
    judge,
    person_of,
    shown,
    without_policy,
)
from tests.support import policies as p

HOUR_MS = 3_600_000


def test_a_role_over_one_team_reaches_neither_others_nor_everything() -> None:
    own, other = p.workflow(), p.workflow(team="legal-ai", name="other")
    asked = [
        Request("kill", p.SAM, (own,), after="stop"),
        Request("kill", p.SAM, (own, other), after="stop"),
        Request("kill", p.SAM, (own,), wide=True, after="stop"),
        Request("kill", p.SAM, (), after="stop"),
    ]

    outcomes = [judge(p.policy(), request).outcome for request in asked]

    assert outcomes == ["alone", "refused", "refused", "refused"]


def test_a_slack_group_and_being_on_call_give_the_role_but_no_approval() -> None:
    in_group = replace(p.NOOR, groups=frozenset({"S0ONCALL"}))
    kill = Request("kill", p.NOOR, (p.workflow(),), after="stop", on_call=frozenset({"PESC"}))
    policy = p.policy()

    assert judge(policy, kill).outcome == "alone"
    assert judge(policy, replace(kill, on_call=frozenset())).outcome == "refused"
    assert judge(policy, replace(kill, actor=in_group, on_call=frozenset())).outcome == "alone"
    approve = Request("approve", in_group, (p.workflow(),), requester="mara")
    assert judge(policy, approve).rule == "approver-not-joined"


def test_killing_into_a_milder_mode_follows_the_rules_of_restoring() -> None:
    milder = Request("kill", p.MARA, (p.workflow(),), before=("stop",), after="read_only")
    stricter = replace(milder, before=("read_only",), after="stop")

    assert judge(p.policy(), milder).outcome == "second_person"
    assert judge(p.policy(), stricter).outcome == "alone"
    assert judge(p.policy(), replace(milder, actor=p.CI)).rule == "service-limit"


def test_restoring_everything_counts_as_its_riskiest_workflow() -> None:
    request = Request(
        "restore",
        p.MARA,
        (p.workflow(3), p.workflow(1)),
        wide=True,
        before=("stop",),
        own_kill_age_ms=1,
    )

    assert judge(p.policy(), request).rule == "restore-tier-1"
    assert judge(p.policy(), replace(request, workflows=())).rule == "restore-tier-1"


def test_a_second_person_verdict_names_the_approvers_and_never_the_requester() -> None:
    by_mara = judge(p.policy(), Request("restore", p.MARA, (p.workflow(),), before=("stop",)))
    by_ines = judge(p.policy(), Request("restore", p.INES, (p.workflow(),), before=("stop",)))

    assert by_mara.approvers == ("sam", "ines")
    assert by_mara.hint == "Ask Sam or Ines. After 5 minutes Ola is paged as approver."
    assert by_ines.approvers == ("sam",)
    assert by_mara.person == "mara"


def test_who_asked_lets_five_percent_through_alone_once_it_has_waited_a_quarter_of_an_hour() -> (
    None
):
    asked = Request("restore", p.MARA, (p.workflow(),), before=("stop",), requester="mara",
                    waiting_ms=15 * 60_000)  # fmt: skip
    soon = replace(asked, waiting_ms=asked.waiting_ms - 1)
    verdict = judge(p.policy(), asked)

    assert (verdict.outcome, verdict.rule) == ("alone_5_percent", "restore-lone-5-percent")
    assert not verdict.allowed
    assert verdict.approvers == ("sam", "ines", "ola")
    assert judge(p.policy(), soon).outcome == "second_person"
    assert judge(p.policy(), replace(asked, actor=p.INES)).outcome == "second_person"
    assert judge(p.policy(), replace(asked, actor=p.NOOR, requester="slack:U0NEW")).rule == (
        "restore-role"
    )
    assert judge(p.policy(), replace(asked, after="canned")).outcome == "second_person"
    assert judge(p.policy(), replace(asked, actor=p.CI, requester="service:ci-deploy")).rule == (
        "service-limit"
    )


def test_what_an_older_version_wrote_has_the_default_time_for_a_lone_restore() -> None:
    record = as_record(p.policy())
    times = record["times"]
    assert isinstance(times, dict)
    old = {name: value for name, value in times.items() if name != "lone_restore_ms"}

    read = from_record({**record, "times": old})

    assert read.times.lone_restore_ms == 15 * 60_000
    assert read == p.policy()


def test_an_explanation_never_offers_what_comes_after_the_approval_has_expired() -> None:
    late = replace(p.policy(), times=replace(p.policy().times, lone_restore_ms=30 * 60_000))
    asked = Request("restore", p.MARA, (p.workflow(),), before=("stop",))

    assert "may let 5 %" in " ".join(explain(p.policy(), asked))
    assert "may let 5 %" not in " ".join(explain(late, asked))


def test_the_secondary_may_approve_once_the_restore_has_waited() -> None:
    request = Request("approve", p.OLA, (p.workflow(),), requester="mara", waiting_ms=299_999)

    early = judge(p.policy(), request)
    late = judge(p.policy(), replace(request, waiting_ms=300_000))

    assert (early.rule, late.outcome) == ("approver-role", "alone")


@pytest.mark.parametrize(
    "actor",
    [
        p.INES,
        Actor("email", "ines@example.com", "http"),
        Actor("email", "INES@Example.com", "web"),
        Actor("slack", "U0LEAD", "cli"),
    ],
)
def test_who_asked_never_approves_in_any_identity(actor: Actor) -> None:
    request = Request("approve", actor, (p.workflow(),), requester=identity_of(p.policy(), p.INES))

    assert judge(p.policy(), request).rule == "approver-is-requester"


def test_an_approval_of_nobodys_request_is_refused() -> None:
    request = Request("approve", p.INES, (p.workflow(),))

    assert judge(p.policy(), request).outcome == "refused"


def test_an_approver_who_lost_the_role_is_refused() -> None:
    policy, request = p.policy(), Request("approve", p.INES, (p.workflow(),), requester="mara")
    without = replace(policy, grants=tuple(g for g in policy.grants if "ines" not in g.people))

    assert judge(policy, request).outcome == "alone"
    assert judge(without, request).rule == "approver-role"


def test_the_same_slack_id_in_another_workspace_is_nobody() -> None:
    stranger = p.slack("U0ONCALL", team="T9OTHER")

    assert person_of(p.policy(), stranger) == ""
    assert person_of(p.policy(), p.slack("U0ONCALL", team="")) == ""
    assert judge(p.policy(), Request("kill", stranger)).rule == "foreign-refused"


def test_guests_are_refused_even_with_a_role_and_the_glass_broken() -> None:
    guest = replace(p.MARA, guest=True)

    verdict = judge(p.policy(), Request("kill", guest, (p.workflow(),), break_glass=True))

    assert verdict.rule == "guest-refused"
    assert "Mara" in verdict.hint


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("kill", "Guests cannot use the kill switch."),
        ("incident", "Guests cannot work on incidents."),
        ("rollback", "Guests cannot change routes."),
        ("show", "Guests cannot look at opsbot."),
    ],
)
def test_a_guest_is_told_what_it_was_that_they_may_not(verb: str, words: str) -> None:
    guest = replace(p.MARA, guest=True)

    assert judge(p.policy(), Request(verb, guest, (p.workflow(),))).message.startswith(words)


def test_breaking_the_glass_stops_one_workflow_once_an_hour() -> None:
    first = Request("kill", p.NOOR, (p.workflow(),), after="stop", break_glass=True, now_ms=HOUR_MS)
    policy = p.policy()

    assert judge(policy, first).outcome == "break_glass"
    assert judge(policy, replace(first, break_glass=False)).rule == "kill-role"
    assert "break-glass" in judge(policy, replace(first, break_glass=False)).message
    assert judge(policy, replace(first, wide=True)).rule == "break-glass-one-workflow"
    assert judge(policy, replace(first, last_break_glass_ms=0)).outcome == "break_glass"
    soon = judge(policy, replace(first, last_break_glass_ms=1))
    assert (soon.rule, "1 min" in soon.message) == ("break-glass-once-an-hour", True)
    restore = replace(first, verb="restore", before=("stop",))
    assert judge(policy, restore).rule == "break-glass-never-restores"


def test_the_group_that_may_break_the_glass_can_be_narrowed() -> None:
    glass = BreakGlass(members=False, groups=frozenset({"S0STAFF"}), people=frozenset({"pia"}))
    policy = replace(p.policy(), break_glass=glass)
    request = Request("kill", p.NOOR, (p.workflow(),), break_glass=True)
    in_group = replace(p.NOOR, groups=frozenset({"S0STAFF"}))

    assert judge(policy, request).outcome == "refused"
    assert judge(policy, replace(request, actor=in_group)).outcome == "break_glass"
    assert judge(policy, replace(request, actor=p.PIA)).outcome == "break_glass"


def test_a_responder_who_types_break_glass_needs_no_broken_glass() -> None:
    request = Request("kill", p.MARA, (p.workflow(),), break_glass=True)

    assert judge(p.policy(), request).rule == "one-person-kills"


def test_a_service_account_never_breaks_the_glass() -> None:
    policy = replace(p.policy(), grants=())

    verdict = judge(policy, Request("kill", p.CI, (p.workflow(),), break_glass=True))

    assert verdict.rule == "kill-role"


def test_without_a_policy_only_the_fallback_group_kills_and_nobody_restores() -> None:
    nothing = without_policy(Fallback(frozenset({"U0ONCALL"}), frozenset({"S0FALL"})))
    kill = Request("kill", p.MARA, (p.workflow(),), after="stop")
    grouped = replace(p.NOOR, groups=frozenset({"S0FALL"}))

    assert judge(nothing, kill).rule == "no-policy-fallback"
    assert judge(nothing, replace(kill, actor=grouped)).outcome == "alone"
    assert judge(nothing, replace(kill, actor=p.NOOR)).rule == "no-policy"
    assert judge(nothing, replace(kill, actor=replace(p.MARA, guest=True))).outcome == "refused"
    assert judge(nothing, replace(kill, verb="restore", before=("fallback",))).rule == "no-policy"
    assert judge(nothing, replace(kill, before=("stop",), after="human")).rule == "no-policy"
    assert judge(nothing, replace(kill, verb="approve", requester="x")).rule == "no-policy"


def test_without_a_policy_another_workspace_is_refused_where_home_is_known() -> None:
    fallback = Fallback(frozenset({"U0ONCALL"}))
    nothing = without_policy(fallback, teams=frozenset({p.HOME}))
    stranger = p.slack("U0ONCALL", team="T9OTHER")

    assert judge(nothing, Request("kill", stranger, after="stop")).rule == "no-policy"


def test_a_verb_without_rules_of_its_own_goes_by_its_power() -> None:
    policy, one, three = p.policy(), (p.workflow(1),), (p.workflow(3),)

    assert judge(policy, Request("route", p.MARA, one)).rule == "route-second-person"
    assert judge(policy, Request("route", p.MARA, three)).outcome == "alone"
    assert judge(policy, Request("audit", p.MARA, one)).rule == "audit-role"
    assert judge(policy, Request("fly", p.OLA, one)).rule == "fly-role"


def test_many_kills_in_a_short_time_raise_the_alarm() -> None:
    times = tuple(range(0, 50_000, 10_000))

    assert alarming(p.policy(), times, now_ms=60_000)
    assert not alarming(p.policy(), times[1:], now_ms=60_000)
    assert not alarming(p.policy(), times, now_ms=10_000_000)


def test_a_token_belongs_to_a_service_a_person_or_nobody() -> None:
    policy = p.policy()
    people = {**policy.people, "mara": replace(policy.people["mara"], tokens=("cd" * 32,))}
    policy = replace(policy, people=people)

    service = actor_of_token(policy, "ab" * 32, via="http")
    mara = actor_of_token(policy, "cd" * 32, via="cli")

    assert service is not None
    assert (service.kind, service.id) == ("service", "ci-deploy")
    assert mara is not None
    assert person_of(policy, mara) == "mara"
    assert actor_of_token(policy, "ef" * 32, via="http") is None


def test_an_identity_is_never_empty_and_is_shown_by_its_name() -> None:
    policy = p.policy()

    assert identity_of(policy, p.NOOR) == "slack:U0NEW"
    assert identity_of(policy, p.CI) == "service:ci-deploy"
    assert shown(policy, "mara") == "Mara"
    assert shown(policy, "slack:U0NEW") == "someone outside the policy (U0NEW)"


def test_the_policy_survives_its_record() -> None:
    policy = p.policy()

    assert from_record(as_record(policy)) == policy
    assert from_record(as_record(without_policy(Fallback()))).broken


@pytest.mark.parametrize("broken", [{}, {"people": []}, {"grants": [{"role": "king"}]}])
def test_a_record_of_somebody_else_is_an_error(broken: dict[str, object]) -> None:
    record = {**as_record(p.policy()), **broken} if broken else {}

    with pytest.raises((KeyError, TypeError, ValueError)):
        from_record(record)  # type: ignore[arg-type]  # wrong on purpose


def test_an_explanation_says_who_what_and_why() -> None:
    lines = explain(p.policy(), Request("restore", p.MARA, (p.workflow(),), before=("stop",)))

    assert lines == (
        "actor: Mara (`mara`), known as slack `U0ONCALL`",
        "standing: full member at home",
        "roles over this: responder",
        "roles that may restore this: admin, approver, commander, responder",
        "touches: tier-1 (tier 1, support-ai)",
        "verdict: yes, with a second person (rule `restore-tier-1`)",
        "because: Restoring this needs a second person (rule `restore-tier-1`).",
        "approvers: Sam, Ines",
        "Ask Sam or Ines. After 5 minutes Ola is paged as approver.",
        (
            "After it has waited 15 minutes, who asked may let 5 % of the sticky keys through alone,"
            " without write tools (rule `restore-lone-5-percent`)."
        ),
    )


def test_words_on_the_command_line_name_actors() -> None:
    policy = p.policy()

    assert person_of(policy, actor_named(policy, "mara")) == "mara"
    assert person_of(policy, actor_named(policy, "U0LEAD")) == "ines"
    assert person_of(policy, actor_named(policy, "sam@example.com")) == "sam"
    assert actor_named(policy, "ci-deploy").kind == "service"
    assert actor_named(policy, "new@example.com").kind == "email"
    assert actor_named(policy, "U0NEW").team == p.HOME


@pytest.mark.parametrize("word", ["U`\x10kill all` n", "a@b`\x10kill all` n"])
def test_an_actor_cannot_be_named_like_a_command(word: str) -> None:
    policy = p.policy()
    asked = Request("kill", actor_named(policy, word), (p.workflow(),), after="stop")

    assert not any("\x10" in line for line in explain(policy, asked))


def test_a_person_without_an_identity_cannot_sign_in() -> None:
    ghost = Person("ghost", tokens=("12" * 32,))
    policy = replace(p.policy(), people={"ghost": ghost})

    assert actor_of_token(policy, "12" * 32, via="http") is None


def test_waiting_makes_an_approver_of_the_secondary_and_of_nobody_else() -> None:
    request = Request("approve", p.PIA, (p.workflow(),), requester="mara", waiting_ms=10**9)

    assert judge(p.policy(), request).rule == "approver-role"


def test_two_named_workflows_are_too_many_for_broken_glass() -> None:
    two = (p.workflow(1), p.workflow(2))

    verdict = judge(p.policy(), Request("kill", p.NOOR, two, after="stop", break_glass=True))

    assert verdict.rule == "break-glass-one-workflow"


def test_a_power_over_one_tier_is_no_power_over_another_or_over_nothing() -> None:
    by_tier = {1: frozenset({"approver"}), 2: frozenset({"approver"}), 3: frozenset({"responder"})}
    policy = replace(p.policy(), powers={"audit": Power(by_tier)})
    three = Request("audit", p.MARA, (p.workflow(3),))

    assert judge(policy, three).outcome == "alone"
    assert judge(policy, replace(three, workflows=(p.workflow(3), p.workflow(1)))).allowed is False
    assert judge(policy, replace(three, workflows=())).allowed is False


def test_a_slack_id_from_elsewhere_without_a_workspace_must_be_joined() -> None:
    stranger = Actor("slack", "U0X", "cli")

    assert judge(p.policy(), Request("show", stranger)).rule == "foreign-refused"
    assert judge(p.policy(), Request("show", replace(stranger, id="U0LEAD"))).outcome == "alone"
