"""Each verb goes through the door of its command: the same policy, the same commit, once under one request id."""

import pytest

from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.app.runs.claim import request_id
from opsbot.app.runs.requests import StartRun
from opsbot.domain import journal
from opsbot.domain.errors import (
    IllegalMove,
    NeedsBreakGlass,
    NeedsMoreWords,
    NotAllowed,
    NothingToRestore,
    RouteRefused,
)
from opsbot.domain.run import Act
from opsbot.domain.runbook import Param, Phase, Value, Verb
from tests.support.routes import MINI, measured, once_served, staged, stored, switch_proved
from tests.support.runs import (
    BOOK,
    action,
    book,
    marked,
    pressed,
    run,
    started,
    step,
    view,
    walked_company,
)
from tests.support.world import INES, MARA, SAM, World

AGENT = "coding-agent"


async def house_with(verb: Verb, **arguments: Value) -> World:
    """Return a company whose runbook has one step with one action, begun for INC-1."""
    steps = (step("Do it", action(verb, **arguments), undo="do-it"),)
    house = await walked_company(book(Phase("one", "One", 1, steps=steps)))
    await started(house)
    return house


def act(house: World) -> Act:
    """Return what became of the action."""
    found = run(house).act("do-it", 1)
    assert found is not None
    return found


def attempted(house: World, attempt: int = 1) -> str:
    """Return the request id under which the action is done."""
    return request_id(run(house), "do-it#1", attempt)


def requests(house: World, start: str) -> list[str]:
    """Return the request ids in the journal that begin so."""
    ids = [journal.read_entry(line, index=n).request for n, line in enumerate(house.server.lines)]
    return [one for one in ids if one.startswith(start)]


async def test_a_kill_of_another_mode_says_so_on_its_button_and_does_it() -> None:
    house = await house_with("kill", workflow=AGENT, mode="read_only", **{"for": "2h"})

    await pressed(house, "do-it")

    (kill,) = house.store.state.active_kills()
    assert (kill.scope.workflow, kill.mode) == (AGENT, "read_only")
    assert kill.review_ms - kill.since_ms == 2 * 3_600_000
    assert [one for one in requests(house, "run:") if ":" not in one[4:]] == [attempted(house)]


async def test_killing_what_is_killed_already_comes_to_that_kill() -> None:
    house = await house_with("kill", workflow=AGENT, mode="stop")
    await pressed(house, "do-it")
    await marked(house, "failed", "do-it", words="still answering")

    await marked(house, "undo", "do-it")
    await pressed(house, "do-it", by=MARA)

    assert (act(house).attempt, act(house).result) == (2, "K-1")
    assert len(house.store.state.active_kills()) == 1


async def test_a_ramp_is_begun_and_taken_back() -> None:
    house = await house_with("route", workflow=AGENT, to="r2")
    await house.declare(staged(AGENT))
    await switch_proved(house, AGENT)
    await stored(house, AGENT, targets=MINI)

    await pressed(house, "do-it", by=INES)
    begun = house.store.state.routing(AGENT)
    await pressed(house, "do-it", by=INES, act="undo")

    assert begun.candidate is not None
    assert (begun.candidate.number, act(house).result, act(house).state) == (2, "r2", "undone")
    assert house.store.state.routing(AGENT).candidate is None


async def test_a_route_to_another_model_is_made_and_begun() -> None:
    house = await house_with("route", workflow=AGENT, model="openai/gpt-5-mini")
    await house.declare(staged(AGENT))
    await switch_proved(house, AGENT)

    await pressed(house, "do-it", by=INES)

    routing = house.store.state.routing(AGENT)
    assert routing.candidate is not None
    assert routing.candidate.number == 2
    ours = attempted(house)
    assert requests(house, "run:")[:2] == [f"{ours}:set", ours]


async def test_what_policy_refuses_a_command_it_refuses_a_step() -> None:
    house = await house_with("route", workflow=AGENT, to="r2")
    await house.declare(staged(AGENT))
    await stored(house, AGENT, targets=MINI)

    with pytest.raises(NotAllowed, match="Your role does not allow `route`"):
        await pressed(house, "do-it", by=MARA)

    assert act(house).state == "failed"
    assert house.store.state.routing(AGENT).candidate is None


async def test_a_rollback_without_evidence_is_never_done_by_a_step() -> None:
    house = await house_with("rollback", workflow=AGENT, to="r2")
    gate = {"suite": "groundedness", "metric": "pass_rate", "op": ">=", "threshold": 0.9,
            "min_n": 100, "max_age_h": 72}  # fmt: skip
    await house.declare(staged(AGENT, extra={"gates": [gate]}))
    await stored(house, AGENT, targets=MINI)
    await once_served(house, AGENT)

    with pytest.raises(NeedsBreakGlass):
        await pressed(house, "do-it")
    refused = act(house)
    await measured(house, AGENT, "r2", 0.95)
    await pressed(house, "do-it")

    assert refused.state == "failed"
    assert (act(house).state, act(house).attempt) == ("done", 2)
    assert act(house).result == "r3"


