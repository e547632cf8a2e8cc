"""Tools in model requests and answers: strip those a decision forbids, find those that slip through. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from opsflags.decision import Tools
from opsflags.httpx.wire import CHAT, MESSAGES, RESPONSES

OWN = frozenset({None, "function", "custom", "namespace"})
"""Types of tools that the caller runs; every other type is run or defined by the provider."""

CARRIERS = ("tools", "functions")
CHOICES = ("tool_choice", "function_call", "parallel_tool_calls")
HOSTED_FIELDS = ("web_search_options", "mcp_servers", "container")
"""Request fields that switch on something the provider runs, without being in `tools`."""

CALL_TYPES = ("_call", "tool_use")
OWN_CALLS = frozenset({"function", "function_call", "custom_tool_call", "tool_use"})

ToolCall = tuple[str, str]
"""Name of the tool, type of the call."""


def restricts(tools: Tools) -> bool:
    """Return whether any tool is forbidden at all."""
    return tools.only is not None or bool(tools.without)


def strip(body: Mapping[str, object], tools: Tools) -> Mapping[str, object]:
    """
    Return *body* without the tools that *tools* forbids, nor a `tool_choice` that names one.

    A tool that is not declared, or that the provider runs, counts as writing: under a list of
    allowed tools it goes. The given body is not changed.
    """
    if not restricts(tools):
        return body
    kept = dict(body)
    for field in CARRIERS:
        if isinstance(kept.get(field), list):
            left = [tool for tool in _list(kept.pop(field)) if _allowed(tool, tools)]
            kept.update({field: left} if left else {})
    _drop_hosted(kept, tools)
    _fix_choice(kept, tools)
    return kept


def unseen(body: Mapping[str, object], tools: Tools) -> bool:
    """Return whether the request may bring tools along that only the provider knows (a stored prompt)."""
    return restricts(tools) and isinstance(body.get("prompt"), dict)


def calls(api: str, answer: object) -> list[ToolCall]:
    """
    Return the tool calls in *answer*: a whole JSON answer or one event of a stream of *api*.

    A piece of a streamed call that does not repeat the tool's name is not listed again.
    """
    find = _CALLS.get(api)
    return find(answer) if find is not None and isinstance(answer, dict) else []


def refused(found: Iterable[ToolCall], tools: Tools) -> str | None:
    """Return the name of the first call that *tools* forbids, or None."""
    for name, kind in found:
        hosted = kind not in OWN_CALLS
        if name not in tools or (hosted and tools.only is not None):
            return name
    return None


def _drop_hosted(body: dict[str, object], tools: Tools) -> None:
    if tools.only is not None:
        for field in HOSTED_FIELDS:
            body.pop(field, None)
    elif "web_search" in tools.without:
        body.pop("web_search_options", None)


def _allowed(tool: object, tools: Tools) -> bool:
    if not isinstance(tool, dict):
        return False
    kind = tool.get("type")
    if kind not in OWN:
        return tools.only is None and not ({kind, tool.get("name")} & tools.without)
    if kind == "namespace":
        return all(_allowed(inner, tools) for inner in _list(tool.get("tools")))
    return _name(tool) in tools


def _name(tool: dict[str, object]) -> str:
    for holder in (tool, tool.get("function"), tool.get("custom")):
        name = holder.get("name") if isinstance(holder, dict) else None
        if isinstance(name, str):
            return name
    return ""


def _fix_choice(body: dict[str, object], tools: Tools) -> None:
    """Drop a choice that names a stripped tool, and every choice when no tool is left."""
    if not any(body.get(field) for field in CARRIERS):
        for field in CHOICES:
            body.pop(field, None)
        return
    for field in CHOICES[:2]:
        choice = body.get(field)
        if not isinstance(choice, dict):
            continue
        if choice.get("type") == "allowed_tools":
            _fix_allowed(body, field, choice, tools)
        elif choice.get("type") not in {"auto", "any", "none"} and not _chosen(choice, tools):
            del body[field]


def _fix_allowed(
    body: dict[str, object], field: str, choice: dict[str, object], tools: Tools
) -> None:
    nested = choice.get("allowed_tools")
    holder = nested if isinstance(nested, dict) else choice
    left = [tool for tool in _list(holder.get("tools")) if _allowed(tool, tools)]
    if not left:
        del body[field]
    elif holder is choice:
        body[field] = {**choice, "tools": left}
    else:
        body[field] = {**choice, "allowed_tools": {**holder, "tools": left}}


def _chosen(choice: dict[str, object], tools: Tools) -> bool:
    """Anthropic spells a chosen tool `{"type": "tool", "name": …}`; the others like the tool itself."""
    if choice.get("type") == "tool":
        return choice.get("name") in tools
    return _allowed(choice, tools)


def _chat_calls(answer: dict[str, object]) -> list[ToolCall]:
    found: list[ToolCall] = []
    for choice in _list(answer.get("choices")):
        said = _object(choice)
        message = _object(said.get("message")) or _object(said.get("delta"))
        legacy = message.get("function_call")
        for call in [*_list(message.get("tool_calls")), *([legacy] if legacy else [])]:
            name = _name(_object(call))
            if name:
                found.append((name, "function"))
    return found


def _response_calls(answer: dict[str, object]) -> list[ToolCall]:
    whole = _object(answer.get("response")) or answer
    items = [*_list(whole.get("output")), answer.get("item")]
    return [
        (str(item.get("name") or kind), kind)
        for item in map(_object, items)
        if (kind := str(item.get("type") or "")).endswith(CALL_TYPES)
    ]


def _message_calls(answer: dict[str, object]) -> list[ToolCall]:
    whole = _object(answer.get("message")) or answer
    blocks = [*_list(whole.get("content")), answer.get("content_block")]
    return [
        (str(block.get("name") or kind), kind)
        for block in map(_object, blocks)
        if (kind := str(block.get("type") or "")).endswith(CALL_TYPES)
    ]


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


_CALLS: dict[str, Callable[[dict[str, object]], list[ToolCall]]] = {
    CHAT: _chat_calls,
    RESPONSES: _response_calls,
    MESSAGES: _message_calls,
}
