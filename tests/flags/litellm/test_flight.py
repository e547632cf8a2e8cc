"""Calls in flight and streams through the handler: ended, withheld, cut in words, never in mid-event."""

import asyncio
from typing import Any

import pytest

from opsflags.testing import FakeFlags
from tests.flags.litellm.conftest import Proxy
from tests.flags.litellm.driven import Piece, Silent, ask, calling, counts, gate, pieces, refused
from tests.support.wait import eventually


async def test_an_answer_that_comes_too_late_is_withheld_and_counted_as_cut(
    proxy: Proxy, flags: FakeFlags
) -> None:
    await proxy.attempt(await proxy.enter())
    answer = Piece(choices=[])
    before = await proxy.handler.async_post_call_success_hook({}, proxy.auth, answer)
    flags.kill("support-copilot", mode="stop")

    await refused(proxy.handler.async_post_call_success_hook({}, proxy.auth, answer))

    assert before is answer
    assert counts(proxy) == {"asked": 1, "let": 1, "refused": 0, "cut": 1}


async def test_a_call_in_flight_is_ended_when_a_kill_comes(proxy: Proxy, flags: FakeFlags) -> None:
    data = await proxy.enter()
    beside = asyncio.ensure_future(
        proxy.handler.async_moderation_hook(data, proxy.auth, "acompletion")
    )
    calling = asyncio.ensure_future(ask(proxy, data, forever=True))
    await eventually(lambda: gate(proxy).handle._cuttable() == 1)

    kill = flags.kill("support-copilot", mode="canned")
    error = await refused(asyncio.wait_for(beside, 30))
    calling.cancel()

    assert error.to_dict()["kill"] == kill
    assert counts(proxy) == {"asked": 1, "let": 1, "refused": 0, "cut": 1}


async def test_a_kill_just_before_a_call_is_in_flight_refuses_it(
    proxy: Proxy, flags: FakeFlags
) -> None:
    data = await proxy.enter()
    await proxy.attempt(data)
    flags.kill("support-copilot", mode="stop")

    await refused(proxy.handler.async_moderation_hook(data, proxy.auth, "acompletion"))

    assert counts(proxy) == {"asked": 1, "let": 0, "refused": 1, "cut": 0}


async def test_an_image_of_a_killed_model_is_refused_at_the_door(
    proxy: Proxy, flags: FakeFlags
) -> None:
    flags.kill("all", model="openai/gpt-4.1", mode="stop")
    image: dict[str, Any] = {"key": "nobody", "call_type": "aimage_generation"}

    await refused(proxy.enter(model="plain", **image))
    passed = await proxy.enter(model="spare", **image)

    assert passed["model"] == "spare"


async def test_what_runs_beside_a_call_ends_with_it(proxy: Proxy) -> None:
    data = await proxy.enter()
    beside = asyncio.ensure_future(
        proxy.handler.async_moderation_hook(data, proxy.auth, "acompletion")
    )

    await asyncio.ensure_future(ask(proxy, data, forever=False))
    await asyncio.wait_for(beside, 30)
    await proxy.enter(stream=True)
    await proxy.handler.async_moderation_hook(data, proxy.auth, "acompletion")

    assert gate(proxy).handle._cuttable() == 0


async def test_an_answer_that_calls_a_forbidden_tool_is_withheld(
    proxy: Proxy, flags: FakeFlags
) -> None:
    await proxy.attempt(await proxy.enter())
    flags.kill("support-copilot", mode="read_only")
    look = proxy.handler.async_post_call_success_hook

    await look({}, proxy.auth, calling("search_kb"))
    error = await refused(look({}, proxy.auth, calling("issue_refund")))

    assert "issue_refund" in error.to_dict()["message"]


async def test_a_stream_is_cut_in_words_while_the_model_is_silent(
    proxy: Proxy, flags: FakeFlags
) -> None:
    await proxy.attempt(await proxy.enter(stream=True))
    first, second = Piece(n=1), Piece(n=2)
    source = Silent(first, second)
    seen: list[Any] = []

    def kill() -> None:
        flags.kill("support-copilot", mode="canned")

    async def read() -> None:
        async for piece in proxy.stream(source):
            seen.append(piece)
            if piece is second:
                asyncio.get_running_loop().call_later(0.01, kill)

    await asyncio.wait_for(read(), 10)

    assert seen[:2] == [first, second]
    assert seen[2].startswith('data: {"error":{"type":"ai_workflow_killed"')
    assert source.closed
    assert counts(proxy)["cut"] == 1


@pytest.mark.parametrize(
    ("call_type", "kind", "begins"),
    [
        ("acompletion", str, "data: {"),
        ("anthropic_messages", str, "event: error\ndata: {"),
        ("aresponses", bytes, "event: error\ndata: {"),
    ],
)
async def test_the_last_event_is_in_the_shape_of_its_api(
    proxy: Proxy, flags: FakeFlags, call_type: str, kind: type, begins: str
) -> None:
    await proxy.attempt(await proxy.enter(call_type=call_type))
    flags.kill("support-copilot", mode="stop")

    last = [piece async for piece in proxy.stream(pieces())]

    text = last[0].decode() if isinstance(last[0], bytes) else last[0]
    assert type(last[0]) is kind
    assert text.startswith(begins)
    assert counts(proxy)["refused"] == 1  # it never began


async def test_a_stream_ends_before_a_forbidden_tool(proxy: Proxy, flags: FakeFlags) -> None:
    flags.kill("support-copilot", mode="read_only")
    await proxy.attempt(await proxy.enter(stream=True))
    delta = {"tool_calls": [{"type": "function", "function": {"name": "issue_refund"}}]}
    call = Piece(choices=[{"delta": delta}])
    words = Piece(choices=[{"delta": {"content": "One moment."}}])

    passed = [piece async for piece in proxy.stream(pieces(words, call, words))]

    assert passed[0] is words
    assert "issue_refund" in passed[1]
    assert len(passed) == 2


async def test_bytes_are_passed_on_as_whole_events(proxy: Proxy, flags: FakeFlags) -> None:
    flags.kill("support-copilot", mode="no_tools")
    await proxy.attempt(await proxy.enter(call_type="anthropic_messages"))
    block = b'{"type":"content_block_start","content_block":{"type":"tool_use","name":"x"}}'
    raw = (b'data: {"type":"pi', b'ng"}\n\ndata: ', block + b"\n\n", b"data: {}\n\n")

    passed = [piece async for piece in proxy.stream(pieces(*raw))]

    assert passed[0] == b'data: {"type":"ping"}\n\n'
    assert "A call of x" in passed[1]
    assert len(passed) == 2
