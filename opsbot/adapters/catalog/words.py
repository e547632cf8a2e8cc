"""The templates of messages beside the declarations: held against them, and never in the way of a kill."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from opsbot.adapters.comms.files import Library, load
from opsbot.adapters.comms.lint import lint
from opsbot.adapters.comms.rules import Known
from opsbot.adapters.runbooks.files import COMMS
from opsbot.domain.comms import settings as comms_settings
from opsbot.domain.declaration import Catalogue, Finding, Loaded


def checked(loaded: Loaded, runbooks_dir: Path) -> Loaded:
    """
    Return what was read with what is wrong with the templates; a single error makes it unusable.

    For whoever asks before a change lands. A bot that runs goes on with the declarations, and with
    each template as it was last good.
    """
    found = findings(load(runbooks_dir / COMMS), loaded.catalogue)
    wrong = any(one.level == "error" for one in found)
    return Loaded(None if wrong else loaded.catalogue, tuple(sorted({*loaded.findings, *found})))


def beside(loaded: Loaded, library: Library) -> Loaded:
    """Return what was read, usable as it was, with what is wrong with the templates."""
    found = findings(library, loaded.catalogue)
    return replace(loaded, findings=tuple(sorted({*loaded.findings, *found})))


def findings(library: Library, catalogue: Catalogue | None) -> tuple[Finding, ...]:
    """Return everything that is wrong with the templates; names of others only where those are good."""
    return lint(library, known_of(catalogue))


def known_of(catalogue: Catalogue | None) -> Known:
    """Return what the rules compare with."""
    if catalogue is None:
        return Known(whole=False)
    return Known(
        settings=comms_settings.from_record(catalogue.comms),
        workflows=catalogue.workflows,
        book=catalogue.book,
        kinds=_kinds(catalogue),
    )


def _kinds(catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    books = catalogue.procedures
    return {
        name: books[workflow.runbook].incident_types if workflow.runbook in books else ()
        for name, workflow in catalogue.workflows.items()
    }
