"""The connection wakes its thread for what matters, however short and however cut it comes."""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsflags.resp import Push, pack
from opsflags.wire import Endpoint, Wire

ACK = pack("HSET", "acks", "i-1", "{}")
MESSAGE = b">3\r\n$7\r\nmessage\r\n$1\r\nd\r\n$2\r\n{}\r\n"
HEARD = Push((b"message", b"d", b"{}"))
SOON_MS, NEVER_MS = 2000, 50


class Both:
    """A wire and the server's end of its connection."""

    def __init__(self, wire: Wire, server: socket.socket) -> None:
        self.wire = wire
        self.server = server

    def wakes(self, most_ms: int) -> bool:
        poll = select.poll()
        poll.register(self.wire.fileno(), select.POLLIN)
        return bool(poll.poll(most_ms))


@contextmanager
def connected(listener: socket.socket, endpoint: Endpoint) -> Iterator[Both]:
    wire = Wire(endpoint)
    server, _ = listener.accept()
    poll = select.poll()
    poll.register(wire.fileno(), select.POLLOUT)
    assert poll.poll(SOON_MS)
    assert wire.turn() == []
    with server:
        yield Both(wire, server)
    wire.close()


@pytest.fixture
def both() -> Iterator[Both]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        connected(listener, (socket.AF_INET, listener.getsockname())) as found,
    ):
        found.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield found


@pytest.mark.parametrize("answer", [b":0\r\n", b":1\r\n"])
def test_the_answer_to_an_acknowledgement_alone_wakes_nobody(both: Both, answer: bytes) -> None:
    both.wire.send_aside(ACK)
    both.server.sendall(answer)

    assert not both.wakes(NEVER_MS)


def test_a_message_after_it_wakes_and_both_are_read(both: Both) -> None:
    both.wire.send_aside(ACK)
    both.server.sendall(b":0\r\n")
    both.server.sendall(MESSAGE)

    assert both.wakes(SOON_MS)
    assert both.wire.turn() == [0, HEARD]


def test_an_error_wakes(both: Both) -> None:
    both.wire.send_aside(ACK)
    both.server.sendall(b"-OOM\r\n")

    assert both.wakes(SOON_MS)


def test_the_end_of_the_connection_wakes(both: Both) -> None:
    both.wire.send_aside(ACK)
    both.server.close()

    assert both.wakes(SOON_MS)


def test_any_other_command_makes_a_short_answer_wake_again(both: Both) -> None:
    both.wire.send_aside(ACK)
    both.server.sendall(b":0\r\n")
    both.wire.send(pack("PING"))

    assert both.wakes(SOON_MS)
    assert both.wire.turn() == [0]


@pytest.mark.parametrize("kept", [1, 2, 3, 4])
def test_the_short_rest_of_a_message_that_was_cut_wakes(both: Both, kept: int) -> None:
    both.wire.send_aside(ACK)
    both.server.sendall(MESSAGE[:-kept])
    assert both.wakes(SOON_MS)
    assert both.wire.turn() == []

    both.server.sendall(MESSAGE[-kept:])

    assert both.wakes(SOON_MS)
    assert both.wire.turn() == [HEARD]


def test_an_acknowledgement_amid_a_message_leaves_its_short_rest_awaited(both: Both) -> None:
    both.server.sendall(MESSAGE[:-2])
    assert both.wakes(SOON_MS)
    assert both.wire.turn() == []
    both.wire.send_aside(ACK)

    both.server.sendall(MESSAGE[-2:])

    assert both.wakes(SOON_MS)
    assert both.wire.turn() == [HEARD]


def test_over_a_unix_socket_every_answer_wakes(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        with connected(listener, (socket.AF_UNIX, path)) as found:
            found.wire.send_aside(ACK)
            found.server.sendall(b":0\r\n")

            assert found.wakes(SOON_MS)
            assert found.wire.turn() == [0]
