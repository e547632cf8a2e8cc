"""Gives the tests of the client their running servers."""

from tests.support.store import own_server, proxy, server, store

__all__ = ["own_server", "proxy", "server", "store"]
