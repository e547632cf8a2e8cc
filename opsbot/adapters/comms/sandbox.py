"""
The box in which templates are filled: names, `if`, comparisons and two filters, and nothing else.

Jinja's own sandbox keeps code from getting out. It keeps no template from eating all memory and time,
so what may be written at all is a list of what is allowed: no loop, no call, no attribute, no
arithmetic. What is allowed is looked at when a file is read and again before anything is filled.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NoReturn

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2 import Template as Compiled
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from opsbot.domain.comms.templates import MOST_CHARACTERS

MOST_SOURCE: Final = 16_384
"""Characters of one source."""

MOST_TAGS: Final = 200
LONGEST_TAG: Final = 300
MOST_NODES: Final = 2_000
DEEPEST: Final = 24
"""Pieces within each other, with `if` and every `and` counted; people need eight."""

_TAG: Final = re.compile(r"\{[{%#]")
_BLOCK: Final = re.compile(r"\{%[-+]?\s*([^\s%}]*)")
_INSIDE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_OPEN: Final = re.compile(r"\{[{%].*?(?:[%}]\}|\Z)", re.DOTALL)
_BLOCKS: Final = ("if", "elif", "else", "endif")
_GAPS: Final = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")
_BLANKS: Final = re.compile(r"\n{3,}")
_ALONE: Final = re.compile(r"^[ \t]*((?:\{%[^\n%]*%\}[ \t]*)+)\n", re.MULTILINE)
"""Tags that have a line to themselves: it goes with them. One at a line's end takes no line end along."""

_MISSING: Final = re.compile(r"'(\w+)' is undefined")
_KEPT: Final = 512
_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.CondExpr),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Const, nodes.Filter),
)
_THEIRS: Final = ("self", "super", "loop", "caller", "varargs", "kwargs")
"""Names that the library gives a meaning of its own, whatever is known."""

RESERVED: Final = frozenset(
    {
        *_THEIRS,
        "none",
        "true",
        "false",
        "if",
        "elif",
        "else",
        "endif",
        "and",
        "or",
        "not",
        "in",
        "is",
    }
)
"""Words that are no names in a template."""

_OPERATORS: Final = ("eq", "ne")
_SPELLED: Final = {
    nodes.For: "a loop",
    nodes.Call: "a call",
    nodes.Getattr: "an attribute (`a.b`)",
    nodes.Getitem: "an index (`a[b]`)",
    nodes.Add: "arithmetic",
    nodes.Mul: "arithmetic",
    nodes.Pow: "arithmetic",
    nodes.Concat: "`~`",
    nodes.Test: "a test (`is ...`)",
    nodes.List: "a list",
    nodes.Tuple: "a list",
    nodes.Dict: "a mapping",
}
FIX: Final = "Only `{{ name }}`, `{{ name | capital }}` and `{% if name %}` are templates' words."


class Forbidden(ValueError):
    """A source that is not filled at all; *line* is one-based within it."""

    def __init__(self, message: str, line: int = 1, fix: str = FIX) -> None:
        super().__init__(message)
        self.message, self.line, self.fix = message, line, fix


class Unfilled(ValueError):
    """It was filled with less than it needs: *name* is what had no value, empty where the text is too long."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Use:
    """A name where it stands: its line, and whether an `if` about it stands around it."""

    name: str
    line: int
    guarded: bool


class _Absent(StrictUndefined):
    """A value that is not there: false in an `if`, equal to nothing; to print it is refused, never a hole."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override,explicit-override]  # the library fails here; 3.11 has no `override`
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override,explicit-override]  # as above
        return False

    def __ne__(self, other: object) -> bool:  # type: ignore[override,explicit-override]  # as above
        return True

    def __hash__(self) -> int:  # type: ignore[override,explicit-override]  # as above
        return id(self)


def _capital(value: object) -> str:
    text = str(value)
    return text[:1].upper() + text[1:]


def _lower(value: object) -> str:
    text = str(value)
    return text[:1].lower() + text[1:]


FILTERS: Final = {"capital": _capital, "lower": _lower}
"""`capital` and `lower` change the first letter alone: for a name at the beginning of a sentence."""


def _box() -> Environment:
    box = ImmutableSandboxedEnvironment(
        autoescape=False,  # one text for many targets: each makes it inert in its own way
        undefined=_Absent,
        extensions=(),
        cache_size=0,
    )
    box.globals.clear()
    box.tests.clear()
    box.filters.clear()
    box.filters.update(FILTERS)
    return box


_BOX: Final = _box()


def uses(source: str) -> tuple[Use, ...]:
    """
    Return every name that a source uses, in order.

    Raises:
        Forbidden: something in it is not allowed; names the line.
    """
    return _checked(source)[1]


def words(source: str) -> str:
    """
    Return only what a source says by itself, each line at its place, for rules about words.

    Raises:
        Forbidden: as `uses`.
    """
    _checked(source)
    return _INSIDE.sub(lambda found: "\n" * found[0].count("\n") or " \u2026 ", source)


def fill(source: str, values: Mapping[str, str]) -> str:
    """
    Fill a source; what a value holds is never read as a template.

    Raises:
        Forbidden: something in the source is not allowed.
        Unfilled: a name without a value is to be printed, or the text comes out too long.
    """
    parts: list[str] = []
    size = 0
    try:
        for part in _compiled(source).generate(dict(values)):
            size += len(part)
            if size > MOST_CHARACTERS:
                raise Unfilled("")
            parts.append(part)
    except UndefinedError as error:
        found = _MISSING.match(error.message or "")
        raise Unfilled(found[1] if found else "?") from None
    except SecurityError as error:
        raise Forbidden(str(error)) from None
    return tidy("".join(parts))


