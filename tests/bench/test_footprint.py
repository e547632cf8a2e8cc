"""A fresh process with the client is born, measured and compared with a bare one."""

import json

import pytest

from opsbot.bench import run
from opsbot.bench.footprint import born, report


def test_the_floor_starts_no_thread() -> None:
    bare = born()

    assert bare.threads == 0
    assert bare.started_ms > 0
    assert bare.answered_ms == 0


@pytest.mark.timeout(120)
def test_the_report_compares_the_client_with_a_bare_process() -> None:
    told = report(lambda _line: None, rounds=1)

    (table,) = told.tables
    assert [row[0] for row in table.rows] == ["floor: import socket, threading, json", "opsflags"]
    assert next(p for p in told.promises if p.gate).verdict == "kept"
    assert [p.what for p in told.promises][:2] == ["import and start, best", "memory added, median"]


@pytest.mark.timeout(120)
def test_json_is_the_only_thing_told() -> None:
    told: list[str] = []

    code = run("footprint", json=True, tell=told.append)

    (document,) = told
    assert code == 0
    assert json.loads(document)["name"] == "footprint"


def test_an_unknown_measurement_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="evaluate, propagation, footprint"):
        run("everything", json=False, tell=lambda _line: None)
