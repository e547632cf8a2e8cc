"""One change of an incident: who may make it, and everything that goes with it. Pure."""

from collections.abc import Callable
from dataclasses import replace

from opsbot.app.incident.effects import effects, kill_cards, twins
from opsbot.app.incident.ending import archiving
from opsbot.app.incident.named import named_apart
from opsbot.app.incident.power import Needs, NeedsOf, may_work
from opsbot.app.incident.promises import of_change
from opsbot.app.incident.reminders import reminders
from opsbot.app.incident.requests import Which
from opsbot.app.incident.sight import found
from opsbot.app.run_lead import followed
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Position, Record, Sealed, Write
from opsbot.domain.incident.incident import Incident, as_record
from opsbot.domain.incident.settings import from_record
from opsbot.domain.state import INCIDENTS, State

Amend = Callable[[Incident], Incident]
"""From an incident to what it becomes; raises a refusal where it may not."""


def at_next(state: State) -> Position:
    """Return where the change that is being decided will stand."""
    return Position(state.position.epoch, state.position.revision + 1)


def decide_change(  # noqa: PLR0913  one change, its words and its evidence
    state: State,
    now_ms: int,
    which: Which,
    actor: Actor,
    amend: Amend,
    *,
    verb: str,
    sealed: tuple[Sealed, ...] = (),
    facts: Record | None = None,
    writes: tuple[Write, ...] = (),
    needs: Needs | NeedsOf = "work",
) -> tuple[Change | None, Incident]:
    """
    Change the incident that is meant; no change where nothing differs. *needs*: what part lets one.

    Raises:
        UnknownIncident, NeedsMoreWords, NotAllowed: and whatever *amend* refuses.
    """
    before = found(state, actor, which)
    part = needs(state, before) if callable(needs) else needs
    rule = may_work(state, before, actor, now_ms, part)
    said = "update" in (facts or {})
    change, after = changed(
        state, now_ms, before, amend(before), actor, verb=verb, rule=rule, said=said
    )
    if change is None and not writes:
        return None, after
    change = change or Change(verb=verb, actor=actor, rule=rule)
    led = followed(state, now_ms, before, after, actor) or Change(verb=verb, actor=actor)
    more: Record = {**change.facts, "incident": after.id, **led.facts, **(facts or {})}
    merged = replace(
        change,
        writes=(*change.writes, *led.writes, *writes),
        facts=more,
        sealed=sealed,
        effects=(*change.effects, *led.effects),
        timers=(*change.timers, *led.timers),
    )
    return merged, after


def changed(  # noqa: PLR0913  as above
    state: State,
    now_ms: int,
    before: Incident,
    after: Incident,
    actor: Actor,
    *,
    verb: str,
    rule: str = "system",
    echo: bool = False,
    said: bool = False,
) -> tuple[Change | None, Incident]:
    """
    Return the change from *before* to *after* with its work and its reminders, None where they are one.

    *echo*: it came from PagerDuty, or only notes our own work outside, so nothing goes back there.
    *said*: words come with it that stand in no field; it is a change though the fields stay.
    """
    if before == after and not said:
        return None, before
    after = replace(after, at=at_next(state))
    settings = from_record(state.setting("incidents"))
    later, gone = reminders(before, after, settings, now_ms)
    closing, kept = archiving(before, after, settings, now_ms)
    promised = of_change(state, before, after, now_ms)
    cards = kill_cards(state, after) if named_apart(before, after) else ()
    alike = twins(state, after) if before.private != after.private else ()
    change = Change(
        verb=verb,
        actor=actor,
        writes=(Write(INCIDENTS, after.id, as_record(after)), *promised.writes),
        rule=rule,
        facts={"incident": after.id},
        effects=(*effects(before, after, echo=echo, said=said), *cards, *alike),
        timers=(*later, *closing, *promised.timers),
        cancels=(*gone, *kept, *promised.cancels),
    )
    return change, after
