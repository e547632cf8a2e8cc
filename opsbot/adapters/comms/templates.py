"""The templates that can be filled now: what was read when the files last changed, broken ones as they were."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from opsbot.adapters.clock import SystemClock
from opsbot.adapters.comms.files import Library, load
from opsbot.adapters.comms.filled import rendered
from opsbot.adapters.runbooks.files import COMMS
from opsbot.app.ports import Clock
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.comms.templates import Rendered, Template
from opsbot.domain.comms.values import Here, problems


class FileTemplates:
    """
    Implements `opsbot.app.comms.port.Templates`.

    *settings* says in which zone times are written. A template whose file is broken stays as it was last
    good; one whose file is gone is gone.
    """

    def __init__(
        self, settings: Callable[[], CommsSettings] = CommsSettings, clock: Clock | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._known: Mapping[str, Template] = {}

    def load(self, runbooks_dir: Path) -> tuple[Library, tuple[str, ...]]:
        """Read the folder and take over what is good; return all of it, and what stays as it was last good."""
        library = load(runbooks_dir / COMMS)
        return library, self.replace(library)

    def replace(self, library: Library) -> tuple[str, ...]:
        """Take over what is good, and return the names of those that stay as they were last good."""
        good = library.templates
        kept = {
            one.name: self._known[one.name]
            for one in library.drafts
            if one.template is None and one.name in self._known
        }
        self._known = MappingProxyType(dict(sorted({**good, **kept}.items())))
        return tuple(sorted(kept))

    def known(self) -> Mapping[str, Template]:
        """Return every template that can be used, by name."""
        return self._known

    def render(
        self, template: Template, values: Mapping[str, str], facts: Mapping[str, str]
    ) -> Rendered:
        """
        Fill a template; nothing in *values* or *facts* is ever read as a template.

        Raises:
            Unpublishable: a field is missing, unknown, too long or of another type, a fact is missing, or
                the text comes out too long; names the field and what is allowed.
        """
        return rendered(template, values, facts, self.here())

    def problems(self, template: Template, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is wrong with each field, as a sentence for a form; empty where all is well."""
        return problems(template, values, self.here())

    def here(self) -> Here:
        """Return the zone in which times are written, and the time that it is."""
        return Here(self._settings().zone, self._clock.now_ms())
