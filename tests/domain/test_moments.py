"""Times are typed in many ways, kept in one, and read as absolute times with their zone."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.moments import canonical, instant, known_zone, spelled

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
    ],
)
def test_what_is_no_time_is_none(said: str) -> None:
    assert instant(said, BERLIN, NOW) is None


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
