"""The lines of a fact sheet that nobody has to type: from the record, its kills, its routes, the fleet. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.sheet.now import standing, workflows_of
from opsbot.app.comms.view import Fact
from opsbot.app.environment import policy_of
from opsbot.app.taken import takes_all
from opsbot.domain.comms.facts import FACTS
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.moments import canonical, spelled
from opsbot.domain.comms.templates import Locale
from opsbot.domain.comms.told import Rhythm, Surety
from opsbot.domain.comms.values import together
from opsbot.domain.errors import UnknownRevision, UnknownWorkflow
from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import shown
from opsbot.domain.review import Exposure
from opsbot.domain.state import State

MORE: Final = {
    "served": "Responses served in that time, of all calls",
    "rolled_back": "Brought back to an earlier version",
}
"""Lines that people read and no template uses."""

BEGAN: Final = "exposed_from"
"""The fact from which on whatever is of the whole window is counted."""


@dataclass(frozen=True, slots=True)
class Basis:
    """
    What facts are derived from, read at one moment.

    *began* is the fact `exposed_from` as whoever leads confirmed it, empty where nobody did. *why* is
    why the next word to users was last put off, as somebody said it.
    """

    state: State
    incident: Incident
    kills: tuple[Kill, ...]
    exposure: Exposure
    now_ms: int
    began: str = ""
    why: str = ""


def derived(basis: Basis) -> Iterator[Fact]:
    """Yield every line that follows from what is stored, with what it is worth; what is not known says so."""
    yield from _feature(basis)
    yield from _times(basis)
    yield from _counts(basis)
    yield from _told(basis)
    yield from _inside(basis)
    yield from _routes(basis)


def _fact(name: str, value: str, surety: Surety, source: str = "") -> Fact:
    known = FACTS.get(name)
    label = known.label if known is not None else MORE[name]
    return Fact(name, label, value, surety if value else "unknown", source if value else "")


def _at(name: str, at_ms: int | None, surety: Surety, source: str) -> Fact:
    return _fact(name, "" if at_ms is None else canonical(at_ms), surety, source)


def _feature(basis: Basis) -> Iterator[Fact]:
    """Yield how users call it, in each language, and whether that is more than one thing."""
    settings = settings_of(basis.state)
    first, *others = settings.locales
    names = {one: _names(basis, one) for one in (first, *others)}
    said = {locale: together(found, locale) for locale, found in names.items()}
    more = {one: said[one] for one in others if said[one] != said[first]}
    yield replace(_fact("feature", said[first], "confirmed", "declared"), by_locale=more)
    several = "yes" if len(names[first]) > 1 else ""
    yield _fact("several", several, "confirmed", "declared")


def _names(basis: Basis, locale: Locale) -> tuple[str, ...]:
    settings, declared = settings_of(basis.state), basis.state.workflows()
    names = (
        settings.name_in(name, locale) or (declared[name].title if name in declared else "")
        for name in basis.incident.workflows
    )
    return tuple(dict.fromkeys(one for one in names if one))


def _times(basis: Basis) -> Iterator[Fact]:
    times, kills = basis.incident.times, basis.kills
    first = min((one.since_ms for one in kills), default=None)
    yield _at("since", times.started, "believed", "said by a person")
    ours = times.detected in (first, times.declared)
    noticed: Surety = "confirmed" if ours else "believed"
    yield _at("found_at", times.detected, noticed, "the journal" if ours else "said by a person")
    yield from _off(basis)
    contained, source = _contained(basis)
    yield _at("contained_at", times.contained, contained, source)
    ended = [one.ended_ms for one in kills if one.ended_ms is not None]
    back = max(ended) if ended and len(ended) == len(kills) else None
    yield _at("back_at", back, "confirmed", "the restore")
    # That it was noticed is stored; that nobody was hit before is not, so a person confirms it.
    yield _at(BEGAN, basis.exposure.onset_ms, "believed", _onset(basis.exposure.onset))
    yield _at("exposed_to", basis.exposure.contained_ms, contained, source)


def _onset(name: str) -> str:
    if name == "started":
        return "said by a person"
    return "when it was noticed; it may have begun before"


def _off(basis: Basis) -> Iterator[Fact]:
    """
    Yield when it was switched off, and how it is for users now.

    Off is only what leaves no call of any of its workflows to a model: a kill under which the model
    still answers took nothing away, and one that ended while a milder one holds is no word about now.
    """
    now = standing(basis.state, basis.incident)
    off = [] if now.milder else [*_taking(basis)]
    if not off or None in off:
        yield _at("off_at", None, "unknown", "")
    else:
        last = max((one for one in off if one is not None), key=lambda one: one.committed_ms)
        unsure = next((one for one in off if one is not None and one.confirmed_ms is None), last)
        yield _at("off_at", last.committed_ms, _held(unsure), _so(unsure))
    yield _fact("state_now", now.word, "confirmed", "the kills that hold")


def _taking(basis: Basis) -> Iterator[Kill | None]:
    """Yield for each workflow the first kill that took all of it and came that far, None where none did."""
    active = [one for one in basis.kills if one.active] or list(basis.kills)
    for workflow in workflows_of(basis.state, basis.incident):
        taking = [one for one in active if takes_all(one, workflow)]
        wide = sorted(taking, key=lambda one: one.committed_ms)
        confirmed = [one for one in wide if one.confirmed_ms is not None]
        yield next(iter(confirmed or wide), None)


def _held(kill: Kill) -> Surety:
    return "believed" if kill.confirmed_ms is None else "confirmed"


def _so(kill: Kill) -> str:
    """Return how far one kill is, never more than is known of it."""
    if kill.confirmed_ms is None:
        return f"{kill.id}, not confirmed yet"
    if kill.probes and kill.passed == kill.probes:
        return f"{kill.id}, confirmed, and proved by {kill.passed} of {kill.probes} probes"
    return f"{kill.id}, confirmed"


def _contained(basis: Basis) -> tuple[Surety, str]:
    """Return what the moment of containment is worth: the fleet's word, or a person's."""
    at_ms = basis.incident.times.contained
    sure = (
        at_ms is not None
        and bool(basis.kills)
        and all(one.confirmed_ms is not None for one in basis.kills)
        and all(one.committed_ms <= at_ms for one in basis.kills)
    )
    return ("confirmed", "the fleet") if sure else ("believed", "said by a person")


def _counts(basis: Basis) -> Iterator[Fact]:
    """Yield how many were hit, of how many were served; without a denominator nothing is a count."""
    outcomes, of = basis.exposure.outcomes, _whole(basis.exposure)
    known = outcomes is not None and of is not None and of[0] >= outcomes
    value = f"{outcomes} of {of[0]}" if known and of is not None else ""
    yield _fact("counts", value, "believed", "counted by a person, of what the fleet served")
    served = f"{of[0]} of {of[1]}" if of is not None else ""
    yield _fact("served", served, *_counted(basis))


def _counted(basis: Basis) -> tuple[Surety, str]:
    """Return what a count of the whole window is worth: no more than the ends that it is counted between."""
    onset_ms, contained_ms = basis.exposure.onset_ms, basis.exposure.contained_ms
    if onset_ms is None or basis.began != canonical(onset_ms):
        return "believed", "the fleet, from a beginning that nobody confirmed"
    if contained_ms is not None and _contained(basis)[0] != "confirmed":
        return "believed", "the fleet, to an end that nobody confirmed"
    return "confirmed", "the fleet"


def _whole(exposure: Exposure) -> tuple[int, int] | None:
    """Return (served, asked) of the whole window; None where a part of it was not counted."""
    counted = [one.counted for one in exposure.served]
    if not counted or any(one is None or not one.known or one.missing for one in counted):
        return None
    known = [one for one in counted if one is not None]
    return sum(one.served for one in known), sum(one.asked for one in known)


def _told(basis: Basis) -> Iterator[Fact]:
    rhythm = basis.state.comms(basis.incident.id).rhythm("users")
    # One stored moment, as people read it or are waited for by it; one that has passed is none any more.
    due = rhythm.due_ms if rhythm.overdue_ms is None else None
    ahead = due is not None and due > basis.now_ms
    yield _at("next_at", due if ahead else None, "confirmed", _promised(basis, rhythm))
    yield _at("first_at", rhythm.first_ms, "confirmed", "the journal")
    contact = settings_of(basis.state).contact
    yield _fact("contact", contact, "confirmed", "declared")
    yield _fact("alternative", "", "unknown")


def _promised(basis: Basis, rhythm: Rhythm) -> str:
    """Return what the time of the next word rests on, and which other one users read, where they did."""
    read_ms, off = _read_ms(basis), _put_off(basis, rhythm)
    if read_ms is not None and read_ms != rhythm.due_ms:
        read = f"users read {spelled(read_ms, settings_of(basis.state).zone)}"
        return f"{read}; {off}" if off else read
    if off:
        return off
    return "when the first word is due" if read_ms is None else "what is promised to users"


def _read_ms(basis: Basis) -> int | None:
    """Return by when users read that the next word comes, None where they read of none."""
    told = (
        one
        for one in basis.state.messages()
        if one.incident == basis.incident.id and one.public and one.standing == "published"
    )
    # A correction without a time leaves the one that was read before it.
    newest = max(filter(_says_when, told), key=lambda one: one.order, default=None)
    return None if newest is None else newest.next_ms


def _says_when(message: Message) -> bool:
    return message.next_ms is not None or message.stage != "correction"


def _put_off(basis: Basis, rhythm: Rhythm) -> str:
    """Return who put the next word off to when it is due, and why; empty where nobody did."""
    last = rhythm.snoozes[-1] if rhythm.snoozes else None
    if last is None or last.until_ms != rhythm.due_ms:
        return ""
    return f"put off by {shown(policy_of(basis.state), last.by)}: {basis.why}"


def _inside(basis: Basis) -> Iterator[Fact]:
    incident, policy = basis.incident, policy_of(basis.state)
    yield _fact("incident", incident.id, "confirmed", "the record")
    yield _fact("severity", incident.severity, "confirmed", "the record")
    lead = incident.roles.get("commander")
    yield _fact("commander", shown(policy, lead) if lead else "", "confirmed", "the record")
    holding = [one for one in basis.kills if one.active] or list(basis.kills)
    words = "; ".join(_switched(one) for one in holding)
    sure = bool(holding) and all(_held(one) == "confirmed" for one in holding)
    yield _fact("switched", words, "confirmed" if sure else "believed", "the journal")


def _switched(kill: Kill) -> str:
    what = kill.scope.workflow or "all workflows"
    if not kill.active:
        return f"{what}: {kill.mode}, restored"
    return f"{what}: {kill.mode} ({_so(kill)})"


def _routes(basis: Basis) -> Iterator[Fact]:
    """Yield what was brought back since it began; what serves may be tried on everybody, and not watched yet."""
    begin_ms = min(
        one for one in (basis.incident.times.declared, basis.exposure.onset_ms) if one is not None
    )
    found = []
    sure = True
    for name in basis.incident.workflows:
        try:
            routing = basis.state.routing(name)
            active = basis.state.revision(name, routing.active)
        except (UnknownWorkflow, UnknownRevision):
            continue
        if active.back_to is None or active.at_ms < begin_ms:
            continue
        sure = sure and routing.confirmed_ms is not None
        found.append(f"{name}: r{active.back_to} again, as {active.id}")
    yield _fact("rolled_back", "; ".join(found), "confirmed" if sure else "believed", "the journal")
