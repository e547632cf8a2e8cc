"""The guard sends calls to their route's model where asked to, and lets through what a ramp lets through."""

import threading
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest

import opsflags.httpx as guard
from opsflags.probe_server import ProbeRequest
from opsflags.shares import Ramp
from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.flags.httpx.callers import MESSAGES, chat_tools
from tests.flags.httpx.conftest import RECORD
from tests.flags.switchboard import Switchboard, workflow_record
from tests.flags.test_client import connect
from tests.support.model_stub import RunningStub
from tests.support.store import Store

CANDIDATE = {
    "revision": "r2",
    "targets": [{"provider": "openai", "model": "gpt-6"}],
    "prompt": "p@2",
    "percent": 0,
    "tenants": ["acme"],
}
ELSEWHERE = {**CANDIDATE, "targets": [{"provider": "mistral", "model": "large-4"}]}
HALVES = [
    {"provider": "openai", "model": "gpt-5.2", "weight": 50},
    {"provider": "openai", "model": "gpt-5-mini", "weight": 50},
]
UID = "fake-2"  # of the first kill after a declaration
LET = next(f"k{n}" for n in range(1000) if Ramp(5).lets(UID, f"k{n}"))
HIT = next(f"k{n}" for n in range(1000) if not Ramp(5).lets(UID, f"k{n}"))


def ask(client: Any, model: RunningStub, **body: object) -> Any:
    """Make one chat call for the model that the service has in its code."""
    said = {"model": "gpt-5.2", "messages": MESSAGES, **body}
    return client.post(f"{model.url}/v1/chat/completions", json=said)


def asked(model: RunningStub) -> list[object]:
    """Return the models that were asked for."""
    return [body["model"] for body in model.stub.bodies]


@pytest.fixture
def staged(flags: FakeFlags, copilot: Workflow) -> Workflow:
    """Return a handle with a candidate for one tenant."""
    flags.stage("support-copilot", CANDIDATE)
    return copilot


def test_the_model_is_that_of_the_revision_that_serves_the_tenant(
    staged: Workflow, model: RunningStub
) -> None:
    with guard.client(staged, "acme", route=True) as client:
        tried = ask(client, model, temperature=0.2)
        with staged.call(tenant="globex"):
            ask(client, model)

    assert (tried.status_code, asked(model)) == (200, ["gpt-6", "gpt-5.2"])
    assert model.stub.bodies[0]["temperature"] == 0.2
    assert staged.unrouted == 0


def test_without_the_option_a_request_keeps_its_model(staged: Workflow, model: RunningStub) -> None:
    with guard.client(staged, "acme") as client:
        ask(client, model)

    assert (asked(model), staged.unrouted) == (["gpt-5.2"], 0)


def _openai(handle: Workflow, url: str) -> Iterator[object]:
    sdk: Any = openai.OpenAI(
        api_key="x", base_url=f"{url}/v1", http_client=guard.client(handle, "acme", route=True)
    )
    with sdk:
        yield sdk.chat.completions.create(model="gpt-5.2", messages=MESSAGES)
        yield sdk.responses.create(model="gpt-5.2", input="hello")
        yield from sdk.chat.completions.create(model="gpt-5.2", messages=MESSAGES, stream=True)


def test_every_api_of_the_sdk_follows_the_route(staged: Workflow, model: RunningStub) -> None:
    answers = list(_openai(staged, model.url))

    assert len(answers) > 3
    assert asked(model) == ["gpt-6"] * 3


def test_messages_follow_a_route_to_their_own_provider(
    flags: FakeFlags, copilot: Workflow, model: RunningStub
) -> None:
    target = {"provider": "anthropic", "model": "claude-opus-6"}
    flags.stage("support-copilot", {**CANDIDATE, "targets": [target]})
    guarded = guard.client(copilot, "acme", provider="anthropic", route=True)

    sdk: Any = anthropic.Anthropic(api_key="x", base_url=model.url, http_client=guarded)
    with sdk:
        sdk.messages.create(model="claude-sonnet-5", messages=MESSAGES, max_tokens=9)

    assert asked(model) == ["claude-opus-6"]


