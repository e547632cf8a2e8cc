"""The connected client against a real server: connect, kill, restore, acknowledge, close."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opsflags import streams
from opsflags.client import FlagClient, NotConfigured
from opsflags.decision import Decision
from tests.flags.switchboard import Switchboard, seconds, wait_killed, wait_live
from tests.support.store import Server, Store
from tests.support.wait import PATIENCE, eventually_sync

FLAGS = [str(Path(__file__).parents[2] / "flags")]


def connect(store: Store, url: str | None = None, **options: object) -> FlagClient:
    return FlagClient.connect(url or store.url, service="support-api", env=store.env, **options)  # type: ignore[arg-type]  # fields by name, as each test words them


def test_a_kill_is_visible_and_acknowledged_and_a_restore_lifts_it(store: Store) -> None:
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store) as flags:
        copilot = flags.workflow("support-copilot")
        assert copilot.live
        assert copilot.decide().state == "LIVE"

        kill = board.kill("K-1", workflow="support-copilot")
        wait_killed(copilot)
        ack = board.acked(flags, lambda ack: ack["x"] == board.revision)
        board.restore(kill)
        wait_live(copilot)

    assert kill["uid"] in ack["kills"]
    assert ack["e"] == board.epoch


def test_an_unknown_workflow_is_unknown_and_registered(store: Store) -> None:
    board = Switchboard(store)
    with connect(store) as flags:
        typo = flags.workflow("suport-copilot", modes=["fallback", "stop"])

        registration = eventually_sync(
            lambda: board.registration(flags), until=lambda said: bool(said.get("workflows"))
        )

        assert (typo.decide().state, typo.decide().allowed) == ("UNKNOWN", True)
        assert registration["workflows"] == {
            "suport-copilot": {"modes": ["canned", "fallback", "human", "stop"], "probe": None}
        }
        assert registration["instance"] == flags.instance
        board.declare("suport-copilot")
        wait_live(typo)


def test_one_name_has_one_handle_and_more_modes_register_again(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w", modes=["canned", "read_only", "stop"])
    with connect(store) as flags:
        handle = flags.workflow("w")
        board.kill("K-1", workflow="w", mode="read_only")
        wait_killed(handle)

        again = flags.workflow("w", modes=["read_only"])

        assert again is handle
        assert handle.decide().mode == "read_only"
        eventually_sync(lambda: "read_only" in board.registered(flags, "w").get("modes", []))
        with pytest.raises(ValueError, match="on_unknown"):
            flags.workflow("w", on_unknown="stop")


def test_an_instance_that_was_forgotten_registers_again(store: Store) -> None:
    board = Switchboard(store)
    with connect(store) as flags:
        flags.workflow("w")
        eventually_sync(lambda: board.registration(flags))

        store.redis.delete(board.fleet.instances)

        eventually_sync(lambda: board.registration(flags), timeout_s=2.5)


def test_kills_are_acknowledged_at_once_without_waiting_for_a_check_in(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    with connect(store) as flags:
        flags.workflow("w")
        eventually_sync(lambda: board.ack(flags))
        eventually_sync(lambda: store.redis.zscore(board.fleet.seen, flags.instance))
        took: list[float] = []
        for number in range(5):
            board.kill(f"K-{number}", workflow="w")
            took.append(seconds(lambda: board.acked(flags, lambda ack: ack["r"] == board.revision)))

    assert sorted(took)[2] < 0.1 * PATIENCE


def test_the_acknowledgement_counts_calls_refusals_and_missing_tenants(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    with connect(store) as flags:
        handle = flags.workflow("w")
        for _ in range(3):
            handle.decide()
        kill = board.kill("K-1", workflow="w", tenant="acme")
        wait_killed(handle)
        before = handle._report()["counts"]["refused"]
        handle.decide(tenant="acme")
        handle.decide(tenant="globex")

        once_more = int(str(before)) + 1
        ack = board.acked(flags, lambda ack: ack["counts"].get("w", {}).get("refused") == once_more)

        tally = ack["kills"][kill["uid"]]
        assert tally["refused"] == ack["counts"]["w"]["refused"]
        assert tally["no_tenant"] == tally["refused"] - 1
        assert ack["counts"]["w"]["asked"] >= 6


def test_an_emergency_is_honoured_at_once_and_dropped_when_adopted(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    with connect(store) as flags:
        handle = flags.workflow("w")

        began = time.monotonic()
        board.emergency("e-1", workflow="w")
        wait_killed(handle)
        took = time.monotonic() - began
        ack = board.acked(flags, lambda ack: ack["emergency"] == 1)
        board.adopt(1)
        wait_live(handle)

    assert took < 0.5 * PATIENCE
    assert "e-1" in ack["kills"]


def test_an_emergency_without_its_hint_is_found_by_the_check_in(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    with connect(store) as flags:
        handle = flags.workflow("w")

        board.emergency("e-1", look=False)

        wait_killed(handle, timeout_s=1.1)
        assert handle.decide().kill == "E-1"


def test_a_clean_end_says_goodbye_within_200_ms(store: Store) -> None:
    board = Switchboard(store)
    flags = connect(store)
    flags.workflow("w")
    eventually_sync(lambda: board.registration(flags))

    took = seconds(flags.close)

    assert took < 0.2 * PATIENCE
    eventually_sync(lambda: board.registration(flags) == {})
    eventually_sync(lambda: store.redis.zscore(board.fleet.seen, flags.instance) is None)
    flags.close()


def test_closing_with_a_dead_store_takes_no_longer(own_server: Server) -> None:
    flags = FlagClient.connect(own_server.url, service="x")
    flags.workflow("w")
    own_server.freeze()

    assert seconds(flags.close) < 0.3 * PATIENCE
    own_server.thaw()


EXITS = """
import sys
from opsflags import FlagClient
flags = FlagClient.connect(sys.argv[1], service="short", env=sys.argv[2])
flags.workflow("w")
print(flags.instance, flush=True)
"""


def test_a_short_lived_process_leaves_the_registry_by_itself(store: Store) -> None:
    Switchboard(store)

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", EXITS, store.url, store.env],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
        env={**os.environ, "PYTHONPATH": FLAGS[0]},
    )

    assert done.stderr == ""
    assert store.redis.hgetall(store.keys.fleet_of("short").instances) == {}


def test_it_imports_neither_ssl_nor_asyncio_nor_logging_and_has_one_thread(store: Store) -> None:
    Switchboard(store)
    program = (
        EXITS
        + "import threading\nprint(threading.active_count())\n"
        + (
            "print([m for m in ('ssl', 'asyncio', 'logging', 'urllib.parse', 'typing', 'dataclasses')"
            " if m in sys.modules])\n"
        )
    )

    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path[:0] = {FLAGS!r}\n{program}",
            store.url,
            store.env,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )

    assert done.stdout.splitlines()[1:] == ["2", "[]"]


def test_settings_come_from_the_environment(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Switchboard(store)
    board.declare("w")
    for name, value in {
        "OPSBOT_REDIS_URL": store.unix_url,
        "OPSBOT_ENV": store.env,
        "OPSBOT_SERVICE": "support-api",
        "OPSBOT_STATE_DIR": str(tmp_path / "state"),
        "OPSFLAGS_KILL_FILE": str(tmp_path / "kills.json"),
    }.items():
        monkeypatch.setenv(name, value)

    with FlagClient.from_env() as flags:
        assert flags.workflow("w").decide().state == "LIVE"
        assert flags.instance.startswith("support-api-")
        eventually_sync(lambda: list((tmp_path / "state").iterdir()))


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPSBOT_REDIS_URL", raising=False)
    monkeypatch.delenv("OPSBOT_SERVICE", raising=False)

    with pytest.raises(NotConfigured, match="OPSBOT_REDIS_URL"):
        FlagClient.from_env()
    monkeypatch.setenv("OPSBOT_REDIS_URL", "redis://h")
    with pytest.raises(NotConfigured, match="OPSBOT_SERVICE"):
        FlagClient.from_env()


def rights(store: Store, user: str) -> list[str]:
    """Return the protocol's rights of a client, as an ACL rule."""
    p = store.keys.prefix
    own = " ".join(f"%RW~{key}" for key in store.keys.fleet_of("support-api").all())
    return [
        "ACL",
        "SETUSER",
        user,
        "reset",
        "on",
        ">secret",
        f"%R~{p}:head",
        f"%R~{p}:state:*",
        f"%R~{p}:emergency",
        *own.split(" "),
        f"&{store.keys.channel}",
        f"&{store.keys.emergency_channel}",
        "-@all",
        "+hset",
        "+hgetall",
        "+hmget",
        "+lrange",
        "+hello",
        "+auth",
        "+ping",
        "+subscribe",
        "+client|setname",
        "+hget",
        "+hexists",
        "+hdel",
        "+llen",
        "+time",
        "+zadd",
        "+zrem",
        f"(+sadd %RW~{p}:fleet:services)",
        f"(+fcall %RW~{p}:head %RW~{p}:emergency %RW~{p}:fleet:services {own})",
    ]


