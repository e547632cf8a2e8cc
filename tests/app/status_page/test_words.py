"""Every language of the page has every word, and every time its zone."""

import pytest

from opsbot.app.status_page.html import lost
from opsbot.app.status_page.languages import SPOKEN
from opsbot.app.status_page.words import iso, moment, words_in
from tests.support.status import NOW_MS


@pytest.mark.parametrize("lang", SPOKEN)
def test_every_language_has_every_word(lang: str) -> None:
    english, words = words_in("en"), words_in(lang)

    for name in ("states", "healths", "stages"):
        assert set(getattr(words, name)) == set(getattr(english, name))
    assert len(words.months) == 12
    assert words_in(f"{lang}-x") is words


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "21 Nov 2026, 04:44 UTC"),
        ("Europe/Berlin", "21 Nov 2026, 05:44 CET"),
        ("Asia/Dubai", "21 Nov 2026, 08:44 UTC+04"),
        ("Not/AZone", "21 Nov 2026, 04:44 UTC"),
        ("../etc/passwd", "21 Nov 2026, 04:44 UTC"),
    ],
)
def test_a_time_has_its_zone(zone: str, shown: str) -> None:
    assert moment(NOW_MS, zone, words_in("en")) == shown
    assert iso(NOW_MS + 7) == "2026-11-21T04:44:07.007Z"


def test_a_notice_that_the_page_is_old_is_in_its_language() -> None:
    told_de = lost(NOW_MS, "Europe/Berlin", "de")

    assert "21. Nov. 2026, 05:44 CET" in told_de
    assert 'role="status"' in told_de
