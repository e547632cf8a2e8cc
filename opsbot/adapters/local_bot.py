"""
`bot.json`: how a terminal on the same machine finds the running bot, and as whom it may speak.

The bot writes its address; whoever keeps people for it (the demo, say) writes their tokens beside
it. Either keeps what the other wrote.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from opsbot.domain.errors import Misconfigured

NAME = "bot.json"


@dataclass(frozen=True, slots=True)
class Local:
    """
    What the file says.

    *people* maps a name for `--as` to a bearer token; *speaks* is the one that speaks by default.
    *env* and *redis* say which store is the bot's.
    """

    api: str
    people: Mapping[str, str]
    speaks: str
    env: str = ""
    redis: str = ""


def read(state_dir: Path) -> Local | None:
    """
    Return the local bot, or None where no bot has ever run.

    Raises:
        Misconfigured: the file is readable by others, or is not ours.
    """
    path = state_dir / NAME
    try:
        mode, raw = path.stat().st_mode, path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    if mode & 0o077:
        raise Misconfigured(
            f"{path} holds tokens and others can read it.", hint=f"chmod 600 {path}"
        )
    found = _object(path, raw)
    people = found.get("people")
    tokens = {name: _token(one) for name, one in people.items()} if isinstance(people, dict) else {}
    return Local(
        api=str(found.get("api", "")),
        people={name: token for name, token in tokens.items() if token},
        speaks=str(found.get("as", "")),
        env=str(found.get("env", "")),
        redis=str(found.get("redis", "")),
    )


def write(state_dir: Path, fields: Mapping[str, object]) -> Path:
    """Put *fields* into the file, atomically and for the owner's eyes only; keep the others."""
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = state_dir / NAME
    try:
        found = _object(path, path.read_text(encoding="utf-8"))
    except (FileNotFoundError, Misconfigured):
        found = {}
    aside = path.with_name(f"{NAME}.{os.getpid()}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({**found, **fields}, file, indent=1)
    aside.replace(path)
    return path


def withdraw(state_dir: Path, *, api: str) -> None:
    """Take the address out again at the end of a bot, unless another one has written its own."""
    path = state_dir / NAME
    try:
        found = _object(path, path.read_text(encoding="utf-8"))
    except (FileNotFoundError, Misconfigured):
        return
    if found.get("api") == api:
        write(state_dir, {"api": ""})


def _token(one: object) -> str:
    """Return the token of a person, written alone or as `{"token": …}`."""
    found = one.get("token") if isinstance(one, dict) else one
    return found if isinstance(found, str) else ""


def _object(path: Path, raw: str) -> dict[str, object]:
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Misconfigured(
            f"{path} is not a file of opsbot.", hint="Remove it; a bot writes it anew."
        )
    return cast("dict[str, object]", found)
