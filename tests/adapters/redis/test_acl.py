"""The shipped access list on a real server: each user can do its work and nothing that hides it."""

import asyncio
from collections.abc import Iterator

import pytest
import redis

from opsbot.adapters.redis.acl import acl_lines, acl_rights
from opsbot.adapters.redis.functions import library
from opsbot.adapters.redis.store import open_store
from opsbot.app.exposure_port import Keep
from opsbot.domain.change import Effect, Timer
from opsbot.domain.errors import Misconfigured
from opsbot.domain.served.served import HOUR_MS, SAMPLES, Base, Sample, Span
from opsflags.keys import Keys
from tests.contract.test_outbox import take
from tests.support.changes import kill, put
from tests.support.store import Server

ENV = "prod"
KEYS = Keys(ENV)
USERS = ("bot", "client", "client-support-api", "kill", "auditor", "migrator")
MINE, OTHER = KEYS.fleet_of("support-api"), KEYS.fleet_of("contracts")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """Give a server with opsbot's users; `default` stays on for the tests to arrange with."""
    with Server() as running:
        with running.client() as client:
            for line in acl_lines(ENV, {name: f"{name}-secret" for name in USERS}):
                _, name, *rules = line.split(" ")
                if name != "default":
                    client.execute_command("ACL", "SETUSER", name, *_joined(rules))
        yield running


def _joined(rules: list[str]) -> list[str]:
    """Put the words of a selector, `(-@all ~x +set)`, back into one."""
    out: list[str] = []
    for rule in rules:
        if out and out[-1].startswith("(") and not out[-1].endswith(")"):
            out[-1] += f" {rule}"
        else:
            out.append(rule)
    return out


def as_user(server: Server, name: str) -> redis.Redis:
    """Return a client of one user."""
    return redis.Redis(
        port=server.port, username=name, password=f"{name}-secret", decode_responses=True
    )


def url_of(server: Server, name: str) -> str:
    """Return the URL of one user."""
    return f"redis://{name}:{name}-secret@127.0.0.1:{server.port}"


def load_as_migrator(server: Server) -> None:
    """Load the function library as the deploy does."""
    with as_user(server, "migrator") as client:
        client.function_load(library(), replace=True)


async def test_the_bot_does_all_its_work_with_its_own_rights(guarded: Server) -> None:
    load_as_migrator(guarded)
    effect = Effect("card", "card:1")
    async with open_store(url_of(guarded, "bot"), env=ENV, state_dir=None) as bundle:
        store, outbox = bundle.store, bundle.outbox
        await store.commit("r1", kill(1))
        await store.commit("r1", kill(1))
        await store.commit("r2", put(effects=(effect,) * 3, timers=(Timer("t", 0, effect),)))
        await store.erase(["x"])
        await store.texts(["x"])
        await store.live()
        await store.ready()
        assert await outbox.fire_timers() == 1
        first = await take(outbox)
        assert await outbox.owned(first)
        await outbox.later(first, reason="x", after_s=9)
        await outbox.dead(await take(outbox), reason="x")
        ((letter, _, _),) = await outbox.dead_letters()
        assert await outbox.retry(letter)
        await outbox.done(await take(outbox))
        await outbox.leave("k", {"ts": "1"})
        assert await outbox.left("k")
        assert await outbox.claim("c", ttl_s=1)
        assert await outbox.once("o", ttl_s=1)
        await bundle.fleets.look()
        await bundle.fleets.emergencies(0)


async def test_the_bot_keeps_a_history_that_ages(guarded: Server) -> None:
    load_as_migrator(guarded)
    async with open_store(url_of(guarded, "bot"), env=ENV, state_dir=None) as bundle:
        for number, at_ms in enumerate((HOUR_MS - 1, HOUR_MS)):
            spans = {SAMPLES: (Span(0, at_ms, 1),)}
            base = {} if number else {"a/b/1": Base()}
            gone, over = (("a/b/1",), 0) if number else ((), None)
            sample = Sample(number, at_ms, base, gone, spans, over, spans if number else {})
            assert await bundle.served.add(sample, Keep())
        assert (await bundle.served.basis()).number == (await bundle.served.head()).number == 2
        assert set(await bundle.served.hours(0, 1)) == {0, 1}


