"""What the wording check must know of this company, read from one state. Pure."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from opsbot.app.book import book_of
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.wording.check import Known
from opsbot.app.environment import policy_of
from opsbot.domain.change import Json
from opsbot.domain.comms.templates import Rendered
from opsbot.domain.model_book import bare
from opsbot.domain.records import listed, mapped
from opsbot.domain.remembered import Remembered
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

SHORTEST: int = 3
"""Characters of a name that is looked for: shorter ones are in every other word."""


def known_of(
    state: State,
    *,
    last: Rendered | None = None,
    counted: bool = False,
    next_ms: int | None = None,
) -> Known:
    """
    Return what the check must know; *last*, *counted* and *next_ms* as `Known` has them.

    *counted* is true where the fact `counts` is confirmed.
    """
    base = _base(state)
    return Known(
        models=base.models,
        providers=base.providers,
        internal=base.internal,
        people=base.people,
        last=last,
        counted=counted,
        next_ms=next_ms,
    )


def _read(state: State) -> Known:
    declared = tuple(state.workflows().values())
    models = {*_in_book(state), *(name for one in declared for name in _models(one))}
    public = {one.lower() for one in settings_of(state).called}
    internal = {
        *(one.name for one in declared),
        *(host for one in declared for host in _hosts(one)),
    }
    people = policy_of(state).people.values()
    return Known(
        models=_long({*models, *(bare(one) for one in models)}),
        providers=_long({one.partition("/")[0] for one in models if "/" in one}),
        internal=_long({one for one in internal if one.lower() not in public}),
        people=_long({one.shown for one in people}),
    )


_base = Remembered(_read)


def _in_book(state: State) -> Iterator[str]:
    for model in book_of(state).models.values():
        yield from model.names


def _models(workflow: Workflow) -> Iterator[str]:
    """Yield the models that a declaration names: those that are approved, and those of its route."""
    yield from (str(one) for one in listed(workflow.extra.get("approved")))
    for part in ("targets", "fallbacks"):
        yield from _targets(workflow.route.get(part))


def _targets(value: Json) -> Iterator[str]:
    for one in listed(value):
        provider, model = mapped(one).get("provider"), mapped(one).get("model")
        if isinstance(model, str):
            yield f"{provider}/{model}" if isinstance(provider, str) else model


def _hosts(workflow: Workflow) -> Iterator[str]:
    for probe in workflow.probes:
        host = urlsplit(probe.url).hostname if probe.url else None
        if host:
            yield host


def _long(names: set[str]) -> frozenset[str]:
    return frozenset(one for one in names if len(one) >= SHORTEST)
