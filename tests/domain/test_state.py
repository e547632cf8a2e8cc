"""The state answers from its records: what ended later, whichever order it was written in."""

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain import kill as kills
from opsbot.domain.change import Position
from opsbot.domain.kill import Kill
from opsbot.domain.state import State
from opsflags import keys
from opsflags.model import Scope

places = st.builds(Position, st.integers(1, 3), st.integers(1, 40))


def ended_kill(number: int, ended: Position) -> Kill:
    """Return a kill that was restored at that place."""
    return Kill(
        id=f"K-{number}",
        uid=f"u{number}",
        scope=Scope(workflow="w"),
        mode="stop",
        at=Position(1, 0),
        actor="U1",
        via="slack",
        since_ms=0,
        review_ms=0,
        ended=ended,
        ended_ms=1,
    )


def holding(ended: list[Kill]) -> State:
    """Return a state with these kills, restored."""
    records = {kill.id: kills.as_record(kill) for kill in ended}
    return State(Position(4, 1), records={keys.ENDED: records})


@given(st.lists(places, max_size=12), places)
def test_what_ended_later_is_found_whatever_the_order_of_the_records(
    ends: list[Position], at: Position
) -> None:
    ended = [ended_kill(number, end) for number, end in enumerate(ends, start=1)]

    found = holding(ended).ended_after(at)

    assert {kill.id for kill in found} == {k.id for k in ended if k.ended and k.ended > at}
    assert [kill.ended for kill in found] == sorted(
        (k.ended for k in found if k.ended), reverse=True
    )


def test_a_kill_that_ends_in_the_next_state_is_not_missed() -> None:
    first, second = ended_kill(1, Position(1, 5)), ended_kill(2, Position(1, 7))
    before, after = holding([first]), holding([first, second])

    assert before.ended_after(Position(1, 4)) == (first,)
    assert after.ended_after(Position(1, 4)) == (second, first)
    assert before.ended_after(Position(1, 5)) == ()
