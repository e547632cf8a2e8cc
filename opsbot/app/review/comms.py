"""What people were told of an incident: its messages with their words, and what became of its promises."""

from collections.abc import AsyncIterator

from opsbot.app.comms_rules import settings_of
from opsbot.app.environment import Environment, policy_of
from opsbot.domain.comms.message import Message, Sent
from opsbot.domain.comms.templates import AUDIENCES, Locale
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import shown
from opsbot.domain.review_comms import (
    Communication,
    MovedPromise,
    ToldAudience,
    ToldMessage,
    ToldPlace,
)
from opsbot.domain.said import inert

MOST = 200
"""Messages of one incident in its review."""


async def told_people(env: Environment, incident: Incident) -> Communication:
    """
    Return what people were told, the first message first; words that were erased say so.

    Raises:
        StoreLost: no answer within the deadline.
    """
    mine = [one for one in reversed(env.store.state.messages()) if one.incident == incident.id]
    out = [one for one in mine if one.standing == "published"][-MOST:]
    return Communication(
        tuple([await _message(env, one) for one in out]),
        tuple([one async for one in _audiences(env, incident)]),
        tuple(one.id for one in mine if one.standing in ("draft", "waiting")),
    )


async def _message(env: Environment, one: Message) -> ToldMessage:
    policy = policy_of(env.store.state)
    names, own = _languages(env, one), tuple(one.headlines)
    headline, *said = await env.unsealed(
        one.headline, *(one.texts[name] for name in names), *(one.headlines[name] for name in own)
    )
    texts, heads = said[: len(names)], said[len(names) :]
    reached = [
        sent.at_ms for sent in one.sent.values() if sent.state == "done" and sent.confirmed != 0
    ]
    return ToldMessage(
        id=one.id,
        audience=one.audience,
        stage=one.stage,
        severity=one.severity,
        headline=headline,
        texts=dict(zip(names, texts, strict=True)),
        headlines=dict(zip(own, heads, strict=True)),
        author=inert(shown(policy, one.author), limit=80),
        by=inert(shown(policy, one.published_by or one.author), limit=80),
        approved_by=tuple(inert(shown(policy, who), limit=80) for who in one.approved_by),
        holding=one.holding,
        let_ms=one.published_ms or one.made_ms,
        public_ms=min(reached, default=None),
        next_ms=one.next_ms,
        corrects=one.corrects,
        corrected=one.corrected,
        places=tuple(_place(name, sent) for name, sent in one.sent.items()),
    )


def _languages(env: Environment, one: Message) -> tuple[Locale, ...]:
    """Return the languages of a message as they are declared, the one that is always written first."""
    known = settings_of(env.store.state).locales
    named = tuple(name for name in known if name in one.texts)
    return (*named, *sorted(name for name in one.texts if name not in known))


def _place(name: str, sent: Sent) -> ToldPlace:
    return ToldPlace(
        name, sent.state, sent.at_ms, sent.url, sent.detail, sent.confirmed, sent.expected
    )


async def _audiences(env: Environment, incident: Incident) -> AsyncIterator[ToldAudience]:
    comms, policy = env.store.state.comms(incident.id), policy_of(env.store.state)
    for audience in AUDIENCES:
        rhythm = comms.rhythms.get(audience)
        if rhythm is None:
            continue
        reasons = await env.unsealed(*(one.why for one in rhythm.snoozes))
        moved = tuple(
            MovedPromise(inert(shown(policy, one.by), limit=80), one.at_ms, one.until_ms, why)
            for one, why in zip(rhythm.snoozes, reasons, strict=True)
        )
        yield ToldAudience(audience, rhythm.stage, rhythm.kept, rhythm.broken, moved)
