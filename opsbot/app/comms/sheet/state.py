"""The verb `fact`: put a line on the fact sheet, confirm one, or take one off."""

import re
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.comms.power import may_write
from opsbot.app.comms.requests import StateFact
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.sheet.facts import sheet
from opsbot.app.comms.sheet.words import fact_body, fact_line
from opsbot.app.comms.view import Fact
from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.effects import card
from opsbot.app.incident.power import may_work
from opsbot.app.incident.sight import found
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Sealed, Write
from opsbot.domain.comms.facts import FACTS
from opsbot.domain.comms.templates import Field
from opsbot.domain.comms.told import IncidentComms, Stated, as_record
from opsbot.domain.comms.values import Here, Unfit, kept
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, NotAllowed
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.said import Said, inert
from opsbot.domain.state import COMMS, State
from opsbot.domain.typed import command

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
MOST: Final = 40
"""Lines that people put on one sheet: more is no sheet any more."""

LONGEST: Final = 600
"""Characters of a line."""

OURS: Final = frozenset(
    {"incident", "severity", "commander", "first_at", "switched", "served", "next_at", "state_now"}
)
"""Lines that only what is stored can say."""


@dataclass(frozen=True, slots=True)
class Stating:
    """One line with what must be chosen beforehand; *text* is the commitment to its words, empty for none."""

    request: StateFact
    text: str = ""
    sealed: tuple[Sealed, ...] = ()


@dataclass(frozen=True, slots=True)
class States:
    """The use case."""

    env: Environment

    async def __call__(self, request: StateFact, actor: Actor, *, request_id: str) -> Said:
        """
        Put a line there. Without words it is taken off; without words and `confirmed`, what stands is confirmed.

        Raises:
            NeedsMoreWords: no such name, not of its type, or too long. NotAllowed: who does not work on
            it; and to confirm, who leads neither it nor its words. IllegalMove: what the journal or the
            fleet vouches for. UnknownIncident. StoreLost: whether it is stored is not known.
        """
        request = replace(request, name=request.name.strip().lower())
        state = await self.env.store.refresh()
        incident = found(state, actor, request.which)
        before = await self._line(incident, request.name)
        must_be_open(request, before)
        words = _words(state, request, before, self.env.clock.now_ms())
        text, sealed = self.env.sealed(words)
        stating = Stating(request, text, sealed)
        committed, incident = await self.env.store.commit(
            request_id, lambda state, now_ms: decide_fact(state, now_ms, stating, actor)
        )
        line = await self._line(incident, request.name)
        return self._said(incident, request.name, line, fresh=committed is not None)

    async def _line(self, incident: Incident, name: str) -> Fact | None:
        lines = await sheet(self.env, self.env.store.state, incident)
        return next((one for one in lines if one.name == name), None)

    def _said(self, incident: Incident, name: str, line: Fact | None, *, fresh: bool) -> Said:
        done = "is" if fresh else "was already"
        zone = settings_of(self.env.store.state).zone
        if line is None or not line.value:
            title = f"{incident.id}: `{name}` {done} not known in {self.env.name}"
            return Said("plain", title, body={"incident": incident.id, "fact": None})
        title = f"{incident.id}: `{name}` {done} {line.surety} in {self.env.name}"
        users = (
            ()
            if line.surety == "confirmed" or not _kept_inside(name)
            else ("Users read it once the commander or the comms lead confirms it.",)
        )
        return Said(
            "green" if line.surety == "confirmed" else "amber",
            title,
            (fact_line(line, zone), *users),
            body={"incident": incident.id, "fact": fact_body(line)},
        )


