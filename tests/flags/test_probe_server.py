"""Probes: answered by the registered enforcement point, from the client's one thread."""

import socket

import httpx

from opsflags.probe_server import ProbeRequest
from tests.flags.switchboard import Switchboard, wait_killed
from tests.flags.test_client import connect
from tests.support.store import Store
from tests.support.wait import eventually_sync


def test_probes_are_answered_by_the_registered_enforcement_point(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")

    def point(request: ProbeRequest) -> tuple[int, dict[str, object]]:
        decision = flags.workflow(request.workflow).decide()
        return (200 if decision.allowed else 503), {"mode": decision.mode, "nonce": request.nonce}

    with connect(store, probe="127.0.0.1:0") as flags:
        handle = flags.workflow("w")
        flags._enforcement["w"] = point
        url = eventually_sync(lambda: board.registered(flags, "w").get("probe"))
        live = httpx.get(url, params={"workflow": "w"}, headers={"x-opsbot-probe": "n1"})
        board.kill("K-1", workflow="w")
        wait_killed(handle)
        stopped = httpx.get(url, params={"workflow": "w"}, headers={"x-opsbot-probe": "n2"})
        unknown = httpx.get(url, params={"workflow": "nobody"})

    mine = {"instance": flags.instance}
    assert (live.status_code, live.json()) == (200, {"mode": "live", "nonce": "n1", **mine})
    assert (stopped.status_code, stopped.json()) == (503, {"mode": "stop", "nonce": "n2", **mine})
    assert unknown.status_code == 404


def test_a_hostile_visitor_of_the_probe_port_stops_nothing(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")

    def faulty(request: ProbeRequest) -> tuple[int, dict[str, object]]:
        raise RuntimeError("a guard's own fault")

    with connect(store, probe="127.0.0.1:0") as flags:
        handle = flags.workflow("w")
        flags._enforcement["w"] = faulty
        assert flags.probe_port is not None
        place = ("127.0.0.1", flags.probe_port)
        answers = []
        for request in (
            b"POST / HTTP/1.1\r\n\r\n",
            b"\xff\xfe\r\n\r\n",
            b"GET /probe?workflow=w HTTP/1.1\r\n\r\n",
        ):
            with socket.create_connection(place, timeout=2) as visitor:
                visitor.sendall(request)
                answers.append(visitor.recv(64).split(b" ")[1])
        idle = [socket.create_connection(place, timeout=2) for _ in range(30)]
        board.kill("K-1", workflow="w")
        wait_killed(handle, timeout_s=1)
        for visitor in idle:
            visitor.close()

    assert answers == [b"400", b"400", b"500"]
