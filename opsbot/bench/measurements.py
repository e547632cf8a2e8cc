"""Which measurement answers to which name."""

from collections.abc import Callable

from opsbot.bench import answers, evaluate, footprint, propagation
from opsbot.bench.report import Report


def measured(name: str, *, clients: tuple[int, ...], tell: Callable[[str], None]) -> Report:
    """
    Measure; *clients* are the sizes of the fleets that messages are sent to.

    Raises:
        KeyError: no such measurement.
    """
    return {
        "evaluate": lambda: evaluate.report(tell),
        "propagation": lambda: propagation.report(clients, tell, most_s=propagation.RUN_S),
        "footprint": lambda: footprint.report(tell),
        "answers": lambda: answers.report(tell),
    }[name]()
