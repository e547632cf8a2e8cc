"""Paper mode of a real `opsbot serve`: pages of runbooks stay there when the store is gone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from opsbot.web.runbooks import LOST
from tests.support.replica import ROOT, Replica
from tests.support.store import Server
from tests.support.terminal import opsbot
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
AT = "/runbooks/wrong-answers"


@pytest.fixture(name="bot")
def _bot(own_server: Server, tmp_path: Path) -> Iterator[Replica]:
    runbooks = tmp_path / "runbooks"
    shutil.copytree(ROOT / "runbooks", runbooks)
    bot = Replica(
        tmp_path / "a", redis_url=own_server.url, env="paper", OPSBOT_RUNBOOKS_DIR=str(runbooks)
    ).start()
    yield bot
    bot.close()


def page(bot: Replica, path: str = AT) -> httpx.Response:
    """Open a page as Mara's browser does."""
    local = bot.local
    with httpx.Client(base_url=local["api"], trust_env=False) as client:
        return client.get(path, auth=("mara", local["people"]["mara"]))


def test_pages_stay_when_the_store_is_gone_and_say_what_still_works(
    bot: Replica, own_server: Server
) -> None:
    before = page(bot)
    own_server.kill()

    eventually_sync(lambda: LOST.partition(",")[0] in page(bot).text, timeout_s=30)

    assert before.status_code == 200
    assert LOST.partition(",")[0] not in before.text
    assert page(bot, "/runbooks").status_code == 200
    assert "opsbot kill" in page(bot).text


def test_an_edited_runbook_is_the_next_page_and_a_broken_one_is_told(
    bot: Replica, tmp_path: Path
) -> None:
    path = tmp_path / "runbooks" / "wrong-answers.md"
    text = path.read_text("utf-8")

    path.write_text(text.replace("Wrong or harmful answers", "Answers that harm"), "utf-8")
    eventually_sync(lambda: "<h1>Answers that harm</h1>" in page(bot).text, timeout_s=30)
    path.write_text("# Nothing\n", "utf-8")

    eventually_sync(lambda: "the last good version" in page(bot).text, timeout_s=30)
    assert "<h1>Answers that harm</h1>" in page(bot).text


def test_a_terminal_asks_whether_people_could_walk_them(bot: Replica, tmp_path: Path) -> None:
    ran = opsbot(
        "check",
        "--live",
        OPSBOT_STATE_DIR=str(tmp_path / "a"),
        OPSBOT_RUNBOOKS_DIR=str(tmp_path / "runbooks"),
    )

    assert ran.code == 1, ran
    assert "The kill switch of `support-copilot` was not confirmed in 90 days." in ran.out
