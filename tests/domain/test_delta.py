"""The message of a commit: what clients need of it, and nothing else."""

import json

from opsbot.domain.change import Json, Position
from opsbot.domain.delta import delta

AT = Position(7, 13)


def test_a_commit_that_concerns_nobody_is_an_empty_message() -> None:
    message = delta(AT, [("settings", "policy", {"x": 1}), ("approvals", "A-1", {"s": 1})])

    assert json.loads(message) == {"s": 1, "e": 7, "r": 13}


def test_a_restore_tells_the_ended_record_and_no_absence() -> None:
    message = delta(AT, [("kills", "K-1", None), ("ended", "K-1", {"s": 1, "uid": "a"})])

    assert json.loads(message) == {"s": 1, "e": 7, "r": 13, "ended": {"K-1": {"s": 1, "uid": "a"}}}


def test_of_two_writes_to_one_record_the_last_is_told() -> None:
    message = delta(AT, [("kills", "K-1", {"s": 1}), ("kills", "K-1", None)])

    assert "kills" not in json.loads(message)


def test_adopted_emergencies_are_told_as_a_number() -> None:
    message = delta(AT, [("switchboard", "emergency", {"s": 1, "adopted": 2})])

    assert json.loads(message) == {"s": 1, "e": 7, "r": 13, "adopted": 2}


def test_a_workflow_that_is_declared_no_more_is_told_as_null() -> None:
    message = delta(AT, [("workflows", "w", None)])

    assert json.loads(message)["workflows"] == {"w": None}


def test_of_a_kill_only_what_clients_read_is_told() -> None:
    read: dict[str, Json] = {
        "s": 1,
        "id": "K-1",
        "uid": "a",
        "scope": {"workflow": "w"},
        "mode": "stop",
        "at": {"epoch": 7, "revision": 13},
        "emergency": None,
    }
    ended: dict[str, Json] = {"ended": {"epoch": 7, "revision": 13}}
    people: dict[str, Json] = {"actor": "U1", "reason": "f00d", "joined": ["U2"], "since_ms": 5}

    message = delta(AT, [("kills", "K-1", read | people), ("ended", "K-2", read | ended | people)])

    told = json.loads(message)
    assert told["kills"] == {"K-1": read}
    assert told["ended"] == {"K-2": read | ended}
