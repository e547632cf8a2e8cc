"""`check` and `new workflow`: about files, without a running bot; `check --live` asks one as well."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from opsbot import config
from opsbot.adapters.catalog import read as catalog
from opsbot.adapters.catalog import words as catalog_words
from opsbot.app import check as checking
from opsbot.app.new_workflow import walk
from opsbot.app.new_workflow.walk import Draft, Question
from opsbot.cli import printing
from opsbot.cli.api import opened
from opsbot.cli.options import Asked, Usage
from opsbot.domain.declaration import Finding, Loaded
from opsbot.domain.errors import Misconfigured
from opsbot.domain.said import DONE, REFUSED, Said


def check(asked: Asked) -> int:
    """Say everything that is wrong with declarations and policy."""
    form = asked.values.get("format", "text")
    forms: tuple[checking.Format, ...] = get_args(checking.Format)
    known = next((one for one in forms if one == form), None)
    if known is None or asked.words:
        raise Usage(f"opsbot check [--live] [--format {'|'.join(forms)}]")
    settings = config.load()
    said = opened(asked).ask("/v1/preflight") if "live" in asked.flags else None
    read = catalog.load(settings.flags_dir, settings.runbooks_dir, day=catalog.today())
    loaded = catalog_words.checked(checking.examined(read), settings.runbooks_dir)
    if said is not None and known != "text":
        loaded = Loaded(loaded.catalogue, tuple(sorted((*loaded.findings, *_live(said)))))
        if said.body.get("store") == "lost":
            printing.note(said.lines[0])
    if text := checking.render(loaded, known):
        print(text)
    if said is not None and known == "text":
        printing.said(said, as_json=False)
    return checking.exit_code(loaded) or (DONE if said is None else said.exit_code)


def _live(said: Said) -> tuple[Finding, ...]:
    """Return what would stop somebody who walks a runbook now, beside what is wrong with the files."""
    found = said.body.get("findings")
    assert isinstance(found, list)
    return tuple(_finding(one) for one in found if isinstance(one, Mapping))


def _finding(gap: Mapping[str, object]) -> Finding:
    file = str(gap["file"]) or str(gap["runbook"])
    says = str(gap["says"]).removesuffix(".")
    return Finding(file, int(str(gap["line"])), says, str(gap["fix"]), "warning", "live")


def new(asked: Asked) -> int:
    """Ask what a declaration needs, write its YAML, and check it with everything else."""
    if asked.words[:1] != ("workflow",) or len(asked.words) > 2:  # noqa: PLR2004  the word, and a name
        raise Usage("opsbot new workflow [name]")
    settings = config.load()
    flags_dir = settings.flags_dir
    draft = Draft(
        taken=_stems(flags_dir / "workflows", "*.yaml"),
        runbooks=_stems(settings.runbooks_dir, "*.md"),
    )
    if len(asked.words) > 1:
        draft = _named(draft, asked.words[1])
    draft = interview(draft)
    path = flags_dir / walk.file_name(draft)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(walk.render(draft))
    except FileExistsError:
        printing.note(f"{path} is there already; nothing was written.")
        return REFUSED
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be written: {error.strerror}.", hint="Set OPSBOT_FLAGS_DIR."
        ) from error
    loaded = checking.examined(catalog.load(flags_dir, settings.runbooks_dir))
    print(f"Wrote {path}.")
    print(checking.render(loaded, "text"))
    return checking.exit_code(loaded)


def _named(draft: Draft, name: str) -> Draft:
    said = walk.answer(draft, walk.questions(draft)[0], name)
    if isinstance(said, Finding):
        raise Usage(f"{said.message}. {said.fix}")
    return said


def interview(draft: Draft) -> Draft:
    """Ask the open questions, one after the other, until none is open."""
    while left := walk.questions(draft):
        said = walk.answer(draft, left[0], _asked(left[0]))
        if isinstance(said, Finding):
            printing.note(f"  {said.message}. {said.fix}")
        else:
            draft = said
    return draft


def _asked(question: Question) -> str:
    if question.help:
        printing.note(f"  {question.help}")
    offered = f" [{question.default}]" if question.default else ""
    choices = f" ({'/'.join(question.choices)})" if question.choices else ""
    printing.note(f"{question.text}{choices}{offered}: ")
    line = sys.stdin.readline()
    if not line:
        raise Usage("The answers ended before the questions did; nothing was written.")
    return line


def _stems(folder: Path, pattern: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob(pattern)))
