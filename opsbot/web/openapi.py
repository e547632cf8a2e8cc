"""The OpenAPI document, made from the very table that is mounted."""

import json
import re
from collections.abc import Sequence
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from opsbot.web import bodies, incident_bodies, message_bodies, route_bodies, run_bodies
from opsbot.web.auth import Access
from opsbot.web.problems import PROBLEM
from opsbot.web.routing import Entry

BODIES: dict[str, type[bodies.Body]] = {
    one.__name__: one
    for one in (
        bodies.KillBody,
        bodies.ReasonBody,
        bodies.RestoreBody,
        bodies.EmptyBody,
        bodies.ApprovalBody,
        bodies.ResultBody,
        bodies.SignalBody,
        bodies.DecideBody,
        route_bodies.TargetBody,
        route_bodies.FallbackBody,
        route_bodies.RouteBody,
        route_bodies.StageBody,
        route_bodies.RollbackBody,
    )
} | {
    one.__name__: one
    for one in (*incident_bodies.BODIES, *run_bodies.BODIES, *message_bodies.BODIES)
}


def document(entries: Sequence[Entry], *, version: str) -> dict[str, object]:
    """Return the document of *entries*."""
    paths: dict[str, dict[str, object]] = {}
    for entry in entries:
        paths.setdefault(entry.path, {})[entry.method.lower()] = _operation(entry)
    return {
        "openapi": "3.1.0",
        "info": {"title": "opsbot", "version": version},
        "paths": paths,
        "components": {
            "schemas": {name: _schema(kind) for name, kind in BODIES.items()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic"},
            },
        },
    }


@cache
def _schema(kind: type[bodies.Body]) -> dict[str, object]:
    return kind.model_json_schema(ref_template="#/components/schemas/{model}")


def _operation(entry: Entry) -> dict[str, object]:
    operation: dict[str, object] = {
        "summary": entry.summary,
        "parameters": _parameters(entry),
        "responses": {
            **{str(status): {"description": "Done or asked for"} for status in entry.statuses},
            "default": {
                "description": "Refused, failed, or not known",
                "content": {PROBLEM: {"schema": {"type": "object"}}},
            },
        },
        "security": _security(entry),
    }
    if entry.takes is not None:
        schema = {"$ref": f"#/components/schemas/{entry.takes}"}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _security(entry: Entry) -> list[dict[str, list[str]]]:
    if entry.access is not Access.BEARER:
        return []
    password: list[dict[str, list[str]]] = [{"password": []}] if entry.browser else []
    return [{"bearer": []}, *password]


def _parameters(entry: Entry) -> list[dict[str, object]]:
    text = {"type": "string"}
    named = [
        {"name": name, "in": "path", "required": True, "schema": text}
        for name in re.findall(r"{(\w+)}", entry.path)
    ]
    asked = [
        {"name": name, "in": "query", "required": False, "schema": text, "description": what}
        for name, what in entry.query.items()
    ]
    keyed = [
        {"name": "Idempotency-Key", "in": "header", "required": False, "schema": text}
        for _ in range(entry.method == "POST" and entry.takes != "DecideBody")
    ]
    return [*named, *asked, *keyed]


def entry(entries: Sequence[Entry], *, version: str) -> Entry:
    """Return the route that serves the document of *entries* and of itself."""
    shown: list[bytes] = []

    async def serve(_: Request) -> Response:
        return Response(shown[0], media_type="application/json")

    own = Entry("GET", "/openapi.json", Access.PUBLIC, "This document", anybody=serve)
    shown.append(json.dumps(document([*entries, own], version=version)).encode())
    return own
