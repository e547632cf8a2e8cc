"""JUnit XML, as pytest and most test runners write it; a document type is refused, and so every entity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from opsbot.adapters.evals.report import Report, Unreadable, one_word, pass_rate

_BAD = frozenset({"failure", "error"})
_XFAIL = "pytest.xfail"
_NOT_RUN = frozenset({"notrun", "skipped", "disabled"})
"""What GoogleTest and others write as the status of a case that was not run."""

DEEPEST = 100


@dataclass(slots=True)
class _Suite:
    """A suite that is open: where it is counted, and what it said and held so far."""

    name: str
    said: int
    said_bad: int
    seen: int = 0
    seen_bad: int = 0


@dataclass(slots=True)
class _Reader:
    """What expat calls; *counts* holds the good cases and all cases of each suite."""

    given: str
    open: list[_Suite] = field(default_factory=list)
    counts: dict[str, list[int]] = field(default_factory=dict)
    skipped: int = 0
    expected: int = 0
    depth: int = 0
    case: str = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable("is nested too deeply")
        if self.depth == 1 and tag not in ("testsuites", "testsuite"):
            raise Unreadable(f"is XML with the root `{tag[:60]}`, and not JUnit's `testsuites`")
        if tag == "testsuite":
            inherited = self.open[-1].name if self.open else ""
            name = self.given or one_word(attributes.get("name", "")) or inherited
            said_bad = _count(attributes, "failures") + _count(attributes, "errors")
            self.open.append(_Suite(name, _count(attributes, "tests"), said_bad))
        elif tag == "testcase":
            self.case = "skipped" if attributes.get("status") in _NOT_RUN else "good"
        else:
            self._judge(tag, attributes)

    def _judge(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _BAD:
            if not self.case:
                raise Unreadable(f"holds a `{tag}` that is of no case: not every case was run")
            self.case = "bad"
            if self.open:
                self.open[-1].seen_bad += 1
        elif tag == "skipped" and self.case == "good":
            xfail = attributes.get("type") == _XFAIL
            self.case = "bad" if xfail else "skipped"
            self.expected += xfail

    def end(self, tag: str) -> None:
        """Close an element."""
        self.depth -= 1
        if tag == "testcase":
            self._counted()
        elif tag == "testsuite":
            closed = self.open.pop()
            _must_agree("tests", closed.name, closed.said, closed.seen)
            _must_agree("failures", closed.name, closed.said_bad, closed.seen_bad)
            if self.open:
                self.open[-1].seen += closed.seen
                self.open[-1].seen_bad += closed.seen_bad

    def _counted(self) -> None:
        if self.open:
            self.open[-1].seen += 1
        if self.case == "skipped":
            self.skipped += 1
        else:
            name = self.open[-1].name if self.open else self.given
            count = self.counts.setdefault(name, [0, 0])
            count[0] += self.case == "good"
            count[1] += 1
        self.case = ""

    def refuse(self, *_: object) -> NoReturn:
        """Refuse a document type: it is what entities are declared in."""
        raise Unreadable("declares a document type or entities, which results have no use for")


def read(raw: bytes, suite: str) -> Report:
    """
    Return the pass rate of each suite, or of all together where *suite* names them.

    Skipped tests are no cases; what pytest expected to fail is a failure.

    Raises:
        Unreadable: not JUnit XML, cut off, a document type, or fewer cases than it says.
    """
    reader = _Reader(suite)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two: its encoding
        raise Unreadable(f"is not XML, or cut off ({error})") from error
    counted = [
        pass_rate(name, good, cases) for name, (good, cases) in sorted(reader.counts.items())
    ]
    if not counted:
        raise Unreadable("holds no case that was run: nothing was evaluated")
    notes = [f"skipped tests, no cases: {reader.skipped}"] if reader.skipped else []
    notes += (
        [f"expected failures, counted as failures: {reader.expected}"] if reader.expected else []
    )
    return Report("junit", tuple(counted), tuple(notes))


def _must_agree(what: str, suite: str, said: int, seen: int) -> None:
    if seen < said:
        raise Unreadable(f"says {said} {what} in `{suite[:60]}` and holds {seen}")


def _count(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(name, "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004  digits of a number of tests
