"""The two stores that questions are asked over: one as small as can be, one far too large."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from opsbot.bench import subject
from opsbot.bench.routed import STAGED, WEIGHTED
from opsbot.bench.rows import CALM, KILLED_TENANT, LEASED, SCOPED, SPLIT, TRIED
from opsbot.bench.server import Connection
from opsbot.domain.change import Position, Record
from opsbot.domain.kill import as_record
from opsflags.keys import KILLS, WORKFLOWS, Keys
from opsflags.model import Scope

EPOCH = 1_700_000_000
BATCH = 500


@dataclass(frozen=True, slots=True)
class Size:
    """How much is in a store, and under which environment it stands."""

    env: str
    workflows: int
    kills: int


SMALL = Size("small", workflows=5, kills=1)
LARGE = Size("large", workflows=10_000, kills=1_000)


def workflows(size: Size) -> Iterator[tuple[str, Record]]:
    """Yield the five workflows that are asked about, and as many others as it takes."""
    yield CALM, subject.workflow(CALM)
    yield LEASED, subject.workflow(LEASED, on_store_loss="stop")
    yield SCOPED, subject.workflow(SCOPED)
    yield SPLIT, subject.workflow(SPLIT, route=WEIGHTED)
    yield TRIED, subject.workflow(TRIED, route=STAGED)
    for number in range(size.workflows - 5):
        name = f"workflow-{number}"
        yield name, subject.workflow(name)


def kills(size: Size) -> Iterator[tuple[str, Record]]:
    """Yield kills: half of them on tenants of one asked workflow, the others on other workflows."""
    for number in range(1, size.kills + 1):
        tenant = KILLED_TENANT if number == 1 else f"killed-{number}"
        here = number <= (size.kills + 1) // 2
        scope = (
            Scope(workflow=SCOPED, tenant=tenant) if here else Scope(workflow=f"workflow-{number}")
        )
        struck = subject.kill(number, scope, Position(EPOCH, number))
        yield struck.id, as_record(struck)


def fill(connection: Connection, size: Size) -> None:
    """Write a store of *size*, past the commit function: a client that reads sees no difference."""
    keys = Keys(size.env)
    for kind, records in ((WORKFLOWS, workflows(size)), (KILLS, kills(size))):
        written = [(name, json.dumps(record)) for name, record in records]
        for start in range(0, len(written), BATCH):
            words = [word for pair in written[start : start + BATCH] for word in pair]
            connection.ask("HSET", keys.state_of(kind), *words)
    at = Position(EPOCH, size.kills + 1)
    connection.ask("HSET", keys.head, "epoch", at.epoch, "revision", at.revision)
