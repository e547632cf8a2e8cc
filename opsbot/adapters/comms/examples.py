"""What a template looks like when nobody has filled it in yet: with as little as it can do with, and with all."""

from collections.abc import Iterator, Mapping
from typing import Final

from opsbot.adapters.comms.filled import rendered
from opsbot.domain import moments
from opsbot.domain.comms import Field, Rendered, Template
from opsbot.domain.comms_facts import ALWAYS, FACTS
from opsbot.domain.comms_values import Here

NOON: Final = Here("UTC", moments.instant("2026-11-21T13:10Z", "UTC", 0) or 0)
"""The time at which examples are written: the facts' own examples lie around it."""

_OF_TYPE: Final = {
    "time": "2026-11-21T13:05Z",
    "number": "212 of 4310",
    "link": "https://help.example.com",
}


def least(template: Template, here: Here = NOON) -> Iterator[Rendered]:
    """
    Yield what it says with what it cannot do without, once for each option of its choices.

    Raises:
        Unpublishable: it comes to nothing.
    """
    facts = {name: FACTS[name].example for name in sorted(ALWAYS)}
    needed = [one for one in template.fields if one.required]
    for values in _choices({one.name: filler(one) for one in needed}, needed):
        yield rendered(template, values, facts, here)


def most(template: Template, here: Here = NOON) -> Iterator[Rendered]:
    """
    Yield what it says when everything is known, once for each option of its choices.

    Raises:
        Unpublishable: it comes out too long.
    """
    for values in _choices({one.name: filler(one) for one in template.fields}, template.fields):
        yield typical(template, values, here)


def typical(template: Template, values: Mapping[str, str], here: Here = NOON) -> Rendered:
    """
    Return what it says with the facts' examples; a field that *values* leave out reads as its label.

    Raises:
        Unpublishable: a value is not what its field takes.
    """
    given = {one.name: filler(one, f"[{one.label}]") for one in template.fields}
    facts = {name: fact.example for name, fact in FACTS.items()}
    return rendered(template, {**given, **values}, facts, here)


def filler(field: Field, words: str = "something") -> str:
    """Return a value that a field takes; *words* where it takes words."""
    if field.type == "choice":
        return field.options[0]
    return _OF_TYPE.get(field.type, words)[: field.max_length]


def _choices(
    values: Mapping[str, str], fields: tuple[Field, ...] | list[Field]
) -> Iterator[Mapping[str, str]]:
    yield values
    for field in fields:
        for option in field.options[1:]:
            yield {**values, field.name: option}
