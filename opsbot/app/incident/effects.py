"""What a change of an incident sets in motion outside: found by comparing before and after. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from opsbot.domain.change import Change, Effect, Lane, Position, Record
from opsbot.domain.comms.message import Message
from opsbot.domain.incident.flow import NOT_COUNTED, OPEN
from opsbot.domain.incident.incident import Incident, StepName
from opsbot.domain.state import State

STEP, CARD, SAID, TOPIC, PAGER, TOLD = (
    "incident_step",
    "incident_card",
    "incident_said",
    "incident_topic",
    "pager_sync",
    "incident_told",
)
"""The kinds of effects, each with its handler."""

MESSAGE_CARD: Final = "comms_card"
"""The card of a message to people about an incident."""


def effects(
    before: Incident | None, after: Incident, *, echo: bool = False, said: bool = False
) -> tuple[Effect, ...]:
    """
    Return the work of one change.

    *echo*: it came from PagerDuty, or was only our own work being noted, so nothing goes back there.
    *said*: words came with it that stand in no field of the record, and are told all the same.
    """
    found = list(_steps(before, after))
    if before is None:
        return tuple(found)
    found.append(card(after))
    if said or _worth_saying(before, after):
        found.append(_effect(SAID, after, {"revision": after.at.revision}))
    if _heading(before) != _heading(after) and after.room.live:
        found.append(_effect(TOPIC, after, {}))
    found += _offers(before, after)
    if not echo:
        found += _pager(before, after)
    return tuple(found)


def card(incident: Incident) -> Effect:
    """Return the work of bringing its card up to date."""
    return Effect(CARD, f"incident-card:{incident.uid}", {"incident": incident.id})


def kill_cards(state: State, incident: Incident) -> Iterator[Effect]:
    """Yield the work of bringing the cards of its kills up to date: they offer to open one, or no more."""
    for name in incident.kills:
        kill = state.kill(name)
        if kill.active:
            yield Effect("card", f"card:{kill.uid}", {"kill": kill.id})


def of_kills(state: State, kills: Collection[str]) -> tuple[Effect, ...]:
    """
    Return the work of bringing the card of each incident up to date that one of these kills belongs to.

    One an incident, however many of the kills are its own; those that are over say as well what holds.
    So do the cards of messages that are not out yet: a kill that holds may be what stands in their way.
    """
    named = frozenset(kills)
    hit = [one for one in state.incidents() if not named.isdisjoint(one.kills)]
    ids = frozenset(one.id for one in hit if one.open)
    inside = (one for one in state.messages() if one.standing in ("draft", "waiting"))
    return (*map(card, hit), *(message_card(one) for one in inside if one.incident in ids))


def message_card(message: Message) -> Effect:
    """Return the work of bringing a message's card up to date."""
    body: Record = {"message": message.id, "incident": message.incident}
    return Effect(MESSAGE_CARD, f"comms-card:{message.uid}", body)


def with_cards(state: State, change: Change, kills: Collection[str]) -> Change:
    """Return *change* with the cards of the incidents of these kills, but for those that it brings anyway."""
    known = {one.key for one in change.effects}
    more = (one for one in of_kills(state, kills) if one.key not in known)
    return replace(change, effects=(*change.effects, *more))


def twins(state: State, incident: Incident) -> Iterator[Effect]:
    """Yield the work of bringing the cards of its duplicates up to date: they name it, or no more."""
    for one in state.incidents():
        if one.duplicate_of == incident.id:
            yield card(one)


def step(incident: Incident, name: StepName) -> Effect:
    """Return the work of one step; a retry is another effect, told apart by its count."""
    due = incident.steps[name]
    lane: Lane = "page" if name == "page" else "rest"
    body = {"incident": incident.id, "step": name}
    return Effect(STEP, f"incident:{incident.uid}:{name}:{due.tries}", body, lane)


def _steps(before: Incident | None, after: Incident) -> Iterator[Effect]:
    for name, now in after.steps.items():
        old = before.steps.get(name) if before is not None else None
        if now.state == "due" and (old is None or old.state != "due" or old.tries != now.tries):
            yield step(after, name)


def _offers(before: Incident, after: Incident) -> Iterator[Effect]:
    """Yield one for everybody to whom a role is offered now, or was and is not any more."""
    for role in sorted({*before.offers, *after.offers}):
        old, new = before.offers.get(role), after.offers.get(role)
        for what, to in (("role_over", old), ("role", new)) if old != new else ():
            if to is not None:
                more: Record = {"what": what, "role": role, "to": to, "revision": after.at.revision}
                key = f"{TOLD}:{after.uid}:{_place(after.at)}:{what}:{role}:{to}"
                yield Effect(TOLD, key, {"incident": after.id, **more})


def _pager(before: Incident, after: Incident) -> Iterator[Effect]:
    if after.pager is None:
        return
    if after.severity != before.severity:
        yield _effect(PAGER, after, {"what": "severity"}, lane="page")
    anew = before.pager is None or before.pager.key != after.pager.key
    if before.status == "triage" and after.status in OPEN - {"triage"} and not anew:
        yield _effect(PAGER, after, {"what": "accepted"}, lane="page")
    if before.status in OPEN and after.status not in OPEN and not _foreign(before):
        yield _effect(PAGER, after, {"what": "resolve"}, lane="page")
    if "commander" in after.roles and "commander" not in before.roles:
        yield _effect(PAGER, after, {"what": "acknowledge"}, lane="page")
    published = before.private and not after.private
    if after.status != before.status or after.kills != before.kills or published:
        yield _effect(PAGER, after, {"what": "note", "revision": after.at.revision})


def unresolved(incident: Incident) -> Iterator[Effect]:
    """Yield the work of resolving the page of an incident that is over, where that may never have been done."""
    pager = incident.pager
    if pager is None or not pager.id or pager.status == "resolved" or incident.open:
        return
    of_another = pager.adopted and incident.status in NOT_COUNTED
    if not (of_another or incident.retroactive):
        yield _effect(PAGER, incident, {"what": "resolve"}, lane="page")


def _foreign(incident: Incident) -> bool:
    """Return whether its page is another's that nobody with the power let it have: it only waits itself."""
    return incident.status == "triage" and incident.pager is not None and incident.pager.adopted


def _effect(
    kind: str, incident: Incident, more: dict[str, str | int], *, lane: Lane = "rest"
) -> Effect:
    at = _place(incident.at)
    what = f":{more['what']}" if "what" in more else ""
    key = f"{kind}:{incident.uid}:{at}{what}"
    return Effect(kind, key, {"incident": incident.id, **more}, lane)


def _heading(incident: Incident) -> tuple[object, ...]:
    """Return what the channel's topic is made of."""
    return (incident.severity, incident.status, incident.roles.get("commander"), incident.title)


def _worth_saying(before: Incident, after: Incident) -> bool:
    """Return whether people in its channel read of it: all but the progress of our own steps."""
    same = ("steps", "pager", "room", "at", "quiet", "update_due_ms")
    return any(
        getattr(before, name) != getattr(after, name)
        for name in Incident.__dataclass_fields__
        if name not in same
    )


def _place(at: Position) -> str:
    return f"{at.epoch}:{at.revision}"
