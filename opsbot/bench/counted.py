"""A program: does one row N times over a store of its own, for an instruction counter around it."""

import sys
from time import monotonic

from opsbot.bench.routed import ROUTE, STAGED, WEIGHTED
from opsbot.bench.rows import (
    CALM,
    FLOORS,
    KILLED_TENANT,
    LEASED,
    OURS,
    SCOPED,
    SPLIT,
    TRIED,
    loop,
    namespace,
)
from opsflags.core import Core
from opsflags.workflow import Workflow

WARM = 10
EPOCH = 1


def offline(times: int) -> dict[str, Workflow]:
    """Return the asked workflows' handles, fed as the client's thread feeds them, without a store."""
    core = Core("bench", "bench", None)
    for name in (CALM, LEASED, SCOPED, SPLIT, TRIED):
        core.handles[name] = Workflow(name, ("read_only",))
    kills: dict[str, object] = {"K-1": _kill()}
    declared: dict[str, object] = {name: _workflow(name) for name in core.handles}
    core.board.read((EPOCH, 2), kills, declared)
    core.read.update(core.handles)
    core.publish()
    core.answered(monotonic() + times)  # a lease that outlasts the counting
    return core.handles


def _kill() -> dict[str, object]:
    scope = {"workflow": SCOPED, "tenant": KILLED_TENANT}
    at = {"epoch": EPOCH, "revision": 1}
    return {"s": 1, "id": "K-1", "uid": "1", "scope": scope, "mode": "stop", "at": at}


def _workflow(name: str) -> dict[str, object]:
    route = {SPLIT: WEIGHTED, TRIED: STAGED}.get(name, {**ROUTE, "fallbacks": []})
    return {
        "s": 1,
        "workflow": name,
        "safe_state": "stop",
        "modes": ["canned", "human", "stop"],
        "on_store_loss": "stop" if name == LEASED else "last_known",
        "stale_after_s": 6,
        "tools": {"search_kb": "read", "issue_refund": "write"},
        "route": dict(route),
    }


def main() -> None:
    """Run as `counted.py <row's number> <times>`."""
    number, times = int(sys.argv[1]), int(sys.argv[2])
    row = (*FLOORS, *OURS)[number]
    handles = offline(1_000_000)
    do = loop(row.statement, namespace(None if row.of is None else handles[row.of]))
    do(WARM)
    do(times)


if __name__ == "__main__":
    main()
