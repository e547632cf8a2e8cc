"""What kills take away of a workflow, from where its users stand: never more than they take. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from opsbot.app.target import hits, known_models
from opsbot.domain.kill import Kill
from opsbot.domain.workflow import Workflow
from opsflags.model import BASE_MODES, FALLBACK_OR_SAFE, NO_MODEL, RANK, SAFE_STATE

Reach = Literal["on", "limited", "reduced", "people", "off"]
"""
*limited*: some have nothing, of others nobody says how they are. *reduced*: everybody has it, with less.
*people*: nobody gets an answer but from a person.
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """How much is taken away; *sure*: every instance has confirmed it."""

    reach: Reach = "on"
    sure: bool = True


def taken(workflow: Workflow, kills: Iterable[Kill]) -> Taken:
    """
    Return what the active ones of *kills* take away of a workflow.

    Only a kill of every call, under which no model is called, and of which no part is lifted yet, is
    *people* or *off*: of all others somebody still gets an answer.
    """
    touching = [one for one in kills if one.active and hits(one.scope, workflow)]
    taking = [one for one in touching if takes_all(one, workflow)]
    sure = [one for one in taking if one.confirmed_ms is not None]
    if not taking:
        return Taken(_milder(touching, workflow))
    mode = max((mode_in(one, workflow) for one in sure or taking), key=RANK.__getitem__)
    return Taken("people" if mode == "human" else "off", bool(sure))


def _milder(touching: Sequence[Kill], workflow: Workflow) -> Reach:
    """Return what kills take that leave some calls to a model: something of everybody, or all of a few."""
    wide = [one for one in touching if one.scope.tenant is None and one.scope.tool is None]
    least = (one.ramp is not None or mode_in(one, workflow) not in NO_MODEL for one in wide)
    if not touching:
        return "on"
    return "reduced" if len(wide) == len(touching) and all(least) else "limited"


def together(parts: Sequence[Taken]) -> Taken:
    """Return what is taken away of several workflows that people know as one thing: of all, or a part."""
    reaches = {one.reach for one in parts}
    if not reaches:
        return Taken()
    sure = all(one.sure for one in parts)
    return Taken(reaches.pop(), sure) if len(reaches) == 1 else Taken("limited", sure)


def takes_all(kill: Kill, workflow: Workflow) -> bool:
    """Return whether a kill, active or ended, leaves no call of a workflow to a model."""
    return (
        kill.ramp is None
        and mode_in(kill, workflow) in NO_MODEL
        and hits(kill.scope, workflow)
        and _every_call(kill, workflow)
    )


def mode_in(kill: Kill, workflow: Workflow) -> str:
    """Return the mode that a kill comes to there; one that is not implemented is a stop."""
    if kill.mode == SAFE_STATE:
        return workflow.safe_state
    if kill.mode == FALLBACK_OR_SAFE:
        return "fallback" if "fallback" in workflow.modes else workflow.safe_state
    known = kill.mode in BASE_MODES or kill.mode in workflow.modes
    return kill.mode if known and kill.mode in RANK else "stop"


def _every_call(kill: Kill, workflow: Workflow) -> bool:
    scope = kill.scope
    if scope.tenant is not None or scope.tool is not None:
        return False
    models = known_models([workflow])
    if scope.provider is not None and not all(
        one.startswith(f"{scope.provider}/") for one in models
    ):
        return False
    return scope.model is None or all(scope.model in (one, one.partition("/")[2]) for one in models)
