"""A whole bot, its services and a stand-in for Slack are measured; the journal has the last word."""

from pathlib import Path
from typing import Literal

import pytest

from opsbot.adapters.catalog import read as catalog
from opsbot.bench import answers, household, subject
from opsbot.bench.answers import Alone, Crowd, Found, Size
from opsbot.bench.clicks import Clicks
from opsbot.bench.commands import Told
from opsbot.bench.ear import Ear, Unconfirmed
from opsbot.bench.propagation import opened
from opsbot.bench.replica import NotUp, slack
from opsbot.bench.report import Report
from opsbot.bench.server import Connection, private_server
from opsbot.domain.change import Change
from opsflags.model import Scope


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_small_run_finds_every_answer_right() -> None:
    said: list[str] = []

    told = answers.report(said.append, size=Size(1, 1, 1, ("cut",), 0, 1, 1))

    alone, crowd, clicked, judged = told.tables
    assert len(said) == 6
    assert {row[1] for row in alone.rows} >= {"kill, to confirmed", "kill, to its answer"}
    assert [row[0] for row in crowd.rows if row[1] == "both"] == ["Slack is well", "Slack is cut"]
    assert [row[:3] for row in clicked.rows if "acknowledgement" in str(row[1])] == [
        ("one after the other", "click, to its acknowledgement", 1),
        ("20 at once", "click, to its acknowledgement", 20),
    ]
    assert [row[-1] for row in judged.rows] == [0] * len(judged.rows)
    assert [p.limit for p in told.promises] == [250, 250, 250, 250, 1000, 1000, 1000, 1000, 0]
    assert told.exit_code == 0


def test_the_household_is_a_catalogue_without_errors(tmp_path: Path) -> None:
    loaded = catalog.load(*household.write(tmp_path))

    assert [one for one in loaded.findings if one.level == "error"] == []
    assert loaded.catalogue is not None
    assert len(loaded.catalogue.workflows) == household.CROWD


def found(kind: Literal["whole", "not yet", "wrong"], took_ms: float) -> Found:
    """Return what a run says in which one answer of a crowd was of *kind*."""
    right = [Told("whole", 10.0)] * 20
    odd = Told(kind, took_ms)
    alone = Alone(right, [5.0] * 20, [8.0] * 20, right, right)
    return Found({"HTTP": alone}, {"Slack is well": Crowd(right, [*right, odd], right)}, [1.0])


def promised(run: Found) -> Report:
    """Return the promises of a run as a report."""
    return Report("answers", {}, (), tuple(answers._promises(run)))


def test_a_slow_answer_is_not_kept_and_fails_nothing() -> None:
    told = promised(found("whole", 1400))

    assert [(p.what, p.verdict) for p in told.promises if p.limit == 1000] == [
        ("50 at once, p99, Slack is well", "not kept")
    ]
    assert told.exit_code == 0


def test_an_answer_that_only_says_it_is_at_work_counts_as_slacks_own_limit() -> None:
    told = promised(found("not yet", 1700))

    assert [p.measured for p in told.promises if p.limit == 1000] == [3000]
    assert told.exit_code == 0


def test_one_wrong_answer_fails_the_command() -> None:
    told = promised(found("wrong", 3))

    assert [p.measured for p in told.promises if p.gate] == [1]
    assert told.exit_code == 1


def clicked(kind: Literal["whole", "wrong"], took_ms: float) -> Found:
    """Return what a run says in which one click was of *kind*."""
    right = [Told("whole", 10.0)] * 20
    run = found("whole", 10)
    run.clicks = {answers.AT_ONCE: Clicks(right, [*right, Told(kind, took_ms)], [30.0])}
    return run


def test_a_slow_click_is_not_kept_and_fails_nothing() -> None:
    told = promised(clicked("whole", 1001))

    slow = next(p for p in told.promises if "click" in p.what)
    assert (slow.limit, slow.measured, slow.verdict) == (1000, 1001, "not kept")
    assert told.exit_code == 0


def test_one_refused_click_fails_the_command() -> None:
    told = promised(clicked("wrong", 3))

    assert [p.measured for p in told.promises if p.gate] == [1]
    assert [p.measured for p in told.promises if "click" in p.what] == [3000]
    assert told.exit_code == 1


def test_stored_and_confirmed_are_heard_and_the_journal_is_asked() -> None:
    with private_server() as port, Connection(port) as connection:
        board = opened(connection, household.ENV)
        struck = subject.kill(1, Scope(workflow=subject.WORKFLOW), board.next)
        killing = subject.killing(struck)
        confirmed = Change("confirmed", subject.ON_CALL, writes=killing.writes)
        with Ear(port, household.ENV) as ear:
            board.commit(killing)
            board.commit(confirmed)

            stored_ns, confirmed_ns = ear.moments("K-1")

    assert 0 < stored_ns <= confirmed_ns


def test_another_change_of_the_kill_is_not_taken_for_its_confirmation() -> None:
    with private_server() as port, Connection(port) as connection:
        board = opened(connection, household.ENV)
        killing = subject.killing(subject.kill(1, Scope(workflow=subject.WORKFLOW), board.next))
        joined = Change("join", subject.ON_CALL, writes=killing.writes)
        with Ear(port, household.ENV) as ear:
            board.commit(killing)
            board.commit(joined)

            with pytest.raises(Unconfirmed, match="kill and join"):
                ear.moments("K-1")


@pytest.mark.timeout(120)
def test_the_stand_in_of_its_own_takes_wishes_and_refuses_others() -> None:
    with slack() as standin:
        standin.wish("silent")
        standin.wish("heal")

        with pytest.raises(NotUp, match="tea"):
            standin.wish("tea")
