"""Which workflows a kill of a provider or a model reaches, and what is left for each. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opsbot.domain.change import Record
from opsbot.domain.kill import Kill
from opsbot.domain.route import Route, Target, route_from
from opsbot.domain.state import ROUTES, State
from opsbot.domain.workflow import Workflow
from opsflags.model import FALLBACK_OR_SAFE, NO_MODEL, SAFE_STATE, Scope

SHOWN = 12
"""Workflows that an answer lists; the machine's form has them all."""

WHOLE = 100
_DIVERTS = frozenset({"fallback", FALLBACK_OR_SAFE})


@dataclass(frozen=True, slots=True)
class Hit:
    """
    One workflow that a kill reaches, on one revision that serves now (or is tried: *tried*).

    *serving* are the targets that it takes, *percent* their share of the calls; *lost* and *left*
    the fallbacks that it takes and those that stay open. *comes_to* is `fallback`, the mode that the
    calls end in, or `untouched` where only a fallback or an approval is taken. *diverts*: the kill
    sends calls to fallbacks.
    """

    workflow: str
    revision: str
    comes_to: str
    serving: tuple[str, ...] = ()
    percent: int = 0
    lost: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    tried: bool = False
    diverts: bool = False

    @property
    def dead_end(self) -> bool:
        """Return whether calls are taken and have nowhere else to go."""
        return bool(self.serving) and self.comes_to != "fallback"

    def as_json(self) -> Record:
        """Return the machine's form."""
        return {
            "workflow": self.workflow,
            "revision": self.revision,
            "candidate": self.tried,
            "comes_to": self.comes_to,
            "serving": list(self.serving),
            "percent": self.percent,
            "fallbacks_left": list(self.left),
            "fallbacks_lost": list(self.lost),
        }


def who_is_hit(
    state: State, workflows: Iterable[Workflow], scopes: Sequence[Scope], mode: str
) -> tuple[Hit, ...]:
    """
    Return what a kill of *scopes* in *mode* does to each workflow, by its routes as they are now.

    Dead ends come first. A fallback that any other active kill takes is not left.
    """
    held = [kill for kill in state.active_kills() if kill.scope.tool is None]
    found = [
        _hit(workflow, one, scopes, mode, held)
        for workflow in workflows
        for one in _serving(state, workflow)
    ]
    seen = {hit.workflow for hit in found if not hit.tried}
    kept = [hit for hit in found if not hit.tried or hit.serving or hit.workflow not in seen]
    return tuple(sorted(kept, key=lambda hit: (_order(hit), hit.workflow, hit.tried)))


def lines(hits: Sequence[Hit], *, most: int = SHOWN) -> tuple[str, ...]:
    """Return a sentence for each, the first *most*, and how many more there are."""
    told = [f"`{hit.workflow}`{_which(hit)}: {_words(hit)}" for hit in hits]
    more = [f"and {len(told) - most} more."] if len(told) > most else []
    return (*told[:most], *more)


@dataclass(frozen=True, slots=True)
class _Route:
    revision: str
    route: Route
    tried: bool = False


def _serving(state: State, workflow: Workflow) -> tuple[_Route, ...]:
    """Return what serves a workflow now: its active revision, and the one that is tried."""
    name = workflow.name
    if name not in state.kind(ROUTES):
        said = str(workflow.route.get("revision", ""))
        return (_Route(said, route_from(workflow.route)),)
    routing = state.routing(name)
    active = state.revision(name, routing.active)
    served = [_Route(active.id, active.route)]
    if routing.candidate is not None:
        tried = state.revision(name, routing.candidate.number)
        served.append(_Route(tried.id, tried.route, tried=True))
    return tuple(served)


def _hit(
    workflow: Workflow, one: _Route, scopes: Sequence[Scope], mode: str, held: Sequence[Kill]
) -> Hit:
    route = one.route
    serving = tuple(t for t in route.targets if t.weight > 0 and _taken(t, scopes))
    lost = tuple(t.name for t in route.fallbacks if _taken(t, scopes))
    others = [kill.scope for kill in held if _may_touch(kill.scope, workflow)]
    left = tuple(t.name for t in route.fallbacks if not _taken(t, [*scopes, *others]))
    total = sum(target.weight for target in route.targets) or 1
    share = round(WHOLE * sum(target.weight for target in serving) / total)
    return Hit(
        workflow=workflow.name,
        revision=one.revision,
        comes_to=_comes_to(workflow, mode, left) if serving else "untouched",
        serving=tuple(target.name for target in serving),
        percent=max(share, 1) if serving else 0,
        lost=lost,
        left=left,
        tried=one.tried,
        diverts=mode in _DIVERTS,
    )


def _comes_to(workflow: Workflow, mode: str, left: tuple[str, ...]) -> str:
    if mode in _DIVERTS:
        if left and "fallback" in workflow.modes:
            return "fallback"
        return workflow.safe_state if mode == FALLBACK_OR_SAFE else "stop"
    return workflow.safe_state if mode == SAFE_STATE else mode


def _taken(target: Target, scopes: Iterable[Scope]) -> bool:
    return any(_names(scope, target) for scope in scopes)


def _names(scope: Scope, target: Target) -> bool:
    if scope.provider is None and scope.model is None:
        return False
    if scope.provider not in (None, target.provider):
        return False
    # As a client compares: a name without provider is that model at every provider.
    return scope.model in (None, target.name, target.model, target.model.rpartition("/")[2])


def _may_touch(scope: Scope, workflow: Workflow) -> bool:
    return scope.tenant is None and scope.workflow in (None, workflow.name)


def _order(hit: Hit) -> int:
    if hit.dead_end:
        return 0
    return 1 if hit.serving else 2


def _which(hit: Hit) -> str:
    return f" ({hit.revision}, on its way)" if hit.tried else ""


_ENDS = {
    "stop": "stops",
    "canned": "users read its approved text",
    "human": "people take over",
}


def _words(hit: Hit) -> str:
    if not hit.serving:
        if hit.lost:
            names = ", ".join(f"`{name}`" for name in hit.lost)
            return f"goes on, without its fallback {names}"
        return "goes on: it may use it, but is not served by it now"
    part = "" if hit.percent == WHOLE else f"{hit.percent} % of its calls: "
    if hit.comes_to == "fallback":
        return f"{part}fallback `{hit.left[0]}`"
    ends = _ENDS.get(hit.comes_to, f"at `{hit.comes_to}`")
    if hit.diverts:
        why = "it does not declare `fallback`" if hit.left else "no fallback left"
        return f"{part}{why}: {ends}"
    if hit.comes_to not in NO_MODEL:
        return f"{part}{ends}"
    left = f"its fallback `{hit.left[0]}` is not used in this mode" if hit.left else ""
    return f"{part}{ends}; {left or 'it has no fallback left'}"
