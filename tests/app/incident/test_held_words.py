"""What is switched off: few kills one by one, many together, and never more than is known."""

from dataclasses import replace

import pytest

from opsbot.app.incident.held_words import held_words
from opsbot.domain.change import Position
from opsbot.domain.kill import Kill
from opsbot.domain.kill_ramp import KillRamp
from opsflags.model import Scope

AT = Position(1, 2)


def kill(number: int, *, far: str = "proved", mode: str = "stop") -> Kill:
    """Return a kill that is *far*: not confirmed, confirmed, proved or restored."""
    made = Kill(
        f"K-{number}", "u", Scope("workflow"), mode, AT, "mara", "slack", since_ms=1, review_ms=2
    )
    if far in ("confirmed", "proved", "partly"):
        made = replace(made, confirmed_ms=800)
    if far in ("proved", "partly"):
        made = replace(made, probes=2, passed=2 if far == "proved" else 1)
    return replace(made, ended=AT) if far == "restored" else made


@pytest.mark.parametrize(
    ("far", "words"),
    [
        ("new", "K-1 holds (`stop`), not confirmed yet."),
        ("confirmed", "K-1 holds (`stop`), confirmed."),
        ("partly", "K-1 holds (`stop`), confirmed."),
        ("proved", "K-1 holds (`stop`), confirmed, proved."),
        ("restored", "K-1 restored."),
    ],
)
def test_one_kill_is_told_by_itself(far: str, words: str) -> None:
    assert held_words([kill(1, far=far)]) == words


def test_up_to_three_are_told_one_by_one() -> None:
    told = held_words([kill(1), kill(2, far="new"), kill(3, far="restored")])

    assert told == (
        "K-1 holds (`stop`), confirmed, proved; K-2 holds (`stop`), not confirmed yet; K-3 restored."
    )


def test_many_that_are_alike_are_told_together() -> None:
    told = held_words([kill(at) for at in range(2, 13)])

    assert told == "11 kills hold (`stop`), all confirmed and proved: K-2 … K-12."


def test_what_is_not_known_of_one_is_not_said_of_all() -> None:
    kills = [kill(1), kill(2), kill(3, far="new"), kill(4, mode="human"), kill(5, far="restored")]

    assert held_words(kills) == (
        "3 kills hold, confirmed and proved: K-1, K-2, K-4;"
        " 1 kill holds (`stop`), not confirmed yet: K-3; 1 restored: K-5."
    )


def test_names_with_a_gap_are_all_said() -> None:
    told = held_words([kill(at) for at in (1, 2, 4, 5)])

    assert told.endswith("all confirmed and proved: K-1, K-2, K-4, K-5.")


def test_what_is_let_through_in_steps_is_not_said_to_hold_whole() -> None:
    steps = KillRamp("u", (25, 100), 60, 1, 1, "mara", "A-1")

    assert held_words([replace(kill(1, far="new"), ramp=steps)]) == (
        "K-1 holds (`stop`) but for 25 %, not confirmed yet."
    )
