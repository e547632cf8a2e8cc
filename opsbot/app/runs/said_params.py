"""What a run was begun with in people's own words: kept sealed beside the journal, so that it can be erased."""

from collections.abc import Mapping
from typing import Final

from opsbot.app.environment import ALTERED, ERASED, Environment
from opsbot.app.runs.params import LONGEST
from opsbot.domain.change import Sealed
from opsbot.domain.run import Run
from opsbot.domain.runbook import ParamType, Runbook
from opsbot.domain.said import inert

SEALED: Final[frozenset[ParamType]] = frozenset({"text", "tenant"})
"""Parameters that may name people or customers; every other one is a name that is declared, or a number."""

SHORTEST: Final = 3
"""Characters of a value that is taken out of other words: of a shorter one any sentence is full."""

GONE: Final = frozenset({ERASED, ALTERED})


def sealed_params(
    env: Environment, book: Runbook, given: Mapping[str, str]
) -> tuple[Mapping[str, str], tuple[Sealed, ...]]:
    """Return the commitments to what was given as free text, by name, and what is stored beside for them."""
    said: dict[str, str] = {}
    kept: tuple[Sealed, ...] = ()
    declared = env.store.state.workflows()
    for param in book.params:
        value = inert(given.get(param.name, ""), limit=LONGEST)
        if param.type in SEALED and value and value not in declared:
            said[param.name], more = env.sealed(value)
            kept += more
    return said, kept


async def opened_params(env: Environment, run: Run) -> Mapping[str, str]:
    """Return what a run was begun with as free text; `(erased)` for what was erased. Raises StoreLost."""
    if not run.said:
        return {}
    texts = await env.unsealed(*run.said.values())
    return dict(zip(run.said, texts, strict=True))


def without(words: str, texts: Mapping[str, str]) -> str:
    """Return words for the journal with the name of each free text in its place."""
    for name, text in texts.items():
        if len(text) >= SHORTEST and text not in GONE:
            words = words.replace(text, f"({name})")
    return words
