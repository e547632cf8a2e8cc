"""Whether today's people could do every step: each supposition met, and each one broken."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from opsbot.app.runs.preflight import Gap, Seen, channels_of, gaps, paged_by, workflows_of
from opsbot.domain.policy.model import Grant, Policy
from opsbot.domain.roster import FRESH_MS, OnDuty, Roster
from opsbot.domain.runbook import Phase, Runbook
from tests.support.routes import switch_proved
from tests.support.runs import action, book, step
from tests.support.world import World, policy, workflow

COPILOT = "support-copilot"
NOW = 1_800_000_000_000


def one(*steps: object, **changes: object) -> Mapping[str, Runbook]:
    """Return a shelf with one runbook of these steps."""
    made = book(Phase("p", "P", 1, steps=steps), **changes)  # type: ignore[arg-type]  # steps of any sequence
    return {made.name: made}


async def world(*, with_policy: Policy | None = None, **changes: object) -> World:
    """Return a company with one workflow of tier 1."""
    made = World()
    await made.declare(workflow(COPILOT, tier=1, **changes), with_policy=with_policy)
    return made


def seen(made: World, **more: object) -> Seen:
    """Return what is known of it, with nothing asked outside but what the test says."""
    base = Seen(made.store.state, made.clock.now_ms())
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name, as each test words them


def says(found: tuple[Gap, ...]) -> list[str]:
    """Return the sentences."""
    return [gap.says for gap in found]


async def test_a_step_whose_role_somebody_has_is_well() -> None:
    made = await world()

    assert gaps(one(step("Stop it", who="responder")), seen(made)) == ()


async def test_a_role_that_nobody_has_is_named_with_its_step_and_line() -> None:
    made = await world()

    (gap,) = gaps(one(step("Tell them", who="comms")), seen(made))

    assert gap.says == "Nobody has the role comms for `support-ai`."
    assert gap.fix == "Give it to somebody under `roles.comms` of the policy."
    assert (gap.runbook, gap.step, gap.file, gap.line) == (
        "wrong-answers",
        "tell-them",
        "runbooks/wrong-answers.md",
        1,
    )


def _on_call() -> Policy:
    grants = [one for one in policy().grants if one.role != "responder"]
    return replace(policy(), grants=(*grants, Grant("responder", on_call=frozenset({"PE"}))))


@pytest.mark.parametrize(
    ("roster", "told"),
    [
        (Roster(NOW, (OnDuty("PE", 1, "PMARA", "Mara"),)), []),
        (
            Roster(NOW, (OnDuty("PE", 1, "PMARA", "Mara", until_ms=NOW),)),
            ["nobody is on call now."],
        ),
        (Roster(NOW, ()), ["nobody is on call now."]),
        (Roster(NOW - FRESH_MS - 1, (OnDuty("PE", 1, "P", "M"),)), ["PagerDuty does not answer."]),
        (None, ["PagerDuty does not answer."]),
    ],
)
async def test_a_role_by_being_on_call_is_held_by_who_is_on_call_now(
    roster: Roster | None, told: list[str]
) -> None:
    made = await world(with_policy=_on_call())

    found = gaps(one(step("Stop it", who="responder")), seen(made, now_ms=NOW, roster=roster))

    assert [gap.says.rpartition(": ")[2].rpartition(", and ")[2] for gap in found] == told
    assert [gap.known for gap in found] == [one != "PagerDuty does not answer." for one in told]


async def test_a_role_for_another_team_does_not_count_and_a_group_does() -> None:
    grants = (
        Grant("comms", frozenset({"mara"}), teams=frozenset({"legal"})),
        Grant("responder", groups=frozenset({"S0"})),
    )
    made = await world(with_policy=replace(policy(), grants=grants))

    found = gaps(one(step("A", who="comms"), step("B", who="responder")), seen(made))

    assert says(found) == ["Nobody has the role comms for `support-ai`."]


async def test_a_restore_on_tier_1_needs_an_approver_and_an_approval_whom_it_names() -> None:
    none = replace(policy(), grants=tuple(g for g in policy().grants if g.role == "responder"))
    made = await world(with_policy=none)
    steps = (
        step("Restore", action("restore", workflow="{{ workflow }}"), who="responder"),
        step("Ask", action("approve", what="x", who="commander"), who="responder"),
    )

    found = gaps(one(*steps), seen(made))

    assert says(found) == [
        "Nobody has the role approver for `support-ai`.",
        "Nobody has the role commander for `support-ai`.",
    ]


async def test_a_channel_that_cannot_be_written_to_is_named() -> None:
    made = await world()
    books = one(step("Stop it", who="responder"))

    found = gaps(books, seen(made, channels={"C0SUPPORTAI": "it is archived"}))

    assert channels_of(books, made.store.state) == ("C0SUPPORTAI",)
    assert says(found) == [
        "The channel C0SUPPORTAI of `support-copilot` cannot be written to: it is archived."
    ]


async def test_a_kill_switch_that_was_never_confirmed_is_to_be_drilled_and_then_it_is_well() -> (
    None
):
    made = await world()
    books = one(step("Stop it", action("kill", workflow="{{ workflow }}"), who="responder"))

    before = gaps(books, seen(made))
    await switch_proved(made, COPILOT)
    after = gaps(books, seen(made))

    assert says(before) == ["The kill switch of `support-copilot` was not confirmed in 90 days."]
    assert "kill-switch-drill workflow=support-copilot" in before[0].fix
    assert after == ()


async def test_a_workflow_that_is_not_declared_cannot_be_killed() -> None:
    made = await world()

    found = gaps(one(step("Stop it", action("kill", workflow="gone"), who="responder")), seen(made))

    assert says(found) == ["The workflow `gone` is not declared."]


async def test_a_rollback_needs_a_revision_to_go_back_to() -> None:
    made = World()
    await made.declare(workflow(COPILOT, tier=1))
    bare = replace(
        made.store.state,
        records={kind: rows for kind, rows in made.store.state.records.items() if kind != "routes"},
    )
    books = one(step("Back", action("rollback", workflow="{{ workflow }}"), who="responder"))
    named = one(step("Back", action("rollback", to="r3"), who="responder"))

    assert gaps(books, seen(made)) == ()
    assert says(gaps(books, seen(made, state=bare))) == [
        "`support-copilot` has no revision to go back to."
    ]
    assert gaps(named, seen(made, state=bare)) == ()


@pytest.mark.parametrize(
    ("pagers", "told"),
    [
        ({}, []),
        (None, ["PagerDuty is not connected: nobody is called."]),
        (
            {COPILOT: "no service PS"},
            ["A page for `support-copilot` reaches nobody: no service PS."],
        ),
    ],
)
async def test_a_page_needs_somebody_who_is_called(
    pagers: Mapping[str, str] | None, told: list[str]
) -> None:
    made = await world()
    books = one(step("Call", action("page", reason="users are hit"), who="responder"))

    assert says(gaps(books, seen(made, pagers=pagers))) == told
    assert [one.name for one in paged_by(books, made.store.state)] == [COPILOT]


@pytest.mark.parametrize(
    ("templates", "told"),
    [
        (frozenset({"users-wrong"}), []),
        (frozenset(), ["There is no template `users-wrong` that can be used."]),
        (None, ["There is no template `users-wrong` that can be used."]),
    ],
)
async def test_words_to_users_need_their_template(
    templates: frozenset[str] | None, told: list[str]
) -> None:
    made = await world()
    books = one(step("Tell", action("comms", template="users-wrong"), who="responder"))

    assert says(gaps(books, seen(made, templates=templates))) == told


async def test_words_to_people_of_the_company_need_a_place_where_they_read_them() -> None:
    made = await world()
    there = frozenset({"executives-incident-identified"})
    books = one(
        step("Tell", action("comms", template="executives-incident-identified"), who="responder")
    )

    (gap,) = gaps(books, seen(made, templates=there))

    assert gap.says == "Nobody declares where executives of `support-copilot` read messages."
    assert gap.fix == "Add `executives:` under `comms:` of the workflow's file."


async def test_foreign_pages_suppose_nothing() -> None:
    made = await world()

    assert gaps(one(step("Tell", who="comms"), imported=True), seen(made)) == ()


async def test_the_same_is_said_once_for_a_runbook() -> None:
    made = await world()

    found = gaps(one(step("A", who="comms"), step("B", who="comms")), seen(made))

    assert len(found) == 1


async def test_a_runbook_is_there_for_those_that_name_it_else_its_team_else_all() -> None:
    made = World()
    await made.declare(
        workflow(COPILOT, runbook="wrong-answers"),
        workflow("search", runbook="", team="search"),
    )
    state = made.store.state

    def names(**changes: object) -> list[str]:
        return [one.name for one in workflows_of(book(**changes), state)]  # type: ignore[arg-type]  # fields by name, as each test words them

    assert names() == [COPILOT]
    assert names(name="other", owner="@search") == ["search"]
    assert names(name="other", owner="@nobody") == ["search", COPILOT]