async def test_the_asynchronous_guard_follows_it_too(staged: Workflow, model: RunningStub) -> None:
    body = {"model": "gpt-5.2", "messages": MESSAGES}
    inner = guard.async_transport(staged, tenant="acme", route=True, library="httpx2")

    async with guard.async_client(staged, key="k", route=True) as client:
        with staged.call(tenant="acme"):
            await client.post(f"{model.url}/v1/chat/completions", json=body)
    async with httpx2.AsyncClient(transport=inner) as client:
        await client.post(f"{model.url}/v1/chat/completions", json=body)

    assert asked(model) == ["gpt-6", "gpt-6"]


def test_a_route_to_another_provider_leaves_the_request_alone_and_is_counted(
    flags: FakeFlags, copilot: Workflow, model: RunningStub
) -> None:
    flags.stage("support-copilot", ELSEWHERE)

    with guard.client(copilot, "acme", route=True) as client:
        answer = ask(client, model)
        with copilot.call(tenant="globex"):
            ask(client, model)

    assert (answer.status_code, asked(model)) == (200, ["gpt-5.2", "gpt-5.2"])
    assert copilot.unrouted == 1


def test_a_request_left_alone_is_decided_by_where_it_really_goes(
    flags: FakeFlags, copilot: Workflow, model: RunningStub
) -> None:
    flags.stage("support-copilot", ELSEWHERE)
    flags.kill("all", provider="openai", mode="stop")

    with guard.client(copilot, "acme", route=True) as client:
        refused = ask(client, model)
        flags.restore("all")
        flags.kill("all", provider="mistral", mode="stop")
        passed = ask(client, model)

    assert (refused.status_code, passed.status_code) == (503, 200)
    assert asked(model) == ["gpt-5.2"]


def test_a_routed_request_is_decided_by_the_model_it_is_sent_to(
    flags: FakeFlags, staged: Workflow, model: RunningStub
) -> None:
    with guard.client(staged, "acme", route=True) as client:
        flags.kill("all", model="gpt-5.2", mode="stop")
        passed = ask(client, model)
        flags.kill("all", model="gpt-6", mode="stop")
        refused = ask(client, model)

    assert (passed.status_code, refused.status_code) == (200, 503)
    assert asked(model) == ["gpt-6"]


def test_a_kill_to_the_fallback_wins_over_the_route(
    flags: FakeFlags, copilot: Workflow, model: RunningStub
) -> None:
    fallbacks = [{"provider": "openai", "model": "gpt-6-mini"}]
    flags.stage("support-copilot", {**CANDIDATE, "fallbacks": fallbacks})
    flags.kill("support-copilot", mode="fallback")

    with guard.client(copilot, "acme", route=True) as client:
        ask(client, model)

    assert asked(model) == ["gpt-6-mini"]


def test_a_weighted_route_goes_by_the_key_of_the_client_or_of_the_block(
    flags: FakeFlags, copilot: Workflow, model: RunningStub
) -> None:
    flags.declare("support-copilot", {**RECORD, "route": {"revision": "r1", "targets": HALVES}})
    keys = [f"conversation-{number}" for number in range(20)]
    wanted = [copilot.decide(key=key).route.model for key in keys]  # type: ignore[union-attr]  # it has one

    with guard.client(copilot, route=True) as client:
        for key in keys:
            with copilot.call(key=key):
                ask(client, model)
    for key in keys[:3]:
        with guard.client(copilot, key=key, route=True) as client:
            ask(client, model)

    assert set(wanted) == {"gpt-5.2", "gpt-5-mini"}
    assert asked(model) == [*wanted, *wanted[:3]]


def test_embeddings_and_requests_that_are_not_understood_keep_their_model(
    staged: Workflow, model: RunningStub
) -> None:
    with guard.client(staged, "acme", route=True) as client:
        embedded = client.post(
            f"{model.url}/v1/embeddings", json={"model": "text-embedding-3", "input": "a"}
        )
        listed = client.get(f"{model.url}/v1/models")

    assert (embedded.status_code, listed.status_code) == (200, 200)
    assert (asked(model), staged.unrouted) == (["text-embedding-3"], 0)


def test_a_workflow_without_a_route_keeps_its_model(model: RunningStub) -> None:
    copilot = FakeFlags().workflow("support-copilot")

    with guard.client(copilot, route=True) as client:
        ask(client, model)

    assert (asked(model), copilot.unrouted) == (["gpt-5.2"], 0)


