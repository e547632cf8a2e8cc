"""A runbook's bytes as text: normalised, within its limits, without characters that nobody sees."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from opsbot.domain.declaration import Finding, Level

MAX_BYTES: Final = 256 * 1024
MAX_LINES: Final = 8_000

_HIDDEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ENDS: Final = re.compile(r"\r\n?")
_KEPT: Final = 20


class Unfit(ValueError):
    """A text that is not read at all; *line* is one-based."""

    def __init__(self, message: str, fix: str, line: int = 1, rule: str = "E01") -> None:
        super().__init__(message)
        self.message, self.fix, self.line, self.rule = message, fix, line, rule

    def finding(self, file: str, level: Level = "error") -> Finding:
        """Return it as a finding of *file*."""
        return Finding(file, self.line, self.message, self.fix, level, self.rule)


@dataclass(frozen=True, slots=True)
class Text:
    """A normalised text, and the SHA-256 of its bytes in hex."""

    source: str
    digest: str


def normalised(given: str | bytes) -> Text:
    """
    Return the text without a byte order mark, with `\\n` at the end of each line.

    Raises:
        Unfit: too large, not UTF-8, or holding characters that no text has.
    """
    if isinstance(given, bytes):
        given = _decoded(given)
    source = _ENDS.sub("\n", given.removeprefix("\ufeff"))
    try:
        raw = source.encode()
    except UnicodeEncodeError as error:
        line = source.count("\n", 0, error.start) + 1
        raise Unfit("holds half of a character", "Save it as UTF-8.", line) from None
    _within(raw, source)
    return Text(source, hashlib.sha256(raw).hexdigest())


def hidden(source: str, file: str) -> Iterator[Finding]:
    """Yield where characters stand that make a line read as another (rule E14), once a line."""
    told = 0
    for number, line in enumerate(source.split("\n"), 1):
        if (found := _HIDDEN.search(line)) is not None:
            what = f"has an invisible character U+{ord(found[0]):04X}"
            fix = "Delete it: it can make a line read as another."
            yield Finding(file, number, what, fix, "error", "E14")
            told += 1
        if told == _KEPT:
            return


def _decoded(raw: bytes) -> str:
    _small(len(raw))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Unfit("is not UTF-8", "Save it as UTF-8.", line) from None


def _small(size: int) -> None:
    if size > MAX_BYTES:
        raise Unfit(f"is larger than {MAX_BYTES // 1024} KiB", "Split it.")


def _within(raw: bytes, source: str) -> None:
    _small(len(raw))
    if source.count("\n") > MAX_LINES:
        raise Unfit(f"has more than {MAX_LINES} lines", "Split it.")
    if (found := _CONTROL.search(source)) is not None:
        line = source.count("\n", 0, found.start()) + 1
        what = f"has a control character U+{ord(found[0]):04X}"
        raise Unfit(what, "Delete it: it is no text.", line, "E14")
