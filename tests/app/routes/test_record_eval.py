"""Evaluation evidence: what is believed, what is refused, what the gates and the ramp make of it."""

import math
from dataclasses import replace

import pytest

from opsbot.app.requests import EvalRequest, EvalResult
from opsbot.app.routes import eval_checks
from opsbot.app.routes.ramp_decision import obstacles_of
from opsbot.app.routes.record_eval import KEPT_MOST
from opsbot.domain.actor import Actor
from opsbot.domain.errors import BadEvidence, NotAllowed, UnknownRevision, UnknownWorkflow
from opsbot.domain.said import Said
from opsbot.domain.state import BUDGETS, EVIDENCE
from tests.support.evals import CI, DEPLOY, GROUNDED, gated, loose, request, results, seed
from tests.support.world import INES, MARA, World

SAFE = EvalResult("support-safety", "flag_rate", 0.01, 80)


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await seed(world.store, on_its_way=True)
    return world


async def record(
    world: World, asked: EvalRequest | None = None, actor: Actor = CI, *, key: str = ""
) -> Said:
    key = key or f"key-{len(world.server.lines)}"
    return await world.bot.record_eval(asked or request(), actor, request_id=key)


async def test_a_batch_is_one_commit_and_the_answer_names_every_gate(world: World) -> None:
    before = len(world.server.lines)

    said = await record(world, request(*results(), SAFE, commit="abc123"))

    (one, other) = sorted(world.store.state.measurements("support-copilot"), key=lambda m: m.suite)
    assert len(world.server.lines) == before + 1
    assert (one.value, one.n, one.subject, one.commit) == (0.95, 400, "r2", "abc123")
    assert (one.by, one.at_ms) == ("service:ci-evals", int(world.clock.ms))
    assert other.metric == "flag_rate"
    assert said.tone == "green"
    assert said.title == "Recorded for `support-copilot` r2 in prod: 2 results"
    assert said.lines[0] == (
        "Gate green: support-groundedness pass_rate: 0.95 of 400 cases, 0 min old"
    )
    assert said.lines[1].startswith("Gate green: support-safety flag_rate: 0.01 of 80 cases")
    assert said.body["green"] is True


async def test_a_gate_that_nobody_reports_is_missing_and_not_green(world: World) -> None:
    said = await record(world)

    assert said.tone == "amber"
    assert said.lines[1] == (
        "Gate missing: support-safety flag_rate: nobody has reported it for r2"
    )
    assert said.body["green"] is False


@pytest.mark.parametrize(
    ("value", "n", "colour", "tone"),
    [
        (0.95, 199, "too_few", "amber"),
        (0.91, 400, "red", "red"),
        (0.5, 400, "hard_red", "red"),
        (0.5, 3, "red", "red"),
    ],
)
async def test_a_gate_that_is_not_green_says_its_colour(
    world: World, value: float, n: int, colour: str, tone: str
) -> None:
    said = await record(world, request(*results(value, n), SAFE))

    (first, _) = loose(said.body["gates"])
    assert (first["colour"], said.tone) == (colour, tone)


async def test_what_no_gate_asks_for_is_kept_and_the_nearest_is_offered(world: World) -> None:
    said = await record(world, request(*results(suite="support-groundednes")))

    assert len(world.store.state.measurements("support-copilot")) == 1
    assert said.lines[2] == (
        "No gate asks for `support-groundednes pass_rate`: it is kept and decides nothing; "
        "did you mean `support-groundedness pass_rate`?"
    )
    assert said.body["not_asked_for"] == ["support-groundednes pass_rate"]


async def test_the_nearest_is_offered_also_where_too_little_is_known_under_the_right_name(
    world: World,
) -> None:
    await record(world, request(*results(n=3)))

    said = await record(world, request(*results(suite="support-groundednes")))

    assert said.lines[2].endswith("did you mean `support-groundedness pass_rate`?")


async def test_another_metric_of_a_gated_suite_is_no_typing_error(world: World) -> None:
    said = await record(world, request(*results(), *results(0.8, metric="score")))

    assert said.lines[2] == (
        "No gate asks for `support-groundedness score`: it is kept and decides nothing."
    )


