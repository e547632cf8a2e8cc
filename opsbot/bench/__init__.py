"""Figures with their floors beside them, measured in one run."""

from collections.abc import Callable

NAMES = ("evaluate", "propagation", "footprint", "answers", "runbooks")
CLIENTS = (1, 10, 100)

Read = Callable[[str, str, bool], str]
"""
Reads a page of a name (`imported/<name>` for a foreign one), with every rule or without.

Returns why it was refused, empty where it was read: what reads is not this package's to know.
"""


Fill = Callable[[str], str]
"""
Fills a template whose name `feature` is known.

Returns why it was refused, empty where it was filled.
"""


def run(
    name: str,
    *,
    clients: tuple[int, ...] = CLIENTS,
    json: bool,
    tell: Callable[[str], None],
    read: Read | None = None,
    fill: Fill | None = None,
) -> int:
    """
    Measure *name*, tell the result, and return the exit code: 1 where a gate was broken.

    *clients* are the fleets' sizes for `propagation`, *read* and *fill* are what `runbooks` measures. With *json* the only thing told is one
    document.

    Raises:
        ValueError: no such measurement. Misconfigured: no server for this machine.
    """
    # The programs in this package are measured themselves: they must not load all of it.
    from opsbot.bench.measurements import measured  # noqa: PLC0415  # said above
    from opsbot.bench.report import as_json, as_text  # noqa: PLC0415  # said above

    if name not in NAMES:
        raise ValueError(f"no such measurement: {name!r}; there are {', '.join(NAMES)}")
    silently = _silent if json else tell
    told = measured(name, clients=clients or CLIENTS, tell=silently, read=read, fill=fill)
    for line in (as_json(told),) if json else as_text(told):
        tell(line)
    return told.exit_code


def _silent(_line: str) -> None:
    """Say nothing of the progress."""
