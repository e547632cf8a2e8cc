"""What a gate says in brief: why it is shut, in words that stay the same while it is."""

import pytest

from opsbot.domain.gates import HOUR_MS, Gate, Measurement, ask

GATE = Gate("ground", "pass_rate", ">=", 0.9, min_n=50, max_age_h=72, hard=0.8)
NOW = 1_000 * HOUR_MS


def measured(value: float, n: int, hours: int) -> Measurement:
    """Return a result that was taken so long ago."""
    return Measurement("wf", "r2", "ground", "pass_rate", value, n, NOW - hours * HOUR_MS, "ci")


@pytest.mark.parametrize(
    ("known", "brief"),
    [
        (None, "ground pass_rate is missing: nothing reported, >= 0.9 wanted"),
        ((0.85, 200, 1), "ground pass_rate is red: 0.85 reported, >= 0.9 wanted"),
        ((0.5, 200, 1), "ground pass_rate is red, beyond its limit: 0.5 reported, >= 0.9 wanted"),
        ((0.95, 200, 73), "ground pass_rate is stale: 0.95 reported, more than 72 h ago"),
        ((0.95, 3, 1), "ground pass_rate has too few cases: 3 reported, 50 wanted"),
    ],
)
def test_a_gate_that_is_shut_says_what_it_wants(
    known: tuple[float, int, int] | None, brief: str
) -> None:
    results = () if known is None else (measured(*known),)

    (result,) = ask((GATE,), "r2", results, now_ms=NOW)

    assert result.brief == brief


def test_a_brief_does_not_grow_old() -> None:
    results = (measured(0.95, 200, 73),)

    briefs = {ask((GATE,), "r2", results, now_ms=NOW + more)[0].brief for more in (0, HOUR_MS)}

    assert len(briefs) == 1


def test_what_lies_ahead_is_older_than_anything_that_does_not_and_bad_all_the_same() -> None:
    good, bad = measured(0.95, 200, -2), measured(0.5, 200, -2)

    (stale,) = ask((GATE,), "r2", (good,), now_ms=NOW)
    (still_bad,) = ask((GATE,), "r2", (bad,), now_ms=NOW)
    (newer,) = ask((GATE,), "r2", (measured(0.85, 200, 1), good), now_ms=NOW)

    assert stale.brief == (
        "ground pass_rate is stale: 0.95 reported, before the store's clock was set back"
    )
    assert "of unknown age" in stale.words
    assert (still_bad.colour, newer.colour) == ("hard_red", "red")


def test_clocks_that_differ_by_seconds_set_nothing_back() -> None:
    soon = Measurement("wf", "r2", "ground", "pass_rate", 0.95, 200, NOW + 2_000, "ci")

    assert ask((GATE,), "r2", (soon,), now_ms=NOW)[0].green
