"""What a template looks like when nobody has filled it in yet: with as little as it can do with, and with all."""

from collections.abc import Iterator, Mapping
from typing import Final

from opsbot.adapters.comms.filled import rendered
from opsbot.domain.comms import moments
from opsbot.domain.comms.facts import FACTS, always, in_language
from opsbot.domain.comms.templates import Field, Rendered, Template
from opsbot.domain.comms.values import Here

NOON: Final = Here("UTC", moments.instant("2026-11-21T13:10Z", "UTC", 0) or 0)
"""The time at which examples are written: the facts' own examples lie around it."""

_STATES: Final = ("", "limited", "people", "going off")
"""How things can be for users beside the fact's own example."""

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
    facts = {name: FACTS[name].example for name in sorted(always(template.stage))}
    needed = [one for one in template.fields if one.required]
    for values in _choices({one.name: filler(one) for one in needed}, needed):
        yield rendered(template, values, facts, here)


def most(template: Template, here: Here = NOON) -> Iterator[Rendered]:
    """
    Yield what it says when everything is known, once for each option of its choices and each way it can be.

    Raises:
        Unpublishable: it comes out too long.
    """
    for values in _choices({one.name: filler(one) for one in template.fields}, template.fields):
        yield typical(template, values, here)
    if any("state_now" in one for one in template.bodies.values()):
        for word in _STATES:
            yield typical(template, {}, here, facts={"state_now": word})


def typical(
    template: Template,
    values: Mapping[str, str],
    here: Here = NOON,
    *,
    facts: Mapping[str, str] | None = None,
) -> Rendered:
    """
    Return what it says with the facts' examples; a field that *values* leave out reads as its label.

    *facts* stand in the place of the examples of the same names.

    Raises:
        Unpublishable: a value is not what its field takes.
    """
    given = {one.name: filler(one, f"[{one.label}]") for one in template.fields}
    known = {name: fact.example for name, fact in FACTS.items()}
    known[in_language("feature", "de")] = "Support-Assistent"
    return rendered(template, {**given, **values}, {**known, **(facts or {})}, here)


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
