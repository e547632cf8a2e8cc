"""The acknowledgement as text, and what is read of a message: few steps, the same answers."""

import json

import pytest

from opsflags import replies
from opsflags.core import Core
from opsflags.workflow import Workflow

AT = {"epoch": 5, "revision": 2}


def _serving(*names: str) -> Core:
    core = Core("bench", "test", None)
    core.handles.update({name: Workflow(name, ("canned",)) for name in names})
    return core


def _killed(core: Core, uid: str, **scope: str) -> None:
    record = {"s": 1, "id": "K-1", "uid": uid, "scope": scope, "mode": "stop", "at": AT}
    core.board.read((5, 2), {"K-1": record}, {})
    core.publish()


def test_an_acknowledgement_says_where_it_stands_and_what_was_counted() -> None:
    core = _serving("w")
    _killed(core, "u1", workflow="w")
    core.handles["w"].decide()

    said = json.loads(core.ack())

    assert said == {
        "s": 1,
        "e": 5,
        "r": 2,
        "x": 2,
        "rejected": [],
        "ahead": False,
        "emergency": 0,
        "kill_file": None,
        "lease_ms": None,
        "kills": {"u1": {"let": 0, "refused": 1, "cut": 0, "no_tenant": 0}},
        "counts": {"w": {"asked": 1, "let": 0, "refused": 1, "cut": 0}},
    }


def test_a_kill_of_several_workflows_is_counted_over_all_of_them() -> None:
    core = _serving("one", "two")
    _killed(core, "u1")
    core.handles["one"].decide()
    core.handles["two"].decide()

    assert json.loads(core.ack())["kills"]["u1"]["refused"] == 2


def test_odd_names_are_spelled_so_that_json_carries_them() -> None:
    odd = 'a "name"\\ with \u2028 \x00'
    core = _serving(odd)
    core.board.bad_kills.add(odd)
    _killed(core, odd, workflow=odd)
    core.uncompiled.add(odd)

    said = json.loads(core.ack())

    assert list(said["counts"]) == [odd]
    assert list(said["kills"]) == [odd]
    assert said["rejected"] == [odd]


def test_what_was_not_compiled_is_among_the_rejected_in_order() -> None:
    core = _serving("w")
    core.board.bad_kills.add("K-2")
    core.uncompiled.add("A")

    assert json.loads(core.ack())["rejected"] == ["A", "K-2"]


@pytest.mark.parametrize(
    "data", [b'{"a":1}', b' {"a":1}\n', b'{"a" : 1} ', '{"a":1}'.encode("utf-16-le")]
)
def test_json_is_read_however_it_is_spaced(data: bytes) -> None:
    assert replies.parse(data) == {"a": 1}


@pytest.mark.parametrize("data", [b"", b"{", b"{}}", b'{"a":1}{}', b'{"a":"\xff"}', b"{" * 100_000])
def test_what_is_no_json_is_none(data: bytes) -> None:
    assert replies.parse(data) is None
