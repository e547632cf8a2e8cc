"""The names that a text uses: known ones, unknown ones, and those that may be empty where they stand."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from opsbot.adapters.comms import sandbox
from opsbot.adapters.comms.rules import find
from opsbot.adapters.comms.sandbox import Forbidden, Use
from opsbot.domain.comms.facts import FACTS, always, may_use
from opsbot.domain.comms.templates import Audience, Field, Stage
from opsbot.domain.declaration import Finding
from opsbot.domain.nearest import nearest


@dataclass(frozen=True, slots=True)
class Source:
    """One source of a file; *before* is how many lines of the file stand before it."""

    file: str
    text: str
    before: int

    def uses(self) -> tuple[Use, ...]:
        """Return the names that it uses; none of one that may not be filled."""
        try:
            return sandbox.uses(self.text)
        except Forbidden:
            return ()


def names_used(sources: Iterable[Source]) -> frozenset[str]:
    """Return every name that some sources use."""
    return frozenset(use.name for source in sources for use in source.uses())


def forbidden(source: Source) -> Iterator[Finding]:
    """T07: what the box does not let in; looked at when a file is read, so that it never gets further."""
    try:
        sandbox.uses(source.text)
    except Forbidden as bad:
        yield find("T07", source.file, source.before + bad.line, bad.message, bad.fix)


def unknown(source: Source, fields: Mapping[str, Field], audience: Audience) -> Iterator[Finding]:
    """T04: names that nobody fills."""
    for use in source.uses():
        line = source.before + use.line
        if use.name in fields or may_use(use.name, audience):
            continue
        if use.name in FACTS:
            message = f"`{use.name}` is for people of the company, and {audience} read this"
            yield find("T04", source.file, line, message, "Leave it out.")
            continue
        known = (*fields, *(one for one in FACTS if may_use(one, audience)))
        guess = nearest(use.name, known)
        fix = f"Did you mean `{guess}`?" if guess else "Declare it under `fields:`, or use a fact."
        yield find("T04", source.file, line, f"nobody fills in `{use.name[:40]}`", fix)


def unguarded(source: Source, fields: Mapping[str, Field], stage: Stage) -> Iterator[Finding]:
    """T16: what may be empty, and would leave a hole in its sentence or keep the message from going out."""
    for use in source.uses():
        if use.guarded or use.name in always(stage):
            continue
        field = fields.get(use.name)
        if (field is None and use.name in FACTS) or (field is not None and not field.required):
            what = "field" if field is not None else "fact"
            message = f"the {what} `{use.name}` may be empty here"
            fix = f"Put its sentence into `{{% if {use.name} %}}`\u2026`{{% endif %}}`."
            yield find("T16", source.file, source.before + use.line, message, fix)
