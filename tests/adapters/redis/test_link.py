"""Which server may be written to, and whether it can keep what the profile promises."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.redis.fitness import promise
from opsbot.adapters.redis.link import Link, NoPrimary, read_url
from opsbot.adapters.redis.store import Tuning, open_store
from opsbot.domain import journal
from opsbot.domain.errors import Misconfigured, StoreLost
from tests.support.changes import add_one, kill
from tests.support.store import Server, Store, free_port, server, store
from tests.support.tls import self_signed, tls_in_front_of
from tests.support.wait import eventually

__all__ = ["server", "store"]


@pytest.mark.parametrize(
    ("url", "nodes", "rest"),
    [
        ("redis://h:1234/2", (("h", 1234),), {"db": 2}),
        ("rediss://ann:p%40ss@h", (("h", 6379),), {"username": "ann", "password": "p@ss"}),
        ("redis://:secret@[::1]:7000", (("::1", 7000),), {"password": "secret", "username": None}),
        ("unix:///run/my%20dir/s.sock", (), {"path": "/run/my dir/s.sock"}),
        (
            "sentinel://h1,h2:5,h3/mymaster",
            (("h1", 26379), ("h2", 5), ("h3", 26379)),
            {"master": "mymaster"},
        ),
        ("cluster://h1,h2:7001", (("h1", 6379), ("h2", 7001)), {"scheme": "cluster"}),
    ],
)
def test_each_kind_of_url_is_read(
    url: str, nodes: tuple[tuple[str, int], ...], rest: dict[str, object]
) -> None:
    address = read_url(url)

    assert address.nodes == nodes
    assert {name: getattr(address, name) for name in rest} == rest


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "http://h",
        "redis://",
        "redis://h:x:s3cret",
        "redis://h/x",
        "sentinel://h1,h2",
        "unix://",
    ],
)
def test_a_url_that_is_none_stops_the_start_with_a_hint(url: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_url(url)

    assert "sentinel://" in caught.value.hint


def test_a_shown_address_has_no_password() -> None:
    assert read_url("redis://ann:s3cret@h:1/0").shown == "redis://h:1"
    assert read_url("sentinel://:s3cret@h1,h2/m").shown == "sentinel://h1:26379,h2:26379/m"


@pytest.mark.parametrize(
    ("setting", "wrong", "fix"),
    [
        ("appendonly", "no", "appendonly yes"),
        ("appendfsync", "everysec", "appendfsync always"),
        ("no-appendfsync-on-rewrite", "yes", "no-appendfsync-on-rewrite no"),
        ("maxmemory-policy", "allkeys-lru", "maxmemory-policy noeviction"),
    ],
)
async def test_strict_refuses_a_server_that_can_lose_kills_and_names_the_line(
    own: Server, setting: str, wrong: str, fix: str
) -> None:
    with own.client() as client:
        before = client.config_get(setting)[setting]
        client.config_set(setting, wrong)
        with pytest.raises(Misconfigured) as caught:
            async with open_store(own.url, env="prod", state_dir=None):
                raise AssertionError("it started")
        client.config_set(setting, before)

    assert fix in caught.value.hint


async def test_strict_refuses_a_primary_that_writes_alone_when_replicas_are_declared(
    own: Server,
) -> None:
    with pytest.raises(Misconfigured) as caught:
        async with open_store(own.url, env="prod", state_dir=None, min_replicas=1):
            raise AssertionError("it started")

    assert "min-replicas-to-write 1" in caught.value.hint


async def test_strict_refuses_a_server_that_hides_its_settings(own: Server) -> None:
    with own.client() as client:
        client.execute_command(
            "ACL", "SETUSER", "blind", "on", ">x", "~*", "&*", "+@all", "-config"
        )
    with pytest.raises(Misconfigured) as caught:
        async with open_store(f"redis://blind:x@127.0.0.1:{own.port}", env="p", state_dir=None):
            raise AssertionError("it started")

    assert "managed" in caught.value.hint


async def test_managed_says_not_durable_where_no_replica_holds_it(store: Store) -> None:
    tuning = Tuning(deadline_s=1.6)
    async with open_store(
        store.url, env=store.env, state_dir=None, profile="managed", tuning=tuning
    ) as bundle:
        committed, _ = await bundle.store.commit("r1", kill(1))

        assert committed is not None
        assert (committed.stored, committed.durable, committed.nodes) == (True, False, 1)


def test_the_promise_is_never_more_than_what_was_checked() -> None:
    assert promise("strict", 0) == "fsynced on 1 node"
    assert "on 2 nodes" in promise("strict", 1)
    assert promise("managed", 0) == "on 2 nodes, not on disk"


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """Give one server whose settings the tests of this file may change and put back."""
    with Server() as running:
        yield running


@pytest.mark.slow
async def test_a_cluster_is_written_at_the_owner_of_the_slot() -> None:
    with Server("--cluster-enabled", "yes") as node:
        with node.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            await eventually(
                lambda: "cluster_state:ok" in str(client.execute_command("CLUSTER", "INFO"))
            )
        async with (
            open_store(
                f"cluster://127.0.0.1:{free_port()},127.0.0.1:{node.port}", env="c", state_dir=None
            ) as one,
            open_store(f"cluster://127.0.0.1:{node.port}", env="c", state_dir=None) as two,
        ):
            await asyncio.gather(
                *((one, two)[n % 2].store.commit(f"r{n}", add_one) for n in range(10))
            )

            state = await one.store.refresh()
            assert state.setting("counter") == {"n": 10}
            journal.verify(await two.store.journal(), count=10, head=state.head)


HA = (
    *("--repl-diskless-sync-delay", "0", "--min-replicas-to-write", "1"),
    *("--min-replicas-max-lag", "2", "--repl-ping-replica-period", "1"),
)


async def watched_by_sentinels(stack: ExitStack, primary: Server) -> list[Server]:
    """Start three sentinels that agree on *primary* and know its replicas."""
    sentinels = [stack.enter_context(Server(sentinel=True)) for _ in range(3)]
    for sentinel in sentinels:
        with sentinel.client() as client:
            client.execute_command("SENTINEL", "MONITOR", "ops", "127.0.0.1", primary.port, 2)
            for name, value in (("down-after-milliseconds", 1000), ("failover-timeout", 4000)):
                client.execute_command("SENTINEL", "SET", "ops", name, value)
    for sentinel in sentinels:
        with sentinel.client() as client:
            await eventually(lambda c=client: _knows_all(c), timeout_s=15)  # type: ignore[misc]  # bound now
    return sentinels


def _knows_all(client: object) -> bool:
    said = client.execute_command("SENTINEL", "MASTER", "ops")  # type: ignore[attr-defined]  # a Redis client
    fields = said if isinstance(said, dict) else dict(zip(said[::2], said[1::2], strict=True))
    return int(fields["num-slaves"]) == 2 and int(fields["num-other-sentinels"]) == 2


async def ask(bundle: StoreBundle, number: int) -> bool:
    """Ask once for a kill; return whether it was acknowledged as durable."""
    try:
        committed, _ = await bundle.store.commit(f"r{number}", kill(number))
    except StoreLost:
        return False
    return committed is not None and committed.durable


async def insist(bundle: StoreBundle, number: int) -> None:
    """Ask until it is confirmed: a busy machine may elect more than once."""
    async with asyncio.timeout(40):
        while not await ask(bundle, number):
            pass


async def entries(bundle: StoreBundle) -> Counter[str]:
    """Return how often each request stands in the journal, which is whole."""
    lines = await bundle.store.journal()
    journal.verify(lines, head=bundle.store.state.head)
    return Counter(journal.read_entry(line).request for line in lines)


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_fail_over_keeps_every_acknowledged_kill_once_and_no_other_twice() -> None:
    tuning = Tuning(deadline_s=0.4)
    with ExitStack() as stack:
        primary = stack.enter_context(Server(*HA))
        for _ in range(2):
            replica = Server(*HA, "--replicaof", "127.0.0.1", str(primary.port))
            stack.enter_context(replica)
        sentinels = await watched_by_sentinels(stack, primary)
        url = f"sentinel://{','.join(f'127.0.0.1:{s.port}' for s in sentinels)}/ops"
        async with open_store(
            url, env="ha", state_dir=None, min_replicas=1, tuning=tuning
        ) as bundle:
            acked = [number for number in range(1, 30) if await ask(bundle, number)]
            before = bundle.store.state.position
            asyncio.get_running_loop().call_soon(primary.kill)
            number = 29
            while len(acked) < 60:
                number += 1
                acked += [number] if await ask(bundle, number) else []
            left = sorted(set(range(1, number + 1)) - set(acked))
            stored = await entries(bundle)
            for one in left:
                await insist(bundle, one)

            assert [stored[f"r{one}"] for one in acked] == [1] * 60
            assert left, "asked meanwhile, and not answered"
            assert all(stored[f"r{one}"] <= 1 for one in left)
            assert await entries(bundle) == Counter(f"r{one}" for one in range(1, number + 1))
            assert bundle.store.state.position.epoch > before.epoch


async def test_a_minority_of_sentinels_is_not_believed() -> None:
    link = Link(f"sentinel://127.0.0.1:{free_port()},127.0.0.1:{free_port()}/ops", slot_of="{a}")

    with pytest.raises(NoPrimary, match="0 of 2"):
        await link.primary()


async def test_tls_is_spoken_and_its_certificate_is_checked(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    quick = Tuning(deadline_s=0.5)
    async with tls_in_front_of(store.server.port, certificate, key) as port:
        url = f"rediss://127.0.0.1:{port}"
        with pytest.raises(StoreLost, match="CERTIFICATE_VERIFY_FAILED"):
            async with open_store(url, env=store.env, state_dir=None, tuning=quick):
                raise AssertionError("it started")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

        async with open_store(url, env=store.env, state_dir=None) as bundle:
            await bundle.store.commit("r1", kill(1))

    assert store.redis.hexists(store.keys.state_of("kills"), "K-1")
