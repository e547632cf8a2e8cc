"""Two real replicas with declarations of their own, killed in turn while something goes up by itself."""

import itertools
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.support.replica import ROOT, Replica
from tests.support.store import Store

Pair = tuple[Replica, Replica]


def flags_with(folder: Path, workflow: str, edit: Callable[[str], str]) -> Path:
    """Copy the declarations with one workflow's file edited; return where they are."""
    flags = folder / "flags"
    shutil.copytree(ROOT / "flags" / "workflows", flags / "workflows")
    for name in ("policy.yaml", "models.yaml"):
        shutil.copy(ROOT / "flags" / name, flags / name)
    path = flags / "workflows" / f"{workflow}.yaml"
    before = path.read_text()
    after = edit(before)
    assert after != before
    path.write_text(after)
    return flags


def verbs(store: Store) -> Counter[str]:
    """Return how often each verb stands in the journal."""
    lines = store.redis.lrange(store.keys.journal, 0, -1)
    return Counter(json.loads(line.partition(" ")[2])["verb"] for line in lines)


def killed_in_turn(pair: Pair, store: Store, over: Callable[[Replica], bool]) -> None:
    """Kill one replica and start it again, then the other, until the one that is left says it is over."""
    for turn in itertools.count():
        victim, other = pair[turn % 2], pair[1 - turn % 2]
        victim.kill_nine()
        store.age()  # what it had in hand is taken over now, not in half a minute
        victim.start(wait=False)
        victim.ready()
        if over(other):
            return
