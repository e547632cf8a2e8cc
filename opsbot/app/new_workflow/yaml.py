"""Answers about a new workflow as YAML; every value is quoted as JSON, which YAML reads the same."""

import json
from collections.abc import Iterator, Mapping

_LINKS = ("evaluation", "data_access", "observability", "cost")
_TEXTS = ("title", "description", "dri", "team")


def document(given: Mapping[str, str], *, writes: bool) -> str:
    """Return the whole file."""
    return "\n".join(_lines(given, writes=writes)) + "\n"


def _lines(given: Mapping[str, str], *, writes: bool) -> Iterator[str]:
    yield "# yaml-language-server: $schema=../schema.json"
    yield f"workflow: {given['workflow']}"
    for key in _TEXTS:
        yield f"{key}: {_quoted(given[key])}"
    yield f"tier: {given['tier']}"
    yield f"safe_state: {given['safe_state']}"
    yield f"modes: [{', '.join(_words(given['modes']))}]"
    if given.get("canned"):
        yield f"canned: {_quoted(given['canned'])}"
    if given.get("hours"):
        yield "human_queue:"
        yield f"  hours: {_quoted(given['hours'])}"
        yield f"  text: {_quoted(given['queue'])}"
    yield f"on_store_loss: {given['on_store_loss']}"
    if given.get("last_resort"):
        yield f"last_resort: {_quoted(given['last_resort'])}"
    yield f"stale_after_s: {6 if writes or given['tier'] == '1' else 30}"
    yield f"kill_slo_ms: {1000 if given['tier'] == '1' else 2000}"
    yield "expected_instances: auto"
    yield from _tools(given)
    yield from _routes(given)
    yield f"slack_channel: {given['slack_channel']}"
    yield f"runbook: {_quoted(given['runbook'])}"
    yield from _probes(given)
    yield "evidence:"
    for key in _LINKS:
        if given.get(key):
            yield f"  {key}: {_quoted(given[key])}"
    yield f"  incident_response: {_quoted(given['runbook'])}"


def _tools(given: Mapping[str, str]) -> Iterator[str]:
    tools = [word.partition(":") for word in _words(given["tools"])]
    if tools:
        yield "tools:"
    for name, _, access in tools:
        yield f"  {_quoted(name)}: {access}"


def _routes(given: Mapping[str, str]) -> Iterator[str]:
    approved = _words(given["models"])
    first, *others = (name.partition("/") for name in approved)
    yield "routes:"
    yield f"  approved: [{', '.join(_quoted(name) for name in approved)}]"
    yield "  initial:"
    yield f"    targets: [{{{_target(first)}, weight: 100}}]"
    if others:
        yield f"    fallbacks: [{', '.join(f'{{{_target(other)}}}' for other in others)}]"
    if given.get("prompt"):
        yield f"    prompt: {_quoted(given['prompt'])}"


def _target(name: tuple[str, str, str]) -> str:
    return f"provider: {_quoted(name[0])}, model: {_quoted(name[2])}"


def _probes(given: Mapping[str, str]) -> Iterator[str]:
    points = [point.partition(" ") for point in _words(given["probes"])]
    if points:
        yield "probes:"
    for kind, _, address in points:
        yield f"  - {{kind: {kind}{f', url: {_quoted(address)}' if address else ''}}}"


def _words(said: str) -> list[str]:
    return [part.strip() for part in said.split(",") if part.strip()]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
