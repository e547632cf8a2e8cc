"""What changed of an incident, in a sentence: every difference of its record between two entries. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from opsbot.app.fleet.words import clock
from opsbot.app.incident.words import ROLE_WORD, STATUS_WORD
from opsbot.app.telling import Telling, Written
from opsbot.domain.change import Json
from opsbot.domain.incident.incident import ROLES, STEPS, StepName
from opsbot.domain.incident.times import ORDER
from opsbot.domain.incident.types import UNKNOWN, known, type_of
from opsbot.domain.said import inert
from opsbot.domain.state import INCIDENTS

_STEP: Final[Mapping[StepName, str]] = {
    "page": "The page",
    "channel": "The channel",
    "topic": "The topic",
    "bookmarks": "The bookmarks",
    "invite": "The invitations",
    "announce": "The announcement",
    "card": "The card",
    "archive": "The archiving of its channel",
}
_MOMENT: Final[Mapping[str, str]] = {
    "started": "users hit since",
    "detected": "noticed at",
    "declared": "declared at",
    "acknowledged": "acknowledged at",
    "contained": "contained at",
    "told": "users told at",
    "resolved": "resolved at",
    "reviewed": "reviewed at",
}
_BY_MOVE: Final = frozenset({"acknowledged", "contained", "resolved", "reviewed"})
"""Moments that a move or a role sets by itself: told by those, and not twice."""


def incident_sentence(told: Telling) -> str:
    """Return what an entry changed of the incident that is told, empty for nothing worth a line."""
    changed = next((one for one in told.written(INCIDENTS) if _meant(told, one)), None)
    if changed is None:
        return ""
    if changed.before is None:
        return _opened(told, changed)
    update = told.word(told.fact("update"))
    parts = [*([f"\u201c{update}\u201d"] if update else []), *_differences(told, changed)]
    named = bool(parts) and parts[0].startswith(f"{told.who} declined ")
    head = "" if told.by_us or named else f"{told.who}: "
    return f"{head}{'; '.join(parts)}." if parts else ""


def step_sentence(told: Telling) -> str:
    """Return how a step outside ended: those that people wait for, and every failure."""
    changed = next((one for one in told.written(INCIDENTS) if _meant(told, one)), None)
    if changed is None:
        return ""
    lines = []
    for name in STEPS:
        old, new = _step(changed.old("steps"), name), _step(changed.new("steps"), name)
        if old.get("state") != new.get("state"):
            lines.append(_step_words(told, changed, name, new))
    return " ".join(line for line in lines if line)


def retry_sentence(told: Telling) -> str:
    """Return which steps somebody had done again."""
    changed = next((one for one in told.written(INCIDENTS) if _meant(told, one)), None)
    if changed is None:
        return ""
    again = [
        _STEP[name].lower()
        for name in STEPS
        if _step(changed.old("steps"), name).get("state") == "failed"
        and _step(changed.new("steps"), name).get("state") == "due"
    ]
    return f"{told.who} had {' and '.join(again)} done again." if again else ""


def _meant(told: Telling, one: Written) -> bool:
    return not told.incident or one.id == told.incident


def _opened(told: Telling, made: Written) -> str:
    kind, title = str(made.new("type")), told.word(made.new("title"))
    word = "called for help" if made.new("status") == "triage" else "declared"
    what = f"{made.id}, {made.new('severity')}"
    if known(kind) and kind != UNKNOWN:
        what = f"{what}, {type_of(kind).title.lower()}"
    of = ", ".join(f"`{inert(str(one), limit=80)}`" for one in _items(made.new("workflows")))
    verb = f"called for help with {what}" if word == "called for help" else f"declared {what}"
    drill = " as a drill" if made.new("drill") else ""
    after = " afterwards" if made.new("retroactive") else ""
    return f"{told.who} {verb}{drill}{after}{f' of {of}' if of else ''}{f': {title}' if title else ''}."


def _differences(told: Telling, one: Written) -> Iterator[str]:
    for name, words in _FIELDS.items():
        if one.differs(name):
            yield from words(told, one)


def _status(told: Telling, one: Written) -> Iterator[str]:
    before, now = str(one.old("status")), str(one.new("status"))
    why = told.word(one.new("why")) if one.differs("why") or one.new("why") else ""
    original = str(one.new("duplicate_of") or "")
    of = f" of {original}" if original and original not in told.unnamed else ""
    word = f"{one.id} {STATUS_WORD.get(before, before)} \u2192 {STATUS_WORD.get(now, now)}{of}"
    yield f"{word}: {why}" if why else word


def _severity(told: Telling, one: Written) -> Iterator[str]:
    up = str(one.new("severity")) < str(one.old("severity"))
    yield f"severity {one.old('severity')} \u2192 {one.new('severity')} ({'raised' if up else 'lowered'})"


def _type(told: Telling, one: Written) -> Iterator[str]:
    names = (str(one.old("type")), str(one.new("type")))
    before, now = (type_of(name).title if known(name) else name for name in names)
    yield f"type {before} \u2192 {now}"


def _title(told: Telling, one: Written) -> Iterator[str]:
    yield f"title is now \u201c{told.word(one.new('title'))}\u201d"


def _summary(told: Telling, one: Written) -> Iterator[str]:
    yield f"summary: \u201c{told.word(one.new('summary'))}\u201d"


def _workflows(told: Telling, one: Written) -> Iterator[str]:
    before = _items(one.old("workflows"))
    for name in _items(one.new("workflows")):
        if name not in before:
            yield f"hits `{inert(str(name), limit=80)}` too"


def _roles(told: Telling, one: Written) -> Iterator[str]:
    before, now = _mapped(one.old("roles")), _mapped(one.new("roles"))
    for role in ROLES:
        if before.get(role) != now.get(role):
            had = told.name(before[role]) if before.get(role) else "nobody"
            has = told.name(now[role]) if now.get(role) else "nobody"
            yield f"{ROLE_WORD[role].lower()} {had} \u2192 {has}"


def _offers(told: Telling, one: Written) -> Iterator[str]:
    before, now = _mapped(one.old("offers")), _mapped(one.new("offers"))
    held = _mapped(one.new("roles"))
    for role in ROLES:
        if now.get(role) and now.get(role) != before.get(role):
            yield f"{ROLE_WORD[role].lower()} offered to {told.name(now[role])}"
        elif before.get(role) and not now.get(role) and held.get(role) != before[role]:
            name, word = told.name(before[role]), ROLE_WORD[role].lower()
            yield f"{name} declined {word}" if name == told.who else f"{word} not taken by {name}"


def _responders(told: Telling, one: Written) -> Iterator[str]:
    before, now = _items(one.old("responders")), _items(one.new("responders"))
    joined = [told.name(who) for who in now if who not in before]
    left = [told.name(who) for who in before if who not in now]
    if joined:
        yield f"{', '.join(joined)} responds"
    if left:
        yield f"{', '.join(left)} responds no more"


def _kills(told: Telling, one: Written) -> Iterator[str]:
    before = _items(one.old("kills"))
    fresh = [str(name) for name in _items(one.new("kills")) if name not in before]
    if fresh:
        yield f"{', '.join(fresh)} belongs to {one.id}"


def _times(told: Telling, one: Written) -> Iterator[str]:
    moved = one.differs("status") or one.differs("roles")
    before, now = _mapped(one.old("times")), _mapped(one.new("times"))
    for moment in ORDER:
        if before.get(moment) == now.get(moment) or (moment in _BY_MOVE and moved):
            continue
        at = now.get(moment)
        if isinstance(at, int):
            yield f"{_MOMENT[moment]} {clock(at)}"
        else:
            yield f"{_MOMENT[moment].rpartition(' ')[0]} at no known time any more"


def _private(told: Telling, one: Written) -> Iterator[str]:
    yield "private from now on" if one.new("private") else "private no more"


def _exposed(told: Telling, one: Written) -> Iterator[str]:
    now = one.new("exposed")
    yield "bad outcomes not counted" if now is None else f"{now} bad outcomes counted"


def _pager(told: Telling, one: Written) -> Iterator[str]:
    before, now = _mapped(one.old("pager")), _mapped(one.new("pager"))
    named = f"PagerDuty #{now.get('number')}"
    if now.get("number") and not before.get("number"):
        yield f"{named} {'taken over' if now.get('adopted') else 'opened'}"
    elif now.get("status") and now.get("status") != before.get("status"):
        yield f"{named} {now['status']}"


def _room(told: Telling, one: Written) -> Iterator[str]:
    now = _mapped(one.new("room"))
    if now.get("own") and now.get("name") and not _mapped(one.old("room")).get("name"):
        yield f"channel #{inert(str(now['name']), limit=80)}"


def _actions(told: Telling, one: Written) -> Iterator[str]:
    before = {str(a["id"]): a for a in map(_mapped, _items(one.old("actions")))}
    for now in map(_mapped, _items(one.new("actions"))):
        old = before.get(str(now["id"]))
        if old is None:
            owner = f" ({told.name(now['owner'])})" if now.get("owner") else ""
            yield f"to do {now['id']}{owner}: {told.word(now.get('text'))}"
        elif now.get("done_ms") and not old.get("done_ms"):
            yield f"{now['id']} done"


_FIELDS: Final[Mapping[str, Callable[[Telling, Written], Iterator[str]]]] = {
    "status": _status,
    "severity": _severity,
    "type": _type,
    "title": _title,
    "summary": _summary,
    "workflows": _workflows,
    "roles": _roles,
    "offers": _offers,
    "responders": _responders,
    "kills": _kills,
    "times": _times,
    "private": _private,
    "exposed": _exposed,
    "pager": _pager,
    "room": _room,
    "actions": _actions,
}
"""Everything of an incident that people read of; steps have sentences of their own."""


def _step_words(told: Telling, one: Written, name: StepName, step: Mapping[str, Json]) -> str:
    detail, state = inert(str(step.get("detail") or "")), step.get("state")
    if state == "failed":
        return f"{_STEP[name]} failed: {detail}."
    if state != "done":
        return ""
    room, pager = _mapped(one.new("room")), _mapped(one.new("pager"))
    if name == "channel":
        what = "was joined" if room.get("adopted") else "was made"
        return f"#{inert(str(room.get('name')), limit=80)} {what}." if room.get("own") else ""
    if name == "archive":
        what = "was archived" if room.get("archived") else "is open again"
        return f"#{inert(str(room.get('name')), limit=80)} {what}."
    if name == "page" and pager.get("number"):
        return f"{detail}."
    return ""


def _step(steps: Json, name: StepName) -> Mapping[str, Json]:
    return _mapped(_mapped(steps).get(name))


def _mapped(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()
