"""A bot with its real rules behind real bolt, and hands that forge what Slack delivers to it."""

import copy
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from opsbot.app.requests import KillRequest, Target
from opsbot.workbench.slack import Person
from opsbot.workbench.slack.courier import Answer
from opsbot.workbench.slack.model import Json, Message, View
from tests.slack.conftest import House, house_over
from tests.support.routes import staged
from tests.support.web import opened
from tests.support.world import MARA, World

HERE = "C0SUPPORTAI"
ONCALL, SUPPORT, LEAD, NEW = "U0ONCALL", "U0SUPPORT", "U0LEAD", "U0NEW"
COPILOT = Target("workflow", "support-copilot")


@dataclass
class Attacked:
    """The bot with its real rules in a small company, and hands that forge payloads."""

    house: House
    world: World

    @property
    def records(self) -> object:
        """What may not change: every record and every entry."""
        state = self.world.store.state
        return state.records, tuple(self.world.server.lines)

    @property
    def standing(self) -> dict[str, str]:
        """The active kills and their modes."""
        return {kill.id: kill.mode for kill in self.world.store.state.active_kills()}

    async def forge(self, payload: Json, kind: str = "interactive") -> Answer:
        """Deliver a payload as Slack would, signed or by socket, and wait until it was served."""
        answer = await self.house.slack.courier.deliver(kind, payload)
        await self.house.app.deps.tasks.drain(timeout_s=5)
        return answer

    async def card(self, *acts: tuple[str, str], channel: str = HERE) -> Message:
        """Post a message of the bot's with buttons: (action id, value)."""
        text = {"type": "plain_text", "text": "x"}
        buttons = [
            {"type": "button", "action_id": act, "value": value, "text": text}
            for act, value in acts
        ]
        sent = await self.house.app.deps.client.chat_postMessage(
            channel=channel, text="card", blocks=[{"type": "actions", "elements": buttons}]
        )
        found = self.house.slack.workspace.find(channel, str(sent["ts"]))
        assert found is not None
        return found

    def click(self, user: str, on: Message, action: int = 0) -> Json:
        """Return the payload of a press."""
        block = on.blocks[0]
        payloads, person = self.house.slack.payloads, self.house.slack.workspace.person(user)
        return payloads.message_click(person, on, (block, block["elements"][action]), None, {})

    def submission(self, user: str, view: View, values: Json) -> Json:
        """Return the payload of a submit with made-up inputs."""
        person = self.house.slack.workspace.person(user)
        return copy.deepcopy(self.house.slack.payloads.submission(person, view, {"values": values}))

    async def form(self, user: str = ONCALL) -> View:
        """Open the kill form."""
        shown = await self.house.slack.slash(user, HERE, "/ai-kill")
        assert shown.view is not None
        return shown.view

    def heard(self, user: str) -> str:
        """Return all that this person was told ephemerally, and their modal."""
        slack = self.house.slack
        said = [one.text for one in slack.seen_by(user, HERE) if one.ephemeral_for == user]
        top = slack.workspace.top(user)
        return "\n".join((*said, str(top.blocks) if top else ""))


@pytest.fixture(name="attacked", params=["http", "socket"])
async def _attacked(request: pytest.FixtureRequest) -> AsyncGenerator[Attacked]:
    """A company with a kill that Mara made, over each transport in turn."""
    world = (await opened()).world
    async with house_over(request.param, world=world) as house:
        house.slack.rates.enforced = False
        for id_, name in ((SUPPORT, "sam"), (LEAD, "ines"), ("U0ADMIN", "ola"), (NEW, "nora")):
            house.slack.workspace.people[id_] = Person(id_, name, name.title(), f"{name}@x.example")
            house.slack.workspace.channels[HERE].members.add(id_)
        await world.bot.kill(KillRequest(COPILOT, mode="no_tools"), MARA, request_id="first")
        yield Attacked(house, world)


@pytest.fixture(name="no_crash", autouse=True)
def _no_crash(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where bolt or the server had to log an exception."""
    caplog.set_level(logging.ERROR)
    yield
    crashes = [one.getMessage() for one in caplog.records if one.exc_info]
    assert crashes == []


@asynccontextmanager
async def home_of_route(transport: str, prefix: str = "ai") -> AsyncGenerator[Attacked]:
    """Run the company without any kill, with a ramp of two steps for its summariser."""
    world = (await opened()).world
    await world.declare(staged())
    async with house_over(transport, world=world, prefix=prefix) as house:
        house.slack.rates.enforced = False
        for id_, name in ((SUPPORT, "sam"), (LEAD, "ines"), ("U0ADMIN", "ola"), (NEW, "nora")):
            house.slack.workspace.people[id_] = Person(id_, name, name.title(), f"{name}@x.example")
            house.slack.workspace.channels[HERE].members.add(id_)
        yield Attacked(house, world)
