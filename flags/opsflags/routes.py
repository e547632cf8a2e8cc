"""Where a call would go: the active route's targets, weighted choice by key, and scope matching. Pure."""

from __future__ import annotations

import zlib

from opsflags.decision import Route
from opsflags.records import Target, WorkflowRecord

Place = tuple[str | None, str | None]
"""A provider and a model a call may go to; None is not known, which counts as hit."""

_ANYWHERE: tuple[Place, ...] = ((None, None),)
_HASHES = 2**32


class Routes:
    """The active route of one workflow; *single* is true where no call can have a choice."""

    __slots__ = (
        "_built",
        "_heaviest",
        "_name",
        "_record",
        "_targets",
        "_total",
        "fallbacks",
        "read_tools",
        "single",
    )

    def __init__(self, name: str, record: WorkflowRecord | None) -> None:
        targets = record.targets if record is not None else ()
        # A weight of 0 is a target that is staged but gets no calls.
        self._targets = tuple(t for t in targets if t.weight > 0) or targets[:1]
        self._total = sum(target.weight for target in self._targets)
        self._heaviest = max(self._targets, key=_weight, default=None)
        self._name = name
        self._record = record
        self._built: dict[Target, Route] = {}
        self.fallbacks = record.fallbacks if record is not None else ()
        self.single = len(self._targets) <= 1
        tools = record.tools if record is not None else {}
        self.read_tools = frozenset(tool for tool, access in tools.items() if access == "read")

    def active(self, model: str | None, provider: str | None, key: str | None) -> Target | None:
        """
        Return the target that serves this call.

        The one the call names, else the one its key chooses, else the heaviest.
        """
        if model is not None or provider is not None:
            for target in self._targets:
                if _names(target, model, provider):
                    return target
        return self._chosen(key)

    def places(self, model: str | None, provider: str | None, key: str | None) -> tuple[Place, ...]:
        """Return where the call may go; what it does not say is taken from the active route."""
        pool = self._targets if key is None else self._pool_of(key)
        if model is None:
            return _without_model(pool, provider)
        if provider is not None:
            return ((provider, model.removeprefix(f"{provider}/")),)
        named = [t for t in (*self._targets, *self.fallbacks) if _names(t, model, None)]
        if named:
            return tuple((target.provider, target.model) for target in named)
        head, slash, tail = model.partition("/")
        if slash:
            return ((head, tail),)
        return tuple((target.provider, model) for target in pool) or ((None, model),)

    def route(self, target: Target | None) -> Route | None:
        """Return *target* with the route's prompt and parameters; the same object each time."""
        record = self._record
        if target is None or record is None:
            return None
        route = self._built.get(target)
        if route is None:
            route = Route(
                target.provider, target.model, record.prompt, record.params, record.route_revision
            )
            self._built[target] = route
        return route

    def _pool_of(self, key: str) -> tuple[Target, ...]:
        target = self._chosen(key)
        return () if target is None else (target,)

    def _chosen(self, key: str | None) -> Target | None:
        if key is None or self.single:
            return self._heaviest
        # CRC-32 is the same in every language and needs no import of OpenSSL at start.
        point = (
            zlib.crc32(f"{self._name}:{key}".encode(errors="surrogatepass")) / _HASHES * self._total
        )
        for target in self._targets:
            point -= target.weight
            if point < 0:
                return target
        return self._targets[-1]


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


def _without_model(pool: tuple[Target, ...], provider: str | None) -> tuple[Place, ...]:
    if provider is None:
        return tuple((target.provider, target.model) for target in pool) or _ANYWHERE
    own = [target for target in pool if target.provider == provider] or pool
    return tuple((provider, target.model) for target in own) or ((provider, None),)


def _names(target: Target, model: str | None, provider: str | None) -> bool:
    if provider is not None and provider != target.provider:
        return False
    return model is None or model in (target.model, f"{target.provider}/{target.model}")


def _weight(target: Target) -> float:
    return target.weight
