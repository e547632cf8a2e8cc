"""Read `flags/` and `runbooks/` as one catalogue, or say everything that is wrong; never half of it."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import ValidationError

from opsbot.adapters.catalog import book as books
from opsbot.adapters.catalog import comms as comms_files
from opsbot.adapters.catalog import errors
from opsbot.adapters.catalog.book_models import ModelsFile
from opsbot.adapters.catalog.incidents import (
    INCIDENTS,
    IncidentsFile,
    incident_findings,
    record_of,
)
from opsbot.adapters.catalog.models import WorkflowFile
from opsbot.adapters.catalog.policy import (
    examples_of,
    policy_findings,
    policy_of,
    workflow_findings,
)
from opsbot.adapters.catalog.policy_models import PolicyFile
from opsbot.adapters.catalog.rules import name_findings, rule_findings
from opsbot.adapters.catalog.workflow import workflow_of
from opsbot.adapters.catalog.yaml import Document, read
from opsbot.adapters.clock import SystemClock
from opsbot.adapters.runbooks import files as runbook_files
from opsbot.adapters.runbooks.lint import lint
from opsbot.adapters.runbooks.rules import Known
from opsbot.domain.change import Record
from opsbot.domain.declaration import Catalogue, Finding, Loaded
from opsbot.domain.model_book import ModelBook
from opsbot.domain.policy.examples import Example
from opsbot.domain.policy.rules import Policy
from opsbot.domain.workflow import Workflow
from opsbot.domain.workflow_names import looks_like

WORKFLOWS = "workflows"
POLICY = "policy.yaml"


@dataclass(slots=True)
class _Reading:
    """What has been gathered so far; it becomes a catalogue only when nothing is wrong."""

    flags_dir: Path
    runbooks_dir: Path
    findings: list[Finding] = field(default_factory=list)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    places: dict[str, Document] = field(default_factory=dict)
    library: runbook_files.Library | None = None
    digests: list[str] = field(default_factory=list)

    @property
    def runbooks(self) -> Mapping[str, str]:
        """Return the digest of each runbook of ours."""
        return {} if self.library is None else self.library.digests


def today() -> date:
    """Return the day on this machine, in UTC."""
    return datetime.fromtimestamp(SystemClock().now_ms() / 1000, UTC).date()


def load(flags_dir: Path, runbooks_dir: Path, *, day: date | None = None) -> Loaded:
    """
    Return the catalogue, or None and what is wrong with it.

    Every file is read and every rule is looked at, so that one run names all that is to be done.
    *day* is what dates of reviews are compared with; without it no date is looked at.
    """
    reading = _Reading(flags_dir, runbooks_dir)
    _read_runbooks(reading)
    for path in _workflow_files(reading):
        _read_workflow(reading, path)
    _look_alike(reading)
    book = _read_book(reading)
    incidents = _read_incidents(reading)
    policy, examples = _read_policy(reading)
    comms = _read_comms(reading, policy)
    _lint(reading, policy, book, day)
    found = tuple(sorted(set(reading.findings)))
    if policy is None or any(f.level == "error" for f in found):
        return Loaded(None, found)
    digest = hashlib.sha256("\n".join(sorted(reading.digests)).encode()).hexdigest()
    catalogue = Catalogue(
        workflows=dict(sorted(reading.workflows.items())),
        policy=policy,
        hash=digest,
        runbooks=reading.runbooks,
        examples=examples,
        policy_file=str(flags_dir / POLICY),
        book=book,
        incidents=incidents,
        comms=comms,
        procedures={} if reading.library is None else reading.library.runbooks,
    )
    return Loaded(catalogue, found)


def _read_runbooks(reading: _Reading) -> None:
    if not reading.runbooks_dir.is_dir():
        fix = "Make the folder, or set OPSBOT_RUNBOOKS_DIR."
        reading.findings.append(Finding(str(reading.runbooks_dir), 1, "is not a folder", fix))
        return
    reading.library = runbook_files.load(reading.runbooks_dir)
    reading.digests += (f"runbooks/{one.name}.md {one.digest}" for one in reading.library.pages)


def _lint(reading: _Reading, policy: Policy | None, book: ModelBook, day: date | None) -> None:
    """Look at every rule of runbooks; names of other files only where those are good."""
    if reading.library is None:
        return
    whole = policy is not None and not any(one.level == "error" for one in reading.findings)
    known = Known(reading.workflows, policy, book, today=day, whole=whole)
    reading.findings += lint(reading.library, known)


def _workflow_files(reading: _Reading) -> Iterator[Path]:
    folder = reading.flags_dir / WORKFLOWS
    if not folder.is_dir():
        fix = "Make the folder, or set OPSBOT_FLAGS_DIR."
        reading.findings.append(Finding(str(folder), 1, "is not a folder", fix))
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_dir():
            continue
        if path.suffix == ".yaml":
            yield path
        else:
            fix = f"Rename it to `{path.stem}.yaml`, or move it elsewhere."
            reading.findings.append(Finding(str(path), 1, "is not a .yaml file", fix))


def _read_workflow(reading: _Reading, path: Path) -> None:
    document = _document(reading, path)
    if document is None:
        return
    name = document.data.get("workflow")
    if isinstance(name, str):
        reading.findings += name_findings(name, document, path.stem)
        if name in reading.places:
            message = f"the workflow `{name}` is declared in {reading.places[name].file} already"
            fix = "A workflow has one file: merge them."
            reading.findings.append(document.find(("workflow",), message, fix))
        reading.places.setdefault(name, document)
    try:
        file = WorkflowFile.model_validate(dict(document.data))
    except ValidationError as error:
        reading.findings += errors.findings(error, WorkflowFile, document)
        return
    reading.findings += rule_findings(file, document, reading.runbooks)
    reading.workflows[file.workflow] = workflow_of(file)


def _look_alike(reading: _Reading) -> None:
    seen: list[str] = []
    for name, document in reading.places.items():
        if other := looks_like(name, seen):
            message = f"the name `{name}` looks like `{other}`"
            fix = "Choose a name that nobody mixes up at 3 am."
            reading.findings.append(document.find(("workflow",), message, fix))
        seen.append(name)


def _read_book(reading: _Reading) -> ModelBook:
    """Read the models, and give each workflow the other names of those it may use."""
    path = reading.flags_dir / books.MODELS
    if not path.is_file():
        reading.findings.append(books.missing(str(path)))
        return ModelBook()
    document = _document(reading, path)
    if document is None:
        return ModelBook()
    try:
        file = ModelsFile.model_validate(dict(document.data))
    except ValidationError as error:
        reading.findings += errors.findings(error, ModelsFile, document)
        return ModelBook()
    book = books.book_of(file)
    reading.findings += books.book_findings(file, document)
    reading.findings += books.reach_findings(book, reading.workflows, reading.places)
    for name, workflow in reading.workflows.items():
        reading.workflows[name] = books.with_names(book, workflow)
    return book


def _read_incidents(reading: _Reading) -> Record:
    """Read how incidents are run; without a file they are run as usual."""
    path = reading.flags_dir / INCIDENTS
    document = _document(reading, path) if path.is_file() else None
    if document is None:
        return {}
    try:
        file = IncidentsFile.model_validate(dict(document.data))
    except ValidationError as error:
        reading.findings += errors.findings(error, IncidentsFile, document)
        return {}
    reading.findings += incident_findings(file, document)
    return record_of(file)


def _read_comms(reading: _Reading, policy: Policy | None) -> Record:
    """Read how people are told; without a file they are told as usual, to the two targets of our own."""
    clocks = _read_clocks(reading)
    path = reading.flags_dir / comms_files.COMMS
    document = _document(reading, path) if path.is_file() else None
    if document is None:
        return {}
    try:
        file = comms_files.TellingFile.model_validate(dict(document.data))
    except ValidationError as error:
        reading.findings += errors.findings(error, comms_files.TellingFile, document)
        return {}
    reading.findings += comms_files.comms_findings(
        file, clocks, document, reading.workflows, policy
    )
    reading.findings += comms_files.target_findings(file, reading.workflows, reading.places)
    return comms_files.record_of(file, clocks)


def _read_clocks(reading: _Reading) -> Mapping[str, comms_files.ClockFile]:
    path = reading.flags_dir / comms_files.CLOCKS
    document = _document(reading, path) if path.is_file() else None
    if document is None:
        return {}
    try:
        return comms_files.ClocksFile.model_validate(dict(document.data)).known
    except ValidationError as error:
        reading.findings += errors.findings(error, comms_files.ClocksFile, document)
        return {}


def _read_policy(reading: _Reading) -> tuple[Policy | None, tuple[Example, ...]]:
    path = reading.flags_dir / POLICY
    if not path.is_file():
        fix = "Write one: without it only the fallback group may kill and nobody may restore."
        reading.findings.append(Finding(str(path), 1, "there is no policy", fix))
        return None, ()
    document = _document(reading, path)
    if document is None:
        return None, ()
    try:
        file = PolicyFile.model_validate(dict(document.data))
    except ValidationError as error:
        reading.findings += errors.findings(error, PolicyFile, document)
        return None, ()
    wrong = list(policy_findings(file, document))
    reading.findings += wrong
    if wrong:
        return None, ()
    policy = policy_of(file)
    reading.findings += workflow_findings(policy, reading.workflows, document)
    return policy, examples_of(file, document)


def _document(reading: _Reading, path: Path) -> Document | None:
    found = read(path, shown=str(path))
    if isinstance(found, Finding):
        reading.findings.append(found)
        return None
    reading.digests.append(f"{path.relative_to(reading.flags_dir)} {found.digest}")
    return found


async def load_in_thread(flags_dir: Path, runbooks_dir: Path) -> Loaded:
    """Do what `load` does without holding up the loop."""
    return await asyncio.to_thread(load, flags_dir, runbooks_dir)
