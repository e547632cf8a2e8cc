"""The chart of a timeline: phases in order, marks that do not overlap, words for who does not see it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.timeline.svg import as_svg
from opsbot.domain.incident.times import Times
from opsbot.domain.picture.timeline import LONGEST, NEAR, TICKS, alt_text, charted
from opsbot.domain.timeline import Line

AT = 1_795_230_847_000
MINUTE = 60_000
TIMES = Times(
    declared=AT + 5 * MINUTE,
    started=AT - 6 * MINUTE,
    detected=AT + 2 * MINUTE,
    contained=AT + 4 * MINUTE,
    resolved=AT + 64 * MINUTE,
)


def line(minute: float, kind: str = "kill", name: str = "", *, retracted: bool = False) -> Line:
    """Return a line of a timeline."""
    at_ms = AT + round(minute * MINUTE)
    return Line(at_ms, "Mara", "x", kind=kind, name=name, retracted=retracted)  # type: ignore[arg-type]  # a kind by name


def test_phases_follow_what_happened_and_not_what_usually_does() -> None:
    chart = charted("INC-7", "SEV1", "prod", TIMES, (), now_ms=AT, over=True)

    assert [(one.word, one.tone) for one in chart.phases] == [
        ("users hit", "hit"),
        ("noticed", "hit"),
        ("contained", "held"),
        ("declared", "held"),
        ("resolved", "over"),
    ]
    assert chart.begin_ms == AT - 6 * MINUTE
    assert chart.end_ms == AT + 64 * MINUTE
    assert chart.phases[0].left == 0
    assert chart.phases[-1].right == 1


def test_what_is_close_together_stands_as_one_with_its_number() -> None:
    lines = (line(4, name="K-1"), line(4.1, name="K-2"), line(30, name="K-3"))

    chart = charted("INC-7", "SEV1", "prod", TIMES, lines, now_ms=AT, over=True)

    assert [(one.count, one.name) for one in chart.marks] == [(2, ""), (1, "K-3")]


def test_what_is_retracted_or_only_told_is_no_mark() -> None:
    lines = (
        line(1, "note", retracted=True),
        line(2, "reminder"),
        line(3, "proof"),
        line(4, "note"),
    )

    chart = charted("INC-7", "SEV1", "prod", TIMES, lines, now_ms=AT, over=True)

    assert chart.lanes() == ("note",)
    assert sum(one.count for one in chart.marks) == 1


def test_the_words_say_what_the_picture_does() -> None:
    lines = (line(4), line(12, "route"), line(13, "route"))
    chart = charted("INC-7", "SEV1, wrong", "prod", TIMES, lines, now_ms=AT, over=True)

    assert alt_text(chart) == (
        "Timeline of INC-7 in prod: SEV1, wrong. 2026-11-21, UTC: users hit 03:08:07,"
        " noticed 03:16:07, contained 03:18:07, declared 03:19:07, resolved 04:18:07,"
        " ends 04:18:07. 1 kill, 2 routes."
    )
    assert len(
        alt_text(charted("INC-7", "x" * 2_000, "prod", TIMES, (), now_ms=AT, over=True))
    ) == (LONGEST)


moments = st.none() | st.integers(AT - 10**9, AT + 10**9)


@given(
    st.builds(
        Times,
        declared=st.integers(AT - 10**9, AT + 10**9),
        started=moments,
        detected=moments,
        contained=moments,
        resolved=moments,
    ),
    st.lists(
        st.builds(line, st.floats(-10_000, 10_000), st.sampled_from(["kill", "note", "page"]))
    ),
    st.booleans(),
)
def test_nothing_leaves_the_picture_and_nothing_is_lost(
    times: Times,
    lines: list[Line],
    over: bool,  # noqa: FBT001  as Hypothesis gives it
) -> None:
    chart = charted("INC-7", "SEV1", "prod", times, lines, now_ms=AT, over=over)

    places = [*(one.place for one in chart.marks), *(one.place for one in chart.ticks)]
    edges = [edge for one in chart.phases for edge in (one.left, one.right)]
    assert all(0 <= one <= 1 for one in (*places, *edges))
    assert edges == sorted(edges)
    assert sum(one.count for one in chart.marks) == len(lines)
    assert len(chart.ticks) <= TICKS + 2
    for lane in chart.lanes():
        mine = [one.place for one in chart.marks if one.lane == lane]
        assert all(b - a > NEAR / 2 for a, b in pairwise(mine))
    assert as_svg(chart).endswith("</svg>")
