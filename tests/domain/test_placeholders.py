"""`{{ name }}` is a look-up by name: once, never in addresses, and never a template language."""

import pytest

from opsbot.domain.placeholders import fill, fill_blocks, fill_prose, fill_value, names_in, odd_in
from opsbot.domain.prose import Code, Heading, Listing, Paragraph, Quote, Rule, Span, Table, words

VALUES = {"workflow": "support-copilot", "incident.id": "INC-7", "evil": "{{ workflow }}; rm -rf /"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("a {{ workflow }} b {{incident.id}}", "a support-copilot b INC-7"),
        ("{{ gone }}", "{{ gone }}"),
        ("{{ evil }}", "{{ workflow }}; rm -rf /"),
        ("{{ workflow.__class__ }}", "{{ workflow.__class__ }}"),
        ("{{ workflow | upper }} {% if x %}", "{{ workflow | upper }} {% if x %}"),
        ("{{{ workflow }}}", "{support-copilot}"),
    ],
)
def test_known_names_are_replaced_once_and_the_rest_stays(text: str, filled: str) -> None:
    assert fill(text, VALUES) == filled


def test_names_and_what_only_looks_like_one_are_told_apart() -> None:
    text = "{{ a }} {{ b.c }} {{ x.__class__ }} {{ 'y' }}"

    assert names_in(text) == ("a", "b.c")
    assert odd_in(text) == ("{{ x.__class__ }}", "{{ 'y' }}")


def test_arguments_are_filled_in_lists_and_mappings_too() -> None:
    assert fill_value({"a": ("{{ workflow }}", {"b": "x"})}, VALUES) == {
        "a": ("support-copilot", {"b": "x"}),
    }


def test_an_address_keeps_what_it_has() -> None:
    link = Span("link", url="https://x/{{ workflow }}", inner=words("{{ workflow }}"))

    (found,) = fill_prose((link,), VALUES)

    assert (found.url, found.inner[0].text) == (link.url, "support-copilot")


@pytest.mark.parametrize("language", ["sh", "bash", "Shell", "console"])
def test_in_shell_code_a_value_is_quoted_as_one_word(language: str) -> None:
    (found,) = fill_blocks((Code("x {{ evil }} {{ workflow }}", language),), VALUES)

    assert found == Code("x '{{ workflow }}; rm -rf /' support-copilot", language)


def test_every_kind_of_block_is_filled() -> None:
    line = words("{{ workflow }}")
    given = (
        Heading(4, line),
        Quote((Paragraph(line),)),
        Listing(((Paragraph(line),),)),
        Table((line,), ((line,),)),
        Code("{{ workflow }}", "sql"),
        Rule(),
    )

    assert "{{" not in repr(fill_blocks(given, VALUES))
