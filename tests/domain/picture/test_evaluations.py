"""What the picture of evaluations shows: only what is known, in order, and never rounded across a limit."""

import operator
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.change import Position
from opsbot.domain.gates import HOUR_MS, Gate, Measurement, ask
from opsbot.domain.picture.evaluations import (
    LAST,
    LONGEST,
    MOST,
    Chart,
    alt_text,
    charted,
    chosen,
    figure,
)
from opsbot.domain.route import Number
from opsbot.domain.routing import Candidate, Routing

NOW = 1_795_230_847_000
GATE = Gate("ground", "pass_rate", ">=", 0.9, 50, 72, 0.8)
PASSES = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def routing(active: int = 1, candidate: int | None = None, newest: int = 1) -> Routing:
    """Return pointers."""
    one = Number(active)
    tried = None if candidate is None else Candidate(Number(candidate), "uid", 0, NOW, "ines")
    at = Position(1, 9)
    return Routing("copilot", one, one, Number(newest), at, NOW, "ines", candidate=tried)


def measured(number: int, value: float, *, gate: Gate = GATE, n: int = 100, h: int = 1) -> Measurement:  # fmt: skip
    """Return one result of a revision."""
    at_ms = NOW - h * HOUR_MS
    return Measurement("copilot", f"r{number}", gate.suite, gate.metric, value, n, at_ms, "ci")


def chart(
    pointers: Routing, known: Sequence[Measurement], gates: Sequence[Gate] = (GATE,)
) -> Chart:
    """Return the chart of all revisions up to the newest."""
    numbers = chosen(pointers, [Number(one + 1) for one in range(pointers.newest)])
    evidence = {one: ask(gates, f"r{one}", known, now_ms=NOW) for one in numbers}
    return charted(pointers, evidence, env="prod", at_ms=NOW)


values = st.floats(-1e6, 1e6, allow_nan=False, width=32)
measurements = st.lists(
    st.builds(measured, st.integers(1, 40), values, n=st.integers(1, 99), h=st.integers(0, 99)),
    max_size=40,
)


@given(known=measurements, newest=st.integers(1, 40), data=st.data())
def test_every_value_shown_is_one_that_is_known_and_revisions_are_in_order(
    known: list[Measurement], newest: int, data: st.DataObject
) -> None:
    active = data.draw(st.integers(1, newest))
    tried = data.draw(st.none() | st.integers(1, newest).filter(lambda one: one != active))

    shown = chart(routing(active, tried, newest), known)

    (series,) = shown.series
    assert list(shown.revisions) == sorted(set(shown.revisions))
    assert len(shown.revisions) == min(newest, LAST)
    assert tuple(point.revision for point in series.points) == shown.revisions
    assert {active, tried} - {None} <= set(shown.revisions)
    told = {(one.subject, one.value, one.n) for one in known}
    for point in series.points:
        assert (point.value is None) == (point.colour == "missing")
        if point.value is not None:
            assert (f"r{point.revision}", point.value, point.n) in told


@given(
    value=values,
    threshold=values,
    hard=st.none() | values,
    op=st.sampled_from(sorted(PASSES)),
)
def test_a_figure_never_crosses_a_limit_that_its_value_does_not(
    value: float, threshold: float, hard: float | None, op: str
) -> None:
    gate = Gate("s", "m", op, threshold, 1, 1, hard)

    said = float(figure(gate, value))

    assert PASSES[op](said, threshold) == PASSES[op](value, threshold)
    assert hard is None or PASSES[op](said, hard) == PASSES[op](value, hard)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.95, "0.95"), (0.89996, "0.9"), (0.952381, "0.952"), (2716.4, "2716"), (-0.5, "-0.5")],
)
def test_figures_are_short(value: float, said: str) -> None:
    gate = Gate("s", "m", ">=", 0.92, 1, 1)

    assert figure(gate, value) == said


def test_just_below_a_threshold_is_not_rounded_up_to_it() -> None:
    gate = Gate("s", "m", ">=", 0.92, 1, 1)

    assert figure(gate, 0.91996) == "0.91996"


def test_the_words_say_what_the_picture_says() -> None:
    known = [
        measured(1, 0.95, h=100),
        measured(2, 0.97, n=12),
        measured(4, 0.85),
        measured(5, 0.7),
        measured(6, 0.96),
    ]

    words = alt_text(chart(routing(1, 6, 6), known))

    assert words == (
        "Evaluations of copilot in prod, r1 to r6. r1 serves everybody, r6 is on its way."
        " ground pass_rate, >= 0.9 wanted, hard limit 0.8: r1 0.95 too old,"
        " r2 0.97 too few cases (12), r3 not reported, r4 0.85 fails,"
        " r5 0.7 beyond the hard limit, r6 0.96."
    )


@given(known=measurements, count=st.integers(0, 12), suite=st.text("ab", min_size=1, max_size=200))
def test_the_words_are_never_longer_than_slack_keeps(
    known: list[Measurement], count: int, suite: str
) -> None:
    gates = [Gate(suite, f"m{one}", ">=", 0.5, 50, 72) for one in range(count)]
    own = [measured(7, one.value, gate=gates[0]) for one in known if gates]

    assert len(alt_text(chart(routing(40, None, 40), own, gates))) <= LONGEST


def test_where_words_have_no_room_the_newest_are_told_and_it_says_so() -> None:
    gates = [
        Gate(f"a-suite-with-quite-a-long-name-{one}", "pass_rate", ">=", 0.5, 50, 72)
        for one in range(6)
    ]
    known = [measured(r, 0.9, gate=one) for one in gates for r in range(1, 13)]

    words = alt_text(chart(routing(12, None, 12), known, gates))

    assert "r12 0.9" in words
    assert "r1 0.9" not in words
    assert words.endswith("of 12 revisions.")


def test_with_too_many_gates_bad_news_of_what_is_tried_is_shown() -> None:
    gates = [Gate("s", f"m{one}", ">=", 0.9, 50, 72) for one in range(MOST + 3)]
    known = [measured(2, 0.1 if one is gates[-1] else 0.95, gate=one) for one in gates]

    shown = chart(routing(1, 2, 2), known, gates)

    assert shown.series[0].gate == gates[-1]
    assert (len(shown.series), shown.hidden) == (MOST, 3)
    assert "3 more gates are not shown." in alt_text(shown)


def test_nothing_known_is_empty_and_no_gate_says_so() -> None:
    nothing, ungated = chart(routing(), []), chart(routing(), [], [])

    assert (nothing.empty, ungated.empty) == (True, True)
    assert alt_text(ungated).endswith("no gate asks for evaluations of it.")


def test_what_was_measured_of_the_model_says_so() -> None:
    one = Measurement("copilot", "openai/mini", GATE.suite, GATE.metric, 0.95, 100, NOW, "ci")
    evidence = {Number(1): ask([GATE], "openai/mini", [one], now_ms=NOW)}

    shown = charted(routing(), evidence, env="prod", at_ms=NOW)

    assert shown.series[0].points[0].of == "openai/mini"
    assert alt_text(shown).endswith("r1 0.95 (of openai/mini).")
