"""The demo's PagerDuty follows the bot from port to port."""

import asyncio
import json
from pathlib import Path

import pytest

from opsbot.config import load
from opsbot.workbench.demo_pager import Pager
from tests.support.wait import eventually


async def test_webhooks_go_to_wherever_the_bot_listens_now(tmp_path: Path) -> None:
    pager = Pager("http://127.0.0.1:8321")
    where = tmp_path / "bot.json"
    rows = pager.stand_in.subscriptions.rows

    async def told(api: str) -> list[str]:
        where.write_text(json.dumps({"api": api}))
        wanted = [f"{api}/pagerduty/webhooks"]
        return await eventually(
            lambda: [one.url for one in rows.values()], until=lambda seen: seen == wanted
        )

    async with asyncio.TaskGroup() as group:
        following = group.create_task(pager.follow(tmp_path))
        await told("http://127.0.0.1:5001")
        where.unlink()
        await told("http://127.0.0.1:5002")
        following.cancel()

    (one,) = rows.values()
    assert one.secrets == [pager.secret]


def test_the_bot_takes_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    pager = Pager("http://127.0.0.1:8321")
    for name, value in pager.settings().items():
        monkeypatch.setenv(name, value)

    settings = load()

    assert settings.pagerduty_url == "http://127.0.0.1:8321/pagerduty"
    assert settings.webhook_secrets == (pager.secret,)
