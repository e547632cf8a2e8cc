"""
What PagerDuty says of a page, mirrored into its incident: late, twice and in any order, it converges. Pure.

PagerDuty owns whether somebody was called, who, and whether they answered; opsbot owns the incident
and its kills. So an acknowledgement is taken over, and a resolution there is shown and never lifts a kill.
"""

from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.incident.change import changed
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Sealed, Write
from opsbot.domain.incident.incident import Incident, Pager
from opsbot.domain.incident.note import Note
from opsbot.domain.incident.note import as_record as note_record
from opsbot.domain.pager_event import PagerEvent, PagerStatus
from opsbot.domain.state import NOTES, State

PAGERDUTY: Final = Actor(kind="system", id="pagerduty", via="http")
OWN_MARK: Final = "[opsbot "
"""How every note of ours begins; one that comes back is an echo."""

RESOLUTION: Final = "Resolution Note: "
"""What PagerDuty puts before the words with which something was resolved."""

STATUS, ASSIGNEES = "status", "assignees"

READ: Final = "read"
"""The type of what was not told but read there; it is taken over even of a page that is not followed."""

MOST_TURNS: Final = 20
TURNS_MS: Final = 600_000
"""More changes of one page's status than that in so long are somebody's loop: it is not followed for as long."""

AHEAD_MS: Final = 3_600_000
"""How far ahead of the store's clock PagerDuty's may be."""


@dataclass(frozen=True, slots=True)
class Told:
    """
    One event with what must be chosen beforehand; *note* is the commitment to its free text.

    *by* is what people call who did it there.
    """

    event: PagerEvent
    note: str = ""
    sealed: tuple[Sealed, ...] = ()
    by: str = ""


def decide_told(state: State, now_ms: int, told: Told) -> tuple[Change | None, str]:
    """
    Return the change that an event makes, and the incident's id (empty where it is none of ours).

    Nothing is ever sent back for it: what came from there is known there. What claims to lie far ahead
    is not believed, as nothing later could count after it; the look every five minutes reads what is so.
    """
    if told.event.occurred_ms > now_ms + AHEAD_MS:
        return None, ""
    before = paged_as(state, told.event)
    if before is None or before.pager is None:
        return None, ""
    pager = followed(before.pager, told.event, now_ms)
    after = _answered(before, replace(before, pager=pager), told.event)
    held = pager.held_ms != before.pager.held_ms
    verb = "pager_held" if held else f"pager_{told.event.kind}"
    change, _ = changed(state, now_ms, before, after, PAGERDUTY, verb=verb, echo=True, said=held)
    noted = _note(state, now_ms, before, told)
    if noted is not None:
        base = change or Change(verb="pager_annotated", actor=PAGERDUTY, rule="system")
        facts = {**base.facts, "incident": before.id}
        change = replace(base, writes=(*base.writes, noted), sealed=told.sealed, facts=facts)
    return change, before.id


def paged_as(state: State, event: PagerEvent) -> Incident | None:
    """
    Return the incident that an event is about: by our key, else by the id that we know it by.

    The key comes first: an event can arrive before the answer that would have told us the id. Of
    another page that has the key (an alert that was raised meanwhile) nothing is taken over.
    """
    pages = [one for one in state.incidents() if one.pager is not None]
    by_key = (
        one
        for one in pages
        if event.key and one.pager and one.pager.key == event.key
        if not (one.pager.id and event.pager_id) or one.pager.id == event.pager_id
    )
    by_id = (
        one for one in pages if event.pager_id and one.pager and one.pager.id == event.pager_id
    )
    return next(by_key, None) or next(by_id, None)


def followed(pager: Pager, event: PagerEvent, now_ms: int) -> Pager:
    """
    Return what is known of a page after an event, unless its status turns without end.

    Such a page is not followed for a while; what is read there meanwhile still counts, so it comes
    to the truth all the same.
    """
    if event.type != READ and now_ms < pager.held_ms:
        return pager
    after = mirrored(pager, event, now_ms)
    if event.type == READ or after.status == pager.status:
        return after
    begins = now_ms - pager.turns_ms >= TURNS_MS
    turns = 1 if begins else pager.turns + 1
    since_ms = now_ms if begins else pager.turns_ms
    held_ms = now_ms + TURNS_MS if turns > MOST_TURNS else pager.held_ms
    return replace(after, turns=turns, turns_ms=since_ms, held_ms=held_ms)


def mirrored(pager: Pager, event: PagerEvent, now_ms: int) -> Pager:
    """Return what is known of a page after an event; each field only from a newer moment there."""
    status: PagerStatus | None = event.implied or event.status
    known = replace(
        pager,
        id=pager.id or event.pager_id,
        number=pager.number or event.number,
        url=pager.url or event.url,
    )
    if status is not None and _newer(pager, STATUS, event):
        known = _applied(replace(known, status=status), STATUS, event)
    if event.assignees is not None and _newer(pager, ASSIGNEES, event):
        known = _applied(replace(known, assignees=event.assignees), ASSIGNEES, event)
    return known if known == pager else replace(known, at_ms=now_ms)


def _newer(pager: Pager, name: str, event: PagerEvent) -> bool:
    """Return whether an event speaks of a later moment; of two at one moment the further one counts."""
    last = pager.applied.get(name, 0)
    if event.occurred_ms != last:
        return event.occurred_ms > last
    if name != STATUS:
        return tuple(event.assignees or ()) > pager.assignees
    now = event.implied or event.status or "triggered"
    return _FURTHER[now] > _FURTHER[pager.status]


_FURTHER: Final = {"": 0, "triggered": 1, "acknowledged": 2, "resolved": 3}


def _applied(pager: Pager, name: str, event: PagerEvent) -> Pager:
    return replace(pager, applied={**pager.applied, name: event.occurred_ms})


def _answered(before: Incident, after: Incident, event: PagerEvent) -> Incident:
    """
    Note when somebody answered the page: the earliest acknowledgement that is ever heard of.

    Acknowledgements that come out of order leave the same moment in either order.
    """
    if event.kind != "acknowledged":
        return after
    at = max(event.occurred_ms, before.times.declared)
    known = before.times.acknowledged
    if known is not None and known <= at:
        return after
    return after.timed("acknowledged", at)


def _note(state: State, now_ms: int, incident: Incident, told: Told) -> Write | None:
    """Return a note there as a line of the timeline here, once, unless it is our own come back."""
    event = told.event
    ours = event.note.removeprefix(RESOLUTION).startswith(OWN_MARK)
    if event.kind != "annotated" or not told.note or ours:
        return None
    place = f"pagerduty:{event.note_id or event.id}"
    known = state.notes(incident.id)
    if any(one.place == place for one in known):
        return None
    name = f"{incident.id}:n{len(known) + 1}"
    note = Note(
        id=name,
        incident=incident.id,
        at_ms=event.occurred_ms,
        noted_ms=now_ms,
        author=told.by,
        noted_by="system:pagerduty",
        text=told.note,
        source="pagerduty",
        place=place,
        permalink=incident.pager.url if incident.pager else "",
    )
    return Write(NOTES, name, note_record(note))
