"""
From the state to the page: only what was published to users there, never what is only known inside. Pure.

A kill that nobody was told of shows nowhere; an incident shows from its first published message on,
by that message's own words, whatever its record says.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from opsbot.app.comms.port import Impact
from opsbot.app.comms_rules import settings_of
from opsbot.app.status_page.page import HEALTHS, Component, Page, Story, Update
from opsbot.app.taken import Taken, taken, together
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.comms.templates import Locale, Stage
from opsbot.domain.incident import incident as incidents
from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.state import INCIDENTS, State

MOST: Final = 50
"""Incidents that are kept at hand, the newest first: as many as the de-facto JSON has."""

_IMPACTS: Final[Mapping[str, Impact]] = {
    "SEV1": "critical",
    "SEV2": "major",
    "SEV3": "minor",
    "SEV4": "none",
}


@dataclass(frozen=True, slots=True)
class Published:
    """
    The messages of one incident that are on the page, oldest first. *key* is what it is called outside.

    *killed*: a kill of it holds. *taken* is how much its kills take of each workflow that is declared.
    """

    key: str
    messages: tuple[Message, ...]
    killed: bool = False
    taken: Mapping[str, Taken] = field(default_factory=dict)

    @property
    def updated_ms(self) -> int:
        """Return when the newest was published."""
        return _at(self.messages[-1])


@dataclass(frozen=True, slots=True)
class Source:
    """
    What a page is made from. *texts* are the free texts that are still kept, by commitment.

    *url* is where people read the page, *site* says which page it is, *now_ms* when it is made.
    """

    settings: CommsSettings
    published: tuple[Published, ...]
    site: str
    url: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    now_ms: int = 0


def opaque(kind: str, of: str) -> str:
    """Return what something is called outside: always the same, and nothing can be read from it."""
    return hashlib.sha256(f"status-page:{kind}:{of}".encode()).hexdigest()[:12]


def key_of(message: Message) -> str:
    """Return what a message is called on the page."""
    return opaque("message", message.uid)


def shown(state: State, message: Message) -> bool:
    """Return whether a message stands on the page: published, to users, there, and no drill's."""
    record = state.kind(INCIDENTS).get(message.incident, {})
    return (
        message.standing == "published"
        and message.public
        and bool(here(settings_of(state), message))
        and not record.get("drill", False)
    )


def here(settings: CommsSettings, message: Message) -> tuple[str, ...]:
    """Return the targets of a message that are this page, but those it was not sent to in the end."""
    found = ((name, settings.target(name)) for name in message.targets)
    skipped = {name for name, one in message.sent.items() if one.state == "skipped"}
    return tuple(
        name
        for name, one in found
        if one is not None and one.kind == "status-page" and name not in skipped
    )


def published(state: State) -> tuple[Published, ...]:
    """Return what is on the page, by incident, the newest first: all that are open, and the last ones over."""
    by: dict[str, list[Message]] = {}
    for message in sorted(state.messages(), key=lambda one: (_at(one), _number(one))):
        if shown(state, message):
            by.setdefault(message.incident, []).append(message)
    found = [_of_incident(state, name, messages) for name, messages in by.items()]
    found.sort(key=lambda one: one.updated_ms, reverse=True)
    return tuple(one for nth, one in enumerate(found) if nth < MOST or not _over(one.messages))


def commitments(found: Iterable[Published]) -> tuple[str, ...]:
    """Return the commitments to every text that the page shows."""
    wanted = (
        text
        for one in found
        for message in one.messages
        for text in (message.headline, *message.headlines.values(), *message.texts.values())
    )
    return tuple(dict.fromkeys(text for text in wanted if text))


def read(source: Source) -> Page:
    """Return the page."""
    stories = tuple(_story(source, one) for one in source.published)
    return Page(
        title=source.settings.page_title,
        site=source.site,
        url=source.url,
        contact=source.settings.contact,
        locales=source.settings.locales,
        zone=source.settings.zone,
        components=tuple(_components(source, stories)),
        stories=stories,
        made_ms=source.now_ms,
    )


def _of_incident(state: State, name: str, messages: Sequence[Message]) -> Published:
    record = state.kind(INCIDENTS).get(name)
    incident = None if record is None else incidents.from_record(record)
    uid = name if incident is None else incident.uid
    kills = _kills(state, incident)
    by = {name: taken(one, kills) for name, one in state.workflows().items()} if kills else {}
    held = {name: one for name, one in by.items() if one.reach != "on"}
    return Published(opaque("incident", uid), tuple(messages), bool(kills), held)


def _kills(state: State, incident: Incident | None) -> tuple[Kill, ...]:
    """Return the kills of the incident that still hold: of any other nobody was told here."""
    named = frozenset(() if incident is None else incident.kills)
    return tuple(kill for kill in state.active_kills() if kill.id in named)


