"""Keeps clients right over `os.fork`: whole state before, an own thread and id in the child."""

import os
import weakref


class Forks:
    """What a client does around a fork."""

    __slots__ = ()

    def _before_fork(self) -> None:
        """Bring the state to rest."""

    def _after_fork_in_parent(self) -> None:
        """Go on as before."""

    def _after_fork_in_child(self) -> None:
        """Begin anew with what is known."""


class _Watch:
    """Hooks Python's fork once for all clients of a process."""

    __slots__ = ("_clients", "_hooked", "_resting")

    def __init__(self) -> None:
        self._clients: weakref.WeakSet[Forks] = weakref.WeakSet()
        self._resting: list[Forks] = []
        self._hooked = False

    def add(self, client: Forks) -> None:
        if not self._hooked:
            self._hooked = True
            os.register_at_fork(
                before=self._before,
                after_in_parent=self._in_parent,
                after_in_child=self._in_child,
            )
        self._clients.add(client)

    def remove(self, client: Forks) -> None:
        self._clients.discard(client)

    def _before(self) -> None:
        self._resting = list(self._clients)
        for client in self._resting:
            client._before_fork()  # noqa: SLF001  the protocol above

    def _in_parent(self) -> None:
        for client in reversed(self._resting):
            client._after_fork_in_parent()  # noqa: SLF001  as above
        self._resting = []

    def _in_child(self) -> None:
        for client in self._resting:
            client._after_fork_in_child()  # noqa: SLF001  as above
        self._resting = []


_watch = _Watch()


def watch(client: Forks) -> None:
    """Call the three methods of *client* around every fork, as long as it lives."""
    _watch.add(client)


def forget(client: Forks) -> None:
    """Leave *client* alone from now on: it is closed."""
    _watch.remove(client)