async def test_an_older_access_list_costs_the_history_and_nothing_else(guarded: Server) -> None:
    load_as_migrator(guarded)
    rights, _, ageing = acl_rights("older", ())["bot"].rpartition(" (")
    keys = Keys("older")
    with guarded.client() as client:
        client.execute_command(
            "ACL", "SETUSER", "older", "on", ">older-secret", *_joined(rights.split(" "))
        )
    url = url_of(guarded, "older")
    async with open_store(url, env="older", state_dir=None) as bundle:
        sample = Sample(0, HOUR_MS, {"a/b/1": Base()}, (), {SAMPLES: (Span(0, HOUR_MS, 1),)})
        with pytest.raises(Misconfigured, match="nothing is counted"):
            await bundle.served.add(sample, Keep())

    assert "pexpire" in ageing
    with guarded.client() as client:
        assert not client.exists(keys.served, keys.served_base, keys.served_minutes(1))


async def test_the_bot_reads_a_services_fleet_and_takes_the_last_one_off_the_list(
    guarded: Server,
) -> None:
    load_as_migrator(guarded)
    with as_user(guarded, "client-support-api") as client:
        keys = (KEYS.head, *MINE.all(), KEYS.emergency, KEYS.services)
        client.fcall("opsbot_checkin", 6, *keys, "api-1", "{}", "{}", "support-api")
    async with open_store(url_of(guarded, "bot"), env=ENV, state_dir=None) as bundle:
        before = (await bundle.fleets.look()).instances
        await bundle.fleets.forget(before)
        after = (await bundle.fleets.look()).instances

    assert [(one.id, one.service) for one in before] == [("api-1", "support-api")]
    assert after == ()
    with guarded.client() as client:
        assert not client.exists(KEYS.services)


BOT_DENIED = [
    ("DEL", KEYS.journal),
    ("UNLINK", KEYS.journal),
    ("LTRIM", KEYS.journal, 1, 0),
    ("LSET", KEYS.journal, 0, "x"),
    ("LPOP", KEYS.journal),
    ("RPOP", KEYS.journal),
    ("PEXPIRE", KEYS.journal, 1),
    ("PEXPIRE", KEYS.head, 1),
    ("PEXPIRE", KEYS.state_of("kills"), 1),
    ("LREM", KEYS.journal, 0, "x"),
    ("SET", KEYS.journal, "x"),
    ("RENAME", KEYS.head, KEYS.journal),
    ("EXPIRE", KEYS.journal, 1),
    ("XTRIM", KEYS.lane("rest"), "MAXLEN", 0),
    ("FLUSHALL",),
    ("FUNCTION", "LOAD", "REPLACE", "x"),
    ("FUNCTION", "FLUSH"),
    ("CONFIG", "SET", "appendonly", "no"),
    ("EVAL", "return 1", 0),
    ("GET", "elsewhere"),
    ("ACL", "LIST"),
]
CLIENT_DENIED = [
    ("HSET", KEYS.state_of("kills"), "K-1", "{}"),
    ("HDEL", KEYS.state_of("kills"), "K-1"),
    ("HSET", KEYS.head, "epoch", "9"),
    ("PUBLISH", KEYS.channel, "{}"),
    ("RPUSH", KEYS.emergency, "{}"),
    ("LRANGE", KEYS.journal, 0, -1),
    ("HGETALL", KEYS.texts),
    ("XRANGE", KEYS.lane("rest"), "-", "+"),
    ("PSUBSCRIBE", "*"),
    ("FCALL", "opsbot_fire", 4, KEYS.due, KEYS.timers, KEYS.lane("kill"), KEYS.lane("rest"), 9),
    ("FCALL", "opsbot_claim", 1, KEYS.head, "x", 5),
    ("KEYS", "*"),
    ("SREM", KEYS.services, "contracts"),
    ("DEL", KEYS.services),
    ("HSET", KEYS.services, "contracts", "1"),
    ("FCALL", "opsbot_goodbye", 4, *MINE.all(), KEYS.services, "api-1", "contracts"),
    ("ZADD", KEYS.low, 1, "1:support-copilot"),
    ("HSET", KEYS.served, "at", "0"),
    ("HGETALL", KEYS.served_base),
    ("HGETALL", KEYS.served_minutes(0)),
    ("FCALL", "opsbot_served", 3, KEYS.served, KEYS.served_base, KEYS.served_minutes(0), 0),
]
SERVICE_DENIED = [
    *CLIENT_DENIED,
    ("HSET", OTHER.acks, "contracts-1", "{}"),
    ("HDEL", OTHER.acks, "contracts-1"),
    ("HSET", OTHER.instances, "contracts-1", "{}"),
    ("HDEL", OTHER.instances, "contracts-1"),
    ("ZADD", OTHER.seen, 1, "contracts-1"),
    ("ZREM", OTHER.seen, "contracts-1"),
    ("HGETALL", OTHER.acks),
    ("FCALL", "opsbot_goodbye", 3, *OTHER.all(), "contracts-1"),
    (
        "FCALL", "opsbot_checkin", 6, KEYS.head, *OTHER.all(), KEYS.emergency, KEYS.services,
        "contracts-1", "{}", "{}", "contracts",
    ),
]  # fmt: skip
KILL_DENIED = [
    ("LRANGE", KEYS.emergency, 0, -1),
    ("LPOP", KEYS.emergency),
    ("DEL", KEYS.emergency),
    ("PUBLISH", KEYS.channel, "{}"),
    ("RPUSH", KEYS.journal, "x"),
    ("HGETALL", KEYS.state_of("kills")),
    ("FCALL", "opsbot_fire", 0),
]
AUDITOR_DENIED = [
    ("RPUSH", KEYS.journal, "x"),
    ("HSET", KEYS.state_of("kills"), "K-1", "{}"),
    ("HGETALL", KEYS.texts),
    ("XRANGE", KEYS.lane("rest"), "-", "+"),
]
DENIED = [
    (name, words)
    for name, probes in (
        ("bot", BOT_DENIED),
        ("client", CLIENT_DENIED),
        ("client-support-api", SERVICE_DENIED),
        ("kill", KILL_DENIED),
        ("auditor", AUDITOR_DENIED),
        ("migrator", [("GET", KEYS.head), ("FUNCTION", "FLUSH"), ("LRANGE", KEYS.journal, 0, -1)]),
    )
    for words in probes
]