def _story(source: Source, one: Published) -> Story:
    moving = [message for message in one.messages if message.stage != "correction"]
    newest = (moving or one.messages)[-1]
    stage: Stage = newest.stage if moving else "investigating"
    resolved = next((_at(m) for m in _tail(moving)), None) if stage == "resolved" else None
    told = [message for message in (*moving, *one.messages) if message.workflows]
    titled = _titling(source, one.messages, moving)
    names = _names(source.settings, _touched(newest, told))
    return Story(
        key=one.key,
        headline="" if titled is None else source.texts[titled.headline],
        headlines={} if titled is None else _headlines(source, titled),
        impact=_IMPACTS.get(newest.severity, "minor"),
        stage=stage,
        updates=tuple(_updates(source, one.messages)),
        components=names,
        taken={name: _taken(source.settings, one, name) for name in names},
        off=newest.stays_off and (stage != "resolved" or one.killed),
        resolved_ms=resolved,
    )


def _titling(
    source: Source, messages: Sequence[Message], moving: Sequence[Message]
) -> Message | None:
    """
    Return the message whose headline stands over all: the newest that moved it, or what corrects that one.

    One that was corrected does not stand there until somebody writes the next word.
    """
    known = [one for one in (*messages, *moving) if source.texts.get(one.headline)]
    titled = known[-1] if known else None
    for one in messages:
        corrects = titled is not None and one.corrects == titled.id
        titled = one if corrects and source.texts.get(one.headline) else titled
    return titled


def _headlines(source: Source, message: Message) -> Mapping[Locale, str]:
    """Return what stands over a message in each language that it has, as far as that is kept."""
    usual = dict.fromkeys(message.texts, message.headline)
    found = {
        locale: source.texts.get(text) for locale, text in {**usual, **message.headlines}.items()
    }
    return {locale: said for locale, said in found.items() if said}


def _taken(settings: CommsSettings, one: Published, name: str) -> Taken:
    """Return how much is taken of what users know by a name: several workflows may be one thing to them."""
    parts = [workflow for workflow, public in settings.public.items() if _titled(public) == name]
    return together([one.taken.get(workflow, Taken()) for workflow in parts])


def _tail(moving: Sequence[Message]) -> Iterable[Message]:
    """Return the messages since which an incident is over without a break, oldest first."""
    count = 0
    for message in reversed(moving):
        if message.stage != "resolved":
            break
        count += 1
    return moving[len(moving) - count :]


def _touched(newest: Message, told: Sequence[Message]) -> tuple[str, ...]:
    """Return the workflows that the newest message names; where it names none, those that were named last."""
    if newest.workflows or not told:
        return newest.workflows
    return max(told, key=_at).workflows


def _updates(source: Source, messages: Sequence[Message]) -> Iterable[Update]:
    """Return the newest first, each with what corrects it."""
    keys = {message.id: key_of(message) for message in messages}
    corrections = {message.corrects: message for message in messages if message.corrects}
    status: Stage = "investigating"
    found = []
    for message in messages:
        status = status if message.stage == "correction" else message.stage
        corrected = corrections.get(message.id)
        update = Update(
            key=keys[message.id],
            stage=message.stage,
            status=status,
            at_ms=_at(message),
            texts={
                locale: source.texts[text]
                for locale, text in message.texts.items()
                if text in source.texts
            },
            next_ms=message.next_ms,
            headline=source.texts.get(message.headline, ""),
            headlines=_headlines(source, message),
            corrects=keys.get(message.corrects, ""),
        )
        if corrected is not None:
            update = replace(update, corrected=keys[corrected.id], corrected_ms=_at(corrected))
        found.append(update)
    return reversed(found)


def _names(settings: CommsSettings, workflows: Iterable[str]) -> tuple[str, ...]:
    """Return the public names; what has none is not spoken of."""
    names = (settings.public.get(one, "") for one in workflows)
    return tuple(dict.fromkeys(_titled(one) for one in names if one))


def _components(source: Source, stories: Sequence[Story]) -> Iterable[Component]:
    """Yield one for each public name, by the alphabet; several workflows may share one."""
    names = {_titled(one) for one in source.settings.public.values()}
    for name in sorted(names, key=lambda one: (one.casefold(), one)):
        touching = [one for one in stories if name in one.components]
        healths = [one.health(name) for one in touching if one.touches]
        yield Component(
            key=opaque("component", name),
            name=name,
            names=_called(source.settings, name),
            health=max(healths, key=HEALTHS.index, default="operational"),
            off=any(one.is_off(name) for one in touching if one.touches),
            first_ms=min((one.started_ms for one in touching), default=None),
            updated_ms=max((one.updated_ms for one in touching), default=None),
        )


def _called(settings: CommsSettings, name: str) -> Mapping[Locale, str]:
    """Return a name in the languages that have another one for it."""
    workflow = next(one for one, public in settings.public.items() if _titled(public) == name)
    found = {one: _titled(settings.name_in(workflow, one)) for one in settings.locales}
    return {locale: said for locale, said in found.items() if said != name}


def _titled(name: str) -> str:
    """Return a public name as it stands by itself; in sentences it may begin small."""
    return name[:1].upper() + name[1:]


def _over(messages: Sequence[Message]) -> bool:
    moving = [message for message in messages if message.stage != "correction"]
    return bool(moving) and moving[-1].stage == "resolved"


def _at(message: Message) -> int:
    return message.made_ms if message.published_ms is None else message.published_ms


def _number(message: Message) -> int:
    return int(message.id.removeprefix("MSG-"))
