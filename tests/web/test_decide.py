"""The golden decisions hold through `/v1/decide`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from opsbot.adapters.memory.store import MemoryStore
from opsbot.domain.change import Position
from opsbot.domain.state import State
from opsbot.web.decide import KNOWN_FOR_S, Decider
from opsbot.web.waiting import Waiting
from opsflags import keys
from tests.support.web import Door

VECTORS = Path(__file__).parents[2] / "flags" / "vectors"
CASES: list[dict[str, Any]] = [
    {**case, "file": path.stem}
    for path in sorted(VECTORS.glob("*.json"))
    for case in json.loads(path.read_text())
]
READ = [case for case in CASES if case["given"]["knowledge"] != "unknown"]
"""A bot has always read the store: it does not start otherwise."""

WORKFLOW = "support-copilot"
AGE_S = {"live": 0.0, "stale": KNOWN_FOR_S + 0.1, "lost": 1e6}


class Given(MemoryStore):
    """A store that holds exactly what a vector gives."""

    given: State

    @property
    def state(self) -> State:
        """Return it."""
        return self.given


def state_of(given: Mapping[str, Any]) -> State:
    """Return a vector's input as the bot holds it."""
    workflows = {} if given["workflow"] is None else {WORKFLOW: given["workflow"]}
    kills = {f"{kill['id']}/{kill['uid']}": kill for kill in given["kills"]}
    at = Position(given["position"]["epoch"], given["position"]["revision"])
    return State(at, records={keys.WORKFLOWS: workflows, keys.KILLS: kills})


@pytest.mark.parametrize("case", READ, ids=lambda case: f"{case['file']}: {case['name']}")
async def test_the_golden_decision_holds(door: Door, case: dict[str, Any]) -> None:
    store = Given(door.world.server)
    store.given = state_of(case["given"])
    door.world.store = store
    door.store_age_s = AGE_S[case["given"]["knowledge"]]
    asked = {name: case["given"][name] for name in ("modes", "on_unknown")} | case["ask"]

    async with door.client() as http:
        answer = await http.post("/v1/decide", json={"workflow": WORKFLOW, **asked})

    assert answer.json() == case["expect"]


async def test_a_kill_is_decided_at_once(http: httpx.AsyncClient) -> None:
    before = await http.post("/v1/decide", json={"workflow": "summariser"})
    await http.post("/v1/kills", json={"workflow": "summariser"})

    after = await http.post("/v1/decide", json={"workflow": "summariser", "tenant": "acme"})

    assert (before.json()["mode"], before.json()["allowed"]) == ("live", True)
    assert (after.json()["mode"], after.json()["allowed"]) == ("stop", False)
    assert after.json()["kill"] == "K-1"


def emergency(workflow: str, uid: str) -> str:
    """Return a record as the kill-only credential pushes it."""
    return json.dumps({"s": 1, "scope": {"workflow": workflow}, "mode": "stop", "uid": uid})


async def test_an_emergency_is_decided_before_anybody_adopted_it(
    door: Door, http: httpx.AsyncClient
) -> None:
    door.world.server.emergencies.append(emergency("summariser", "u1"))

    hit = await http.post("/v1/decide", json={"workflow": "summariser"})
    other = await http.post("/v1/decide", json={"workflow": "support-copilot"})

    assert (hit.json()["allowed"], hit.json()["kill"]) == (False, "E-1")
    assert other.json()["allowed"] is True


async def test_an_adopted_emergency_is_decided_by_its_kill(
    door: Door, http: httpx.AsyncClient
) -> None:
    door.world.server.emergencies.append(emergency("summariser", "u1"))
    await http.post("/v1/decide", json={"workflow": "summariser"})

    await door.world.bot.tick()
    after = await http.post("/v1/decide", json={"workflow": "summariser"})

    assert (after.json()["allowed"], after.json()["kill"]) == (False, "K-1")


async def test_an_emergency_that_was_seen_holds_while_the_list_is_gone(door: Door) -> None:
    door.world.server.emergencies.append(emergency("summariser", "u1"))
    waiting = Waiting(door.world.fleets)
    state = door.world.store.state
    seen = await waiting.kills(state)
    door.world.server.emergencies.clear()

    await waiting._look(0)

    assert [kill.id for kill in seen] == ["E-1"]
    assert await waiting.kills(state) == seen


async def test_an_emergency_that_cannot_be_read_hides_no_other(
    door: Door, http: httpx.AsyncClient
) -> None:
    door.world.server.emergencies += ["not json", emergency("summariser", "u2")]

    answer = await http.post("/v1/decide", json={"workflow": "summariser"})

    assert answer.json()["kill"] == "E-2"


async def test_an_undeclared_workflow_is_unknown_and_not_live(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/decide", json={"workflow": "sumariser"})

    assert answer.json()["state"] == "UNKNOWN"


def test_a_record_that_cannot_be_read_stops() -> None:
    state = State(Position(1, 2), records={keys.KILLS: {"K-1": {"s": 1, "mode": "stop"}}})

    view = Decider().view(state, WORKFLOW, (), age_s=0.0)

    assert view.decide().mode == "stop"
