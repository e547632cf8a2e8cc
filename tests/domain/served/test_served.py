"""Served calls from counters: what a sample adds, and what it must not add."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest

from opsbot.domain.change import Position
from opsbot.domain.fleet import Ack, Counts, Fleet, Instance, Served
from opsbot.domain.served.served import (
    BACK_MS,
    HOUR_MS,
    KEPT_MS,
    SAMPLES,
    Base,
    Basis,
    Head,
    Sample,
    Span,
    key_of,
    sampled,
)
from opsbot.domain.served.text import as_text, base_of, base_text, spans_of, summary

COPILOT = "support-copilot"
NOON = 500_000 * HOUR_MS
NOWHERE = Position(0, 0)


def instance(name: str, asked: int, refused: int = 0, **changes: object) -> Instance:
    """Return an instance that was heard just now; *changes* override."""
    ack = Ack(NOWHERE, NOWHERE, counts={COPILOT: {"asked": asked, "refused": refused, "cut": 0}})
    base = Instance(
        id=name,
        service="support-api",
        host="pod",
        pid=1,
        client="test",
        workflows={COPILOT: Served(frozenset(), None)},
        seen_ms=NOON + 60_000,
        ack=ack,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def look(*instances: Instance, now_ms: int = NOON + 60_000) -> Fleet:
    return Fleet(now_ms, instances, NOWHERE)


def basis(*instances: Instance, at_ms: int | None = NOON, number: int = 7) -> Basis:
    """Return what a sample at *at_ms* knew, when all of *instances* were heard."""
    first = sampled(Basis(0, None, {}), look(*instances), (COPILOT,), {})
    assert first is not None
    return Basis(number, at_ms, first.learned)


def take(known: Basis, fleet: Fleet, owner: Mapping[str, str] | None = None) -> Sample:
    found = sampled(known, fleet, (COPILOT,), owner or {})
    assert found is not None
    return found


def test_a_sample_is_what_was_counted_since_the_one_before() -> None:
    one = take(basis(instance("a", 100, 10)), look(instance("a", 130, 14)))

    assert one.spans[SAMPLES] == (Span(NOON, NOON + 60_000, 1),)
    assert one.spans[COPILOT] == (Span(NOON, NOON + 60_000, heard=1, asked=30, refused=4),)
    assert one.spans[COPILOT][0].served == 26
    assert (one.number, one.over) == (7, None)


def test_the_first_sample_counts_nothing_and_knows_everybody() -> None:
    one = take(Basis(0, None, {}), look(instance("a", 9_120)))

    assert one.spans == {SAMPLES: (Span(NOON + 60_000, NOON + 60_000, 1),)}
    assert one.learned == {"support-api/a/1": Base(0, {COPILOT: (9_120, 0, 0)})}


def test_a_new_instance_counts_since_its_start_and_is_said_to_be_new() -> None:
    one = take(basis(), look(instance("new", 40, 2)))

    assert one.spans[COPILOT] == (
        Span(NOON, NOON + 60_000, heard=1, asked=40, refused=2, fresh=38),
    )


def test_a_process_that_takes_over_a_name_counts_from_nothing() -> None:
    known = basis(instance("a", 100, 10))

    same_pid = take(known, look(instance("a", 30)))
    other_pid = take(known, look(instance("a", 130, pid=2)))

    assert same_pid.spans[COPILOT][0].asked == 30
    assert other_pid.spans[COPILOT][0].asked == 130
    assert other_pid.dropped == ("support-api/a/1",)


def test_a_call_that_was_counted_before_its_refusal_is_no_restart() -> None:
    known = basis(instance("a", 10, 4))

    one = take(known, look(instance("a", 10, 5)))

    assert one.spans[COPILOT][0].served == -1
    assert one.spans[COPILOT][0].refused == 1


def test_an_instance_that_was_silent_counts_from_its_last_word_on() -> None:
    silent = instance("a", 100, seen_ms=NOON - 30_000)
    known = Basis(7, NOON, take(Basis(0, None, {}), look(silent, now_ms=NOON)).learned)

    back = take(known, look(instance("a", 160), instance("b", 0)))

    assert back.spans[COPILOT] == (
        Span(NOON, NOON + 60_000, heard=2),
        Span(NOON - 30_000, NOON + 60_000, asked=60),
    )
    assert back.learned["support-api/a/1"].silent_ms == 0


def test_who_falls_silent_and_who_goes_is_counted() -> None:
    known = basis(instance("a", 100), instance("b", 5), instance("c", 5))
    silent = instance("a", 110, seen_ms=NOON + 10_000)

    one = take(known, look(silent, instance("b", 5)))

    assert one.spans[COPILOT] == (Span(NOON, NOON + 60_000, heard=1, asked=10, silent=1, ended=1),)
    assert one.dropped == ("support-api/c/1",)
    assert one.learned == {"support-api/a/1": Base(NOON + 10_000, {COPILOT: (110, 0, 0)})}


def test_an_instance_silent_for_long_is_missed_no_more() -> None:
    gone = instance("a", 100, seen_ms=NOON - 700_000)

    one = take(basis(gone), look(gone))

    assert COPILOT not in one.spans


def test_what_a_forgotten_instance_counted_is_kept_for_its_return() -> None:
    kept = Basis(
        7, NOON, {"support-api/a/1": Base(NOON - KEPT_MS + 90_000, {COPILOT: (100, 0, 0)})}
    )

    soon, late = take(kept, look()), take(kept, look(now_ms=NOON + 120_000))
    back = take(kept, look(instance("a", 160)))

    assert (soon.dropped, late.dropped) == ((), ("support-api/a/1",))
    assert [one.asked for one in back.spans[COPILOT]] == [0, 60]


def test_an_acknowledgement_that_cannot_be_read_changes_nothing() -> None:
    known = basis(instance("a", 100))

    one = take(known, look(instance("a", 0, ack=None)))
    later = take(
        replace(known, at_ms=NOON + 60_000), look(instance("a", 150), now_ms=NOON + 120_000)
    )

    assert one.spans[COPILOT] == (Span(NOON, NOON + 60_000, silent=1),)
    assert (one.learned, one.dropped) == ({}, ())
    assert later.spans[COPILOT][0].asked == 50


def test_only_declared_workflows_are_counted_and_all_are_known() -> None:
    counts = {"made-up": {"asked": 9}, COPILOT: {"let": 3, "refused": 1}}
    said = instance("a", 0, ack=Ack(NOWHERE, NOWHERE, counts=counts))

    one = take(basis(), look(said))

    assert set(one.spans) == {SAMPLES, COPILOT}
    assert one.spans[COPILOT][0].asked == 4
    assert one.learned[key_of(said)].counts == {"made-up": (9, 0, 0), COPILOT: (4, 1, 0)}


def test_what_a_ramp_let_through_is_the_workflows_that_the_kill_names() -> None:
    def eased(count: int, asked: int) -> Instance:
        told = {"u1": Counts(eased=count), "u2": Counts(eased=count)}
        return instance(
            "a", 0, ack=Ack(NOWHERE, NOWHERE, kills=told, counts={COPILOT: {"asked": asked}})
        )

    known = basis(eased(5, 100))

    grown = take(known, look(eased(9, 110)), {"u1": COPILOT})
    anew = take(known, look(eased(2, 110)), {"u1": COPILOT})

    assert grown.spans[COPILOT][0].eased == 4
    assert anew.spans[COPILOT][0].eased == 2


@pytest.mark.parametrize("back_ms", [0, 1, BACK_MS])
def test_a_look_that_is_no_later_adds_nothing(back_ms: int) -> None:
    known = basis(instance("a", 1), at_ms=NOON + 60_000 + back_ms)

    assert sampled(known, look(instance("a", 2)), (COPILOT,), {}) is None


def test_a_clock_that_went_far_back_begins_anew() -> None:
    known = basis(instance("a", 1), at_ms=NOON + 60_001 + BACK_MS)

    one = take(known, look(instance("a", 2)))

    assert one.spans == {SAMPLES: (Span(NOON + 60_000, NOON + 60_000, 1),)}
    assert one.learned[key_of(instance("a", 2))].counts[COPILOT][0] == 2


def test_a_sample_is_due_with_every_minute() -> None:
    assert Head(0, None, NOON).due
    assert not Head(1, NOON + 200, NOON + 59_999).due
    assert Head(1, NOON + 59_999, NOON + 60_000).due
    assert Head(1, NOON + HOUR_MS, NOON).due


def test_spans_and_counters_are_read_as_they_were_written() -> None:
    hour = NOON // HOUR_MS
    spans = (
        Span(NOON - 5, NOON + 60_000, 3, 9, 1, 1, 2, 4, 1, 1),
        Span(NOON + 60_000, NOON + 60_000),
        Span(NOON + 60_000, NOON + 120_000, 1),
    )
    base = Base(5, {COPILOT: (3, 2, 1)}, {"u": 4})

    assert as_text(spans, hour) == "[60000,60005,3,9,1,1,2,4,1,1],[60000],[120000,60000,1],"
    assert spans_of(as_text(spans[:1], hour) + as_text(spans[1:], hour), hour) == spans
    assert spans_of("", hour) == ()
    assert spans_of("[1,2,3,4,5,6,7,8,9,10,11,12],", 0)[0].ended == 10
    assert base_of(base_text(base)) == base
    assert base_text(replace(base, silent_ms=0, eased={})) == '[0,{"support-copilot":[3,2,1]}]'


@pytest.mark.parametrize("text", ["x", "[1,", "[{}]", "[null]", '["a"],', "[[]]", "[" * 9_999])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        spans_of(text, 1)


@pytest.mark.parametrize("text", ["x", "[]", "[1,2]", '[1,{"a":[1]}]', "[null,{}]", "{}", "7"])
def test_what_is_no_counter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        base_of(text)


def minutes(*marks: int, asked: int = 2) -> tuple[Span, ...]:
    """Return spans from mark to mark, in minutes after noon."""
    pairs = itertools.pairwise(marks)
    return tuple(Span(NOON + a * 60_000, NOON + b * 60_000, 1, asked) for a, b in pairs)


def test_an_hour_that_is_over_becomes_one_span_for_every_run_of_samples() -> None:
    seen = minutes(-1, 0, 1, 2, 9, 10, 11)
    late = Span(NOON - 600_000, NOON + 60_000, asked=5)

    kept = summary({SAMPLES: seen, COPILOT: (*seen, late)})

    assert [(one.from_ms - NOON, one.to_ms - NOON, one.heard) for one in kept[SAMPLES]] == [
        (-60_000, 120_000, 3),
        (120_000, 540_000, 1),
        (540_000, 660_000, 2),
    ]
    assert [(one.asked, one.heard) for one in kept[COPILOT]] == [(6, 1), (2, 1), (4, 1), (5, 0)]
    assert kept[COPILOT][-1].from_ms == late.from_ms


def test_a_beginning_leaves_nothing_of_its_own_in_an_hours_sum() -> None:
    begun = Span(NOON, NOON, 1)

    assert summary({SAMPLES: (begun,)}) == {SAMPLES: ()}
    assert summary({}) == {SAMPLES: ()}
