"""A running bot says that a template is broken, takes every other change, and is well again with the file."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from opsbot.web.health import BROKEN_WORDS
from tests.support.replica import ROOT, Replica
from tests.support.store import Server
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
HOLDING = "users-feature-off-investigating.md.j2"


@pytest.fixture(name="bot")
def _bot(own_server: Server, tmp_path: Path) -> Iterator[Replica]:
    runbooks = tmp_path / "runbooks"
    shutil.copytree(ROOT / "runbooks", runbooks)
    bot = Replica(
        tmp_path / "a", redis_url=own_server.url, env="words", OPSBOT_RUNBOOKS_DIR=str(runbooks)
    ).start()
    yield bot
    bot.close()


def declarations(bot: Replica) -> object:
    return httpx.get(f"{bot.local['api']}/readyz", trust_env=False).json()["declarations"]


def test_a_broken_template_is_told_and_stops_nothing_else(bot: Replica, tmp_path: Path) -> None:
    template = tmp_path / "runbooks" / "comms" / HOLDING
    runbook = tmp_path / "runbooks" / "wrong-answers.md"
    good = template.read_text("utf-8")
    before = declarations(bot)

    template.write_text(good.replace("{{ next_at }}", "{{ next_at.x }}"), "utf-8")
    eventually_sync(lambda: BROKEN_WORDS in str(declarations(bot)), timeout_s=30)
    told = runbook.read_text("utf-8").replace("Wrong or harmful answers", "Answers that harm")
    runbook.write_text(told, "utf-8")
    page = f"{bot.local['api']}/runbooks/wrong-answers"
    person = ("mara", bot.local["people"]["mara"])

    eventually_sync(
        lambda: "Answers that harm" in httpx.get(page, auth=person, trust_env=False).text,
        timeout_s=30,
    )
    template.write_text(good, "utf-8")
    eventually_sync(lambda: declarations(bot) == before, timeout_s=30)
    assert before == {"ok": True, "workflows": 4}
