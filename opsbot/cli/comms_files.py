"""Templates of messages from their files alone, without a bot or a store: render, lint, hash."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

from opsbot import config
from opsbot.adapters.catalog import read as catalog
from opsbot.adapters.catalog import words as catalog_words
from opsbot.adapters.comms import offline
from opsbot.adapters.comms.files import Library, load
from opsbot.adapters.runbooks.files import COMMS
from opsbot.app import check as checking
from opsbot.app.check import line_of
from opsbot.cli import printing
from opsbot.cli.options import Asked, Usage
from opsbot.domain.change import Json
from opsbot.domain.declaration import Loaded
from opsbot.domain.errors import Misconfigured, NeedsMoreWords
from opsbot.domain.said import DONE, Said, inert, visible

RENDER: Final = "opsbot comms render <template> [name=value …]"
_APPROVAL: Final[Mapping[offline.Approval, str]] = {
    "approved": "approved as it stands",
    "outdated": "approved with other words: it does not go out in one tap",
    "none": "not approved",
    "fields": "asks for words, so a person approves each message",
}


def render(asked: Asked, words: Sequence[str]) -> int:
    """Print what a template says, with the examples of the fact sheet where nothing else is given."""
    if not words:
        raise Usage(RENDER)
    name = _stem(words[0])
    found = offline.render(_library(), name, _values(words[1:]))
    several = len(found.texts) > 1
    lines = [found.headline]
    for locale, text in found.texts.items():
        lines += ["", *([f"[{locale}]"] if several else []), text.strip()]
    if asked.json:
        body: dict[str, Json] = {
            "template": name,
            "headline": found.headline,
            "texts": dict(found.texts),
        }
        return printing.said(Said("plain", found.headline, body=body), as_json=True)
    print("\n".join(visible(line, limit=len(line) + 1) for text in lines for line in _split(text)))
    return DONE


def lint(asked: Asked, words: Sequence[str]) -> int:
    """Say everything that is wrong with the templates, or with those that are named."""
    forms: tuple[checking.Format, ...] = get_args(checking.Format)
    form = next((one for one in forms if one == asked.values.get("format", "text")), None)
    if form is None:
        raise Usage(f"opsbot comms lint [template …] [--format {'|'.join(forms)}]")
    settings, library = config.load(), _library()
    declared = catalog.load(settings.flags_dir, settings.runbooks_dir)
    known = catalog_words.known_of(declared.catalogue)
    names = [_stem(one) for one in words]
    findings = tuple(sorted(offline.findings(library, known, names)))
    wrong = any(one.level == "error" for one in findings)
    found = Loaded(None if wrong else declared.catalogue, findings)
    if not known.whole:
        printing.note("The declarations cannot be read, so names are not held against them.")
    if text := _linted(found, form, len(names or library.names)):
        print(text)
    return 1 if found.errors else DONE


def approved(asked: Asked, words: Sequence[str]) -> int:
    """Print the line that the owners of a template write to approve its words in advance."""
    library = _library()
    found = offline.hashes(library, [_stem(one) for one in words])
    bodies: list[Json] = [
        {"template": one.name, "hash": one.hash, "approval": one.approval} for one in found
    ]
    lines = tuple(f"{one.name}: {one.line} ({_APPROVAL[one.approval]})" for one in found)
    title = f"{len(found)} template{'' if len(found) == 1 else 's'} in {library.folder}"
    said = Said("plain", title, lines, body={"templates": bodies})
    return printing.said(said, as_json=asked.json)


def _linted(found: Loaded, form: checking.Format, count: int) -> str:
    if form != "text":
        return checking.render(found, form)
    errors = len(found.errors)
    warnings = len(found.findings) - errors
    named = f"{count} template{'' if count == 1 else 's'}"
    told = f"{named}: {errors} errors, {warnings} warnings."
    last = told if found.findings else f"{named}: all good."
    return "\n".join([*(line_of(one) for one in found.findings), last])


def _values(words: Sequence[str]) -> dict[str, str]:
    values = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise NeedsMoreWords(
                f"`{inert(word, limit=40)}` fills nothing in; nothing was written.",
                hint="Write `name=value`, with quotes around a value with blanks.",
            )
        values[name] = value
    return values


def _library() -> Library:
    folder = config.load().runbooks_dir / COMMS
    if not folder.is_dir():
        raise Misconfigured(f"{folder} is not a folder.", hint="Set OPSBOT_RUNBOOKS_DIR.")
    return load(folder)


def _stem(word: str) -> str:
    """Return the name that a file's path or a name means."""
    return Path(word).name.partition(".")[0]


def _split(text: str) -> list[str]:
    return text.splitlines() or [""]
