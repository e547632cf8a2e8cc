"""What reading a page comes to; apart from the reading, so that knowing it loads no parser."""

from dataclasses import dataclass, replace
from typing import Final

from opsbot.domain.declaration import Finding
from opsbot.domain.runbook import Runbook

FOLDER: Final = "imported"
"""Where foreign pages lie, below the runbooks; their names begin with it."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """
    What reading one page came to.

    *draft* is what could be understood, kept so that every rule can be looked at; *anchors* are the
    page's own, as GitHub makes them.
    """

    draft: Runbook | None
    findings: tuple[Finding, ...] = ()
    anchors: frozenset[str] = frozenset()

    @property
    def runbook(self) -> Runbook | None:
        """Return the runbook, None where a single finding is an error."""
        return None if any(one.level == "error" for one in self.findings) else self.draft

    def of(self, file: str) -> "Parsed":
        """Return the same as read from *file*."""
        draft = None if self.draft is None else replace(self.draft, file=file)
        return Parsed(draft, tuple(replace(one, file=file) for one in self.findings), self.anchors)
