"""A journal rewritten behind a running bot: what the bot held before is evidence against it."""

import json
from pathlib import Path

import pytest

from opsbot.adapters.bundle import LiveStore
from opsbot.adapters.redis.store import open_store
from opsbot.app.journal.audit import findings
from opsbot.domain import journal
from opsbot.domain.state import GENESIS
from tests.support.changes import kill
from tests.support.store import Store, server, store

__all__ = ["server", "store"]


def rewrite(store: Store) -> None:
    """Make every entry another person's, with a chain and a head that fit."""
    head, lines = GENESIS, []
    for line in store.redis.lrange(store.keys.journal, 0, -1):
        body = json.loads(str(line).partition(" ")[2])
        body |= {"prev": head, "actor": {**body["actor"], "id": "U0OTHER"}}
        raw = journal.canonical(body)
        head = journal.entry_hash(raw)
        lines.append(f"{head} {raw.decode()}")
    store.redis.delete(store.keys.journal)
    store.redis.rpush(store.keys.journal, *lines)
    store.redis.hset(store.keys.head, "hash", head)


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_rewritten_chain_is_named_by_what_the_bot_held(
    store: Store, tmp_path: Path, *, restarted: bool
) -> None:
    async with open_store(store.unix_url, env=store.env, state_dir=tmp_path) as bundle:
        await bundle.store.commit("r1", kill(1))
        await bundle.store.commit("r2", kill(2))
        rewrite(store)
        await bundle.store.refresh()
        await bundle.store.commit("r3", kill(3))
        found = await _found(bundle.store)
    if restarted:
        async with open_store(store.unix_url, env=store.env, state_dir=tmp_path) as again:
            found = await _found(again.store)

    assert found == (
        "Entry 2 is not the one that this bot held before: the chain was rewritten or cut.",
    )


async def test_a_chain_rewritten_while_no_bot_ran_is_named(store: Store, tmp_path: Path) -> None:
    async with open_store(store.unix_url, env=store.env, state_dir=tmp_path) as before:
        await before.store.commit("r1", kill(1))
    rewrite(store)

    async with open_store(store.unix_url, env=store.env, state_dir=tmp_path) as after:
        assert len(await _found(after.store)) == 1


async def test_what_was_lost_and_put_back_is_no_rewriting(store: Store, tmp_path: Path) -> None:
    async with open_store(store.unix_url, env=store.env, state_dir=tmp_path) as bundle:
        await bundle.store.commit("r1", kill(1))
        for key in store.redis.keys(f"{store.keys.prefix}*"):
            store.redis.delete(key)
        await bundle.store.refresh()

        assert await _found(bundle.store) == ()


async def test_a_text_that_cannot_be_read_opens_nothing(store: Store) -> None:
    async with open_store(store.unix_url, env=store.env, state_dir=None) as bundle:
        store.redis.hset(store.keys.texts, "c1", "not json")
        store.redis.hset(store.keys.texts, "c2", '{"salt":"zz","text":"x"}')

        kept = await bundle.store.texts(["c1", "c2"])

        assert [journal.opens(one) for one in kept.values()] == [False, False]


async def _found(of: LiveStore) -> tuple[str, ...]:
    lines, live, disowned = await of.journal(), await of.live(), await of.disowned()
    return findings(lines, live, (), disowned)
