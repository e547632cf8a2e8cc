"""What a service may write about itself keeps no kill from being committed and claims nothing."""

import asyncio
import contextlib
import gzip
import json

import pytest

from opsbot.adapters.fleet_records import Written, instances, read_ack
from opsbot.adapters.probe_http import http_prober
from opsbot.adapters.redis.store import open_store
from opsbot.app.requests import KillRequest, Target
from tests.support.store import Store, server, store
from tests.support.world import MARA, World, workflow

__all__ = ["server", "store"]
COPILOT = Target("workflow", "support-copilot")
GOOD = {"s": 1, "e": 1, "r": 7, "x": 7}
HOSTILE = (
    "[" * 100_000,
    '{"e":1,"r":1,"x":1e400}',
    '{"e":NaN,"r":1,"x":1}',
    json.dumps({**GOOD, "e": 10**400}),
    json.dumps({**GOOD, "e": 2**53}),
    json.dumps({**GOOD, "x": "9" * 400}),
    json.dumps({**GOOD, "x": -1}),
    json.dumps({**GOOD, "lease_ms": 2**60}),
    json.dumps({**GOOD, "counts": {"support-copilot": {"asked": 2**60}}}),
    json.dumps({**GOOD, "kills": {"u": {"let": -5}}}),
    json.dumps({**GOOD, "counts": {"\ud800": {"asked": 1}}}),
    json.dumps({**GOOD, "rejected": 5}),
    json.dumps({**GOOD, "padding": "x" * 3_000_000}),
)


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_acknowledgement_is_none(raw: str) -> None:
    assert read_ack(raw) is None


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_hostile_acknowledgement_keeps_no_kill_from_being_stored(raw: str) -> None:
    world = World()
    await world.declare(workflow("support-copilot", tier=1))
    world.instance("pod-1")
    world.server.services["support-api"].acks["pod-1"] = raw

    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    assert said.body["stored"] is True
    assert said.body["instances"]["lagging"] == ["pod-1"]  # type: ignore[index,call-overload]  # a record of our own
    assert said.tone == "amber"


@pytest.mark.parametrize(
    "raw", ["[" * 100_000, "7", '{"service":"\\ud800"}', '{"workflows":{"support-copilot":[]}}']
)
def test_a_hostile_registration_serves_with_nothing_it_can_prove(raw: str) -> None:
    (one,) = instances([Written("api", {"pod-1": raw}, [("pod-1", float("inf"))], {})])

    assert one.ack is None
    assert one.seen_ms == 0
    assert all(not served.modes and not served.probe for served in one.workflows.values())


async def test_bytes_that_are_no_text_are_looked_at_all_the_same(store: Store) -> None:
    store.redis.sadd(store.keys.services, "api", b"\xff", "a:b", "*")
    store.redis.hset(store.keys.fleet_of("api").instances, b"\xff\xfe", b"\xff")
    store.redis.rpush(store.keys.emergency, b"\xff")
    async with open_store(store.unix_url, env=store.env, state_dir=None) as bundle:
        fleet = await bundle.fleets.look()

        assert [one.workflows for one in fleet.instances] == [{}]
        assert len(await bundle.fleets.emergencies(0)) == 1


BOMB = gzip.compress(b"0" * 50_000_000)
ANSWERS = {
    "deep": (b"", b"[" * 60_000),
    "packed": (b"content-encoding: gzip\r\n", BOMB),
    "endless": (b"", b"1" * 1_000_000),
    "elsewhere": (b"location: http://169.254.169.254/\r\n", b""),
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_probe_address_that_answers_with_malice_has_not_passed(kind: str) -> None:
    header, body = ANSWERS[kind]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 x\r\n" + header + b"connection: close\r\n\r\n" + body)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, http_prober() as prober:
        port = server.sockets[0].getsockname()[1]
        answer = await prober.ask(
            f"http://127.0.0.1:{port}/probe",
            kind="httpx",
            workflow="support-copilot",
            tenant=None,
            tool=None,
        )

    assert answer.error == "the answer is not a probe's"