@pytest.mark.parametrize(
    ("name", "words"), DENIED, ids=[f"{n}-{'-'.join(map(str, w[:4]))}" for n, w in DENIED]
)
def test_what_a_user_must_not_do_is_denied(
    guarded: Server, name: str, words: tuple[str | int, ...]
) -> None:
    load_as_migrator(guarded)
    with as_user(guarded, name) as client, pytest.raises(redis.ResponseError) as caught:
        client.execute_command(*words)

    assert isinstance(caught.value, redis.exceptions.NoPermissionError) or "ACL" in str(
        caught.value
    )


@pytest.mark.parametrize("user", ["client", "client-support-api"])
def test_a_client_checks_in_reads_and_subscribes(guarded: Server, user: str) -> None:
    load_as_migrator(guarded)
    keys = (KEYS.head, *MINE.all(), KEYS.emergency, KEYS.services)
    with as_user(guarded, user) as client:
        answer = client.fcall("opsbot_checkin", 6, *keys, "api-1", "{}", "{}", "support-api")
        client.hset(MINE.acks, "api-1", "{}")
        client.hgetall(KEYS.state_of("kills"))
        client.lrange(KEYS.emergency, 0, -1)
        with client.pubsub() as heard:
            heard.subscribe(KEYS.channel, KEYS.emergency_channel)
            assert heard.get_message(timeout=1)
        client.fcall("opsbot_goodbye", 3, *MINE.all(), "api-1")

    assert isinstance(answer, list)
    assert answer[4] == 1


def test_a_kill_credential_pushes_and_calls_to_look(guarded: Server) -> None:
    with as_user(guarded, "kill") as client:
        assert client.rpush(KEYS.emergency, "{}") >= 1
        assert client.llen(KEYS.emergency)
        assert client.publish(KEYS.emergency_channel, "") == 0


async def test_an_auditor_reads_what_verification_needs(guarded: Server) -> None:
    with as_user(guarded, "auditor") as client:
        client.lrange(KEYS.journal, 0, -1)
        client.hgetall(KEYS.head)
        await asyncio.to_thread(client.hgetall, KEYS.state_of("kills"))


def test_the_default_user_is_switched_off_and_no_password_is_written_out() -> None:
    lines = acl_lines(ENV, {"bot": "bot-secret"})

    assert lines[0] == "user default off"
    assert "bot-secret" not in "".join(lines)
