"""A connection over TLS; imported only for addresses that ask for it."""

import os
import select
import socket
import ssl

from opsflags.wire import CHUNK, Endpoint, Wire


class TlsWire(Wire):
    """As `Wire`, with the server's certificate checked against the host's name."""

    __slots__ = ("_context", "_host", "_secured", "_shaking", "_wants_write")

    def __init__(self, endpoint: Endpoint, host: str, ca: str | None) -> None:
        self._context = ssl.create_default_context(cafile=ca)
        self._host = host
        self._secured: ssl.SSLSocket | None = None
        self._shaking = True
        self._wants_write = False
        super().__init__(endpoint)

    def events(self) -> int:
        """Return what to poll for; during the handshake, what TLS waits for."""
        if self._secured is not None and self._shaking:
            return select.POLLOUT if self._wants_write else select.POLLIN
        return super().events()

    def _connected(self) -> None:
        self._secured = self._context.wrap_socket(
            self._socket, server_hostname=self._host, do_handshake_on_connect=False
        )
        self._socket = self._secured
        self._shake()

    def _shake(self) -> None:
        assert self._secured is not None
        try:
            self._secured.do_handshake()
        except ssl.SSLWantReadError:
            self._wants_write = False
        except ssl.SSLWantWriteError:
            self._wants_write = True
        else:
            self._shaking = False

    def _flush(self) -> None:
        if self._shaking:
            self._shake()
        if self._shaking:
            return
        try:
            super()._flush()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return  # the rest goes with a later turn

    def _receive(self) -> None:
        if self._shaking:
            return
        while True:  # what TLS has already decrypted is not seen by poll
            try:
                data = self._socket.recv(CHUNK)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            if not data:
                raise ConnectionError("closed by the server")
            self._reader.feed(data)

    def abandon(self) -> None:
        """Give up an inherited descriptor; TLS would say goodbye in the parent's name."""
        handle = socket.socket.detach(self._socket)
        if handle >= 0:
            os.close(handle)
