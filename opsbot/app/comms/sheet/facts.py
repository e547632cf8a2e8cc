"""The fact sheet of an incident, which feeds every audience: what is confirmed, believed, and not known."""

from collections.abc import Mapping, Sequence
from typing import Final

from opsbot.app.comms.sheet.derived import BEGAN, Basis, derived
from opsbot.app.comms.view import Fact
from opsbot.app.environment import ALTERED, ERASED, Environment, policy_of
from opsbot.app.review.read import Reviews
from opsbot.app.timeline.read import kills_of
from opsbot.domain.comms.facts import FACTS, in_language, may_use
from opsbot.domain.comms.moments import instant, spelled
from opsbot.domain.comms.templates import Audience
from opsbot.domain.comms.told import Stated
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import shown
from opsbot.domain.state import State

BELIEVED: Final = "believed, not confirmed"
"""How a belief is marked for those who may read one."""

_READ_BELIEFS: Final[frozenset[Audience]] = frozenset({"executives", "stakeholders"})


async def sheet(env: Environment, state: State, incident: Incident) -> tuple[Fact, ...]:
    """
    Return every line: those that follow from what is stored, and those that people put there.

    What a person states takes the place of what is only believed or not known, never of what the
    journal or the fleet vouches for. Text that was erased is not known any more.

    Raises:
        StoreLost: no answer within the deadline.
    """
    exposure = await Reviews(env).exposure(incident)
    comms = state.comms(incident.id)
    stated, snoozes = comms.facts, comms.rhythm("users").snoozes
    why, *texts = await env.unsealed(
        snoozes[-1].why if snoozes else "", *(one.text for one in stated.values())
    )
    said = dict(zip(stated, texts, strict=True))
    began = said[BEGAN] if BEGAN in stated and stated[BEGAN].surety == "confirmed" else ""
    kills, now_ms = kills_of(state, incident), env.clock.now_ms()
    lines = {
        one.name: one
        for one in derived(Basis(state, incident, kills, exposure, now_ms, began, why))
    }
    for name, one in stated.items():
        before = lines.get(name)
        if before is None or before.surety != "confirmed":
            lines[name] = _stated(state, name, one, said[name])
    return tuple(lines.values())


def usable(facts: Sequence[Fact], audience: Audience) -> Mapping[str, str]:
    """
    Return what templates for an audience may use, by name.

    What is confirmed, and what is so by itself (a name, a promise of ours). Executives and
    stakeholders also read what is believed, marked as such.
    """
    found: dict[str, str] = {}
    for one in facts:
        known = FACTS.get(one.name)
        if known is None or not one.value or not may_use(one.name, audience):
            continue
        if one.surety == "confirmed" or (not known.confirmed and one.surety == "believed"):
            found[one.name] = one.value
            found |= {in_language(one.name, at): said for at, said in one.by_locale.items()}
        elif one.surety == "believed" and audience in _READ_BELIEFS:
            found[one.name] = f"{_spelled(one)} ({BELIEVED})"
    return found


def _spelled(fact: Fact) -> str:
    """Return a value as people read it: with a mark behind it, it is no time any more that a template would spell."""
    at_ms = instant(fact.value, "UTC", 0) if FACTS[fact.name].type == "time" else None
    return fact.value if at_ms is None else spelled(at_ms, "UTC")


def _stated(state: State, name: str, stated: Stated, text: str) -> Fact:
    known = FACTS.get(name)
    label = known.label if known is not None else name.replace("_", " ").capitalize()
    if text in (ERASED, ALTERED):
        return Fact(name, label, "", "unknown", text)
    by = f"stated by {shown(policy_of(state), stated.by)}"
    return Fact(name, label, text, stated.surety, by)
