"""That nothing is left is the same claim as that nobody was hit: it is stopped until somebody counted."""

import pytest

from opsbot.app.comms.wording.check import Known
from tests.app.comms.wording.test_check import NEXT, NEXT_DE, found, rules

UNCOUNTED = (
    "Nothing is left.",
    "Nothing was left behind.",
    "Nothing else is left there.",
    "Nothing wrong is still left out there.",
    "Nothing\u2019s left.",
    "There is nothing left.",
    "There is nothing of your data left.",
    "There isn\u2019t any of your data left.",
    "Nothing remains.",
    "Nothing of it remains there.",
    "None of your data is left there.",
    "None of it remains.",
    "No trace remains.",
    "No traces of it are left.",
    "There is no trace left.",
    "It left no trace.",
    "No wrong answers are left.",
    "No copies remain.",
    "What is left: nothing.",
)
UNCOUNTED_DE = (
    "Es ist nichts mehr \u00fcbrig.",
    "Es ist nichts mehr uebrig.",
    "Von Ihren Daten ist nichts \u00fcbrig geblieben.",
    "Nichts davon ist zur\u00fcckgeblieben.",
    "Es bleibt nichts davon zur\u00fcck.",
    "Es ist nichts mehr vorhanden.",
    "Dort sind keine Daten mehr vorhanden.",
    "Keine Ihrer Daten sind dort noch vorhanden.",
    "Es sind keine Spuren \u00fcbrig.",
)
COUNTED = (
    "There is nothing left to do for you.",
    "Nothing is left for you to do.",
    "Nothing remains to be done on your side.",
    "Nothing is left that you need to check.",
    "Nothing is left out of this list.",
    "Nothing that we wrote before remains true.",
    "Nothing has changed since you left.",
    "Nothing more has been changed since 13:05 UTC.",
    "Nothing remains unchanged: look at each order.",
    "Three answers are left to check.",
    "No action is needed. The old form remains.",
    "What is left: two orders, which we will undo.",
    "We left your settings as they were.",
)
COUNTED_DE = (
    "Uns blieb nichts anderes \u00fcbrig, als ihn abzuschalten.",
    "Es blieb nichts \u00fcbrig, als ihn abzuschalten.",
    "Es ist nichts mehr zu tun.",
    "Wo \u201ekeine Daten vorhanden\u201c steht, laden Sie die Seite neu.",
    "Bitte geben Sie nichts zur\u00fcck.",
    "\u00dcbrig sind drei Antworten, die wir pr\u00fcfen.",
)


@pytest.mark.parametrize("text", UNCOUNTED)
def test_that_nothing_is_left_is_stopped_before_anybody_counted(text: str) -> None:
    assert rules(found(text + NEXT), "stop") == {"W-NOBODY"}


@pytest.mark.parametrize("text", UNCOUNTED_DE)
def test_that_nothing_is_left_is_stopped_in_german(text: str) -> None:
    assert rules(found(text + NEXT_DE, locale="de"), "stop") == {"W-NOBODY"}


@pytest.mark.parametrize("text", UNCOUNTED)
def test_that_nothing_is_left_may_be_said_once_somebody_counted(text: str) -> None:
    assert rules(found(text + NEXT, known=Known(counted=True, next_ms=1)), "stop") == set()


@pytest.mark.parametrize("text", COUNTED)
def test_what_says_nothing_of_leftovers_passes(text: str) -> None:
    assert "W-NOBODY" not in rules(found(text + NEXT), "stop")


@pytest.mark.parametrize("text", COUNTED_DE)
def test_what_says_nothing_of_leftovers_passes_in_german(text: str) -> None:
    assert "W-NOBODY" not in rules(found(text + NEXT_DE, locale="de"), "stop")
