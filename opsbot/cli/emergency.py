"""`opsbot kill … --redis URL`: past a dead bot, with a credential that can only kill."""

import asyncio
import getpass
import os
import re
import secrets
import socket
import time
from dataclasses import dataclass

from opsbot.adapters import local_bot
from opsbot.adapters.redis.emergency import EmergencyLine, Pushed, emergency_line
from opsbot.app import words
from opsbot.app.fleet.words import unread_lines
from opsbot.app.requests import KillRequest, Target
from opsbot.app.target import nearest
from opsbot.cli import printing
from opsbot.cli.api import state_dir
from opsbot.cli.options import Asked
from opsbot.domain.change import Record
from opsbot.domain.containment import Containment
from opsbot.domain.durations import elapsed
from opsbot.domain.errors import Misconfigured, NeedsConfirmation, UnknownMode, UnknownWorkflow
from opsbot.domain.said import DONE, UNCONFIRMED, Said, inert
from opsbot.domain.workflow import Workflow
from opsflags.keys import ENVIRONMENT_PATTERN
from opsflags.model import FALLBACK_OR_SAFE, MODES, SAFE_STATE, Scope

WATCH_S = 3.0
"""How long to wait for clients: a check-in a second finds the record even without the hint."""

PAUSE_S = 0.05
Declared = dict[str, Workflow] | None


@dataclass(frozen=True, slots=True)
class Aim:
    """What is killed, and how."""

    env: str
    scope: Scope
    mode: str


@dataclass(frozen=True, slots=True)
class Heard:
    """How far it got; *seen* is None where the credential may not look, *checked* whether names were."""

    pushed: Pushed
    seen: Containment | None
    took_ms: float
    checked: bool


def kill(asked: Asked, request: KillRequest) -> int:
    """Push the kill, wait for the clients where the credential can see them, and show it."""
    env = _environment(asked.values["redis"])
    if re.fullmatch(ENVIRONMENT_PATTERN, env) is None:
        raise Misconfigured(f"OPSBOT_ENV={env} is no environment's name.")
    answer = asyncio.run(_pushed(asked.values["redis"], env, request))
    return printing.said(answer, as_json=asked.json)


def _environment(url: str) -> str:
    """Return `OPSBOT_ENV`, else what the local bot wrote down if the store is its own."""
    if named := os.environ.get("OPSBOT_ENV"):
        return named
    try:
        local = local_bot.read(state_dir())
    except (Misconfigured, OSError):
        local = None  # a kill must not fail on a file that it can do without
    return local.env if local is not None and local.env and local.redis == url else "dev"


async def _pushed(url: str, env: str, request: KillRequest) -> Said:
    aim = Aim(env, _scope(request), _mode(request))
    began = time.monotonic()
    async with emergency_line(url, env=env) as line:
        declared = await line.workflows()
        _check(request, declared, env)
        pushed = await line.push(_record(request, aim))
        seen = await _until_seen(line, pushed, aim, declared)
    heard = Heard(pushed, seen, (time.monotonic() - began) * 1000, checked=declared is not None)
    return _said(aim, heard)


def _scope(request: KillRequest) -> Scope:
    target = request.target
    named = {} if target.kind == "all" else {target.kind: target.name}
    return Scope(**named, tenant=request.tenant, tool=request.tool)


def _mode(request: KillRequest) -> str:
    """Return the mode on the wire; a bare kill is resolved by every client for its own workflow."""
    if request.mode is not None:
        if request.mode not in MODES[1:]:
            raise UnknownMode(
                f"There is no mode `{request.mode}`; nothing was changed.",
                hint=f"Modes: {', '.join(MODES[1:])}.",
            )
        return request.mode
    if request.tool is not None:
        return "stop"
    wide = request.target.kind in ("provider", "model")
    return FALLBACK_OR_SAFE if wide else SAFE_STATE


