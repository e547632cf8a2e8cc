"""What every reader of results gives back, and how it says that a file cannot be read."""

from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from opsbot.app.requests import EvalResult

M = TypeVar("M", bound="Foreign")


class Unreadable(Exception):
    """A file cannot be taken as results; its text goes on after the file's name."""

    def __init__(self, why: str, *, hint: str = "") -> None:
        super().__init__(why)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Report:
    """
    What a file says.

    *notes* are for a person's eyes: what was counted how. *workflow*, *subject* and *commit* are
    set where the file itself names them.
    """

    form: str
    results: tuple[EvalResult, ...]
    notes: tuple[str, ...] = ()
    workflow: str = ""
    subject: str = ""
    commit: str = ""


class Foreign(BaseModel):
    """A part of a document that another program writes: more keys than we know are no error."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


def checked(kind: type[M], data: object) -> M:
    """
    Return *data* as *kind*.

    Raises:
        Unreadable: where the first thing is that is wrong, and what it is.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        why = first["msg"].removeprefix("Value error, ")
        raise Unreadable(f"is not of its format: `{where[:100]}`: {why}") from error


def one_word(text: str) -> str:
    """Return a title as one word, blanks as dashes: so it can stand in a declared gate."""
    return "-".join(text.split())


def pass_rate(suite: str, good: int, cases: int) -> EvalResult:
    """
    Return the share of good cases.

    Raises:
        Unreadable: there are no cases, or nobody has named the suite.
    """
    if not suite:
        raise Unreadable("does not name its suite", hint="Name it: `--suite support-groundedness`.")
    if cases <= 0:
        raise Unreadable("holds no case that was run: nothing was evaluated")
    return EvalResult(suite, "pass_rate", good / cases, cases)
