"""`audit tail|verify|export`: the journal, through the bot or, for an exported file, without anything."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from opsbot.adapters import signing
from opsbot.cli import printing
from opsbot.cli.api import opened
from opsbot.cli.options import Asked, Usage
from opsbot.domain.change import Json
from opsbot.domain.journal import Broken, canonical, verify
from opsbot.domain.said import DONE, REFUSED, Said

TAIL = "20"
_USAGE = "opsbot audit tail [COUNT] | verify [--file EXPORT] [--key PUBLIC] | export"


def audit(asked: Asked) -> int:
    """Run one of the three."""
    match asked.words:
        case ("tail",):
            return _shown(asked, "/v1/journal", {"tail": TAIL})
        case ("tail", count):
            return _shown(asked, "/v1/journal", {"tail": count})
        case ("verify",) if "file" in asked.values:
            return _offline(asked)
        case ("verify",):
            return _shown(asked, "/v1/journal/verify", {})
        case ("export",):
            return _export(asked)
        case _:
            raise Usage(_USAGE)


def _shown(asked: Asked, path: str, query: dict[str, str]) -> int:
    api = opened(asked)
    return printing.said(api.ask(path, query), as_json=asked.json)


def _export(asked: Asked) -> int:
    api = opened(asked)
    for line in api.lines("/v1/journal/export"):
        sys.stdout.write(f"{line}\n")
    return DONE


def _offline(asked: Asked) -> int:
    path = Path(asked.values["file"])
    try:
        # Only "\n" ends a line: JSON may hold the other characters that `splitlines` cuts at.
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"{path} cannot be read: {error}") from error
    return printing.said(verified(lines, key=asked.values.get("key")), as_json=asked.json)


def verified(lines: Sequence[str], *, key: str | None) -> Said:
    """
    Verify an export with nothing but itself and, where given, the public *key* (hex) of its bot.

    Without *key* the one in the header is believed: that finds damage, not a forger who signed
    anew, and the answer says so.
    """
    header, trailer = _object(lines, 0), _object(lines, -1)
    public = key or str(header.get("public", ""))
    findings = [*_frame_findings(header, trailer, public), *_chain_findings(lines, trailer)]
    entries = max(len(lines) - 2, 0)
    body: dict[str, Json] = {
        "valid": not findings,
        "entries": entries,
        "public": public,
        "findings": findings,
    }
    if findings:
        title = f"The export does NOT verify: {len(findings)} finding(s)"
        return Said("red", title, tuple(findings), body=body, exit_code=REFUSED)
    trusted = "the key you gave" if key else f"the key {public[:16]}… that the export itself names"
    return Said(
        "green",
        f"The export verifies: {entries} entries",
        (
            f"Chain, count and signature by {trusted}.",
            *(() if key else ("Compare that key with the bot's own: `--key` does it for you.",)),
        ),
        body=body,
    )


def _frame_findings(
    header: dict[str, object], trailer: dict[str, object], public: str
) -> list[str]:
    if header.get("opsbot") != "journal":
        return ["The first line is not the header of an export."]
    if "signature" not in trailer:
        return ["The signed trailer is missing: the end was cut off."]
    signed = {name: value for name, value in trailer.items() if name != "signature"}
    if signed.get("env") != header.get("env"):
        return ["Header and trailer are of different environments."]
    if not _signed(signed, public, str(trailer["signature"])):
        return [f"The trailer's signature is not by the key {public[:16]}…"]
    return []


def _signed(what: dict[str, object], public: str, signature: str) -> bool:
    try:
        return signing.verify(public, canonical(what), signature)  # type: ignore[arg-type]  # parsed JSON
    except ValueError:  # a number that no export of ours holds
        return False


def _chain_findings(lines: Sequence[str], trailer: dict[str, object]) -> list[str]:
    if "signature" not in trailer:
        return []
    count, head = trailer.get("count"), trailer.get("head")
    try:
        verify(
            lines[1:-1],
            count=count if isinstance(count, int) else None,
            head=str(head) if head else None,
        )
    except Broken as broken:
        return [f"Entry {broken.seq} {broken.why}."]
    return []


def _object(lines: Sequence[str], index: int) -> dict[str, object]:
    try:
        found = json.loads(lines[index])
    except (IndexError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
