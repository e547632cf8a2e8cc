"""Finds the server to talk to: one host, the primary behind Sentinels, the owner in a Cluster."""

import socket
from collections.abc import Callable

from opsflags.address import Address
from opsflags.resp import Reply, pack
from opsflags.wire import Endpoint, Wire

SENTINEL_S = 0.3
MAX_HOPS = 5

Host = tuple[str, int]
Ask = Callable[[Wire, list[bytes], float], list[Reply]]
"""Send commands over a new wire and return their answers, or raise after so many seconds."""


class NotFound(OSError):
    """No server to talk to was found; the message names what was tried, without passwords."""


class Locator:
    """
    Says where to connect next.

    `moved()` notes what a Cluster's server answered; `forget()` drops that after a failure.
    """

    __slots__ = ("_address", "_hops", "_moved", "_resolved", "_turn", "host")

    def __init__(self, address: Address) -> None:
        self._address = address
        self._moved: Host | None = None
        self._hops = 0
        self._turn = 0
        self._resolved: dict[Host, list[Endpoint]] = {}
        self.host: Host = ("", 0)

    @property
    def wants_primary(self) -> bool:
        """Whether a server that calls itself a replica must be left again."""
        return self._address.scheme == "sentinel"

    def endpoints(self, ask: Ask) -> list[Endpoint]:
        """
        Return what to dial, in order.

        Raises:
            OSError: no host can be found now.
        """
        if self._address.path is not None:
            return [(socket.AF_UNIX, self._address.path)]
        self.host = self._next_host(ask)
        return self._resolve(self.host)

    def moved(self, host: str, port: int) -> bool:
        """Note that the keys live elsewhere; return whether to go there at once."""
        self._moved = (host or self.host[0], port)
        self._hops += 1
        return self._hops <= MAX_HOPS

    def arrived(self) -> None:
        """Note that the server answered as hoped."""
        self._hops = 0

    def forget(self) -> None:
        """Begin again at the configured hosts, with fresh name look-ups."""
        self._moved = None
        self._hops = 0
        self._turn += 1
        self._resolved.clear()

    def dial(self, endpoint: Endpoint) -> Wire:
        """
        Begin to connect.

        Raises:
            OSError: it failed at once.
        """
        return self._dial(endpoint, self.host[0])

    def _dial(self, endpoint: Endpoint, host: str) -> Wire:
        if not self._address.tls:
            return Wire(endpoint)
        from opsflags.tls import TlsWire  # noqa: PLC0415  ssl costs 20 ms that plain users never pay

        return TlsWire(endpoint, host, self._address.ca)

    def _next_host(self, ask: Ask) -> Host:
        if self._moved is not None:
            return self._moved
        if self._address.scheme == "sentinel":
            return self._primary(ask)
        hosts = self._address.hosts
        return hosts[self._turn % len(hosts)]

    def _resolve(self, host: Host) -> list[Endpoint]:
        known = self._resolved.get(host)
        if known is None:
            found = socket.getaddrinfo(*host, type=socket.SOCK_STREAM)
            known = [(family, place) for family, _, _, _, place in found]
            self._resolved[host] = known
        return known

    def _primary(self, ask: Ask) -> Host:
        """Ask every Sentinel; believe a majority, and in it the highest configuration epoch."""
        answers = [answer for host in self._address.hosts if (answer := self._asked(host, ask))]
        if len(answers) * 2 <= len(self._address.hosts):
            raise NotFound(f"{len(answers)} of {len(self._address.hosts)} sentinels answered")
        _, host = max(answers)
        return host

    def _asked(self, host: Host, ask: Ask) -> tuple[int, Host] | None:
        wire: Wire | None = None
        try:
            wire = self._dial(self._resolve(host)[0], host[0])
            hello = ["HELLO", "3"]
            if self._address.sentinel_password is not None:
                user = self._address.sentinel_username or "default"
                hello += ["AUTH", user, self._address.sentinel_password]
            question = pack("SENTINEL", "MASTER", self._address.master or "")
            replies = ask(wire, [pack(*hello), question], SENTINEL_S)
            return _primary_in(replies[1])
        except (OSError, ValueError):
            return None  # counted: without a majority nothing is believed
        finally:
            if wire is not None:
                wire.close()


def _primary_in(reply: Reply) -> tuple[int, Host] | None:
    """Read an answer to `SENTINEL MASTER`; one that calls its primary down is no answer."""
    if isinstance(reply, list):
        reply = dict(zip(reply[::2], reply[1::2], strict=False))
    if not isinstance(reply, dict):
        return None
    epoch, ip, port = (reply.get(name) for name in (b"config-epoch", b"ip", b"port"))
    if not (isinstance(epoch, bytes) and isinstance(ip, bytes) and isinstance(port, bytes)):
        return None
    return int(epoch), (ip.decode(), int(port))
