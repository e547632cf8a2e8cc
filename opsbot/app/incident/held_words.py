"""What is switched off for an incident: each kill by itself, or many that are alike together. Pure."""

from collections.abc import Sequence
from typing import Final

from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.typed import command

APART: Final = 3
"""So many kills are told one by one; more are told together."""


def held_words(kills: Sequence[Kill]) -> str:
    """Return how far the kills of an incident are."""
    if len(kills) <= APART:
        return f"{'; '.join(f'{one.id} {_alone(one)}' for one in kills)}."
    alike: dict[str, list[Kill]] = {}
    for one in kills:
        alike.setdefault(_far(one), []).append(one)
    return f"{'; '.join(_together(far, some, len(kills)) for far, some in alike.items())}."


def lifted_words(incident: Incident, kills: Sequence[Kill]) -> str:
    """
    Return how an incident goes on that is contained while nothing holds any more; empty for any other.

    Nobody knows from a restore alone whether users are safe, so its status is a person's word.
    """
    if incident.status != "contained" or not kills or any(one.active for one in kills):
        return ""
    watch, over = (command(f"incident {word} {incident.id}") for word in ("monitor", "resolve"))
    lifted = "Its kill is" if len(kills) == 1 else "All its kills are"
    return f"{lifted} lifted, and it is still contained: type {watch} to watch it, {over} when it is over."


def _alone(kill: Kill) -> str:
    if not kill.active:
        return "restored"
    part = "" if kill.ramp is None else f" but for {kill.ramp.percent} %"
    return f"holds (`{kill.mode}`){part}, {_far(kill)}"


def _far(kill: Kill) -> str:
    """Return how far one kill is, never more than is known of it; empty for one that is restored."""
    if not kill.active:
        return ""
    if kill.confirmed_ms is None:
        return "not confirmed yet"
    return "confirmed, proved" if kill.probes and kill.passed == kill.probes else "confirmed"


def _together(far: str, kills: Sequence[Kill], of: int) -> str:
    every = "all " if len(kills) == of else ""
    many, named = len(kills), _named(kills)
    if not far:
        return f"{every}{many} restored: {named}"
    modes = {one.mode for one in kills}
    mode = f" (`{next(iter(modes))}`)" if len(modes) == 1 else ""
    word = "kill holds" if many == 1 else "kills hold"
    return f"{many} {word}{mode}, {every}{far.replace(', ', ' and ')}: {named}"


def _named(kills: Sequence[Kill]) -> str:
    """Return their names; a run of numbers by its ends, as nobody may think that more are meant."""
    names = [one.id for one in kills]
    first, last = _number(names[0]), _number(names[-1])
    run = [f"K-{at}" for at in range(first, last + 1)] if first and last else []
    return (
        f"{names[0]} \u2026 {names[-1]}"
        if len(names) > APART and names == run
        else ", ".join(names)
    )


def _number(name: str) -> int:
    _, _, digits = name.partition("-")
    return int(digits) if digits.isascii() and digits.isdigit() else 0
