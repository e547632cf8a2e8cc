"""Where a call would go: the revision that serves it, its targets, and scope matching. Pure."""

from __future__ import annotations

from opsflags.decision import Route
from opsflags.records import Revision, Target, WorkflowRecord
from opsflags.shares import WHOLE, begin, plain_point, point

Place = tuple[str | None, str | None]
"""A provider and a model a call may go to; None is not known, which counts as hit."""

_ANYWHERE: tuple[Place, ...] = ((None, None),)


class Serving:
    """One revision as it serves calls; *single* is true where none of its calls has a choice."""

    __slots__ = (
        "_begun",
        "_built",
        "_elsewhere",
        "_heaviest",
        "_known",
        "_point",
        "_revision",
        "_targets",
        "_total",
        "fallbacks",
        "single",
    )

    def __init__(self, revision: Revision, prefix: str, *, salted: bool) -> None:
        """*prefix* stands before a key where that chooses among the targets."""
        # A weight of 0 is a target that is staged but gets no calls.
        self._targets = tuple(t for t in revision.targets if t.weight > 0) or revision.targets[:1]
        self._total = sum(target.weight for target in self._targets)
        self._heaviest = max(self._targets, key=_weight, default=None)
        self._begun = begin(prefix)
        self._point = point if salted else plain_point
        self._revision = revision
        self._built: dict[Target, Route] = {}
        self._elsewhere: tuple[Target, ...] = ()
        self.fallbacks = revision.fallbacks
        self._known: tuple[Target, ...] = (*self._targets, *self.fallbacks)
        self.single = len(self._targets) <= 1

    def beside(self, other: Revision, *, instead_of: bool) -> None:
        """
        Say that *other* serves calls too, so that a model named by a call is looked for there.

        *instead_of*: *other* would serve this revision's calls if that did not. A call that says
        only half of where it goes then counts as going to either.
        """
        self._known = (*self._known, *other.targets, *other.fallbacks)
        self._elsewhere = other.targets if instead_of else ()

    def target(self, model: str | None, provider: str | None, key: str | None) -> Target | None:
        """
        Return the target that serves this call.

        The one the call names, else the one its key chooses, else the heaviest.
        """
        if model is not None or provider is not None:
            for target in self._targets:
                if _names(target, model, provider):
                    return target
        if key is None or self.single:
            return self._heaviest
        at = self._point(self._begun, key) * self._total
        for target in self._targets:
            at -= target.weight
            if at < 0:
                return target
        return self._targets[-1]

    def places(self, model: str | None, provider: str | None, key: str | None) -> tuple[Place, ...]:
        """Return where the call may go; what it does not say is taken from the revision."""
        pool = self._targets if key is None else self._pool_of(key)
        if model is None:
            return self._without_model(pool, provider)
        if provider is not None:
            return ((provider, model.removeprefix(f"{provider}/")),)
        named = [target for target in self._known if _names(target, model, None)]
        if named:
            return tuple((target.provider, target.model) for target in named)
        head, slash, tail = model.partition("/")
        if slash:
            return ((head, tail),)
        around = (*pool, *self._elsewhere)
        return tuple((target.provider, model) for target in around) or ((None, model),)

    def route(self, target: Target | None) -> Route | None:
        """Return *target* with the revision's prompt, parameters and tools; the same object each time."""
        if target is None:
            return None
        route = self._built.get(target)
        if route is None:
            of = self._revision
            route = self._built[target] = Route(
                target.provider, target.model, of.prompt, of.params, of.id, of.tools
            )
        return route

    def _pool_of(self, key: str) -> tuple[Target, ...]:
        target = self.target(None, None, key)
        return () if target is None else (target,)

    def _without_model(self, pool: tuple[Target, ...], provider: str | None) -> tuple[Place, ...]:
        if provider is None:
            return tuple((target.provider, target.model) for target in pool) or _ANYWHERE
        around = (*pool, *self._elsewhere)
        own = [target for target in around if target.provider == provider] or around
        return tuple((provider, target.model) for target in own) or ((provider, None),)


class Routes:
    """What serves one workflow's calls; *single* is true where no call can have a choice."""

    __slots__ = ("_begun", "_candidate", "_percent", "_tenants", "active", "read_tools", "single")

    def __init__(self, name: str, record: WorkflowRecord | None) -> None:
        salt = "" if record is None else record.salt
        prefix = f"{name}:{salt}:" if salt else f"{name}:"
        active = Revision() if record is None else record.active
        self.active = Serving(active, prefix, salted=bool(salt))
        self._candidate: Serving | None = None
        self._percent: float = 0
        self._tenants: frozenset[str] = frozenset()
        self._begun = 0
        tried = None if record is None else record.candidate
        if tried is not None and (tried.percent > 0 or tried.tenants):
            self._candidate = Serving(tried.revision, prefix, salted=bool(salt))
            self._candidate.beside(active, instead_of=True)
            self.active.beside(tried.revision, instead_of=False)
            self._percent, self._tenants = tried.percent, tried.tenants
            self._begun = begin(f"{name}:{salt}:try:{tried.revision.id}:")
        self.single = self.active.single and self._candidate is None
        tools = record.tools if record is not None else {}
        self.read_tools = frozenset(tool for tool, access in tools.items() if access == "read")

    def of(self, tenant: str | None, key: str | None) -> Serving:
        """Return the revision that serves this call: the candidate where it is one of its calls."""
        candidate = self._candidate
        if candidate is None:
            return self.active
        if tenant in self._tenants:
            return candidate
        if key is not None and point(self._begun, key) * WHOLE < self._percent:
            return candidate
        return self.active


def routes_of(name: str, record: WorkflowRecord | None) -> Routes:
    """Return the routes of workflow *name*, made once a record."""
    if record is None or record.name != name:
        return Routes(name, record)
    made = record.routes
    if not isinstance(made, Routes):
        record.routes = made = Routes(name, record)
    return made


def hits_place(provider: str | None, model: str | None, places: tuple[Place, ...]) -> bool:
    """Return whether a scope's provider and model (None: any) match one of *places*."""
    if provider is None and model is None:
        return True
    return any(_hits(provider, model, place) for place in places)


def _hits(provider: str | None, model: str | None, place: Place) -> bool:
    its_provider, its_model = place
    if provider is not None and its_provider is not None and provider != its_provider:
        return False
    if model is None or its_model is None or model == its_model:
        return True
    if its_provider is None:
        return model.endswith(f"/{its_model}")
    return model in (f"{its_provider}/{its_model}", its_model.rpartition("/")[2])


def _names(target: Target, model: str | None, provider: str | None) -> bool:
    if provider is not None and provider != target.provider:
        return False
    return model is None or model in (target.model, f"{target.provider}/{target.model}")


def _weight(target: Target) -> float:
    return target.weight
