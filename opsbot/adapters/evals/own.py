"""opsbot's own file of results: `{"s": 1, "results": [{"suite", "metric", "value", "n"}]}`."""

from typing import Annotated

from pydantic import ConfigDict, Field

from opsbot.adapters.evals.report import Foreign, Report, Unreadable, checked
from opsbot.app.requests import EvalResult

SCHEMA = 1


class _Result(Foreign):
    model_config = ConfigDict(extra="forbid")

    suite: str = ""
    metric: str
    value: float
    n: int


class _Results(Foreign):
    model_config = ConfigDict(extra="forbid")

    results: Annotated[list[_Result], Field(min_length=1)]
    s: int = SCHEMA
    workflow: str = ""
    revision: str = ""
    commit: str = ""


class _Version(Foreign):
    s: int = SCHEMA


def read(data: object, suite: str) -> Report:
    """
    Return what the document says, word for word; *suite* replaces every suite.

    Raises:
        Unreadable: an unknown key, a wrong type, or a later version of the format.
    """
    if (version := checked(_Version, data).s) != SCHEMA:
        raise Unreadable(f"has version {version} of the format; this opsbot reads {SCHEMA}")
    file = checked(_Results, data)
    results = tuple(
        EvalResult(suite or one.suite, one.metric, one.value, one.n) for one in file.results
    )
    if not all(one.suite for one in results):
        raise Unreadable("does not name the suite of each result", hint="Name it with `--suite`.")
    return Report(
        "opsbot", results, workflow=file.workflow, subject=file.revision, commit=file.commit
    )