async def test_a_rollback_is_taken_back_by_hand() -> None:
    house = await house_with("rollback", workflow=AGENT, to="r2")
    await house.declare(staged(AGENT))
    await stored(house, AGENT, targets=MINI)
    await once_served(house, AGENT)
    await pressed(house, "do-it")

    (shown,) = (await view(house)).steps[0].acts
    with pytest.raises(NeedsMoreWords, match="serving the newer revision again"):
        await pressed(house, "do-it", act="undo")

    assert not shown.undo
    assert run(house).undoing("do-it", 1) is None
    assert act(house).state == "done"


async def test_nobody_is_paged_without_pagerduty_or_without_an_incident() -> None:
    house = await house_with("page", reason="two instances lag")
    with pytest.raises(IllegalMove, match="PagerDuty is not connected"):
        await pressed(house, "do-it")

    alone = await walked_company(
        book(Phase("one", "One", 1, steps=(step("Do it", action("page", who="sam", reason="x")),)))
    )
    begin = StartRun(BOOK, mode="live", params={"workflow": AGENT})
    await alone.bot.runs.start(begin, MARA, request_id="begin")
    with pytest.raises(IllegalMove, match="belongs to no incident"):
        await pressed(alone, "do-it")

    assert act(house).state == "failed"


async def test_a_page_is_not_taken_back() -> None:
    house = await house_with("page", reason="two instances lag")

    with pytest.raises(NeedsMoreWords, match="cannot be taken back"):
        await pressed(house, "do-it", act="undo")


async def test_an_incident_is_updated_and_made_more_severe_by_a_step() -> None:
    house = await house_with(
        "incident", severity="sev1", update="users get wrong refunds", next="20m"
    )

    await pressed(house, "do-it")

    incident = house.store.state.incident("INC-1")
    (update,) = await house.env.unsealed(incident.update)
    assert (incident.severity, update) == ("SEV1", "users get wrong refunds")
    assert incident.update_due_ms == house.clock.now_ms() + 20 * 60_000


async def test_an_incident_is_edited_and_moved_in_one_press() -> None:
    house = await house_with("incident", severity="sev3", status="monitoring", reason="calm")

    await pressed(house, "do-it")

    incident = house.store.state.incident("INC-1")
    assert (incident.severity, incident.status) == ("SEV3", "monitoring")


async def test_a_run_without_an_incident_opens_one_and_belongs_to_it() -> None:
    steps = (step("Do it", action("incident", title="AI answers are wrong", severity="sev2")),)
    house = await walked_company(book(Phase("one", "One", 1, steps=steps)))
    begin = StartRun(BOOK, params={"workflow": AGENT})
    await house.bot.runs.start(begin, MARA, request_id="begin")

    await pressed(house, "do-it")

    assert (run(house).incident, act(house).result) == ("INC-2", "INC-2")
    assert house.store.state.incident("INC-2").severity == "SEV2"


@pytest.mark.parametrize(
    "given",
    [
        {"update": "first words are out", "next": "30m"},
        {"status": "resolved"},
        {"severity": "sev1"},
    ],
)
async def test_what_is_said_of_an_incident_opens_none_where_there_is_none(
    given: dict[str, str],
) -> None:
    steps = (step("Do it", action("incident", **given)),)
    house = await walked_company(book(Phase("one", "One", 1, steps=steps)))
    begin = StartRun(BOOK, params={"workflow": AGENT})
    await house.bot.runs.start(begin, MARA, request_id="begin")

    with pytest.raises(IllegalMove, match="RUN-1 belongs to no incident") as caught:
        await pressed(house, "do-it")

    assert "incident open coding-agent" in caught.value.hint
    assert "runbook start wrong-answers INC-1" in caught.value.hint
    assert [one.id for one in house.store.state.open_incidents()] == ["INC-1"]
    assert (act(house).state, run(house).incident) == ("failed", "")


async def test_a_step_that_opens_an_incident_leaves_the_one_that_is_there_as_it_is() -> None:
    house = await house_with(
        "incident", title="provider outage", type="provider_outage", severity="sev1"
    )
    before = house.store.state.incident("INC-1")

    await pressed(house, "do-it")

    assert house.store.state.incident("INC-1") == before
    assert (act(house).state, act(house).detail) == (
        "done",
        "INC-1 is there already, and stays as it is",
    )


async def house_that_leaves_a_provider() -> World:
    """Return a company whose runbook kills a provider, and lifts that kill again."""
    steps = (
        step("Do it", action("kill", provider="openai"), undo="back"),
        step("Back", action("restore", of="do-it")),
    )
    house = await walked_company(book(Phase("one", "One", 1, steps=steps)))
    await started(house)
    return house


