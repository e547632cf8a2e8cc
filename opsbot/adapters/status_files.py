"""
The status page as files in a directory, for any web server: each is whole at every moment.

Replicas may share the directory: one writes at a time, and none puts an older page over a newer one.
"""

import asyncio
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from opsbot.app.status_page.site import Site, is_file
from opsbot.domain.change import Position

FRESH_MS: Final = 120_000
"""
For how long a newer page keeps an older one out, in milliseconds.

A replica that is behind learns better within seconds; a page of another store, whose history was
longer, must not stand in the way for good.
"""

_MARK, _LOCK = ".written.json", ".lock"
_ASIDE: Final = ".new-"


@dataclass(frozen=True, slots=True)
class StatusFiles:
    """The `Shelf` port on one directory; readable for everybody, but what we note for ourselves."""

    folder: Path

    async def put(self, site: Site) -> bool:
        """Write every file, those that changed; see the port."""
        return await asyncio.to_thread(self._put, site)

    async def last(self) -> Site | None:
        """Return what lies there, None where there is no page."""
        return await asyncio.to_thread(self._last)

    def _put(self, site: Site) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        with _alone(self.folder / _LOCK):
            mark = self._mark()
            if mark is not None and _newer(mark, site):
                return False
            for name, body in sorted(site.files.items()):
                _write(self.folder / name, body)
            self._tidy(site)
            _write(self.folder / _MARK, json.dumps(_as_mark(site)).encode(), mode=0o600)
        return True

    def _tidy(self, site: Site) -> None:
        """Take away pages in languages that are no longer spoken, and what a crash left half."""
        for path in self.folder.glob("index.*html"):
            if path.name not in site.files:
                path.unlink(missing_ok=True)
        for path in self.folder.rglob(f"{_ASIDE}*"):
            path.unlink(missing_ok=True)

    def _last(self) -> Site | None:
        if not (self.folder / "index.html").is_file():
            return None
        names = (
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file()
        )
        files = {name: (self.folder / name).read_bytes() for name in names if is_file(name)}
        mark = self._mark()
        if mark is None:
            made_ms = (self.folder / "index.html").stat().st_mtime_ns // 1_000_000
            return Site(files, made_ms=made_ms)
        return Site(files, mark.at, mark.made_ms, mark.locales, mark.zone)

    def _mark(self) -> Site | None:
        """Return what we noted of the last writing, without its files; None where that cannot be read."""
        try:
            found = json.loads((self.folder / _MARK).read_text("utf-8"))
            return Site(
                {},
                Position(int(found["epoch"]), int(found["revision"])),
                int(found["made_ms"]),
                tuple(str(one) for one in found["locales"]),
                str(found["zone"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _as_mark(site: Site) -> dict[str, object]:
    return {
        "epoch": site.at.epoch,
        "revision": site.at.revision,
        "made_ms": site.made_ms,
        "locales": list(site.locales),
        "zone": site.zone,
    }


def _newer(mark: Site, site: Site) -> bool:
    return mark.at > site.at and abs(site.made_ms - mark.made_ms) < FRESH_MS


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other writers out, those of other processes too; a process that dies lets go."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, body: bytes, *, mode: int = 0o644) -> None:
    """Put a file in its place in one step; one that says the same is left, so that copies of it stay good."""
    if path.is_file() and path.read_bytes() == body:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{_ASIDE}{secrets.token_hex(6)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
