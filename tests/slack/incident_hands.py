"""Hands of people in a small company in which an incident happens: they type, press and fill in."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from opsbot.app.incident.requests import OpenIncident
from opsbot.domain.incident.incident import Incident
from opsbot.slack.ids import VALUE
from opsbot.workbench.slack.model import View
from tests.slack.forged import HERE, ONCALL, Attacked, _no_crash, home_of_route
from tests.support.wait import eventually
from tests.support.world import MARA

__all__ = ["_house", "_no_crash", "_one"]

COPILOT = "support-copilot"
WRONG = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")
OPEN = f"/ai-incident open {COPILOT} sev2 wrong refund answers"


@pytest.fixture(name="house", params=["http", "socket"])
async def _house(request: pytest.FixtureRequest) -> AsyncGenerator[Attacked]:
    """A company in which nothing is wrong yet, over each transport."""
    async with home_of_route(request.param) as attacked:
        yield attacked


@pytest.fixture(name="one")
async def _one(house: Attacked) -> Attacked:
    """The same with INC-1, which Mara opened."""
    await house.world.bot.incidents.open(WRONG, MARA, request_id="begin")
    return house


async def typed(house: Attacked, user: str, text: str) -> Any:
    """Type a command."""
    return await house.house.slack.slash(user, HERE, text)


async def pressed(house: Attacked, user: str, act: str, value: str) -> str:
    """Press a button with this value on some message, and return what the person was told."""
    card = await house.card((f"{act}:0", value))
    before = house.heard(user)
    answer = await house.forge(house.click(user, card))
    assert answer.problem == ""
    return house.heard(user).removeprefix(before)


async def form(house: Attacked, user: str, act: str, value: str) -> View:
    """Press a button that opens a form."""
    await pressed(house, user, act, value)
    view = await eventually(lambda: house.house.slack.workspace.top(user))
    assert view is not None
    return view


async def used_on(house: Attacked, ts: str) -> View:
    """Use the shortcut on a message."""
    await house.house.slack.shortcut(ONCALL, "incident_from_message", ts, HERE)
    view = await eventually(lambda: house.house.slack.workspace.top(ONCALL))
    assert view is not None
    return view


async def sent(house: Attacked, user: str, view: View, **words: str) -> Any:
    """Send a form with what stands in it, save *words*."""
    values: dict[str, dict[str, Any]] = {}
    for block in view.blocks:
        if block["type"] == "input" and block["block_id"] in words:
            word = words[block["block_id"]]
            many = block["element"]["type"] == "checkboxes"
            values[block["block_id"]] = {VALUE: [word] if many else word}
    return await house.house.slack.submit(user, view.id, values)


def initial(view: View) -> dict[str, str]:
    """Return what stands in a form's fields."""
    found = {}
    for block in view.blocks:
        if block["type"] == "input":
            element = block["element"]
            chosen = element.get("initial_option", {}).get("value", "")
            found[block["block_id"]] = element.get("initial_value", chosen)
    return found


def incident(house: Attacked, name: str = "INC-1") -> Incident:
    """Return an incident as it is stored."""
    return house.world.store.state.incident(name)


async def title_of(house: Attacked, name: str = "INC-1") -> str:
    """Return what people call an incident."""
    (title,) = await house.world.env.unsealed(incident(house, name).title)
    return title
