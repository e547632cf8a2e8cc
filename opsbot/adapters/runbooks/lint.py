"""Every rule over every runbook, once: what reading found, and what the rules find."""

from collections.abc import Iterator
from dataclasses import replace

from opsbot.adapters.runbooks.files import Library, Page
from opsbot.adapters.runbooks.rules import Known, Look
from opsbot.adapters.runbooks.rules_known import KNOWN_RULES
from opsbot.adapters.runbooks.rules_shape import SHAPE_RULES
from opsbot.adapters.runbooks.rules_text import FOREIGN_RULES, TEXT_RULES
from opsbot.domain.declaration import Finding


def lint(library: Library, known: Known) -> tuple[Finding, ...]:
    """Return everything that is wrong with the runbooks of a folder, in the order of its files."""
    anchors = {str(page.path.resolve()): page.parsed.anchors for page in library.pages}
    known = replace(
        known,
        names=library.names,
        templates=library.templates,
        anchors={**anchors, **known.anchors},
    )
    found = [*library.findings]
    for page in library.pages:
        found += page.parsed.findings
        found += _ruled(page, known)
    return tuple(sorted(set(found)))


def _ruled(page: Page, known: Known) -> Iterator[Finding]:
    runbook = page.parsed.draft
    if runbook is None:
        return
    look = Look(page, runbook, known)
    for rule in FOREIGN_RULES if page.imported else (*TEXT_RULES, *SHAPE_RULES, *KNOWN_RULES):
        yield from rule(look)
