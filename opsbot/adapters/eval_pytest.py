"""What pytest-json-report writes: a test is a case, and an expected failure is still a failure."""

# ruff: noqa: RUF012  # pydantic copies defaults; ruff cannot see that the base is a model

from typing import Annotated

from pydantic import Field

from opsbot.adapters.eval_report import Foreign, Report, Unreadable, checked, pass_rate

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
    total: _Count = 0


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
    cases = good + seen.failed + seen.error + seen.xfailed
    if seen.total and seen.total < cases + seen.skipped:
        raise Unreadable(f"says {seen.total} tests in all and counts {cases + seen.skipped}")
    if file.tests is not None and _passed(file.tests) != good:
        raise Unreadable(f"says that {good} passed and lists {_passed(file.tests)}")
    notes = [f"{seen.skipped} skipped tests are no cases"] if seen.skipped else []
    notes += [f"{seen.xfailed} expected failures count as failures"] if seen.xfailed else []
    return Report("pytest", (pass_rate(suite, good, cases),), tuple(notes))


def _passed(tests: list[_Node]) -> int:
    return sum(one.outcome in ("passed", "xpassed") for one in tests)
