"""Lines that people put into a timeline: put there once, followed, retracted and never deleted. Pure."""

from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.incident.open import settings_of
from opsbot.app.incident.power import may_work
from opsbot.app.incident.reminders import timer, wanted
from opsbot.app.incident.requests import TimelineNote
from opsbot.app.incident.sight import found, sees
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Sealed, Timer, Write
from opsbot.domain.errors import IllegalMove, NeedsMoreWords
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.note import FOLLOWED, Note, as_record, from_record
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.said import inert
from opsbot.domain.state import NOTES, State

SLACK: Final = Actor(kind="system", id="slack", via="slack")
"""Follows what becomes of a message in Slack."""

MOST: Final = 2_000
"""Lines that people put into one incident: more is a machine that went wild, not a record."""

AHEAD_MS: Final = 60_000
"""How far ahead of the store's clock another clock may be."""

NOTED, RETRACTED, EDITED = "incident_note", "incident_note_retract", "incident_note_edit"
VERBS: Final = frozenset({NOTED, RETRACTED, EDITED})
"""Entries that only change a person's line: the line itself is shown, not that it was put there."""


@dataclass(frozen=True, slots=True)
class Noting:
    """A line with what must be chosen beforehand; *text* is the commitment to its words."""

    request: TimelineNote
    text: str
    sealed: tuple[Sealed, ...]


def decide_note(
    state: State, now_ms: int, noting: Noting, actor: Actor
) -> tuple[Change | None, Note]:
    """
    Put one line into the incident that is meant; a message that stands there already changes nothing.

    A line that was retracted stands again when somebody puts it there again, but not by a reaction
    where a person had taken it out: reactions stay on, and are told twice.

    Raises:
        UnknownIncident, NeedsMoreWords, NotAllowed: as every change. IllegalMove: it lies ahead.
    """
    request = noting.request
    incident = found(state, actor, request.which)
    rule = may_work(state, incident, actor, now_ms, "say")
    if request.at_ms is not None and request.at_ms > now_ms + AHEAD_MS:
        raise IllegalMove(
            "That moment is still to come; nothing was noted.",
            hint="A line says what happened, and when it did.",
        )
    known = state.notes(incident.id)
    before = next((one for one in known if request.place and one.place == request.place), None)
    if before is not None:
        return _again(before, noting, actor, rule)
    if len(known) >= MOST:
        raise IllegalMove(
            f"{incident.id} has {MOST} lines of people; nothing was noted.",
            hint="Give an update instead, or open another incident.",
        )
    note = _note(state, now_ms, incident, noting, actor, len(known) + 1)
    later = _looked_after(state, incident, now_ms)
    return _change(NOTED, note, actor, rule, noting.sealed, later), note


def decide_retract(
    state: State, now_ms: int, name: str, actor: Actor
) -> tuple[Change | None, Note]:
    """
    Take a line out of a timeline: it stays, marked. The first retraction counts.

    Raises:
        NeedsMoreWords: there is no such line for this person. NotAllowed: they may not change it.
    """
    note = _known(state, name, actor)
    incident = state.incident(note.incident)
    by = identity_of(policy_of(state), actor)
    rule = may_work(state, incident, actor, now_ms, "say" if note.noted_by == by else "work")
    after = note.retracted(by=by, now_ms=now_ms)
    if after == note:
        return None, note
    return _change(RETRACTED, after, actor, rule), after


@dataclass(frozen=True, slots=True)
class Followed:
    """
    What a message is now: *gone*, with its reaction or *unpinned*, or with other words.

    *text* is the commitment to the words it has now, empty where they did not change; *was* the one
    of the words that they were compared with.
    """

    place: str
    gone: bool = False
    unpinned: bool = False
    was: str = ""
    text: str = ""
    sealed: tuple[Sealed, ...] = ()


def decide_follow(
    state: State, now_ms: int, name: str, now: Followed
) -> tuple[Change | None, Note | None]:
    """Bring one line to what its message is now; no change where it is so, or a person retracted it."""
    record = state.kind(NOTES).get(name)
    note = None if record is None else from_record(record)
    if note is None or note.place != now.place or not note.stands:
        return None, note
    if now.gone or (now.unpinned and note.source == "reaction"):
        after = note.retracted(by=FOLLOWED, now_ms=now_ms)
        return _change(RETRACTED, after, SLACK, "follows-message"), after
    if now.text and note.text == now.was:
        after = note.edited(now.text)
        return _change(EDITED, after, SLACK, "follows-message", now.sealed), after
    return None, note


def at_place(state: State, place: str) -> tuple[Note, ...]:
    """Return every line, of whatever incident, that stands for one message."""
    if not place:
        return ()
    found_ = (one for one in state.kind(NOTES).values() if one.get("place") == place)
    return tuple(from_record(one) for one in found_)


def _again(before: Note, noting: Noting, actor: Actor, rule: str) -> tuple[Change | None, Note]:
    by_person = before.retracted_by != FOLLOWED
    if before.stands or (noting.request.source == "reaction" and by_person):
        return None, before
    after = before.again(noting.text)
    return _change(NOTED, after, actor, rule, noting.sealed), after


def _note(
    state: State, now_ms: int, incident: Incident, noting: Noting, actor: Actor, number: int
) -> Note:
    request, policy = noting.request, policy_of(state)
    by = identity_of(policy, actor)
    # No payload vouches for whose message it is, so only ids that the policy joins are somebody.
    author = Actor(kind="slack", id=request.author, via="cli")
    return Note(
        id=f"{incident.id}:n{number}",
        incident=incident.id,
        at_ms=now_ms if request.at_ms is None else request.at_ms,
        noted_ms=now_ms,
        author=identity_of(policy, author) if request.author else by,
        noted_by=by,
        text=noting.text,
        source=request.source,
        place=request.place,
        permalink=request.permalink,
    )


def _known(state: State, name: str, actor: Actor) -> Note:
    head, _, number = name.strip().partition(":")
    record = state.kind(NOTES).get(f"{head.upper()}:{number.lower()}")
    note = None if record is None else from_record(record)
    if note is None or not sees(state, state.incident(note.incident), actor):
        raise NeedsMoreWords(
            f"There is no line `{inert(name, limit=40)}`; nothing was changed.",
            hint="Lines are called as in `INC-7:n3`; the timeline lists them.",
        )
    return note


def _looked_after(state: State, incident: Incident, now_ms: int) -> tuple[Timer, ...]:
    """Return the reminder of a stale incident, set anew: somebody noted something."""
    settings = settings_of(state)
    after = settings.reminders["stale"].after_ms.get(incident.severity)
    if after is None or incident.retroactive or not wanted("stale", incident):
        return ()
    return (timer("stale", incident, settings, now_ms + after, now_ms, nth=1),)


def _change(
    verb: str,
    note: Note,
    actor: Actor,
    rule: str,
    sealed: tuple[Sealed, ...] = (),
    later: tuple[Timer, ...] = (),
) -> Change:
    return Change(
        verb=verb,
        actor=actor,
        rule=rule,
        writes=(Write(NOTES, note.id, as_record(note)),),
        facts={"incident": note.incident, "line": note.id},
        sealed=sealed,
        timers=later,
    )
