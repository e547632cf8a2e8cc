"""The same verbs from every surface: one text, one shape of journal entry, whoever carried the words."""

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from opsbot.slack.ids import VALUE, Field
from opsbot.slack.manifest import manifest
from opsbot.web.said_json import SAID
from opsbot.workbench.slack import SlackStandIn
from opsbot.workbench.slack.model import Message, View
from opsflags import FlagClient
from tests.support.replica import Replica
from tests.support.slack import BOT_TOKEN, SIGNING_SECRET, slack_stand_in
from tests.support.store import Server, Store
from tests.support.terminal import opsbot
from tests.support.wait import eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="module"),
]
Ways = dict[str, Callable[[], Awaitable[tuple[str, ...]]]]
MARA, CHANNEL = "U0ONCALL", "C0SUPPORTAI"
WORKFLOW, REASON = "contract-summariser", "wrong clauses"
KILL = f"/ai-kill {WORKFLOW} {REASON}"
UNLIKE = (
    (r"K-\d+", "K-n"),
    (r"\d\d:\d\d:\d\d UTC", "then"),
    (r"via (slack|cli|http)", "via a door"),
    (r"( in \d+ ms)? · (proof pending|not proved: no instance can be probed)", " · proof"),
    (r" · \d+ let through · \d+ refused since then", ""),
    (r"`/ai-", "`opsbot "),
)
"""What two kills cannot share, and a command that each surface spells as it is typed there."""


@dataclass(frozen=True)
class Told:
    """What a person read, line by line, and the entry that it made, both without what must differ."""

    lines: tuple[str, ...]
    entry: dict[str, Any]


@dataclass
class House:
    """A bot in a process of its own, and the Slack that it speaks to over signed HTTP."""

    slack: SlackStandIn
    replica: Replica
    store: Store

    def entries(self) -> list[dict[str, Any]]:
        """Return the journal."""
        lines = self.store.redis.lrange(self.store.keys.journal, 0, -1)
        return [json.loads(line.partition(" ")[2]) for line in lines]

    def killed(self) -> str:
        """Return the id of the newest kill."""
        entry = next(one for one in reversed(self.entries()) if one["verb"] == "kill")
        return next(str(id_) for kind, id_, _ in entry["writes"] if kind == "kills")

    async def http(self, path: str, **body: Any) -> tuple[str, ...]:
        """Ask for the sentences over HTTP, as a page for people would."""
        local = self.replica.local
        headers = {"authorization": f"Bearer {local['people']['mara']}", "accept": SAID}
        async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=20) as client:
            answer = await client.post(f"{local['api']}{path}", json=body)
        said = answer.json()
        assert answer.status_code < 300, said
        return (said["title"], *said["lines"])

    async def cli(self, *words: str) -> tuple[str, ...]:
        """Type a command line beside the bot."""
        folder = str(self.replica.folder)
        ran = await asyncio.to_thread(opsbot, *words, OPSBOT_STATE_DIR=folder)
        assert ran.code in (0, 3), ran
        return tuple(line.strip() for line in ran.out.splitlines())

    async def typed(self, text: str) -> tuple[str, ...]:
        """Type a slash command."""
        shown = await self.slack.slash(MARA, CHANNEL, text)
        return read(shown.blocks)

    async def pressed(self, act: str) -> tuple[str, ...]:
        """Press a button under the newest answer that has it, and read what comes."""
        message = next(one for one in reversed(self.mine()) if find(one, act))
        before = len(self.mine())
        action, ts = find(message, act), message.ts
        await self.slack.click(MARA, action_id=action, message_ts=ts, channel_id=CHANNEL)
        await eventually(lambda: len(self.mine()) > before, timeout_s=10)
        return read(self.mine()[-1].blocks)

    async def formed(self, view: View) -> tuple[str, ...]:
        """Fill in the form and send it."""
        words: dict[str, dict[str, Any]] = {
            Field.TARGET: {VALUE: WORKFLOW},
            Field.REASON: {VALUE: REASON},
        }
        done = await self.slack.submit(MARA, view.id, words)
        assert done.view is not None, done
        answer = read(done.view.blocks)
        await self.slack.close_view(MARA, done.view.id)
        return answer

    async def modal(self) -> tuple[str, ...]:
        """Kill through the form behind a bare command."""
        shown = await self.slack.slash(MARA, CHANNEL, "/ai-kill")
        assert shown.view is not None
        return await self.formed(shown.view)

    async def home(self) -> tuple[str, ...]:
        """Kill through the form behind the Home tab's button."""
        await self.slack.open_home(MARA)
        tab = await eventually(lambda: self.slack.workspace.homes.get(MARA), timeout_s=10)
        assert tab is not None
        await self.slack.click(MARA, action_id="open_kill", view_id=tab.id)
        top = await eventually(lambda: self.slack.workspace.top(MARA), timeout_s=10)
        assert top is not None
        return await self.formed(top)

    def mine(self) -> list[Message]:
        """Return the answers that only Mara sees."""
        seen = self.slack.seen_by(MARA, CHANNEL)
        return [one for one in seen if one.ephemeral_for == MARA]


