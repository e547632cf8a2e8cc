"""The watch over tests that hang: it never ends one that still has time by its own timeout."""

import pytest

from tests.support.watchdog import MARGIN_S, watched_s


@pytest.mark.timeout(900)
def test_who_may_take_long_is_watched_longer_than_that(request: pytest.FixtureRequest) -> None:
    assert watched_s(request.node) == 900 + MARGIN_S


@pytest.mark.timeout(timeout=800)
def test_a_timeout_may_be_named(request: pytest.FixtureRequest) -> None:
    assert watched_s(request.node) == 800 + MARGIN_S


def test_everybody_else_is_watched_longer_than_the_usual_timeout(
    request: pytest.FixtureRequest,
) -> None:
    assert watched_s(request.node) == float(request.config.getini("timeout")) + MARGIN_S
