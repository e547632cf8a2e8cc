"""What the paging service tells of by webhook, as one value. Pure: no signature, no JSON."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

PagerKind = Literal[
    "triggered",
    "acknowledged",
    "unacknowledged",
    "resolved",
    "reopened",
    "reassigned",
    "delegated",
    "escalated",
    "priority_updated",
    "annotated",
    "responder_added",
    "responder_replied",
    "other",
]
PagerStatus = Literal["triggered", "acknowledged", "resolved"]

OTHER: Final = "other"
KINDS: Final[dict[str, PagerKind]] = {
    f"incident.{kind.replace('responder_', 'responder.')}": kind
    for kind in get_args(PagerKind)
    if kind != OTHER
}
"""Each kind by the name that it travels under; every other name is `other`."""

WANTED: Final = tuple(KINDS)
"""The events that a subscription should send."""

_STATUS: Final[dict[PagerKind, PagerStatus]] = {
    "triggered": "triggered",
    "unacknowledged": "triggered",
    "reopened": "triggered",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
}


@dataclass(frozen=True, slots=True)
class PagerEvent:
    """
    One event; fields that its kind does not have are empty, and None is not told.

    *id* is the event's own. *type* is its name as it travels. *pager_id* is the incident's there,
    *key* the incident's key where the event holds it. *occurred_ms* is in milliseconds since 1970
    (UTC): events arrive late, twice and out of order, so only it says which is newer. *agent_id* is
    who did it there, empty for the service itself. *status* is the incident's as of this event.
    *assignees* and *person* (of `responder_…`) are ids there, *reply* is their answer. *note* is
    other people's free text, *trimmed* where the service cut it.
    """

    id: str
    kind: PagerKind
    type: str
    occurred_ms: int
    pager_id: str = ""
    key: str = ""
    agent_id: str = ""
    agent_name: str = ""
    client: str = ""
    status: PagerStatus | None = None
    assignees: tuple[str, ...] | None = None
    priority: str | None = None
    number: int = 0
    title: str = ""
    url: str = ""
    note: str = ""
    note_id: str = ""
    trimmed: bool = False
    person: str = ""
    person_name: str = ""
    reply: str = ""

    @property
    def implied(self) -> PagerStatus | None:
        """Return the status that the kind itself means, None where it means none."""
        return _STATUS.get(self.kind)
