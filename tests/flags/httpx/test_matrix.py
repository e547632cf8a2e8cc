"""Every mode through every client: {sync, async} x {httpx, httpx2} x {raw, OpenAI SDK, Anthropic SDK}."""

import threading

import pytest

from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.flags.httpx.callers import Caller, Killed
from tests.flags.httpx.conftest import RECORD
from tests.support.model_stub import RunningStub
from tests.support.wait import eventually_sync


def test_a_live_call_reaches_the_model(caller: Caller, model: RunningStub) -> None:
    text = caller.ask()

    assert "refund" in text
    assert model.stub.total == 1
    assert "accept-encoding" not in model.stub.headers[0]


def test_stop_is_one_refusal_without_retries(
    caller: Caller, model: RunningStub, flags: FakeFlags, copilot: Workflow
) -> None:
    kill = flags.kill("support-copilot", mode="stop")

    with pytest.raises(Killed) as refused:
        caller.ask()

    assert (refused.value.code, refused.value.kill) == ("ai_workflow_killed", kill)
    assert (caller.attempts, model.stub.total) == (1, 0)
    assert copilot._report()["counts"]["refused"] == 1


@pytest.mark.parametrize(
    ("mode", "text"),
    [("canned", RECORD["canned"]), ("human", "A person is taking over.")],
)
def test_an_approved_text_is_an_ordinary_answer(
    caller: Caller, model: RunningStub, flags: FakeFlags, mode: str, text: str
) -> None:
    flags.kill("support-copilot", mode=mode)
    pieces: list[None] = []

    answer = caller.ask()
    caller.stream(lambda: pieces.append(None))

    assert answer == text
    assert len(pieces) >= 3
    assert model.stub.total == 0


def test_fallback_rewrites_the_model(caller: Caller, model: RunningStub, flags: FakeFlags) -> None:
    flags.kill("support-copilot", mode="fallback")

    caller.ask()

    assert dict(model.stub.models) == {"gpt-5-mini": 1}


def test_read_only_strips_write_tools(caller: Caller, model: RunningStub, flags: FakeFlags) -> None:
    flags.kill("support-copilot", mode="read_only")

    caller.ask(["search_kb", "issue_refund", "undeclared"])

    sent = str(model.stub.bodies[0]["tools"])
    assert "search_kb" in sent
    assert "issue_refund" not in sent
    assert "undeclared" not in sent


def test_a_forbidden_tool_call_in_an_answer_is_refused(
    caller: Caller, model: RunningStub, flags: FakeFlags
) -> None:
    model.stub.call_tool = "issue_refund"
    allowed = caller.ask(["issue_refund"])
    flags.kill("support-copilot", mode="read_only")

    with pytest.raises(Killed) as whole:
        caller.ask(["search_kb"])
    with pytest.raises(Killed) as streamed:
        caller.stream(lambda: None)

    assert allowed == "call:issue_refund"
    assert whole.value.code == streamed.value.code == "ai_workflow_killed"
    assert caller.attempts == 3


def test_a_fast_stream_is_cut(
    caller: Caller, model: RunningStub, flags: FakeFlags, copilot: Workflow
) -> None:
    model.stub.reply = lambda body: "word " * 2000
    model.stub.pace_s = 0.002
    pieces: list[None] = []

    def kill_at_the_fifth() -> None:
        pieces.append(None)
        if len(pieces) == 5:
            flags.kill("support-copilot", mode="stop")

    with pytest.raises(Killed) as cut:
        caller.stream(kill_at_the_fifth)

    assert cut.value.code == "ai_workflow_killed"
    assert len(pieces) < 100
    assert (caller.attempts, model.stub.total) == (1, 1)
    assert copilot._report()["counts"]["cut"] == 1
    eventually_sync(lambda: model.stub.open == 0)


def test_a_silent_stream_is_cut(caller: Caller, model: RunningStub, flags: FakeFlags) -> None:
    model.stub.silent_after = 3
    begun = threading.Event()
    killer = threading.Thread(
        target=lambda: begun.wait() and flags.kill("support-copilot", mode="canned")
    )
    killer.start()

    with pytest.raises(Killed) as cut:
        caller.stream(begun.set)

    killer.join(timeout=5)
    assert cut.value.code == "ai_workflow_killed"
    assert (caller.attempts, model.stub.total) == (1, 1)
    eventually_sync(lambda: model.stub.open == 0)


def test_a_call_in_flight_is_answered_when_the_kill_comes(
    caller: Caller, model: RunningStub, flags: FakeFlags, copilot: Workflow
) -> None:
    model.stub.hold = True

    def kill_when_it_is_there() -> None:
        eventually_sync(lambda: model.stub.open == 1)
        flags.kill("support-copilot", mode="stop")

    killer = threading.Thread(target=kill_when_it_is_there)
    killer.start()

    with pytest.raises(Killed) as cut:
        caller.ask()

    killer.join(timeout=5)
    assert cut.value.code == "ai_workflow_killed"
    assert (caller.attempts, model.stub.total) == (1, 1)
    assert copilot._cuttable() == 0
    eventually_sync(lambda: model.stub.open == 0)  # the provider hears of it while it still holds


def test_the_next_call_after_a_cut_works(
    caller: Caller, model: RunningStub, flags: FakeFlags
) -> None:
    def kill() -> None:
        flags.kill("support-copilot", mode="stop")

    model.stub.silent_after = 3
    with pytest.raises(Killed):
        caller.stream(kill)
    flags.restore("all")
    model.stub.silent_after = None

    text = caller.ask()

    assert "refund" in text
