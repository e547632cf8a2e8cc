"""What a template, its fields and the fact sheet come to: the words of a draft, sealed beside the chain."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opsbot.app.comms.port import Templates
from opsbot.app.comms.promise.cadence import next_promise
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.sheet import facts as sheets
from opsbot.app.comms.view import Fact
from opsbot.app.environment import Environment
from opsbot.app.target import nearest
from opsbot.domain.change import Sealed
from opsbot.domain.comms.cadence import FINAL, next_due
from opsbot.domain.comms.facts import STATE, STAYS_OFF
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.moments import canonical, spelled
from opsbot.domain.comms.templates import Locale, Rendered, Template
from opsbot.domain.comms.values import Here, lasting
from opsbot.domain.errors import NeedsMoreWords, UnknownTemplate
from opsbot.domain.incident.incident import Incident
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

LEAST_S, MOST_S = 60, 7 * 86_400
"""How soon and how late the next update may be promised, in seconds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What a draft is made from beside its template: *values* as typed, and what it promises.

    *next_s* is the next update in seconds from now, None for what the cadence says. *corrects* is the
    message that it corrects. *at_ms* keeps a promise that was made before.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    next_s: int | None = None
    corrects: Message | None = None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """
    The words of a message: as they are published, and the commitments that stand for them in the record.

    *claims* is how they say that things are for users, empty where they say nothing of it.
    """

    template: Template
    rendered: Rendered
    next_ms: int | None
    stays_off: bool
    claims: str
    headline: str
    texts: Mapping[Locale, str]
    headlines: Mapping[Locale, str]
    values: str
    why: str
    sealed: tuple[Sealed, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes drafts; nothing that somebody typed is ever read as a template."""

    env: Environment
    templates: Templates

    def named(self, word: str) -> Template:
        """
        Return the template that a word names.

        Raises:
            UnknownTemplate: nearest names. NeedsMoreWords: none was named.
        """
        known, name = self.templates.known(), word.strip().lower()
        if not name:
            raise NeedsMoreWords(
                "Name a template; nothing was written.",
                hint=f"{command('comms templates')} lists them.",
            )
        if name in known:
            return known[name]
        near = " or ".join(f"`{one}`" for one in nearest(name, known))
        raise UnknownTemplate(
            f"There is no template `{inert(word, limit=80)}`; nothing was written.",
            hint=f"Did you mean {near}?" if near else f"{command('comms templates')} lists them.",
        )

    def correction(self, of: Message, word: str = "") -> Template:
        """
        Return the template that corrects a message: the named one, else the one of its situation.

        Raises:
            UnknownTemplate: there is none; which there are for its audience. And as `named`.
        """
        name = f"{of.audience}-{of.situation}-correction"
        known = self.templates.known()
        if word.strip() or name in known:
            return self.named(word.strip() or name)
        some = [
            f"`{one.name}`"
            for one in known.values()
            if one.audience == of.audience and one.stage == "correction"
        ]
        raise UnknownTemplate(
            f"There is no template `{name}` that corrects {of.id}; nothing was written.",
            hint=f"Name one of {', '.join(some)}." if some else f"Write {name}.md.j2.",
        )

    async def draft(
        self, state: State, incident: Incident, template: Template, wanted: Wanted, why: str = ""
    ) -> Draft:
        """
        Fill a template and seal its words. *why* is free text: why it steps back a stage.

        Raises:
            Refused: a field, or a promise that cannot be. StoreLost.
        """
        next_ms = self.promise(state, incident, template, wanted)
        facts = await sheets.sheet(self.env, state, incident)
        usable = self.usable(facts, template, wanted, next_ms)
        values = prefilled(template, wanted.values, usable)
        rendered = self.templates.render(template, values, usable)
        values = lasting(template, values, Here(settings_of(state).zone, self.env.clock.now_ms()))
        headline, first = self.env.sealed(rendered.headline)
        kept = {locale: self.env.sealed(text) for locale, text in rendered.texts.items()}
        heads = {
            locale: self.env.sealed(text)
            for locale, text in rendered.headlines.items()
            if text != rendered.headline
        }
        said, second = self.env.sealed(json.dumps(dict(values), ensure_ascii=False, sort_keys=True))
        because, third = self.env.sealed(why.strip())
        texts = (one for _, more in (*kept.values(), *heads.values()) for one in more)
        return Draft(
            template=template,
            rendered=rendered,
            next_ms=next_ms,
            stays_off=stays_off(template, values),
            claims=claims(template, usable),
            headline=headline,
            texts={locale: commitment for locale, (commitment, _) in kept.items()},
            headlines={locale: commitment for locale, (commitment, _) in heads.items()},
            values=said,
            why=because,
            sealed=(*first, *texts, *second, *third),
        )

    def usable(
        self, facts: Sequence[Fact], template: Template, wanted: Wanted, next_ms: int | None
    ) -> dict[str, str]:
        """Return the facts that a message may say, with what it promises and what it corrects."""
        found = dict(sheets.usable(facts, template.audience))
        found.pop("next_at", None)
        if next_ms is not None:
            found["next_at"] = canonical(next_ms)
        if wanted.corrects is not None and wanted.corrects.published_ms is not None:
            found["corrected_at"] = canonical(wanted.corrects.published_ms)
        return found

    def promise(
        self, state: State, incident: Incident, template: Template, wanted: Wanted
    ) -> int | None:
        """
        Return the next update that a message promises.

        Raises:
            NeedsMoreWords: its words promise one and nobody says when; or too soon, or too late.
        """
        now_ms, next_s = self.env.clock.now_ms(), wanted.next_s
        if next_s is not None and not LEAST_S <= next_s <= MOST_S:
            raise NeedsMoreWords(
                "The next update comes in a minute at the soonest, a week at the latest; nothing was"
                " changed."
            )
        if next_s is None and template.stage == "correction":
            return self._standing(state, incident, template)
        if next_s is None and wanted.at_ms is not None and wanted.at_ms > now_ms:
            return wanted.at_ms
        settings = settings_of(state)
        next_ms = next_promise(
            settings, incident, template.audience, template.stage, now_ms, next_s
        )
        if next_ms is None and "next_update" in template.slots:
            raise NeedsMoreWords(
                f"`{template.name}` promises the next update, and nothing says when"
                f" {template.audience} hear of a {incident.severity}; nothing was changed.",
                hint="Say it: `next:30m`.",
            )
        return next_ms

    def _standing(self, state: State, incident: Incident, template: Template) -> int | None:
        """
        Return what a correction says of the next update: what is promised already, and stays promised.

        It promises anew only where what was promised has passed; after a last word nothing follows.
        """
        rhythm = state.comms(incident.id).rhythm(template.audience)
        over = rhythm.stage is None or rhythm.stage in FINAL
        if over or "next_update" not in template.slots:
            return None
        now_ms, beat = (
            self.env.clock.now_ms(),
            settings_of(state).beat(template.audience, incident.severity),
        )
        if rhythm.overdue_ms is None and rhythm.due_ms is not None and rhythm.due_ms > now_ms:
            return rhythm.due_ms
        return next_due(beat, incident.times.declared, now_ms)


def prefilled(
    template: Template, given: Mapping[str, str], usable: Mapping[str, str]
) -> dict[str, str]:
    """Return the fields as typed; those that were left out as the fact sheet has them."""
    known = {one.name: usable[one.fact] for one in template.fields if usable.get(one.fact)}
    return {**known, **{name: text for name, text in given.items() if text.strip()}}


def stays_off(template: Template, values: Mapping[str, str]) -> bool:
    """Return whether a message says that the feature stays off: by its field, else by its very words."""
    if template.field(STAYS_OFF) is not None:
        return values.get(STAYS_OFF, "").strip().casefold() == "yes"
    return STAYS_OFF in template.slots


def claims(template: Template, usable: Mapping[str, str]) -> str:
    """
    Return how a message says that things are for users (`off`, `on` ...), empty where it does not.

    Without a kill only that it is back is said; of anything else no word is wrong once a kill comes.
    """
    usual = "on" if "back_at" in usable else ""
    return usable.get("state_now", usual) if STATE in template.slots else ""


def promised(next_ms: int | None, zone: str) -> str:
    """Return what a message promises, in words."""
    return "" if next_ms is None else f"Promises the next update by {spelled(next_ms, zone)}."
