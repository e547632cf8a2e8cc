"""The target `in-app`: what was approved stands in the clients themselves, confirmed by each instance as a kill is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from opsbot.app.comms.port import Post, Posted
from opsbot.app.comms.settings import settings_of
from opsbot.app.environment import ALTERED, ERASED, Environment
from opsbot.app.fleet.sight import Sight
from opsbot.app.fleet.words import listed
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.user_texts import noticed, texts_of, withdrawn, writes
from opsbot.domain.actor import OUTBOX
from opsbot.domain.change import Change, Position
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.settings import IN_APP
from opsbot.domain.containment import Containment, Watched
from opsbot.domain.incident.incident import Incident
from opsbot.domain.state import State
from opsflags import keys
from opsflags.model import Scope

WATCH_S: Final = 3.0
AGAIN_S: Final = 2.0
PATIENCE_MS: Final = 10 * 60_000
"""How long a message waits for an instance that does not answer; then it says who that is, and is done."""


@dataclass(frozen=True, slots=True)
class InApp:
    """The publisher. It needs nothing outside: the store carries the words to the clients."""

    env: Environment

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """
        Put the words into the clients and wait for every instance.

        A message that ends an incident takes the notice away; clients then say what is declared.

        Raises:
            RetryLater: not every instance has acknowledged yet; names those that have not.
            GiveUp: the incident names no workflow that is declared.
            StoreLost: it is not known whether it is stored; it is delivered again.
        """
        state = self.env.store.state
        message = state.message(post.message)
        incident = state.incident(message.incident)
        _must_have_workflows(state, incident)
        gone = await erased(self.env, state, incident.workflows)
        done, _ = await self.env.store.commit(
            f"{post.key}:in-app", lambda state, now_ms: decide(state, now_ms, post, gone)
        )
        if done is None:
            return Posted(detail=_nobody(state, incident, message))
        seen = await self._seen(incident, done.position, since_ms=done.at_ms)
        if seen is None:
            raise RetryLater("the instances could not be asked", after_s=AGAIN_S)
        return self._posted(post, incident, seen)

    async def _seen(
        self, incident: Incident, at: Position, *, since_ms: int
    ) -> Sequence[Containment] | None:
        state, sight = self.env.store.state, Sight(self.env.fleets, self.env.clock)
        found = []
        for name in incident.workflows:
            watched = Watched(Scope(name), at, rejects=name, since_ms=since_ms)
            one = await sight.until_complete(watched, state.workflows(), timeout_s=WATCH_S)
            if one is None:
                return None
            found.append(one)
        return found

    def _posted(self, post: Post, incident: Incident, seen: Sequence[Containment]) -> Posted:
        late = set().union(*(not_there(each) for each in seen))
        shown = {name for each in seen for name in each.confirmed} - late
        expected = len(shown | late)
        state = self.env.store.state
        if not late:
            words = _nobody(state, incident, state.message(post.message))
            return Posted(confirmed=len(shown), expected=expected, detail=words)
        who = f"not shown by {listed(sorted(late))}"
        if self.env.clock.now_ms() - post.at_ms < PATIENCE_MS:
            raise RetryLater(
                f"{len(shown)} of {expected} instances show it, {who}", after_s=AGAIN_S
            )
        return Posted(confirmed=len(shown), expected=expected, detail=who)


def decide(
    state: State, now_ms: int, post: Post, gone: Collection[str] = ()
) -> tuple[Change | None, None]:
    """
    Return the change that puts a message into the clients, None where it already stands there.

    *gone* are messages whose words were erased: they do not come back.
    """
    message = state.message(post.message)
    incident = state.incident(message.incident)
    if (sent := message.sent.get(IN_APP)) and sent.state not in ("due", "unsure"):
        # Another replica has done it since, and newer words may stand there by now.
        return None, None
    ends = message.stage == "resolved" and not message.stays_off
    if ends:
        changed = withdrawn(state, incident.id, gone)
    else:
        # None of them may be declared any more; what was approved is said all the same.
        known = (one for one in settings_of(state).locales if one in post.texts)
        locale = next(known, next(iter(post.texts)))
        changed = noticed(state, incident, post.texts, message=message.id, locale=locale)
    changed = tuple(one for one in changed if one != texts_of(state, one.workflow))
    if not changed:
        return None, None
    facts = {"message": message.id, "incident": incident.id}
    verb = "notice_end" if ends else "notice"
    change = Change(verb, OUTBOX, writes(state, *changed), rule="published", facts=facts)
    return change, None


async def erased(env: Environment, state: State, workflows: Iterable[str]) -> frozenset[str]:
    """Return the messages kept beside in some workflows whose words were erased: they never come back."""
    kept = [one for name in workflows for one in texts_of(state, name).beside]
    gone = set()
    for name in kept:
        said = await env.unsealed(*state.message(name).texts.values())
        if not {ERASED, ALTERED}.isdisjoint(said):
            gone.add(name)
    return frozenset(gone)


def not_there(seen: Containment) -> frozenset[str]:
    """Return the instances that have not acknowledged, for whatever reason."""
    away = (*seen.lagging, *seen.ahead, *seen.silent, *seen.expired)
    return frozenset(one.id for one in away) | frozenset(seen.rejected)


def _must_have_workflows(state: State, incident: Incident) -> None:
    known = state.kind(keys.WORKFLOWS)
    if not any(name in known for name in incident.workflows):
        raise GiveUp(
            "the incident names no declared workflow, so no client can show it: name one and retry"
        )


def _nobody(state: State, incident: Incident, message: Message) -> str:
    """Return what to know about who reads it: while nothing is killed, nobody does."""
    if message.stage == "resolved" and not message.stays_off:
        return "clients say again what is declared"
    holding = [name for name in incident.kills if state.kill(name).active]
    if not holding:
        return f"no kill of {incident.id} holds, so nobody reads it until one does"
    return ""
