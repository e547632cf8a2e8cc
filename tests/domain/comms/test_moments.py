"""Times are typed in many ways, kept in one, and read as absolute times with their zone."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.comms.moments import Unread, canonical, instant, known_zone, read, spelled, typed

BERLIN = "Europe/Berlin"


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


NOW = ms("2026-11-21T13:10:00+00:00")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("14:05", "2026-11-21T13:05:00+00:00"),
        ("9:05", "2026-11-21T08:05:00+00:00"),
        ("14.05 Uhr", "2026-11-21T13:05:00+00:00"),
        (" 23:50 ", "2026-11-20T22:50:00+00:00"),
        ("01:30", "2026-11-21T00:30:00+00:00"),
        ("14:20", "2026-11-21T13:20:00+00:00"),
        ("2026-11-20 14:05", "2026-11-20T13:05:00+00:00"),
        ("2026-11-20T14:05Z", "2026-11-20T14:05:00+00:00"),
        ("2026-11-20T14:05:30+05:30", "2026-11-20T08:35:30+00:00"),
        ("2026-11-20 14:05 UTC", "2026-11-20T14:05:00+00:00"),
        ("14:05 UTC", "2026-11-20T14:05:00+00:00"),
        ("14:05 CET", "2026-11-21T13:05:00+00:00"),
        ("14:05 CET (Europe/Berlin), 21 Nov", "2026-11-21T13:05:00+00:00"),
        ("14:05 Uhr MEZ (Europe/Berlin), 21. November", "2026-11-21T13:05:00+00:00"),
        ("09:05 EST (America/New_York), 20 Nov", "2026-11-20T14:05:00+00:00"),
        ("23:50 CET (Europe/Berlin), 31 Dec", "2026-12-31T22:50:00+00:00"),
        ("21 Nov 12:05 UTC", "2026-11-21T12:05:00+00:00"),
        ("20 November, 14:05", "2026-11-20T13:05:00+00:00"),
        ("Nov 20th 14:05", "2026-11-20T13:05:00+00:00"),
        ("14:05 Nov 20 2025", "2025-11-20T13:05:00+00:00"),
        ("20.11. 14.05 Uhr", "2026-11-20T13:05:00+00:00"),
        ("20.11.2025 um 14:05 Uhr", "2025-11-20T13:05:00+00:00"),
        ("2026/11/20 14:05", "2026-11-20T13:05:00+00:00"),
        ("20/11 14:05", "2026-11-20T13:05:00+00:00"),
        ("11/11 14:05", "2026-11-11T13:05:00+00:00"),
        ("yesterday 14:05", "2026-11-20T13:05:00+00:00"),
        ("heute um 12:05", "2026-11-21T11:05:00+00:00"),
        ("at 2:05 pm", "2026-11-21T13:05:00+00:00"),
        ("12:30 a.m. UTC", "2026-11-21T00:30:00+00:00"),
        ("2pm", "2026-11-21T13:00:00+00:00"),
        ("14 Uhr", "2026-11-21T13:00:00+00:00"),
        ("12:05Z", "2026-11-21T12:05:00+00:00"),
        ("12:05 utc", "2026-11-21T12:05:00+00:00"),
        ("14:05 +02:00", "2026-11-21T12:05:00+00:00"),
        ("12:05 UTC+0", "2026-11-21T12:05:00+00:00"),
        ("09:05 America/New_York", "2026-11-20T14:05:00+00:00"),
        ("14:05:30", "2026-11-21T13:05:30+00:00"),
        ("20 min ago", "2026-11-21T12:50:00+00:00"),
        ("1h30m", "2026-11-21T11:40:00+00:00"),
        ("2 hours ago", "2026-11-21T11:10:00+00:00"),
        ("vor 20 Minuten", "2026-11-21T12:50:00+00:00"),
        ("now", "2026-11-21T13:10:00+00:00"),
    ],
)
def test_a_time_is_understood_as_people_type_it(said: str, meant: str) -> None:
    assert instant(said, BERLIN, NOW) == ms(meant)


@pytest.mark.parametrize(
    "said",
    [
        *("", "soon", "25:00", "14:60", "2026-13-01 14:05", "2026-02-30 14:05", "14", "14:5"),
        *(
            "14:05 CET (Mars/Base), 21 Nov",
            "14:05 CET, 31 Feb",
            "14:05 CET, 21 Nyv",
            "in 10 minutes",
        ),
        *("14:05 PST", "14:05 CEST (Europe/Berlin), 21 Nov"),
        *("99:99 CET, 21 Nov", "2026-11-21T14:05+99:99", "\u0661\u0664:\u0660\u0665"),
        *("21 Nov", "yesterday", "14:05 14:05", "14:05 CET CET", "13:05 pm", "0:30 pm", "1405"),
        *("0001-01-01 14:05", "9999-12-31T23:59", "14:05 +99", "14:05 <b>", "14:05 " + "9" * 5000),
    ],
)
def test_what_is_no_time_is_none(said: str) -> None:
    assert instant(said, BERLIN, NOW) is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("soon", "is a time; write it as 14:05, 14:05 UTC, 21 Nov 14:05, or 20 min ago"),
        ("11/12 14:05", "could be 11 Dec or 12 Nov; write the month as a word"),
        (
            "14:05 PST",
            "says PST, and in Europe/Berlin it is CET then; write CET, UTC, or an offset",
        ),
        ("14:05 CET, 21 Jul", "says CET, and in Europe/Berlin it is CEST then"),
        ("02:30, 25 Oct", "came twice that night; write 02:30 CEST or 02:30 CET"),
        ("2026-10-25 02:30", "came twice that night; write 02:30 CEST or 02:30 CET"),
        ("29 Mar 02:30", "never came: clocks were put forward over 02:30 that night"),
        ("2026-03-29 02:30", "never came"),
    ],
)
def test_what_could_be_two_times_is_refused_and_says_which(said: str, why: str) -> None:
    with pytest.raises(Unread, match=re.escape(why)):
        read(said, BERLIN, NOW)


def test_a_date_without_a_year_is_one_that_was() -> None:
    assert instant("29 Apr 14:05", BERLIN, NOW) == ms("2026-04-29T12:05:00+00:00")
    assert instant("29 Feb 14:05", BERLIN, NOW) == ms("2024-02-29T13:05:00+00:00")


def test_an_hour_that_comes_twice_is_no_riddle_before_it_came_again() -> None:
    between = ms("2026-10-25T00:40:00+00:00")

    assert instant("02:30", BERLIN, between) == ms("2026-10-25T00:30:00+00:00")


def test_a_time_is_offered_as_people_type_it_with_its_year_where_it_is_long_ago() -> None:
    assert typed(ms("2026-11-21T13:05:09+00:00"), BERLIN, NOW) == "14:05 CET, 21 Nov"
    assert typed(ms("2026-07-21T13:05:09+00:00"), "UTC", NOW) == "13:05 UTC, 21 Jul"
    assert typed(ms("2025-11-20T13:05:00+00:00"), BERLIN, NOW) == "13:05 UTC, 20 Nov 2025"


@given(
    st.integers(NOW // 60_000 - 60 * 24 * 2000, NOW // 60_000 + 60 * 24 * 2000),
    st.sampled_from([BERLIN, "UTC", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo"]),
)
def test_what_is_offered_is_understood_again(minute: int, zone: str) -> None:
    assert instant(typed(minute * 60_000, zone, NOW), zone, NOW) == minute * 60_000


@given(st.text(max_size=60), st.sampled_from([BERLIN, "UTC", "America/Sao_Paulo"]))
def test_whatever_is_typed_is_a_time_or_refused_in_words(said: str, zone: str) -> None:
    at_ms = instant(said, zone, NOW)

    assert at_ms is None or spelled(at_ms, zone)


def test_milliseconds_are_a_time_too() -> None:
    assert instant(str(NOW), BERLIN, 0) == NOW


def test_a_time_is_read_with_its_zone_in_the_language_of_the_text() -> None:
    at = ms("2026-11-21T13:05:00+00:00")

    assert spelled(at, BERLIN) == "14:05 CET (Europe/Berlin), 21 Nov"
    assert spelled(at, BERLIN, "de") == "14:05 Uhr MEZ (Europe/Berlin), 21. November"
    assert spelled(at, BERLIN, "de-at") == "14:05 Uhr MEZ (Europe/Berlin), 21. November"
    assert spelled(at, "UTC", "fr") == "13:05 UTC, 21 Nov"
    assert spelled(at, "America/Sao_Paulo") == "10:05 UTC-03 (America/Sao_Paulo), 21 Nov"
    assert canonical(at) == "2026-11-21T13:05:00Z"


def test_of_an_hour_that_comes_twice_the_one_that_is_named_is_meant() -> None:
    before = ms("2026-10-25T10:00:00+00:00")

    assert instant("02:30 CEST (Europe/Berlin), 25 Oct", BERLIN, before) == ms(
        "2026-10-25T00:30:00+00:00"
    )
    assert instant("02:30 CET (Europe/Berlin), 25 Oct", BERLIN, before) == ms(
        "2026-10-25T01:30:00+00:00"
    )


@given(
    st.integers(NOW // 60_000 - 60 * 24 * 100, NOW // 60_000 + 60 * 24 * 100),
    st.sampled_from([BERLIN, "UTC", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo"]),
    st.sampled_from(["en", "de"]),
)
def test_what_is_read_is_understood_again(minute: int, zone: str, locale: str) -> None:
    at = minute * 60_000

    assert instant(spelled(at, zone, locale), BERLIN, NOW) == at
    assert instant(canonical(at), BERLIN, NOW) == at


def test_zones_are_those_of_the_world() -> None:
    assert known_zone(BERLIN)
    assert not known_zone("Mars/Base")
    assert not known_zone("../etc/passwd")
    assert datetime.fromtimestamp(NOW / 1000, UTC).minute == 10