GOOD = EvalResult(GROUNDED, "pass_rate", 0.95, 400)


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (replace(GOOD, metric="score", value=math.nan), "compared"),
        (replace(GOOD, metric="score", value=math.inf), "compared"),
        (replace(GOOD, metric="score", value=-math.inf), "compared"),
        (replace(GOOD, metric="score", value=1e300), "compared"),
        (replace(GOOD, metric="score", value=True), "no number"),
        (replace(GOOD, metric="score", value="0.9"), "no number"),  # type: ignore[arg-type]  # what a pipeline may send all the same
        (replace(GOOD, metric="fail_rate", value=92), "share from 0 to 1"),
        (replace(GOOD, metric="fail_rate", value=-0.1), "share from 0 to 1"),
        (replace(GOOD, metric="m", n=0), "from 1"),
        (replace(GOOD, metric="m", n=-5), "from 1"),
        (replace(GOOD, metric="m", n=True), "whole number"),
        (replace(GOOD, metric="m", n=1.5), "whole number"),  # type: ignore[arg-type]  # what a pipeline may send all the same
        (replace(GOOD, metric="m", n=10**12), "from 1"),
        (replace(GOOD, suite=""), "empty"),
        (replace(GOOD, suite="s" * 101), "longer than 100"),
        (replace(GOOD, metric="two words"), "blank"),
        (replace(GOOD, metric="pass\u202erate"), "cannot be seen"),
        (replace(GOOD, metric="`rate"), "backtick"),
        (GOOD, "`results[0]` says something about the same metric"),
    ],
)
async def test_one_bad_result_refuses_all_and_is_named_by_its_index(
    world: World, bad: EvalResult, word: str
) -> None:
    before = len(world.server.lines)

    with pytest.raises(BadEvidence) as refused:
        await record(world, request(GOOD, bad, SAFE))

    assert word in refused.value.message
    assert refused.value.message.startswith("`results[1]` (")
    assert refused.value.message.endswith("nothing was recorded.")
    assert len(world.server.lines) == before


@pytest.mark.parametrize(
    "asked",
    [
        EvalRequest("support-copilot", "r2", ()),
        request(*(replace(GOOD, metric=f"m{n}") for n in range(eval_checks.MOST_RESULTS + 1))),
        request(commit="c" * 101),
        request(at="yesterday \u2028"),
    ],
)
async def test_a_batch_that_is_none_is_refused(world: World, asked: EvalRequest) -> None:
    with pytest.raises(BadEvidence, match="nothing was recorded"):
        await record(world, asked)

    assert world.store.state.measurements("support-copilot") == ()


