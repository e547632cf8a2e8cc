"""Answers in the shapes of the OpenAI and Anthropic APIs, whole and as server-sent events. Pure."""

import json
from collections.abc import Callable
from typing import TypeAlias

Json: TypeAlias = "dict[str, object]"

CHAT = "chat"
RESPONSES = "responses"
MESSAGES = "messages"
EMBEDDINGS = "embeddings"
SPEECH = "speech"

ARGUMENTS = '{"order":"A-17","usd":120}'
"""What the stub passes to a tool that it calls."""


def whole(api: str, body: Json, text: str, tool: str | None = None) -> Json:
    """Return the unstreamed answer of *api* to *body*: *text*, or a call of *tool*."""
    return _WHOLE[api](body, text, tool)


def events(api: str, body: Json, text: str, tool: str | None = None) -> list[bytes]:
    """Return the events of the streamed answer: one for each word of *text*, or a call of *tool*."""
    return _EVENTS[api](body, text, tool)


def _words(text: str) -> list[str]:
    return [word + " " for word in text.split(" ")]


def _sse(data: Json, name: str | None = None) -> bytes:
    head = "" if name is None else f"event: {name}\n"
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def _usage(text: str) -> int:
    return len(text.split())


def _chat_call(tool: str) -> Json:
    function = {"name": tool, "arguments": ARGUMENTS}
    return {"index": 0, "id": "call_1", "type": "function", "function": function}


def _chat(body: Json, text: str, tool: str | None) -> Json:
    message: Json = {"role": "assistant", "content": text}
    if tool:
        message = {"role": "assistant", "content": None, "tool_calls": [_chat_call(tool)]}
    end = "tool_calls" if tool else "stop"
    count = _usage(text)
    return {
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": end}],
        "usage": {"prompt_tokens": 1, "completion_tokens": count, "total_tokens": count + 1},
    }


def _chat_events(body: Json, text: str, tool: str | None) -> list[bytes]:
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    if tool:
        deltas.append({"tool_calls": [_chat_call(tool)]})
    else:
        deltas += [{"content": word} for word in _words(text)]
    ends: list[str | None] = [None] * len(deltas)
    steps = [*zip(deltas, ends, strict=True), ({}, "tool_calls" if tool else "stop")]
    head: Json = {"id": "chatcmpl-stub", "object": "chat.completion.chunk", "created": 1}
    sent = [
        _sse(
            {
                **head,
                "model": body["model"],
                "choices": [{"index": 0, "delta": delta, "finish_reason": end}],
            }
        )
        for delta, end in steps
    ]
    return [*sent, b"data: [DONE]\n\n"]


def _block(text: str, tool: str | None) -> Json:
    if tool:
        return {"type": "tool_use", "id": "toolu_1", "name": tool, "input": json.loads(ARGUMENTS)}
    return {"type": "text", "text": text}


def _message(body: Json, text: str, tool: str | None) -> Json:
    return {
        "id": "msg_stub",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [_block(text, tool)],
        "stop_reason": "tool_use" if tool else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": _usage(text)},
    }


def _message_events(body: Json, text: str, tool: str | None) -> list[bytes]:
    shell = {**_message(body, text, tool), "content": [], "stop_reason": None}
    start = {**_block("", tool), "input": {}} if tool else _block("", None)
    pieces: list[Json] = (
        [{"type": "input_json_delta", "partial_json": ARGUMENTS}]
        if tool
        else [{"type": "text_delta", "text": word} for word in _words(text)]
    )
    end = {"stop_reason": "tool_use" if tool else "end_turn", "stop_sequence": None}
    steps: list[Json] = [
        {"type": "message_start", "message": shell},
        {"type": "content_block_start", "index": 0, "content_block": start},
        *({"type": "content_block_delta", "index": 0, "delta": piece} for piece in pieces),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": _usage(text)}},
        {"type": "message_stop"},
    ]
    return [_sse(step, str(step["type"])) for step in steps]


def _item(text: str, tool: str | None) -> Json:
    if tool:
        called = {"call_id": "call_1", "name": tool, "arguments": ARGUMENTS}
        return {"id": "fc_1", "type": "function_call", "status": "completed", **called}
    content = [{"type": "output_text", "text": text, "annotations": []}]
    head = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    return {**head, "content": content}


def _response(body: Json, text: str, tool: str | None) -> Json:
    return {
        "id": "resp_stub",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": body["model"],
        "output": [_item(text, tool)],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _response_events(body: Json, text: str, tool: str | None) -> list[bytes]:
    done = _response(body, text, tool)
    shell = {**done, "status": "in_progress", "output": []}
    item = _item(text, tool)
    at: Json = {"output_index": 0, "item_id": item["id"]}
    steps: list[tuple[str, Json]] = [
        ("created", {"response": shell}),
        ("output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress"}}),
    ]
    if tool:
        steps.append(("function_call_arguments.delta", {**at, "delta": ARGUMENTS}))
    else:
        steps += [
            ("output_text.delta", {**at, "content_index": 0, "delta": word, "logprobs": []})
            for word in _words(text)
        ]
    steps += [
        ("output_item.done", {"output_index": 0, "item": item}),
        ("completed", {"response": done}),
    ]
    return [
        _sse({"type": f"response.{step}", "sequence_number": number, **data}, f"response.{step}")
        for number, (step, data) in enumerate(steps)
    ]


def _embeddings(body: Json, text: str, tool: str | None) -> Json:
    return {
        "object": "list",
        "model": body["model"],
        "data": [{"object": "embedding", "index": 0, "embedding": [0.0, 1.0]}],
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }


_WHOLE: dict[str, Callable[[Json, str, str | None], Json]] = {
    CHAT: _chat,
    MESSAGES: _message,
    RESPONSES: _response,
    EMBEDDINGS: _embeddings,
}
_EVENTS: dict[str, Callable[[Json, str, str | None], list[bytes]]] = {
    CHAT: _chat_events,
    MESSAGES: _message_events,
    RESPONSES: _response_events,
}
