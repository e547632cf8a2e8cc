"""A world for each test."""

import pytest

from tests.support.world import World, workflow


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await world.declare(
        workflow("support-copilot", tier=1, safe_state="canned"),
        workflow("contract-summariser"),
    )
    return world
