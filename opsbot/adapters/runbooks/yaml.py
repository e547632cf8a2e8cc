"""YAML in runbooks: strings only, no aliases, no duplicate keys; `mode: off` and `12:30` stay words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from opsbot.domain.runbook import Value

_BRACES: Final = re.compile(r":\s*\{\{|-\s*\{\{")
_DEEPEST: Final = 4
_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Every scalar is a string; the one in C, where it is there, takes a tenth of the time."""


class BadYaml(ValueError):
    """It cannot be read; *line* is one-based within the file."""

    def __init__(self, line: int, message: str, fix: str) -> None:
        super().__init__(message)
        self.line, self.message, self.fix = line, message, fix


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping of strings, and the line of each of its keys; those within others are `params.workflow`."""

    values: Mapping[str, Value]
    lines: Mapping[str, int]


def mapping(text: str, *, line: int) -> Mapped:
    """
    Read a mapping; *line* is the file's line at which *text* begins. Nothing at all is an empty one.

    Raises:
        BadYaml: not a mapping, or with an alias, a tag, a duplicate key, or a value that YAML takes for more.
    """
    try:
        node = _composed(text)
    except yaml.YAMLError as error:
        raise _broken(error, text, line) from None
    except RecursionError:
        raise BadYaml(line, "is nested too deeply", "Flatten it.") from None
    if node is None:
        return Mapped({}, {})
    if not isinstance(node, yaml.MappingNode):
        at = line + int(node.start_mark.line)
        raise BadYaml(at, "is not a mapping of keys to values", "Write `key: value` lines.")
    reader = _Reader(line, {})
    return Mapped(reader.mapping(node, "", 0), reader.lines)


def _composed(text: str) -> yaml.Node | None:
    """Return the tree; aliases are refused by a look at the events, before any could grow."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        _plain(event, depth)
    return yaml.compose(text, Loader=_LOADER)


def _plain(event: yaml.Event, depth: int) -> None:
    at = event.start_mark
    if isinstance(event, yaml.AliasEvent):
        raise _Refused("an anchor is used (`*name`)", at, "Write it out.")
    if getattr(event, "anchor", None) or getattr(event, "tag", None):
        raise _Refused(
            "anchors (`&name`) and tags (`!name`) are not used here", at, "Write it out."
        )
    if depth > _DEEPEST:
        raise _Refused("is nested too deeply", at, "Put quotes around `{{ }}`, or flatten it.")


class _Refused(yaml.YAMLError):
    def __init__(self, problem: str, mark: object, fix: str) -> None:
        super().__init__(problem)
        self.problem, self.problem_mark, self.fix = problem, mark, fix


@dataclass(frozen=True, slots=True)
class _Reader:
    first: int
    lines: dict[str, int]

    def mapping(self, node: yaml.MappingNode, where: str, depth: int) -> Mapping[str, Value]:
        found: dict[str, Value] = {}
        for key, value in node.value:
            name = self._key(key)
            if name in found:
                raise BadYaml(self._line(key), f"the key `{name}` is there twice", "Keep one.")
            self.lines[where + name] = self._line(key)
            found[name] = self._value(value, f"{where}{name}.", depth + 1)
        return found

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            fix = 'Put quotes around `{{ }}`: `workflow: "{{ workflow }}"`.'
            raise BadYaml(self._line(node), "a `{` is read as a mapping", fix)
        return str(node.value)

    def _value(self, node: yaml.Node, where: str, depth: int) -> Value:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, where, depth)
        if isinstance(node, yaml.SequenceNode):
            return tuple(self._value(one, where, depth + 1) for one in node.value)
        return str(node.value)

    def _line(self, node: yaml.Node) -> int:
        return self.first + int(node.start_mark.line)


def _broken(error: yaml.YAMLError, text: str, first: int) -> BadYaml:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    line = first + mark.line if mark is not None else first
    if isinstance(error, _Refused):
        return BadYaml(line, str(problem), error.fix)
    if _BRACES.search(text):
        fix = 'Put quotes around `{{ }}`: `workflow: "{{ workflow }}"`.'
        return BadYaml(line, "a `{` is read as a mapping", fix)
    fix = "Check indentation, colons and quotes near this line."
    return BadYaml(line, f"is not YAML: {problem}", fix)
