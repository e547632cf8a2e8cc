"""The action `comms` of a runbook: the first word at once, else a draft that waits until people read it."""

from collections.abc import Iterator
from dataclasses import dataclass

from opsbot.app.comms.requests import HoldUsers, NewMessage
from opsbot.app.comms.second import first_word
from opsbot.app.comms.view import MessageForm
from opsbot.app.comms_verbs import CommsVerbs
from opsbot.app.environment import Environment
from opsbot.app.incident.requests import Which
from opsbot.app.runs.meant import CommsArguments
from opsbot.app.runs.outcome import Outcome
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json, Record
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.message import from_record as message_from
from opsbot.domain.errors import (
    IllegalMove,
    NeedsMoreWords,
    NotAllowed,
    UnknownMessage,
    UnknownTemplate,
)
from opsbot.domain.run import Act, Run
from opsbot.domain.state import MESSAGES, State
from opsbot.domain.typed import command

THERE = ("draft", "waiting", "published")
"""Standings of a message that a step takes up: the others say nothing to anybody."""


@dataclass(frozen=True, slots=True)
class Tells:
    """Writes what a step says to people, through the doors of the commands."""

    env: Environment
    comms: CommsVerbs

    async def __call__(
        self, run: Run, key: str, given: CommsArguments, actor: Actor, request_id: str
    ) -> Outcome:
        """
        Take up what is written already, give users the first word, or write a draft.

        Raises:
            Refused: nothing was written; which fields are missing, and how to fill them in.
        """
        if not run.incident:
            raise IllegalMove(
                f"{run.id} belongs to no incident, and people are told of one; nothing was written."
            )
        state = await self.env.store.refresh()
        there = written(state, run, key, given)
        if there is not None:
            return stands(there)
        if given.template.startswith("users-") and first_word(state, state.incident(run.incident)):
            try:
                return await self._held(run, key, given, actor, request_id)
            except (NotAllowed, NeedsMoreWords, IllegalMove, UnknownTemplate):
                pass  # not approved in advance, or not theirs to say alone: it is written, and read first
        return await self._drafted(run, key, given, actor, request_id)

    async def _held(
        self, run: Run, key: str, given: CommsArguments, actor: Actor, request_id: str
    ) -> Outcome:
        request = HoldUsers(Which(run.incident), given.template, run.id, step_of(key))
        said = await self.comms.hold(request, actor, request_id=request_id)
        return self._now(said.body)

    async def _drafted(
        self, run: Run, key: str, given: CommsArguments, actor: Actor, request_id: str
    ) -> Outcome:
        which = Which(run.incident)
        form = await self.comms.form(given.template, which, actor)
        must_go_on(self.env.store.state, form)
        must_be_filled(form)
        request = NewMessage(
            given.template, which, next_s=given.next_update_s, run=run.id, step=step_of(key)
        )
        said = await self.comms.new(request, actor, request_id=request_id)
        return self._now(said.body)

    def _now(self, body: Record) -> Outcome:
        return stands(self.env.store.state.message(str(body["message"])))


def must_go_on(state: State, form: MessageForm) -> None:
    """
    Go on where the words are not behind what people read already: a step that comes late is done.

    Raises:
        NeedsMoreWords: names the newest message, and what to do with the step.
    """
    if not form.goes_back:
        return
    rhythm = state.comms(form.incident.id).rhythm(form.template.audience)
    raise NeedsMoreWords(
        f"{form.template.audience.capitalize()} read more than this already ({rhythm.newest},"
        f" {rhythm.stage}); nothing was written.",
        hint=f"If that is so still, the step is done: {command('runbook done')}. If it went back, write why:"
        f" {command(f'comms new {form.template.name} {form.incident.id} back:…')}.",
    )


def must_be_filled(form: MessageForm) -> None:
    """
    Go on where everything that a template cannot do without is known.

    Raises:
        NeedsMoreWords: names what is missing, and how to say it.
    """
    missing = lacking(form)
    if missing:
        values = " ".join(f"{one}=\u2026" for one in missing)
        new = command(f"comms new {form.template.name} {form.incident.id} {values}")
        raise NeedsMoreWords(
            f"`{form.template.name}` asks for {', '.join(f'`{one}`' for one in missing)}; nothing was"
            " written.",
            hint=f"Write it: {new}. Then press again: the step takes it up.",
        )


def lacking(form: MessageForm) -> tuple[str, ...]:
    """Return the fields that somebody has to fill in."""
    return tuple(
        one.name
        for one in form.template.fields
        if one.required and not form.values.get(one.name, "").strip()
    )


def written(state: State, run: Run, key: str, given: CommsArguments) -> Message | None:
    """Return the newest message of the run's incident by that template that no other step came to."""
    gone = set(taken(run, key))
    return next(
        (
            one
            for one in state.messages()
            if one.incident == run.incident
            and one.template == given.template
            and one.standing in THERE
            and one.id not in gone
        ),
        None,
    )


def taken(run: Run, key: str) -> Iterator[str]:
    """Yield the messages that a run came to elsewhere, or at this place before."""
    for name, act in run.acts.items():
        if name != key:
            yield from act.results
        else:
            yield from act.before


def stands(message: Message) -> Outcome:
    """Return what a message says of the step that asked for it: it waits until people can read it."""
    if message.standing == "published":
        return Outcome("done", message.id, f"{message.id} is published")
    if message.standing in ("refused", "dropped"):
        return Outcome("failed", message.id, f"{message.id} was {message.standing}")
    how = "waits for approval" if message.standing == "waiting" else "is written, not published"
    return Outcome("waiting", message.id, f"{message.id} {how}")


def stands_now(state: State, act: Act) -> Outcome:
    """Return how the message stands that an action waits for."""
    try:
        return stands(state.message(act.result))
    except UnknownMessage:
        return Outcome("failed", act.result, f"{act.result} is not known any more")


def of_written(kind: str, record: Record | None) -> Outcome | None:
    """Return what a stored message says of the step that asked for it, None for anything else."""
    if kind != MESSAGES or record is None:
        return None
    return stands(message_from(record))


def is_told(value: Json) -> bool:
    """Return whether a result is a message to people."""
    return isinstance(value, str) and value.startswith("MSG-")


def step_of(key: str) -> str:
    """Return the id of the step of an action."""
    return key.partition("#")[0]
