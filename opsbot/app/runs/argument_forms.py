"""Forms that arguments of a runbook have, and how one that does not fit is told. Pure."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, Literal, TypeVar

from opsbot.app.environment import ALTERED, ERASED
from opsbot.domain import durations
from opsbot.domain.placeholders import names_in, odd_in
from opsbot.domain.route import Number, number_of
from opsbot.domain.runbook import Value
from opsflags.model import MODES

T = TypeVar("T")
W = TypeVar("W", bound=str)

Rule = Literal["E26", "E28"]
LINE_MOST: Final = 500
NAME_MOST: Final = 200
DURATION_MOST_S: Final = 90 * 86_400
KILL_MODES: Final = tuple(one for one in MODES if one != "live")
_NAME: Final = re.compile(r"[^\s`\"'<>{}|]+")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):[0-5]\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an argument (empty: with all of them), and how to put it right."""

    argument: str
    message: str
    fix: str
    rule: Rule = "E26"


@dataclass(slots=True)
class Given:
    """
    Arguments while they are read; *problems* grows, so that one look names all that is wrong.

    *run_workflow* is what `workflow` is where nothing is said. *opaque*: names are not filled in yet,
    and a value that holds one passes as anything.
    """

    values: Mapping[str, Value]
    run_workflow: str = ""
    opaque: bool = False
    problems: list[Problem] = field(default_factory=list)

    def has(self, argument: str) -> bool:
        """Return whether it is written down."""
        return argument in self.values

    def wrong(self, argument: str, message: str, fix: str, rule: Rule = "E26") -> None:
        """Note a problem."""
        self.problems.append(Problem(argument, message, fix, rule))

    def unknown(self, argument: str, known: Collection[str]) -> None:
        """Note an argument that the verb does not take."""
        near = get_close_matches(argument, list(known), n=1, cutoff=0.6)
        fix = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."
        self.wrong(argument, f"unknown argument `{argument}`", fix)

    def workflow(self, *, needed: bool = True) -> str:
        """Return the workflow that is written, else the run's own."""
        written = self.read("workflow", name)
        if written or self.has("workflow"):
            return written or ""
        if needed and not self.run_workflow and not self.opaque:
            fix = "Add `workflow:`, or begin the run with one."
            self.wrong("workflow", "`workflow` is missing", fix)
        return self.run_workflow

    def needed(self, argument: str, form: Callable[[str], T]) -> T | None:
        """Return an argument that has to be there."""
        if not self.has(argument):
            self.wrong(argument, f"`{argument}` is missing", f"Add `{argument}:`.")
        return self.read(argument, form)

    def read(self, argument: str, form: Callable[[str], T]) -> T | None:
        """Return an argument in its form, None where it is missing, does not fit, or is not filled in."""
        value = self.values.get(argument)
        if value is None:
            return None
        if not isinstance(value, str):
            fix = f"Write `{argument}: …` on one line."
            self.wrong(argument, f"`{argument}` is a list or mapping", fix)
            return None
        return self._formed(argument, value, form)

    def items(self, argument: str, form: Callable[[tuple[str, ...]], T]) -> T | None:
        """Return an argument that is a list of plain words."""
        value = self.values.get(argument)
        if value is None:
            self.wrong(argument, f"`{argument}` is missing", f"Add `{argument}: […]`.")
            return None
        return self.listed(argument, form)

    def listed(self, argument: str, form: Callable[[tuple[str, ...]], T]) -> T | None:
        """Return an argument that may be missing, and else is a list of plain words."""
        value = self.values.get(argument)
        if value is None:
            return None
        words = value if isinstance(value, tuple) else ()
        plain = tuple(one for one in words if isinstance(one, str))
        if not plain or len(plain) != len(words):
            fix = f"Write `{argument}: [one, two]`."
            self.wrong(argument, f"`{argument}` is not a list of words", fix)
            return None
        if any(self._waits(argument, one) for one in plain):
            return None
        return self._tried(argument, lambda: form(plain))

    def _formed(self, argument: str, value: str, form: Callable[[str], T]) -> T | None:
        text = value.strip()
        if self._waits(argument, text):
            return None
        if form is not line and (ERASED in text or ALTERED in text):
            fix = "Begin a run with it, or do it by its command."
            self.wrong(
                argument, f"what `{argument}` was given was erased, or is not what it was", fix
            )
            return None
        if not text:
            self.wrong(
                argument,
                f"`{argument}` is empty",
                "Write a value, leave it out, or begin the run with one.",
            )
            return None
        return self._tried(argument, lambda: form(text))

    def _waits(self, argument: str, text: str) -> bool:
        """Return whether a name in it has no value: expected before a run, a mistake within one."""
        open_names = (*(f"{{{{ {one} }}}}" for one in names_in(text)), *odd_in(text))
        if not open_names:
            return False
        if not self.opaque:
            fix = "Begin the run with a value for it."
            self.wrong(argument, f"`{open_names[0]}` in `{argument}` has no value", fix)
        return True

    def _tried(self, argument: str, form: Callable[[], T]) -> T | None:
        try:
            return form()
        except ValueError as error:
            what, _, fix = str(error).partition("; ")
            self.wrong(argument, f"`{argument}` {what}", f"{fix[:1].upper()}{fix[1:]}.")
            return None


