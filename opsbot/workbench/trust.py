"""The authorities that stand-ins trust: read once for all of them, as each reading takes 20 ms of the processor."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Return what every client here checks certificates with; nothing in it is one client's own."""
    return httpx.create_ssl_context(trust_env=False)
