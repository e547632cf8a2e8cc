"""Messages to people from every surface: one text and one journal entry, whoever carried the words."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opsbot.adapters import local_bot
from opsbot.workbench.slack import Person
from tests.cli.conftest import serving
from tests.slack.conftest import house_over
from tests.slack.forged import HERE, LEAD, Attacked
from tests.support.comms import FIRST, HOLDING, NEXT, WHAT, WRONG, Telling
from tests.support.comms_door import telling_door
from tests.support.world import INES, SAM
from tests.system.test_every_route_surface import Company, Way, alike, same, shape

AT = "/v1/messages"
ONE = f"{AT}/MSG-1"
IN = "/v1/incidents/INC-1"
COPILOT = "support-copilot"
Start = Callable[[Telling], Awaitable[object]]


@asynccontextmanager
async def company(folder: Path) -> AsyncGenerator[tuple[Company, Telling]]:
    """Open a company with INC-1 and templates, with Slack, an address and a terminal; Ines acts."""
    door, telling = await telling_door()
    world = door.world
    async with house_over("http", world=world) as house, serving(door) as url:
        house.slack.rates.enforced = False
        house.slack.workspace.people[LEAD] = Person(LEAD, "ines", "Ines", "ines@x.example")
        house.slack.workspace.channels[HERE].members.add(LEAD)
        known = {"api": url, "people": {"ines": "ines-token"}, "as": "ines"}
        await asyncio.to_thread(local_bot.write, folder, known)
        yield Company(Attacked(house, world), door, url, folder), telling


async def seen_by_each(
    tmp_path: Path, ways: dict[str, Way], start: Start | None = None
) -> dict[str, tuple[tuple[str, ...], dict[str, Any], int]]:
    """Return for each way what was read, the newest entry, and how many entries there are."""
    seen = {}
    for name, way in ways.items():
        async with company(tmp_path / name) as (one, telling):
            if start is not None:
                await start(telling)
            lines = await way(one)
            kept = one.world.server.lines
            seen[name] = (alike(lines), sealed(shape(kept[-1])), len(kept))
    return seen


def sealed(entry: dict[str, Any]) -> dict[str, Any]:
    """Take away the commitments to free text: each company has salts of its own."""
    facts = entry.get("facts")
    if not isinstance(facts, dict):
        return entry
    own = {name: "sealed" if name in ("text", "why") else one for name, one in facts.items()}
    return {**entry, "facts": own}


async def drafted(one: Telling) -> None:
    """Write MSG-1."""
    await one.new(NEXT, INES)


async def waiting(one: Telling) -> None:
    """Write MSG-1 and ask for what it takes."""
    await drafted(one)
    await one.publish(by=INES)


async def published(one: Telling) -> None:
    """Publish MSG-1, which Sam says yes to."""
    await one.new(FIRST, INES)
    asked = await one.publish(by=INES)
    for approval in asked.body["approvals"]:  # type: ignore[union-attr]  # a list of ids
        await one.approve(str(approval), SAM)


@pytest.mark.parametrize(
    ("text", "path", "body", "start"),
    [
        (f"now {HOLDING} INC-1", f"{IN}/messages/now", {"template": HOLDING}, None),
        (
            f'new {NEXT} INC-1 what="{WHAT[NEXT]}" next:20m to:status-page',
            AT,
            {
                "template": NEXT,
                "incident": "INC-1",
                "values": {"what": WHAT[NEXT]},
                "targets": ["status-page"],
                "next-s": 1200,
            },
            None,
        ),
        ('edit MSG-1 what="Other words."', ONE, {"values": {"what": "Other words."}}, drafted),
        ("publish MSG-1 anyway", f"{ONE}/publish", {"anyway": ["*"]}, drafted),
        ("drop MSG-1 a false alarm", f"{ONE}/drop", {"why": "a false alarm"}, drafted),
        ("drop MSG-1 not now", f"{ONE}/drop", {"why": "not now"}, waiting),
        (
            f'correct MSG-1 what="{WHAT[WRONG]}"',
            AT,
            {"corrects": "MSG-1", "values": {"what": WHAT[WRONG]}},
            published,
        ),
        (
            "fact INC-1 topic believed refunds over 100 EUR",
            f"{IN}/facts",
            {"name": "topic", "text": "refunds over 100 EUR"},
            None,
        ),
        (
            "snooze INC-1 users 15m legal still reads it",
            f"{IN}/messages/snooze",
            {"audience": "users", "for-s": 900, "why": "legal still reads it"},
            None,
        ),
        (
            f"text {COPILOT} in:de Heute antwortet ein Mensch.",
            f"/v1/workflows/{COPILOT}/texts",
            {"texts": {"de": "Heute antwortet ein Mensch."}},
            None,
        ),
    ],
    ids=lambda one: one if isinstance(one, str) and not one.startswith("/v1") else "",
)
async def test_an_act_says_and_writes_the_same_from_every_surface(
    tmp_path: Path, text: str, path: str, body: dict[str, Any], start: Start | None
) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(path, body),
        "command": lambda one: one.typed(f"/ai-comms {text}"),
        "cli": lambda one: one.cli("comms", *text.split()),
    }

    seen = await seen_by_each(tmp_path, ways, start)

    assert same(seen), seen
    assert seen["http"][2] > 0


@pytest.mark.parametrize(
    ("text", "path", "body", "start"),
    [
        ("new nothing", AT, {"template": "nothing"}, None),
        (f"new {NEXT} nope=x", AT, {"template": NEXT, "values": {"nope": "x"}}, None),
        ("publish MSG-9", f"{AT}/MSG-9/publish", {}, None),
        ("publish MSG-1", f"{ONE}/publish", {}, published),
        ("now", "/v1/incidents/current/messages/now", {}, published),
        ("retry MSG-1 nowhere", f"{ONE}/retry", {"target": "nowhere"}, published),
        ("correct MSG-1 what=x", AT, {"corrects": "MSG-1", "values": {"what": "x"}}, drafted),
        (
            "clock INC-1 nothing",
            f"{IN}/clocks",
            {"name": "nothing"},
            None,
        ),
        ("evidence INC-1 s3://kept", f"{IN}/evidence", {"where": "s3://kept"}, None),
    ],
    ids=lambda one: one if isinstance(one, str) and not one.startswith("/v1") else "",
)
async def test_a_refusal_is_the_same_sentence_everywhere(
    tmp_path: Path, text: str, path: str, body: dict[str, Any], start: Start | None
) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(path, body),
        "command": lambda one: one.typed(f"/ai-comms {text}"),
        "cli": lambda one: one.cli("comms", *text.split()),
    }

    seen = await seen_by_each(tmp_path, ways, start)

    first = {name: lines[0] for name, (lines, _, _) in seen.items()}
    assert len(set(first.values())) == 1, first
    assert len({count for _, _, count in seen.values()}) == 1
