"""The questions that are timed, with their floors: what is asked, and of which handle. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle, repeat

from opsflags import WorkflowKilled
from opsflags.workflow import Workflow

CALM, LEASED, SCOPED = "support-copilot", "coding-agent", "contract-summariser"
"""Workflows: no kill; none and a lease (`on_store_loss: stop`); kills on single tenants."""

SPLIT, TRIED = "translator", "lead-scorer"
"""Workflows without a kill: a weighted route; a weighted route, salted, with a candidate."""

KILLED_TENANT = "globex"
TENANTS = 10_000
"""More than a view's memo holds, so that each is forgotten before it is asked again; keys too."""

ASKED_ROUTE, NEW_ROUTE = "decide(tenant, key), weighted", "decide(tenant, key), weighted, new key"
TRIED_ROUTE = "decide(tenant, key), candidate, new key"


@dataclass(frozen=True, slots=True)
class Row:
    """
    One statement, asked *of* a workflow's handle; a floor is asked of none.

    Of those with *counts* the instructions are counted as well.
    """

    name: str
    statement: str
    of: str | None = None
    counts: bool = False


FLOORS = (
    Row("empty loop", "pass"),
    Row("floor: slot read", "floor.slot", counts=True),
    Row("floor: method returning a slot", "floor.method()", counts=True),
    Row("floor: dict get", "table.get('support-copilot')"),
)

_SCOPE = "'acme', 'openai/gpt-5.2', 'search_kb'"
_WORDS = "tenant='acme', model='openai/gpt-5.2', tool='search_kb'"
_REFUSED = f"try: handle.check('{KILLED_TENANT}')\nexcept Killed: pass"

OURS = (
    Row("live", "handle.live", CALM, counts=True),
    Row("check()", "handle.check()", CALM, counts=True),
    Row("check(tenant)", "handle.check('acme')", CALM),
    Row("check(), leased", "handle.check()", LEASED, counts=True),
    Row("check(tenant), kills on other tenants", "handle.check('acme')", SCOPED),
    Row("decide(3 positional), no kill", f"handle.decide({_SCOPE})", CALM),
    Row("decide(3 positional)", f"handle.decide({_SCOPE})", SCOPED, counts=True),
    Row("decide(3 keywords)", f"handle.decide({_WORDS})", SCOPED, counts=True),
    Row("decide(4 positional)", f"handle.decide({_SCOPE}, 'openai')", SCOPED),
    Row("decide(3), never asked before", f"handle.decide(next(tenants), {_SCOPE[8:]})", SCOPED),
    Row("decide(), refused", f"handle.decide('{KILLED_TENANT}')", SCOPED),
    Row("check(), refused and caught", _REFUSED, SCOPED),
    Row(ASKED_ROUTE, "handle.decide('acme', key='conversation-7')", SPLIT, counts=True),
    Row(NEW_ROUTE, "handle.decide('acme', key=next(keys))", SPLIT, counts=True),
    Row(TRIED_ROUTE, "handle.decide('acme', key=next(keys))", TRIED, counts=True),
)


class Floor:
    """What the floors read."""

    __slots__ = ("slot",)

    def __init__(self) -> None:
        self.slot = True

    def method(self) -> bool:
        """Return the slot."""
        return self.slot


def namespace(handle: Workflow | None) -> Mapping[str, object]:
    """Return the names that a statement uses."""
    return {
        "handle": handle,
        "floor": Floor(),
        "table": {"support-copilot": True},
        "tenants": cycle([f"tenant-{number}" for number in range(TENANTS)]),
        "keys": cycle([f"conversation-{number}" for number in range(TENANTS)]),
        "Killed": WorkflowKilled,
    }


def loop(statement: str, names: Mapping[str, object]) -> Callable[[int], None]:
    """
    Return a function that does *statement* as often as it is told.

    Names become locals, as they are in a service's function; the loop itself is in the figure.
    """
    lines = "\n".join(f"        {line}" for line in statement.splitlines())
    given = ", ".join(f"{name}=_names['{name}']" for name in names)
    source = f"def _loop(_times, {given}):\n    for _ in _repeat(None, _times):\n{lines}\n"
    scope: dict[str, object] = {"_names": names, "_repeat": repeat}
    exec(source, scope)  # noqa: S102 - our own statements, from the tables above
    made: Callable[[int], None] = scope["_loop"]  # type: ignore[assignment]  # defined by exec
    return made
