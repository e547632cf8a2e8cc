"""A template is filled with what people and the fact sheet say, and nothing of that is ever read as one."""

from dataclasses import replace

import pytest

from opsbot.adapters.comms.filled import rendered
from opsbot.domain.comms.moments import instant
from opsbot.domain.comms.templates import Template
from opsbot.domain.comms.values import Here
from opsbot.domain.errors import Unpublishable
from tests.support.template_texts import (
    GERMAN,
    GOOD,
    HOLDING,
    HOLDING_NAME,
    edited,
    template,
)

HERE = Here("Europe/Berlin", instant("2026-11-21T13:10Z", "UTC", 0) or 0)
FACTS = {"feature": "the assistant", "next_at": "2026-11-21T13:40:00Z"}
VALUES = {"cause": "A part failed.", "action": "We replace it.", "state": "nothing"}


def holding() -> Template:
    return template(HOLDING, HOLDING_NAME)


def test_a_template_says_what_was_filled_in_byte_for_byte() -> None:
    said = rendered(template(), {**VALUES, "how": "212 of 4310"}, FACTS, HERE)

    assert said.headline == "The assistant stays switched off"
    assert said.texts == {
        "en": "The assistant is not available.\n\nWhat happened: A part failed.\n\n"
        "We do this: We replace it.\n\nThis concerns 212 of 4,310 users.\n\n"
        "Next update by 14:40 CET (Europe/Berlin), 21 Nov."
    }


def test_what_was_left_out_leaves_no_hole() -> None:
    said = rendered(template(), VALUES, FACTS, HERE)

    assert "concerns" not in said.texts["en"]
    assert "\n\n\n" not in said.texts["en"]


def test_every_language_has_its_own_times_numbers_and_headline() -> None:
    said = rendered(
        template(translations={"de": GERMAN}), {**VALUES, "how": "212 of 4310"}, FACTS, HERE
    )

    assert list(said.texts) == ["en", "de"]
    assert said.texts["de"].endswith(
        "Das betrifft 212 von 4.310 Nutzer.\n\nN\u00e4chste Meldung bis"
        " 14:40 Uhr MEZ (Europe/Berlin), 21. November."
    )
    assert said.headlines == {
        "en": "The assistant stays switched off",
        "de": "The assistant bleibt aus",
    }


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ 7*7 }}",
        "{{7*7}}",
        "{{ ''.__class__ }}",
        "{% for x in range(9) %}{{ x }}{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{# #}",
        "<!channel> <@U123> <https://evil.example|https://good.example>",
        "<script>alert(1)</script> <img src=x onerror=alert(1)>",
        "*bold* _it_ ~no~ [a](javascript:alert(1))",
        "'; DROP TABLE messages; --",
    ],
)
def test_what_people_type_is_printed_literally(hostile: str) -> None:
    """To make it inert where it would do something is for whoever publishes it there."""
    said = rendered(template(), {**VALUES, "cause": hostile}, {**FACTS, "feature": hostile}, HERE)

    assert f"What happened: {hostile}\n" in said.texts["en"]
    assert said.headline == f"{hostile[:1].upper()}{hostile[1:]} stays switched off"


