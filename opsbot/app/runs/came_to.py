"""What an action came to, read from the one journal entry that was made under its request id."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.runs.outcome import Outcome
from opsbot.app.runs.tells import of_written
from opsbot.domain.approval import from_record as approval_from
from opsbot.domain.change import Change, Json, Record
from opsbot.domain.journal import Broken, Entry, read_entry
from opsbot.domain.said import Said, visible
from opsbot.domain.state import APPROVALS, INCIDENTS, REVISIONS, State
from opsflags import keys

_ASKS: Final = frozenset({"ask_restore", "ask_ramp"})
_HELD: Final = frozenset({"join", "give_reason", "move_review"})
"""Verbs of a kill that held before: somebody joined it, and no more than its reason or review is new."""
_KINDS: Final = (keys.KILLS, keys.ENDED, REVISIONS, INCIDENTS)
DETAIL: Final = 200
SO_ALREADY: Final = "it was so already"
"""What is said of an action that changed nothing: a kill that held before got another reason at most."""


@dataclass(frozen=True, slots=True)
class CameTo:
    """Reads back what is really so: whether a request was committed, and what it did."""

    env: Environment

    async def entry(self, request_id: str) -> Entry | None:
        """
        Return the entry that was committed under a request id, None where none was.

        Raises:
            StoreLost: it is not known.
        """

        def nothing(state: State, now_ms: int) -> tuple[Change | None, None]:
            return None, None

        first, _ = await self.env.store.commit(request_id, nothing)
        if first is None:
            return None
        at = first.position.revision - 1
        lines = await self.env.store.journal(at, at)
        try:
            found = read_entry(lines[0]) if lines else None
        except Broken:
            return None  # `audit verify` says what is wrong there
        return found if found is not None and found.request == request_id else None


def of_entry(entry: Entry) -> Outcome:
    """Return what an entry says that a request did: it waits for a second person, or is done."""
    if entry.verb in _ASKS:
        for kind, id_, record in entry.writes:
            if kind == APPROVALS and record is not None:
                one = approval_from(record)
                if one.standing == "pending":
                    words = "a second person approves"
                    return Outcome("waiting", id_, words, until_ms=one.expires_ms)
    if entry.verb.startswith("comms_"):
        told = (of_written(kind, record) for kind, _, record in entry.writes)
        if (came := next((one for one in told if one is not None), None)) is not None:
            return came
    so = SO_ALREADY if entry.verb in _HELD else ""
    return Outcome("done", next(_results(entry), ""), so)


def of_said(said: Said) -> Outcome:
    """Return what an answer says that a request did where it committed nothing: it was so already."""
    body, so = said.body, SO_ALREADY
    if body.get("first"):
        so = f"{so}: {body['first']} was first"
    if body.get("pending") or body.get("outcome") in ("pending", "still_pending"):
        return Outcome("waiting", str(body.get("approval") or ""), so, note=said_now(said))
    for name in ("kill", "revision", "incident"):
        if isinstance(body.get(name), str):
            return Outcome("done", str(body[name]), so, note=said_now(said))
    return Outcome("done", _first(body), so, note=said_now(said))


def said_now(said: Said) -> str:
    """Return the answer of a use case in one line: its title, which says how far it got."""
    return visible(said.title, limit=DETAIL)


def _first(body: Record) -> str:
    listed = body.get("kills")
    return str(listed[0]) if isinstance(listed, (list, tuple)) and listed else ""


def _results(entry: Entry) -> Iterator[str]:
    """Yield the ids of what an entry changed, the one that it is about first."""
    facts: Json = entry.body.get("facts")
    revision = facts.get("revision") if isinstance(facts, Mapping) else None
    if isinstance(revision, str):
        yield revision
    for wanted in _KINDS:
        for kind, id_, record in entry.writes:
            if kind == wanted and record is not None:
                yield id_.rpartition(":")[2] if kind == REVISIONS else id_
