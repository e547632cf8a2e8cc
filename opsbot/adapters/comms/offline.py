"""What a terminal asks of templates without a bot: what one says, what is wrong with them, what to approve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from opsbot.adapters.comms.examples import NOON, typical
from opsbot.adapters.comms.files import Draft, Library
from opsbot.adapters.comms.lint import lint
from opsbot.adapters.comms.rules import Known
from opsbot.domain.comms.templates import Rendered, Template
from opsbot.domain.comms.values import Here
from opsbot.domain.declaration import Finding
from opsbot.domain.errors import UnknownTemplate, Unpublishable
from opsbot.domain.nearest import nearest
from opsbot.domain.said import inert

Approval = Literal["approved", "outdated", "none", "fields"]
"""*outdated*: approved with other words. *fields*: it asks for words, so it cannot be approved."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """What the owners of one template approve, and whether they have."""

    name: str
    hash: str
    approval: Approval

    @property
    def line(self) -> str:
        """Return the line that stands in the file where it is approved."""
        return f"approved: {self.hash}"


def render(library: Library, name: str, values: Mapping[str, str], here: Here = NOON) -> Rendered:
    """
    Return what a template says with the facts' examples; a field that is left out reads as its label.

    Raises:
        UnknownTemplate: nearest names. Unpublishable: it is broken, or a value is not what its field takes.
    """
    return typical(_named(library, name), values, here)


def findings(library: Library, known: Known, names: Sequence[str] = ()) -> tuple[Finding, ...]:
    """
    Return what is wrong with every template, or with some by name and their translations.

    Raises:
        UnknownTemplate: one of *names* is none.
    """
    found = lint(library, known)
    if not names:
        return found
    files = {words.file for name in names for words in _draft(library, name).languages}
    return tuple(one for one in found if one.file in files)


def hashes(library: Library, names: Sequence[str] = ()) -> tuple[Hashed, ...]:
    """
    Return what is to be approved, for every template that can be used or for some by name.

    Raises:
        UnknownTemplate: one of *names* is none. Unpublishable: one of them is broken.
    """
    found = [_named(library, name) for name in names] or [*library.templates.values()]
    return tuple(Hashed(one.name, one.body_hash, _approval(one)) for one in found)


def _approval(template: Template) -> Approval:
    if template.fields:
        return "fields"
    if not template.approved:
        return "none"
    return "approved" if template.approved == template.body_hash else "outdated"


def _named(library: Library, name: str) -> Template:
    draft = _draft(library, name)
    if draft.template is None:
        first = next(one for one in draft.findings if one.level == "error")
        raise Unpublishable(
            f"The template {draft.name} cannot be used: {first.file}:{first.line}: {first.message}.",
            hint=first.fix,
        )
    return draft.template


def _draft(library: Library, name: str) -> Draft:
    found = next((one for one in library.drafts if one.name == name), None)
    if found is None:
        guess = nearest(name, library.names)
        raise UnknownTemplate(
            f"There is no template `{inert(name, limit=80)}` in {library.folder}.",
            hint=f"Did you mean `{guess}`?" if guess else "The files of that folder are the names.",
        )
    return found