async def test_a_kill_that_a_step_made_is_lifted_by_one_press_and_no_other_is() -> None:
    house = await house_that_leaves_a_provider()
    await pressed(house, "do-it")
    await house.bot.kill(KillRequest(Target("workflow", AGENT)), MARA, request_id="own")
    other = KillRequest(Target("provider", "openai"), tenant="acme", confirmed=True)
    await house.bot.kill(other, MARA, request_id="other")

    await pressed(house, "back")
    waits = run(house).act("back", 1)
    assert waits is not None
    await house.bot.approve(ApproveRequest(waits.result), SAM, request_id="yes")

    assert waits.state == "waiting"
    assert not house.store.state.kill("K-1").active
    assert [one.id for one in house.store.state.active_kills()] == ["K-2", "K-3"]


async def test_a_step_that_killed_nothing_lifts_nothing() -> None:
    house = await house_that_leaves_a_provider()
    await house.bot.kill(KillRequest(Target("workflow", AGENT)), MARA, request_id="own")

    with pytest.raises(NothingToRestore, match="`do-it` of RUN-1 killed nothing") as caught:
        await pressed(house, "back")

    assert "restore K-1" in caught.value.hint
    assert len(house.store.state.active_kills()) == 1


async def test_a_kill_that_was_lifted_meanwhile_is_not_lifted_again() -> None:
    house = await house_that_leaves_a_provider()
    await pressed(house, "do-it")
    await pressed(house, "do-it", act="undo")
    (approval,) = house.store.state.kind("approvals")
    await house.bot.approve(ApproveRequest(approval), SAM, request_id="yes")

    with pytest.raises(NothingToRestore, match="K-1 was restored already"):
        await pressed(house, "back")


@pytest.mark.parametrize(
    ("verb", "named"), [("restore", "of"), ("kill", "provider"), ("kill", "tenant")]
)
async def test_what_nobody_named_at_the_start_is_never_left_out(verb: Verb, named: str) -> None:
    params = (Param("workflow", "workflow", required=True), Param(named, "text"))
    steps = (step("Do it", action(verb, **{named: f"{{{{ {named} }}}}"})),)
    house = await walked_company(book(Phase("one", "One", 1, steps=steps), params=params))
    await started(house)
    await house.bot.kill(
        KillRequest(Target("workflow", "support-copilot")), MARA, request_id="kill"
    )

    with pytest.raises(NeedsMoreWords, match=f"`{named}` is empty"):
        await pressed(house, "do-it")

    assert [one.id for one in house.store.state.active_kills()] == ["K-1"]
    assert not house.store.state.kind("approvals")


async def test_a_restore_of_what_is_not_killed_is_refused_and_noted() -> None:
    house = await house_with("restore", workflow=AGENT)

    with pytest.raises(NothingToRestore, match="No active kill names"):
        await pressed(house, "do-it")

    assert act(house).state == "failed"
    assert act(house).detail.startswith("No active kill names")


async def test_a_kill_with_a_second_press_by_somebody_who_saw_it_fail_is_another_attempt() -> None:
    house = await house_with("restore", workflow=AGENT)
    with pytest.raises(NothingToRestore, match="No active kill"):
        await pressed(house, "do-it")
    with pytest.raises(NothingToRestore, match="No active kill"):
        await pressed(house, "do-it")

    assert act(house).attempt == 2


async def test_an_action_may_be_done_again_after_its_tick_was_taken_off() -> None:
    house = await house_with("capture", workflow=AGENT, what=("kills",))
    await pressed(house, "do-it")
    ticked = run(house).mark("do-it").state

    await marked(house, "undo", "do-it")
    await pressed(house, "do-it")

    assert ticked == "done"
    assert (act(house).attempt, act(house).state) == (2, "done")
    assert len(run(house).attached) == 2


async def test_a_revision_that_may_not_serve_is_refused_in_the_words_of_its_command() -> None:
    house = await house_with("route", workflow=AGENT, to="r1")
    await house.declare(staged(AGENT))

    with pytest.raises(RouteRefused, match="r1 serves everybody already"):
        await pressed(house, "do-it", by=INES)

    assert act(house).state == "failed"


async def test_a_kill_of_another_workflow_belongs_to_the_incident_of_its_run() -> None:
    house = await house_with("kill", workflow=AGENT, mode="stop")

    await pressed(house, "do-it")

    assert house.store.state.incident("INC-1").workflows == ("support-copilot",)
    assert house.store.state.incident("INC-1").kills == ("K-1",)


async def test_a_check_that_failed_and_turns_green_ends_its_step() -> None:
    house = await house_with("verify", workflow=AGENT, expect="live")
    await house.bot.kill(KillRequest(Target("workflow", AGENT)), MARA, request_id="kill")
    await pressed(house, "do-it")
    await marked(house, "failed", "do-it", words="still off")
    await house.bot.restore(RestoreRequest(Target("workflow", AGENT)), MARA, request_id="restore")
    house.instance("pod-1", serves=(AGENT,)).follow()

    await pressed(house, "do-it")

    assert (act(house).state, run(house).mark("do-it").state) == ("done", "done")
