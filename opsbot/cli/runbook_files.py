"""Runbooks from their files alone, without a bot or a store: list, show, lint, render. Paper mode."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

from opsbot import config
from opsbot.adapters.catalog import read as catalog
from opsbot.adapters.runbooks.files import Library, load
from opsbot.adapters.runbooks.mend import diff, mended
from opsbot.adapters.runbooks.parsed import FOLDER
from opsbot.app import check as checking
from opsbot.app.check import line_of
from opsbot.app.runs.about import shelved
from opsbot.app.runs.by_hand import Typing, in_chat, on_terminal
from opsbot.app.runs.filled import filled
from opsbot.app.runs.page import Sheet, page
from opsbot.app.runs.params import known_params
from opsbot.app.runs.sheet import sheet
from opsbot.app.runs.start import book_named
from opsbot.app.runs.words import books_said
from opsbot.cli import printing
from opsbot.cli.options import Asked, Usage
from opsbot.domain.declaration import Loaded
from opsbot.domain.errors import BadDeclaration, Misconfigured, NeedsMoreWords
from opsbot.domain.runbook import Runbook
from opsbot.domain.said import DONE, Said, inert
from opsbot.slack.spelling import spelling

FORMS: Final = ("text", "html", "markdown", "cacao", "json")
ENDINGS: Final[Mapping[str, str]] = {"md": "markdown", "txt": "text", "htm": "html"}
RENDER: Final = (
    "opsbot runbook render <name> [name=value …] [--format text|html|markdown|cacao] [--out FILE]"
)


def there() -> bool:
    """Return whether this machine has the files."""
    return config.load().runbooks_dir.is_dir()


def catalogue(asked: Asked) -> int:
    """List the runbooks."""
    folder = config.load().runbooks_dir
    return printing.said(books_said(_library(folder).runbooks, f"{folder}/"), as_json=asked.json)


def show(asked: Asked, words: Sequence[str]) -> int:
    """Show one whole, as it is printed."""
    book, values = _asked(words, "opsbot runbook show <name> [name=value …]")
    text = sheet(filled(book, values), values)
    if asked.json:
        body = {"runbook": book.name, "text": text, "source": book.source}
        return printing.said(Said("plain", book.title, body=body), as_json=True)
    print(text, end="")
    return DONE


def render(asked: Asked, words: Sequence[str]) -> int:
    """Write one into a file, or onto the screen: as text, page, markdown or CACAO 2.0 playbook."""
    out = asked.values.get("out", "")
    ending = Path(out).suffix.removeprefix(".").lower()
    form = asked.values.get("format") or ENDINGS.get(ending, ending) or "text"
    if form not in FORMS:
        raise Usage(RENDER)
    book, values = _asked(words, RENDER)
    text = _rendered(book, values, form)
    if not out:
        print(text, end="")
        return DONE
    try:
        Path(out).write_text(text, "utf-8")
    except OSError as error:
        raise Misconfigured(f"{out} cannot be written: {error.strerror}.") from error
    said = Said(
        "plain",
        f"Written to {out}: {book.name} as {form}.",
        body={"file": out, "runbook": book.name, "format": form},
    )
    return printing.said(said, as_json=asked.json)


def lint(asked: Asked, words: Sequence[str]) -> int:
    """Say everything that is wrong with the runbooks, or with those that are named."""
    forms: tuple[checking.Format, ...] = get_args(checking.Format)
    form = next((one for one in forms if one == asked.values.get("format", "text")), None)
    if form is None:
        raise Usage(f"opsbot runbook lint [name …] [--fix] [--format {'|'.join(forms)}]")
    settings = config.load()
    folder = settings.runbooks_dir
    for name in words:
        if not (folder / f"{_stem(name)}.md").is_file():
            raise NeedsMoreWords(f"There is no {folder / _stem(name)}.md; nothing was looked at.")
    if "fix" in asked.flags:
        _mend(folder, words, tell=print if form == "text" else printing.note)
    found = _of(catalog.load(settings.flags_dir, folder), folder, words)
    if text := _linted(found, form, _counted(folder, words)):
        print(text)
    return 1 if found.errors else DONE


def _mend(folder: Path, names: Sequence[str], *, tell: Callable[[str], None]) -> None:
    """
    Mend what a machine can, and show each change as a patch; other houses' pages stay as they are.

    Raises:
        Misconfigured: a file cannot be read or written; those before it are mended.
    """
    stems = [_stem(one) for one in names] or sorted(one.stem for one in folder.glob("*.md"))
    for stem in stems:
        path = folder / f"{stem}.md"
        try:
            before = path.read_bytes().decode("utf-8")
            after = mended(before, name=stem)
            if after != before:
                path.write_bytes(after.encode())
                tell(diff(before, after, file=str(path)).rstrip("\n"))
        except UnicodeDecodeError:
            continue  # the linter says that it is no text
        except OSError as error:
            raise Misconfigured(f"{path} cannot be mended: {error.strerror}.") from error


def _of(loaded: Loaded, folder: Path, names: Sequence[str]) -> Loaded:
    """Return what was found in the runbooks, or in those that are named."""
    wanted = {str(folder / f"{_stem(one)}.md") for one in names}
    findings = tuple(
        one
        for one in loaded.findings
        if (one.file in wanted if wanted else Path(one.file).is_relative_to(folder))
    )
    return Loaded(loaded.catalogue, findings)


def _counted(folder: Path, names: Sequence[str]) -> str:
    """Return what was looked at: those that are named, else every file."""
    files = [*folder.glob("*.md"), *(folder / FOLDER).glob("*.md")]
    looked = [_stem(one) for one in names] or [str(one.relative_to(folder)) for one in files]
    imported = sum(one.startswith(f"{FOLDER}/") for one in looked)
    return shelved(len(looked) - imported, imported)


def _linted(found: Loaded, form: checking.Format, count: str) -> str:
    if form != "text":
        return checking.render(found, form)
    errors = len(found.errors)
    warnings = len(found.findings) - errors
    told = (
        f"{count}: {errors} errors, {warnings} warnings."
        if found.findings
        else f"{count}: all good."
    )
    return "\n".join([*(line_of(one) for one in found.findings), told])


def _asked(words: Sequence[str], usage: str) -> tuple[Runbook, Mapping[str, str]]:
    """
    Return the runbook that is meant, and what is to be filled in.

    Raises:
        Usage: none is named. UnknownRunbook: nearest names. BadDeclaration: its file is broken.
        NeedsMoreWords: a value for something that it does not ask for.
    """
    if not words:
        raise Usage(usage)
    book = _named(_library(config.load().runbooks_dir), words[0])
    values = {}
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not equals or book.param(name) is None:
            raise NeedsMoreWords(
                f"`{book.name}` does not ask for `{inert(name, limit=40)}`.",
                hint=known_params(book, name),
            )
        values[name] = inert(value)
    return book, values


def _named(library: Library, word: str) -> Runbook:
    wanted = _stem(word)
    broken = next((one for one in library.pages if one.name == wanted), None)
    if broken is not None and broken.parsed.runbook is None:
        first = [line_of(one).strip() for one in broken.parsed.findings][:5]
        raise BadDeclaration(
            f"{broken.path} cannot be read as a runbook; open the file itself.",
            hint="\n".join(first),
        )
    return book_named(library.runbooks, wanted)


def _library(folder: Path) -> Library:
    if not folder.is_dir():
        raise Misconfigured(f"{folder} is not a folder.", hint="Set OPSBOT_RUNBOOKS_DIR.")
    return load(folder)


def _rendered(book: Runbook, values: Mapping[str, str], form: str) -> str:
    if form == "markdown":
        return book.source
    if form in ("cacao", "json"):
        import json  # noqa: PLC0415  beside the one form that needs it

        from opsbot.app.cacao.playbook import cacao  # noqa: PLC0415  as above

        return json.dumps(cacao(book), ensure_ascii=False, indent=2) + "\n"
    if form == "html":
        return page(filled(book, values), Sheet(values, _typing()))
    return sheet(filled(book, values), values)


def _typing() -> Mapping[str, Typing]:
    prefix = config.load().command_prefix
    return {"Slack": in_chat(spelling(prefix)), "terminal": on_terminal}


def _stem(name: str) -> str:
    return name.strip().removeprefix("runbooks/").removesuffix(".md")
