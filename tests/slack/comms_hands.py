"""A small company in Slack that tells people: the shipped templates, places that remember, and who writes and approves."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from opsbot.adapters.comms.templates import FileTemplates
from opsbot.app.incident.requests import RoleOrder, Which
from opsbot.domain.comms.message import Message
from opsbot.domain.runbook import Runbook
from opsbot.slack.blocks import render
from opsbot.slack.chat import SlackChat
from opsbot.slack.ids import VALUE
from opsbot.slack.rooms import SlackRooms
from opsbot.workbench.slack import Person
from opsbot.workbench.slack.model import Message as Seen
from opsbot.workbench.slack.model import Shown, View
from tests.slack.conftest import house_over
from tests.slack.forged import HERE, LEAD, NEW, ONCALL, SUPPORT
from tests.slack.incident_hands import COPILOT, WRONG
from tests.slack.runbook_hands import WALKERS, Walk, button_of
from tests.support.comms import Places, comms_policy, declare_comms
from tests.support.replica import ROOT
from tests.support.runs import shelved
from tests.support.wait import eventually
from tests.support.world import INES, MARA, World, workflow

PM, LEGAL, ADMIN = "U0PM", "U0LEGAL", "U0ADMIN"
PEOPLE = (*WALKERS, (PM, "pia"), (LEGAL, "lea"))
WRONG_FOUND = "users-wrong-answers-identified"
FILLED: Mapping[str, str] = {
    "comms_first": "13:00",
    "comms_last": "13:10",
    "comms_topic": "refunds",
    "comms_check_with": "your order page",
    "comms_cause": "The assistant read an old price list.",
    "comms_now": "it is switched off",
}


@dataclass
class Desk(Walk):
    """A company with an incident, its templates, its places, and Slack."""

    places: Places = field(default_factory=Places)

    def message(self, name: str = "MSG-1") -> Message:
        """Return a message as it is stored."""
        return self.world.store.state.message(name)

    def card(self, name: str = "MSG-1") -> Seen:
        """Return the card of a message in the incident's channel."""
        return next(one for one in reversed(self.tops()) if f"{name} \u00b7" in one.text)

    def direct(self, user: str) -> list[Seen]:
        """Return what somebody was told directly."""
        found = []
        for channel, said in self.house.slack.workspace.messages.items():
            place = self.house.slack.workspace.channels.get(channel)
            if channel.startswith("D") and place is not None and user in place.members:
                found += said
        return found

    async def fill(self, user: str, view: View | None = None, **words: str) -> Shown:
        """Send the form on top with what stands in it, save *words*."""
        top = view or await self.form(user)
        values: dict[str, Any] = {}
        for block in top.blocks:
            if block["type"] == "input" and block["block_id"] in words:
                word = words[block["block_id"]]
                many = block["element"]["type"] in ("checkboxes", "multi_static_select")
                values[block["block_id"]] = {VALUE: word.split(",") if many else word}
        shown = await self.house.slack.submit(user, top.id, values)
        await self.settle()
        return shown

    async def drafted(self, user: str = PM, **more: str) -> None:
        """Write MSG-1 through the form."""
        await self.types(user, f"/ai-comms new {WRONG_FOUND}")
        asked = await self.form(user)
        names = {one["block_id"] for one in asked.blocks if one["type"] == "input"}
        words = {name: text for name, text in FILLED.items() if name in names}
        await self.fill(user, asked, **{**words, **more})

    def heard(self, user: str) -> str:
        """Return everything that only this person was told in the incident's channel, and their form."""
        top = self.house.slack.workspace.top(user)
        return "\n".join((*self.told(user), str(top.blocks) if top else ""))


def buttons(blocks: list[Any]) -> dict[str, str]:
    """Return the value of every button by its words."""
    found = {}
    for block in blocks:
        for one in block.get("elements", []):
            if one.get("type") == "button":
                found[one["text"]["text"]] = one.get("value", "")
    return found


@asynccontextmanager
async def desk_over(transport: str = "http", *books: Runbook) -> AsyncGenerator[Desk]:
    """Give the company with its incident's channel made."""
    world = World()
    one = workflow(
        COPILOT,
        tier=1,
        safe_state="canned",
        extra={"comms": {"users": ["status-page", "in-app"], "stakeholders": ["mail"]}},
    )
    await world.declare(one, workflow("coding-agent"), with_policy=comms_policy())
    await declare_comms(world)
    shelved(world, *books)
    templates, places = FileTemplates(clock=world.clock), Places()
    templates.load(ROOT / "runbooks")
    world.bot = replace(world.bot, templates=templates, publishers=places)
    async with house_over(transport, world=world) as house:
        slack = house.slack
        slack.rates.enforced = False
        for id_, name in PEOPLE:
            slack.workspace.people[id_] = Person(id_, name, name.title(), f"{name}@x.example")
            slack.workspace.channels[HERE].members.add(id_)
        client = house.app.deps.client
        chat = SlackChat(client, world.outbox, world.clock)
        world.bot = replace(world.bot, chat=chat, rooms=SlackRooms(client, chat), render=render)
        await world.bot.incidents.open(WRONG, MARA, request_id="open")
        lead = RoleOrder(Which("INC-1"), "commander", "take")
        await world.bot.incidents.role(lead, INES, request_id="lead")
        desk = Desk(world, house, places=places)
        await desk.settle()
        for id_ in (ONCALL, SUPPORT, LEAD, ADMIN, NEW, PM, LEGAL):
            slack.workspace.channels[desk.room].members.add(id_)
        yield desk


@pytest.fixture(name="desk", params=["http", "socket"])
async def _desk(request: pytest.FixtureRequest) -> AsyncGenerator[Desk]:
    """The company, over each transport."""
    async with desk_over(request.param) as company:
        yield company


@pytest.fixture(name="one")
async def _one() -> AsyncGenerator[Desk]:
    """The company, over HTTP."""
    async with desk_over() as company:
        yield company


__all__ = ["_desk", "_one", "button_of", "eventually"]