def test_the_rights_in_the_protocol_are_enough_and_none_is_to_publish(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    store.redis.execute_command(*rights(store, store.env))
    url = store.url.replace("://", f"://{store.env}:secret@")
    with connect(store, url) as flags:
        handle = flags.workflow("w")
        kill = board.kill("K-1", workflow="w")
        wait_killed(handle)
        board.acked(flags, lambda ack: ack["r"] == board.revision)
        store.redis.execute_command("CLIENT", "KILL", "USER", store.env)
        board.restore(kill, silent=True)
        wait_live(handle)
        eventually_sync(lambda: flags.statistics()["problem"] is None)

    assert board.registration(flags) == {}
    for command in (
        ("PUBLISH", board.keys.channel, "x"),
        ("HSET", board.keys.head, "revision", "9"),
        ("RPUSH", board.keys.emergency, "x"),
        ("HSET", board.keys.state_of("kills"), "K-1", "x"),
        ("GET", "another"),
    ):
        denied = store.redis.execute_command("ACL", "DRYRUN", store.env, *command)
        assert denied != "OK", command
    store.redis.execute_command("ACL", "DELUSER", store.env)


def test_a_wrong_password_is_named_and_never_shown(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    url = store.url.replace("://", "://nobody:hush-hush@")

    with connect(store, url, boot_wait_ms=0) as flags:
        flags.workflow("w")
        eventually_sync(lambda: flags.statistics()["problem"] == "WRONGPASS")

    assert "WRONGPASS" in caplog.text
    assert "hush" not in caplog.text


def test_a_store_without_the_functions_is_named_and_not_flooded(own_server: Server) -> None:
    with FlagClient.connect(own_server.url, service="x", boot_wait_ms=100) as flags:
        handle = flags.workflow("w")
        eventually_sync(lambda: flags.statistics()["problem"] == "ERR")

        with own_server.client() as client:
            calls = client.info("stats")["total_commands_processed"]

    assert handle.decide().state == "UNKNOWN"
    assert calls < 60


def test_enforced_is_said_when_the_streams_in_flight_were_cut(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    with connect(store) as flags:
        handle = flags.workflow("w")
        cuts: list[Decision] = []
        stream = streams.open(handle, (None, None, None, None, None), cuts.append)

        kill = board.kill("K-1", workflow="w")
        ack = board.acked(flags, lambda ack: ack["x"] == board.revision)

        assert ack["kills"][kill["uid"]]["cut"] == 1
        assert ack["counts"]["w"]["cut"] == 1
        assert stream.cut is cuts[0]


def test_an_instance_may_bring_its_own_name(store: Store) -> None:
    board = Switchboard(store)
    with connect(store, instance="pod-7") as flags:
        flags.workflow("w")

        registration = eventually_sync(lambda: board.registration(flags))

        assert flags.instance == registration["instance"] == "pod-7"


def test_a_closed_client_keeps_its_last_decisions_and_asks_nobody(store: Store) -> None:
    board = Switchboard(store)
    board.declare("w")
    flags = connect(store)
    handle = flags.workflow("w")
    board.kill("K-1", workflow="w")
    wait_killed(handle)

    flags.close()

    assert not handle.decide().allowed
    assert flags.workflow("w") is handle
    assert flags.workflow("another").decide().state == "UNKNOWN"
    assert flags.statistics()["connects"] == 1
