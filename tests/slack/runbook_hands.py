"""Hands of people who walk a runbook in a small company: they type, press, choose in menus, fill in."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from opsbot.app.incident.requests import RoleOrder, Which
from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook
from opsbot.slack.blocks import render
from opsbot.slack.chat import SlackChat
from opsbot.slack.ids import VALUE
from opsbot.slack.rooms import SlackRooms
from opsbot.workbench.slack import Person
from opsbot.workbench.slack.model import Message, Shown, View
from tests.slack.conftest import House, house_over
from tests.slack.forged import HERE, LEAD, NEW, ONCALL, SUPPORT
from tests.slack.incident_hands import COPILOT, WRONG
from tests.support.runs import shelved
from tests.support.wait import eventually
from tests.support.world import INES, MARA, HandMoved, World, workflow

START = "/ai-runbook start wrong-answers INC-1"
WALKERS = ((SUPPORT, "sam"), (LEAD, "ines"), ("U0ADMIN", "ola"), (NEW, "nora"))


@dataclass
class Walk:
    """A company with an incident, its runbooks, and Slack."""

    world: World
    house: House
    pods: list[HandMoved] = field(default_factory=list)

    async def settle(self, rounds: int = 5) -> None:
        """Work until the outbox rests, letting seconds pass."""
        await self.house.app.deps.tasks.drain(timeout_s=5)
        for _ in range(rounds):
            for pod in self.pods:
                pod.check_in()
            await self.world.work()
            self.world.clock.later(1.1)
            await self.world.outbox.fire_timers()

    @property
    def room(self) -> str:
        """The incident's own channel."""
        return self.world.store.state.incident("INC-1").room.channel

    def run(self, name: str = "RUN-1") -> Run:
        """Return a run as it is stored."""
        return self.world.store.state.run(name)

    def tops(self, channel: str = "") -> list[Message]:
        """Return what stands in a channel, threads and what only one sees aside."""
        said = self.house.slack.workspace.messages.get(channel or self.room, [])
        return [one for one in said if one.thread_ts is None and not one.ephemeral_for]

    def newest(self, channel: str = "") -> Message:
        """Return the newest message of a channel."""
        return self.tops(channel)[-1]

    def steps(self) -> dict[str, str]:
        """Return how far each step is that anybody touched."""
        return {name: mark.state for name, mark in self.run().marks.items()}

    def told(self, user: str, channel: str = "") -> list[str]:
        """Return what only this person was told in a channel."""
        seen = self.house.slack.seen_by(user, channel or self.room)
        return [one.text for one in seen if one.ephemeral_for == user]

    async def types(self, user: str, text: str, channel: str = "") -> Shown:
        """Type a command in the incident's channel."""
        shown = await self.house.slack.slash(user, channel or self.room, text)
        await self.settle()
        return shown

    async def press(self, user: str, label: str, on: Message | None = None) -> Shown:
        """Press a button by its words."""
        message = on or self.newest()
        block, element = button_of(message.blocks, label)
        shown = await self.house.slack.click(
            user, action_id=element["action_id"], block_id=block["block_id"],
            message_ts=message.ts, channel_id=message.channel,
        )  # fmt: skip
        await self.settle()
        return shown

    async def choose(self, user: str, label: str, on: Message | None = None) -> Shown:
        """Choose in one of a message's menus by its words."""
        message = on or self.newest()
        block, element, value = option_of(message.blocks, label)
        shown = await self.house.slack.click(
            user, action_id=element["action_id"], block_id=block["block_id"],
            message_ts=message.ts, channel_id=message.channel, value=value,
        )  # fmt: skip
        await self.settle()
        return shown

    async def form(self, user: str) -> View:
        """Return the modal that this person sees on top."""
        view = await eventually(lambda: self.house.slack.workspace.top(user))
        assert view is not None
        return view

    async def send(self, user: str, **words: str) -> Shown:
        """Send the form on top with these words in its fields."""
        view = await self.form(user)
        values = {name: {VALUE: word} for name, word in words.items()}
        shown = await self.house.slack.submit(user, view.id, values)
        await self.settle()
        return shown


def elements(blocks: list[Any]) -> list[tuple[Any, Any]]:
    """Return every element that can be pressed, with its block."""
    found = []
    for block in blocks:
        mine = [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]
        found += [(block, one) for one in mine if "action_id" in one]
    return found


def labels(blocks: list[Any]) -> list[str]:
    """Return the words of every button."""
    return [one["text"]["text"] for _, one in elements(blocks) if one["type"] == "button"]


def row(blocks: list[Any]) -> list[str]:
    """Return the words of the buttons beneath a message."""
    rows = [block for block in blocks if block["type"] == "actions"]
    return labels(rows)


def menu(blocks: list[Any]) -> list[str]:
    """Return the words of everything that stands in a menu."""
    menus = [one for _, one in elements(blocks) if one["type"] == "overflow"]
    return [option["text"]["text"] for one in menus for option in one["options"]]


def button_of(blocks: list[Any], label: str) -> tuple[Any, Any]:
    """Return the button of these words and its block."""
    for block, one in elements(blocks):
        if one["type"] == "button" and one["text"]["text"] == label:
            return block, one
    raise AssertionError(f"no button {label!r} among {labels(blocks)}")


def option_of(blocks: list[Any], label: str) -> tuple[Any, Any, str]:
    """Return the menu of these words, its block, and what is sent."""
    for block, one in elements(blocks):
        for option in one.get("options", []):
            if option["text"]["text"] == label:
                return block, one, str(option["value"])
    raise AssertionError(f"nothing {label!r} among {menu(blocks)}")


@asynccontextmanager
async def walking(transport: str = "http", *books: Runbook) -> AsyncGenerator[Walk]:
    """Give the company with its incident's channel made."""
    world = World()
    await world.declare(workflow(COPILOT, tier=1, safe_state="canned"), workflow("coding-agent"))
    shelved(world, *books)
    async with house_over(transport, world=world) as house:
        slack = house.slack
        slack.rates.enforced = False
        for id_, name in WALKERS:
            slack.workspace.people[id_] = Person(id_, name, name.title(), f"{name}@x.example")
            slack.workspace.channels[HERE].members.add(id_)
        client = house.app.deps.client
        chat = SlackChat(client, world.outbox, world.clock)
        world.bot = replace(world.bot, chat=chat, rooms=SlackRooms(client, chat), render=render)
        await world.bot.incidents.open(WRONG, MARA, request_id="open")
        lead = RoleOrder(Which("INC-1"), "commander", "take")
        await world.bot.incidents.role(lead, INES, request_id="lead")
        walk = Walk(world, house)
        await walk.settle()
        for id_ in (ONCALL, SUPPORT, LEAD, "U0ADMIN", NEW):
            slack.workspace.channels[walk.room].members.add(id_)
        yield walk


@pytest.fixture(name="walk", params=["http", "socket"])
async def _walk(request: pytest.FixtureRequest) -> AsyncGenerator[Walk]:
    """The company, over each transport."""
    async with walking(request.param) as company:
        yield company


@pytest.fixture(name="one_way")
async def _one_way() -> AsyncGenerator[Walk]:
    """The company, over HTTP."""
    async with walking() as company:
        yield company
