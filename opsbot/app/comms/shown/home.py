"""Messages to people on the Home tab: what is overdue or due, what waits for somebody, what did not come there."""

from collections.abc import Iterator

from opsbot.app.comms.promise.due import promise_buttons
from opsbot.app.comms.second import givers, pending
from opsbot.app.comms.shown.lists import message_line
from opsbot.app.comms.shown.press import value
from opsbot.app.comms.sight import visible
from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.words import clock
from opsbot.app.incident.promise_words import AUDIENCE_WORD, late_words
from opsbot.app.incident.sight import visible as incidents_seen
from opsbot.domain.actor import Actor
from opsbot.domain.approval import Approval
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.templates import AUDIENCES
from opsbot.domain.policy.rules import person_of
from opsbot.domain.said import Button, Said
from opsbot.domain.state import State
from opsbot.domain.typed import command

SHOWN = 5
"""Promises, and messages, that have buttons; the others are counted."""


async def message_parts(env: Environment, state: State, actor: Actor) -> tuple[Said, ...]:
    """
    Return a head, the next promise of each incident, and each message that is not done; nothing for none.

    Only what this person may see. Raises StoreLost.
    """
    now_ms = env.clock.now_ms()
    promises = sorted(_promises(state, actor, now_ms), key=lambda one: one[0])
    open_ = [one for one in visible(state, actor) if _is_open(state, one)]
    if not promises and not open_:
        return ()
    open_.sort(key=lambda one: not _mine(state, one, actor))
    heads = await env.unsealed(*(one.headline for one in open_[:SHOWN]))
    messages = (
        Said(
            "plain",
            message_line(state, one, head, now_ms),
            buttons=(*_mine(state, one, actor), Button("comms_preview", "Read it", value(one))),
        )
        for one, head in zip(open_, heads, strict=False)
    )
    left = max(len(promises) - SHOWN, 0) + max(len(open_) - SHOWN, 0)
    more = (f"And {left} more: {command('comms list')}.",) if left else ()
    shown = (said for _, said in promises[:SHOWN])
    return (Said("plain", f"Messages to people in {env.name}", more), *shown, *messages)


def _promises(state: State, actor: Actor, now_ms: int) -> Iterator[tuple[int, Said]]:
    """Yield what is promised next in each incident, with when it is due."""
    for incident in incidents_seen(state, actor, open_only=True):
        comms = state.comms(incident.id)
        dues = [
            (due, nth)
            for nth, audience in enumerate(AUDIENCES)
            if (due := comms.rhythm(audience).due_ms) is not None
        ]
        if dues:
            due_ms, nth = min(dues)
            audience = AUDIENCES[nth]
            first = comms.rhythm(audience).first_ms is None
            what = "the first word" if first else "the next update"
            late = now_ms > due_ms
            when = late_words(due_ms, now_ms) if late else f"is due by {clock(due_ms)}"
            who = AUDIENCE_WORD[audience]
            title = (
                f"{who[0].upper()}{who[1:]}: {what} of {incident.id} ({incident.severity}) {when}"
            )
            buttons = promise_buttons(incident.id, audience)
            yield due_ms, Said("red" if late else "plain", title, buttons=buttons)


def _is_open(state: State, message: Message) -> bool:
    """Return whether something is left to do for a message of an incident that is open, or did not arrive."""
    if message.standing in ("draft", "waiting", "refused"):
        return state.incident(message.incident).open
    failed = any(one.state in ("failed", "unsure") for one in message.sent.values())
    return message.standing == "published" and failed and state.incident(message.incident).open


def _mine(state: State, message: Message, actor: Actor) -> tuple[Button, ...]:
    """Return the buttons of what this very person is asked to approve."""
    if message.standing != "waiting":
        return ()
    person = person_of(policy_of(state), actor)
    asked = [one for one in pending(state, message) if person in givers(state, message, one)]
    return tuple(button for one in asked[:1] for button in _answers(one))


def _answers(one: Approval) -> tuple[Button, Button]:
    return (
        Button("approve", f"Approve {one.id}", one.id, "primary"),
        Button("comms_refuse", f"Refuse {one.id}\u2026", one.id),
    )
