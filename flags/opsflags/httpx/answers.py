"""The approved text as an ordinary answer of the API that was called, whole or streamed. Pure but for ids and time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from opsflags.httpx.refusals import dump
from opsflags.httpx.wire import CHAT, MESSAGES, RESPONSES, Call

Fields = dict[str, object]

PIECE_CHARACTERS = 24
"""Length of one streamed piece of the text: enough to look alive, few enough events."""

MOST_CHOICES = 128
"""As many as the chat API allows in `n`."""


def whole(call: Call, text: str) -> bytes:
    """Return *text* as the JSON answer to *call*, whose API must be one that answers in words."""
    return dump(_WHOLE[call.api](call, text))


def streamed(call: Call, text: str) -> bytes:
    """Return *text* as the server-sent events that answer *call*."""
    return b"".join(_STREAMED[call.api](call, text))


def _pieces(text: str) -> list[str]:
    return [
        text[start : start + PIECE_CHARACTERS] for start in range(0, len(text), PIECE_CHARACTERS)
    ] or [""]


def _id(prefix: str) -> str:
    return f"{prefix}opsbot_{uuid.uuid4().hex[:16]}"


def _event(data: Fields, name: str | None = None) -> bytes:
    head = b"" if name is None else f"event: {name}\n".encode()
    return head + b"data: " + dump(data) + b"\n\n"


def _chat_count(call: Call) -> int:
    wanted = call.body.get("n")
    return wanted if isinstance(wanted, int) and 1 <= wanted <= MOST_CHOICES else 1


def _chat_head(call: Call, kind: str) -> Fields:
    return {
        "id": _id("chatcmpl-"),
        "object": kind,
        "created": int(time.time()),
        "model": call.model,
    }


CHAT_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _chat(call: Call, text: str) -> Fields:
    message = {"role": "assistant", "content": text, "refusal": None}
    choices = [
        {"index": index, "message": message, "logprobs": None, "finish_reason": "stop"}
        for index in range(_chat_count(call))
    ]
    return {**_chat_head(call, "chat.completion"), "choices": choices, "usage": CHAT_USAGE}


def _chat_events(call: Call, text: str) -> list[bytes]:
    head = _chat_head(call, "chat.completion.chunk")
    events = []
    for index in range(_chat_count(call)):
        deltas: list[tuple[Fields, str | None]] = [({"role": "assistant", "content": ""}, None)]
        deltas += [({"content": piece}, None) for piece in _pieces(text)]
        deltas.append(({}, "stop"))
        events += [
            _event({**head, "choices": [{"index": index, "delta": delta, "finish_reason": end}]})
            for delta, end in deltas
        ]
    options = call.body.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage"):
        events.append(_event({**head, "choices": [], "usage": CHAT_USAGE}))
    return [*events, b"data: [DONE]\n\n"]


MESSAGE_USAGE = {"input_tokens": 0, "output_tokens": 0}


def _message_shell(call: Call) -> Fields:
    return {
        "id": _id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": MESSAGE_USAGE,
    }


def _message(call: Call, text: str) -> Fields:
    content = [{"type": "text", "text": text}]
    return {**_message_shell(call), "content": content, "stop_reason": "end_turn"}


def _message_events(call: Call, text: str) -> list[bytes]:
    block = {"type": "text", "text": ""}
    ending = {"stop_reason": "end_turn", "stop_sequence": None}
    events: list[Fields] = [
        {"type": "message_start", "message": _message_shell(call)},
        {"type": "content_block_start", "index": 0, "content_block": block},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": piece},
            }
            for piece in _pieces(text)
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ending, "usage": MESSAGE_USAGE},
        {"type": "message_stop"},
    ]
    return [_event(event, str(event["type"])) for event in events]


def _response(call: Call, text: str) -> Fields:
    return _response_shell(call, "completed", [_output(_id("msg_"), text)])


def _response_shell(call: Call, status: str, output: list[Fields]) -> Fields:
    return {
        "id": _id("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": call.model,
        "output": output,
        "parallel_tool_calls": False,
        "temperature": None,
        "tool_choice": "none",
        "tools": [],
        "top_p": None,
        "usage": {
            "input_tokens": 0,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 0,
        },
    }


def _part(text: str) -> Fields:
    return {"type": "output_text", "text": text, "annotations": []}


def _output(item: str, text: str) -> Fields:
    return {
        "id": item,
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [_part(text)],
    }


def _response_events(call: Call, text: str) -> list[bytes]:
    shell = _response_shell(call, "in_progress", [])
    item = _id("msg_")
    done = {**shell, "status": "completed", "output": [_output(item, text)]}
    empty = {**_output(item, ""), "status": "in_progress", "content": []}
    at: Fields = {"item_id": item, "output_index": 0, "content_index": 0}
    steps: list[tuple[str, Fields]] = [
        ("created", {"response": shell}),
        ("in_progress", {"response": shell}),
        ("output_item.added", {"output_index": 0, "item": empty}),
        ("content_part.added", {**at, "part": _part("")}),
        *(("output_text.delta", {**at, "delta": piece, "logprobs": []}) for piece in _pieces(text)),
        ("output_text.done", {**at, "text": text, "logprobs": []}),
        ("content_part.done", {**at, "part": _part(text)}),
        ("output_item.done", {"output_index": 0, "item": _output(item, text)}),
        ("completed", {"response": done}),
    ]
    return [
        _event(
            {"type": f"response.{step}", "sequence_number": number, **fields}, f"response.{step}"
        )
        for number, (step, fields) in enumerate(steps)
    ]


_WHOLE: dict[str, Callable[[Call, str], Fields]] = {
    CHAT: _chat,
    MESSAGES: _message,
    RESPONSES: _response,
}
_STREAMED: dict[str, Callable[[Call, str], list[bytes]]] = {
    CHAT: _chat_events,
    MESSAGES: _message_events,
    RESPONSES: _response_events,
}
