"""The guard on a connected client: a kill in the store cuts a stream, is acknowledged, and is probed."""

import threading
from typing import Any

import httpx
import openai
import pytest

import opsflags.httpx as guard
from tests.flags.switchboard import Switchboard
from tests.flags.test_client import connect
from tests.support.model_stub import RunningStub
from tests.support.store import Store
from tests.support.wait import eventually_sync


def test_a_kill_in_the_store_ends_a_silent_stream_and_is_acknowledged_with_its_counters(
    store: Store, model: RunningStub
) -> None:
    board = Switchboard(store)
    board.declare("support-copilot")
    model.stub.silent_after = 3
    begun = threading.Event()
    with connect(store) as flags:
        copilot = flags.workflow("support-copilot")
        sdk: Any = openai.OpenAI(
            api_key="x", base_url=f"{model.url}/v1", http_client=guard.client(copilot)
        )
        killer = threading.Thread(
            target=lambda: begun.wait() and board.kill("K-1", workflow="support-copilot")
        )
        killer.start()

        stream = sdk.chat.completions.create(
            model="gpt-5.2", messages=[{"role": "user", "content": "hello"}], stream=True
        )
        next(stream)
        begun.set()
        with sdk, pytest.raises(openai.APIError) as cut:
            list(stream)
        killer.join(5)
        ack = board.acked(flags, lambda ack: ack["x"] == board.revision)

    assert cut.value.code == "ai_workflow_killed"
    assert [(kill["let"], kill["cut"]) for kill in ack["kills"].values()] == [(0, 1)]
    assert ack["counts"]["support-copilot"]["cut"] == 1


def test_the_bot_can_probe_the_guard_and_learns_what_it_can_do(
    store: Store, model: RunningStub
) -> None:
    board = Switchboard(store)
    board.declare("support-copilot")
    with connect(store, probe="127.0.0.1:0") as flags:
        copilot = flags.workflow("support-copilot")
        with guard.client(copilot):
            told = eventually_sync(
                lambda: board.registered(flags, "support-copilot"),
                until=lambda told: bool(told.get("probe")) and "read_only" in told["modes"],
            )
            board.kill("K-1", mode="read_only", workflow="support-copilot")
            board.acked(flags, lambda ack: ack["x"] == board.revision)
            probed = httpx.get(
                told["probe"], params={"workflow": "support-copilot", "nonce": "n-1"}
            )

    assert told["modes"] == ["canned", "fallback", "human", "no_tools", "read_only", "stop"]
    assert probed.status_code == 200
    assert probed.json() == {
        "s": 1,
        "workflow": "support-copilot",
        "mode": "read_only",
        "allowed": True,
        "tools": {"only": ["search_kb"], "without": []},
        "target": "openai/gpt-5.2",
        "kill": "K-1",
        "instance": flags.instance,
        "epoch": board.epoch,
        "revision": board.revision,
        "nonce": "n-1",
    }
    assert model.stub.total == 0
