"""What people fill in is checked against its field, and refused with what is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.comms.moments import instant
from opsbot.domain.comms.templates import Field, FieldType
from opsbot.domain.comms.values import MOST, Here, Unfit, kept, problems, shown, together
from tests.support.template_texts import template

HERE = Here("Europe/Berlin", instant("2026-11-21T13:10Z", "UTC", 0) or 0)
OPTIONS = ("It is off", "A person reads it")


def field(kind: FieldType, *, required: bool = True, most: int = 200) -> Field:
    options = OPTIONS if kind == "choice" else ()
    return Field("what", "What users see", kind, required, most, options)


@pytest.mark.parametrize(
    ("kind", "said", "becomes"),
    [
        ("line", "  wrong   prices ", "wrong prices"),
        ("line", "a\u202eb\u200bc `code`", "a b c \u02bccode\u02bc"),
        ("line", "{{ 7*7 }} <b> <!channel>", "{{ 7*7 }} <b> <!channel>"),
        ("text", "One.\r\n\r\n\r\n\r\nTwo.\u2028Three.", "One.\n\nTwo.\nThree."),
        ("time", "14:05", "2026-11-21T13:05:00Z"),
        ("time", "14:05 CET (Europe/Berlin), 21 Nov", "2026-11-21T13:05:00Z"),
        ("number", "4310", "4310"),
        ("number", "212 of 4,310", "212 of 4310"),
        ("number", "212/4310", "212 of 4310"),
        ("number", "212 von 4.310", "212 of 4310"),
        ("choice", "it is OFF", "It is off"),
        ("link", "https://help.example.com/a?b=c#d", "https://help.example.com/a?b=c#d"),
    ],
)
def test_a_value_is_kept_in_one_form(kind: FieldType, said: str, becomes: str) -> None:
    assert kept(field(kind), said, HERE) == becomes
    assert kept(field(kind), becomes, HERE) == becomes


@pytest.mark.parametrize(
    ("kind", "said", "says"),
    [
        ("line", "", "is missing"),
        ("line", "\u200b\u202e  ", "is missing"),
        ("line", "one\ntwo", "is one line"),
        ("line", "one\u2028two", "is one line"),
        ("line", "one\rtwo", "is one line"),
        ("line", "x" * 201, "is longer than 200 characters (201)"),
        ("line", "x" * 10_000, "is longer than 200 characters (10,000)"),
        ("text", "x" * 1_000_000, "is longer than 200 characters (1,000,000)"),
        ("time", "soon", "is a time; write it as 14:05"),
        ("number", "some", "is a number; write it as 212"),
        ("number", "5 of 4", "is 5 of 4, which cannot be"),
        ("number", "-1", "is a number"),
        ("number", "9" * 40, "is a number"),
        ("choice", "perhaps", "is one of `It is off`, `A person reads it`"),
        ("link", "http://help.example.com", "https://"),
        ("link", "https://user:pw@help.example.com", "nothing secret"),
        ("link", "javascript:alert(1)", "https://"),
        ("link", "https://127.0.0.1/x", "public host"),
        ("link", "https://10.0.0.1", "public host"),
        ("link", "https://[::1]/", "public host"),
        ("link", "https://localhost/x", "public host"),
        ("link", "https://h\u0435lp.example.com", "public host"),
        ("link", "https://help.example.com:99999/", "is a link"),
        ("link", "https://a.example.com /x", "is a link"),
    ],
)
def test_what_a_field_does_not_take_is_refused_with_what_it_does(
    kind: FieldType, said: str, says: str
) -> None:
    with pytest.raises(Unfit) as unfit:
        kept(field(kind), said, HERE)

    assert says in str(unfit.value)


@pytest.mark.parametrize("kind", ["line", "text", "time", "number", "choice", "link"])
def test_an_optional_field_may_be_left_out(kind: FieldType) -> None:
    assert kept(field(kind, required=False), "  ", HERE) == ""


@given(st.text(max_size=400), st.sampled_from(["line", "text"]))
def test_whatever_is_typed_comes_out_harmless_and_stays(said: str, kind: FieldType) -> None:
    one = field(kind, required=False, most=MOST)
    try:
        value = kept(one, said, HERE)
    except Unfit:
        return

    assert kept(one, value, HERE) == value
    assert not set(value) & set("\u202a\u202e\u200b\u2066\ufeff\x00\x07\x1b\r`")
    assert "\n" not in value or kind == "text"


def test_values_are_shown_in_the_language_of_the_text() -> None:
    assert shown("number", "212 of 4310", HERE) == "212 of 4,310"
    assert shown("number", "212 of 4310", HERE, "de") == "212 von 4.310"
    assert shown("number", "many", HERE) == "many"
    assert shown("time", "2026-11-21T13:05:00Z", HERE) == "14:05 CET (Europe/Berlin), 21 Nov"
    assert shown("time", "at noon (believed)", HERE) == "at noon (believed)"
    assert shown("line", "212 of 4310", HERE, "de") == "212 of 4310"


def test_every_problem_is_named_by_its_field_in_a_sentence() -> None:
    found = problems(
        template(), {"cause": "x" * 301, "state": "gone", "hwo": "3", "action": "We look."}, HERE
    )

    assert found == {
        "hwo": "There is no field `hwo`; this template asks for `cause`, `action`, `how`, `state`.",
        "cause": "`cause` (What went wrong) is longer than 300 characters (301).",
        "state": "`state` (What users get) is one of `nothing`, `a person`.",
    }


@pytest.mark.parametrize(
    ("names", "locale", "said"),
    [
        ((), "en", ""),
        (("a",), "de", "a"),
        (("a", "b"), "en", "a and b"),
        (("a", "b", "c"), "de-at", "a, b und c"),
        (("a", "b"), "fr", "a et b"),
        (("a", "b"), "xx", "a and b"),
    ],
)
def test_names_are_said_together_as_their_language_does(
    names: tuple[str, ...], locale: str, said: str
) -> None:
    assert together(names, locale) == said
