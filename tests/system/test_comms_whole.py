"""A running bot with what is shipped: users are told in one tap, then in words that a second person read, and see both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.replica import Replica
from tests.support.store import Server
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
WRONG_FOUND = "users-wrong-answers-identified"
FILLED = {
    "first": "03:00",
    "last": "03:10",
    "topic": "refunds",
    "check_with": "your order page",
    "cause": "The assistant read an old price list.",
    "now": "it is switched off",
}
OPEN = {
    "title": "wrong refund answers",
    "workflow": "support-copilot",
    "severity": "SEV2",
    "type": "hallucination_harm",
}


@pytest.fixture(name="bot")
def _bot(own_server: Server, tmp_path: Path) -> Iterator[Replica]:
    bot = Replica(tmp_path / "a", redis_url=own_server.url, env="told").start()
    yield bot
    bot.close()


def asked(bot: Replica, who: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    """Ask as somebody."""
    url, token = f"{bot.local['api']}{path}", bot.local["people"][who]
    headers = {"authorization": f"Bearer {token}"}
    if body is None:
        return httpx.get(url, headers=headers, timeout=20, trust_env=False)
    return httpx.post(url, headers=headers, json=body, timeout=20, trust_env=False)


def test_users_read_the_first_word_and_then_what_two_people_let_go(bot: Replica) -> None:
    templates = asked(bot, "mara", "/v1/templates").json()["templates"]
    opened = asked(bot, "mara", "/v1/incidents", OPEN)
    assert opened.status_code == 201, opened.text

    first = asked(bot, "mara", "/v1/incidents/INC-1/messages/now", {})
    draft = {"template": WRONG_FOUND, "incident": "INC-1", "values": FILLED}
    alone = asked(bot, "mara", "/v1/messages", draft)
    written = asked(bot, "ines", "/v1/messages", draft)
    waits = asked(bot, "ines", "/v1/messages/MSG-2/publish", {"anyway": ["*"]})
    own = asked(bot, "ines", "/v1/approvals/A-1", {"grant": True})
    yes = asked(bot, "ola", "/v1/approvals/A-1", {"grant": True})

    assert len(templates) == 46
    assert (first.status_code, first.json()["outcome"]) == (200, "published"), first.text
    assert alone.status_code == 403
    assert written.status_code == 201, written.text
    assert waits.status_code == 202, waits.text
    assert own.status_code == 403
    assert yes.json()["outcome"] == "published", yes.text
    page = f"{bot.local['api']}/status"
    words = "The assistant read an old price list."
    eventually_sync(
        lambda: words in httpx.get(page, timeout=10, trust_env=False).text, timeout_s=30
    )
    shown = eventually_sync(
        lambda: asked(bot, "mara", "/v1/messages/MSG-2").json(),
        until=lambda now: now["sent"]["status-page"]["state"] == "done",
        timeout_s=30,
    )
    assert shown["approved_by"] == ["ola"]
