"""The whole of an answer as JSON, for a terminal or for a repeated request. Pure."""

from opsbot.domain.change import Record
from opsbot.domain.said import Said

SAID = "application/vnd.opsbot.said+json"
"""Media type of the whole answer: tone, title, lines, exit code and the machine's form as `body`."""


def as_record(said: Said) -> Record:
    """Return all of an answer but its buttons, which only Slack can press."""
    return {
        "tone": said.tone,
        "title": said.title,
        "lines": list(said.lines),
        "exit_code": said.exit_code,
        "body": said.body,
    }


def as_said(record: Record) -> Said:
    """
    Read what `as_record` gave.

    Raises:
        KeyError, TypeError: it is something else.
    """
    lines, body = record["lines"], record["body"]
    if not isinstance(lines, list) or not isinstance(body, dict):
        raise TypeError("not an answer")
    return Said(
        tone=record["tone"],  # type: ignore[arg-type]  # one of ours, by the media type
        title=str(record["title"]),
        lines=tuple(str(line) for line in lines),
        body=body,
        exit_code=int(record["exit_code"]),  # type: ignore[arg-type]  # a number, by the media type
    )