def _check(request: KillRequest, declared: Declared, env: str) -> None:
    target = request.target
    if target.kind != "workflow" and not request.confirmed:
        raise NeedsConfirmation(
            f"This stops more than one workflow ({_shown(target)}); nothing was changed.",
            stops=tuple(declared or ("everything it names",)),
            hint="Repeat it with --yes.",
        )
    if target.kind == "workflow" and declared is not None and target.name not in declared:
        error = UnknownWorkflow(target.name, nearest=nearest(target.name, declared))
        error.message = f"There is no workflow `{target.name}` in {env}; nothing was changed."
        if not error.nearest:
            known = ", ".join(f"`{name}`" for name in sorted(declared)) or "none at all"
            error.hint = f"Declared there: {known}. OPSBOT_ENV names another environment."
        raise error


def _shown(target: Target) -> str:
    return "everything" if target.kind == "all" else f"{target.kind} `{target.name}`"


def _record(request: KillRequest, aim: Aim) -> Record:
    return {
        "s": 1,
        "scope": aim.scope.as_json(),
        "mode": aim.mode,
        "claimed": inert(f"{_user()}@{socket.gethostname()}"),
        "uid": secrets.token_hex(16),
        "reason": request.reason,
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name must be able to kill too
        return f"uid {os.getuid()}"


async def _until_seen(
    line: EmergencyLine, pushed: Pushed, aim: Aim, declared: Declared
) -> Containment | None:
    deadline = time.monotonic() + WATCH_S
    while True:
        seen = await line.look(pushed, aim.scope, aim.mode, declared)
        if seen is None or seen.complete or time.monotonic() > deadline:
            return seen
        await asyncio.sleep(PAUSE_S)


def _said(aim: Aim, heard: Heard) -> Said:
    seen, name, scope = heard.seen, heard.pushed.name, aim.scope
    complete = seen is not None and seen.complete
    lines = [
        _fleet_line(seen, heard.took_ms),
        *([] if seen is None else _missing(seen)),
        (
            f"Emergency kill {name} ({words.mode_word(aim.mode)}): no policy was asked, no journal"
            " written; the bot adopts it when it is back."
        ),
        "Only a restore through the bot ends it.",
    ]
    if not heard.checked and scope.workflow is not None:
        lines.append("The name could not be checked with this credential: look for a typo.")
    return Said(
        tone="green" if complete else "amber",
        title=f"{words.effect_of(aim.mode, scope)} in {aim.env}{_so_far(seen)}",
        lines=tuple(lines),
        body={
            "kill": None,
            "emergency": name,
            "env": aim.env,
            "workflow": scope.workflow,
            "scope": scope.as_json(),
            "mode": aim.mode,
            "revision": None,
            "stored": True,
            "durable": None,
            "instances": None if seen is None else seen.as_json(),
            "confirmed_ms": round(heard.took_ms, 1) if complete else None,
            "proved": None,
            "since": None,
        },
        exit_code=DONE if seen is not None and seen.live_complete else UNCONFIRMED,
    )


def _so_far(seen: Containment | None) -> str:
    """Return how far it got, for the first line: what is stored is not yet confirmed."""
    if seen is None:
        return ": stored, the fleet could not be read"
    if seen.complete:
        return ""
    if not seen.confirmed:
        return ": stored; no running instance has confirmed it"
    return f" on {len(seen.confirmed)}/{seen.expected} instances so far"


def _fleet_line(seen: Containment | None, took_ms: float) -> str:
    if seen is None:
        return "Confirmed: unknown. This credential may not see acknowledgements."
    if seen.expected == 0:
        return "No running instance has confirmed it."
    took = f" in {elapsed(took_ms)}" if seen.complete else " so far"
    return f"{len(seen.confirmed)}/{seen.expected} confirmed{took}"


def _missing(seen: Containment) -> list[str]:
    lagging = [f"`{one.id}` lagging: alive, has not confirmed yet" for one in seen.lagging]
    silent = [f"`{one.id}` silent: **not contained**" for one in seen.silent]
    expired = [f"`{one.id}` expired: its lease ended it; not confirmed" for one in seen.expired]
    ahead = [f"`{one.id}` ahead of the store: not confirmed" for one in seen.ahead]
    return [*lagging, *ahead, *silent, *expired, *unread_lines(seen.unread)]
