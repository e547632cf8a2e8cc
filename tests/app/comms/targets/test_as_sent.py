"""What a target shows of a message, for its preview and for what publishes it."""

import pytest

from opsbot.app.comms.targets.as_sent import as_sent
from opsbot.domain.comms.settings import TargetKind


@pytest.mark.parametrize(
    ("kind", "most"), [("statuspage", 255), ("incident-io", 200), ("pagerduty", 128)]
)
def test_a_title_is_as_long_as_a_target_takes(kind: TargetKind, most: int) -> None:
    fits, cut = as_sent(kind, "x" * most, {}), as_sent(kind, "x" * (most + 1), {})

    assert (fits.title, fits.cut) == ("x" * most, False)
    assert (len(cut.title), cut.cut) == (most, True)


@pytest.mark.parametrize(
    ("kind", "most"), [("statuspage", 25_000), ("incident-io", 4_096), ("slack", 8_500)]
)
def test_a_text_is_whole_or_refused(kind: TargetKind, most: int) -> None:
    assert as_sent(kind, "x", {"en": "x" * most}).refused == ""
    assert f"takes {most:,} characters" in as_sent(kind, "x", {"en": "x" * (most + 1)}).refused
    assert as_sent(kind, "x", {"en": "&" * (most // 2)}).refused


@pytest.mark.parametrize("kind", ["email", "webhook", "status-page", "in-app", "pagerduty"])
def test_others_take_all_that_a_template_may_say(kind: TargetKind) -> None:
    assert as_sent(kind, "x", {"en": "<" * 12_000}).refused == ""


def test_languages_stand_below_each_other_in_their_order() -> None:
    assert as_sent("statuspage", "x", {"de": "Aus.\n", "en": "Off."}).text == (
        "Aus.\n\n\u2014\n\nOff."
    )


def test_a_title_is_one_harmless_line() -> None:
    assert as_sent("email", "Off\r\nBcc: x\u202e", {}).title == "Off Bcc: x"
