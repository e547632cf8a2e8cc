"""Reading runbooks is measured with pages that are whole, beside the parser alone."""

import pytest

from opsbot.adapters.runbooks.files import read_page
from opsbot.bench import runbooks
from opsbot.bench.hostile import HOSTILE
from opsbot.bench.hostile_templates import HOSTILE_TEMPLATES
from opsbot.cli.bench import _filler, _reader
from opsbot.domain.runbook import Runbook

SLOWEST = {kind: HOSTILE[kind] for kind in ("labels", "wide table", "closing emphasis", "headings")}
"""Of each sort the one that takes longest; all of them are read in a real run, and by the reader's own tests."""


def test_the_pages_are_runbooks_without_a_finding_that_can_be_walked_as_foreign_ones_too() -> None:
    ours = read_page(runbooks.page(3), name="page-3", file="")
    foreign = read_page(runbooks.page(3), name="imported/page-3", file="")

    assert isinstance(ours.runbook, Runbook)
    assert (len(ours.runbook.steps), ours.findings, foreign.findings) == (27, (), ())
    assert foreign.runbook is not None
    assert not foreign.runbook.readable


def test_pages_come_to_the_size_that_was_asked_for() -> None:
    given = runbooks.pages(40_000)

    assert 40_000 <= sum(len(one) for one in given) < 80_000
    assert len(set(given)) == len(given)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_small_run_has_every_row_and_the_four_promises() -> None:
    said: list[str] = []

    told = runbooks.report(
        said.append, _reader(), fill=_filler(), made=SLOWEST, size=20_000, rounds=1
    )

    megabyte, hostile, templates = told.tables
    assert megabyte.rows[0][0] == "floor: markdown-it alone"
    assert len(megabyte.rows) == 4
    assert len(hostile.rows) == runbooks.SHOWN <= 2 * len(SLOWEST)
    assert len(templates.rows) == runbooks.SHOWN <= len(HOSTILE_TEMPLATES)
    assert all(row[2] != "filled" for row in templates.rows)
    assert [one.limit for one in told.promises] == [1.0, 1.0, 2.0, 50.0]
    assert told.promises[2].measured == max(row[2] for row in hostile.rows)
    assert told.promises[3].measured == max(row[1] for row in templates.rows)


def test_every_hostile_template_is_refused_by_what_is_measured() -> None:
    fill = _filler()

    assert fill("{{ feature }}") == ""
    assert [kind for kind, source in HOSTILE_TEMPLATES.items() if not fill(source)] == []


def test_without_anything_that_reads_nothing_is_measured() -> None:
    with pytest.raises(ValueError, match="nothing was given"):
        runbooks.report(print, None)
