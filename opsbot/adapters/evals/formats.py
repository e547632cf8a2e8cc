"""Results of evaluations as the tools write them: promptfoo, pytest-json-report, JUnit XML, opsbot's own."""

import json
from collections.abc import Callable, Mapping
from typing import Final, Literal, NoReturn, get_args

from opsbot.adapters.evals import junit, own, promptfoo, pytest
from opsbot.adapters.evals.report import Report, Unreadable
from opsbot.domain.errors import BadEvidence

Form = Literal["auto", "promptfoo", "pytest", "junit", "opsbot"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)
LARGEST_FILE = 20_000_000
"""Bytes of one file of results."""

_FROM_JSON: Mapping[str, Callable[[object, str], Report]] = {
    "promptfoo": promptfoo.read,
    "pytest": pytest.read,
    "opsbot": own.read,
}


def read(raw: bytes, *, name: str, form: Form = "auto", suite: str = "") -> Report:
    """
    Return what a file of results says.

    *name* is what errors call the file; *suite* replaces the suite that the file names, where it
    names one.

    Raises:
        BadEvidence: the file and what is wrong with it. Nothing of a file that is in part
            unreadable is taken.
    """
    try:
        return _read(raw, form, suite)
    except Unreadable as error:
        raise BadEvidence(
            f"{name} {error}; nothing was recorded.", hint=error.hint or _HINT
        ) from error


_HINT = f"Formats: {', '.join(FORMS[1:])}; `--format` chooses one where it cannot be told."


def _read(raw: bytes, form: Form, suite: str) -> Report:
    if len(raw) > LARGEST_FILE:
        raise Unreadable(f"is larger than {LARGEST_FILE // 1_000_000} MB")
    if not raw.strip():
        raise Unreadable("is empty")
    if form == "junit" or (form == "auto" and raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")):
        return junit.read(raw, suite)
    data = _json(raw)
    return _FROM_JSON[_told(data) if form == "auto" else form](data, suite)


def _json(raw: bytes) -> object:
    try:
        found: object = json.loads(raw.decode("utf-8-sig"), parse_constant=_refused)
    except UnicodeDecodeError as error:
        raise Unreadable("is not UTF-8") from error
    except RecursionError as error:
        raise Unreadable("is nested too deeply") from error
    except ValueError as error:
        raise Unreadable(f"is not JSON, or cut off ({str(error)[:100]})") from error
    return found


def _refused(word: str) -> NoReturn:
    raise Unreadable(f"holds {word}, which is no number")


def _told(data: object) -> str:
    """Return the format that a document shows by what it holds."""
    if isinstance(data, Mapping):
        results = data.get("results")
        if isinstance(results, Mapping) and "stats" in results:
            return "promptfoo"
        if isinstance(data.get("summary"), Mapping) and "exitcode" in data:
            return "pytest"
        if isinstance(results, list):
            return "opsbot"
    raise Unreadable("is none of the formats that are known")
