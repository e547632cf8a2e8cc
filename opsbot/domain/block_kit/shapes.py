"""Checkers for single Block Kit values and the combinators that build them. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Json = object
Checker = Callable[[Json, str], Iterator["Violation"]]


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: a JSON *pointer* to the value, a stable *code*, and a sentence."""

    pointer: str
    code: str
    message: str


def string(most: int, *, least: int = 1) -> Checker:
    """Accept text of *least* to *most* characters."""

    def check(value: Json, at: str) -> Iterator[Violation]:
        if not isinstance(value, str):
            yield Violation(at, "wrong_type", "must be a string")
        elif len(value) > most:
            yield Violation(at, "too_long", f"must be less than {most + 1} characters")
        elif len(value) < least:
            yield Violation(at, "too_short", f"must be more than {least - 1} characters")

    return check


def boolean(value: Json, at: str) -> Iterator[Violation]:
    """Accept true and false only."""
    if not isinstance(value, bool):
        yield Violation(at, "wrong_type", "must be a boolean")


def anything(value: Json, at: str) -> Iterator[Violation]:
    """Accept whatever stands there: its rules are checked elsewhere or not known."""
    yield from ()


def integer(least: int, most: int) -> Checker:
    """Accept a whole number between the two bounds, both included."""

    def check(value: Json, at: str) -> Iterator[Violation]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield Violation(at, "wrong_type", "must be an integer")
        elif not least <= value <= most:
            yield Violation(at, "out_of_range", f"must be between {least} and {most}")

    return check


def choice(*allowed: str) -> Checker:
    """Accept one of the named strings."""

    def check(value: Json, at: str) -> Iterator[Violation]:
        if value not in allowed:
            yield Violation(at, "not_allowed", f"must be one of {', '.join(allowed)}")

    return check


def items(each: Checker, *, most: int, least: int = 1) -> Checker:
    """Accept a list of *least* to *most* values that *each* accepts."""

    def check(value: Json, at: str) -> Iterator[Violation]:
        if not isinstance(value, Sequence) or isinstance(value, str):
            yield Violation(at, "wrong_type", "must be an array")
            return
        if len(value) > most:
            yield Violation(at, "too_many", f"no more than {most} items allowed")
        if len(value) < least:
            yield Violation(at, "too_few", f"at least {least} items needed")
        for index, item in enumerate(value):
            yield from each(item, f"{at}/{index}")

    return check


def shape(
    fields: Mapping[str, Checker], *, needs: Sequence[str] = (), one_of: Sequence[str] = ()
) -> Checker:
    """Accept an object with these *fields* only, all of *needs* and exactly one of *one_of*."""

    def check(value: Json, at: str) -> Iterator[Violation]:
        if not isinstance(value, Mapping):
            yield Violation(at, "wrong_type", "must be an object")
            return
        for name in needs:
            if name not in value:
                yield Violation(at, "missing_field", f"missing required field: {name}")
        if one_of and sum(name in value for name in one_of) != 1:
            yield Violation(at, "one_of", f"needs exactly one of {', '.join(one_of)}")
        for name, inner in value.items():
            below = f"{at}/{escaped(str(name))}"
            if name not in fields:
                yield Violation(below, "unknown_field", f"unexpected field: {name}")
            else:
                yield from fields[name](inner, below)

    return check


def by_type(kinds: Mapping[str, Checker], *, what: str) -> Checker:
    """Accept an object whose `type` is one of *kinds* and that passes that kind's checker."""

    def check(value: Json, at: str) -> Iterator[Violation]:
        if not isinstance(value, Mapping):
            yield Violation(at, "wrong_type", "must be an object")
            return
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in kinds:
            yield Violation(f"{at}/type", "unsupported_type", f"unsupported {what} type: {kind}")
        else:
            yield from kinds[kind](value, at)

    return check


def text(most: int, *, plain: bool = False) -> Checker:
    """Accept a text object of at most *most* characters; *plain* forbids mrkdwn."""
    said = string(most)
    plain_text = shape({"type": anything, "text": said, "emoji": boolean}, needs=("text",))
    mrkdwn = shape({"type": anything, "text": said, "verbatim": boolean}, needs=("text",))
    kinds = {"plain_text": plain_text} if plain else {"plain_text": plain_text, "mrkdwn": mrkdwn}
    return by_type(kinds, what="text")


def both(*checkers: Checker) -> Checker:
    """Accept what every one of *checkers* accepts."""

    def check(value: Json, at: str) -> Iterator[Violation]:
        for checker in checkers:
            yield from checker(value, at)

    return check


def escaped(name: str) -> str:
    """Escape one token of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
