"""What a person reads when the answer is no, or when nobody can know; the same on every surface."""

from opsbot.app.words import listed
from opsbot.domain.change import Json
from opsbot.domain.errors import (
    LookLost,
    NeedsConfirmation,
    NotAllowed,
    OpsbotError,
    StoreLost,
    Unsure,
)
from opsbot.domain.said import REFUSED, Said, Tone, visible


def of_error(error: OpsbotError) -> Said:
    """Return what a person reads when the answer is no, or when nobody can know."""
    title, hint = visible(error.message), visible(error.hint)
    body: dict[str, Json] = {"code": error.code, "message": title, "hint": hint}
    where = [f"Environment: {error.env}."] if error.env else []
    lines = [hint] if hint else []
    tone: Tone = "plain"
    if isinstance(error, Unsure):
        tone = "red" if isinstance(error, StoreLost) else "amber"
        stored = False if isinstance(error, LookLost) else None
        body |= {"stored": stored} if isinstance(error, StoreLost) else {}
    if isinstance(error, NotAllowed):
        if error.rule not in error.message:
            lines.append(f"Rule: {error.rule}.")
        body["rule"] = error.rule
    if isinstance(error, NeedsConfirmation):
        tone = "amber"
        told = error.lines or (f"It hits: {listed(error.stops, most=12)}.",)
        lines = [*map(visible, told), *lines]
        body |= {"stops": list(error.stops), **error.more}
    return Said(tone, title, (*lines, *where), body=body, exit_code=REFUSED)
