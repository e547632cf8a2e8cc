"""The strategy `cheapest_passing_eval`: what it chooses, what it skips and why, and when it stays."""

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.cheapest import MARGIN, choose
from opsbot.domain.gates import Gate, Measurement, Result, ask
from opsbot.domain.model_book import Model, ModelBook, Price

HOUR_MS = 3_600_000
NOW = 1_000 * HOUR_MS
GATE = Gate("groundedness", "pass_rate", ">=", 0.9, min_n=100, max_age_h=72)
DEAR, MID, CHEAP = "openai/dear", "openai/mid", "openai/cheap"
BOOK = ModelBook(
    {
        DEAR: Model(DEAR, price=Price(10, 30)),
        MID: Model(MID, price=Price(2, 8)),
        CHEAP: Model(CHEAP, price=Price(0.2, 0.8)),
    }
)
NONE: dict[str, str] = {}


def _shown(name: str, value: float = 0.95, *, n: int = 200, age_h: float = 1) -> tuple[Result, ...]:
    at = int(NOW - age_h * HOUR_MS)
    one = Measurement("copilot", name, "groundedness", "pass_rate", value, n, at, "ci")
    return ask((GATE,), name, (one,), now_ms=NOW)


ALL = (DEAR, MID, CHEAP)
GREEN = {name: _shown(name) for name in ALL}


def test_the_cheapest_that_passes_is_chosen() -> None:
    chosen = choose(ALL, BOOK, GREEN, barred=NONE)

    assert chosen.model == CHEAP
    assert [one.model for one in chosen.considered] == [CHEAP, MID, DEAR]
    assert not any(one.why_not for one in chosen.considered)


def test_every_model_that_is_skipped_says_why() -> None:
    book = ModelBook({**BOOK.models, "x/free": Model("x/free")})
    evidence = {DEAR: _shown(DEAR), MID: _shown(MID, 0.5), CHEAP: _shown(CHEAP, age_h=100)}
    barred = {"x/barred": "is under K-3 (`stop`)"}

    chosen = choose((*ALL, "x/free", "x/barred"), book, evidence, barred=barred)

    why = {one.model: one.why_not for one in chosen.considered}
    assert chosen.model == DEAR
    assert why[DEAR] == ""
    assert "0.5 of 200 cases" in why[MID]
    assert "at most 72 h wanted" in why[CHEAP]
    assert why["x/free"] == "has no price in models.yaml"
    assert why["x/barred"] == "is under K-3 (`stop`)"


def test_without_a_gate_nothing_passes() -> None:
    chosen = choose(ALL, BOOK, {}, barred=NONE)

    assert chosen.model is None
    assert all("no gate" in one.why_not for one in chosen.considered)


def test_equal_prices_are_settled_by_name() -> None:
    book = ModelBook({name: Model(name, price=Price(1, 1)) for name in ALL})

    assert choose(ALL, book, GREEN, barred=NONE).model == CHEAP


def test_what_serves_stays_until_another_saves_the_margin() -> None:
    near = ModelBook({**BOOK.models, CHEAP: Model(CHEAP, price=Price(1.9, 7.6))})
    enough = ModelBook({**BOOK.models, CHEAP: Model(CHEAP, price=Price(1.8, 7.2))})

    stays = choose((MID, CHEAP), near, GREEN, barred=NONE, serving=(MID,))
    goes = choose((MID, CHEAP), enough, GREEN, barred=NONE, serving=(MID,))

    assert stays.model == MID
    assert "saves less than 10%" in stays.why
    assert goes.model == CHEAP


def test_what_serves_and_passes_no_more_is_left_whatever_it_costs() -> None:
    evidence = {**GREEN, CHEAP: _shown(CHEAP, 0.1)}

    assert choose(ALL, BOOK, evidence, barred=NONE, serving=(CHEAP,)).model == MID


_price = st.builds(Price, st.floats(0, 50), st.floats(0, 50))
_book = st.builds(
    lambda prices: ModelBook({n: Model(n, price=p) for n, p in prices.items()}),
    st.dictionaries(st.sampled_from(ALL), st.none() | _price),
)
_evidence = st.fixed_dictionaries(
    {name: st.sampled_from([(), _shown(name), _shown(name, 0.1)]) for name in ALL}
)
_some = st.lists(st.sampled_from(ALL), unique=True)


@given(_book, _evidence, _some, _some)
def test_only_what_is_priced_passes_and_is_not_barred_is_ever_chosen(
    book: ModelBook,
    evidence: dict[str, tuple[Result, ...]],
    barred: list[str],
    serving: list[str],
) -> None:
    chosen = choose(
        ALL, book, evidence, barred=dict.fromkeys(barred, "under a kill"), serving=serving
    )

    assert {one.model for one in chosen.considered} == set(ALL)
    fit = [one for one in chosen.considered if not one.why_not]
    assert (chosen.model is None) == (not fit)
    for one in fit:
        assert one.model not in barred
        assert one.price is not None
        assert all(result.green for result in evidence[one.model])
    if chosen.model is not None:
        cost = book.price(chosen.model)
        least = min(one.price.blended_usd for one in fit if one.price)
        assert cost is not None
        assert cost.blended_usd == least or chosen.model in serving
        assert cost.blended_usd * (1 - MARGIN) <= least + 1e-6 or chosen.model not in serving


@given(_book, _evidence, _some)
def test_choosing_again_changes_nothing(
    book: ModelBook, evidence: dict[str, tuple[Result, ...]], barred: list[str]
) -> None:
    under = dict.fromkeys(barred, "under a kill")
    first = choose(ALL, book, evidence, barred=under)

    again = choose(ALL, book, evidence, barred=under, serving=(first.model,) if first.model else ())

    assert again.model == first.model
