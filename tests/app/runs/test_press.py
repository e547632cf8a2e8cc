"""What buttons of runs carry: ids and a version, whatever a step is called; nothing else is read back."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.runs.press import Pressed, pressed, value
from opsbot.domain.change import Position
from opsbot.domain.run import Run
from opsbot.domain.runbook import Phase, Runbook, Step

RUN = Run("RUN-7", "u", Position(1, 1), Position(1, 1), "b", "d", "mara", 0, "slack", version=12)


def book(*ids: str) -> Runbook:
    """Return a runbook of steps with these ids."""
    steps = tuple(Step(one, "T", 1, 1) for one in ids)
    return Runbook("b", "B", "d", "s", phases=(Phase("p", "P", 1, (), steps),))


def test_a_button_carries_the_run_its_version_and_the_step() -> None:
    assert value(RUN, "stop-the-harm", "2") == "RUN-7:12:2:stop-the-harm"
    assert pressed("RUN-7:12:2:stop-the-harm") == Pressed("RUN-7", 12, "2", "stop-the-harm")
    assert value(RUN) == "RUN-7:12::"
    assert pressed("RUN-7:12::") == Pressed("RUN-7", 12)


def test_the_number_of_an_action_is_one_where_none_is_meant() -> None:
    assert Pressed("RUN-7", 1, "3").number == 3
    assert Pressed("RUN-7", 1, "b3").number == 1
    assert Pressed("RUN-7", 1).number == 1


@given(st.text(min_size=1, max_size=300), st.sampled_from(["", "1", "b12"]))
def test_every_step_is_found_again_by_what_its_button_carries(step: str, extra: str) -> None:
    slug = "-".join(step.split()) or "x"
    shown = value(replace(RUN, id="RUN-999999999", version=999_999_999), slug, extra)

    ref = pressed(shown)

    assert len(shown) <= 120
    assert ref is not None
    assert ref.means(book("other", slug)) == slug
    assert ref.extra == extra


@given(st.text(max_size=60))
def test_what_nobody_made_is_nothing_or_names_no_step(word: str) -> None:
    ref = pressed(word)

    assert ref is None or ref.run.startswith("RUN-")


def test_a_step_that_a_newer_revision_dropped_stays_what_it_was() -> None:
    ref = pressed(value(RUN, "\u00fcber"))
    assert ref is not None

    assert ref.means(book("other")) == ref.step
