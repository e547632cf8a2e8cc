"""The failure budget: what counts as bad, in which window, and when changes wait."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.failure_budget import COUNTED_MOST, added, bad_cases, burned, spent, state_of
from opsbot.domain.gates import HOUR_MS, Gate, Measurement, gates_of
from opsbot.domain.incident.times import Times
from opsbot.domain.state import BUDGETS, State
from tests.support.evals import BUDGET, GATES, GROUNDED, gated
from tests.support.incidents import incident, state_with

NOW = 1_000_000 * HOUR_MS + 1_234
GROUND, SAFETY = gates_of(GATES)
BURNED = "the failure budget of 2 % per 24 h is burned: 100 %"


def measured(
    value: float, n: int, *, suite: str = GROUNDED, metric: str = "pass_rate"
) -> Measurement:
    return Measurement("support-copilot", "r1", suite, metric, value, n, NOW, "service:ci")


def after(*batches: tuple[int, Measurement], state: State | None = None) -> State:
    """Return the state after measurements at their times."""
    state = state or State()
    for at_ms, one in batches:
        record = added(state, gated(), (GROUND, SAFETY), (one,), at_ms)
        if record is not None:
            state = State(records={**state.records, BUDGETS: {"support-copilot": record}})
    return state


@pytest.mark.parametrize(
    ("gate", "one", "bad", "cases"),
    [
        (GROUND, measured(0.95, 400), 20, 400),
        (GROUND, measured(1, 3), 0, 3),
        (SAFETY, measured(0.03, 100, metric="flag_rate"), 3, 100),
        (GROUND, measured(0.7, 50, metric="score"), 0, 0),
        (GROUND, measured(812.0, 50, metric="latency_ms"), 0, 0),
        (Gate("s", "pass_rate", ">", 0.5, 1, 1), measured(0.1, 10), 9, 10),
        (Gate("s", "error_rate", "<", 0.5, 1, 1), measured(0.1, 10, metric="error_rate"), 1, 10),
    ],
)
def test_bad_cases_are_those_on_the_wrong_side_of_a_rate(
    gate: Gate, one: Measurement, bad: float, cases: float
) -> None:
    seen = bad_cases(gate, one)

    assert (seen.bad, seen.cases) == (bad, cases)


def test_a_budget_that_is_spent_says_so_in_words() -> None:
    state = after((NOW, measured(0.969, 1000)))

    assert burned(state, gated(), NOW) == "the failure budget of 2 % per 24 h is burned: 3.1 %"
    assert "3.1 % of 1000 cases" in state_of(state, gated(), NOW)
    assert "changes wait" in state_of(state, gated(), NOW)


def test_exactly_the_budget_is_not_burned() -> None:
    state = after((NOW, measured(0.98, 1000)))

    assert burned(state, gated(), NOW) == ""
    assert "changes wait" not in state_of(state, gated(), NOW)


def test_good_cases_of_the_window_dilute_bad_ones_and_old_ones_leave_it() -> None:
    state = after((NOW, measured(0.9, 100)), (NOW + HOUR_MS, measured(1, 900)))

    assert burned(state, gated(), NOW + HOUR_MS) == ""
    assert burned(after((NOW, measured(0.9, 100))), gated(), NOW + 24 * HOUR_MS) != ""
    assert burned(after((NOW, measured(0.9, 100))), gated(), NOW + 25 * HOUR_MS) == ""


def test_good_cases_from_before_the_clock_was_set_back_dilute_nothing_and_bad_ones_count() -> None:
    ahead = NOW + 48 * HOUR_MS
    good = after((ahead, measured(1, 1000)), (NOW, measured(0.9, 100)))
    bad = after((ahead, measured(0.9, 100)), (NOW, measured(1, 100)))

    assert burned(good, gated(), NOW).endswith("10 %")
    assert burned(bad, gated(), NOW).endswith("5 %")


def test_what_no_gate_asks_for_costs_nothing() -> None:
    assert added(State(), gated(), (GROUND,), (measured(0, 100, suite="else"),), NOW) is None


def test_a_workflow_without_a_budget_burns_none_and_keeps_nothing() -> None:
    free = gated(failure_budget=None)

    assert added(State(), free, (GROUND,), (measured(0, 100),), NOW) is None
    assert burned(after((NOW, measured(0, 100))), free, NOW) == ""
    assert state_of(State(), free, NOW) == ""


def test_a_budget_that_saw_nothing_is_not_burned() -> None:
    assert burned(State(), gated(), NOW) == ""
    assert state_of(State(), gated(), NOW) == "Failure budget 2 % per 24 h: no cases seen"


AGO = Times(declared=NOW, started=NOW - 30 * HOUR_MS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exposed": 40}, BURNED),
        ({"exposed": 40, "workflows": ("coding-agent", "support-copilot")}, BURNED),
        ({"exposed": 40, "status": "resolved"}, BURNED),
        ({"exposed": 40, "times": AGO}, ""),
        ({"exposed": 40, "workflows": ("coding-agent",)}, ""),
        ({"exposed": None}, ""),
        ({"exposed": 40, "drill": True}, ""),
        ({"exposed": 40, "status": "cancelled"}, ""),
        ({"exposed": 40, "status": "duplicate"}, ""),
    ],
)
def test_what_an_incident_exposed_counts_while_it_is_in_the_window(
    changes: Mapping[str, object], words: str
) -> None:
    happened = incident("INC-1", **{"times": Times(declared=NOW), **changes})

    assert burned(state_with(happened), gated(), NOW) == words


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.floats(0, 1), st.integers(1, 10_000)),
        min_size=1,
        max_size=60,
    )
)
def test_the_record_stays_as_small_as_the_window_and_the_share_is_a_share(
    batches: list[tuple[int, float, int]],
) -> None:
    times = sorted(batches)
    present = {hour for hour, _, _ in times if hour >= times[-1][0] - int(str(BUDGET["window_h"]))}

    state = after(*((NOW + hour * HOUR_MS, measured(value, n)) for hour, value, n in times))

    last = NOW + times[-1][0] * HOUR_MS
    hours = state.kind(BUDGETS)["support-copilot"]["hours"]
    seen = spent(state, gated(), last)
    window = int(str(BUDGET["window_h"]))
    assert isinstance(hours, Mapping)
    assert len(hours) <= window + 1
    assert 0 <= seen.share <= 1
    assert 0 < seen.cases <= COUNTED_MOST * len(present)


def test_one_report_counts_a_thousand_cases_at_most() -> None:
    state = after((NOW, measured(0.5, 500)), (NOW + HOUR_MS, measured(1, 1_000_000_000)))

    assert burned(state, gated(), NOW + HOUR_MS).endswith("burned: 16.7 %")


def test_a_good_report_after_a_bad_one_of_the_hour_adds_nothing() -> None:
    bad = after((NOW, measured(0.9, 100)))

    state = after(*((NOW + n, measured(1, 1000)) for n in range(20)), state=bad)

    assert state == bad
    assert burned(state, gated(), NOW).endswith("burned: 10 %")


def test_a_worse_report_takes_the_place_of_a_better_one_of_the_hour() -> None:
    state = after(
        (NOW, measured(1, 1000)), (NOW + 1, measured(0, 1)), (NOW + 2, measured(0.9, 100))
    )

    assert burned(state, gated(), NOW).endswith("burned: 10 %")
    assert spent(state, gated(), NOW).cases == 100


def test_another_metric_of_the_hour_counts_beside_it() -> None:
    flagged = measured(0.5, 100, suite=SAFETY.suite, metric="flag_rate")

    state = after((NOW, measured(0.9, 100)), (NOW, flagged))

    assert spent(state, gated(), NOW).share == 0.3