def line(text: str) -> str:
    """Return words on one line."""
    if len(text) > LINE_MOST:
        raise ValueError(f"is longer than {LINE_MOST} characters; shorten it")
    return " ".join(text.split())


def name(text: str) -> str:
    """Return a single word."""
    if len(text) > NAME_MOST or not _NAME.fullmatch(text):
        raise ValueError("is not a single word; write a name without blanks or quotes")
    return text


def kill_mode(text: str) -> str:
    """Return a mode that a kill may have."""
    return one_of(KILL_MODES)(text)


def one_of(words: tuple[W, ...]) -> Callable[[str], W]:
    """Return a form that takes one of *words*."""

    def form(text: str) -> W:
        found = next((one for one in words if one == text), None)
        if found is None:
            near = get_close_matches(text, words, n=1, cutoff=0.6)
            guess = f"did you mean `{near[0]}`? One" if near else "one"
            raise ValueError(f"is `{text[:60]}`, which is unknown; {guess} of: {', '.join(words)}")
        return found

    return form


def several(words: tuple[str, ...]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return a form that takes a list of *words*, each once."""
    one = one_of(words)

    def form(items: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one(item) for item in items))

    return form


def percents(items: tuple[str, ...]) -> tuple[int, ...]:
    """Return shares in percent, as in `[5, 25, 100]`."""
    if not all(one.isascii() and one.isdigit() and 1 <= int(one[:4]) <= 100 for one in items):  # noqa: PLR2004  # percent
        raise ValueError("has a share that is not from 1 to 100; write `[5, 25, 100]`")
    return tuple(int(one) for one in items)


def duration_s(text: str) -> int:
    """Return a duration in seconds."""
    found = durations.duration_s(text)
    if found is None or found > DURATION_MOST_S:
        raise ValueError("is no duration of at most 90 days; write `90s`, `10m`, `2h`, `1d`")
    return found


def moment(text: str) -> str:
    """Return a time of day."""
    if not _CLOCK.fullmatch(text):
        raise ValueError("is no time of day; write `09:00` (UTC)")
    return text.rjust(5, "0")


def revision(text: str) -> Number:
    """Return the number of a revision."""
    found = number_of(text)
    if found is None:
        raise ValueError("is no revision; write `r4`")
    return found


def served(text: str) -> str:
    """Return a model with its provider."""
    provider, slash, model = text.partition("/")
    if not (provider and slash and model) or not _NAME.fullmatch(text):
        raise ValueError("is no model with its provider; write `openai/gpt-5-mini`")
    return text


def share(text: str) -> float:
    """Return a share or score as a number: `0.95`, or `95%`."""
    digits, percent, _ = text.partition("%")
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", digits.strip(), re.ASCII) or len(text) > NAME_MOST:
        raise ValueError("is no number; write `0.95` or `95%`")
    return float(digits) / 100 if percent else float(digits)


def whole(text: str) -> int:
    """Return a whole number from 1 on."""
    if not re.fullmatch(r"[1-9]\d{0,6}", text, re.ASCII):
        raise ValueError("is no whole number from 1 on; write `20`")
    return int(text)


def flag(text: str) -> bool:
    """Return `true` or `false`."""
    return one_of(("true", "false"))(text) == "true"
