"""Which tools go, in every API's spelling, and which calls are found in answers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsflags.decision import Tools
from opsflags.httpx import toolbox
from opsflags.httpx.events import Events
from opsflags.httpx.wire import CHAT, MESSAGES, RESPONSES

READ = Tools(frozenset({"search_kb"}), frozenset())
NONE = Tools(frozenset(), frozenset())
NO_REFUND = Tools(None, frozenset({"issue_refund"}))
ALL = Tools(None, frozenset())


def chat(name: str) -> dict[str, object]:
    """Return a tool as the chat API spells it."""
    return {"type": "function", "function": {"name": name}}


def flat(name: str) -> dict[str, object]:
    """Return a tool as the responses API spells it."""
    return {"type": "function", "name": name}


@pytest.mark.parametrize(
    "body",
    [
        {"tools": [chat("search_kb"), chat("issue_refund")]},
        {"tools": [flat("search_kb"), flat("issue_refund"), flat("undeclared")]},
        {
            "tools": [
                flat("search_kb"),
                {"type": "web_search"},
                {"type": "mcp", "server_label": "x"},
            ]
        },
        {"tools": [flat("search_kb"), {"type": "bash_20250124", "name": "search_kb"}]},
        {"tools": [flat("search_kb")], "web_search_options": {}, "mcp_servers": [{"url": "x"}]},
        {"tools": [flat("search_kb"), "nonsense", {"type": "custom", "name": "shell"}]},
        {"tools": [flat("search_kb")], "tool_choice": chat("issue_refund")},
        {"tools": [flat("search_kb")], "tool_choice": {"type": "tool", "name": "issue_refund"}},
        {"tools": [flat("search_kb")], "tool_choice": {"type": "web_search"}},
    ],
)
def test_only_declared_read_tools_stay(body: dict[str, object]) -> None:
    stripped = toolbox.strip(body, READ)

    assert list(stripped) == ["tools"]
    assert len(stripped["tools"]) == 1  # type: ignore[arg-type]  # a list of tools
    assert "search_kb" in str(stripped["tools"])


def test_without_tools_no_choice_is_left() -> None:
    body = {
        "model": "m",
        "tools": [chat("search_kb")],
        "functions": [{"name": "old"}],
        "tool_choice": "required",
        "function_call": "auto",
        "parallel_tool_calls": True,
    }

    stripped = toolbox.strip(body, NONE)

    assert stripped == {"model": "m"}
    assert "tools" in body


def test_a_kill_on_one_tool_leaves_the_others_and_the_hosted() -> None:
    body = {
        "tools": [chat("search_kb"), chat("issue_refund"), {"type": "web_search"}],
        "tool_choice": "auto",
    }

    stripped = toolbox.strip(body, NO_REFUND)

    assert stripped == {"tools": [chat("search_kb"), {"type": "web_search"}], "tool_choice": "auto"}
    assert toolbox.strip(body, ALL) is body


@pytest.mark.parametrize("nested", [True, False])
def test_a_list_of_allowed_tools_is_shortened(*, nested: bool) -> None:
    allowed = {"mode": "auto", "tools": [flat("search_kb"), flat("issue_refund")]}
    choice = {"allowed_tools": allowed} if nested else allowed
    body = {"tools": [flat("search_kb")], "tool_choice": {"type": "allowed_tools", **choice}}

    stripped = toolbox.strip(body, READ)

    assert "issue_refund" not in str(stripped)
    assert "search_kb" in str(stripped["tool_choice"])


def test_a_stored_prompt_may_bring_tools_that_nobody_saw() -> None:
    stored = {"prompt": {"id": "pmpt_1"}}

    assert toolbox.unseen(stored, READ)
    assert not toolbox.unseen(stored, ALL)
    assert not toolbox.unseen({"prompt": "words"}, READ)


@pytest.mark.parametrize(
    ("api", "answer"),
    [
        (CHAT, {"choices": [{"message": {"tool_calls": [chat("issue_refund")]}}]}),
        (CHAT, {"choices": [{"delta": {"tool_calls": [chat("issue_refund")]}}]}),
        (CHAT, {"choices": [{"message": {"function_call": {"name": "issue_refund"}}}]}),
        (RESPONSES, {"output": [{"type": "function_call", "name": "issue_refund"}]}),
        (RESPONSES, {"item": {"type": "custom_tool_call", "name": "issue_refund"}}),
        (RESPONSES, {"response": {"output": [{"type": "web_search_call"}]}}),
        (RESPONSES, {"item": {"type": "mcp_call", "name": "search_kb"}}),
        (MESSAGES, {"content": [{"type": "tool_use", "name": "issue_refund"}]}),
        (MESSAGES, {"content_block": {"type": "tool_use", "name": "issue_refund"}}),
        (MESSAGES, {"content_block": {"type": "server_tool_use", "name": "web_search"}}),
    ],
)
def test_forbidden_calls_are_found_in_every_shape(api: str, answer: dict[str, object]) -> None:
    found = toolbox.calls(api, answer)

    assert toolbox.refused(found, READ) is not None
    assert toolbox.refused(found, ALL) is None


def test_an_allowed_call_passes() -> None:
    found = toolbox.calls(MESSAGES, {"content": [{"type": "tool_use", "name": "search_kb"}]})

    assert toolbox.refused(found, READ) is None


EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}'


@given(
    st.lists(st.sampled_from([b"\n\n", b"\r\n\r\n", b"\r\r"]), min_size=1, max_size=5),
    st.data(),
)
def test_however_the_bytes_arrive_only_whole_events_pass(
    ends: list[bytes], data: st.DataObject
) -> None:
    raw = b"".join(EVENT + end for end in ends)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    bounds = [0, *cuts, len(raw)]
    events = Events(CHAT)

    passed = [events.feed(raw[a:b]) for a, b in pairwise(bounds)]

    # "\r\n\r\n" may be cut after its first three bytes, which already end a line and an event.
    assert b"".join(passed) + events.rest() == raw
    assert all(piece.endswith((b"\n\n", b"\r\n\r\n", b"\r\r")) for piece in passed if piece)


def test_a_call_that_began_before_its_tool_was_forbidden_is_refused_at_the_next_event() -> None:
    begins = (
        b'data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"issue_refund"}}]}}]}\n\n'
    )
    goes_on = b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'
    events = Events(CHAT)

    before = events.allowed(events.feed(begins), ALL)
    after = events.allowed(events.feed(goes_on), READ)

    assert before == (begins, None)
    assert after == (b"", "issue_refund")


def test_events_before_a_forbidden_call_still_pass() -> None:
    call = (
        b'data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"issue_refund"}}]}}]}\n\n'
    )
    events = Events(CHAT)

    passed = events.allowed(events.feed(EVENT + b"\n\n" + call), READ)

    assert passed == (EVENT + b"\n\n", "issue_refund")
