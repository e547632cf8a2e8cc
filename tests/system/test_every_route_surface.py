"""Routes from every surface: one text and one journal entry, whoever carried the words."""

import asyncio
import html
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from opsbot.adapters import local_bot
from opsbot.app.requests import StageRequest
from opsbot.slack.ids import VALUE, Field
from opsbot.web.said_json import SAID
from opsbot.workbench.slack import Person
from tests.cli.conftest import serving
from tests.slack.conftest import house_over
from tests.slack.forged import HERE, LEAD, Attacked
from tests.support.routes import (
    COPILOT,
    GATE,
    SUMMARISER,
    WHOLE,
    begun,
    once_served,
    staged,
    stored,
)
from tests.support.terminal import opsbot
from tests.support.wait import eventually
from tests.support.web import Door, opened
from tests.support.world import SAM, World

AT = f"/v1/routes/{SUMMARISER}"


@dataclass
class Company:
    """One bot on one state, with Slack, an address and a folder for the terminal; Ines acts."""

    slack: Attacked
    door: Door
    url: str
    folder: Path

    @property
    def world(self) -> World:
        """Return the state's owner."""
        return self.door.world

    async def typed(self, text: str) -> tuple[str, ...]:
        """Type a slash command."""
        return read((await self.slack.house.slack.slash(LEAD, HERE, text)).blocks)

    async def pressed(self, text: str, act: str) -> tuple[str, ...]:
        """Press a button of the answer to a command."""
        shown = await self.slack.house.slack.slash(LEAD, HERE, text)
        ids = re.findall(rf"'action_id': '({act}:\d+)'", str(shown.blocks))
        before = len(self._mine())
        assert shown.message is not None
        await self.slack.house.slack.click(
            LEAD, action_id=ids[0], message_ts=shown.message.ts, channel_id=HERE
        )
        await eventually(lambda: len(self._mine()) > before, timeout_s=10)
        return read(self._mine()[-1])

    async def formed(self, **words: str) -> tuple[str, ...]:
        """Fill in the form behind `set`; what is not said stays as it stands there."""
        shown = await self.slack.house.slack.slash(LEAD, HERE, f"/ai-route {SUMMARISER} set")
        assert shown.view is not None
        values: dict[str, Any] = {}
        for block in shown.view.blocks:
            element = block.get("element", {})
            chosen = element.get("initial_option", {}).get("value", "")
            values[str(block.get("block_id"))] = element.get("initial_value", chosen)
        values |= words
        sent = {name: {VALUE: text} for name, text in values.items() if name and text}
        done = await self.slack.house.slack.submit(LEAD, shown.view.id, sent)
        assert done.view is not None, done
        return read(done.view.blocks)

    async def cli(self, *words: str) -> tuple[str, ...]:
        """Type a command line."""
        ran = await asyncio.to_thread(opsbot, *words, OPSBOT_STATE_DIR=str(self.folder))
        return tuple(line.strip() for line in (ran.out or ran.err).splitlines())

    async def http(self, path: str, body: dict[str, Any]) -> tuple[str, ...]:
        """Ask for the sentences over HTTP."""
        headers = {"authorization": "Bearer ines-token", "accept": SAID}
        async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
            said = (await client.post(f"{self.url}{path}", json=body)).json()
        lines = said["lines"] if "lines" in said else said["detail"].splitlines()
        return (said["title"], *lines)

    def _mine(self) -> list[list[dict[str, Any]]]:
        seen = self.slack.house.slack.seen_by(LEAD, HERE)
        return [one.blocks for one in seen if one.ephemeral_for == LEAD]


Way = Callable[[Company], Awaitable[tuple[str, ...]]]


@asynccontextmanager
async def company(folder: Path, **extra: Any) -> AsyncGenerator[Company]:
    """Open a company whose summariser has a ramp of two steps; *extra* is declared of it too."""
    door = await opened()
    await door.world.declare(staged(extra=extra))
    async with house_over("http", world=door.world) as house, serving(door) as url:
        house.slack.rates.enforced = False
        house.slack.workspace.people[LEAD] = Person(LEAD, "ines", "Ines", "ines@x.example")
        house.slack.workspace.channels[HERE].members.add(LEAD)
        known = {"api": url, "people": {"ines": "ines-token"}, "as": "ines"}
        await asyncio.to_thread(local_bot.write, folder, known)
        yield Company(Attacked(house, door.world), door, url, folder)


