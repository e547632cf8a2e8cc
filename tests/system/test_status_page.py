"""The public status page of real bots: read by a program that is not ours, and there when the store is not."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.adapters.redis.store import open_store
from opsbot.app.environment import Environment
from tests.support.replica import ROOT, Replica
from tests.support.status import Told, bad_night
from tests.support.store import Server, free_port
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
ENV = "page"
COMMS = """\
comms: 1
locales: [en, de]
page_title: Acme Assist
public:
  support-copilot: support assistant
  contract-summariser: summaries
  internal-search: search answers
  coding-agent: mail drafts
"""
WRONG = "The support assistant gave wrong answers about refunds"


async def _tell(url: str) -> None:
    async with open_store(url, env=ENV, state_dir=None) as bundle:
        env = Environment(ENV, bundle.store, bundle.fleets, SystemClock(), SystemEntropy())
        told = Told(elsewhere=env)
        await bad_night(told)


def tell(server: Server) -> None:
    """Tell users of three incidents, as another replica would."""
    asyncio.run(_tell(server.url))


def replica(server: Server, folder: Path, **settings: str) -> Replica:
    """Return a bot on the server, whose own files say how users call things."""
    flags = folder / "flags"
    if not flags.exists():
        shutil.copytree(ROOT / "flags" / "workflows", flags / "workflows")
        for name in ("policy.yaml", "models.yaml"):
            shutil.copy(ROOT / "flags" / name, flags / name)
        (flags / "comms.yaml").write_text(COMMS)
    given = {"OPSBOT_FLAGS_DIR": str(flags), **settings}
    return Replica(folder, redis_url=server.url, env=ENV, **given)


def page(url: str, path: str = "/status") -> httpx.Response:
    """Read as anybody."""
    return httpx.get(f"{url}{path}", timeout=30, trust_env=False)


def shows(url: str, words: str) -> bool:
    """Return whether the page is there and says so."""
    try:
        return words in page(url).text
    except httpx.HTTPError:
        return False


@pytest.fixture(name="bot")
def _bot(own_server: Server, tmp_path: Path) -> Iterator[Replica]:
    bot = replica(own_server, tmp_path / "a").start()
    yield bot
    bot.close()


def exported(url: str, folder: Path) -> str:
    """Run an exporter for Prometheus, as anybody installs it, against a page; return its metrics."""
    name = Path(sys.executable).with_name("statuspage-prometheus-exporter")
    if not name.exists():
        pytest.skip("statuspage-prometheus-exporter is not installed")
    service = {"name": "Acme", "type": "status_page", "url": f"{url}/status/api/v2/summary.json"}
    (folder / "services.json").write_text(json.dumps({"acme": service}))
    environment = {"PATH": os.environ["PATH"], "RUN_MODE": "once", "NO_PROXY": "*"}
    subprocess.run([str(name)], cwd=folder, env=environment, check=True, timeout=60)
    return (folder / "metrics" / "statuspage.prom").read_text()


def test_an_exporter_that_is_not_ours_reads_the_page_of_a_running_bot(
    bot: Replica, own_server: Server, tmp_path: Path
) -> None:
    url = bot.local["api"]
    tell(own_server)
    eventually_sync(lambda: shows(url, WRONG), timeout_s=15)

    metrics = exported(url, tmp_path)

    lines = metrics.splitlines()
    assert 'statuspage_service_status{service_name="Acme"} 0.0' in lines
    components = [one for one in lines if one.startswith("statuspage_component_status{")]
    assert sorted(components) == [
        'statuspage_component_status{component_name="Mail drafts",service_name="Acme"} 1.0',
        'statuspage_component_status{component_name="Search answers",service_name="Acme"} 0.0',
        'statuspage_component_status{component_name="Summaries",service_name="Acme"} 1.0',
        'statuspage_component_status{component_name="Support assistant",service_name="Acme"} 0.0',
    ]
    incidents = [one for one in lines if one.startswith("statuspage_incident_info{")]
    assert len(incidents) == 2
    (wrong,) = [one for one in incidents if WRONG in one]
    assert 'affected_components="Support assistant"' in wrong
    assert 'impact="critical"' in wrong


def test_it_stays_up_when_the_store_is_gone_and_after_a_restart_without_it(
    own_server: Server, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    outside = tmp_path / "www"
    given = {"OPSBOT_PORT": str(port), "OPSBOT_STATUS_DIR": str(outside)}
    given["OPSBOT_STATUS_URL"] = "https://status.example.com"
    bot = replica(own_server, tmp_path / "a", **given).start()
    tell(own_server)
    eventually_sync(lambda: shows(url, WRONG), timeout_s=15)
    written = eventually_sync(
        (outside / "index.html").read_text, until=lambda text: WRONG in text, timeout_s=15
    )

    own_server.kill()
    alone = page(url)
    bot.kill_nine()
    bot.start(wait=False)
    eventually_sync(lambda: shows(url, WRONG), timeout_s=30)
    from_files, ready = page(url), page(url, "/readyz")
    lives, inside = page(url, "/healthz"), page(url, "/v1/kills")
    summary = page(url, "/status/api/v2/summary.json")
    own_server.start()
    bot.ready()
    eventually_sync(lambda: not shows(url, "We cannot reach our own records"), timeout_s=15)
    bot.close()

    assert alone.status_code == 200
    assert WRONG in alone.text
    assert "https://status.example.com" in (outside / "feed.atom").read_text()
    assert "We cannot reach our own records" not in written
    assert "We cannot reach our own records" in from_files.text
    assert (lives.status_code, ready.status_code, inside.status_code) == (200, 503, 404)
    assert ready.json()["ready"] is False
    assert summary.json()["status"]["indicator"] == "critical"
    assert WRONG in from_files.text


def test_a_bot_that_never_had_a_page_still_says_at_once_that_there_is_no_store(
    own_server: Server, tmp_path: Path
) -> None:
    own_server.kill()
    bot = replica(own_server, tmp_path / "a").start(wait=False)
    assert bot.process is not None

    code = bot.process.wait(150)

    assert code != 0
