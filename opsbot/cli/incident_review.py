"""`incident export INC-1`: the review of an incident as a file, or on the screen."""

from pathlib import Path
from urllib.parse import quote

from opsbot.app.review.export import form_of
from opsbot.cli import printing
from opsbot.cli.api import opened
from opsbot.cli.options import Asked, Usage
from opsbot.domain.change import Json
from opsbot.domain.errors import Misconfigured
from opsbot.domain.incident.incident import number_of
from opsbot.domain.said import DONE, Said

WORD = "export"
USAGE = "write `opsbot incident export INC-1 [--format md|html|json|svg] [--out FILE]`"
CURRENT = "current"
"""In place of an id: the only open incident; where several are open, none is guessed."""


def wants_file(asked: Asked) -> bool:
    """Return whether the words ask for a review as a file."""
    return bool(asked.words) and asked.words[0].lower() == WORD


def export(asked: Asked) -> int:
    """Write the review into a file, or onto the screen where no file is named."""
    which = _which(asked)
    out = asked.values.get("out")
    ending = Path(out).suffix.removeprefix(".") if out else ""
    form = form_of(asked.values.get("format") or ending or ("json" if asked.json else "md"))
    found = opened(asked).raw(f"/v1/incidents/{quote(which, safe='')}/review.{form}")
    if not out:
        print(found.decode(), end="")
        return DONE
    try:
        Path(out).write_bytes(found)
    except OSError as error:
        raise Misconfigured(f"{out} cannot be written: {error.strerror}.") from error
    body: dict[str, Json] = {"file": out, "bytes": len(found), "format": form}
    said = Said("plain", f"Written to {out}: the review of {which}.", body=body)
    return printing.said(said, as_json=asked.json)


def _which(asked: Asked) -> str:
    """
    Return the id of the incident that is meant.

    Raises:
        Usage: it is none, or there is a word too many.
    """
    rest = asked.words[1:]
    if not rest:
        return CURRENT
    name = number_of(rest[0])
    if name is None or len(rest) > 1:
        raise Usage(USAGE)
    return name
