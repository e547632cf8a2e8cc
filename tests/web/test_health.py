"""Health, readiness and metrics."""

from dataclasses import replace

import httpx

from opsbot.app.exposure_sample import Sampler
from opsbot.domain import kill as kills
from opsbot.domain.actor import DECLARATIONS
from opsbot.domain.change import Change, Write
from opsbot.domain.state import State
from opsbot.web import metrics
from opsbot.web.surroundings import FilesHealth, SlackHealth
from opsflags import keys
from tests.support.web import Door


async def test_it_lives(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).json() == {"ok": True}


async def test_it_is_ready_while_the_store_answers(http: httpx.AsyncClient) -> None:
    answer = await http.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["store"]["ok"] is True


async def test_it_is_not_ready_without_the_store(door: Door) -> None:
    door.lose_the_store()

    async with door.client() as http:
        answer = await http.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["store"] == {"ok": False}
    assert "The store does not answer" in answer.json()["reason"]


async def test_a_dead_slack_is_told_and_leaves_it_ready(door: Door) -> None:
    door.slack = SlackHealth(ok=False, transport="socket", sockets=0, wanted=2)

    async with door.client() as http:
        answer = await http.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["slack"] == {
        "ok": False, "transport": "socket", "sockets": 0, "wanted": 2,
    }  # fmt: skip


async def test_broken_files_are_told_and_leave_it_ready(door: Door) -> None:
    door.files = FilesHealth(ok=False, errors=2)

    async with door.client() as http:
        answer = await http.get("/readyz")

    said = answer.json()["declarations"]
    assert answer.status_code == 200
    assert (said["ok"], said["errors"], said["workflows"]) == (False, 2, 2)
    assert "the last good version is in force" in said["says"]


async def test_what_waits_in_the_outbox_is_counted_by_lane(
    door: Door, http: httpx.AsyncClient
) -> None:
    await http.post("/v1/kills", json={"workflow": "summariser"})
    waiting = await door.world.outbox.depth()

    page = (await http.get("/metrics")).text

    assert waiting["kill"] > 0
    assert f'opsbot_outbox_depth{{lane="kill"}} {waiting["kill"]}.0' in page
    assert f'opsbot_outbox_depth{{lane="rest"}} {waiting["rest"]}.0' in page
    assert "opsbot_outbox_dead_letters 0.0" in page


async def test_kills_and_the_fleet_are_counted(door: Door, http: httpx.AsyncClient) -> None:
    door.world.instance("api-1")
    await http.post("/v1/kills", json={"workflow": "summariser"})
    await http.post("/v1/kills", json={"workflow": "support-copilot"})

    page = (await http.get("/metrics")).text

    assert 'opsbot_kills_active{mode="stop"} 2.0' in page
    assert "opsbot_kills 2.0" in page
    assert "opsbot_instances" in page
    assert "opsbot_revision 3.0" in page
    assert "summariser" not in page


async def test_the_time_to_confirmation_is_a_histogram_over_all_replicas(
    door: Door, http: httpx.AsyncClient
) -> None:
    await http.post("/v1/kills", json={"workflow": "summariser"})
    confirmed = replace(door.world.store.state.kill("K-1"), confirmed_ms=41.0)
    write = Write(keys.KILLS, "K-1", kills.as_record(confirmed))

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        return Change(verb="confirmed", actor=DECLARATIONS, writes=(write,)), None

    await door.world.store.commit("confirm", decide)

    page = (await http.get("/metrics")).text

    assert 'opsbot_confirm_seconds_bucket{le="0.025"} 0.0' in page
    assert 'opsbot_confirm_seconds_bucket{le="0.05"} 1.0' in page
    assert "opsbot_confirm_seconds_count 1.0" in page


async def test_how_old_the_last_sample_of_served_calls_is(
    door: Door, http: httpx.AsyncClient
) -> None:
    before = (await http.get("/metrics")).text
    await Sampler(door.world.bot.env, door.world.outbox)()
    door.world.clock.later(95)

    page = (await http.get("/metrics")).text

    assert "opsbot_served_sample_age_seconds" not in before
    assert "opsbot_served_sample_age_seconds 95.0" in page


async def test_a_replica_without_a_history_tells_no_age(door: Door) -> None:
    reading = await metrics.read(replace(door.around(), served=None))

    assert b"served_sample" not in metrics.page(reading)
