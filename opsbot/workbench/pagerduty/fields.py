"""Read the fields of a request's body strictly: what is unknown or of another type is refused."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from opsbot.workbench.pagerduty.account import Account
from opsbot.workbench.pagerduty.model import Json, Ref, invalid

T = TypeVar("T")


@dataclass(slots=True)
class Fields:
    """
    The fields of one object named *of*; each is taken once, and `done` refuses what is left.

    Every method raises Refusal (400, 2001) with a sentence about the field.
    """

    raw: Json
    of: str
    _seen: set[str] = field(default_factory=set)

    def has(self, name: str) -> bool:
        """Whether it was given, and not as null."""
        return self.raw.get(name) is not None

    def text(self, name: str, *, most: int = 10_000_000) -> str:
        """Take a text that must be there and say something."""
        value = self._take(name, str)
        if not value.strip():
            raise invalid(f"{self._named(name)} cannot be empty.")
        if len(value) > most:
            raise invalid(f"{self._named(name)} is too long (maximum is {most} characters)")
        return value

    def text_or_none(self, name: str, *, most: int = 10_000_000) -> str | None:
        """Take a text that may be missing."""
        self._seen.add(name)
        return self.text(name, most=most) if self.has(name) else None

    def one_of(self, name: str, allowed: Iterable[str]) -> str:
        """Take one of the words allowed."""
        value, words = self.text(name), list(allowed)
        if value not in words:
            raise invalid(f"{self._named(name)} must be one of {', '.join(words)}.")
        return value

    def whole(self, name: str, least: int, most: int) -> int:
        """Take a whole number between two."""
        value = self._take(name, int)
        if isinstance(value, bool) or not least <= value <= most:
            raise invalid(f"{self._named(name)} must be between {least} and {most}.")
        return value

    def truth(self, name: str) -> bool:
        """Take true or false."""
        return self._take(name, bool)

    def rows(self, name: str) -> list["Fields"]:
        """Take a list of objects that is not empty."""
        value = self._take(name, list)
        if not value:
            raise invalid(f"{self._named(name)} cannot be empty.")
        return [_fields(one, f"{self.of} {name}") for one in value]

    def words(self, name: str) -> list[str]:
        """Take a list of texts that is not empty and has no word twice."""
        value = self._take(name, list)
        if not value or not all(isinstance(one, str) for one in value):
            raise invalid(f"{self._named(name)} must be a list of texts.")
        if len(set(value)) < len(value):
            raise invalid(f"{self._named(name)} must be unique.")
        return list(value)

    def inner(self, name: str) -> "Fields":
        """Take an object."""
        return _fields(self._take(name, dict), f"{self.of} {name}")

    def ref(self, name: str, account: Account, *kinds: str) -> Ref:
        """Take a reference to something of the account, of one of these kinds."""
        return self.inner(name).as_ref(account, *kinds)

    def as_ref(self, account: Account, *kinds: str) -> Ref:
        """Read these fields as a reference."""
        types = {f"{kind}_reference": kind for kind in kinds} | {kind: kind for kind in kinds}
        kind = types[self.one_of("type", types)]
        found = account.ref(kind, self.text("id"))
        for name in ("summary", "self", "html_url", "name"):
            self.skip(name)
        self.done()
        return found

    def skip(self, name: str) -> None:
        """Let a field pass that changes nothing."""
        self._seen.add(name)

    def done(self) -> None:
        """Refuse fields that nobody took."""
        unknown = sorted(set(self.raw) - self._seen)
        if unknown:
            raise invalid(*(f"{self._named(name)} is not a field." for name in unknown))

    def _take(self, name: str, kind: type[T]) -> T:
        self._seen.add(name)
        value = self.raw.get(name)
        if value is None:
            raise invalid(f"{self._named(name)} is required.")
        if not isinstance(value, kind):
            raise invalid(f"{self._named(name)} must be of type {kind.__name__}.")
        return value

    def _named(self, name: str) -> str:
        return f"{self.of} {name}".strip().capitalize()


def _fields(value: object, of: str) -> Fields:
    if not isinstance(value, dict):
        raise invalid(f"{of.capitalize()} must be an object.")
    return Fields(value, of)
