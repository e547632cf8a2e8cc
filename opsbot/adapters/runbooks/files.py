"""The files of `runbooks/`: read once for each content, ours strictly, foreign ones as they are."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from opsbot.adapters.runbooks.parsed import FOLDER, Parsed
from opsbot.domain.declaration import Finding, Level
from opsbot.domain.runbook import Runbook

COMMS: Final = "comms"
TEMPLATE_END: Final = ".md.j2"
_KEPT = 256


@dataclass(frozen=True, slots=True)
class Page:
    """One file: its name (`imported/<name>` of a foreign one), the SHA-256 of its bytes, and what it says."""

    name: str
    path: Path
    digest: str
    parsed: Parsed
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Library:
    """
    A whole folder as it was read; no rule was looked at yet.

    *findings* are files that cannot be read at all. *templates* are those of `comms/` by name, None
    where there is no such folder.
    """

    folder: Path
    pages: tuple[Page, ...] = ()
    findings: tuple[Finding, ...] = ()
    templates: frozenset[str] | None = None
    names: frozenset[str] = field(default_factory=frozenset)

    @property
    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of the bytes of each runbook of ours."""
        return {one.name: one.digest for one in self.pages if not one.imported}

    @property
    def runbooks(self) -> Mapping[str, Runbook]:
        """Return every runbook that can be used, by name."""
        found = ((one.name, one.parsed.runbook) for one in self.pages)
        return {name: runbook for name, runbook in found if runbook is not None}


def load(folder: Path) -> Library:
    """Read every runbook of a folder; a folder that is missing has none."""
    findings: list[Finding] = []
    pages = [*_pages(folder, findings, imported=False)]
    if not pages and folder.is_dir() and not findings:
        fix = "Write one, as in docs/runbooks.md, or set OPSBOT_RUNBOOKS_DIR."
        findings.append(Finding(str(folder), 1, "holds no runbook", fix, "error", "E30"))
    pages += _pages(folder / FOLDER, findings, imported=True)
    names = frozenset(one.name for one in pages)
    return Library(folder, tuple(pages), tuple(findings), _templates(folder / COMMS), names)


def _pages(folder: Path, findings: list[Finding], *, imported: bool) -> Iterator[Page]:
    for path in sorted(folder.glob("*.md")):
        name = f"{FOLDER}/{path.stem}" if imported else path.stem
        try:
            raw = path.read_bytes()
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
            level: Level = "warning" if imported else "error"
            fix = "Check its permissions."
            findings.append(Finding(str(path), 1, what, fix, level, "E01"))
            continue
        digest = hashlib.sha256(raw).hexdigest()
        yield Page(name, path, digest, _parsed(raw, name).of(str(path)), imported)


def read_page(text: str | bytes, *, name: str, file: str) -> Parsed:
    """Read one page, a foreign one by its name `imported/<name>`; never raises, ends within 2 s."""
    # Imported here: what reads no runbook, as a kill from a terminal, does not load the parser.
    from opsbot.adapters.runbooks.imported import parse_imported  # noqa: PLC0415  as above
    from opsbot.adapters.runbooks.markdown import parse  # noqa: PLC0415  as above

    if name.startswith(f"{FOLDER}/"):
        return parse_imported(text, name=name.removeprefix(f"{FOLDER}/"), file=file)
    return parse(text, name=name, file=file)


@lru_cache(maxsize=_KEPT)
def _parsed(raw: bytes, name: str) -> Parsed:
    """Read a page once, wherever it lies: a change of one file would else read all of them again."""
    return read_page(raw, name=name, file="")


def _templates(folder: Path) -> frozenset[str] | None:
    if not folder.is_dir():
        return None
    found = (one.name.removesuffix(TEMPLATE_END) for one in folder.glob(f"*{TEMPLATE_END}"))
    return frozenset(name for name in found if "." not in name)
