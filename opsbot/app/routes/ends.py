"""How revisions ended, read from the journal: taken back and why, given up, rolled back, followed. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from opsbot.domain.change import Record
from opsbot.domain.journal import Broken, read_entry
from opsbot.domain.route import Number, revision_key
from opsbot.domain.routing import Candidate, Routing, from_record
from opsbot.domain.state import REVISIONS, ROUTES


@dataclass(frozen=True, slots=True)
class End:
    """
    Why a revision serves nobody any more.

    *how* is `taken_back`, `given_up`, `rolled_back` or `followed`; *by* is an identity, and *to*
    the revision that served everybody from then on. *step* is how far its ramp was, empty where it
    served everybody. *why* is the bot's own words, *note* a commitment to a person's.
    """

    how: str
    at_ms: int
    by: str
    to: str
    step: str
    why: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ends:
    """What is *known* of how revisions ended; *whole* says that nothing of it lies further back."""

    known: Mapping[Number, End]
    whole: bool


def about(lines: Iterable[str], workflow: str) -> list[str]:
    """Return the journal lines that move this workflow's pointers, unread: reading them costs more."""
    moved = f'["{ROUTES}",{json.dumps(workflow)},'
    return [line for line in lines if moved in line]


def makes(lines: Iterable[str], workflow: str, number: Number) -> bool:
    """Return whether a revision was made in one of these journal lines."""
    made = f'["{REVISIONS}",{json.dumps(revision_key(workflow, number))},'
    return any(made in line for line in lines)


def ends_of(lines: Sequence[str], workflow: str) -> dict[Number, End]:
    """Return how revisions ended, by the journal lines of `about` in their order; none that serves."""
    ends: dict[Number, End] = {}
    before: Routing | None = None
    for line in lines:
        try:
            entry = read_entry(line)
        except Broken:
            continue  # `audit verify` is where a damaged journal is said; here it tells nothing
        after = _routing(entry.writes, workflow)
        if after is None:
            continue
        if before is not None:
            ends |= _ended(before, after, entry.body)
        ends.pop(after.active, None)
        if after.candidate is not None:
            ends.pop(after.candidate.number, None)
        before = after
    return ends


def _routing(writes: Sequence[tuple[str, str, Record | None]], workflow: str) -> Routing | None:
    found = (one for kind, id_, one in writes if kind == ROUTES and id_ == workflow)
    record = next(found, None)
    return None if record is None else from_record(record)


def _ended(before: Routing, after: Routing, body: Record) -> dict[Number, End]:
    """Return what one commit ended: what served everybody, and what was on its way."""
    ends: dict[Number, End] = {}
    verb, tried = str(body.get("verb", "")), before.candidate
    if before.active != after.active:
        same = _told(body).get("back_to") == before.id  # a rollback that only ended a ramp
        how = "rolled_back" if verb == "rollback" and not same else "followed"
        ends[before.active] = _end(how, after, body)
    on_its_way = after.candidate.number if after.candidate is not None else after.active
    if tried is not None and tried.number not in (on_its_way, after.active):
        how = "taken_back" if verb == "take_back_ramp" else "given_up"
        ends[tried.number] = _end(how, after, body, _step(tried))
    return ends


def _told(body: Record) -> Record:
    facts = body.get("facts")
    return facts if isinstance(facts, Mapping) else {}


def _step(tried: Candidate) -> str:
    return tried.steps[min(tried.step, len(tried.steps) - 1)].name if tried.steps else "a step"


def _end(how: str, after: Routing, body: Record, step: str = "") -> End:
    told = _told(body)
    return End(
        how,
        int(str(body.get("at_ms", 0))),
        after.by,
        after.id,
        step,
        str(told.get("why", "") or ""),
        str(told.get("reason", "") or ""),
    )