@pytest.mark.parametrize(
    ("subject", "error", "words"),
    [
        ("r9", UnknownRevision, "no revision r9"),
        ("r0", UnknownRevision, "revision"),
        ("latest", UnknownRevision, "neither a revision"),
        ("openai/gpt-5-mino", UnknownRevision, "neither a revision"),
        ("", UnknownRevision, "neither a revision"),
    ],
)
async def test_what_was_evaluated_must_exist(
    world: World, subject: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        await record(world, request(subject=subject))

    assert world.store.state.measurements("support-copilot") == ()


async def test_the_nearest_model_is_offered(world: World) -> None:
    with pytest.raises(UnknownRevision) as refused:
        await record(world, request(subject="openai/gpt-5-mino"))

    assert "`openai/gpt-5-mini`" in refused.value.hint


@pytest.mark.parametrize(("typed", "kept"), [("R2", "r2"), ("2", "r2"), ("openai/gpt-5-mini",) * 2])
async def test_a_revision_and_an_approved_model_can_be_evaluated(
    world: World, typed: str, kept: str
) -> None:
    await record(world, request(subject=typed))

    (one,) = world.store.state.measurements("support-copilot")
    assert one.subject == kept


async def test_an_unknown_workflow_is_refused(world: World) -> None:
    with pytest.raises(UnknownWorkflow):
        await record(world, EvalRequest("suport-copilot", "r2", results()))


@pytest.mark.parametrize("actor", [DEPLOY, MARA])
async def test_who_may_not_send_signals_changes_nothing(world: World, actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        await record(world, actor=actor)

    assert world.store.state.kind(EVIDENCE) == {}


async def test_a_person_with_the_power_is_named_as_the_source(world: World) -> None:
    await record(world, actor=INES)

    (one,) = world.store.state.measurements("support-copilot")
    assert one.by == "ines"


async def test_a_resend_with_the_same_key_changes_nothing(world: World) -> None:
    await record(world, key="one")
    lines, state = len(world.server.lines), world.store.state
    world.clock.later(60)

    again = await record(world, request(*results(0.5)), key="one")

    assert len(world.server.lines) == lines
    assert world.store.state == state
    assert "This request was done before; nothing was done twice." in again.lines


async def test_what_arrives_last_counts_though_the_clock_was_set_back(world: World) -> None:
    await record(world, request(*results(0.95)))
    world.clock.later(-3_600)

    red = await record(world, request(*results(0.5), at="2030-01-01T00:00:00Z"))

    (kept,) = world.store.state.measurements("support-copilot")
    assert red.tone == "red"
    assert (kept.value, kept.at_ms) == (0.5, int(world.clock.ms))


async def test_good_news_that_lies_ahead_of_the_clock_opens_no_gate(world: World) -> None:
    await record(world, request(*results(0.95)))
    world.clock.later(-3_600)

    shown = await world.bot.eval_show("support-copilot", "r2", INES)

    assert any("before the store's clock was set back" in line for line in shown.lines)
    assert shown.tone == "amber"


async def test_the_same_names_of_two_revisions_stand_side_by_side(world: World) -> None:
    await record(world, request(*results(0.9), subject="r1"))
    await record(world, request(*results(0.95), subject="r2"))

    found = {m.subject: m.value for m in world.store.state.measurements("support-copilot")}
    assert found == {"r1": 0.9, "r2": 0.95}


async def test_names_with_colons_do_not_take_each_others_place(world: World) -> None:
    await record(world, request(EvalResult("a:b", "c", 1, 1), EvalResult("a", "b:c", 2, 1)))

    assert len(world.store.state.measurements("support-copilot")) == 2


async def test_the_ramp_of_that_revision_looks_at_once_each_time(world: World) -> None:
    await record(world)
    await record(world)
    await record(world, request(subject="r1"))
    await record(world, request(subject="openai/gpt-5-mini"))

    looks = [i.effect for i in world.server.items.values() if i.effect.kind == "ramp"]
    assert len({one.key for one in looks}) == len(looks) == 2
    assert {one.body["uid"] for one in looks} == {"attempt"}


async def test_the_watch_of_a_new_default_looks_too() -> None:
    world = World()
    await seed(world.store, watched=True)

    said = await record(world)
    await record(world, request(subject="r1"))

    looks = [i.effect for i in world.server.items.values() if i.effect.kind == "ramp"]
    assert [one.body["uid"] for one in looks] == ["watch"]
    assert "The ramp looks at it now." in said.lines


async def test_hard_red_evidence_takes_a_candidate_back_at_once(world: World) -> None:
    await record(world, request(*results(0.4)))

    await world.work("ramp")

    assert world.store.state.routing("support-copilot").candidate is None


async def test_only_what_serves_somebody_spends_the_budget(world: World) -> None:
    await record(world, request(*results(0.5, 400), subject="r3"))
    unserved = world.store.state.kind(BUDGETS)
    await record(world, request(*results(0.95, 400), subject="r2"))
    await record(world, request(*results(0.99, 400), subject="r1"))

    (hours,) = loose(world.store.state.kind(BUDGETS)["support-copilot"]["hours"]).values()
    assert unserved == {}
    assert list(hours) == [24, 800]


async def test_a_burned_budget_holds_a_ramp_and_a_workflow_without_one_is_free(
    world: World,
) -> None:
    routing = world.store.state.routing("support-copilot")
    await record(world, request(*results(0.93, 400), subject="r1"))

    state, now_ms = world.store.state, int(world.clock.ms)
    held = obstacles_of(state, now_ms, gated(), routing)
    free = obstacles_of(state, now_ms, gated(failure_budget=None), routing)

    assert [one for one in held if "budget" in one] == ["its failure budget is burned"]
    assert not [one for one in free if "budget" in one]


async def test_budgets_are_no_measurements_and_the_journal_verifies(world: World) -> None:
    await record(world, request(*results(0.93), subject="r1"))

    verified = await world.bot.audit_verify(INES)

    assert verified.tone == "green"
    assert len(world.store.state.measurements("support-copilot")) == 1


async def test_names_that_change_with_every_run_do_not_fill_the_store(world: World) -> None:
    for start in range(0, KEPT_MOST, 100):
        runs = range(start, start + 100)
        await record(world, request(*(replace(GOOD, metric=f"run{n}") for n in runs)))

    with pytest.raises(BadEvidence, match=f"more than {KEPT_MOST} kinds"):
        await record(world, request(replace(GOOD, metric="one-more")))
    await record(world, request(replace(GOOD, metric="run1")))

    assert len(world.store.state.measurements("support-copilot")) == KEPT_MOST


async def test_showing_says_every_gate_of_all_that_serves(world: World) -> None:
    await record(world, request(*results(0.95), SAFE, subject="r1"))
    await record(world, request(*results(0.5), EvalResult("extra", "m", 7, 1), subject="r2"))

    said = await world.bot.eval_show("support-copilot", None, MARA)

    assert said.title == "What evaluations say of `support-copilot` in prod"
    assert said.tone == "red"
    assert [line for line in said.lines if line.startswith("r")] == [
        "r1 (active)",
        "r2 (on its way)",
    ]
    assert "No gate asks for `extra m`: 7 of 1 case" in said.lines
    assert said.lines[-1].startswith("Failure budget 2 % per 24 h: ")


async def test_showing_one_revision_says_only_that(world: World) -> None:
    await record(world, request(*results(0.95), SAFE))

    said = await world.bot.eval_show("support-copilot", "R2", MARA)

    assert said.lines[0] == "r2"
    assert loose(said.body["subjects"])[0]["green"] is True
    assert said.tone == "green"


async def test_a_workflow_without_gates_says_that_nothing_asks() -> None:
    world = World()
    await seed(world.store, declared=gated(gates=[]))

    said = await record(world)
    shown = await world.bot.eval_show("support-copilot", None, MARA)

    words = "`support-copilot` declares no gate: nothing asks for evidence."
    assert words in said.lines
    assert words in shown.lines
    assert said.tone == "plain"


@pytest.mark.parametrize(
    ("workflow", "revision", "error"),
    [("suport", None, UnknownWorkflow), ("support-copilot", "r9", UnknownRevision)],
)
async def test_showing_what_is_not_there_is_refused(
    world: World, workflow: str, revision: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await world.bot.eval_show(workflow, revision, MARA)
