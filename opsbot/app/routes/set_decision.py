"""What a new route comes to on one state: a revision that is stored and serves nobody yet. Pure."""

from dataclasses import replace

import rfc8785

from opsbot.app import route_state
from opsbot.app.environment import policy_of
from opsbot.app.requests import RouteEdit
from opsbot.app.routed import Routed, Words, asked, must_not_refuse, workflow_named
from opsbot.app.routes.choose import CHEAPEST, chosen
from opsbot.domain.change import Change
from opsbot.domain.errors import RouteMoved, RouteRefused
from opsbot.domain.policy.rules import identity_of, shown
from opsbot.domain.route import Number, Revision, Route, route_record
from opsbot.domain.routing import Routing, added
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow

ALL_CALLS = 100
LARGEST = 8_192
"""Bytes of a route's content."""


def decide_set(
    state: State, now_ms: int, edit: RouteEdit, words: Words
) -> tuple[Change | None, Routed]:
    """
    Store a new revision; it serves nobody until its ramp begins.

    Raises:
        RouteRefused: a model that is not approved or is killed, or weights that do not add up.
        RouteMoved: somebody made a newer revision than the author saw.
        NotAllowed, UnknownWorkflow, UnknownRevision: nothing was changed.
    """
    workflow = workflow_named(state, edit.workflow)
    verdict = asked(state, workflow, words.actor, "route")
    must_not_refuse(verdict)
    routing = state.routing(workflow.name)
    base = state.revision(workflow.name, routing.active if edit.base is None else edit.base)
    before = state.revision(workflow.name, routing.active)
    own = () if base.route.strategy != CHEAPEST else tuple(one.name for one in base.route.targets)
    route, choice = chosen(state, workflow, edited(base.route, edit), now_ms, serving=own)
    newest = state.revision(workflow.name, routing.newest)
    # The same content is nobody else's change: it is what a repeated request finds of its own.
    if edit.seen not in (None, routing.newest) and newest.route != route:
        raise _moved(state, routing, edit.seen)
    must_be_sound(state, workflow, route)
    for known in (before, newest):
        if known.route == route:
            return None, Routed("same", routing, known, before, verdict)
    author = identity_of(policy_of(state), words.actor)
    reasons = () if choice is None else (choice.as_json(),)
    made = Revision(
        workflow.name, routing.next_number, route, author, now_ms, words.note, evidence=reasons
    )
    routing = added(routing)
    change = Change(
        verb="set_route",
        actor=words.actor,
        writes=route_state.writes(state, routing, made),
        rule=verdict.rule,
        facts={
            "workflow": workflow.name,
            "revision": made.id,
            "hash": made.hash,
            "from": base.id,
            **(reasons[0] if reasons else {}),
        },
        sealed=words.sealed,
    )
    results = route_state.evidence(state, workflow, made.id, now_ms)
    return change, Routed("set", routing, made, before, verdict, results)


def edited(base: Route, edit: RouteEdit) -> Route:
    """Return the content that *edit* makes of *base*; several targets make a pinned route weighted."""
    strategy = edit.strategy or base.strategy
    own = base.declared if strategy == CHEAPEST and base.declared else base.targets
    targets = own if edit.targets is None else edit.targets
    if edit.strategy is None and strategy != CHEAPEST:
        strategy = "pinned" if len(targets) == 1 else "weighted"
    params = {**base.params, **edit.params}
    return replace(
        base,
        targets=targets,
        fallbacks=base.fallbacks if edit.fallbacks is None else edit.fallbacks,
        prompt=base.prompt if edit.prompt is None else edit.prompt,
        params={name: value for name, value in params.items() if value is not None},
        tools=base.tools if edit.tools is None else edit.tools,
        strategy=strategy,
        declared=(),
    )


def must_be_sound(state: State, workflow: Workflow, route: Route) -> None:
    """
    Refuse a route that could not serve.

    Raises:
        RouteRefused: what is wrong, and what would be right.
    """
    _must_add_up(route)
    if stray := route_state.unapproved(workflow, route):
        raise RouteRefused(
            f"{_listed(stray)} not approved for `{workflow.name}`; nothing was changed.",
            hint=f"Approved: {', '.join(_approved(workflow))}. Others come by a change of its file.",
            about="model" if {one.name for one in route.targets} & set(stray) else "fallback",
        )
    if stopped := route_state.barred(state, route):
        name, kill = stopped[0]
        raise RouteRefused(
            f"`{name}` is under {kill.id} (`{kill.mode}`); nothing was changed.",
            hint=f"Choose another model, or restore {kill.id} first.",
            about="model",
        )


def _must_add_up(route: Route) -> None:
    if not route.targets:
        raise RouteRefused(
            "A route needs a model; nothing was changed.",
            hint="Add `model:provider/name`.",
            about="model",
        )
    names = [one.name for one in route.targets]
    if len(set(names)) != len(names):
        raise RouteRefused(
            "A model is there twice; nothing was changed.",
            hint="Add its two shares up.",
            about="model",
        )
    if route.strategy == "pinned" and len(names) > 1:
        raise RouteRefused(
            f"A pinned route has one model, not {len(names)}; nothing was changed.",
            hint="Give shares with `strategy:weighted`, or name one model.",
            about="strategy",
        )
    total = sum(one.weight for one in route.targets)
    if total <= 0 or (route.strategy == "weighted" and total != ALL_CALLS):
        shares = " + ".join(str(one.weight) for one in route.targets)
        raise RouteRefused(
            f"The shares {shares} make {total}, not {ALL_CALLS}; nothing was changed.",
            hint="Give every model its share of a hundred calls.",
            about="model",
        )
    _must_be_kept(route)


def _must_be_kept(route: Route) -> None:
    """Refuse what no journal could hold: every client keeps a route in memory as it stands there."""
    try:
        size = len(rfc8785.dumps(dict(route_record(route))))
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise RouteRefused(
            "A parameter is a number or a text that JSON cannot keep as it is;"
            " nothing was changed.",
            hint="Numbers have at most 15 digits; longer ones are text.",
            about="param",
        ) from error
    if size > LARGEST:
        raise RouteRefused(
            f"The route takes {size} bytes, more than {LARGEST}; nothing was changed.",
            hint="Keep prompts and tools in their own stores and name them here.",
            about="param",
        )


def _moved(state: State, routing: Routing, seen: Number) -> RouteMoved:
    newest = state.revision(routing.workflow, routing.newest)
    by = shown(policy_of(state), newest.author)
    return RouteMoved(
        f"{by} made {newest.id} while you were writing; nothing of yours was stored.",
        hint=f"See {command(f'route {routing.workflow} diff r{seen} {newest.id}')}, then set again.",
    )


def _approved(workflow: Workflow) -> tuple[str, ...]:
    listed = workflow.extra.get("approved", ())
    return tuple(str(one) for one in listed) if isinstance(listed, (list, tuple)) else ()


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(f'`{one}`' for one in names)} {'is' if len(names) == 1 else 'are'}"
