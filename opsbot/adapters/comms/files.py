"""The files of `runbooks/comms/`: each template with its translations, read once, every line kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from opsbot.adapters.comms.front import APPROVALS_MOST, Front, front_of
from opsbot.adapters.comms.hashing import body_hash, digest
from opsbot.adapters.comms.names import Source, forbidden, names_used, unknown
from opsbot.adapters.comms.rules import find
from opsbot.adapters.runbooks.text import Unfit, hidden, normalised
from opsbot.domain.comms.facts import FACTS
from opsbot.domain.comms.templates import Locale, Template
from opsbot.domain.declaration import Finding

END: Final = ".md.j2"
MOST_BYTES: Final = 32 * 1024
MOST_FILES: Final = 400
FIRST: Final = "en"
"""The language of a file without one in its name."""


_FIXED: Final = frozenset(name for name, fact in FACTS.items() if fact.type != "line") | {
    *("feature", "several", "state_now"),
}
"""Facts that are no free words: a name that is declared, a word of ours, times and counts."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language of one template: its file, its front matter, and where its body begins."""

    locale: Locale
    file: str
    text: str
    front: Front
    headline: str
    body: str

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return what is filled in: the headline, where it has one, and the body."""
        head = Source(self.file, self.headline, self.front.line("headline") - 1)
        body = Source(self.file, self.body, self.front.end)
        return (head, body) if self.headline else (body,)


@dataclass(frozen=True, slots=True)
class Draft:
    """One template as it was read; *template* is None where something keeps it from being used."""

    name: str
    main: Words
    others: tuple[Words, ...] = ()
    template: Template | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def languages(self) -> tuple[Words, ...]:
        """Return every language of it, the first one first."""
        return (self.main, *self.others)


@dataclass(frozen=True, slots=True)
class Library:
    """A whole folder as it was read. *findings* are of files that belong to no template."""

    folder: Path
    drafts: tuple[Draft, ...] = ()
    findings: tuple[Finding, ...] = ()
    there: bool = True
    names: frozenset[str] = field(default_factory=frozenset)

    @property
    def templates(self) -> Mapping[str, Template]:
        """Return every template that can be filled, by name."""
        return {one.name: one.template for one in self.drafts if one.template is not None}


def load(folder: Path) -> Library:
    """Read every template of a folder; a folder that is missing has none."""
    if not folder.is_dir():
        return Library(folder, there=False)
    findings: list[Finding] = []
    raw = dict(_files(folder, findings))
    stems = {name for name in raw if "." not in name}
    others: dict[str, dict[Locale, tuple[str, bytes]]] = {}
    for name, given in raw.items():
        stem, dot, locale = name.partition(".")
        if dot and stem in stems:
            others.setdefault(stem, {})[locale.lower()] = given
        elif dot:
            fix = f"Write `{stem}{END}` first, or rename this file."
            findings.append(find("T08", given[0], 1, f"there is no `{stem}` to translate", fix))
    drafts = tuple(read(one, raw[one], others.get(one, {})) for one in sorted(stems))
    return Library(folder, drafts, tuple(findings), names=frozenset(stems))


def read(
    name: str,
    given: tuple[str, str | bytes],
    translations: Mapping[Locale, tuple[str, str | bytes]],
) -> Draft:
    """Read one template, given as its file and text; never raises, whatever the text is."""
    main = _words(given, FIRST, translation=False)
    others = tuple(
        _words(one, locale, translation=True) for locale, one in sorted(translations.items())
    )
    draft = Draft(name, main, others)
    template = _template(draft)
    findings = [found for one in draft.languages for found in one.front.findings]
    findings += _of_sources(draft, template)
    findings += _of_approval(draft, template)
    usable = not any(one.level == "error" for one in findings)
    return replace(
        draft, template=template if usable else None, findings=tuple(dict.fromkeys(findings))
    )


def _of_sources(draft: Draft, template: Template | None) -> Iterator[Finding]:
    sources = [source for one in draft.languages for source in one.sources]
    for source in sources:
        yield from forbidden(source)
    if template is not None:
        fields = {one.name: one for one in template.fields}
        for source in sources:
            yield from unknown(source, fields, template.audience)


def _of_approval(draft: Draft, template: Template | None) -> Iterator[Finding]:
    """Yield T09 where words are approved in advance that somebody types later: they go out unread."""
    if template is None or not template.approved:
        return
    used = names_used(source for one in draft.languages for source in one.sources)
    fix = "Leave it out: somebody types it, and nobody would have read it before it goes out."
    for name in sorted((used & FACTS.keys()) - _FIXED):
        what = f"`approved` stands over the free words of `{name}`"
        yield find("T09", draft.main.file, draft.main.front.line("approved"), what, fix)


def _files(folder: Path, findings: list[Finding]) -> Iterator[tuple[str, tuple[str, bytes]]]:
    paths = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    if len(paths) > MOST_FILES:
        fix = f"Keep at most {MOST_FILES}."
        findings.append(find("T01", str(folder), 1, f"holds {len(paths)} files", fix))
    for path in paths[:MOST_FILES]:
        if not path.name.endswith(END):
            fix = f"Templates end with `{END}`; move it elsewhere."
            findings.append(find("T01", str(path), 1, "is no template", fix))
            continue
        if why := _elsewhere(folder, path):
            findings.append(find("T01", str(path), 1, why, "Put the file itself into the folder."))
            continue
        try:
            with path.open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
            findings.append(find("T01", str(path), 1, what, "Check its permissions."))
            continue
        yield path.name.removesuffix(END), (str(path), raw)


def _elsewhere(folder: Path, path: Path) -> str:
    """Return why a path is not read, empty for a file of this folder: what waits would hold us up for ever."""
    try:
        inside = path.resolve(strict=True).is_relative_to(folder.resolve())
        usual = path.is_file()
    except (OSError, RuntimeError):
        return "leads nowhere"
    if not inside:
        return "leads out of its folder"
    return "" if usual else "is no file"


def _words(given: tuple[str, str | bytes], locale: Locale, *, translation: bool) -> Words:
    file, said = given
    try:
        source = _source(said)
    except Unfit as unfit:
        front = Front(file)
        rule = "T15" if unfit.rule == "E14" else "T01"
        front.findings.append(find(rule, file, unfit.line, unfit.message, unfit.fix))
        return Words(locale, file, "", front, "", "")
    front = front_of(source, file, translation=translation)
    front.findings += (replace(one, rule="T15") for one in hidden(source, file))
    body = "\n".join(source.split("\n")[front.end :])
    headline = front.text("headline") if front.values.get("headline") else ""
    if not body.strip():
        front.findings.append(
            find("T01", file, front.end + 1, "says nothing", "Write the words below the `---`.")
        )
    return Words(locale, file, source, front, headline, body)


def _source(said: str | bytes) -> str:
    if len(said) > MOST_BYTES:
        raise Unfit(f"is larger than {MOST_BYTES // 1024} KiB", "Say less.")
    return normalised(said).source


def _template(draft: Draft) -> Template | None:
    front = draft.main.front
    if not front.values:
        return None
    said = front.names(draft.name)
    fields, targets = front.fields(), front.words("targets")
    headlines = {one.locale: one.headline for one in draft.languages if one.headline}
    bodies = {one.locale: one.body.strip("\n") for one in draft.languages}
    made = body_hash(draft.name, headlines, bodies, fields, targets)
    approvals, approved, slots = (
        front.number("approvals", APPROVALS_MOST),
        front.approved(),
        front.slots(),
    )
    if said is None:
        return None
    audience, situation, stage = said
    return Template(
        name=draft.name,
        title=front.text("title"),
        audience=audience,
        situation=situation,
        stage=stage,
        headline=draft.main.headline,
        headlines=headlines,
        bodies=bodies,
        digest=digest(one.text for one in draft.languages),
        body_hash=made,
        fields=fields,
        targets=targets,
        approvals=approvals,
        approved=approved,
        slots=slots,
        source=draft.main.file,
    )
