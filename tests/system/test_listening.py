"""Answers leave at once: no connection to the bot waits for the acknowledgement of its headers."""

import socket

from opsbot.bootstrap.listening import _listener


def test_connections_do_not_hold_back_small_answers() -> None:
    with (
        _listener("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()) as caller,
    ):
        accepted, _ = listener.accept()

        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        assert caller.fileno() >= 0
