"""The demo's coding agent: what it tells of each repository is what its calls met, and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import openai
import pytest

import opsflags.httpx
from opsbot.workbench.agents import PROCESSES, WORKFLOW, Agent, names, share
from opsbot.workbench.repositories import READING, REPOSITORIES, WRITING, report, ticket
from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.support.model_stub import RunningStub, running_stub

RECORD = {
    "safe_state": "stop",
    "tools": {**dict.fromkeys(READING, "read"), **dict.fromkeys(WRITING, "write")},
    "route": {"revision": "r1", "targets": [{"provider": "anthropic", "model": "claude-sonnet-5"}]},
}
SEVERAL = tuple(REPOSITORIES[:40])


@dataclass(frozen=True)
class Office:
    """One agent at work, its switchboard, and the model that it asks."""

    agent: Agent
    flags: FakeFlags
    model: RunningStub
    capsys: pytest.CaptureFixture[str]

    def looked(self, *repositories: str) -> list[dict[str, Any]]:
        """Let it look at these, and return what it told."""
        for repository in repositories or self.agent.repositories:
            self.agent.look(repository)
        return [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]


@pytest.fixture(scope="module", name="model")
def _model() -> Iterator[RunningStub]:
    with running_stub() as running:
        running.stub.reply = report
        yield running


@pytest.fixture(name="office")
def _office(model: RunningStub, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    flags = FakeFlags()
    flags.declare(WORKFLOW, RECORD)
    model.stub.bodies.clear()
    with client(flags.workflow(WORKFLOW), model.url) as (handle, sdk):
        yield Office(Agent(f"{WORKFLOW}-1", handle, sdk, SEVERAL), flags, model, capsys)


class client:  # noqa: N801  # a context manager that reads as a verb
    """An SDK through the guard, closed at the end."""

    def __init__(self, handle: Workflow, url: str) -> None:
        self.handle = handle
        self.sdk = openai.OpenAI(
            base_url=f"{url}/v1",
            api_key="none",
            http_client=opsflags.httpx.client(handle, provider="anthropic"),
            max_retries=0,
        )

    def __enter__(self) -> tuple[Workflow, openai.OpenAI]:
        return self.handle, self.sdk

    def __exit__(self, *exc: object) -> None:
        self.sdk.close()


def test_the_processes_share_a_hundred_repositories_out_and_leave_none() -> None:
    dealt = [repository for name in names() for repository in share(name)]

    assert len(REPOSITORIES) == len(set(REPOSITORIES)) == 100
    assert len(names()) == PROCESSES
    assert sorted(dealt) == sorted(REPOSITORIES)


def test_a_repository_that_is_let_through_is_worked_on_with_every_tool(office: Office) -> None:
    told = office.looked(SEVERAL[0])

    assert told == [
        {"from": "coding-agent-1", "what": "work", "repository": SEVERAL[0], "state": "through",
         "mode": "live", "kill": "", "text": "Opened a pull request."}
    ]  # fmt: skip
    [asked] = office.model.stub.bodies
    assert asked["messages"] == [{"role": "user", "content": ticket(SEVERAL[0])}]


def test_a_repository_rests_between_two_calls_and_says_nothing_twice(office: Office) -> None:
    office.looked(SEVERAL[0])

    assert office.looked(SEVERAL[0]) == []
    assert len(office.model.stub.bodies) == 1


def test_a_killed_agent_is_refused_without_asking_the_model(office: Office) -> None:
    kill = office.flags.kill(WORKFLOW)

    told = office.looked()

    assert {one["state"] for one in told} == {"refused"}
    assert {one["kill"] for one in told} == {kill}
    assert len(told) == len(SEVERAL)
    assert office.model.stub.bodies == []


def test_a_restore_in_steps_lets_its_share_read_and_refuses_the_rest(office: Office) -> None:
    kill = office.flags.kill(WORKFLOW)
    office.looked()

    office.flags.ease(kill, 25)
    let = office.looked()
    office.flags.ease(kill, 50)
    more = office.looked()

    first, then = ({one["repository"] for one in step} for step in (let, more))
    assert 0 < len(first) < len(first | then) < len(SEVERAL)
    assert {(one["state"], one["mode"]) for one in (*let, *more)} == {("through", "read_only")}
    assert {one["text"] for one in let} == {
        "Read the code and wrote a plan; it was given no tool to write with."
    }


def test_whoever_was_refused_is_worked_on_as_soon_as_it_is_let_through(office: Office) -> None:
    office.looked(SEVERAL[0])
    kill = office.flags.kill(WORKFLOW)
    office.looked(SEVERAL[0])

    office.flags.restore(kill)

    assert [one["state"] for one in office.looked(SEVERAL[0])] == ["through"]


def test_a_model_that_cannot_be_reached_is_an_outage_and_no_kill(office: Office) -> None:
    office.agent.sdk = office.agent.sdk.with_options(base_url="http://127.0.0.1:9/v1")

    [told] = office.looked(SEVERAL[0])

    assert (told["state"], told["text"]) == ("outage", "APIConnectionError")


def test_a_lost_store_stops_the_agent_and_is_named(office: Office) -> None:
    office.flags.declare(WORKFLOW, {**RECORD, "on_store_loss": "stop"})
    office.flags.lose_store(for_good=True)

    [told] = office.looked(SEVERAL[0])

    assert (told["state"], told["kill"], told["text"]) == ("refused", "", "store_lost")


def test_a_tool_of_no_known_shape_is_no_tool() -> None:
    assert report({"tools": [{"type": "web_search"}]}).startswith("Read the code")
    assert report({"tools": None}).startswith("Read the code")
