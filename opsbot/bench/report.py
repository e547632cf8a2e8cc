"""The outcome of a measurement: tables, promises kept or not, notes; as text and as JSON. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Cell = str | float | None
Verdict = Literal["kept", "not kept", "not measured"]


@dataclass(frozen=True, slots=True)
class Table:
    """One table; a cell that is None was not measured."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """
    One promise beside what was measured, both in *unit*; *measured* is None where it was not.

    With *at_least* the figure may not be less than *limit*, else not more. A *gate* is free of
    noise (instruction counts): breaking it fails the command.
    """

    what: str
    limit: float
    measured: float | None
    unit: str
    at_least: bool = False
    gate: bool = False

    @property
    def verdict(self) -> Verdict:
        """Return whether it is kept; what was not measured is never called kept."""
        if self.measured is None:
            return "not measured"
        held = self.measured >= self.limit if self.at_least else self.measured <= self.limit
        return "kept" if held else "not kept"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run says. *machine* is where it ran."""

    name: str
    machine: dict[str, str]
    tables: tuple[Table, ...]
    promises: tuple[Promise, ...]
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """Return 1 where a gate was broken; times alone fail nothing, they depend on neighbours."""
        return int(any(p.gate and p.verdict == "not kept" for p in self.promises))


def as_json(report: Report) -> str:
    """Return the report as one JSON document."""
    document = asdict(report)
    for promise, written in zip(report.promises, document["promises"], strict=True):
        written["verdict"] = promise.verdict
    return json.dumps(document, indent=2)


def as_text(report: Report) -> Iterable[str]:
    """Yield the lines of the report, its tables as markdown."""
    yield from (f"{name}: {value}" for name, value in report.machine.items())
    for table in report.tables:
        yield from ("", table.title, "")
        yield from _table(table.columns, table.rows)
    yield from ("", "Promises", "")
    yield from _table(("promise", "limit", "measured", ""), [_promised(p) for p in report.promises])
    if report.notes:
        yield ""
        yield from (f"- {note}" for note in report.notes)


def _promised(promise: Promise) -> tuple[Cell, ...]:
    limit = f"{'>=' if promise.at_least else '<='} {_shown(promise.limit)} {promise.unit}"
    measured = "-" if promise.measured is None else f"{_shown(promise.measured)} {promise.unit}"
    return promise.what, limit, measured, promise.verdict


def _table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterable[str]:
    shown = [list(columns), *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in shown) for at in range(len(columns))]
    numeric = [all(not isinstance(row[at], str) for row in rows) for at in range(len(columns))]
    for number, row in enumerate(shown):
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            rules = (
                "-" * (w - right) + ":" * right for w, right in zip(widths, numeric, strict=True)
            )
            yield f"| {' | '.join(rules)} |"


def _shown(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell
    if abs(cell) >= 100 or cell == int(cell):  # noqa: PLR2004 - three digits are enough to read
        return f"{cell:.0f}"
    return f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"  # noqa: PLR2004 - as above
