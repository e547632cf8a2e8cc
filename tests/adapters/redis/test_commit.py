"""What goes over the wire with a commit, and in which order the server answers it."""

import asyncio
from collections.abc import Iterator

from opsbot.adapters.redis.functions import commit_call
from opsbot.adapters.redis.store import open_store
from opsbot.domain import journal
from opsbot.domain.state import State
from opsflags.keys import Keys
from tests.support.changes import kill
from tests.support.store import Server, Store, server, store

__all__ = ["server", "store"]
COMMIT = "opsbot_commit"


def said(store: Store) -> Iterator[str]:
    """Yield the commands that the server takes, but those that a function calls."""
    with store.redis.monitor() as monitor:
        yield ""  # it listens
        for told in monitor.listen():
            if told["client_type"] != "lua":
                yield str(told["command"])


async def test_a_commit_travels_behind_a_ping(server: Server, store: Store) -> None:
    async with open_store(server.url, env=store.env, state_dir=None) as bundle:
        await bundle.store.commit("r0", kill(9))
        heard = said(store)
        next(heard)
        await bundle.store.commit("r1", kill(10))

        commands: list[str] = []
        while not commands or COMMIT not in commands[-1]:
            commands.append(await asyncio.to_thread(next, heard))

    assert commands[-2] == "PING"


def test_the_call_says_what_the_line_says() -> None:
    state = State()
    change, _ = kill(1)(state, 7)
    assert change is not None
    line = journal.write_entry(state, change, request="r", at_ms=7)
    entry = journal.read_entry(line)

    call = commit_call(Keys("prod"), change, line)

    assert call[3 + int(call[2]) :][1:7] == (0, entry.prev, 0, 7, entry.hash, line)
