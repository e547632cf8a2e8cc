"""Anchors of the journal in an append-only file of signed lines, outside the store."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opsbot.adapters.signing import KeyFile, verify
from opsbot.domain.change import Json
from opsbot.domain.journal import canonical


@dataclass(frozen=True, slots=True)
class AnchorLines:
    """Implements `app.anchor.AnchorFile`; *key* should be readable by the bot alone."""

    path: Path
    key: KeyFile
    env: str

    async def kept(self) -> Sequence[tuple[int, str]]:
        """Return the anchors of this environment whose signatures hold, in the file's order."""
        return await asyncio.to_thread(self._read)

    async def keep(self, *, count: int, head: str, at_ms: int) -> None:
        """Append one signed line; it is on disk when this returns."""
        body: dict[str, Json] = {"env": self.env, "count": count, "head": head, "at_ms": at_ms}
        line = json.dumps({**body, "signature": self.key.sign(canonical(body))}, sort_keys=True)
        await asyncio.to_thread(self._append, line)

    def _append(self, line: str) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> list[tuple[int, str]]:
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_text("utf-8").splitlines():
            anchor = self._anchor(line)
            if anchor is not None:
                found.append(anchor)
        return found

    def _anchor(self, line: str) -> tuple[int, str] | None:
        """Return one anchor; None for a torn last line or one that somebody else wrote."""
        try:
            value = json.loads(line)
            signature = value.pop("signature")
        except (ValueError, KeyError, AttributeError):
            return None
        if value.get("env") != self.env or not verify(self.key.public, canonical(value), signature):
            return None
        return int(value["count"]), str(value["head"])
