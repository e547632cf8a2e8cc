"""When a human queue is open and when it closes: midnight, clocks that change, `always`."""

from datetime import UTC, datetime

import pytest

from opsbot.domain.hours import next_morning_ms, parse_hours


def ms(text: str) -> int:
    """Return an ISO time in UTC as milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_at_its_closing_time_a_queue_is_closed() -> None:
    hours = parse_hours("Mon-Fri 08:00-20:00 UTC")

    assert hours.open_at(ms("2026-11-20T19:59:59"))
    assert not hours.open_at(ms("2026-11-20T20:00:00"))


def test_a_queue_open_around_midnight_goes_on_until_its_last_day_ends() -> None:
    hours = parse_hours("Mon-Fri 00:00-24:00 UTC")

    assert hours.closing_ms(ms("2026-11-18T12:00:00")) == ms("2026-11-21T00:00:00")


@pytest.mark.parametrize("text", ["always", "Mon-Sun 00:00-24:00 Europe/Berlin"])
def test_a_queue_that_is_always_open_never_closes(text: str) -> None:
    hours = parse_hours(text)

    assert hours.open_at(ms("2026-11-18T23:59:59"))
    assert hours.closing_ms(ms("2026-11-18T23:59:59")) is None


@pytest.mark.parametrize(
    ("day", "closes"),
    [("2026-03-28", "19:00"), ("2026-03-29", "18:00"), ("2026-10-25", "19:00")],
)
def test_closing_follows_the_clocks_of_the_place(day: str, closes: str) -> None:
    hours = parse_hours("Mon-Sun 08:00-20:00 Europe/Berlin")

    assert hours.closing_ms(ms(f"{day}T12:00:00")) == ms(f"{day}T{closes}:00")


def test_of_an_hour_that_comes_twice_the_closing_is_still_to_come() -> None:
    hours = parse_hours("Mon-Sun 00:30-02:30 Europe/Berlin")
    second_two_o_clock = ms("2026-10-25T01:10:00")

    assert hours.open_at(second_two_o_clock)
    assert hours.closing_ms(second_two_o_clock) == ms("2026-10-25T01:30:00")


def test_the_review_is_the_next_morning_at_least_an_hour_away() -> None:
    assert next_morning_ms(ms("2026-11-21T03:00:00")) == ms("2026-11-21T09:00:00")
    assert next_morning_ms(ms("2026-11-21T08:30:00")) == ms("2026-11-22T09:00:00")