def test_a_key_that_a_ramp_lets_through_calls_the_model_without_its_write_tools(
    flags: FakeFlags, copilot: Workflow, model: RunningStub
) -> None:
    flags.ease(flags.kill("support-copilot", mode="stop"), 5)
    tools = chat_tools(["search_kb", "issue_refund"])

    with guard.client(copilot, key=LET) as client:
        passed = ask(client, model, **tools)
        with copilot.call(key=HIT):
            refused = ask(client, model, **tools)
    with guard.client(copilot) as client:
        keyless = ask(client, model, **tools)

    assert [a.status_code for a in (passed, refused, keyless)] == [200, 503, 503]
    assert passed.headers["x-opsbot-mode"] == "read_only"
    assert [body["tools"] for body in model.stub.bodies] == [chat_tools(["search_kb"])["tools"]]


def test_a_write_tool_that_the_model_calls_all_the_same_is_refused(
    flags: FakeFlags, copilot: Workflow, model: RunningStub
) -> None:
    flags.ease(flags.kill("support-copilot", mode="stop"), 5)
    model.stub.call_tool = "issue_refund"

    with guard.client(copilot, key=LET) as client:
        answer = ask(client, model)

    assert answer.status_code == 503


class Probed(FakeFlags):
    """A switchboard with the seam for probes that a connected client has."""

    def __init__(self) -> None:
        super().__init__()
        self._enforcement: dict[str, Any] = {}


def test_a_probe_without_a_key_sees_the_kill_hold() -> None:
    flags = Probed()
    flags.declare("support-copilot", RECORD)
    handle = flags.workflow("support-copilot")

    with guard.client(handle, key=LET):
        flags.ease(flags.kill("support-copilot", mode="stop"), 5)
        point = flags._enforcement["support-copilot"]
        status, seen = point(ProbeRequest({"workflow": "support-copilot"}, {}))
        _, let = point(ProbeRequest({"workflow": "support-copilot", "key": LET}, {}))

    assert (status, seen["mode"], let["mode"]) == (503, "stop", "read_only")


def test_a_stream_is_cut_by_a_kill_on_the_model_it_was_routed_to(
    flags: FakeFlags, staged: Workflow, model: RunningStub
) -> None:
    model.stub.silent_after = 3
    begun = threading.Event()
    killer = threading.Thread(
        target=lambda: begun.wait(5) and flags.kill("all", model="gpt-6", mode="stop")
    )
    killer.start()
    sdk: Any = openai.OpenAI(
        api_key="x",
        base_url=f"{model.url}/v1",
        http_client=guard.client(staged, "acme", route=True),
    )

    stream = sdk.chat.completions.create(model="gpt-5.2", messages=MESSAGES, stream=True)
    next(stream)
    begun.set()
    with sdk, pytest.raises(openai.APIError) as cut:
        list(stream)

    killer.join(5)
    assert cut.value.code == "ai_workflow_killed"


def test_a_connected_client_tells_of_rejected_candidates_ramps_and_requests_left_alone(
    store: Store, model: RunningStub
) -> None:
    board = Switchboard(store)
    route: Any = workflow_record("support-copilot")["route"]
    board.declare("support-copilot", route={**route, "candidate": {**ELSEWHERE, "percent": 101}})
    with connect(store) as flags:
        copilot = flags.workflow("support-copilot", modes={"read_only"})
        rejected = board.acked(flags, lambda ack: ack["rejected"] == ["support-copilot"])
        revision = copilot.decide("acme").route
        board.declare("support-copilot", route={**route, "candidate": ELSEWHERE})
        board.acked(flags, lambda ack: ack["rejected"] == [])
        with guard.client(copilot, "acme", route=True) as client:
            ask(client, model)
        told = board.acked(flags, lambda ack: ack["counts"]["support-copilot"].get("unrouted") == 1)

    assert rejected["r"] == 1
    assert revision is not None
    assert revision.revision == "r1"
    assert told["counts"]["support-copilot"]["let"] >= 1


def test_a_connected_client_takes_a_ramp_from_a_push(store: Store) -> None:
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store) as flags:
        copilot = flags.workflow("support-copilot", modes={"read_only"})
        record = board.kill("K-1", uid=UID, workflow="support-copilot")
        board.acked(flags, lambda ack: ack["x"] == board.revision)
        held = copilot.decide(key=LET).mode
        board.revision += 1
        board.commit(kills={"K-1": {**record, "at": board.at, "ramp": {"percent": 5}}})
        board.acked(flags, lambda ack: ack["x"] == board.revision)
        modes = [copilot.decide(key=key).mode for key in (LET, HIT, None)]

    assert (held, modes) == ("stop", ["read_only", "stop", "stop"])
