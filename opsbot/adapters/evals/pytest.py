"""What pytest-json-report writes: a test is a case, and an expected failure is still a failure."""

# ruff: noqa: RUF012  # pydantic copies defaults; ruff cannot see that the base is a model

from typing import Annotated

from pydantic import Field

from opsbot.adapters.evals.report import Foreign, Report, Unreadable, checked, pass_rate

_Count = Annotated[int, Field(ge=0)]
_WHOLE = (0, 1)
"""Exit codes of a run that went to its end: all passed, or some failed."""

_ENDED = {
    2: "was interrupted",
    3: "ended with an internal error",
    4: "was called wrongly",
    5: "collected no test",
}


class _Summary(Foreign):
    passed: _Count = 0
    failed: _Count = 0
    error: _Count = 0
    xfailed: _Count = 0
    xpassed: _Count = 0
    skipped: _Count = 0
    rerun: _Count = 0
    total: _Count
    collected: _Count | None = None
    deselected: _Count = 0


class _Node(Foreign):
    nodeid: str = ""
    outcome: str


class _Document(Foreign):
    exitcode: int
    summary: _Summary
    collectors: list[_Node] = []
    tests: list[_Node] | None = None


def read(data: object, suite: str) -> Report:
    """
    Return the pass rate of a run; skipped tests are no cases.

    Raises:
        Unreadable: the run did not end, something was not collected, the counts do not agree, or
            nobody has named the suite.
    """
    file = checked(_Document, data)
    if file.exitcode not in _WHOLE:
        ended = _ENDED.get(file.exitcode, f"ended with {file.exitcode}")
        raise Unreadable(f"is of a run that {ended}: not every case was evaluated")
    if broken := [one.nodeid for one in file.collectors if one.outcome == "failed"]:
        raise Unreadable(f"is of a run that could not collect {broken[0][:100] or 'its tests'}")
    seen = file.summary
    good = seen.passed + seen.xpassed
    cases = good + seen.failed + seen.error + seen.xfailed + seen.rerun
    _must_agree(file, good, cases)
    counts = (
        (seen.skipped, "skipped tests, no cases"),
        (seen.deselected, "deselected tests, no cases"),
        (seen.xfailed, "expected failures, counted as failures"),
        (seen.rerun, "tests that passed only when run again, counted as failures"),
    )
    notes = [f"{words}: {count}" for count, words in counts if count]
    return Report("pytest", (pass_rate(suite, good, cases),), tuple(notes))


def _must_agree(file: _Document, good: int, cases: int) -> None:
    seen = file.summary
    if seen.total != cases + seen.skipped:
        raise Unreadable(f"says {seen.total} tests in all and counts {cases + seen.skipped}")
    if seen.collected is not None and seen.collected - seen.deselected > seen.total:
        raise Unreadable(
            f"is of a run that collected {seen.collected - seen.deselected} tests and stopped "
            f"after {seen.total}"
        )
    if file.tests is not None and _passed(file.tests) != good:
        raise Unreadable(f"says that {good} passed and lists {_passed(file.tests)}")


def _passed(tests: list[_Node]) -> int:
    return sum(one.outcome in ("passed", "xpassed") for one in tests)
