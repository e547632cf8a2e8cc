"""Which workflows a wide kill of a runbook reaches, and what is left for each, in a few words. Pure."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from opsbot.app.kill.who_is_hit import who_is_hit
from opsbot.app.requests import KillRequest
from opsbot.app.runs.labels import meant
from opsbot.app.runs.meant import Arguments, KillArguments
from opsbot.app.target import Aim, aim
from opsbot.app.words import mode_word
from opsbot.domain.errors import Refused
from opsbot.domain.runbook import Runbook
from opsbot.domain.state import State
from opsflags.model import FALLBACK_OR_SAFE

MOST: Final = 4
"""Workflows that are named of each kind: what asks before an action counts has 300 characters in Slack."""


def reached(state: State, book: Runbook, workflow: str) -> Mapping[str, str]:
    """Return the words for each wide kill of a runbook that goes on, by its step and number: `stop#1`."""
    found = {}
    for step in book.steps:
        for number, action in enumerate(step.actions, 1):
            if action.verb == "kill" and (words := reach(state, meant(action, workflow))):
                found[f"{step.id}#{number}"] = words
    return found


def reach(state: State, given: Arguments | None) -> str:
    """Return whom a kill of a provider, a model or everything reaches; empty for what names one workflow."""
    if not isinstance(given, KillArguments) or given.target.kind == "workflow":
        return ""
    request = KillRequest(given.target, mode=given.mode, tenant=given.tenant, tool=given.tool)
    with contextlib.suppress(Refused):  # a press says what is wrong with it
        return " ".join(_words(state, aim(request, state), every=given.target.kind == "all"))
    return ""


def _words(state: State, aimed: Aim, *, every: bool) -> Iterator[str]:
    if every or aimed.scope.tool is not None or aimed.mode not in ("fallback", FALLBACK_OR_SAFE):
        yield f"It hits {_few(one.name for one in aimed.workflows)}."
        return
    hits = who_is_hit(state, aimed.workflows, (aimed.scope, *aimed.also), aimed.mode)
    dead = {hit.workflow: mode_word(hit.comes_to) for hit in hits if hit.dead_end}
    led = (hit.workflow for hit in hits if hit.serving and hit.workflow not in dead)
    yield f"Without a fallback: {_few(f'{name} ({mode})' for name, mode in dead.items())}."
    yield f"With one: {_few(led)}."


def _few(found: Iterable[str]) -> str:
    names = list(dict.fromkeys(found))
    more = f" and {len(names) - MOST} more" if names[MOST:] else ""
    return f"{', '.join(names[:MOST])}{more}" if names else "none"
