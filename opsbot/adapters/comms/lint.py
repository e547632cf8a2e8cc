"""Every rule over every template, once: what reading found, and what the rules find."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from opsbot.adapters.comms.files import Draft, Library
from opsbot.adapters.comms.names import names_used, unguarded
from opsbot.adapters.comms.rules import Known, find
from opsbot.adapters.comms.rules_words import words
from opsbot.domain.comms.facts import CORRECTION_SLOTS, SLOT_FACTS, situation_of, slots_needed
from opsbot.domain.comms.templates import STAGES, Template
from opsbot.domain.declaration import Finding
from opsbot.domain.nearest import nearest

_BY_TIME: Final = frozenset({"since", "confirmed"})
"""Slots that any time answers that somebody has to fill in."""

_TAG: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})?", re.ASCII)


def lint(library: Library, known: Known) -> tuple[Finding, ...]:
    """Return everything that is wrong with the templates of a folder, in the order of its files."""
    found = [*library.findings]
    for draft in library.drafts:
        found += draft.findings
        for rule in _RULES:
            found += rule(draft, known)
    if library.there and known.whole:
        found += _grid(library, known)
        found += _names(library, known)
    return tuple(sorted(set(found)))


def _used(draft: Draft, known: Known) -> Iterator[Finding]:
    """T05: fields that nothing asks for."""
    template = draft.template
    if template is None:
        return
    used = names_used(source for one in draft.languages for source in one.sources)
    for field in template.fields:
        if field.name not in used:
            line = draft.main.front.line(f"fields.{field.name}")
            fix = "Use it, or do not ask for it."
            yield find("T05", draft.main.file, line, f"the field `{field.name}` is not used", fix)


def _guards(draft: Draft, known: Known) -> Iterator[Finding]:
    if draft.template is not None:
        fields = {one.name: one for one in draft.template.fields}
        for one in draft.languages:
            for source in one.sources:
                yield from unguarded(source, fields, draft.template.stage)


def _slots(draft: Draft, known: Known) -> Iterator[Finding]:
    """T06: what a stage has to answer, and what is said to be answered and is not."""
    template = draft.template
    if template is None:
        return
    line = draft.main.front.line("slots")
    for slot in sorted(needed(template) - template.slots):
        fix = f"Answer it, and add `{slot}` to `slots:`."
        what = f"`{slot}` is not answered, which {template.stage} for {template.audience} needs"
        yield find("T06", draft.main.file, line, what, fix)
    by_fact = {one.name: one.fact for one in template.fields if one.fact}
    times = {one.name for one in template.fields if one.type == "time" and one.required}
    for one in draft.languages:
        used = names_used(one.sources)
        there = used | {by_fact[name] for name in used & by_fact.keys()}
        timed = bool(used & times)
        for slot in sorted(template.slots & SLOT_FACTS.keys()):
            if not there & SLOT_FACTS[slot] and not (timed and slot in _BY_TIME):
                facts = " or ".join(f"`{{{{ {name} }}}}`" for name in sorted(SLOT_FACTS[slot]))
                message = f"`{slot}` is in `slots:`, and the words do not say it"
                yield find("T06", one.file, one.front.end + 1, message, f"Use {facts}.")


def needed(template: Template) -> frozenset[str]:
    """Return the slots that a template has to answer."""
    if template.audience == "users":
        if template.stage == "correction":
            return CORRECTION_SLOTS
        holding = template.stage == "investigating" and not template.fields
        return slots_needed(template.stage, holding=holding)
    open_ = template.stage not in ("resolved", "correction")
    return (
        frozenset({"next_update"}) if open_ and template.audience != "regulators" else frozenset()
    )


def _translations(draft: Draft, known: Known) -> Iterator[Finding]:
    """T08: languages that are none, and translations that ask for something else."""
    for one in draft.others:
        if not _TAG.fullmatch(one.locale):
            fix = "Write a language, as in `.de.md.j2` or `.pt-br.md.j2`."
            yield find("T08", one.file, 1, f"`{one.locale[:40]}` is no language", fix)
    if draft.template is None:
        return
    asked = {one.name for one in draft.template.fields} | {"next_at"}
    first = names_used(draft.main.sources)
    for one in draft.others:
        own = names_used(one.sources)
        for name in sorted((first ^ own) & asked):
            has, lacks = ("original", "translation")[:: 1 if name in first else -1]
            message = f"`{name}` is in the {has} and not in the {lacks}"
            yield find("T08", one.file, one.front.end + 1, message, "Say the same in both.")


def _approved(draft: Draft, known: Known) -> Iterator[Finding]:
    """T09: an approval of other words than these."""
    template = draft.template
    if template is None or not template.approved:
        return
    line = draft.main.front.line("approved")
    if template.fields:
        fix = "Take the fields away, or `approved:`: nobody can approve what is not written yet."
        yield find("T09", draft.main.file, line, "`approved` stands over words to fill in", fix)
    elif template.approved != template.body_hash:
        fix = f"Have its owners read it, and write `approved: {template.body_hash}`."
        yield find("T09", draft.main.file, line, "`approved` is not the hash of these words", fix)


def _targets(draft: Draft, known: Known) -> Iterator[Finding]:
    """T13: targets that nobody declared; a channel is named by `#` and its name."""
    template = draft.template
    if template is None or not known.whole:
        return
    for name in template.targets:
        if not name.startswith("#") and known.settings.target(name) is None:
            names = ("status-page", "in-app", *known.settings.targets)
            guess = nearest(name, names)
            fix = f"Did you mean `{guess}`?" if guess else "Declare it in flags/comms.yaml."
            line = draft.main.front.line("targets")
            yield find(
                "T13", draft.main.file, line, f"nobody declares the target `{name[:40]}`", fix
            )


def _grid(library: Library, known: Known) -> Iterator[Finding]:
    """T14: what can happen to a workflow, and has no words for its users."""
    missing: dict[str, str] = {}
    for workflow, kinds in sorted(known.kinds.items()):
        modes = known.workflows[workflow].modes if workflow in known.workflows else ()
        situations = {situation_of(kind) for kind in kinds} | {"feature-off"}
        situations |= {"human-review"} if "human" in modes else set()
        for situation in sorted(situations):
            for stage in STAGES:
                name = f"users-{situation}-{stage}"
                if name not in library.names:
                    missing.setdefault(name, workflow)
    for name, workflow in sorted(missing.items()):
        message = f"there is no `{name}`, and it can happen to `{workflow}`"
        yield find("T14", str(library.folder), 1, message, f"Write {name}.md.j2.")


def _names(library: Library, known: Known) -> Iterator[Finding]:
    """T19: languages in which users would read a name of another one."""
    settings = known.settings
    spoken = {one.locale for draft in library.drafts for one in draft.others}
    for locale in (one for one in settings.locales[1:] if one in spoken):
        for workflow in sorted(settings.public):
            if not {locale, locale.partition("-")[0]} & settings.names.get(workflow, {}).keys():
                first, name = settings.locales[0], settings.public[workflow]
                message = f"`{workflow}` has no name in `{locale}`, and templates are written in it"
                fix = (
                    f"Under `public` in flags/comms.yaml: `{workflow}: {{{first}: {name},"
                    f" {locale}: \u2026}}`, the same twice where it is one."
                )
                yield find("T19", str(library.folder), 1, message, fix)


_RULES: Final[Sequence[Callable[[Draft, Known], Iterator[Finding]]]] = (
    *(_used, _guards, _slots, _translations, _approved, _targets, words),
)
