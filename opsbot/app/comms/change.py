"""One change of a message, with everything that goes with it in the same commit. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from opsbot.app.incident.effects import message_card
from opsbot.app.run_effects import acts_waiting
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Json, Position, Sealed, Timer, Write
from opsbot.domain.comms.message import Message, as_record
from opsbot.domain.state import MESSAGES, State

Outcome = Literal[
    "drafted",
    "edited",
    "asked",
    "still_waiting",
    "approved",
    "published",
    "refused",
    "withdrawn",
    "void",
    "dropped",
    "retried",
    "already",
]


@dataclass(frozen=True, slots=True)
class Told:
    """What a decision left for its caller: the message as it now is, what happened, and a sentence more."""

    message: Message
    outcome: Outcome
    note: str = ""


def at_next(state: State) -> Position:
    """Return where the change that is being decided will stand."""
    return Position(state.position.epoch, state.position.revision + 1)


def changed(  # noqa: PLR0913  one change, its words and its evidence
    state: State,
    message: Message,
    actor: Actor,
    *,
    verb: str,
    rule: str = "system",
    facts: Mapping[str, Json] | None = None,
    sealed: tuple[Sealed, ...] = (),
) -> tuple[Change, Message]:
    """Return the change that stores a message as it now is, with its card."""
    after = replace(message, at=at_next(state))
    told: dict[str, Json] = {
        "message": after.id,
        "incident": after.incident,
        "audience": after.audience,
        "stage": after.stage,
        **(facts or {}),
    }
    change = Change(
        verb=verb,
        actor=actor,
        writes=(Write(MESSAGES, after.id, as_record(after)),),
        rule=rule,
        facts=told,
        sealed=sealed,
        effects=(message_card(after), *_steps(state, after)),
    )
    return change, after


def _steps(state: State, after: Message) -> Iterator[Effect]:
    """Yield the work of steps of runbooks that wait until a message is let go, or given up."""
    if after.standing in ("published", "refused", "dropped"):
        why = f"{after.version}:{after.standing}"
        yield from acts_waiting(state, after.incident, after.id, why)


def beside(change: Change, *more: Change | None) -> Change:
    """Return a change with what others write and set off, in the same commit; nothing is done twice."""
    for one in more:
        if one is not None:
            change = replace(
                change,
                writes=(*change.writes, *one.writes),
                sealed=(*change.sealed, *one.sealed),
                effects=_each(*change.effects, *one.effects),
                timers=_timers(*change.timers, *one.timers),
                cancels=tuple(dict.fromkeys((*change.cancels, *one.cancels))),
            )
    return change


def _each(*effects: Effect) -> tuple[Effect, ...]:
    return tuple({one.key: one for one in effects}.values())


def _timers(*timers: Timer) -> tuple[Timer, ...]:
    return tuple({one.id: one for one in timers}.values())
