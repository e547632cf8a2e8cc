"""What several listeners share: questions that wait for a yes, and looking at the clock while asking."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Final

from opsbot.app.error_words import of_error
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import NeedsConfirmation, OpsbotError, StaleButton
from opsbot.domain.said import Button, Said
from opsbot.domain.typed import command
from opsbot.slack.deps import Deps
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import Reply, Show
from opsbot.slack.views import confirm_modal

ASK_FOR_MS: Final = 15 * 60_000
NAMES_WITHIN_S: Final = 0.4


async def kill_or_ask(deps: Deps, request: KillRequest, act: Invocation, actor: Actor) -> Reply:
    """
    Kill, or keep the request and ask for the yes that `all`, a provider and a model need.

    Raises:
        Refused: nothing was changed.
        StoreLost: whether it is stored is not known.
    """
    try:
        timed = replace(request, arrived_s=act.arrived_s)
        return await deps.verbs.kill(timed, actor, request_id=act.request_id)
    except NeedsConfirmation as error:
        key = f"ask:{act.request_id}"
        await deps.memory.leave(key, _kept(request, deps.clock.now_ms()), ttl_s=ASK_FOR_MS / 1000)
        said = of_error(error)
        if act.kind == "submit":
            return Show(confirm_modal(said.spelled(deps.spell), key), said)
        yes = Button("confirm_kill", "Stop all of these", key, "danger")
        return Said(said.tone, said.title, said.lines, (yes,), said.body, said.exit_code)


async def confirmed(deps: Deps, key: str, actor: Actor) -> Said:
    """
    Do what was kept under *key*; pressed twice it is one effect.

    Raises:
        StaleButton: it was asked too long ago, or never.
        Refused: nothing was changed.
        StoreLost: whether it is stored is not known.
    """
    record = await deps.memory.left(key) if key.startswith("ask:") else None
    request = _read(record, deps.clock.now_ms()) if record else None
    if request is None:
        raise StaleButton(
            "That question is over; nothing was changed.",
            hint=f"Ask again with {command('kill')}.",
        )
    said = await deps.verbs.kill(request, actor, request_id=f"{key}:yes")
    if record and request.reason:
        await deps.memory.leave(key, {**record, "reason": ""}, ttl_s=ASK_FOR_MS / 1000)
    return said


async def names_in_time(deps: Deps) -> tuple[str, ...]:
    """Return the workflows' names, none where they can't be had in time: a form must open at once."""
    try:
        async with asyncio.timeout(NAMES_WITHIN_S):
            return await deps.verbs.names()
    except (OpsbotError, TimeoutError):
        return ()


def _kept(request: KillRequest, now_ms: int) -> Record:
    kept: dict[str, Json] = {**asdict(request), "at_ms": now_ms}
    kept["target"] = {"kind": request.target.kind, "name": request.target.name}
    del kept["arrived_s"]  # the yes comes later, and its answer is timed by itself
    return kept


def _read(record: Record, now_ms: int) -> KillRequest | None:
    target, at_ms = record.get("target"), record.get("at_ms")
    if not isinstance(target, Mapping) or not isinstance(at_ms, int | float):
        return None
    if not 0 <= now_ms - at_ms + ASK_FOR_MS <= 2 * ASK_FOR_MS:
        return None
    fields = {name: record.get(name) for name in _FIELDS}
    fields["reason"] = fields["reason"] or ""
    aimed = Target(target["kind"], target["name"])  # type: ignore[arg-type]  # a record of our own
    return KillRequest(aimed, confirmed=True, **fields)  # type: ignore[arg-type]  # as written by _kept


_FIELDS: Final = ("mode", "tenant", "tool", "review_in_s", "break_glass", "reason", "said_mode")
