"""Declaring on two replicas, on the memory twin and on a real server: one commit, one truth."""

import asyncio
import json
from pathlib import Path

from opsbot.adapters.catalog.read import load
from opsbot.adapters.clock import SystemEntropy
from opsbot.app.check import examined
from opsbot.app.declare import Declare
from opsbot.domain.declaration import Catalogue
from opsbot.domain.policy.rules import from_record
from tests.contract.conftest import World

ROOT = Path(__file__).parents[2]


def _shipped() -> Catalogue:
    catalogue = examined(load(ROOT / "flags", ROOT / "runbooks")).catalogue
    assert catalogue is not None
    return catalogue


async def test_two_replicas_that_declare_at_once_make_one_commit_and_agree(world: World) -> None:
    stores, catalogue = (world.one.store, world.two.store), _shipped()

    both = await asyncio.gather(*(Declare(s, SystemEntropy())(catalogue) for s in stores))

    states = [await store.refresh() for store in stores]
    lines = await world.one.store.journal()
    assert sorted(declared.changed for declared in both) == [False, True]
    assert [json.loads(line.partition(" ")[2])["verb"] for line in lines] == ["declare"]
    assert len({declared.position for declared in both}) == 1
    for state in states:
        assert dict(state.workflows()) == dict(catalogue.workflows)
        assert from_record(state.setting("policy")) == catalogue.policy


async def test_what_was_declared_comes_back_from_the_store_without_a_difference(
    world: World,
) -> None:
    catalogue = _shipped()
    await Declare(world.one.store, SystemEntropy())(catalogue)
    await world.two.store.refresh()

    again = await Declare(world.two.store, SystemEntropy())(catalogue)

    assert not again.changed
