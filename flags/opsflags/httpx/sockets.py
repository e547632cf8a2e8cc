"""Find and shut down the socket under a request, where the client library shows it."""

from __future__ import annotations

import socket
from collections.abc import Mapping

HTTP2 = b"HTTP/2"
DEPTH = 4
"""How many wrappers (proxy, tunnel) a connection may have before its stream."""


def under_response(extensions: Mapping[str, object]) -> object:
    """Return the socket that carries this response alone, or None: HTTP/2 shares its socket."""
    if extensions.get("http_version") == HTTP2:
        return None
    return _socket_of(extensions.get("network_stream"))


def under_request(transport: object, extensions: object) -> object:
    """
    Return the socket on which *transport* waits for the answer to a request, or None.

    No public name leads there before the response exists, so every step may be missing; what is
    lost then is only that the provider learns later that nobody listens.
    """
    pool = getattr(transport, "_pool", None)
    for waiting in list(getattr(pool, "_requests", ())):
        asked = getattr(waiting, "request", None)
        if asked is not None and asked.extensions is extensions:
            return _socket_of(_stream_of(waiting.connection))
    return None


def shut(found: object) -> None:
    """End both directions of a socket at once, so that a blocked read returns; safe on any thread."""
    shutdown = getattr(found, "shutdown", None)
    if shutdown is None:
        return
    try:
        if isinstance(found, socket.socket):
            # Not SSLSocket's own, which takes the TLS state from under a read in another thread.
            socket.socket.shutdown(found, socket.SHUT_RDWR)
        else:
            shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed already


def _stream_of(connection: object) -> object:
    for _ in range(DEPTH):
        if getattr(connection, "_h2_state", None) is not None:
            return None
        stream = getattr(connection, "_network_stream", None)
        if stream is not None:
            return stream
        connection = getattr(connection, "_connection", None)
    return None


def _socket_of(stream: object) -> object:
    look = getattr(stream, "get_extra_info", None)
    return look("socket") if callable(look) else None
