"""Which model API a request speaks and what it asks for, read from its path and JSON body. Pure."""

from __future__ import annotations

import json

CHAT = "chat"
RESPONSES = "responses"
MESSAGES = "messages"
COMPLETIONS = "completions"
EMBEDDINGS = "embeddings"
UNKNOWN = "unknown"

PATHS = (
    ("/chat/completions", CHAT),
    ("/responses", RESPONSES),
    ("/messages", MESSAGES),
    ("/embeddings", EMBEDDINGS),
    ("/completions", COMPLETIONS),
)
"""Longest first where one ends another."""

CONVERSING = frozenset({CHAT, RESPONSES, MESSAGES})
"""APIs whose model may be exchanged for another; one that embeds is no stand-in for one that writes."""

HOSTS = {"api.openai.com": "openai", "api.anthropic.com": "anthropic"}
"""Providers that a host name proves; elsewhere the provider is the route's, or the argument's."""

FORCED = ("required", "any", "tool", "function", "custom")
"""A `tool_choice` that leaves the model no way to answer in words."""


class Call:
    """
    One request to a model as far as a guard must understand it.

    *api* is `UNKNOWN` where path, method or body are not those of a model call; *body* is then
    empty and must not be rewritten. *streamed* asks for server-sent events.
    """

    __slots__ = ("api", "body", "model", "streamed")

    def __init__(self, api: str, body: dict[str, object]) -> None:
        self.api = api
        self.body = body
        model = body.get("model")
        self.model = model if isinstance(model, str) else None
        self.streamed = body.get("stream") is True

    @property
    def understood(self) -> bool:
        """Return whether the body may be judged and rewritten."""
        return self.api != UNKNOWN

    @property
    def answers_in_words(self) -> bool:
        """
        Return whether an approved text is a valid answer.

        It is not where the caller asked for a schema, for sound, for a tool call and nothing else,
        or for an answer to be fetched later.
        """
        if self.api not in CONVERSING:
            return False
        body = self.body
        return not (
            _has_schema(body)
            or _forces_a_tool(body.get("tool_choice"))
            or isinstance(body.get("function_call"), dict)
            or body.get("background") is True
            or "audio" in _list(body.get("modalities"))
        )


def read(method: str, path: str, content: bytes | None) -> Call:
    """Return what the request asks for; anything unexpected is an `UNKNOWN` call, never an error."""
    api = _api(method, path)
    if api == UNKNOWN or content is None:
        return Call(UNKNOWN, {})
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return Call(UNKNOWN, {})
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        return Call(UNKNOWN, {})
    return Call(api, body)


def provider_of(host: str) -> str | None:
    """Return the provider that a host name proves, or None."""
    return HOSTS.get(host.lower())


def spoken_by(api: str) -> str:
    """Return the provider whose API this is, for requests to hosts that prove none."""
    return "anthropic" if api == MESSAGES else "openai"


def _api(method: str, path: str) -> str:
    if method.upper() != "POST":
        return UNKNOWN
    path = path.rstrip("/")
    return next((api for end, api in PATHS if path.endswith(end)), UNKNOWN)


def _has_schema(body: dict[str, object]) -> bool:
    text = _object(body.get("text"))
    config = _object(body.get("output_config"))
    formats = (
        body.get("response_format"),
        body.get("output_format"),
        text.get("format"),
        config.get("format"),
    )
    return any(wanted and _object(wanted).get("type") != "text" for wanted in formats)


def _forces_a_tool(choice: object) -> bool:
    if isinstance(choice, dict):
        kind = choice.get("type")
        if kind == "allowed_tools":
            allowed = _object(choice.get("allowed_tools")) or choice
            return allowed.get("mode") == "required"
        return kind not in {"auto", "none"}
    return choice in FORCED


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
