"""Classic paging: limit, offset, more, and a total only for who asks."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from opsbot.workbench.pagerduty.clock import moment
from opsbot.workbench.pagerduty.desk import Answer, Asked
from opsbot.workbench.pagerduty.model import Json, invalid

T = TypeVar("T")
LIMIT = 25
MOST = 100
END = 10_000


def paged(
    asked: Asked, name: str, rows: Sequence[T], spell: Callable[[T], Json], limit: int = LIMIT
) -> Answer:
    """
    Answer one page of *rows* under *name*; only those of the page are spelled.

    Raises:
        Refusal: limit and offset are no numbers or too great.
    """
    count, offset = whole(asked, "limit", limit), whole(asked, "offset", 0)
    if not 1 <= count <= MOST:
        raise invalid(f"Limit must be between 1 and {MOST}.")
    if count + offset > END:
        raise invalid(f"Offset + limit must be at most {END}.")
    total = len(rows) if asked.query.get("total") == "true" else None
    return Answer(
        {
            name: [spell(row) for row in rows[offset : offset + count]],
            "limit": count,
            "offset": offset,
            "more": offset + count < len(rows),
            "total": total,
        }
    )


def whole(asked: Asked, name: str, otherwise: int) -> int:
    """
    Read a number of the query.

    Raises:
        Refusal: it is none.
    """
    text = asked.query.get(name, str(otherwise))
    if not text.isdecimal():
        raise invalid(f"{name.capitalize()} must be a number.")
    return int(text)


def when(asked: Asked, name: str, otherwise: float) -> float:
    """
    Read a moment of the query, in Unix seconds.

    Raises:
        Refusal: it is none.
    """
    text = asked.query.get(name)
    read = otherwise if text is None else moment(text)
    if read is None:
        raise invalid(f"{name.capitalize()} is not an ISO 8601 date.")
    return read
