"""A replica's own copy of the journal: what it decides on, and what it puts back after a flush."""

import contextlib
import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import structlog

from opsbot.domain import journal
from opsbot.domain.journal import Broken
from opsbot.domain.state import State

DIGEST = 32

log = structlog.get_logger(__name__)


class OwnCopy:
    """
    The state that this replica knows, the digest of each entry behind it, and a file of them.

    *length* is how much of the store's journal was read; it is larger than the revision only where
    somebody pushed lines that do not belong to the chain (*damaged* counts them; `audit verify`
    names them). Without a path nothing is kept beyond this process.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._unwritten: list[str] = []
        self._digests = bytearray()
        self._first = 0
        self._disowned: list[tuple[int, str]] = []
        self.state = State()
        self.length = 0
        self.damaged = 0

    @property
    def keeps(self) -> bool:
        """Return whether there is a file."""
        return self._path is not None

    def load(self) -> None:
        """Read the file as far as it holds; a line torn by a crash and what follows is dropped."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        good = 0
        if self._path.exists():
            with self._path.open("rb") as file:
                for raw in file:
                    if not raw.endswith(b"\n") or not self._takes(
                        raw[:-1].decode("utf-8", "replace")
                    ):
                        break
                    good += len(raw)
            os.truncate(self._path, good)
        self.length = self.state.position.revision
        self._open("a")

    def _open(self, mode: str) -> None:
        assert self._path is not None
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, mode, encoding="utf-8")

    def take(self, lines: Sequence[str]) -> None:
        """Apply the lines that follow; skip and count those that do not belong to the chain."""
        for line in lines:
            self.length += 1
            if self._takes(line):
                self._keep(line)
            else:
                self.damaged += 1
        self._flush()

    def _takes(self, line: str) -> bool:
        try:
            entry = journal.read_entry(line, index=self.length)
            self.state = journal.follow(self.state, entry)
        except Broken:
            return False
        self._digests += bytes.fromhex(entry.hash)
        return True

    def _keep(self, line: str) -> None:
        if self._file is not None:
            self._unwritten.append(line + "\n")

    def _flush(self) -> None:
        if self._file is None or not self._unwritten:
            return
        try:
            self._file.writelines(self._unwritten)
            self._file.flush()
        except OSError as error:
            # A full disk here must not fail a kill that the store holds; the next start reads the
            # file as far as it is whole and the rest from the store.
            log.error("own copy of the journal is not kept any more", error=str(error))  # noqa: TRY400 - expected
            self.close()
        self._unwritten.clear()

    def adopt(self, state: State, length: int) -> None:
        """Begin at *state* without its history (the snapshot shortcut)."""
        self.state, self.length = state, length
        self._first = state.position.revision
        self._digests.clear()

    def rebase(self, lines: Sequence[str]) -> None:
        """Begin anew from the store's journal; the old file stays beside it as evidence."""
        at, head = self.state.position, self.state.head
        if at.revision:
            self._disowned.append((at.revision, head))
        if self._path is not None:
            self.close()
            if self._path.exists() and self._path.stat().st_size:
                aside = f".{at.epoch}-{at.revision}-{head[:12]}.lost"
                self._path.rename(self._path.with_suffix(aside))
            self._open("a")
        self._digests.clear()
        self._first = self.length = 0
        self.state = State()
        self.take(lines)

    def disowned(self) -> tuple[tuple[int, str], ...]:
        """Return (count, head) of every journal that was held here and that the store did not continue."""
        found = list(self._disowned)
        if self._path is not None:
            found += [
                end
                for path in sorted(self._path.parent.glob(f"{self._path.stem}.*.lost"))
                if (end := _end_of(path)) is not None
            ]
        return tuple(dict.fromkeys(found))

    def common(self, lines: Sequence[str]) -> int:
        """Return how many of *lines* are entries of this copy, from the first one on."""
        if self._first:
            return 0
        known = len(self._digests) // DIGEST
        for index, line in enumerate(lines[:known]):
            mine = self._digests[index * DIGEST : (index + 1) * DIGEST].hex()
            if not line.startswith(mine + " "):
                return index
        return min(known, len(lines))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


def _end_of(path: Path) -> tuple[int, str] | None:
    """Return the place and the hash of a file's last whole entry; None where there is none."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in reversed(deque(file, maxlen=2)):  # the last one may be torn
            with contextlib.suppress(Broken):
                entry = journal.read_entry(line.rstrip("\n"))
                return entry.position.revision, entry.hash
    return None
