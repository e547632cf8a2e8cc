"""Fixtures of the HTTP side."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from tests.support.web import Door, opened


@pytest.fixture
async def door() -> Door:
    """Give the HTTP side of a small company."""
    return await opened()


@pytest.fixture
async def http(door: Door) -> AsyncGenerator[httpx.AsyncClient]:
    """Give Mara's client; she may kill."""
    async with door.client() as client:
        yield client
