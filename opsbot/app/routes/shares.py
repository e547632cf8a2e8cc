"""Whom a step of a ramp serves, and how far the ramp is, in words. Pure."""

from collections.abc import Sequence

from opsbot.domain.ramp import Step
from opsbot.domain.said import inert


def share_of(step: Step) -> str:
    """Return whom a step serves, in words."""
    named = ", ".join(inert(one, limit=40) for one in step.tenants[:3])
    more = f" and {len(step.tenants) - 3} more tenants" if step.tenants[3:] else ""
    if step.percent == 0:
        return f"{named}{more}" or "nobody"
    return f"{step.percent} %" if not step.tenants else f"{step.percent} % and {named}{more}"


def progress(steps: Sequence[Step], at: int) -> str:
    """Return the ramp as a bar with its present step named: `■■□□□ 5 %, step 2 of 5`."""
    bar = "".join("\u25a0" if index <= at else "\u25a1" for index in range(len(steps)))
    return f"{bar} {steps[at].name}, step {at + 1} of {len(steps)}"