def test_what_nobody_sees_is_taken_out_of_values_and_facts() -> None:
    said = rendered(
        template(),
        {**VALUES, "cause": "wrong\u202egnorw\u200b \x1b[31mred"},
        {**FACTS, "feature": "the\u2066 as\u200bsistant"},
        HERE,
    )

    whole = said.headline + said.texts["en"]
    assert not set(whole) & set("\u202e\u200b\u2066\x1b")
    assert "What happened: wrong gnorw [31mred" in said.texts["en"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "`cause` (What went wrong) is missing."),
        ({**VALUES, "cause": "x" * 10_000}, "`cause` (What went wrong) is longer than 300"),
        ({**VALUES, "cause": "one\ntwo"}, "`cause` (What went wrong) is one line"),
        ({**VALUES, "how": "some"}, "`how` (How many) is a number"),
        ({**VALUES, "state": "off"}, "`state` (What users get) is one of `nothing`, `a person`."),
        ({**VALUES, "feature": "x"}, "There is no field `feature`"),
        ({**VALUES, "__class__": "x"}, "There is no field `__class__`"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_field(
    values: dict[str, str], says: str
) -> None:
    with pytest.raises(Unpublishable) as refused:
        rendered(template(), values, FACTS, HERE)

    assert says in refused.value.message
    assert refused.value.hint


def test_a_fact_that_is_not_confirmed_is_as_not_there() -> None:
    said = rendered(holding(), {}, {**FACTS, "off_at": "14:05"}, HERE)
    bare = rendered(holding(), {}, {**FACTS, "off_at": " "}, HERE)

    assert "since 14:05 CET (Europe/Berlin), 21 Nov." in said.texts["en"]
    assert bare.texts["en"].startswith("The assistant is not available.\n")


def test_without_a_fact_that_it_needs_a_template_is_refused_with_its_label() -> None:
    with pytest.raises(Unpublishable) as refused:
        rendered(holding(), {}, {"feature": "the assistant"}, HERE)

    assert "`next_at` (When we write again) is not confirmed yet" in refused.value.message
    assert "fact sheet" in refused.value.hint


def test_a_time_that_is_none_brings_no_words_of_anybody_to_users() -> None:
    said = rendered(holding(), {}, {**FACTS, "off_at": "buy now at evil.example"}, HERE)

    assert "evil" not in said.texts["en"]


def test_people_of_the_company_read_a_time_with_the_words_behind_it() -> None:
    text = edited(
        ("users-feature-off", "executives-feature-off"),
        ("audience: users", "audience: executives"),
        ("is not available.", "is off{% if off_at %} since {{ off_at }}{% endif %}."),
    )
    inside = template(text, "executives-feature-off-identified")

    said = rendered(inside, VALUES, {**FACTS, "off_at": "14:05 UTC (believed)"}, HERE)

    assert "is off since 14:05 UTC (believed)." in said.texts["en"]


def test_what_is_for_people_of_the_company_reaches_no_user() -> None:
    said = rendered(template(), VALUES, {**FACTS, "commander": "Mara", "incident": "INC-7"}, HERE)

    assert "Mara" not in said.texts["en"]
    assert "INC-7" not in said.texts["en"]


def test_a_headline_is_one_line_of_at_most_255_characters() -> None:
    with pytest.raises(Unpublishable, match="headline comes out with"):
        rendered(template(), VALUES, {**FACTS, "feature": "x" * 300}, HERE)


def test_a_text_that_comes_out_too_long_is_refused() -> None:
    text = edited(
        ("type: text}", "type: text, max_length: 4000}"),
        ("We do this: {{ action }}", "We do this: " + "{{ action }} " * 4),
    )

    with pytest.raises(Unpublishable) as refused:
        rendered(template(text), {**VALUES, "action": "x" * 4_000}, FACTS, HERE)

    assert refused.value.message == "The text comes out longer than 12,000 characters."


def test_a_source_that_is_not_allowed_is_refused_again_when_it_is_filled() -> None:
    """Whatever way a template came here, it was looked at."""
    sneaked = replace(template(), bodies={"en": "{{ feature.__class__ }}"})

    with pytest.raises(Unpublishable, match="cannot be filled: an attribute"):
        rendered(sneaked, VALUES, FACTS, HERE)


def test_a_template_that_comes_to_nothing_is_refused() -> None:
    empty = replace(holding(), bodies={"en": "{% if counts %}x{% endif %}"})

    with pytest.raises(Unpublishable, match="says nothing"):
        rendered(empty, {}, FACTS, HERE)


def test_the_good_text_is_as_it_is_used_here() -> None:
    assert template(GOOD).slots == frozenset({"effect", "cause", "action", "next_update"})
