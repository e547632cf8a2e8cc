"""Incidents from every surface: one text and one journal entry, whoever carried the words."""

from pathlib import Path
from typing import Any

import pytest

from opsbot.app.incident.requests import OpenIncident, RoleOrder, Which
from opsbot.app.requests import KillRequest, Target
from opsbot.slack.ids import VALUE
from opsbot.workbench.slack.model import View
from tests.slack.forged import HERE, LEAD
from tests.support.wait import eventually
from tests.support.world import MARA, NOOR, World
from tests.system.test_every_route_surface import (
    Company,
    Way,
    alike,
    company,
    read,
    same,
    seen_by_each,
)

COPILOT = "support-copilot"
AT = "/v1/incidents"
ONE = f"{AT}/INC-1"
WRONG = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")
WORDS = f"{COPILOT} sev2 wrong refund answers"
BODY = {"workflow": COPILOT, "severity": "SEV2", "title": "wrong refund answers"}


async def formed(one: Company, view: View | None, **words: str) -> tuple[str, ...]:
    """Send a form with what stands in it, save *words*."""
    assert view is not None
    boxes = {
        block["block_id"]: block["element"]["type"] == "checkboxes"
        for block in view.blocks
        if block["type"] == "input"
    }
    sent = {name: {VALUE: [word] if boxes[name] else word} for name, word in words.items()}
    done = await one.slack.house.slack.submit(LEAD, view.id, sent)
    assert done.view is not None, done
    return read(done.view.blocks)


async def by_form(one: Company, text: str, **words: str) -> tuple[str, ...]:
    """Type a command that opens a form, and send it."""
    shown = await one.slack.house.slack.slash(LEAD, HERE, text)
    return await formed(one, shown.view, **words)


async def by_shortcut(one: Company, text: str, **words: str) -> tuple[str, ...]:
    """Use the shortcut on a message of that text, and send the form."""
    slack = one.slack.house.slack
    said = await slack.say(LEAD, HERE, text)
    await slack.shortcut(LEAD, "incident_from_message", said.ts, HERE)
    return await formed(one, await eventually(lambda: slack.workspace.top(LEAD)), **words)


async def by_button(one: Company, act: str, value: str) -> tuple[str, ...]:
    """Press a button on a message of the bot's, and read what comes."""
    card = await one.slack.card((f"{act}:0", value))
    answer = await one.slack.forge(one.slack.click(LEAD, card))
    assert answer.problem == ""
    return read(
        [m for m in one.slack.house.slack.seen_by(LEAD, HERE) if m.ephemeral_for][-1].blocks
    )


async def by_button_and_form(one: Company, act: str, value: str, **words: str) -> tuple[str, ...]:
    """Press a button that opens a form, and send it."""
    slack = one.slack.house.slack
    card = await one.slack.card((f"{act}:0", value))
    await one.slack.forge(one.slack.click(LEAD, card))
    return await formed(one, await eventually(lambda: slack.workspace.top(LEAD)), **words)


async def begun(world: World) -> None:
    """Open INC-1, which nobody commands."""
    await world.bot.incidents.open(WRONG, MARA, request_id="begin")


async def test_an_opening_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(AT, BODY),
        "command": lambda one: one.typed(f"/ai-incident open {WORDS}"),
        "cli": lambda one: one.cli("incident", "open", *WORDS.split()),
        "form": lambda one: by_form(
            one, f"/ai-incident open {COPILOT} sev2", title="wrong refund answers"
        ),
        "shortcut": lambda one: by_shortcut(
            one, "wrong refund answers", workflow=COPILOT, severity="SEV2"
        ),
    }

    seen = await seen_by_each(tmp_path, ways)

    assert same(seen)
    assert seen["http"][0][0] == "INC-1 · SEV2 · `support-copilot` · active in prod"
    assert seen["http"][1]["verb"] == "incident_open"
    assert seen["http"][1]["facts"] == {"incident": "INC-1", "kills": []}


async def test_an_opening_on_a_kill_says_and_writes_the_same_from_every_surface(
    tmp_path: Path,
) -> None:
    async def killed(world: World) -> None:
        kill = KillRequest(Target("workflow", COPILOT), reason="wrong refund answers")
        await world.bot.kill(kill, MARA, request_id="k")

    ways: dict[str, Way] = {
        "http": lambda one: one.http(AT, {**BODY, "kill": "K-1"}),
        "command": lambda one: one.typed(f"/ai-incident open kill:K-1 {WORDS}"),
        "cli": lambda one: one.cli("incident", "open", "kill:K-1", *WORDS.split()),
        "button": lambda one: by_button_and_form(one, "incident_open", "K-1", severity="SEV2"),
    }

    seen = await seen_by_each(tmp_path, ways, killed)

    assert same(seen)
    assert seen["http"][1]["facts"] == {"incident": "INC-1", "kills": ["K-1"]}