def find(message: Message, act: str) -> str:
    """Return the action id of a button in a message, empty where it has none."""
    found = re.search(rf"'action_id': '({act}:\d+)'", str(message.blocks))
    return found.group(1) if found else ""


def read(blocks: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return what blocks say as the plain lines that they were made from."""
    texts = [one["text"]["text"] for one in blocks if one["type"] == "section"]
    lines = html.unescape("\n".join(texts)).replace("*", "").splitlines()
    first = re.sub(r"^\W+ (?=[A-Z])|\s+· (Done|OK|Attention|Alarm)$", "", lines[0])
    return tuple(line for line in (first, *lines[1:]) if line)


def alike(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Take away what two kills cannot share: number, time, counts, proof so far, and the door."""
    text = re.sub(r"[\u2066-\u2069*]", "", "\n".join(lines))
    for one, instead in UNLIKE:
        text = re.sub(one, instead, text)
    return tuple(text.splitlines())


def shape(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what every surface's entry must share; the alarm comes with the fifth kill, whoever's door."""
    return {
        "verb": entry["verb"],
        "rule": entry["rule"],
        "writes": [
            (kind, re.sub(r"\d+$", "n", id_), sorted(record or ()))
            for kind, id_, record in entry["writes"]
            if (kind, id_) != ("settings", "alarms")
        ],
        "who": {r["actor"] for _, _, r in entry["writes"] if r and "actor" in r},
        "facts": sorted(entry["facts"]),
        "keys": sorted(entry),
    }


@pytest_asyncio.fixture(name="house", scope="module", loop_scope="module")
async def _house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    store = Store(server)
    folder: Path = tmp_path_factory.mktemp("surfaces") / "bot"
    async with slack_stand_in() as slack:
        slack.manifest = manifest("ai")
        slack.rates.enforced = False
        replica = Replica(
            folder,
            redis_url=store.url,
            env=store.env,
            OPSBOT_SLACK_TRANSPORT="http",
            OPSBOT_SLACK_API_URL=slack.api_url,
            OPSBOT_SLACK_BOT_TOKEN=BOT_TOKEN,
            OPSBOT_SLACK_SIGNING_SECRET=SIGNING_SECRET,
        )
        await asyncio.to_thread(replica.start)
        slack.request_url = f"{replica.local['api']}/slack/events"
        slack.deliver_by = "http"
        with FlagClient.connect(store.url, service="contracts", env=store.env) as client:
            client.workflow(WORKFLOW)
            yield House(slack, replica, store)
        await asyncio.to_thread(replica.close)
    store.close()


async def told(house: House, lines: tuple[str, ...], verb: str) -> Told:
    """Return what was read beside the newest entry of *verb*."""
    entry = next(one for one in reversed(house.entries()) if one["verb"] == verb)
    return Told(alike(lines), shape(entry))


async def test_the_request_url_is_verified_by_its_signature(house: House) -> None:
    assert await house.slack.verify_request_url()


async def test_a_kill_says_and_writes_the_same_from_every_surface(house: House) -> None:
    ways: Ways = {
        "command": lambda: house.typed(KILL),
        "modal": house.modal,
        "home": house.home,
        "cli": lambda: house.cli("kill", WORKFLOW, *REASON.split()),
        "http": lambda: house.http("/v1/kills", workflow=WORKFLOW, reason=REASON),
    }

    seen = {}
    for name, way in ways.items():
        seen[name] = await told(house, await way(), "kill")
        await house.http(f"/v1/workflows/{WORKFLOW}/restore")

    assert len(seen["http"].lines) >= 4
    assert seen["http"].entry["who"] == {"mara"}
    assert {name: one for name, one in seen.items() if one != seen["http"]} == {}


async def test_a_restore_says_and_writes_the_same_from_every_surface(house: House) -> None:
    ways: Ways = {
        "command": lambda: house.typed(f"/ai-restore {WORKFLOW}"),
        "button": lambda: house.pressed("restore"),
        "cli": lambda: house.cli("restore", WORKFLOW),
        "http": lambda: house.http(f"/v1/workflows/{WORKFLOW}/restore"),
    }

    seen = {}
    for name, way in ways.items():
        await house.typed(KILL)
        seen[name] = await told(house, await way(), "restore")

    assert {name: one for name, one in seen.items() if one != seen["http"]} == {}


async def test_stop_completely_says_and_writes_the_same_from_button_and_http(house: House) -> None:
    seen = {}
    for name in ("button", "http"):
        await house.typed(f"/ai-kill {WORKFLOW} mode:no_tools {REASON}")
        number = house.killed()
        lines = await (
            house.pressed("stop_completely")
            if name == "button"
            else house.http(f"/v1/kills/{number}/stop")
        )
        seen[name] = await told(house, lines, "kill")
        await house.http(f"/v1/workflows/{WORKFLOW}/restore")

    assert seen["button"] == seen["http"]


async def test_everything_asks_first_on_every_surface(house: House) -> None:
    asked = await house.typed("/ai-kill all mode:stop leak")
    by_http = await asyncio.to_thread(
        house.replica.ask, "POST", "/v1/kills", json={"all": True, "mode": "stop", "reason": "leak"}
    )
    folder = str(house.replica.folder)
    by_cli = await asyncio.to_thread(
        opsbot, "kill", "all", "mode:stop", "leak", OPSBOT_STATE_DIR=folder
    )

    document = by_http[1]
    assert by_http[0] == 428
    assert by_cli.code == 1
    assert alike(asked) == alike((document["title"], *document["detail"].splitlines()))
    assert [line.strip() for line in by_cli.err.splitlines()] == [
        document["title"], *document["detail"].splitlines(),
    ]  # fmt: skip


async def test_a_yes_by_button_by_flag_and_by_key_is_one_entry(house: House) -> None:
    await house.typed(f"/ai-kill all mode:read_only {REASON}")
    ways: Ways = {
        "button": lambda: house.pressed("confirm_kill"),
        "cli": lambda: house.cli("kill", "all", "mode:read_only", "--yes", *REASON.split()),
        "http": lambda: house.http(
            "/v1/kills", all=True, mode="read_only", reason=REASON, confirm=True
        ),
    }

    seen = {}
    for name, way in ways.items():
        seen[name] = await told(house, await way(), "kill")
        await house.http(f"/v1/kills/{house.killed()}/restore")

    assert {name: one for name, one in seen.items() if one != seen["http"]} == {}


async def test_a_refusal_is_the_same_sentence_everywhere(house: House) -> None:
    typed = await house.typed("/ai-kill contract-sumariser x")
    _, document = await asyncio.to_thread(
        house.replica.ask, "POST", "/v1/kills", json={"workflow": "contract-sumariser"}
    )
    ran = await asyncio.to_thread(
        opsbot, "kill", "contract-sumariser", OPSBOT_STATE_DIR=str(house.replica.folder)
    )

    assert ran.code == 1
    assert WORKFLOW in "\n".join(typed)
    assert alike(typed) == alike((document["title"], *document["detail"].splitlines()))
    assert [line.strip() for line in ran.err.splitlines()] == list(typed)


async def test_a_forged_signature_changes_nothing(house: House) -> None:
    before = len(house.entries())
    url = f"{house.replica.local['api']}/slack/events"
    headers = {"x-slack-signature": "v0=" + "0" * 64, "x-slack-request-timestamp": "1"}

    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(url, headers=headers, content=b"command=%2Fai-kill&text=all")

    assert answer.status_code == 401
    assert len(house.entries()) == before


async def test_with_slack_unplugged_terminal_and_http_work_and_the_command_is_still_answered(
    house: House,
) -> None:
    house.slack.faults.unplugged = True
    try:
        by_cli = await house.cli("kill", WORKFLOW, REASON)
        await house.http(f"/v1/workflows/{WORKFLOW}/restore")
        by_http = await house.http("/v1/kills", workflow=WORKFLOW, reason=REASON)
        await house.http(f"/v1/workflows/{WORKFLOW}/restore")
        by_slack = await house.typed(KILL)
        ready = await asyncio.to_thread(house.replica.ask, "GET", "/readyz")
    finally:
        house.slack.faults.clear()
        house.slack.faults.unplugged = False

    assert alike(by_cli) == alike(by_http) == alike(by_slack)
    assert ready[0] == 200
    await house.http(f"/v1/workflows/{WORKFLOW}/restore")
