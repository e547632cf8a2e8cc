"""Which measurement answers to which name."""

from collections.abc import Callable

from opsbot.bench import Fill, Read, answers, evaluate, footprint, propagation, runbooks
from opsbot.bench.report import Report


def measured(
    name: str,
    *,
    clients: tuple[int, ...],
    tell: Callable[[str], None],
    read: Read | None = None,
    fill: Fill | None = None,
) -> Report:
    """
    Measure; *clients* are the sizes of the fleets that messages are sent to, *read* reads runbooks, *fill* fills templates.

    Raises:
        KeyError: no such measurement. ValueError: `runbooks` without anything that reads.
    """
    return {
        "evaluate": lambda: evaluate.report(tell),
        "propagation": lambda: propagation.report(clients, tell, most_s=propagation.RUN_S),
        "footprint": lambda: footprint.report(tell),
        "answers": lambda: answers.report(tell),
        "runbooks": lambda: runbooks.report(tell, read, fill=fill),
    }[name]()