def read(blocks: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return what blocks say as the plain lines that they were made from."""
    texts = [one["text"]["text"] for one in blocks if one["type"] == "section"]
    lines = html.unescape("\n".join(texts)).replace("*", "").splitlines()
    first = re.sub(
        r"^[\u2705\U0001f7e0\U0001f534] |\s+\u00b7 (Done|OK|Attention|Alarm)$", "", lines[0]
    )
    return tuple(line for line in (first, *lines[1:]) if line)


def alike(lines: tuple[str, ...]) -> tuple[str, ...]:
    """
    Take away what two moments cannot share, and how each surface types a command.

    Each surface has a run of its own, and a minute may be over between two of them.
    """
    text = "\n".join(lines).replace("*", "").replace("`/ai-", "`opsbot ")
    text = re.sub(r"\d\d:\d\d:\d\d UTC", "then", text)
    return tuple(re.sub(r"\d+ (?:h|min|s)(?: \d+ (?:min|s))?\b", "a while", text).splitlines())


def shape(line: str) -> dict[str, Any]:
    """Return what every surface's journal entry must share."""
    entry = json.loads(line.partition(" ")[2])
    return {
        "verb": entry["verb"],
        "rule": entry["rule"],
        "facts": {
            name: value
            for name, value in entry["facts"].items()
            if name not in ("evidence", "reason")
        },
        "noted": bool(entry["facts"].get("reason")),
        "writes": [(kind, id_, sorted(record or ())) for kind, id_, record in entry["writes"]],
        "keys": sorted(entry),
    }


Start = Callable[[World], Awaitable[object]]


async def seen_by_each(
    tmp_path: Path, ways: dict[str, Way], start: Start | None = None, **extra: Any
) -> dict[str, tuple[tuple[str, ...], dict[str, Any], int]]:
    """Return for each way what was read, the newest entry, and how many entries there are."""
    seen = {}
    for name, way in ways.items():
        async with company(tmp_path / name, **extra) as one:
            if start is not None:
                await start(one.world)
            lines = await way(one)
            kept = one.world.server.lines
            seen[name] = (alike(lines), shape(kept[-1]), len(kept))
    return seen


def same(seen: dict[str, Any]) -> bool:
    """Return whether every way came to what HTTP came to; say which did not."""
    unlike = {name: one for name, one in seen.items() if one != seen["http"]}
    assert unlike == {}, (unlike, seen["http"])
    return True


async def test_a_new_revision_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    words = "set model:openai/gpt-5-mini param:temperature=0.1 half the price"
    target = {"provider": "openai", "model": "gpt-5-mini"}
    ways: dict[str, Way] = {
        "http": lambda one: one.http(
            AT, {"targets": [target], "params": {"temperature": 0.1}, "note": "half the price"}
        ),
        "command": lambda one: one.typed(f"/ai-route {SUMMARISER} {words}"),
        "cli": lambda one: one.cli("route", SUMMARISER, *words.split()),
        "form": lambda one: one.formed(
            **{
                Field.MODELS: "openai/gpt-5-mini",
                Field.PARAMS: "temperature=0.1",
                Field.NOTE: "half the price",
            }
        ),
    }

    seen = await seen_by_each(tmp_path, ways)

    assert same(seen)
    assert seen["http"][0][0] == "Stored as r2 for `summariser` in prod; it serves nobody yet"
    assert seen["http"][1]["verb"] == "set_route"


async def test_a_ramp_begins_with_the_same_words_and_entry_from_every_surface(
    tmp_path: Path,
) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{AT}/stage", {"revision": "r2", "reason": "cheaper"}),
        "command": lambda one: one.typed(f"/ai-route {SUMMARISER} stage r2 cheaper"),
        "cli": lambda one: one.cli("route", SUMMARISER, "stage", "r2", "cheaper"),
    }

    seen = await seen_by_each(tmp_path, ways, stored)

    assert same(seen)
    assert seen["http"][0][0].startswith("r2 serves 5 % of `summariser` in prod")
    assert seen["http"][1]["noted"]


