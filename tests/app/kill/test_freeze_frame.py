"""A kill's evidence: of those it touches everything, of the others how many there were."""

import json
from typing import Any

import pytest

from opsbot.app.kill.freeze_frame import freeze
from opsbot.app.requests import KillRequest, Target
from opsbot.app.target import aim
from opsbot.domain.change import Position, Record
from opsbot.domain.fleet import Ack, Fleet, Instance, Served
from tests.support.evals import loose
from tests.support.world import MARA, World

COPILOT, CONTRACTS, UNKNOWN = "support-copilot", "contract-summariser", "nobody-declared-this"
COUNTED = {"let": 7, "refused": 2}


def instance(name: str, *serves: str, counts: tuple[str, ...] = ()) -> Instance:
    """Return an instance that has counted for what it serves, and for *counts*."""
    counted = dict.fromkeys((*serves, *counts), COUNTED)
    ack = Ack(Position(1, 5), Position(1, 4), counts=counted)
    served = {one: Served(frozenset({"stop"})) for one in serves}
    return Instance(name, "support-api", "pod", 1, "test", served, seen_ms=900, ack=ack)


def frozen(world: World, target: Target, *instances: Instance, **words: Any) -> dict[str, Any]:
    """Return the fleet's part of the freeze-frame of a kill of *target*."""
    state = world.store.state
    aimed = aim(KillRequest(target, mode="stop", **words), state)
    fleet = Fleet(1_000, instances, Position(1, 5))
    found: dict[str, Any] = json.loads(json.dumps(freeze(fleet, aimed, state.workflows())))
    return found


async def test_a_kill_quotes_its_own_workflow_and_counts_the_other_instances(world: World) -> None:
    found = frozen(
        world,
        Target("workflow", COPILOT),
        instance("pod-1", COPILOT, CONTRACTS),
        instance("pod-2", CONTRACTS),
        instance("pod-3", UNKNOWN),
    )

    assert found == {
        "at_ms": 1_000,
        "instances": [
            {
                "id": "pod-1",
                "service": "support-api",
                "seen_ms": 900,
                "applied": {"epoch": 1, "revision": 5},
                "counts": {COPILOT: COUNTED},
            }
        ],
        "others": 2,
    }


async def test_who_counts_for_it_without_having_registered_it_is_quoted(world: World) -> None:
    found = frozen(world, Target("workflow", COPILOT), instance("pod-1", counts=(COPILOT,)))

    assert found["instances"][0]["counts"] == {COPILOT: COUNTED}
    assert found["others"] == 0


async def test_who_has_never_acknowledged_is_quoted_as_that(world: World) -> None:
    silent = Instance(
        "pod-1", "support-api", "pod", 1, "test", {COPILOT: Served(frozenset())}, 900, None
    )

    (one,) = frozen(world, Target("workflow", COPILOT), silent)["instances"]

    assert (one["applied"], one["counts"]) == (None, {})


@pytest.mark.parametrize("target", [Target("all"), Target("provider", "openai")])
async def test_a_wide_kill_quotes_what_nobody_declared_too(world: World, target: Target) -> None:
    found = frozen(world, target, instance("pod-1", COPILOT), instance("pod-2", UNKNOWN))

    counted = {one["id"]: [*one["counts"]] for one in found["instances"]}
    assert counted == {"pod-1": [COPILOT], "pod-2": [UNKNOWN]}
    assert found["others"] == 0


async def test_the_journal_keeps_it_with_the_kill(world: World) -> None:
    world.instance("pod-1")
    world.instance("pod-2", serves=(CONTRACTS,))

    await world.bot.kill(
        KillRequest(Target("workflow", COPILOT), mode="stop"), MARA, request_id="1"
    )

    facts = loose(_facts(world))
    assert [one["id"] for one in facts["fleet"]["instances"]] == ["pod-1"]
    assert facts["fleet"]["others"] == 1
    assert set(facts["routes"]) == {COPILOT}


def _facts(world: World) -> Record:
    entry = json.loads(world.server.lines[-1].partition(" ")[2])
    found: Record = entry["facts"]
    return found