async def test_accepting_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    async def called(world: World) -> None:
        await world.bot.incidents.open(WRONG, NOOR, request_id="call")

    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{ONE}/move", {"to": "active", "from": "triage"}),
        "command": lambda one: one.typed("/ai-incident accept"),
        "button": lambda one: one.pressed("/ai-incident show INC-1", "incident_accept"),
        "cli": lambda one: one.cli("incident", "accept", "INC-1"),
    }

    seen = await seen_by_each(tmp_path, ways, called)

    assert same(seen)
    assert seen["http"][1]["verb"] == "incident_active"


async def test_command_is_taken_with_the_same_words_and_entry_from_every_surface(
    tmp_path: Path,
) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{ONE}/role", {"role": "commander", "act": "take"}),
        "command": lambda one: one.typed("/ai-incident role commander"),
        "button": lambda one: one.pressed("/ai-incident show", "incident_command"),
        "cli": lambda one: one.cli("incident", "role", "commander", "INC-1"),
    }

    seen = await seen_by_each(tmp_path, ways, begun)

    assert same(seen)
    assert "Commander: Ines." in seen["http"][0]


async def test_an_offer_is_accepted_with_the_same_words_and_entry_from_every_surface(
    tmp_path: Path,
) -> None:
    async def offered(world: World) -> None:
        await begun(world)
        order = RoleOrder(Which("INC-1"), "comms", "offer", "ines")
        await world.bot.incidents.role(order, MARA, request_id="offer")

    ways: dict[str, Way] = {
        "http": lambda one: one.http(f"{ONE}/role", {"role": "comms", "act": "accept"}),
        "command": lambda one: one.typed("/ai-incident role comms accept"),
        "button": lambda one: by_button(one, "incident_role_accept", "INC-1:comms"),
        "cli": lambda one: one.cli("incident", "role", "comms", "accept"),
    }

    seen = await seen_by_each(tmp_path, ways, offered)

    assert same(seen)
    assert "Comms lead: Ines" in "\n".join(seen["http"][0])


async def test_an_update_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    ways: dict[str, Way] = {
        "http": lambda one: one.http(
            f"{ONE}/edit", {"update": "we rolled back", "next-update-s": 1200}
        ),
        "command": lambda one: one.typed("/ai-incident update next:20m we rolled back"),
        "form": lambda one: by_button_and_form(
            one, "incident_update", "INC-1", update="we rolled back", next_update="1200"
        ),
        "cli": lambda one: one.cli("incident", "update", "next:20m", "we rolled back"),
    }

    seen = await seen_by_each(tmp_path, ways, begun)

    assert same({name: (said, {**entry, "facts": sorted(entry["facts"])}, count)
                 for name, (said, entry, count) in seen.items()})  # fmt: skip
    assert seen["http"][1]["verb"] == "incident_update"


async def test_a_resolution_says_and_writes_the_same_from_every_surface(tmp_path: Path) -> None:
    async def held(world: World) -> None:
        await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="k")
        await begun(world)

    ways: dict[str, Way] = {
        "http": lambda one: one.http(
            f"{ONE}/move", {"to": "resolved", "reason": "rebuilt later", "stays-off": True}
        ),
        "command": lambda one: one.typed("/ai-incident resolve stays-off rebuilt later"),
        "form": lambda one: by_button_and_form(
            one, "incident_resolve", "INC-1", reason="rebuilt later", stays_off="stays-off"
        ),
        "cli": lambda one: one.cli("incident", "resolve", "stays-off", "rebuilt", "later"),
    }

    seen = await seen_by_each(tmp_path, ways, held)

    assert same({name: (_timeless(said), *rest) for name, (said, *rest) in seen.items()})
    assert seen["http"][1]["verb"] == "incident_resolved"


@pytest.mark.parametrize(
    ("text", "path", "body"),
    [
        (f"open {WORDS}", AT, BODY),
        ("show INC-9", f"{AT}/INC-9/move", {"to": "resolved"}),
        ("accept", f"{ONE}/move", {"to": "active", "from": "triage"}),
        ("reviewed", f"{ONE}/move", {"to": "reviewed"}),
        ("role comms @nobody", f"{ONE}/role", {"role": "comms", "act": "offer", "who": "nobody"}),
        ("retry page", f"{ONE}/retry", {"step": "page"}),
    ],
)
async def test_a_refusal_is_the_same_sentence_everywhere(
    tmp_path: Path, text: str, path: str, body: dict[str, Any]
) -> None:
    async with company(tmp_path / "one") as one:
        await begun(one.world)
        before = len(one.world.server.lines)

        typed = await one.typed(f"/ai-incident {text}")
        by_cli = await one.cli("incident", *text.split())
        by_http = await one.http(path, body)

        assert alike(typed) == alike(by_cli) == alike(by_http)
        assert len(one.world.server.lines) == before


def _timeless(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Take away how long it took: each surface had an incident of its own."""
    return tuple(line for line in lines if not line.startswith(("Resolved after", "Acknowledged")))
