"""Laws of the policy that hold for any request: it never widens, and nobody approves themselves."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.actor import Actor
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import Request, identity_of, judge, without_policy
from opsflags.model import MODES
from tests.support import policies as p

FREEDOM = {"refused": 0, "second_person": 1, "alone_5_percent": 2, "break_glass": 3, "alone": 4}

KNOWN = [p.MARA, p.SAM, p.INES, p.OLA, p.PIA, p.NOOR, p.GUS, p.FAY, p.CI]
actors = st.one_of(
    st.sampled_from(KNOWN),
    st.builds(
        Actor,
        kind=st.sampled_from(["slack", "email", "service", "system", "claimed"]),
        id=st.sampled_from(["U0ONCALL", "U0LEAD", "ines@example.com", "ci-deploy", "U0X", "x@y.z"]),
        via=st.sampled_from(["slack", "cli", "http", "web"]),
        team=st.sampled_from(["", p.HOME, "T9OTHER"]),
        guest=st.booleans(),
        bot=st.booleans(),
        groups=st.frozensets(st.sampled_from(["S0ONCALL", "S0OTHER"])),
    ),
)
workflows = st.lists(
    st.builds(
        p.workflow, st.sampled_from([1, 2, 3]), team=st.sampled_from(["support-ai", "legal-ai"])
    ),
    max_size=3,
).map(tuple)
requests = st.builds(
    Request,
    verb=st.sampled_from(["kill", "restore", "show", "approve", "route", "audit", "nonsense"]),
    actor=actors,
    workflows=workflows,
    wide=st.booleans(),
    before=st.lists(st.sampled_from(MODES[1:]), max_size=3).map(tuple),
    after=st.sampled_from(MODES),
    own_kill_age_ms=st.none() | st.integers(-10, 400_000),
    joined=st.booleans(),
    incident=st.booleans(),
    break_glass=st.booleans(),
    now_ms=st.integers(0, 10**13),
    waiting_ms=st.integers(0, 10**6),
    last_break_glass_ms=st.none() | st.integers(0, 10**13),
    requester=st.sampled_from(["", "mara", "ines", "sam", "slack:U0X"]),
    on_call=st.frozensets(st.sampled_from(["PESC", "POTHER"])),
)


def _narrower(policy: Policy, gone: int) -> Policy:
    kept = tuple(g for i, g in enumerate(policy.grants) if i != gone % len(policy.grants))
    return replace(policy, grants=kept)


@given(requests, st.integers(0, 7))
def test_taking_a_grant_away_never_allows_more(request: Request, gone: int) -> None:
    before = judge(p.policy(), request)
    after = judge(_narrower(p.policy(), gone), request)

    assert FREEDOM[after.outcome] <= FREEDOM[before.outcome]


@given(requests)
def test_more_reasons_for_care_never_allow_more(request: Request) -> None:
    careful = replace(request, joined=True, incident=True, own_kill_age_ms=None)

    free, cared = judge(p.policy(), request), judge(p.policy(), careful)

    assert FREEDOM[cared.outcome] <= FREEDOM[free.outcome]


@given(request=requests, guest=st.booleans())
def test_guests_bots_and_strangers_get_nothing(*, request: Request, guest: bool) -> None:
    actor = replace(request.actor, kind="slack", guest=guest, bot=not guest)
    strange = replace(request.actor, kind="slack", team="T9OTHER", guest=False, bot=False)

    for one in (actor, strange):
        assert judge(p.policy(), replace(request, actor=one)).outcome == "refused"


@given(requests)
def test_an_approval_is_always_by_another_joined_person(request: Request) -> None:
    asked = replace(request, verb="approve")

    verdict = judge(p.policy(), asked)

    if verdict.allowed:
        assert verdict.person in p.policy().people
        assert verdict.person != asked.requester
        assert asked.actor.kind in {"slack", "email"}


@given(requests)
def test_the_approvers_named_can_approve_and_are_never_the_requester(request: Request) -> None:
    policy = p.policy()
    verdict = judge(policy, request)

    for name in verdict.approvers:
        assert name != identity_of(policy, request.actor)
        actor = p.slack(policy.people[name].slack[0])
        approve = replace(request, verb="approve", actor=actor, requester=verdict.person)
        assert judge(policy, approve).outcome == "alone"


def test_who_is_nobody_known_asks_for_no_second_person() -> None:
    stranger = Request("route", p.slack("U0NEW"), on_call=frozenset({"PESC"}))

    verdict = judge(p.policy(), stranger)

    assert (verdict.outcome, verdict.rule) == ("refused", "requester-not-joined")


@given(requests)
def test_whoever_is_on_call_kills_anything_alone(request: Request) -> None:
    kill = replace(request, verb="kill", actor=p.MARA, before=())

    assert judge(p.policy(), kill).outcome == "alone"


@given(requests)
def test_tier_1_is_never_restored_alone_but_from_mild_modes(request: Request) -> None:
    touched = (*request.workflows, p.workflow(1))
    asked = replace(request, verb="restore", workflows=touched)

    verdict = judge(p.policy(), asked)

    if verdict.allowed:
        assert set(asked.before) <= {"fallback", "read_only", "no_tools"}
        assert asked.before


@given(requests)
def test_breaking_the_glass_only_ever_stops_one_workflow(request: Request) -> None:
    verdict = judge(p.policy(), request)

    if verdict.outcome == "break_glass":
        assert request.verb == "kill"
        assert len(request.workflows) == 1
        assert not request.wide
        assert request.break_glass


@given(requests)
def test_without_a_policy_nothing_is_allowed_that_the_policy_refuses_to_everybody(
    request: Request,
) -> None:
    nothing = without_policy(p.policy().fallback)

    verdict = judge(nothing, request)

    assert verdict.outcome in {"alone", "refused"}
    if verdict.outcome == "alone":
        assert request.verb in {"kill", "show"}


@given(requests)
def test_every_refusal_names_its_rule_and_who_can_help(request: Request) -> None:
    verdict = judge(p.policy(), request)

    assert verdict.rule
    assert verdict.message
    assert verdict.person
    if verdict.outcome == "refused":
        assert f"`{verdict.rule}`" in verdict.message
        assert verdict.hint.startswith("Who can help")


@given(requests)
def test_one_person_lets_a_little_through_only_of_ones_own_that_waited(request: Request) -> None:
    verdict = judge(p.policy(), request)

    if verdict.outcome == "alone_5_percent":
        assert (request.verb, request.after) == ("restore", "live")
        assert request.waiting_ms >= p.policy().times.lone_restore_ms
        assert request.requester == verdict.person in p.policy().people
        assert not verdict.allowed
