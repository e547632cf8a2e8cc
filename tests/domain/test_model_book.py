"""The book of models: every name of a model, what a kill of one name hits, and what a token costs."""

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.model_book import (
    Model,
    ModelBook,
    Price,
    as_record,
    bare,
    from_record,
)

GPT, MINI = "openai/gpt-5.2", "openai/gpt-5-mini"
SNAPSHOT, AZURE = "openai/gpt-5.2-2026-03-01", "azure/my-gpt5"
BOOK = ModelBook(
    {
        GPT: Model(GPT, (SNAPSHOT, AZURE), Price(1.75, 14), 400_000, "ola", "2026-03-09"),
        MINI: Model(MINI, ("openai/gpt-5-mini-2025-08-07",), Price(0.25, 2)),
    }
)

_word = st.text("abc-.5", min_size=1, max_size=6)
_name = st.builds("{}/{}".format, st.sampled_from(["openai", "azure", "x"]), _word)


@st.composite
def _books(draw: st.DrawFn) -> ModelBook:
    names = draw(st.lists(_name, unique=True, max_size=12))
    models: dict[str, Model] = {}
    while names:
        count = draw(st.integers(1, 3))
        own, *aliases = names[:count]
        price = draw(st.none() | st.builds(Price, st.integers(0, 9), st.integers(0, 9)))
        models[own] = Model(own, tuple(aliases), price)
        names = names[count:]
    return ModelBook(models)


@given(_books(), _name)
def test_every_name_of_a_model_leads_to_the_same_model(book: ModelBook, name: str) -> None:
    own = book.canonical(name)

    assert book.canonical(own) == own
    assert own in book.same(name)
    for other in book.same(name):
        if "/" in other and other in own:
            assert book.canonical(other) == own
        assert book.price(other) == book.price(own)


@given(_books())
def test_a_kill_of_a_models_own_name_hits_each_of_its_names(book: ModelBook) -> None:
    for own, model in book.models.items():
        assert set(book.struck(own)) == set(model.names)
        assert book.struck(own)[0] == own


@given(_books(), _name, st.lists(_name, max_size=4))
def test_what_is_similar_is_never_what_the_kill_hits(
    book: ModelBook, name: str, known: list[str]
) -> None:
    hit = book.struck(name)

    assert not set(book.similar(name, known)) & set(hit)


@given(_books())
def test_a_book_comes_back_from_its_record(book: ModelBook) -> None:
    assert from_record(as_record(book)) == book


def test_no_record_is_an_empty_book() -> None:
    assert from_record({}) == ModelBook()


def test_a_name_without_its_provider_is_known_where_it_can_only_be_one_model() -> None:
    twice = ModelBook({"a/m": Model("a/m"), "b/m": Model("b/m")})

    assert BOOK.canonical("gpt-5.2-2026-03-01") == GPT
    assert BOOK.canonical("my-gpt5") == GPT
    assert twice.canonical("m") == "m"


def test_a_name_that_nobody_declared_stands_for_itself() -> None:
    assert BOOK.canonical("x/y") == "x/y"
    assert BOOK.same("x/y") == BOOK.struck("x/y") == ("x/y",)
    assert BOOK.price("x/y") is None


def test_a_kill_of_a_name_without_provider_hits_the_other_names_too() -> None:
    assert BOOK.struck("gpt-5.2") == ("gpt-5.2", SNAPSHOT, AZURE)


def test_a_kill_of_one_snapshot_leaves_the_others_and_says_so() -> None:
    assert BOOK.struck(SNAPSHOT) == (SNAPSHOT,)
    assert set(BOOK.similar(SNAPSHOT)) >= {GPT, AZURE}


def test_close_names_are_offered_and_far_ones_are_not() -> None:
    near = BOOK.similar(GPT, ["openai/gpt-5.2-pro", "openai/gpt-5.1", "anthropic/claude-sonnet-5"])

    assert "openai/gpt-5.2-pro" in near
    assert "openai/gpt-5.1" in near
    assert "anthropic/claude-sonnet-5" not in near
    assert SNAPSHOT not in near


def test_a_price_blends_three_tokens_read_with_one_written() -> None:
    assert Price(1, 5).blended_usd == 2
    assert bare("openai/gpt") == "gpt"
    assert bare("gpt") == "gpt"