def tidy(text: str) -> str:
    """Return a text without the gaps that an `if` leaves: blanks at line ends, doubled ones, empty lines."""
    lines = (_GAPS.sub(" ", line.rstrip()) for line in text.split("\n"))
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()


@lru_cache(maxsize=_KEPT)
def _compiled(source: str) -> Compiled:
    """Compile what was checked; kept by its text, so that each is looked at again whenever it is new."""
    _checked(source)
    try:
        return _BOX.from_string(_ALONE.sub(r"\1", source))
    except (SyntaxError, RecursionError, TemplateSyntaxError):
        raise Forbidden("cannot be made into a program", fix="Make it simpler.") from None


@lru_cache(maxsize=_KEPT)
def _checked(source: str) -> tuple[nodes.Template, tuple[Use, ...]]:
    _plain(source)
    tree = _parsed(source)
    _allowed(tree)
    return tree, tuple(_uses(tree, frozenset()))


def _plain(source: str) -> None:
    """Refuse what can be seen without reading it as a program: size, tags, backslashes."""
    if len(source) > MOST_SOURCE:
        raise Forbidden(f"is longer than {MOST_SOURCE:,} characters", fix="Say less.")
    if len(tags := _TAG.findall(source)) > MOST_TAGS:
        raise Forbidden(f"has {len(tags)} tags, more than {MOST_TAGS}", fix="Say less.")
    for found in _BLOCK.finditer(source):
        if found[1] not in _BLOCKS:
            _refuse(f"`{{% {found[1][:30]} %}}` is not allowed", source, found.start())
    if "{#" in source:
        _refuse("a comment (`{# #}`) is not allowed", source, source.index("{#"))
    for found in _OPEN.finditer(source):
        _short(found[0], source, found.start())


def _short(tag: str, source: str, at: int) -> None:
    if len(tag) > LONGEST_TAG:
        _refuse(f"a tag is longer than {LONGEST_TAG} characters", source, at)
    if "\\" in tag:
        _refuse("a backslash stands in a tag", source, at)


def _refuse(message: str, source: str, at: int) -> NoReturn:
    raise Forbidden(message, source.count("\n", 0, at) + 1)


def _parsed(source: str) -> nodes.Template:
    try:
        return _BOX.parse(source)
    except TemplateSyntaxError as error:
        said = (error.message or "").rstrip(".")
        raise Forbidden(f"cannot be read: {said}", error.lineno) from None
    except RecursionError:
        raise Forbidden("is nested too deeply") from None
    except (ValueError, OverflowError):
        raise Forbidden("holds a number that nobody reads") from None


def _allowed(tree: nodes.Template) -> None:
    """Look at every node, without recursion: what is deep must not be able to end us."""
    open_: list[tuple[nodes.Node, int, int]] = [(tree, 0, 1)]
    seen = 0
    while open_:
        node, depth, around = open_.pop()
        line = node.lineno or around  # some have none of their own
        seen += 1
        if seen > MOST_NODES or depth > DEEPEST:
            raise Forbidden("is nested too deeply, or holds too much", line, "Say less.")
        if why := _wrong(node):
            raise Forbidden(why, line)
        open_ += ((child, depth + 1, line) for child in node.iter_child_nodes())


def _wrong(node: nodes.Node) -> str:
    """Return why a node is not allowed, empty where it is."""
    if type(node) not in _ALLOWED:
        what = _SPELLED.get(type(node), f"`{type(node).__name__.lower()}`")
        return f"{what} is not allowed"
    if isinstance(node, nodes.Name) and not _a_name(node):
        return f"`{node.name[:40]}` is not allowed"
    if isinstance(node, nodes.Operand) and node.op not in _OPERATORS:
        return "only `==` and `!=` compare"
    if isinstance(node, nodes.Const) and not isinstance(node.value, (str, bool)):
        return "only names and words in quotes are allowed"
    if isinstance(node, nodes.Filter) and not _a_filter(node):
        known = " and ".join(f"`{name}`" for name in FILTERS)
        return f"the filter `{node.name[:40]}` is not allowed: there are {known}"
    return ""


def _a_filter(node: nodes.Filter) -> bool:
    return node.name in FILTERS and not (node.args or node.kwargs)


def _a_name(node: nodes.Name) -> bool:
    return node.ctx == "load" and node.name[:1] != "_" and node.name not in _THEIRS


def _uses(node: nodes.Node, guards: frozenset[str]) -> Iterator[Use]:
    if isinstance(node, nodes.Name):
        yield Use(node.name, node.lineno, node.name in guards)
    elif isinstance(node, (nodes.If, nodes.CondExpr)):
        yield from _branches(node, guards)
    else:
        for child in node.iter_child_nodes():
            yield from _uses(child, guards)


def _branches(node: nodes.If | nodes.CondExpr, guards: frozenset[str]) -> Iterator[Use]:
    """Yield the uses of an `if`: what it asks about is there in its branch, and need not be elsewhere."""
    asked = {one.name for one in node.test.find_all(nodes.Name)}
    asked |= {node.test.name} if isinstance(node.test, nodes.Name) else set()
    inner = guards if isinstance(node.test, (nodes.Not, nodes.Or)) else guards | asked
    yield from (Use(name, node.lineno, guarded=True) for name in sorted(asked))
    first = node.body if isinstance(node, nodes.If) else [node.expr1]
    for child in first:
        yield from _uses(child, inner)
    rest: list[nodes.Node] = [*node.elif_, *node.else_] if isinstance(node, nodes.If) else []
    if isinstance(node, nodes.CondExpr) and node.expr2 is not None:
        rest = [node.expr2]
    otherwise = guards | asked if isinstance(node.test, nodes.Not) else guards
    for child in rest:
        yield from _uses(child, otherwise)
