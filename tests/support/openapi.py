"""
Check requests and answers against published OpenAPI 3.0 documents: the part of JSON Schema they use.

Where a document says `oneOf` any match will do: published alternatives overlap. An answer may say
null where the document does not: PagerDuty's own examples do.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}
LIMITS: dict[str, tuple[type, Callable[[Any, Any], bool]]] = {
    "minLength": (str, lambda value, limit: len(value) >= limit),
    "maxLength": (str, lambda value, limit: len(value) <= limit),
    "minItems": (list, lambda value, limit: len(value) >= limit),
    "maxItems": (list, lambda value, limit: len(value) <= limit),
    "minimum": (int, lambda value, limit: value >= limit),
    "maximum": (int, lambda value, limit: value <= limit),
}


@dataclass(frozen=True)
class Document:
    """One document and the path that its server adds."""

    root: Json
    prefix: str = ""

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Read a file."""
        root = json.loads(path.read_text("utf-8"))
        servers = root.get("servers") or [{"url": ""}]
        return cls(root, urlsplit(servers[0]["url"]).path.rstrip("/"))

    def followed(self, node: Any) -> Any:
        """Follow references to what they name."""
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.root
            for part in str(node["$ref"]).removeprefix("#/").split("/"):
                name = part.replace("~1", "/").replace("~0", "~")
                target = target[int(name)] if isinstance(target, list) else target[name]
            node = target
        return node

    def operation(self, method: str, path: str) -> Json | None:
        """Find an operation; names of parameters in the path do not matter."""
        wanted = _shape(path.removeprefix(self.prefix))
        for known, operations in self.root["paths"].items():
            if _shape(known) == wanted and method.lower() in operations:
                return dict(operations[method.lower()])
        return None


@dataclass
class Contract:
    """Several documents, and what they say of requests and answers."""

    documents: list[Document]
    _doc: Document = field(init=False)

    def request(self, method: str, path: str, query: list[str], body: Json) -> list[str]:
        """Say what is wrong with a request."""
        operation = self._operation(method, path)
        if operation is None:
            return [f"{method} {path} is not in the documents"]
        named = {self._doc.followed(one)["name"] for one in operation.get("parameters", [])}
        wrong = [f"query {name} is unknown" for name in query if name not in named]
        schema = self._schema(self._doc.followed(operation.get("requestBody", {})))
        return wrong + (list(self._wrong(schema, body, "", strict=True)) if schema else [])

    def answer(self, method: str, path: str, status: int, body: Json | None) -> list[str]:
        """Say what is wrong with an answer, fields that the document does not know among it."""
        operation = self._operation(method, path)
        if operation is None:
            return [f"{method} {path} is not in the documents"]
        response = operation["responses"].get(str(status))
        if response is None:
            return [f"status {status} is not in the document"]
        schema = self._schema(self._doc.followed(response))
        if schema is None or body is None:
            return []
        return [*self._wrong(schema, body, "", strict=False), *self._invented(schema, body, "")]

    def _operation(self, method: str, path: str) -> Json | None:
        for document in self.documents:
            found = document.operation(method, path)
            if found is not None:
                self._doc = document
                return found
        return None

    def _schema(self, holder: Json) -> Json | None:
        contents = [one for one in holder.get("content", {}).values() if "schema" in one]
        return self._doc.followed(contents[0]["schema"]) if contents else None

    def _wrong(self, schema: Any, value: Any, at: str, *, strict: bool) -> Iterator[str]:
        schema = self._doc.followed(schema)
        if value is None:
            if strict and not schema.get("nullable") and schema.get("type"):
                yield f"{at} is null"
            return
        yield from self._plain(schema, value, at)
        for part in schema.get("allOf", []):
            yield from self._wrong(part, value, at, strict=strict)
        for word in ("oneOf", "anyOf"):
            tried = [list(self._wrong(s, value, at, strict=strict)) for s in schema.get(word, [])]
            if tried and all(tried):
                yield f"{at} fits none of {len(tried)}: {min(tried, key=len)}"
        yield from self._inner(schema, value, at, strict=strict)

    def _inner(self, schema: Json, value: Any, at: str, *, strict: bool) -> Iterator[str]:
        if isinstance(value, dict):
            for name in schema.get("required", []):
                if name not in value:
                    yield f"{at}.{name} is missing"
            for name, inner in schema.get("properties", {}).items():
                if name in value:
                    yield from self._wrong(inner, value[name], f"{at}.{name}", strict=strict)
        if isinstance(value, list) and "items" in schema:
            for one in value:
                yield from self._wrong(schema["items"], one, f"{at}[]", strict=strict)

    def _plain(self, schema: Json, value: Any, at: str) -> Iterator[str]:
        kind = TYPES.get(schema.get("type", ""))
        flag = isinstance(value, bool) and schema.get("type") != "boolean"
        if kind is not None and (flag or not isinstance(value, kind)):
            yield f"{at} is no {schema['type']}: {value!r}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at} is not among {schema['enum']}: {value!r}"
        for word, (of, holds) in LIMITS.items():
            if word in schema and isinstance(value, of) and not holds(value, schema[word]):
                yield f"{at} breaks {word} {schema[word]}"

    def _invented(self, schema: Any, value: Any, at: str) -> Iterator[str]:
        schema = self._doc.followed(schema)
        if isinstance(value, list):
            for one in value:
                yield from self._invented(self._item(schema), one, f"{at}[]")
        if not isinstance(value, dict):
            return
        known = self._known(schema)
        for name, inner in value.items():
            place = f"{at}.{name}"
            if known and name not in known:
                yield f"{place} is not in the document"
            for one in known.get(name, [])[:1]:
                yield from self._invented(one, inner, place)

    def _item(self, schema: Json) -> Json:
        return dict(self._doc.followed(schema.get("items", {})))

    def _known(self, schema: Json) -> dict[str, list[Json]]:
        schema = self._doc.followed(schema)
        known: dict[str, list[Json]] = {}
        for name, inner in schema.get("properties", {}).items():
            known.setdefault(name, []).append(inner)
        for word in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(word, []):
                for name, inner in self._known(part).items():
                    known.setdefault(name, []).extend(inner)
        return known


def _shape(path: str) -> list[str]:
    return ["{}" if part.startswith("{") else part for part in path.split("/")]