@pytest.mark.parametrize(
    ("act", "word", "title"),
    [
        ("route_hold", "hold", "Held: r2 stays at 5 %"),
        ("route_cancel", "cancel", "Given up: r1 serves everybody"),
    ],
)
async def test_a_word_on_a_ramp_is_the_same_from_every_surface(
    tmp_path: Path, act: str, word: str, title: str
) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{AT}/stage", {"act": word}),
        "command": lambda one: one.typed(f"/ai-route {SUMMARISER} stage {word}"),
        "button": lambda one: one.pressed(f"/ai-route {SUMMARISER}", act),
        "cli": lambda one: one.cli("route", SUMMARISER, "stage", word),
    }

    seen = await seen_by_each(tmp_path, ways, begun)

    assert same(seen)
    assert seen["http"][0][0].startswith(title)


async def test_a_rollback_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{AT}/rollback", {}),
        "command": lambda one: one.typed(f"/ai-rollback {SUMMARISER}"),
        "button": lambda one: one.pressed(f"/ai-route {SUMMARISER}", "route_rollback"),
        "cli": lambda one: one.cli("rollback", SUMMARISER),
    }

    seen = await seen_by_each(tmp_path, ways, begun, stages=WHOLE)

    assert same(seen)
    assert seen["http"][0][0].startswith("Rolled back: `summariser` in prod is served by r1 again")


async def test_a_broken_glass_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    words = f"/ai-rollback {SUMMARISER} to r2"
    ways: dict[str, Way] = {
        "http": lambda one: one.http(
            f"{AT}/rollback", {"to": "r2", "break_glass": True, "reason": "the old one lies"}
        ),
        "command": lambda one: one.typed(f"{words} break-glass the old one lies"),
        "button": lambda one: one.pressed(f"{words} the old one lies", "route_serve"),
        "cli": lambda one: one.cli(
            "rollback", SUMMARISER, "to", "r2", "break-glass", "the", "old", "one", "lies"
        ),
    }

    async def served_once(world: World) -> None:
        await stored(world)
        await once_served(world)

    seen = await seen_by_each(tmp_path, ways, served_once, gates=[GATE])

    assert same(seen)
    assert seen["http"][1]["rule"] == "break-glass-evidence"
    assert seen["http"][1]["noted"]


async def test_the_second_persons_yes_is_the_same_from_every_surface(tmp_path: Path) -> None:
    async def asked(world: World) -> None:
        await stored(world, COPILOT)
        await world.bot.stage(StageRequest(COPILOT, "begin"), SAM, request_id="ask")

    ways: dict[str, Way] = {
        "http": lambda one: one.http("/v1/approvals/A-1", {}),
        "same words": lambda one: one.typed(f"/ai-route {COPILOT} stage r2"),
        "button": lambda one: one.pressed(f"/ai-route {COPILOT}", "approve"),
        "cli": lambda one: one.cli("approve", "A-1"),
    }

    seen = await seen_by_each(tmp_path, ways, asked)

    assert same(seen)
    assert seen["http"][1]["facts"]["approval"] == "A-1"


@pytest.mark.parametrize(
    ("text", "path", "body"),
    [
        (
            "set model:openai/gpt-6",
            "",
            {"targets": [{"provider": "openai", "model": "gpt-6"}]},
        ),
        ("stage hold", "/stage", {"act": "hold"}),
        ("diff r1 r9", "/stage", {"revision": "r9"}),
    ],
)
async def test_a_refusal_is_the_same_sentence_everywhere(
    tmp_path: Path, text: str, path: str, body: dict[str, Any]
) -> None:
    async with company(tmp_path / "one") as one:
        before = len(one.world.server.lines)

        typed = await one.typed(f"/ai-route {SUMMARISER} {text}")
        by_cli = await one.cli("route", SUMMARISER, *text.split())
        by_http = await one.http(f"{AT}{path}", body)

        assert alike(typed) == alike(by_cli) == alike(by_http)
        assert len(one.world.server.lines) == before
