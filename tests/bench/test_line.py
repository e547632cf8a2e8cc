"""Connections are kept, opened anew where they were closed, and answered in the order asked."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from select import select

import pytest

from opsbot.bench.line import Line, NoAnswer, at_once, request, watched
from tests.support.wait import eventually_sync


@contextmanager
def echo(*, answers: int = 100, torn: bool = False) -> Iterator[int]:
    """Give the port of a server that says each request's path; it hangs up after *answers*."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, answers, torn), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, answers: int, torn: object) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, answers, torn), daemon=True).start()


def _answer(connection: socket.socket, answers: int, torn: object) -> None:
    with connection:
        for _ in range(answers):
            data = connection.recv(65536)
            if not data:
                return
            path = data.split(b" ")[1]
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(path)
            connection.sendall(head)
            if torn:
                return
            connection.sendall(path)


def test_many_at_once_are_answered_in_the_order_asked() -> None:
    with echo() as port:
        lines = [Line(port) for _ in range(5)]

        answers = at_once(lines, [request("GET", f"/{n}", {}) for n in range(5)])

        assert [answer.body for answer in answers] == [b"/0", b"/1", b"/2", b"/3", b"/4"]
        assert all(answer.status == 200 and answer.took_ms > 0 for answer in answers)
        for line in lines:
            line.__exit__(None, None, None)


def test_a_connection_closed_for_being_idle_is_opened_anew() -> None:
    with echo(answers=1) as port, Line(port) as line:
        first = line.ask(request("GET", "/first", {}))
        eventually_sync(lambda: select([line], [], [], 0)[0], timeout_s=5)

        second = line.ask(request("GET", "/second", {}))

        assert (first.body, second.body) == (b"/first", b"/second")


def test_an_answer_cut_in_the_middle_is_no_answer() -> None:
    with (
        echo(torn=True) as port,
        Line(port) as line,
        pytest.raises(NoAnswer, match="closed"),
    ):
        line.ask(request("GET", "/", {}))


def test_what_arrives_beside_the_answers_is_looked_at() -> None:
    ours, theirs = socket.socketpair()
    seen: list[bytes] = []
    with echo() as port, Line(port) as line, ours, theirs:
        theirs.sendall(b"delta")

        watched([line], [request("GET", "/", {})], lambda: seen.append(ours.recv(64)), [ours])

    assert seen == [b"delta"]
