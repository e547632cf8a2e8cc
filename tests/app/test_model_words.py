"""The sentences about names and prices of models."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.model_words import (
    Names,
    led_lines,
    name_lines,
    names_of,
    price_words,
    unpriced,
    usd,
)
from opsbot.domain.model_book import Model, ModelBook, Price
from opsbot.domain.route import Route, Target
from tests.support.models import AZURE, BOOK, GPT, MINI, SNAPSHOT, SONNET


def _route(*names: str, weights: tuple[int, ...] = (100,)) -> Route:
    split = [name.partition("/") for name in names]
    shares = zip(split, weights, strict=True)
    return Route(tuple(Target(part[0], part[2], weight) for part, weight in shares))


def test_a_cheaper_model_is_told_with_both_prices() -> None:
    said = price_words(BOOK, _route(GPT), _route(MINI))

    assert said == "about 80 % cheaper per token (in $1.25 -> $0.25, out $10 -> $2 per million)"


def test_a_dearer_model_is_told_so_and_the_same_is_the_same() -> None:
    assert price_words(BOOK, _route(MINI), _route(GPT)).startswith("about 5 times the price (in")
    assert price_words(BOOK, _route(GPT), _route(GPT)) == (
        "the same price per token (in $1.25, out $10 per million)"
    )


def test_another_name_of_the_model_costs_the_same() -> None:
    assert price_words(BOOK, _route(GPT), _route(AZURE)).startswith("the same price")


def test_shares_of_a_weighted_route_count() -> None:
    said = price_words(BOOK, _route(GPT), _route(GPT, MINI, weights=(50, 50)))

    assert "in $1.25 -> $0.75, out $10 -> $6" in said
    assert said.startswith("about 40 % cheaper")


def test_a_missing_price_says_nothing_and_which_is_missing() -> None:
    new = _route("x/free", GPT, weights=(50, 50))

    assert price_words(BOOK, _route(GPT), new) == ""
    assert unpriced(BOOK, _route(GPT), new) == ("x/free",)


def test_from_free_to_paid_is_no_percentage() -> None:
    book = ModelBook({"x/free": Model("x/free", price=Price(0, 0)), **BOOK.models})

    assert price_words(book, _route("x/free"), _route(GPT)).startswith("no longer free")
    assert "100 % cheaper" in price_words(book, _route(GPT), _route("x/free"))


@pytest.mark.parametrize(
    ("amount", "shown"), [(10, "$10"), (100, "$100"), (0.25, "$0.25"), (0, "$0"), (1.5, "$1.5")]
)
def test_dollars_are_written_short(amount: float, shown: str) -> None:
    assert usd(amount) == shown


_prices = st.builds(Price, st.floats(0, 99), st.floats(0, 99))


@given(_prices, _prices)
def test_cheaper_and_dearer_are_never_mixed_up(one: Price, two: Price) -> None:
    book = ModelBook({"a/a": Model("a/a", price=one), "b/b": Model("b/b", price=two)})

    said = price_words(book, _route("a/a"), _route("b/b"))

    assert said
    if "cheaper" in said:
        assert two.blended_usd < one.blended_usd
    if "dearer" in said:
        assert two.blended_usd >= one.blended_usd


def test_a_kill_that_names_no_model_says_nothing_of_names() -> None:
    assert name_lines(Names()) == ()
    assert led_lines(()) == ()


def test_a_kill_without_a_provider_matches_what_was_seen_at_any() -> None:
    names = names_of(BOOK, "gpt-5.2", ["openai/gpt-5.2", "other/gpt-5.2", SNAPSHOT, SONNET])

    assert names.seen == {"openai/gpt-5.2": True, SNAPSHOT: True, "other/gpt-5.2": True}


def test_what_runs_is_told_before_what_could() -> None:
    known = [f"openai/gpt-5.2{n}" for n in range(40)]

    names = names_of(BOOK, GPT, ["openai/gpt-5.239"], known)

    assert names.similar[0] == "openai/gpt-5.239"
    assert len(names.similar) == 6
    assert "`openai/gpt-5.239` (seen)" in name_lines(names)[-1]


def test_nothing_seen_is_said_not_left_out() -> None:
    assert "Seen in the last 24 h: none of them." in name_lines(names_of(BOOK, GPT))


def test_a_seen_name_cannot_draw_on_the_screen() -> None:
    lines = name_lines(names_of(BOOK, "gpt-5.2`\u202e", ["openai/gpt-5.2`\u202e\n"]))

    assert not any("\u202e" in line or "\n" in line for line in lines)
