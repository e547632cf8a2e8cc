"""The runbooks that can be walked: what was read when the files last changed, and pinned texts by digest."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from opsbot.adapters.runbooks.files import read_page
from opsbot.domain.declaration import Loaded
from opsbot.domain.errors import UnreadableRunbook
from opsbot.domain.runbook import Runbook

_KEPT: Final = 64


class FileProcedures:
    """Keeps the runbooks of the last good catalogue; broken files change nothing here either."""

    def __init__(self) -> None:
        self._known: Mapping[str, Runbook] = {}
        self._pinned: OrderedDict[tuple[str, str], Runbook] = OrderedDict()

    def learned(self, loaded: Loaded) -> Loaded:
        """Take over what was loaded, if it is usable, and return it."""
        if loaded.catalogue is not None:
            self._known = MappingProxyType(dict(loaded.catalogue.procedures))
        return loaded

    def known(self) -> Mapping[str, Runbook]:
        """Return every runbook that is usable now by name; imported ones as `imported/<name>`."""
        return self._known

    async def pinned(self, name: str, source: str) -> Runbook:
        """
        Read the very text that a run walks, in a thread; the last ones are kept.

        The reading itself ends after about a second of processor time, whatever the text is.

        Raises:
            UnreadableRunbook: this version of opsbot cannot read it any more; the text is all there is.
        """
        key = (name, hashlib.sha256(source.encode("utf-8", "replace")).hexdigest())
        found = self._pinned.get(key) or self._as_known(*key)
        if found is None:
            found = await asyncio.to_thread(_read, name, source)
        self._pinned[key] = found
        self._pinned.move_to_end(key)
        while len(self._pinned) > _KEPT:
            self._pinned.popitem(last=False)
        return found

    def _as_known(self, name: str, digest: str) -> Runbook | None:
        known = self._known.get(name)
        return known if known is not None and known.digest == digest else None


def _read(name: str, source: str) -> Runbook:
    parsed = read_page(source, name=name, file=name)
    if parsed.runbook is None:
        first = next(one for one in parsed.findings if one.level == "error" or parsed.draft is None)
        raise UnreadableRunbook(
            f"Runbook {name} cannot be read any more: line {first.line}: {first.message}.",
            hint="Read its text as it was pinned, and act by command.",
        )
    return parsed.runbook
