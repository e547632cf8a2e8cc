"""Ask the switchboard, before every model call, whether an AI workflow may run, and in which mode."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing's, without the 10 ms that importing typing costs

if TYPE_CHECKING:
    from opsflags.client import FlagClient
    from opsflags.decision import Decision, Route, Tools, WorkflowKilled
    from opsflags.workflow import Workflow

_HOMES = {
    "Decision": "opsflags.decision",
    "FlagClient": "opsflags.client",
    "Route": "opsflags.decision",
    "Tools": "opsflags.decision",
    "Workflow": "opsflags.workflow",
    "WorkflowKilled": "opsflags.decision",
}

__all__ = ["Decision", "FlagClient", "Route", "Tools", "Workflow", "WorkflowKilled"]


def __getattr__(name: str) -> object:
    """Load a public name on first use, so that importing this package costs nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'opsflags' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  # only the first use of a name pays

    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
