"""What runs need of the files in `runbooks/`, as meanings; an adapter reads markdown."""

from collections.abc import Mapping
from typing import Protocol

from opsbot.domain.runbook import Runbook


class Procedures(Protocol):
    """
    The runbooks that can be walked.

    Reading a page takes up to seconds for the largest, so it never happens on the way of an answer:
    `known` is what was read when the files last changed.
    """

    def known(self) -> Mapping[str, Runbook]:
        """Return every runbook that is usable now by name; imported ones as `imported/<name>`."""
        ...

    async def pinned(self, name: str, source: str) -> Runbook:
        """
        Read the very text that a run walks; the last ones are kept by their digest.

        Raises:
            UnreadableRunbook: this version of opsbot cannot read it any more; the text is all there is.
        """
        ...
