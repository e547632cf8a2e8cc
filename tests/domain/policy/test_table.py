"""Roles x verbs x tiers, walked one by one: the whole of who may do what, as a table to read."""

import pytest

from opsbot.domain.actor import Actor
from opsbot.domain.policy.rules import Request, judge
from opsbot.domain.workflow import Tier
from tests.support import policies as p

ACTORS = {
    "responder": p.MARA,
    "commander and approver": p.INES,
    "approver of support": p.SAM,
    "admin": p.OLA,
    "comms": p.PIA,
    "no role": p.NOOR,
    "service": p.CI,
    "guest": p.GUS,
    "foreign": p.FAY,
    "bot": p.slack("U0BOT", bot=True),
    "e-mail": Actor("email", "mara@example.com", "http"),
    "foreign e-mail": Actor("email", "eve@elsewhere.org", "http"),
    "unknown service": Actor("service", "who", "http"),
    "scheduler": Actor("system", "scheduler", "timer"),
    "emergency": Actor("claimed", "somebody", "emergency"),
}
ALONE, SECOND, NO = "alone", "second_person", "refused"

# kill, restore from stop, restore from fallback, show, approve what somebody else asked.
EVERYWHERE = {
    "responder": (ALONE, SECOND, ALONE, ALONE, NO),
    "commander and approver": (ALONE, SECOND, ALONE, ALONE, ALONE),
    "approver of support": (ALONE, SECOND, ALONE, ALONE, ALONE),
    "admin": (ALONE, SECOND, ALONE, ALONE, NO),
    "comms": (NO, NO, NO, ALONE, NO),
    "no role": (NO, NO, NO, ALONE, NO),
    "service": (ALONE, NO, NO, ALONE, NO),
    "guest": (NO, NO, NO, NO, NO),
    "foreign": (NO, NO, NO, NO, NO),
    "bot": (NO, NO, NO, NO, NO),
    "e-mail": (ALONE, SECOND, ALONE, ALONE, NO),
    "foreign e-mail": (NO, NO, NO, NO, NO),
    "unknown service": (NO, NO, NO, NO, NO),
    "scheduler": (ALONE, NO, NO, ALONE, NO),
    "emergency": (ALONE, NO, NO, ALONE, NO),
}
VERBS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("kill", ()),
    ("restore", ("stop",)),
    ("restore", ("fallback",)),
    ("show", ()),
    ("approve", ("stop",)),
)
ROWS = [
    (who, verb, before, tier, expected)
    for who, outcomes in EVERYWHERE.items()
    for (verb, before), expected in zip(VERBS, outcomes, strict=True)
    for tier in (1, 2, 3)
]


@pytest.mark.parametrize(("who", "verb", "before", "tier", "expected"), ROWS)
def test_the_table_of_roles_verbs_and_tiers_holds(
    who: str, verb: str, before: tuple[str, ...], tier: Tier, expected: str
) -> None:
    request = Request(
        verb=verb,
        actor=ACTORS[who],
        workflows=(p.workflow(tier),),
        before=before,
        after="live" if verb != "kill" else "stop",
        requester="pia" if verb == "approve" else "",
    )

    verdict = judge(p.policy(), request)

    assert verdict.outcome == expected
    if verdict.outcome == "refused":
        assert verdict.rule in verdict.message
        assert "Who can help" in verdict.hint


@pytest.mark.parametrize("tier", [1, 2, 3])
@pytest.mark.parametrize(
    ("age_ms", "joined", "incident", "alone"),
    [
        (0, False, False, True),
        (300_000, False, False, True),
        (300_001, False, False, False),
        (-1, False, False, False),
        (None, False, False, False),
        (1_000, True, False, False),
        (1_000, False, True, False),
    ],
)
def test_an_own_fresh_kill_is_undone_alone_except_on_tier_1(
    tier: Tier, age_ms: int | None, *, joined: bool, incident: bool, alone: bool
) -> None:
    request = Request(
        verb="restore",
        actor=p.MARA,
        workflows=(p.workflow(tier),),
        before=("stop",),
        own_kill_age_ms=age_ms,
        joined=joined,
        incident=incident,
    )

    verdict = judge(p.policy(), request)

    assert verdict.outcome == ("alone" if alone and tier != 1 else "second_person")


@pytest.mark.parametrize(
    ("before", "outcome"),
    [
        (("fallback",), "alone"),
        (("read_only",), "alone"),
        (("no_tools",), "alone"),
        (("fallback", "no_tools"), "alone"),
        (("fallback", "stop"), "second_person"),
        (("drafts_only",), "second_person"),
        (("human",), "second_person"),
        (("canned",), "second_person"),
        (("safe_state",), "second_person"),
        (("fallback_or_safe_state",), "second_person"),
        ((), "second_person"),
    ],
)
def test_only_from_mild_modes_one_person_restores(before: tuple[str, ...], outcome: str) -> None:
    request = Request("restore", p.MARA, (p.workflow(1),), before=before)

    assert judge(p.policy(), request).outcome == outcome
