"""When a promise of the next word comes due: a reminder before it, a call at it, counted once whatever happens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.words import clock
from opsbot.app.incident.effects import card
from opsbot.app.incident.legal_clocks import clock_due, clock_said, clock_whom
from opsbot.app.incident.promise_words import AUDIENCE_WORD, late_words
from opsbot.app.incident.promises import rhythmic, timer, with_rhythms, written
from opsbot.app.ports import Chat, Delivery, Render
from opsbot.app.reach import slack_ids, tell_each
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Record, Timer
from opsbot.domain.comms.cadence import settled
from opsbot.domain.comms.templates import AUDIENCES, Audience
from opsbot.domain.errors import UnknownIncident
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.settings import MINUTE_MS
from opsbot.domain.said import Button, Said
from opsbot.domain.state import State
from opsbot.domain.typed import command

AGAIN_MS: Final = 10 * MINUTE_MS
"""How long after a promise was broken it is said again."""

MOST: Final = 3
"""How often a broken promise is said: at it, and twice more."""


@dataclass(frozen=True, slots=True)
class Due:
    """The effect handler `comms_due`; *chat* None says nothing, and counts all the same."""

    env: Environment
    chat: Chat | None
    render: Render

    async def __call__(self, delivery: Delivery) -> None:
        """
        Count a promise whose time passed, and say so; a promise that was kept or moved is left alone.

        Raises:
            RetryLater, GiveUp: from the port; people already told are found by their key.
            StoreLost: it is delivered again.
        """
        body, key = delivery.effect.body, delivery.effect.key

        def decide(state: State, now_ms: int) -> tuple[Change | None, Incident | None]:
            try:
                incident = state.incident(str(body["incident"]))
            except UnknownIncident:
                return None, None
            change = _decided(state, now_ms, incident, body)
            return change, None if change is None else incident

        _, incident = await self.env.store.commit(f"comms:{key}", decide)
        if incident is not None and self.chat is not None:
            await self._say(self.chat, incident, body, key)

    async def _say(self, chat: Chat, incident: Incident, body: Record, key: str) -> None:
        state, now_ms = self.env.store.state, self.env.clock.now_ms()
        if body["what"] == "clock":
            said, whom = clock_said(state, incident, body, now_ms), clock_whom(state, incident)
        else:
            said = promise_said(state, incident, body, self.env.name, now_ms)
            whom = tuple(_whom(incident, str(body["what"])))
        message = self.render(said)
        people = slack_ids(policy_of(state), tuple(dict.fromkeys(whom)))
        if people:
            await tell_each(chat, people, message, key=key)
        if body["what"] == "due" and incident.room.live:
            await chat.post(incident.room.channel, *message, key=f"{key}:room")


def promise_said(state: State, incident: Incident, body: Record, env: str, now_ms: int) -> Said:
    """Return what is said before and at a promise: to whom something is due, since when, and what to type."""
    audience = str(body["audience"])
    who = AUDIENCE_WORD.get(audience, audience)
    due_ms = int(str(body["due_ms"]))
    first = state.comms(incident.id).rhythm(_audience(audience)).first_ms is None
    what = "the first word" if first else "the next update"
    late = late_words(due_ms, now_ms) if now_ms > due_ms else f"is due by {clock(due_ms)}"
    new = command(f"comms new {incident.id}")
    snooze = command(f"comms snooze {incident.id} {audience} 15m why it has to wait")
    return Said(
        "amber" if now_ms <= due_ms else "red",
        f"{incident.id} {incident.severity}: {what} to {who} {late} in {env}",
        (f"Write it: {new}. If it has to wait, say why: {snooze}.",),
        promise_buttons(incident.id, audience),
    )


def promise_buttons(incident: str, audience: str) -> tuple[Button, Button]:
    """Return what is done about a promise: keep it, or say why it has to wait."""
    return (
        Button("comms_new", "Tell people\u2026", incident, "primary"),
        Button("comms_snooze", "Put it off\u2026", f"{incident}:{audience}"),
    )


def _decided(state: State, now_ms: int, incident: Incident, body: Record) -> Change | None:
    if body["what"] == "clock":
        return clock_due(state, incident, body)
    audience, due_ms = _audience(str(body["audience"])), int(str(body["due_ms"]))
    was = state.comms(incident.id)
    rhythm = was.rhythm(audience)
    if rhythm.due_ms != due_ms or not rhythmic(incident):
        return None
    facts: Record = {"incident": incident.id, "audience": audience, "due_ms": due_ms}
    if body["what"] == "ahead":
        return Change("comms_reminded", SCHEDULER, rule="system", facts=facts)
    nth = int(str(body.get("nth", 1)))
    now = with_rhythms(was, {audience: settled(rhythm, now_ms)})
    counted = written(was, now, incident, now_ms)
    return Change(
        "comms_overdue",
        SCHEDULER,
        rule="system",
        facts={**facts, "nth": nth},
        writes=counted.writes,
        effects=(card(incident),),
        timers=tuple(_again(incident, audience, due_ms, now_ms, nth)),
    )


def _again(
    incident: Incident, audience: Audience, due_ms: int, now_ms: int, nth: int
) -> Iterator[Timer]:
    if nth < MOST:
        at_ms = now_ms + AGAIN_MS
        yield timer(
            incident, audience, "due", due_ms=due_ms, at_ms=at_ms, now_ms=now_ms, nth=nth + 1
        )


def _whom(incident: Incident, what: str) -> Iterator[str]:
    """Yield who is told: before a promise whoever writes, at it the commander too."""
    lead, writes = incident.roles.get("commander"), incident.roles.get("comms")
    named = [one for one in ((writes,) if what == "ahead" and writes else (writes, lead)) if one]
    yield from named or [incident.declared_by]


def _audience(word: str) -> Audience:
    return next(one for one in AUDIENCES if one == word)
