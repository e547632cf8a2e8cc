"""`opsbot bench`: the figures; a file of its own, so that measuring loads nothing of the demo."""

from opsbot.bench import CLIENTS, NAMES, run
from opsbot.cli.options import Asked, Usage


def bench(asked: Asked) -> int:
    """Measure one thing and return 1 where a gate was broken; `make bench` runs them one by one."""
    if len(asked.words) != 1 or asked.words[0] not in NAMES:
        raise Usage(f"opsbot bench {'|'.join(NAMES)}")
    return run(
        asked.words[0],
        clients=_sizes(asked.values.get("clients", "")),
        json="json" in asked.flags,
        tell=_tell,
    )


def _sizes(word: str) -> tuple[int, ...]:
    if not word:
        return CLIENTS
    parts = word.split(",")
    if not all(part.isascii() and part.isdigit() and 0 < int(part) <= 1000 for part in parts):  # noqa: PLR2004  what one machine can fork
        raise Usage("--clients takes numbers from 1 to 1000, as in 1,10,100")
    return tuple(int(part) for part in parts)


def _tell(line: str) -> None:
    print(line, flush=True)
