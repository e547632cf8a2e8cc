"""The form about a route: what it is filled with comes back as it was, within Slack's limits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.requests import RouteEdit
from opsbot.app.routes.set_decision import edited
from opsbot.domain.block_kit.check import check_view
from opsbot.domain.route import Number, Route, Target
from opsbot.domain.said import Said
from opsbot.slack.ids import Field
from opsbot.slack.outlet import Wrong
from opsbot.slack.route.form import Draft, draft_of, edit_of, route_modal, words_of
from opsbot.slack.typed.route_values import params_of, params_text

DRAFT = Draft("support-copilot", Number(3), Number(5))
ROUTE = Route(
    targets=(Target("openai", "gpt-5.2", 70), Target("anthropic", "claude-sonnet-5", 30)),
    fallbacks=(Target("anthropic", "claude-haiku-5"),),
    prompt="support-copilot@41",
    params={"temperature": 0.2, "stream": True, "n": 1, "style": "formal", "version": "5"},
    tools="support-tools@7",
    strategy="weighted",
)
TEXTS = st.text(max_size=60)
PARAMS = st.dictionaries(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    st.booleans()
    | st.integers(-(10**15) + 1, 10**15 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    max_size=8,
)


def test_what_the_form_is_filled_with_changes_nothing() -> None:
    edit = edit_of(DRAFT, words_of(ROUTE), ROUTE)

    assert isinstance(edit, RouteEdit)
    assert edited(ROUTE, edit) == ROUTE
    assert (edit.base, edit.seen) == (3, 5)


def test_the_view_holds_the_words_and_its_metadata_only_ids() -> None:
    view = route_modal(DRAFT, words_of(ROUTE), prefix="ai")

    assert not check_view(view)
    assert view["private_metadata"] == "support-copilot:r3:r5"
    assert draft_of("support-copilot:r3:r5") == DRAFT
    inputs = {one["block_id"]: one["element"] for one in _blocks(view) if one["type"] == "input"}
    assert inputs[Field.MODELS]["initial_value"] == (
        "openai/gpt-5.2=70\nanthropic/claude-sonnet-5=30"
    )
    assert 'version="5"' in inputs[Field.PARAMS]["initial_value"].splitlines()
    assert inputs[Field.STRATEGY]["initial_option"]["value"] == "weighted"


def test_a_parameter_that_was_taken_out_of_the_form_is_taken_away() -> None:
    fields = {**words_of(ROUTE), Field.PARAMS: "temperature=0.1\n\n top_p = 0.9 "}

    edit = edit_of(DRAFT, fields, ROUTE)

    assert isinstance(edit, RouteEdit)
    assert edited(ROUTE, edit).params == {"temperature": 0.1, "top_p": 0.9}


def test_emptied_fields_are_empty_and_missing_ones_stay() -> None:
    emptied = {**words_of(ROUTE), Field.FALLBACKS: "", Field.PROMPT: " ", Field.TOOLS: "none"}
    only: dict[str, str] = {Field.PROMPT: "support-copilot@42"}

    empty, kept = edit_of(DRAFT, emptied, ROUTE), edit_of(DRAFT, only, ROUTE)

    assert isinstance(empty, RouteEdit)
    assert isinstance(kept, RouteEdit)
    assert edited(ROUTE, empty).fallbacks == ()
    assert (edited(ROUTE, empty).prompt, edited(ROUTE, empty).tools) == ("", "")
    assert edited(ROUTE, kept).params == ROUTE.params
    assert edited(ROUTE, kept).targets == ROUTE.targets


def test_every_field_says_what_is_wrong_with_it() -> None:
    fields: dict[str, str] = {
        Field.MODELS: "gpt-5.2",
        Field.FALLBACKS: "a/b=3",
        Field.PROMPT: "two words",
        Field.PARAMS: "temperature",
        Field.TOOLS: "x" * 200,
        Field.STRATEGY: "best",
    }

    wrong = edit_of(DRAFT, fields, ROUTE)

    assert isinstance(wrong, Wrong)
    assert set(wrong.errors) == set(fields)


@pytest.mark.parametrize(
    "params",
    [{"long": "x" * 2_999, "other": "y" * 300}, {"nested": {"a": 1}}, {"big": 2**60}],
    ids=["long", "nested", "big"],
)
def test_what_a_field_cannot_hold_is_left_out_and_kept(params: dict[str, Any]) -> None:
    route = Route(ROUTE.targets, params=params, strategy="weighted")
    words = words_of(route)

    view, edit = route_modal(DRAFT, words, prefix="ai"), edit_of(DRAFT, words, route)

    assert Field.PARAMS not in words
    assert "kept as it is: params" in str(view)
    assert isinstance(edit, RouteEdit)
    assert edited(route, edit) == route


@pytest.mark.parametrize(
    "metadata", ["", "x", "a:r1", "a:r0:r1", "a:r1:r1:r1", "a b:r1:r2", "a:r1:r\u0661", "x" * 3_000]
)
def test_metadata_that_was_never_made_here_is_nobodys(metadata: str) -> None:
    assert draft_of(metadata) is None


@given(TEXTS, TEXTS, TEXTS)
def test_no_words_break_the_form(models: str, params: str, title: str) -> None:
    words = {**words_of(ROUTE), Field.MODELS: models, Field.PARAMS: params, Field.NOTE: title}

    view = route_modal(DRAFT, words, prefix="ai", top=Said("amber", title, (params, models)))

    assert not check_view(view)
    edit_of(DRAFT, words, ROUTE)


@given(PARAMS)
def test_parameters_are_read_back_as_they_were_or_left_alone(params: dict[str, Any]) -> None:
    text = params_text(params)

    if text is not None:
        read = params_of(text)
        assert read == params
        assert {name: type(value) for name, value in read.items()} == {
            name: type(value) for name, value in params.items()
        }


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.integers() | st.booleans(), max_size=2))
def test_numbers_and_booleans_always_fit(params: dict[str, Any]) -> None:
    fitting = all(len(str(abs(value))) <= 15 for value in params.values())

    assert (params_text(params) is not None) == fitting


def _blocks(view: dict[str, Any]) -> list[dict[str, Any]]:
    blocks = view["blocks"]
    assert isinstance(blocks, list)
    return blocks