def decide_fact(
    state: State, now_ms: int, stating: Stating, actor: Actor
) -> tuple[Change | None, Incident]:
    """Return the change of one line; none where it is so already. Raises as `States`."""
    request = stating.request
    incident = found(state, actor, request.which)
    rule = _may_state(state, incident, actor, now_ms)
    was = state.comms(incident.id)
    by = identity_of(policy_of(state), actor)
    if request.surety == "confirmed":
        _must_lead(incident, by)
    stated = None if not stating.text else Stated(stating.text, request.surety, by, now_ms)
    facts = {name: one for name, one in was.facts.items() if name != request.name}
    if stated is not None:
        facts[request.name] = stated
    elif request.name not in was.facts:
        return None, incident
    if len(facts) > MOST:
        raise IllegalMove(f"{incident.id} has {MOST} lines of people; nothing was changed.")
    return _change(replace(was, facts=facts), incident, stating, (actor, rule)), incident


def must_be_open(request: StateFact, before: Fact | None) -> None:
    """
    Refuse names that are none, and lines that what is stored vouches for.

    Raises:
        NeedsMoreWords, IllegalMove.
    """
    if not NAME.fullmatch(request.name):
        raise NeedsMoreWords(
            f"`{inert(request.name, limit=40)}` is no name of a fact; nothing was changed.",
            hint=f"Templates use {', '.join(f'`{one}`' for one in FACTS if one not in OURS)};"
            " others are small letters and `_`.",
        )
    vouched = (
        before is not None
        and before.surety == "confirmed"
        and bool(before.value)
        and not before.source.startswith("stated by")
    )
    if request.name in OURS or vouched:
        said = inert(before.source, limit=120) if before is not None else ""
        source = f" ({said})" if said else ""
        raise IllegalMove(
            f"`{request.name}` comes from what is stored{source}; nobody states it. Nothing was changed.",
            hint="Correct what it is taken from: the incident, its times, or its workflow's file.",
        )


def _words(state: State, request: StateFact, before: Fact | None, now_ms: int) -> str:
    """Return the words that are kept, of the type of the fact; empty to take it off."""
    words = request.text.strip()
    if not words and request.surety == "confirmed":
        if before is None or not before.value:
            raise NeedsMoreWords(
                f"Nothing stands for `{request.name}` that could be confirmed; nothing was changed.",
                hint=f"Say it: {command(f'comms fact {request.name} confirmed what is so')}.",
            )
        return before.value
    known = FACTS.get(request.name)
    field = Field(
        request.name,
        known.label if known is not None else request.name,
        known.type if known is not None else "line",
        required=False,
        max_length=LONGEST,
    )
    try:
        return kept(field, words, Here(settings_of(state).zone, now_ms))
    except Unfit as unfit:
        raise NeedsMoreWords(f"`{request.name}` {unfit}; nothing was changed.") from unfit


def _may_state(state: State, incident: Incident, actor: Actor, now_ms: int) -> str:
    """Return the rule by which somebody puts a line there: they work on it, or write to people about it."""
    try:
        return may_work(state, incident, actor, now_ms)
    except NotAllowed as no:
        try:
            return may_write(state, incident, "users", actor, now_ms).rule
        except NotAllowed:
            raise no from None


def _must_lead(incident: Incident, by: str) -> None:
    if by in (incident.roles.get("commander"), incident.roles.get("comms")):
        return
    raise NotAllowed(
        "Only the commander or the comms lead confirms a fact: users read what is confirmed."
        " Nothing was changed.",
        rule="comms-facts",
        hint="Put it there as believed, and they confirm it.",
    )


def _kept_inside(name: str) -> bool:
    known = FACTS.get(name)
    return known is not None and known.confirmed and not known.inside


def _change(
    now: IncidentComms, incident: Incident, stating: Stating, by: tuple[Actor, str]
) -> Change:
    actor, rule = by
    request = stating.request
    return Change(
        "comms_fact",
        actor,
        rule=rule,
        writes=(Write(COMMS, incident.id, as_record(now)),),
        facts={
            "incident": incident.id,
            "fact": request.name,
            "surety": request.surety if stating.text else "",
            "text": stating.text,
        },
        sealed=stating.sealed,
        effects=(card(incident),),
    )
