"""
What a button of a run carries: ids, and the version of the run that was on the screen. Pure.

Never what is written in a step nor where it stands: a newer revision has other words and another order.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook

LONGEST: Final = 80
"""Characters of a step's id that a button carries as they are; of a longer one its fingerprint."""

_MARK: Final = "~"
_FORM: Final = re.compile(
    r"(RUN-[1-9]\d{0,8}):(\d{1,9}):([a-z]?\d{0,4}):(\S{0,90})", re.ASCII | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Pressed:
    """
    A button's value, read.

    *seen* is the version of the run that it was drawn from. *extra* is the number of an action or of
    an answer, or a box; *step* the id of a step, or its fingerprint. Both may be empty.
    """

    run: str
    seen: int
    extra: str = ""
    step: str = ""

    @property
    def number(self) -> int:
        """Return the number in it, 1 where there is none."""
        return int(self.extra) if self.extra.isdigit() else 1

    def means(self, book: Runbook) -> str:
        """Return the id of the step that is meant; unchanged where this version has none such."""
        if not self.step.startswith(_MARK):
            return self.step
        return next((one.id for one in book.steps if _short(one.id) == self.step), self.step)


def value(run: Run, step: str = "", extra: str = "") -> str:
    """Return what a button about a run carries."""
    return f"{run.id}:{run.version}:{extra}:{_short(step)}"


def pressed(word: str) -> Pressed | None:
    """Read what a button carried; None where none of ours ever carried that."""
    found = _FORM.fullmatch(word)
    return None if found is None else Pressed(found[1], int(found[2]), found[3], found[4])


def _short(step: str) -> str:
    if len(step) <= LONGEST and not step.startswith(_MARK) and step.isascii():
        return step
    return _MARK + hashlib.sha256(step.encode()).hexdigest()[:16]
