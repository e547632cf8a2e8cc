"""YAML that knows where each value stands: YAML 1.2 scalars, no aliases, no duplicate keys."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import yaml

from opsbot.domain.change import Json
from opsbot.domain.declaration import Finding

Where: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 256 * 1024
_KEPT = 64
"""So many files are not read again while they stay as they are: one is edited, and all are checked."""

_BIDI = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00]")


@dataclass(frozen=True, slots=True)
class Document:
    """One file as plain values, the line of every key and item, and the SHA-256 of its bytes."""

    file: str
    data: Mapping[str, Json]
    lines: Mapping[Where, int]
    digest: str = ""

    def line(self, where: Where) -> int:
        """Return the line of a place, or of the nearest place around it that is written down."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def find(self, where: Where, message: str, fix: str = "") -> Finding:
        """Return an error at a place of this file."""
        return Finding(self.file, self.line(where), message, fix)

    def warn(self, where: Where, message: str, fix: str = "") -> Finding:
        """Return a warning at a place of this file."""
        return Finding(self.file, self.line(where), message, fix, "warning")


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core scalars only: `on`, `no` and dates stay the text that somebody wrote."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own attribute


for _tag, _form, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_form})\\Z"), _first
    )


class _Wrong(ValueError):
    def __init__(self, line: int, message: str, fix: str) -> None:
        super().__init__(message)
        self.line, self.message, self.fix = line, message, fix


def read(path: Path, *, shown: str) -> Document | Finding:
    """Read one file; *shown* is how findings call it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        return Finding(shown, 1, f"cannot be read: {error.strerror}", "Check its permissions.")
    if len(raw) > MAX_BYTES:
        return Finding(shown, 1, f"is larger than {MAX_BYTES // 1024} KiB", "Split it.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Finding(shown, line, "is not UTF-8", "Save it as UTF-8.")
    found = parse(text, shown=shown)
    if isinstance(found, Finding):
        return found
    return replace(found, digest=hashlib.sha256(raw).hexdigest())


@lru_cache(maxsize=_KEPT)
def parse(text: str, *, shown: str) -> Document | Finding:
    """Read YAML text into a document, or say where it is wrong; nobody writes into what comes back."""
    if (hidden := _BIDI.search(text)) is not None:
        line = text.count("\n", 0, hidden.start()) + 1
        what = f"has an invisible character U+{ord(hidden.group()):04X}"
        return Finding(shown, line, what, "Delete it: it can make a line read as another.")
    lines: dict[Where, int] = {}
    try:
        loader = _Loader(text)
        data = _root(loader, lines)
    except _Wrong as wrong:
        return Finding(shown, wrong.line, wrong.message, wrong.fix)
    except yaml.YAMLError as error:
        return _broken(error, shown)
    except RecursionError:
        return Finding(shown, 1, "is nested too deeply", "Flatten it.")
    return Document(shown, data, lines)


def _root(loader: _Loader, lines: dict[Where, int]) -> Mapping[str, Json]:
    node = loader.get_single_node()
    if not isinstance(node, yaml.MappingNode):
        line = 1 if node is None else _line(node)
        raise _Wrong(line, "is not a mapping of keys to values", "Write `key: value` lines.")
    _no_aliases(node)
    data = _plain(loader, node, (), lines)
    assert isinstance(data, dict)
    return data


def _no_aliases(root: yaml.Node) -> None:
    seen: set[int] = set()
    todo: list[yaml.Node] = [root]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            raise _Wrong(_line(node), "an anchor is used twice (`&name`, `*name`)", "Write it out.")
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            todo += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value


def _plain(loader: _Loader, node: yaml.Node, where: Where, lines: dict[Where, int]) -> Json:
    lines.setdefault(where, _line(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, where, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*where, i), lines) for i, item in enumerate(node.value)]
    if not node.tag.startswith("tag:yaml.org,2002:"):
        raise _Wrong(_line(node), f"the tag `{node.tag}` is not used here", "Take it away.")
    value: Json = loader.construct_object(node)
    return value


def _mapping(
    loader: _Loader, node: yaml.MappingNode, where: Where, lines: dict[Where, int]
) -> Json:
    found: dict[str, Json] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            fix = "Put quotes around values that begin with `{`."
            raise _Wrong(_line(key), "a key is not a plain word", fix)
        name = str(key.value)
        if name in found:
            fix = "Keep one of them."
            raise _Wrong(_line(key), f"the key `{name}` is there twice", fix)
        lines[(*where, name)] = _line(key)
        found[name] = _plain(loader, value, (*where, name), lines)
    return found


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _broken(error: yaml.YAMLError, shown: str) -> Finding:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    line = mark.line + 1 if mark is not None else 1
    fix = "Check indentation, colons and quotes near this line."
    return Finding(shown, line, f"is not YAML: {problem}", fix)
